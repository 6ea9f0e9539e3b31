"""Every page in a real browser: no violation of WCAG, nothing wider than the window, a quiet console."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests.web.browsing import DRIVES_CHROMIUM, Visit, find_violations, launched, served, visiting
from tests.web.conftest import running
from tests.web.factories import MODELS, Named, competition, votes

pytestmark = DRIVES_CHROMIUM
WORD = "Supercalifragilisticexpialidocious_image_model_fp16_emaonly"
LETTERS = WORD.lower().replace("_", "")
PATHS = {
    "home": "/",
    "start": "/arena",
    "board": "/leaderboards/text-to-image",
    "filtered": "/leaderboards/text-to-image?q=hidden&sort=votes",
    "category": "/leaderboards/text-to-image/portrait",
    "no votes": "/leaderboards/image-edit",
    "competitions": "/competitions",
    "open": "/competitions/a-red-cube",
    "closed": "/competitions/a-green-cone",
    "one word": f"/competitions/{LETTERS}",
    "models": "/models",
    "model": "/models/a-name-of-one-word",
    "compare": "/compare/a-name-of-one-word/a-model-with-a-rather-long-name-1",
    "charts": "/charts/text-to-image",
    "methodology": "/methodology",
    "document": "/docs/team",
    "mine": "/me",
    "missing": "/nowhere",
}
LONGEST = "/docs/gateway"
"""Its 1,600 elements take axe longer than all other pages together: what it looks like is judged at one width."""
LONG = "A very long prompt that goes on with words like antidisestablishmentarianism. " * 12
WIDE = (
    Named("a-name-of-one-word", WORD),
    *(Named(f"a-model-with-a-rather-long-name-{n}", f"A Model With A Rather Long Name {n}") for n in range(3)),
)


@pytest.fixture(scope="module")
def base(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An arena with open, closed, long and edit competitions, and votes."""
    folder = tmp_path_factory.mktemp("pages")
    shutil.copy(sqlite_template, folder / "pages.sqlite3")
    for app in running(f"sqlite:///{folder / 'pages.sqlite3'}", folder):
        competition(app, categories=("portrait",), prompt=LONG, models=(*MODELS, *WIDE))
        competition(app, "a-green-cone")
        competition(app, "edit-it", mode="image-edit", prompt=LONG, models=WIDE)
        competition(app, LETTERS)
        votes(app, 24)
        competition(app, "shut", status="closed")
        with served(app) as address:
            yield address


