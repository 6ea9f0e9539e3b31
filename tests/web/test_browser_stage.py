"""The stage: whole, large, uncovered pictures in every window, and nothing that moves."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from tests.web import factories
from tests.web.browsing import (
    CHROMIUM,
    DRIVES_CHROMIUM,
    FLAGS,
    Visit,
    find_violations,
    in_pieces,
    served,
    visiting,
)
from tests.web.conftest import running
from tests.web.factories import MODELS, competition

pytestmark = DRIVES_CHROMIUM
WINDOWS = [(320, 568), (360, 640), (390, 664), (390, 844), (568, 320), (844, 390), (768, 1024), (1280, 900)]
WINDOWS += [(1366, 768), (1920, 1080), (640, 280), (568, 232)]
FRAMES = {
    "square": (1024, 1024),
    "three-two": (960, 640),
    "upright": (640, 960),
    "four-one": (1536, 384),
    "tall": (384, 1536),
}
SMALL = (128, 128)
LEAST = {("square", 390, 664): 210, ("square", 844, 390): 280, ("square", 1366, 768): 560}
LEAST |= {("four-one", 1280, 900): 1190}

LOOK = """
() => {
  const box = (element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return { x, y, width, height };
  };
  const bare = (frame) => {
    const { left, right, top, bottom } = frame.getBoundingClientRect();
    const places = [[left + 5, top + 5], [right - 5, top + 5], [left + 5, bottom - 5], [right - 5, bottom - 5],
                    [(left + right) / 2, (top + bottom) / 2]];
    return places.every(([x, y]) => frame.contains(document.elementFromPoint(x, y)));
  };
  const frames = [...document.querySelectorAll(".side .frame")];
  const answers = [...document.querySelectorAll("#answers .button, .after .button")];
  return {
    frames: frames.map(box),
    bare: frames.every(bare),
    answers: answers.map(box).filter((one) => one.width > 0),
    wide: document.documentElement.scrollWidth > innerWidth,
    high: document.documentElement.scrollHeight > innerHeight,
  };
}
"""
SHIFTS = """
() => {
  window.shifts = [];
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => window.shifts.push(entry.value)))
    .observe({ type: "layout-shift", buffered: true });
}
"""


@pytest.fixture(scope="module")
def app(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An arena with a competition of each frame, an edit, and small originals."""
    folder = tmp_path_factory.mktemp("stage")
    shutil.copy(sqlite_template, folder / "stage.sqlite3")
    usual = factories.FRAME
    for made in running(f"sqlite:///{folder / 'stage.sqlite3'}", folder):
        for slug, frame in FRAMES.items():
            factories.FRAME = frame
            competition(made, slug, models=MODELS[:2], prompt=f"{slug}: " + "words that say what is wanted " * 12)
        factories.FRAME = FRAMES["square"]
        competition(made, "edit", models=MODELS[:2], mode="image-edit")
        factories.FRAME = SMALL
        competition(made, "small", models=MODELS)
        factories.FRAME = usual
        yield made
    factories.FRAME = usual


@pytest.fixture(scope="module")
def base(app: Flask) -> Iterator[str]:
    with served(app) as address:
        yield address


def start(visit: Visit, slug: str) -> None:
    mode = "image-edit" if slug == "edit" else "text-to-image"
    visit.open(f"/arena?mode={mode}&competition={slug}")
    visit.page.get_by_role("button", name="Show me a pair").click()
    visit.wait("open")


def is_inside(box: dict[str, float], width: int, height: int) -> bool:
    """Whether a box lies in the window, up to half a pixel."""
    right, bottom = box["x"] + box["width"], box["y"] + box["height"]
    return box["x"] >= -0.5 and box["y"] >= -0.5 and right <= width + 0.5 and bottom <= height + 0.5


def assert_whole(seen: dict[str, Any], slug: str, width: int, height: int) -> None:
    where = (slug, width, height)
    told = f"{where}: {seen}"
    assert all(is_inside(box, width, height) for box in seen["frames"] + seen["answers"]), told
    assert seen["bare"], where
    assert not seen["wide"], where
    assert not seen["high"], where
    assert len({(round(box["width"]), round(box["height"])) for box in seen["frames"]}) == 1, where
    assert max(seen["frames"][0]["width"], seen["frames"][0]["height"]) >= LEAST.get(where, 100), where


