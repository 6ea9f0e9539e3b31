"""A catalogue beside an arena: the product's own seed files, or a copy of a few that a test may edit."""

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

from flask import Flask, g

from app.arena.entries import competitions
from app.catalog.loading import load
from app.database.places import ROOT
from tests.factories import read_catalogue
from tests.snapshots import make_once
from tests.web.conftest import running
from tests.web.factories import Named, enter, parts_of, votes

SEEDS = ROOT / "scripts" / "seeds"
SHARED = ("sources", "providers", "parameters")
TODAY = datetime(2026, 11, 22, 12, tzinfo=UTC)
"""After DALL-E 2's sunset, whatever the machine's clock says."""
COMPETITIONS = (
    *("modern-clean-menu", "vintage-cafe-logo", "apollo-11", "capybara-taxi-driver", "fantasy-warrior"),
    *("baby-animals", "geometric-composition"),
)
PAINTERS = ("demo-pixel-mini", "demo-neon-turbo")
PRICED = (Named("dall-e-2", "DALL-E 2"), Named("dall-e-3", "DALL-E 3"), Named("gpt-image-2", "GPT Image 2"))


def at(app: Flask, moment: datetime) -> None:
    """Every request from now on happens at this moment."""

    def turn_clock() -> None:
        g.now = app.config["TEST_NOW"]

    if "TEST_NOW" not in app.config:
        app.before_request_funcs.setdefault(None, []).insert(0, turn_clock)
    app.config["TEST_NOW"] = moment


def folder_of(folder: Path, *slugs: str) -> Path:
    """A copy of these models' files, with what they share."""
    folder.mkdir(exist_ok=True)
    for name in (*SHARED, *slugs):
        shutil.copy(SEEDS / "catalog" / f"{name}.toml", folder / f"{name}.toml")
    (folder / "contracts").mkdir(exist_ok=True)
    for name in ("painter", "openai", "sources"):
        shutil.copy(SEEDS / "catalog" / "contracts" / f"{name}.toml", folder / "contracts")
    return folder


def load_folder(app: Flask, folder: Path, now: datetime = TODAY) -> None:
    """Bring the catalogue to what the files say."""
    seeds, database = read_catalogue(folder), parts_of(app).database
    name = "catalogue", id(seeds), now
    make_once(database, name, lambda: database.write(lambda session: load(session, seeds, now=now)))


def load_competitions(app: Flask, *slugs: str) -> None:
    """The seed's categories and these competitions, open."""
    folder = SEEDS / "competitions"

    def work(session: object) -> None:
        for category in competitions.read_categories(folder / "categories.toml"):
            competitions.save_category(session, category)  # type: ignore[arg-type]
        for slug in slugs:
            spec = competitions.read(folder / f"{slug}.toml")
            competitions.save(session, spec, now=TODAY)  # type: ignore[arg-type]

    parts_of(app).database.write(work)


def words(html: str) -> str:
    """What a reader reads: no tags, no scripts, single spaces, plain signs."""
    bare = re.sub(r"<(script|style)\b.*?</\1>", " ", html, flags=re.DOTALL)
    plain = unescape(re.sub(r"<[^>]+>", " ", bare))
    return " ".join(plain.replace("\N{MULTIPLICATION SIGN}", "x").replace("\N{EN DASH}", "-").split())


class _Part(HTMLParser):
    """Collects what stands inside the element with one id."""

    VOID = frozenset({"br", "img", "input", "link", "meta", "circle", "line", "path", "polyline", "polygon"})

    def __init__(self, name: str) -> None:
        super().__init__(convert_charrefs=False)
        self.name, self.depth, self.html = name, 0, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.depth += tag not in self.VOID and (self.depth > 0 or ("id", self.name) in attrs)
        self.handle_data(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.handle_data(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        self.handle_data(f"</{tag}>")
        self.depth -= self.depth > 0 and tag not in self.VOID

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")

    def handle_data(self, data: str) -> None:
        self.html += data if self.depth else ""


def section(html: str, name: str) -> str:
    """The words of the element of a page with this id."""
    part = _Part(name)
    part.feed(html)
    assert part.html, f"there is no part {name}"
    return words(part.html)


def seed_world(sqlite_template: Path, folder: Path) -> Iterator[Flask]:
    """The seed's seven competitions with images of three real models and their votes; painters without images."""
    shutil.copy(sqlite_template, folder / "models.sqlite3")
    slugs = [model.slug for model in PRICED]
    for app in running(f"sqlite:///{folder / 'models.sqlite3'}", folder):
        load_folder(app, folder_of(folder / "catalog", *slugs, *PAINTERS, "kolors", "flux.1-schnell"))
        load_competitions(app, *COMPETITIONS)
        at(app, TODAY)
        for number, slug in enumerate(COMPETITIONS):
            for position, model in enumerate(PRICED):
                enter(app, slug, model, seed=100 * number + position)
        votes(app, 36)
        yield app
