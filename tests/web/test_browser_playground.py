"""The playground in a real browser: in place, by keyboard, told to screen readers, and whole without a script."""

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.gateway_server import make
from tests.factories import picture_bytes
from tests.gateway.upstream import Upstream, coded, running, says
from tests.web.browsing import DRIVES_CHROMIUM, Visit, find_violations, served, visiting
from tests.web.catalogue import at
from tests.web.test_browser_pages import too_wide

pytestmark = DRIVES_CHROMIUM
PAIR = "/playground?model=poster-pro&model=brush-1&size=256x256&prompt=a+red+cube"
ALONE = "/playground?model=poster-pro&size=256x256&prompt=a+red+cube"
MEADOW = re.compile("meadow")
LONG = "antidisestablishmentarianism" * 8


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with running() as provider:
        answer = {"data": [{"b64_json": coded(picture_bytes(1)), "revised_prompt": LONG}]}
        provider.on("POST", "/v1/", says(200, answer))
        yield provider


@pytest.fixture(scope="module")
def base(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("playground")
    shutil.copy(sqlite_template, folder / "playground.sqlite3")
    url = f"sqlite:///{folder / 'playground.sqlite3'}"
    made = make(url, folder, upstream, playground_daily_usd="20")
    # A moment of its own: the pace of visitors is kept per process.
    at(made.app, datetime(2026, 11, 22, 13, tzinfo=UTC))
    with served(made.app) as address:
        yield address
    made.database.close()


def draw(page: Page) -> None:
    page.get_by_role("button", name="Draw").click()


def wait_for(page: Page, results: int) -> None:
    page.wait_for_selector(f".result[data-result]:nth-child({results})")
    page.wait_for_selector("form [type=submit]:not([aria-disabled])")


@pytest.mark.parametrize("width", [320, 1280])
def test_no_violation_at_any_step(browser: Browser, base: str, width: int) -> None:
    faults = {}
    how = {"viewport": {"width": width, "height": 700}, "reduced_motion": "reduce"}
    with visiting(browser, base, **how) as visit:
        steps = {"empty": "/playground", "retired": "/playground?model=old-1", "filled": PAIR}
        for name, path in steps.items():
            visit.open(path)
            faults[name] = _faults(visit)
        draw(visit.page)
        wait_for(visit.page, 2)
        for summary in visit.page.locator(".result summary").all():
            summary.click()
        faults["drawn"] = _faults(visit)
        visit.page.get_by_label("Aspect ratio").fill("nonsense")
        draw(visit.page)
        visit.page.wait_for_selector(".result .notice")
        faults["mistake"] = _faults(visit)
    assert {name: found for name, found in faults.items() if found} == {}
    assert [said for said in visit.complaints if "400" not in said] == []


def _faults(visit: Visit) -> list[str]:
    return find_violations(visit.page) + too_wide(visit)


def test_by_keyboard_the_focus_stays_and_the_result_is_told(browser: Browser, base: str) -> None:
    with visiting(browser, base) as visit:
        visit.open(ALONE)
        button = visit.page.get_by_role("button", name="Draw")
        button.focus()
        visit.page.keyboard.press("Enter")
        wait_for(visit.page, 1)
        expect(button).to_be_focused()
        status = visit.page.get_by_role("status").inner_text()
        assert status.startswith("Poster-Pro: 1 picture in ")
        picture = visit.page.get_by_role("img", name="Poster-Pro: a red cube")
        assert picture.evaluate("one => one.naturalWidth") == 256
        assert visit.page.url.endswith(ALONE)
        assert visit.complaints == []


def test_two_models_by_two_requests(browser: Browser, base: str) -> None:
    with visiting(browser, base) as visit:
        asked: list[str] = []
        visit.page.on("request", lambda one: asked.append(one.post_data or "") if one.method == "POST" else None)
        visit.open(PAIR)
        draw(visit.page)
        wait_for(visit.page, 2)
        assert sorted("brush-1" in body for body in asked) == [False, True]
        names = visit.page.locator(".result h2").all_inner_texts()
        assert names == ["Poster-Pro", "Brush-1"]
        first, second = (visit.page.locator(".result").nth(place).bounding_box() for place in (0, 1))
        assert first is not None
        assert second is not None
        assert first["x"] + first["width"] <= second["x"]
        assert "Brush-1: 1 picture" in visit.page.get_by_role("status").inner_text()


def test_a_press_while_drawing_asks_once(browser: Browser, base: str) -> None:
    with visiting(browser, base) as visit:
        asked: list[str] = []
        visit.page.on("request", lambda one: asked.append(one.url) if one.method == "POST" else None)
        visit.open(ALONE)
        button = visit.page.get_by_role("button", name="Draw")
        button.evaluate("one => { one.click(); one.click(); one.click(); }")
        wait_for(visit.page, 1)
        assert len(asked) == 1


def test_the_code_can_be_copied(browser: Browser, base: str) -> None:
    with visiting(browser, base, permissions=["clipboard-read", "clipboard-write"]) as visit:
        visit.open(ALONE)
        draw(visit.page)
        wait_for(visit.page, 1)
        visit.page.locator("summary", has_text="cURL").click()
        visit.page.get_by_role("button", name="Copy: The request to poster-pro in cURL").click()
        visit.page.wait_for_selector("text=Copied")
        copied = visit.page.evaluate("navigator.clipboard.readText()")
        assert copied == visit.page.locator("pre").first.inner_text()
        assert copied.startswith(f"curl {base}/openai/v1/images/generations")


def test_a_server_that_is_gone(browser: Browser, base: str) -> None:
    with visiting(browser, base) as visit:
        visit.open(ALONE)
        visit.page.route("**/playground", lambda route: route.abort())
        draw(visit.page)
        visit.page.wait_for_selector("text=The server did not answer")
        assert visit.page.locator("figure img").count() == 0
        visit.page.unroute("**/playground")
        draw(visit.page)
        wait_for(visit.page, 1)
        expect(visit.page.locator("text=The server did not answer")).to_have_count(0)


def test_a_start_is_offered(browser: Browser, base: str) -> None:
    with visiting(browser, base) as visit:
        visit.open("/playground?size=256x256")
        visit.page.get_by_role("link", name="meadow").click()
        prompt = visit.page.get_by_label("Prompt")
        expect(prompt).to_have_value(MEADOW)
        expect(prompt).to_be_focused()


def test_without_a_script(browser: Browser, base: str) -> None:
    with visiting(browser, base, java_script_enabled=False) as visit:
        visit.open("/playground?size=256x256")
        visit.page.get_by_role("link", name="meadow").click()
        expect(visit.page.get_by_label("Prompt")).to_have_value(MEADOW)
        visit.page.get_by_role("combobox", name="Beside it").select_option("brush-1")
        draw(visit.page)
        visit.page.wait_for_url("**/playground#results")
        expect(visit.page.locator("article .pictures img")).to_have_count(2)
        expect(visit.page.get_by_role("combobox", name="Beside it")).to_have_value("brush-1")
