"""The card after ten votes, in the place of the pictures: hands, eyes, windows and bad weather."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from tests.web.browsing import DRIVES_CHROMIUM, Visit, find_violations, served, visiting
from tests.web.conftest import running
from tests.web.factories import MODELS, competition, votes
from tests.web.test_browser_stage import SHIFTS

pytestmark = DRIVES_CHROMIUM
WINDOWS = [(320, 568), (390, 664), (844, 390), (1366, 768)]


@pytest.fixture(scope="module")
def app(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Competitions enough for many voters, where others judged before."""
    folder = tmp_path_factory.mktemp("card")
    shutil.copy(sqlite_template, folder / "card.sqlite3")
    for made in running(f"sqlite:///{folder / 'card.sqlite3'}", folder):
        for n in range(4):
            competition(made, f"card-{n}", models=MODELS)
        votes(made, 40)
        yield made


@pytest.fixture(scope="module")
def base(app: Flask) -> Iterator[str]:
    with served(app) as address:
        yield address


def judge(visit: Visit, number: int) -> None:
    """Judge so many pairs by key, the last one's names on the screen."""
    for done in range(number):
        visit.press("1", "revealed")
        if done < number - 1:
            visit.press("Space", "open")


def judge_before(visit: Visit, number: int) -> None:
    """Judge so many pairs by the API, with the cookies of this browser: the screen has them behind it."""
    ask = visit.page.request
    for _ in range(number):
        pair = ask.post(f"{visit.base}/api/v1/matchups", data={}).json()["id"]
        assert ask.post(f"{visit.base}/api/v1/matchups/{pair}/vote", data={"outcome": "a"}).ok


def reach_card(visit: Visit) -> None:
    judge_before(visit, 9)
    visit.start()
    judge(visit, 1)
    visit.press("Space", "card")
    visit.settle()


@pytest.mark.parametrize("size", WINDOWS)
def test_the_card_fits_and_moves_nothing(base: str, browser: Browser, size: tuple[int, int]) -> None:
    width, height = size
    how = {"viewport": {"width": width, "height": height}, "reduced_motion": "reduce"}
    with visiting(browser, base, **how) as visit:
        judge_before(visit, 7)  # ten pairs move no more than three do
        visit.start()
        visit.page.evaluate(SHIFTS)
        judge(visit, 3)
        expect(visit.page.get_by_role("button", name="Your card")).to_be_visible()
        visit.press("Space", "card")
        assert visit.page.evaluate("document.activeElement.id") == "card-title"
        assert visit.page.locator(".frame:visible").count() == 0
        assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for button in visit.page.locator(".card-foot .button").all():
            box = button.bounding_box()
            assert box
            assert 0 <= box["x"] <= width + 0.5 - box["width"], size
            assert box["y"] + box["height"] <= height + 0.5, size
            assert box["height"] >= 43, size
        assert find_violations(visit.page) == []
        visit.press("Space", "open")
        assert visit.page.get_attribute("[data-dots]", "aria-label") == "0 of ten pairs judged"
        assert sum(visit.page.evaluate("window.shifts")) == 0
        assert visit.complaints == []


def test_share_in_place_copies_a_link_and_it_can_be_taken_back(base: str, browser: Browser) -> None:
    with visiting(browser, base, permissions=["clipboard-read", "clipboard-write"]) as visit:
        reach_card(visit)
        before = visit.page.locator(".card-foot .button").nth(0).bounding_box()
        visit.page.get_by_role("button", name="Share").click()
        visit.page.get_by_role("button", name="Copy link").click()
        expect(visit.page.get_by_text("The link is copied.")).to_be_visible()
        link = visit.page.evaluate("navigator.clipboard.readText()")
        assert link.startswith(f"{base}/taste/")
        assert visit.page.locator(".card-foot .button").nth(0).bounding_box() == before
        visit.page.goto(link)
        visit.page.get_by_role("button", name="Take it back").click()
        visit.page.wait_for_url("**/me")
        answer = visit.page.goto(link)
        assert answer
        assert answer.status == 404


def test_ten_more_by_touch_and_a_double_press_is_one(base: str, browser: Browser) -> None:
    with visiting(browser, base, has_touch=True, viewport={"width": 390, "height": 664}) as visit:
        reach_card(visit)
        button = visit.page.get_by_role("button", name="Ten more").bounding_box()
        assert button
        x, y = button["x"] + button["width"] / 2, button["y"] + button["height"] / 2
        visit.page.touchscreen.tap(x, y)
        visit.page.touchscreen.tap(x, y)
        visit.wait("open")
        visit.page.wait_for_timeout(600)
        assert visit.page.get_attribute("[data-arena]", "data-state") == "open"


