"""Going on by itself: off until it is switched on, and never against somebody who is doing something."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.browsing import DRIVES_CHROMIUM, Visit, served, visiting
from tests.web.conftest import running
from tests.web.factories import competition

pytestmark = DRIVES_CHROMIUM
LONG = 30_000
"""Milliseconds, five times as long as a pair stays by itself."""
HIDE = """() => {
  Object.defineProperty(document, "hidden", { value: true, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
SHOW = "() => { delete document.hidden; document.dispatchEvent(new Event('visibilitychange')); }"


@pytest.fixture(scope="module")
def base(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("clock")
    shutil.copy(sqlite_template, folder / "clock.sqlite3")
    for app in running(f"sqlite:///{folder / 'clock.sqlite3'}", folder):
        competition(app)
        with served(app) as address:
            yield address


@pytest.fixture
def visit(base: str, browser: Browser) -> Iterator[Visit]:
    """An open pair of a voter who has switched it on."""
    with visiting(browser, base) as made:
        made.open("/arena")
        made.page.evaluate("localStorage.setItem('blindvote.auto', 'on')")
        made.start()
        made.page.mouse.move(0, 0)
        yield made


def reveal(visit: Visit) -> str:
    """Vote, with the clock running on a page whose time is ours; returns the pair."""
    visit.page.clock.install()
    visit.settle()
    visit.page.keyboard.press("1")
    visit.wait("revealed")
    return visit.pair


def assert_still(visit: Visit, pair: str) -> None:
    expect(visit.page.locator(".running")).to_have_count(0)
    visit.page.clock.fast_forward(LONG)
    visit.page.wait_for_timeout(300)
    assert visit.pair == pair


def hover_name(page: Page) -> None:
    page.locator('[data-side="a"] [data-name]').hover()


def focus_name(page: Page) -> None:
    page.evaluate("document.querySelector('[data-side=\"b\"] [data-name]').focus()")


def look_closer(page: Page) -> None:
    page.evaluate("document.querySelector('[data-side=\"a\"] .frame').click()")


def open_menu(page: Page) -> None:
    page.evaluate("document.querySelector('#pages').showPopover()")


def open_options(page: Page) -> None:
    page.evaluate("document.querySelector('#options').showPopover()")


STOPS = {
    "hover": hover_name,
    "focus": focus_name,
    "a key": lambda page: page.keyboard.press("Shift"),
    "looking closer": look_closer,
    "the menu": open_menu,
    "options": open_options,
    "a hidden tab": lambda page: page.evaluate(HIDE),
    "zoom": lambda page: page.set_viewport_size({"width": 640, "height": 360}),
    "the wheel": lambda page: page.mouse.wheel(0, 10),
}


@pytest.mark.parametrize("what", STOPS)
def test_it_stops_for_whatever_a_voter_does(visit: Visit, what: str) -> None:
    pair = reveal(visit)
    expect(visit.page.locator(".running")).to_have_count(1)
    STOPS[what](visit.page)
    if what == "looking closer":
        visit.page.clock.run_for(500)
    assert_still(visit, pair)


def test_left_alone_it_goes_on(visit: Visit) -> None:
    pair = reveal(visit)
    expect(visit.page.locator(".running")).to_have_count(1)
    visit.page.clock.fast_forward(LONG)
    visit.page.wait_for_function("id => document.querySelector('[data-arena]').dataset.id !== id", arg=pair)


def test_it_does_not_begin_in_a_hidden_tab(visit: Visit) -> None:
    visit.page.evaluate(HIDE)
    pair = reveal(visit)
    assert_still(visit, pair)
    visit.page.evaluate(SHOW)
    assert_still(visit, pair)


def test_it_is_off_and_its_control_is_there_before_the_first_vote(base: str, browser: Browser) -> None:
    with visiting(browser, base) as visit:
        visit.start()
        visit.settle()
        visit.page.get_by_role("button", name="Options").click()
        box = visit.page.get_by_label("Go on by itself")
        expect(box).to_be_visible()
        expect(box).not_to_be_checked()
        visit.page.keyboard.press("Escape")
        assert_still(visit, reveal(visit))
