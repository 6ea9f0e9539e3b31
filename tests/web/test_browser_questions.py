"""The question of a pair in a browser: seen in every window, read out first, and plain when it changes."""

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser

from app.arena import questions
from tests.web.browsing import DRIVES_CHROMIUM, Visit, served, visiting
from tests.web.conftest import running
from tests.web.factories import competition, moment, parts_of
from tests.web.test_browser_stage import LOOK, WINDOWS, is_inside

pytestmark = DRIVES_CHROMIUM
WORDS = {"better": "Which is better?", "prompt": "Which follows the prompt more closely?"}
SEEN = """
() => [...document.querySelectorAll("[data-asked], [data-aloud]")].map((part) => {
  const { x, y, width, height } = part.getBoundingClientRect();
  const size = parseFloat(getComputedStyle(part).fontSize);
  return { x, y, width, height, words: part.textContent.trim(), size };
}).filter((part) => part.width > 2 && part.height > 2)
"""


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[tuple[Flask, str]]:
    folder = tmp_path_factory.mktemp("questions")
    shutil.copy(sqlite_template, folder / "asking.sqlite3")
    for app in running(f"sqlite:///{folder / 'asking.sqlite3'}", folder):
        for slug in ("a-red-cube", "a-blue-cat", "a-green-dog"):
            competition(app, slug)
        ask_both(app)
        with served(app) as address:
            yield app, address


def ask_both(app: Flask) -> None:
    """Ask both questions as often."""
    parts_of(app).database.write(
        lambda session: questions.add_question(session, "prompt", now=moment(), share=1.0)
    )


def start(visit: Visit, question: str = "") -> None:
    visit.open("/arena")
    visit.page.select_option("select[name=question]", question)
    visit.page.get_by_role("button", name="Show me a pair").click()
    visit.wait("open")


@pytest.mark.parametrize("question", WORDS)
def test_the_question_is_seen_whole_in_every_window(
    asking: tuple[Flask, str], browser: Browser, question: str
) -> None:
    with visiting(browser, asking[1]) as visit:
        start(visit, question)
        for width, height in WINDOWS:
            visit.page.set_viewport_size({"width": width, "height": height})
            [seen] = visit.page.evaluate(SEEN)
            stage = visit.page.evaluate(LOOK)
            assert seen["words"] == WORDS[question], (width, height)
            assert is_inside(seen, width, height), (width, height, seen)
            assert seen["size"] >= 13, (width, height, seen)
            assert seen["y"] + seen["height"] <= 48, (width, height, seen)
            assert stage["bare"], (width, height)
            assert not stage["wide"], (width, height)
        assert visit.complaints == []


def test_forty_pairs_each_say_what_they_ask_and_mark_a_change(asking: tuple[Flask, str], browser: Browser) -> None:
    told: list[tuple[str, bool]] = []
    for _ in range(4):
        with visiting(browser, asking[1]) as visit:
            start(visit)
            for _ in range(10):
                slug = visit.page.get_attribute("[data-arena]", "data-question") or ""
                assert visit.page.inner_text("[data-asked]") == WORDS[slug]
                assert visit.page.inner_text("[data-heading]").startswith(WORDS[slug])
                told.append((slug, visit.page.get_attribute("[data-asked]", "data-changed") is not None))
                long = visit.page.locator('#answers [data-answer="a"] .long')
                assert long.is_visible() == (slug == "better")
                visit.press("1", "revealed")
                if "card" in visit.page.inner_text("[data-next-label]").lower():
                    break
                visit.press("Space", "open")
        shown = told[-10:]
        assert [changed for _, changed in shown[1:]] == [one[0] != other[0] for one, other in pairwise(shown)]
    assert len(told) == 40
    assert {slug for slug, _ in told} == set(WORDS)
