"""Voting in place, in a real browser: hands, eyes and what happens when the network does not help."""

import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from tests.web.browsing import DRIVES_CHROMIUM, Visit, served, visiting
from tests.web.conftest import running
from tests.web.factories import MODELS, competition

pytestmark = DRIVES_CHROMIUM
NAMES = {model.name for model in MODELS}

LOADED = """
id => performance.getEntriesByType("resource").filter((file) => file.name.includes(id)).length === 2
"""
WATCH = """
() => {
  window.seen = [];
  const look = () => {
    const shown = ["a", "b"].map((side) => {
      const picture = document.querySelector(`[data-side="${side}"] .picture`);
      return Boolean(picture) && getComputedStyle(picture).visibility === "visible" && picture.complete;
    });
    window.seen.push(shown.join());
    requestAnimationFrame(look);
  };
  document.addEventListener("DOMContentLoaded", look);
}
"""


@pytest.fixture
def app(sqlite_template: Path, tmp_path: Path) -> Iterator[Flask]:
    shutil.copy(sqlite_template, tmp_path / "browser.sqlite3")
    for made in running(f"sqlite:///{tmp_path / 'browser.sqlite3'}", tmp_path):
        competition(made, categories=("portrait",))
        yield made


@pytest.fixture
def visit(app: Flask, browser: Browser) -> Iterator[Visit]:
    """Without automatic going on, so that nothing moves by itself."""
    with served(app) as base, visiting(browser, base, reduced_motion="reduce") as made:
        yield made
        assert made.complaints == []


def shown_names(visit: Visit) -> set[str]:
    return {name for name in NAMES if name in visit.page.inner_text("main")}


@pytest.mark.parametrize(
    ("key", "said", "winners"),
    [
        ("ArrowLeft", "You picked A.", ["a"]),
        ("2", "You picked B.", ["b"]),
        ("A", "You picked A.", ["a"]),
        ("ArrowUp", "You called it a tie.", []),
        ("ArrowDown", "You found both bad.", []),
    ],
)
def test_a_key_votes_and_names_appear_in_place(visit: Visit, key: str, said: str, winners: list[str]) -> None:
    visit.start()
    before = visit.page.locator('[data-side="a"] .frame').bounding_box()
    assert not shown_names(visit)
    visit.page.keyboard.press(key)
    visit.wait("revealed")
    assert visit.status.startswith(said)
    assert len(shown_names(visit)) == 2
    assert visit.page.eval_on_selector_all("[data-won]", "all => all.map((one) => one.dataset.side)") == winners
    assert visit.page.locator('[data-side="a"] .frame').bounding_box() == before
    assert visit.page.inner_text("[data-own]") == "1 vote by you"


def test_a_click_votes(visit: Visit) -> None:
    visit.start()
    visit.settle()
    visit.page.get_by_role("button", name="B is better").click()
    visit.wait("revealed")
    assert visit.page.get_attribute('[data-side="b"] [data-name]', "href") in {
        f"/models/{model.slug}" for model in MODELS
    }


