"""Charts and buyers' boards in a real browser: readable, within the window, and walked by keyboard."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.web.browsing import DRIVES_CHROMIUM, Visit, find_violations, served, visiting
from tests.web.buyers import buyers_arena
from tests.web.test_browser_pages import too_wide

pytestmark = DRIVES_CHROMIUM
CHARTS = "/charts/text-to-image"
PATHS = (
    CHARTS,
    f"{CHARTS}?models=all&cells=votes&status=active",
    "/leaderboards/text-to-image?columns=change,votes,win_rate,both_bad,price,per_1000,speed,licence,requests&q=model",
    "/models",
)
LABELS = """() => [...document.querySelectorAll(".chart")].map((chart) => {
  const shown = (one) => one.getClientRects().length > 0;
  const plot = chart.getBoundingClientRect();
  const boxes = [...chart.querySelectorAll(".spot text")].filter(shown).map((one) => one.getBoundingClientRect());
  const meet = (one, other) => Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1
    && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 4;
  return {
    unnamed: [...chart.querySelectorAll(".spot.best")]
      .filter((one) => ![...one.querySelectorAll("text")].some(shown)).length,
    best: chart.querySelectorAll(".spot.best").length,
    overlapping: boxes.filter((one, at) => boxes.slice(at + 1).some((other) => meet(one, other))).length,
    outside: boxes.filter((one) => one.left < plot.left - 1 || one.right > plot.right + 1).length,
  };
})"""


@pytest.fixture(scope="module")
def base(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    for app in buyers_arena(sqlite_template, tmp_path_factory.mktemp("charts")):
        with served(app) as address:
            yield address


def labels(visit: Visit) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = visit.page.evaluate(LABELS)
    return found


@pytest.mark.parametrize("width", [320, 1280])
def test_every_page_for_buyers(browser: Browser, base: str, width: int) -> None:
    faults = {}
    with visiting(browser, base, viewport={"width": width, "height": 700}) as visit:
        for path in PATHS:
            visit.open(path)
            visit.page.evaluate(
                "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"
            )
            faults[path] = find_violations(visit.page) + too_wide(visit)
        assert visit.complaints == []
    assert {path: found for path, found in faults.items() if found} == {}


@pytest.mark.parametrize("width", [320, 390, 768, 769, 1024, 1280, 1920])
def test_the_frontier_is_named_at_every_width_and_no_name_meets_another(
    browser: Browser, base: str, width: int
) -> None:
    with visiting(browser, base, viewport={"width": width, "height": 800}) as visit:
        visit.open(CHARTS)
        found = labels(visit)
    assert len(found) == 2
    for chart in found:
        assert chart["best"] > 0
        assert (chart["unnamed"], chart["overlapping"], chart["outside"]) == (0, 0, 0), chart


@pytest.mark.parametrize("width", [390, 1280])
def test_the_name_of_a_point_has_what_is_seen_at_it(browser: Browser, base: str, width: int) -> None:
    """WCAG 2.5.3: who speaks to a computer says what is seen."""
    with visiting(browser, base, viewport={"width": width, "height": 800}) as visit:
        visit.open(CHARTS)
        seen = visit.page.evaluate("""() => [...document.querySelectorAll(".spot text")]
          .filter((one) => one.getClientRects().length > 0)
          .map((one) => [one.textContent, one.closest(".spot").getAttribute("aria-label")])""")
    assert seen
    assert [pair for pair in seen if pair[0] not in pair[1].replace(":", ".").split(". ")] == []


def test_points_are_told_on_hover_and_walked_with_arrows(browser: Browser, base: str) -> None:
    with visiting(browser, base, viewport={"width": 1280, "height": 800}) as visit:
        visit.open(CHARTS)
        chart = visit.page.locator("[data-chart]").first
        told = chart.locator("[data-readout]")
        usual = told.inner_text()
        spots = chart.locator(".spot")
        assert spots.evaluate_all("(all) => all.filter((one) => one.tabIndex === 0).length") == 1
        spots.evaluate_all("(all) => all.find((one) => one.tabIndex === 0).focus()")
        first = told.inner_text()
        assert first != usual
        visit.page.keyboard.press("ArrowRight")
        second = told.inner_text()
        assert second not in {usual, first}
        assert chart.locator(".told").text_content() == second.partition(":")[0]
        visit.page.keyboard.press("ArrowLeft")
        assert told.inner_text() == first
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url("**/models/*")


def test_arrows_with_another_key_stay_the_browsers(browser: Browser, base: str) -> None:
    with visiting(browser, base) as visit:
        visit.open("/charts/text-to-image")
        stopped = visit.page.evaluate("""() => [...document.querySelectorAll(".spot")].slice(0, 2)
          .flatMap((spot) => ["ArrowLeft", "ArrowRight"].map((key) => !spot.dispatchEvent(
            new KeyboardEvent("keydown", { key, altKey: true, bubbles: true, cancelable: true }))))""")
    assert stopped == [False] * 4


def test_the_matrix_scrolls_inside_itself_under_its_names(browser: Browser, base: str) -> None:
    with visiting(browser, base, viewport={"width": 390, "height": 800}) as visit:
        visit.open(f"{CHARTS}?models=all")
        box = visit.page.locator(".matrix-box")
        assert box.evaluate("(one) => one.scrollWidth > one.clientWidth && one.scrollHeight > one.clientHeight")
        box.evaluate("(one) => one.scrollTo(300, 300)")
        frame, head, name = (
            visit.page.locator(where).first.bounding_box()
            for where in (".matrix-box", ".matrix thead td", ".matrix tbody tr:nth-child(14) th")
        )
        assert frame is not None
        assert head is not None
        assert name is not None
        assert abs(head["x"] - frame["x"]) < 3
        assert abs(head["y"] - frame["y"]) < 3
        assert abs(name["x"] - frame["x"]) < 3
