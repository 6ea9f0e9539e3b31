"""Reporting a picture in a real browser: on the stage, in the large view, without a script, by three people."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.web.browsing import DRIVES_CHROMIUM, Visit, find_violations, served, visiting
from tests.web.conftest import running
from tests.web.factories import MODELS, competition

pytestmark = DRIVES_CHROMIUM


@pytest.fixture
def base(sqlite_template: Path, tmp_path: Path) -> Iterator[str]:
    shutil.copy(sqlite_template, tmp_path / "reporting.sqlite3")
    for app in running(f"sqlite:///{tmp_path / 'reporting.sqlite3'}", tmp_path):
        for slug in ("one", "two"):
            competition(app, slug, models=MODELS[:2])
        with served(app) as address:
            yield address


def report(visit: Visit, letter: str, reason: str) -> None:
    """Open the reasons by the flag of this letter and choose one."""
    visit.settle()
    visit.page.get_by_role("button", name=f"Report picture {letter}").click()
    visit.page.get_by_role("dialog", name=f"Report picture {letter}").get_by_role("button", name=reason).click()


@pytest.mark.parametrize(("width", "height"), [(390, 664), (844, 390), (1366, 768)])
def test_before_and_after_the_vote_on_the_stage(base: str, browser: Browser, width: int, height: int) -> None:
    with visiting(browser, base, viewport={"width": width, "height": height}) as visit:
        visit.start()
        report(visit, "B", "Shows its maker")
        sheet = visit.page.get_by_role("dialog", name="Report picture B")
        expect(sheet.get_by_role("status")).to_have_text("Reported. Thank you: an admin will look at it.")
        assert find_violations(visit.page) == []
        visit.page.keyboard.press("Escape")
        expect(visit.page.get_by_role("button", name="Picture B is reported")).to_be_visible()
        visit.press("1", "revealed")
        report(visit, "A", "Broken")
        expect(visit.page.get_by_role("button", name="Picture A is reported")).to_be_attached()
        visit.page.keyboard.press("Escape")
        visit.page.reload()
        expect(visit.page.get_by_role("button", name="Picture B is reported")).to_be_visible()
        visit.press("Space", "open")
        expect(visit.page.get_by_role("button", name="Report picture B")).to_be_visible()
        assert visit.complaints == []


def test_in_the_large_view(base: str, browser: Browser) -> None:
    with visiting(browser, base) as visit:
        visit.start()
        visit.settle()
        visit.page.keyboard.press("f")
        visit.settle()
        visit.page.get_by_role("button", name="Flip").click()
        visit.settle()
        visit.page.get_by_role("button", name="Report", exact=True).click()
        sheet = visit.page.get_by_role("dialog", name="Report picture B")
        sheet.get_by_role("button", name="Offensive").click()
        expect(sheet.get_by_role("status")).to_contain_text("Reported.")
        visit.page.keyboard.press("Escape")
        expect(visit.page.get_by_role("dialog", name="Image B")).to_be_visible()
        visit.page.keyboard.press("Escape")
        expect(visit.page.get_by_role("button", name="Picture B is reported")).to_be_visible()
        visit.press("2", "revealed")


def test_without_a_script_by_the_same_flag(base: str, browser: Browser) -> None:
    with visiting(browser, base, java_script_enabled=False) as visit:
        visit.open("/arena")
        visit.page.get_by_role("button", name="Show me a pair").click()
        visit.page.get_by_role("button", name="Report picture A").click()
        visit.page.get_by_role("dialog", name="Report picture A").get_by_role("button", name="Broken").click()
        expect(visit.page.get_by_role("button", name="Picture A is reported")).to_be_visible()
        visit.page.locator('#answers [value="a"]').click()
        expect(visit.page.get_by_role("button", name="Picture A is reported")).to_be_visible()


def test_the_third_one_is_led_on(base: str, browser: Browser) -> None:
    """Each of two competitions has one pair: among five who report both pictures, three report the same."""
    states = []
    for _ in range(5):
        with visiting(browser, base) as visit:
            visit.start()
            report(visit, "A", "Broken")
            flag = '[data-flag="a"][data-reported]'
            visit.page.wait_for_selector(f'{flag}, [data-arena][data-state="failed"]')
            states.append(visit.page.get_attribute("[data-arena]", "data-state"))
            if states[-1] != "failed":
                visit.page.keyboard.press("Escape")
                report(visit, "B", "Broken")
                visit.page.wait_for_selector('[data-flag="b"][data-reported]')
                visit.page.wait_for_timeout(100)
                states.append(visit.page.get_attribute("[data-arena]", "data-state"))
            if "failed" in states:
                assert "Thank you for the report" in visit.status
                expect(visit.page.get_by_role("button", name="Next pair")).to_be_visible()
                return
    raise AssertionError(states)