def test_both_images_appear_in_one_frame_and_until_then_no_answer_is_taken(app: Flask, visit: Visit) -> None:
    may_leave = threading.Event()
    visit.page.add_init_script(f"({WATCH})()")
    inner = app.wsgi_app

    def held(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"].endswith("/b.webp"):
            may_leave.wait(timeout=10)
        return inner(environ, start_response)

    app.wsgi_app = held  # type: ignore[method-assign]
    visit.open("/arena")
    visit.page.get_by_role("button", name="Show me a pair").click()
    visit.wait("loading")
    assert visit.status == "Loading both images…"
    expect(visit.page.get_by_role("button", name="A is better")).to_be_disabled()
    visit.page.keyboard.press("ArrowLeft")
    may_leave.set()
    visit.wait("open")
    visit.page.wait_for_timeout(100)
    seen = set(visit.page.evaluate("window.seen"))
    assert seen == {"false,false", "true,true"}
    expect(visit.page.get_by_role("button", name="A is better")).to_be_enabled()


def test_the_next_pair_is_there_before_it_is_wanted(visit: Visit) -> None:
    asked: list[str] = []
    visit.page.on("request", lambda request: asked.append(request.url))
    with visit.page.expect_response("**/api/v1/matchups") as prefetched:
        visit.start()
    coming = prefetched.value.json()["id"]
    visit.page.wait_for_function(LOADED, arg=coming)
    first = visit.pair
    visit.page.keyboard.press("ArrowLeft")
    visit.wait("revealed")
    asked.clear()
    visit.press("Space", "open")
    assert visit.pair == coming != first
    assert not [url for url in asked if f"/m/{coming}" in url]
    assert visit.page.url.endswith(f"/arena/{coming}")
    assert not shown_names(visit)
    assert visit.page.evaluate("document.activeElement.hasAttribute('data-heading')")
    assert visit.page.inner_text("[data-eyebrow]") == "Portrait · A red cube"


def test_space_skips_and_names_nobody(visit: Visit) -> None:
    visit.start()
    first = visit.pair
    visit.settle()
    visit.page.keyboard.press("Space")
    visit.page.wait_for_function("id => document.querySelector('[data-arena]').dataset.id !== id", arg=first)
    visit.wait("open")
    assert not shown_names(visit)
    assert visit.page.inner_text("[data-own]") == "0 votes by you"


def test_undo_here_and_from_the_next_pair(visit: Visit) -> None:
    visit.start()
    visit.page.keyboard.press("1")
    visit.wait("revealed")
    visit.page.keyboard.press("u")
    visit.wait("undone")
    assert "no longer counts" in visit.status
    assert visit.page.locator("[data-won]").count() == 0
    visit.press("Space", "open")
    visit.page.keyboard.press("1")
    visit.wait("revealed")
    visit.press("Space", "open")
    visit.settle()
    visit.page.get_by_role("button", name="Options").click()
    visit.page.get_by_role("button", name="Undo the last vote").click()
    visit.page.wait_for_function(
        "() => document.querySelector('[data-status]').textContent.includes('Taken back')"
    )
    assert visit.page.get_attribute("[data-arena]", "data-state") == "open"
    visit.open("/me")
    expect(visit.page.get_by_text("taken back")).to_have_count(2)


def test_keys_that_are_no_votes(visit: Visit) -> None:
    visit.start()
    for key in ("Control+1", "Shift+A", "Alt+ArrowLeft", "x", "Enter"):
        visit.page.keyboard.press(key)
    visit.settle()
    visit.page.get_by_role("button", name="Options").click()
    visit.page.get_by_label("Competition").focus()
    visit.page.keyboard.press("a")
    assert visit.page.get_attribute("[data-arena]", "data-state") == "open"


def test_letters_and_digits_can_be_switched_off(visit: Visit) -> None:
    visit.start()
    visit.settle()
    visit.page.get_by_role("button", name="Options").click()
    visit.page.get_by_label("Letters and digits are keys").uncheck()
    visit.page.keyboard.press("Escape")
    visit.open(visit.page.url.removeprefix(visit.base))
    visit.wait("open")
    for key in ("1", "a", "B", "u", "f", "z", "o"):
        visit.page.keyboard.press(key)
    assert visit.page.get_attribute("[data-arena]", "data-state") == "open"
    expect(visit.page.locator("dialog[open], .held")).to_have_count(0)
    visit.press("ArrowLeft", "revealed")


def test_looking_closer_flips_in_place_and_answers_at_its_foot(visit: Visit) -> None:
    visit.start()
    visit.settle()
    visit.page.locator('[data-side="b"] .frame').click()
    shown = visit.page.locator(".closer-view .shown")
    expect(shown).to_have_attribute("alt", "Image B")
    assert visit.page.evaluate("document.querySelector('.closer-view').clientWidth === innerWidth")
    visit.page.keyboard.press("z")
    moved = "getComputedStyle(document.querySelector('.closer-view .shown')).transform"
    before = visit.page.evaluate(moved)
    assert before.startswith("matrix(")
    visit.page.keyboard.press("ArrowLeft")
    panned = visit.page.evaluate(moved)
    assert panned != before
    visit.page.keyboard.press("f")
    expect(shown).to_have_attribute("alt", "Image A")
    assert visit.page.evaluate(moved) == panned
    assert visit.page.get_attribute("[data-arena]", "data-state") == "open"
    visit.settle()
    visit.page.get_by_role("dialog").get_by_role("button", name="B is better").click()
    visit.wait("revealed")
    expect(visit.page.get_by_role("dialog")).to_be_hidden()
    assert visit.status.startswith("You picked B.")


def test_letters_vote_while_looking_closer_and_arrows_do_not(visit: Visit) -> None:
    visit.start()
    visit.page.keyboard.press("f")
    for key in ("ArrowLeft", "ArrowRight", "ArrowUp", "Space"):
        visit.page.keyboard.press(key)
    assert visit.page.get_attribute("[data-arena]", "data-state") == "open"
    visit.page.keyboard.press("a")
    visit.wait("revealed")
    assert visit.status.startswith("You picked A.")


def test_tapping_a_picture_chooses_it_only_if_that_was_switched_on(visit: Visit) -> None:
    visit.start()
    visit.settle()
    visit.page.get_by_role("button", name="Options").click()
    visit.page.get_by_label("Choose by tapping").check()
    visit.page.keyboard.press("Escape")
    visit.page.locator('[data-side="b"] .frame').click()
    visit.wait("revealed")
    assert visit.status.startswith("You picked B.")


@pytest.mark.parametrize("answer", ["A is better", "Tie", "B is better"])
def test_a_double_press_neither_loses_the_reveal_nor_leaves(visit: Visit, answer: str) -> None:
    visit.page.clock.install()
    visit.start()
    first = visit.pair
    visit.hold_still()
    visit.page.get_by_role("button", name=answer).dblclick()
    visit.wait("revealed")
    visit.page.keyboard.press("Space")
    assert (visit.pair, visit.page.get_attribute("[data-arena]", "data-state")) == (first, "revealed")
    assert len(visit.page.context.pages) == 1


@pytest.mark.parametrize("key", ["1", "2", "ArrowLeft", "ArrowUp"])
def test_a_key_pressed_twice_votes_once_and_keeps_the_reveal(app: Flask, visit: Visit, key: str) -> None:
    visit.page.clock.install()
    visit.start()
    first = visit.pair
    visit.hold_still()
    visit.page.keyboard.press(key)
    visit.page.keyboard.press(key)
    visit.page.keyboard.press("Space")
    visit.wait("revealed")
    visit.page.wait_for_timeout(100)
    assert (visit.pair, visit.page.get_attribute("[data-arena]", "data-state")) == (first, "revealed")


def test_space_pressed_twice_skips_once(visit: Visit) -> None:
    visit.page.clock.install()
    visit.start()
    first = visit.pair
    visit.hold_still()
    visit.page.keyboard.press("Space")
    visit.page.keyboard.press("Space")
    visit.page.clock.resume()
    visit.page.wait_for_function("id => document.querySelector('[data-arena]').dataset.id !== id", arg=first)
    visit.wait("open")
    second = visit.pair
    visit.page.wait_for_timeout(600)
    assert (visit.pair, visit.page.get_attribute("[data-arena]", "data-state")) == (second, "open")


@pytest.mark.parametrize("answer", ["a", "both_bad", "b"])
def test_a_finger_that_taps_twice_stays_on_the_reveal(app: Flask, browser: Browser, answer: str) -> None:
    how = {"viewport": {"width": 390, "height": 664}, "has_touch": True}
    with served(app) as base, visiting(browser, base, **how) as visit:
        visit.page.clock.install()
        visit.start()
        first = visit.pair
        visit.hold_still()
        box = visit.page.locator(f'#answers [data-answer="{answer}"]').bounding_box()
        assert box
        for _ in range(2):
            visit.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        visit.wait("revealed")
        visit.page.wait_for_timeout(100)
        assert (visit.pair, visit.page.get_attribute("[data-arena]", "data-state")) == (first, "revealed")
        assert len(visit.page.context.pages) == 1


def test_it_goes_on_by_itself_only_when_told_to_and_left_alone(visit: Visit) -> None:
    visit.start()
    visit.settle()
    visit.page.get_by_role("button", name="Options").click()
    box = visit.page.get_by_label("Go on by itself")
    expect(box).not_to_be_checked()
    box.check()
    visit.page.keyboard.press("Escape")
    for stopping in (
        "window.dispatchEvent(new Event('pointermove'))",
        "document.dispatchEvent(new Event('visibilitychange'))",
    ):
        visit.press("1", "revealed")
        assert visit.page.locator(".running").count() == 1
        visit.page.evaluate(stopping)
        assert visit.page.locator(".running").count() == 0
        visit.press("Space", "open")
    first = visit.pair
    visit.press("1", "revealed")
    visit.page.wait_for_function("id => document.querySelector('[data-arena]').dataset.id !== id", arg=first)


def test_the_last_pair_says_that_it_was(sqlite_template: Path, tmp_path: Path, browser: Browser) -> None:
    shutil.copy(sqlite_template, tmp_path / "small.sqlite3")
    for app in running(f"sqlite:///{tmp_path / 'small.sqlite3'}", tmp_path):
        competition(app, models=MODELS[:2])
        with served(app) as base, visiting(browser, base, reduced_motion="reduce") as visit:
            visit.start()
            visit.page.keyboard.press("2")
            visit.wait("revealed")
            visit.page.get_by_role("button", name="The board").wait_for()
            assert "every pair" in visit.status
            assert len(shown_names(visit)) == 2


def test_without_scripts_the_pictures_and_the_answers_are_there(app: Flask, browser: Browser) -> None:
    with served(app) as base, visiting(browser, base, java_script_enabled=False) as visit:
        visit.open("/arena")
        visit.page.get_by_role("button", name="Show me a pair").click()
        expect(visit.page.get_by_alt_text("Image A")).to_be_visible()
        visit.page.get_by_role("button", name="A is better").click()
        expect(visit.page.locator("[data-status]")).to_have_text(re.compile(r"You picked A\."))
        assert len(shown_names(visit)) == 2
        visit.page.get_by_role("button", name="Next pair").click()
        expect(visit.page.get_by_role("button", name="A is better")).to_be_visible()
        assert not shown_names(visit)