@pytest.mark.parametrize("slug", [*FRAMES, "edit", "small"])
def test_both_pictures_are_whole_and_bare_in_every_window(base: str, browser: Browser, slug: str) -> None:
    with visiting(browser, base) as visit:
        start(visit, slug)
        for state in ("open", "revealed"):
            for width, height in WINDOWS:
                visit.page.set_viewport_size({"width": width, "height": height})
                seen = visit.page.evaluate(LOOK)
                assert_whole(seen, slug, width, height)
                if slug == "small":
                    assert max(seen["frames"][0]["width"], seen["frames"][0]["height"]) <= 4 * SMALL[0]
            if state == "open":
                visit.press("1", "revealed")
        assert [said for said in visit.complaints if "409" not in said] == []  # nothing is left after one pair


def test_small_originals_are_said_to_be_small(base: str, browser: Browser) -> None:
    with visiting(browser, base) as visit:
        start(visit, "small")
        assert "128 px originals" in visit.page.inner_text(".top")
    with visiting(browser, base) as visit:
        start(visit, "square")
        assert "originals" not in visit.page.inner_text(".top")


@pytest.mark.parametrize("width", [390, 1366])
def test_nothing_moves_from_vote_to_vote(base: str, browser: Browser, width: int) -> None:
    with visiting(browser, base, viewport={"width": width, "height": 700}) as visit:
        visit.page.clock.install()
        start(visit, "small")
        visit.page.evaluate(SHIFTS)
        for _ in range(4):
            visit.press("1", "revealed")
            with visit.page.expect_response(f"**/api/v1/matchups/{visit.pair}"):
                visit.page.clock.fast_forward(1700)  # what the vote changed is asked for a moment later
            visit.press("Space", "open")
        assert sum(visit.page.evaluate("window.shifts")) == 0


@pytest.mark.parametrize("size", [(390, 664), (844, 390), (1366, 768)])
def test_a_page_that_comes_in_pieces_moves_nothing(app: Flask, browser: Browser, size: tuple[int, int]) -> None:
    window = {"width": size[0], "height": size[1]}
    with served(in_pieces(app)) as slow:
        for slug in ("edit", "small"):
            with visiting(browser, slow, viewport=window) as visit:
                start(visit, slug)
                visit.page.evaluate(SHIFTS)
                visit.settle()
                assert visit.page.evaluate("window.shifts") == [], slug
                for row in visit.page.locator(".top, .question, .stage, .foot").all():
                    expect(row).to_have_css("opacity", "1")


@pytest.mark.parametrize(("width", "size"), [(390, "-640.webp"), (1280, ".webp")])
def test_a_small_window_gets_the_small_pictures(base: str, browser: Browser, width: int, size: str) -> None:
    how = {"viewport": {"width": width, "height": 800}, "device_scale_factor": 3}
    with visiting(browser, base, **how) as visit:
        asked: list[str] = []
        visit.page.on("request", lambda request: asked.append(request.url))
        start(visit, "small")
        visit.press("1", "revealed")
        visit.press("Space", "open")
        sides = [url.rsplit("/", 1)[1] for url in asked if "/m/" in url]
        assert set(sides) == {f"a{size}", f"b{size}"}


@pytest.mark.parametrize("size", [(320, 568), (844, 390), (1366, 768)])
def test_axe_finds_nothing(base: str, browser: Browser, size: tuple[int, int]) -> None:
    with visiting(browser, base, viewport={"width": size[0], "height": size[1]}) as visit:
        start(visit, "edit")
        found = find_violations(visit.page)
        visit.page.keyboard.press("f")
        found += find_violations(visit.page)
        visit.page.keyboard.press("Escape")
        visit.page.get_by_role("button", name="Options").press("Enter")
        found += find_violations(visit.page)
        visit.page.keyboard.press("Escape")
        visit.press("1", "revealed")
        found += find_violations(visit.page)
        assert found == []


CUT = """
() => {
  const broken = (button) => {  // a word over two lines, as "Ski p"
    const text = document.createTreeWalker(button, NodeFilter.SHOW_TEXT);
    for (let node = text.nextNode(); node; node = text.nextNode()) {
      if (node.parentElement.clientWidth === 1) continue; // for ears alone
      for (const { 0: word, index } of node.data.matchAll(/\\S+/g)) {
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        if (range.getClientRects().length > 1) return true;
      }
    }
    return false;
  };
  const right = (element) => element.getBoundingClientRect().right;
  const isCut = (name) => right(name) > right(name.parentElement) + 1;
  const { clientWidth, scrollHeight, clientHeight } = document.querySelector(".status");
  return {
    names: [...document.querySelectorAll("[data-name]")].filter(isCut).length,
    words: [...document.querySelectorAll(".foot .button")].filter(broken).map((button) => button.innerText),
    status: [clientWidth, scrollHeight - clientHeight],
  };
}
"""

SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
p { margin-bottom: 2em !important }"""


SAY = "document.querySelector('[data-status]').textContent = words;"
SAID = "You picked A. 58\u00a0% of 31 picked A too. A surprise: ratings gave A 23\u00a0%."
TROUBLES = (
    "The server does not answer. Your answer is kept in this tab and sent again.",
    "This browser no longer knows this pair: its cookie is gone. Your answer was not stored.",
    "This pair is over: it was given back, its competition closed, or a picture was taken out of it.",
)


@pytest.mark.parametrize("size", [(320, 568), (360, 640), (390, 664), (768, 1024)])
def test_troubles_are_told_in_whole_sentences(base: str, browser: Browser, size: tuple[int, int]) -> None:
    with visiting(browser, base, viewport={"width": size[0], "height": size[1]}) as visit:
        start(visit, "square")
        visit.press("1", "revealed")
        visit.page.get_by_role("button", name="The board").wait_for()
        visit.page.evaluate("document.querySelector('[data-undo]').hidden = true")
        for words in TROUBLES:
            cut = visit.page.evaluate(f"(words) => {{ {SAY} return ({CUT})(); }}", words)
            assert (words, cut["words"], max(cut["status"][1], 0)) == (words, [], 0)


@pytest.mark.parametrize("slug", ["square", "upright", "tall"])
@pytest.mark.parametrize("size", [(320, 568), (360, 640), (390, 664), (768, 1024), (844, 390)])
def test_names_words_and_what_is_said_are_whole(
    base: str, browser: Browser, slug: str, size: tuple[int, int]
) -> None:
    with visiting(browser, base, viewport={"width": size[0], "height": size[1]}) as visit:
        start(visit, slug)
        assert visit.page.evaluate(CUT)["words"] == []
        visit.press("1", "revealed")
        visit.page.get_by_role("button", name="The board").wait_for()  # the last pair: nothing else is said later
        cut = visit.page.evaluate(f"(words) => {{ {SAY} return ({CUT})(); }}", SAID)
        assert cut["words"] == []
        assert cut["status"][1] <= 0
        if slug == "square" or size[0] > 360:
            assert cut["names"] == 0


@pytest.mark.parametrize("size", [(320, 568), (360, 640), (390, 664), (844, 390)])
def test_text_spaced_by_its_reader_breaks_no_word(base: str, browser: Browser, size: tuple[int, int]) -> None:
    """WCAG 1.4.12."""
    with visiting(browser, base, viewport={"width": size[0], "height": size[1]}, bypass_csp=True) as visit:
        start(visit, "square")
        visit.page.add_style_tag(content=SPACED)
        assert visit.page.evaluate(CUT)["words"] == []
        visit.press("1", "revealed")
        assert visit.page.evaluate(CUT)["words"] == []
        visit.page.get_by_role("button", name="The board").wait_for()
        assert visit.page.evaluate(CUT)["words"] == []
        assert not visit.page.evaluate(LOOK)["wide"]


def test_a_reader_of_large_text_sees_who_made_what_and_what_was_said(base: str, browser: Browser) -> None:
    """As set in the browser, which the widths of stylesheets follow."""
    flags = [*FLAGS, "--blink-settings=defaultFontSize=32"]
    with browser.browser_type.launch(executable_path=CHROMIUM, args=flags) as large:
        for width, height in ((320, 568), (390, 664)):
            with visiting(large, base, viewport={"width": width, "height": height}) as visit:
                start(visit, "square")
                assert visit.page.evaluate(CUT)["words"] == []
                visit.press("1", "revealed")
                assert visit.page.evaluate(CUT)["status"][0] > width / 2
                assert visit.page.locator(".maker").first.evaluate("(maker) => maker.clientWidth") > width / 3
                assert not visit.page.evaluate(LOOK)["wide"]


def test_text_of_double_size_neither_widens_nor_covers(base: str, browser: Browser) -> None:
    for width, height in ((390, 664), (1280, 800)):
        with visiting(browser, base, viewport={"width": width, "height": height}) as visit:
            start(visit, "three-two")
            visit.page.evaluate("document.documentElement.style.fontSize = '200%'")
            seen = visit.page.evaluate(LOOK)
            assert not seen["wide"]
            assert all(box["width"] > 100 for box in seen["frames"])


def test_a_window_of_a_quarter_keeps_what_was_asked(base: str, browser: Browser) -> None:
    """1280 x 1024 at 400 %: the page scrolls down, and not sideways."""
    with visiting(browser, base, viewport={"width": 320, "height": 256}) as visit:
        start(visit, "square")
        assert visit.page.locator(".prompt").evaluate("(prompt) => prompt.clientWidth") > 250
        assert visit.page.evaluate(LOOK)["frames"][0]["width"] > 100
        assert not visit.page.evaluate(LOOK)["wide"]
        visit.press("1", "revealed")
        assert visit.page.locator(".maker").first.evaluate("(maker) => maker.clientWidth") > 60
