"""Model pages, comparisons and charts in a real browser: WCAG, phones, keys, and boards that follow the votes."""

import shutil
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from tests.web.browsing import DRIVES_CHROMIUM, find_violations, served, visiting
from tests.web.catalogue import PRICED, TODAY, at, folder_of, load_competitions, load_folder
from tests.web.conftest import running
from tests.web.factories import MODELS, competition, enter, votes
from tests.web.test_browser_pages import too_wide

pytestmark = DRIVES_CHROMIUM
PATHS = {
    "models": "/models",
    "found": "/models?q=dall&sort=price_usd",
    "nothing": "/models?q=nothing-like-it",
    "retired": "/models/dall-e-2",
    "not set up": "/models/gpt-image-2",
    "painter": "/models/pixel-mini",
    "stub": f"/models/{MODELS[0].slug}",
    "charts": "/charts/text-to-image",
    "no votes": "/charts/image-edit",
    "compare": "/compare/dall-e-2/dall-e-3",
    "pictures": f"/compare/{MODELS[0].slug}/{MODELS[1].slug}",
    "choose": "/compare",
}


@pytest.fixture(scope="module")
def arena(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("shown")
    shutil.copy(sqlite_template, folder / "shown.sqlite3")
    for app in running(f"sqlite:///{folder / 'shown.sqlite3'}", folder):
        slugs = [model.slug for model in PRICED]
        load_folder(app, folder_of(folder / "catalog", *slugs, "demo-pixel-mini"))
        load_competitions(app, "apollo-11", "vintage-cafe-logo", "fantasy-warrior")
        at(app, TODAY)
        for number, slug in enumerate(("apollo-11", "vintage-cafe-logo", "fantasy-warrior")):
            for position, model in enumerate(PRICED):
                enter(app, slug, model, seed=100 * number + position)
        competition(app, categories=("portrait",))
        votes(app, 60)
        competition(app, "shut", status="closed")
        yield app


@pytest.fixture(scope="module")
def base(arena: Flask) -> Iterator[str]:
    with served(arena) as address:
        yield address


@pytest.mark.parametrize("width", [320, 1280])
def test_every_page(browser: Browser, base: str, width: int) -> None:
    faults = {}
    with visiting(browser, base, viewport={"width": width, "height": 700}) as visit:
        for name, path in PATHS.items():
            visit.open(path)
            visit.page.evaluate(
                "document.querySelectorAll('details:not([name])').forEach((one) => { one.open = true })"
            )
            faults[name] = find_violations(visit.page) + too_wide(visit)
        assert visit.complaints == []
    assert {name: found for name, found in faults.items() if found} == {}


def test_names_in_a_chart_do_not_touch_each_other(browser: Browser, base: str) -> None:
    boxes = """() => [...document.querySelectorAll(".plot")].map((plot) => {
      return [...plot.querySelectorAll(".spot text")].map((one) => {
        const { left, right, top, bottom } = one.getBoundingClientRect();
        return [left, right, top, bottom]; }); })"""
    for width in (1280, 800, 390):
        with visiting(browser, base, viewport={"width": width, "height": 800}) as visit:
            visit.open("/charts/text-to-image")
            charts = visit.page.evaluate(boxes)
        assert any(charts)
        for (left, right, top, bottom), other in (pair for chart in charts for pair in combinations(chart, 2)):
            assert right <= other[0] or other[1] <= left or bottom <= other[2] or other[3] <= top


def test_a_point_is_reached_by_key_and_says_what_it_is(browser: Browser, base: str) -> None:
    with visiting(browser, base, viewport={"width": 1280, "height": 800}) as visit:
        visit.open("/charts/text-to-image")
        point = visit.page.locator('.plot a[href="/models/dall-e-2"]').first
        point.focus()
        expect(visit.page.locator("[data-readout]").first).to_contain_text("DALL-E 2")
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url("**/models/dall-e-2")


def test_the_list_narrows_while_one_types(browser: Browser, base: str) -> None:
    with visiting(browser, base) as visit:
        visit.open("/models")
        visit.page.get_by_role("searchbox", name="Search").type("dall")
        expect(visit.page.locator("[data-rows] tbody tr:visible")).to_have_count(2)
        expect(visit.page.locator("[data-found]")).to_have_text("2 models")


def test_everything_can_be_read_and_asked_without_a_script(browser: Browser, base: str) -> None:
    with visiting(browser, base, java_script_enabled=False) as visit:
        visit.open("/models")
        visit.page.get_by_label("Creator").select_option("OpenAI")
        visit.page.get_by_role("button", name="Show").click()
        visit.page.get_by_role("link", name="DALL-E 2").click()
        visit.page.wait_for_url("**/models/dall-e-2")
        visit.page.get_by_text("History: how DALL-E 2 was called").click()
        visit.page.get_by_text("JavaScript").first.click()
        expect(visit.page.get_by_text('import OpenAI from "openai"').first).to_be_visible()
        expect(visit.page.get_by_text("curl http").first, "one language at a time").to_be_hidden()
        visit.page.get_by_text("Core parameters prompt").click()
        expect(visit.page.get_by_role("rowheader", name="quality")).to_be_visible()


def test_the_chosen_language_stays_chosen(browser: Browser, base: str) -> None:
    with visiting(browser, base) as visit:
        visit.open("/models/pixel-mini")
        expect(visit.page.get_by_text("curl http").first).to_be_visible()
        visit.page.get_by_text("Python", exact=True).click()
        expect(visit.page.get_by_text("from openai import OpenAI").first).to_be_visible()
        visit.open("/models")
        visit.open("/models/pixel-mini")
        expect(visit.page.get_by_role("radio", name="Python")).to_be_checked()
        expect(visit.page.get_by_text("from openai import OpenAI").first).to_be_visible()
        expect(visit.page.get_by_text("curl http").first).to_be_hidden()
        visit.page.get_by_role("radio", name="Python").focus()
        visit.page.keyboard.press("ArrowRight")
        expect(visit.page.get_by_text('import OpenAI from "openai"').first).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_bar_of_sections_stays_and_shows_where_one_is(browser: Browser, base: str, width: int) -> None:
    with visiting(browser, base, viewport={"width": width, "height": 700}) as visit:
        visit.open("/models/dall-e-2")
        bar = visit.page.get_by_role("navigation", name="On this page")
        current = bar.locator("[aria-current]")
        expect(current).to_have_text("Results")
        for name in ("Prices", "API", "Parameters", "About"):
            bar.get_by_role("link", name=name).click()
            expect(current).to_have_text(name)
            expect(bar).to_be_in_viewport(ratio=0.9)
            expect(current).to_be_in_viewport(ratio=0.9)
        visit.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        expect(current).to_have_text("Sources")
        visit.page.evaluate("scrollTo(0, 0)")
        expect(current).to_have_text("Results")


def test_a_mark_opens_the_fold_its_source_stands_in(browser: Browser, base: str) -> None:
    with visiting(browser, base) as visit:
        visit.open("/models/gpt-image-2")
        mark = visit.page.evaluate_handle("""() =>
          [...document.querySelectorAll("a[role=doc-noteref]")].find((one) =>
            one.checkVisibility() && !document.querySelector(one.hash).checkVisibility())""").as_element()
        assert mark
        folded = visit.page.locator(mark.get_attribute("href") or "")
        mark.click()
        expect(folded).to_be_in_viewport()


def test_a_board_follows_the_votes(browser: Browser, arena: Flask, base: str) -> None:
    with visiting(browser, base) as visit:
        visit.page.clock.install()
        visit.open("/leaderboards/text-to-image")
        before = visit.page.inner_text(".facts b")
        votes(arena, 3, seed=9)
        visit.page.clock.run_for(11_000)
        visit.page.wait_for_function(
            "(text) => document.querySelector('.facts b').textContent !== text", arg=before
        )
        assert int(visit.page.inner_text(".facts b")) == int(before) + 3