def test_a_card_that_can_not_be_had_is_left_out(base: str, browser: Browser) -> None:
    with visiting(browser, base) as visit:
        visit.page.route("**/me/card*", lambda route: route.abort())
        judge_before(visit, 9)
        visit.start()
        judge(visit, 1)
        judged = visit.pair
        visit.press("Space", "open")
        assert visit.pair != judged
        expect(visit.page.locator("[data-card]")).to_be_hidden()


def test_a_vote_taken_back_on_the_card_brings_the_pair_back(base: str, browser: Browser) -> None:
    with visiting(browser, base) as visit:
        reach_card(visit)
        visit.page.keyboard.press("u")
        visit.wait("undone")
        expect(visit.page.locator("[data-card]")).to_be_hidden()
        assert visit.page.locator(".frame:visible").count() == 2
        assert visit.page.get_attribute("[data-dots]", "aria-label") == "9 of ten pairs judged"


def test_keys_scroll_the_card_and_vote_for_nothing(base: str, browser: Browser) -> None:
    with visiting(browser, base, viewport={"width": 320, "height": 420}) as visit:
        reach_card(visit)
        visit.page.locator("[data-card-body]").focus()
        for key in ("ArrowDown", "ArrowDown", "1", "f"):
            visit.page.keyboard.press(key)
        visit.page.wait_for_function("() => document.querySelector('[data-card-body]').scrollTop > 0")
        assert visit.page.get_attribute("[data-arena]", "data-state") == "card"
        expect(visit.page.get_by_role("dialog")).to_be_hidden()


def test_reloading_the_tenth_pair_leads_to_the_card_too(base: str, browser: Browser) -> None:
    with visiting(browser, base) as visit:
        judge_before(visit, 9)
        visit.start()
        judge(visit, 1)
        visit.page.reload()
        visit.press("Space", "card")
        expect(visit.page.locator("[data-card]")).to_contain_text("Your last 10 pairs")


def test_without_a_script_the_card_is_a_page(base: str, browser: Browser) -> None:
    with visiting(browser, base, java_script_enabled=False, viewport={"width": 320, "height": 568}) as visit:
        visit.open("/arena")
        visit.page.get_by_role("button", name="Show me a pair").click()
        for _ in range(9):
            visit.page.locator('#answers [data-answer="a"]').click()
            visit.page.get_by_role("button", name="Next pair").click()
        visit.page.locator('#answers [data-answer="a"]').click()
        visit.page.get_by_role("button", name="Your card").click()
        assert visit.page.inner_text("h1") == "Your last 10 pairs"
        assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        visit.page.get_by_role("button", name="Share").click()
        assert "/taste/" in visit.page.url
        expect(visit.page.get_by_role("button", name="Take it back")).to_be_visible()


def test_text_of_double_size_keeps_the_card_whole(base: str, browser: Browser) -> None:
    for width, height in ((1280, 800), (390, 664)):
        with visiting(browser, base, viewport={"width": width, "height": height}) as visit:
            reach_card(visit)
            visit.page.evaluate("document.documentElement.style.fontSize = '200%'")
            assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
            for part in visit.page.locator(".card-part, .card-foot .button").all():
                assert part.evaluate("one => one.scrollWidth <= one.clientWidth + 1"), (width, part.inner_text())


def test_forced_colours_show_the_dots_the_winner_and_the_bars(base: str, browser: Browser) -> None:
    with visiting(browser, base, forced_colors="active") as visit:
        judge_before(visit, 8)
        visit.start()
        visit.press("1", "revealed")
        colour = "([which]) => getComputedStyle(document.querySelector(which))"
        done, left = (
            visit.page.evaluate(f"{colour}.backgroundColor", [which])
            for which in (".dots .on", ".dots i:not(.on)")
        )
        assert done != left
        assert visit.page.evaluate(f"{colour}.outlineStyle", ["[data-won] .frame"]) == "solid"
        visit.press("Space", "open")
        judge(visit, 1)
        visit.press("Space", "card")
        bar, mark = (
            visit.page.evaluate(f"{colour}.fill", [which]) for which in (".interval .range", ".interval .mark")
        )
        assert bar != mark


@pytest.mark.parametrize("width", [320, 1280])
def test_the_shared_page_and_my_page(base: str, browser: Browser, width: int) -> None:
    with visiting(browser, base, viewport={"width": width, "height": 700}) as visit:
        reach_card(visit)
        for path in ("/me", "/me/card"):
            visit.open(path)
            assert find_violations(visit.page) == [], path
            assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        visit.open("/me")
        visit.page.get_by_role("button", name="Share").click()
        visit.page.wait_for_url("**/taste/*")
        assert find_violations(visit.page) == []
        assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert visit.complaints == []