def too_wide(visit: Visit) -> list[str]:
    """Elements that reach beyond the window, if the page scrolls sideways."""
    script = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
      [...document.querySelectorAll("body *")]
      .filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5)
      .map((one) => one.outerHTML.slice(0, 120))"""
    found: list[str] = visit.page.evaluate(script)
    return found


@pytest.mark.parametrize("width", [320, 844, 1280])
def test_every_page(browser: Browser, base: str, width: int) -> None:
    faults = {}
    with visiting(browser, base, viewport={"width": width, "height": 700}) as visit:
        for name, path in PATHS.items():
            visit.open(path)
            faults[name] = find_violations(visit.page) + too_wide(visit)
        visit.open(LONGEST)
        faults["longest"] = too_wide(visit) + (find_violations(visit.page) if width == 1280 else [])
        complaints = [said for said in visit.complaints if "404" not in said]
    assert {name: found for name, found in faults.items() if found} == {}
    assert complaints == []


def test_what_is_too_pale_is_found_in_each_scheme_however_often_a_colour_comes(browser: Browser) -> None:
    page = """<!doctype html><html lang="en"><title>Pale</title><style>
      body, .same { color: #333; background: #fff } .pale { color: #aaa } .thin { color: rgb(0 0 0 / 0.4) }
      @media (prefers-color-scheme: dark) { body, .same { color: #aaa; background: #111 } .pale { color: #444 } }
      </style><main><h1>Words</h1><p class="same">one<p class="same">two<p class="pale">three<p class="pale">four
      <p class="thin">five<p class="same">six</main>"""
    with visiting(browser, "") as visit:
        visit.page.set_content(page)
        found = find_violations(visit.page)
    assert [(said.split(":")[0], re.findall(r"<p .*?>(\w+)", said)) for said in found] == [
        *(("dark", [word]) for word in ("three", "four", "five")),
        *(("light", [word]) for word in ("three", "four", "five")),
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_is_printed_in_ink_without_its_controls(browser: Browser, base: str, scheme: str) -> None:
    with visiting(browser, base, color_scheme=scheme) as visit:
        visit.open(PATHS["board"])
        visit.page.emulate_media(media="print")
        ink = visit.page.evaluate("getComputedStyle(document.querySelector('h1')).color")
        assert ink == "rgb(25, 26, 23)"
        assert visit.page.locator("nav.pages, .filter, .button").filter(visible=True).count() == 0


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("mode", ["text-to-image", "image-edit"])
def test_the_arena_before_and_after_the_vote(browser: Browser, base: str, width: int, mode: str) -> None:
    faults = {}
    how = {"viewport": {"width": width, "height": 700}, "reduced_motion": "reduce"}
    with visiting(browser, base, **how) as visit:
        visit.open(f"/arena?mode={mode}")
        visit.page.get_by_role("button", name="Show me a pair").click()
        visit.wait("open")
        faults["before"] = find_violations(visit.page) + too_wide(visit)
        visit.page.wait_for_timeout(500)  # presses just after a change of the screen are not heard
        visit.page.get_by_role("button", name="A is better").click()
        visit.wait("revealed")
        faults["after"] = find_violations(visit.page) + too_wide(visit)
        visit.open("/me")
        faults["mine"] = find_violations(visit.page) + too_wide(visit)
        assert visit.complaints == []
    assert {name: found for name, found in faults.items() if found} == {}


def test_letters_of_twice_their_size_fit_a_phone(playwright: Playwright, base: str) -> None:
    """The size of letters that a reader sets in the browser, WCAG 1.4.4."""
    with (
        launched(playwright, "--blink-settings=defaultFontSize=32") as browser,
        visiting(browser, base, viewport={"width": 390, "height": 844}) as visit,
    ):
        faults = {}
        for name, path in PATHS.items():
            visit.open(path)
            faults[name] = too_wide(visit)
        assert visit.page.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px"
        assert {name: found for name, found in faults.items() if found} == {}


def test_a_phone_does_not_enlarge_the_page_around_a_field(browser: Browser, base: str) -> None:
    sizes = {}
    with visiting(browser, base, viewport={"width": 390, "height": 800}, is_mobile=True, has_touch=True) as visit:
        for path in ("/models", "/arena", "/suggest", "/compare", "/admin/login"):
            visit.open(path)
            sizes[path] = visit.page.evaluate("""() => [...document.querySelectorAll("input, select, textarea")]
              .filter((field) => !["hidden", "checkbox", "radio", "range", "file"].includes(field.type))
              .map((field) => parseFloat(getComputedStyle(field).fontSize))""")
    assert all(sizes.values())
    assert min(size for found in sizes.values() for size in found) >= 16


def test_names_of_another_direction_keep_their_order(browser: Browser, base: str) -> None:
    row = "<a>\u05de\u05d5\u05d3\u05dc 3</a>, <a>\u0646\u0645\u0648\u0630\u062c</a> \u00b7 <b>\u05d0\u05d1</b> 5"
    with visiting(browser, base) as visit:
        visit.open("/methodology")
        places = visit.page.evaluate(
            """(row) => {
              const made = document.createElement("p");
              made.innerHTML = row;
              document.querySelector("main").append(made);
              return [...made.children].map((one) => one.getBoundingClientRect().left);
            }""",
            row,
        )
    assert places == sorted(places)


def test_the_menu_of_a_phone(browser: Browser, base: str) -> None:
    with visiting(browser, base, viewport={"width": 390, "height": 800}) as visit:
        visit.open("/")
        menu = visit.page.get_by_role("navigation", name="Pages")
        expect(menu).to_be_hidden()
        visit.page.get_by_role("button", name="Menu").click()
        menu.get_by_role("link", name="Competitions").click()
        visit.page.wait_for_url("**/competitions")


def test_links_in_text_are_underlined_and_those_of_the_menu_are_not(browser: Browser, base: str) -> None:
    lines = """(where) => [...new Set([...document.querySelectorAll(where)]
      .map((link) => getComputedStyle(link).textDecorationLine))]"""
    with visiting(browser, base) as visit:
        visit.open("/leaderboards/text-to-image")
        assert visit.page.evaluate(lines, ".facts a") == ["underline"]
        assert visit.page.evaluate(lines, ".top a, .bottom a, .board a") == ["none"]
