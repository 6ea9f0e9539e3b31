"""
Sheets of open competitions, at every profile: whatever a reader can follow links to is the same, byte for byte, in
an arena where the pictures of one open competition have other makers; in `public` there is no sheet at all.
"""

import shutil
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.arena.entries import entries, sheets
from app.arena.entries.alignment import align_renditions
from app.arena.entries.sheets import SMALL_TILE, TILE
from app.arena.tables import Competition, Entry
from scripts.faults.public_answers import NONCE, UNSTABLE
from tests.security.crawling import Got, crawl, got, links
from tests.security.doors import HEADER, PROXY, SECRET
from tests.web.conftest import running
from tests.web.factories import MODELS, Named, competition, enter, moment, parts_of

PROFILES = ("local", "team", "public")
NAMES = (*MODELS, *(Named(f"hidden-model-{letter}", f"Hidden Name {letter.upper()}") for letter in "efg"))
FIRST = (
    "/",
    "/competitions",
    "/leaderboards/text-to-image",
    "/models",
    "/sitemap.xml",
    "/feed.atom",
    "/integrity",
)
OPEN = "a-red-cube"


@contextmanager
def serving(profile: str, folder: Path, database: str) -> Iterator[Flask]:
    """An application of this profile over one database of a folder."""
    login = {"login_header": HEADER, "trusted_proxies": ["10.0.0.0/8"]} if profile == "team" else {}
    url = f"sqlite:///{folder / database}"
    yield from running(url, folder, profile=profile, secret_key=SECRET, **login)


def browser(app: Flask) -> FlaskClient:
    """A reader; of a team's arena one who has logged in."""
    client = app.test_client()
    client.environ_base |= {"HTTP_" + HEADER.upper().replace("-", "_"): "ada@x"} | PROXY
    return client


@pytest.fixture(scope="module", params=PROFILES)
def arenas(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Flask, Flask]]:
    """Give the profile and its two arenas, which no test may change."""
    yield from make_arenas(request.param, sqlite_template, tmp_path_factory.mktemp("sheets"))


def make_arenas(profile: str, template: Path, folder: Path) -> Iterator[tuple[str, Flask, Flask]]:
    """Make an arena, and the same one with other makers behind the pictures of one open competition."""
    shutil.copy(template, folder / "one.sqlite3")
    with serving(profile, folder, "one.sqlite3") as app:
        competition(app, OPEN, models=NAMES)
        competition(app, "a-lost-cube", models=NAMES, status="closed")
        competition(app, "a-small-cube", models=NAMES[:3])
        for slug in (OPEN, "a-lost-cube", "a-small-cube"):
            align_renditions(parts_of(app).database, parts_of(app).storage, slug)
    shutil.copy(folder / "one.sqlite3", folder / "other.sqlite3")
    with serving(profile, folder, "other.sqlite3") as other:
        parts_of(other).database.write(rotate_models)
        with serving(profile, folder, "one.sqlite3") as app:
            yield profile, app, other


def rotate_models(session: Any) -> None:
    """Give each picture of the open competition the model of the next one."""
    query = select(Entry).join(Entry.competition).where(Competition.slug == OPEN).order_by(Entry.id)
    rows = session.scalars(query).all()
    models = [row.model_id for row in rows]
    for number, row in enumerate(rows):
        row.sample = 100 + number
    session.flush()
    for row, model in zip(rows, [*models[1:], models[0]], strict=True):
        row.model_id = model
    session.flush()
    for row in rows:
        row.sample = 0


def told(one: Got) -> tuple[Any, ...]:
    """An answer without what is fresh for each: pixels instead of bytes where a file is filled up by chance."""
    headers = sorted(
        (name, NONCE.sub(b"", text.encode())) for name, text in one.headers if name.lower() not in UNSTABLE
    )
    image = one.picture() if one.path.startswith("/sheets/") else None
    return one.status, headers, len(one.body), image.tobytes() if image else NONCE.sub(b"", one.body)


def read(app: Flask) -> dict[str, Got]:
    return crawl(browser(app), FIRST, variants=2)


def tiles(answers: dict[str, Got]) -> list[str]:
    return [path for path in answers if path.startswith("/sheets/")]


def test_with_other_makers_no_answer_is_another(arenas: tuple[str, Flask, Flask]) -> None:
    profile, app, other = arenas
    one, two = read(app), read(other)
    assert one.keys() == two.keys()
    moved = [path for path in one if told(one[path]) != told(two[path])]
    assert moved == []
    assert len(tiles(one)) == (0 if profile == "public" else 3 * len(NAMES)), profile


def test_a_sheet_is_pixels_and_filling_of_one_length(arenas: tuple[str, Flask, Flask]) -> None:
    _, app, _ = arenas
    answers = read(app)
    for ending, length in (("-160.webp", SMALL_TILE.most_bytes), ("-320.webp", TILE.most_bytes)):
        same = [answers[path] for path in tiles(answers) if path.endswith(ending)]
        assert {len(one.body) for one in same} <= {length}
        assert len({header(one) for one in same}) <= 1
        assert all(list_chunks(one.body) == [b"VP8 ", b"PADD"] for one in same)
    large = [answers[path] for path in tiles(answers) if not path.endswith(("-160.webp", "-320.webp"))]
    assert len({(len(one.body), header(one)) for one in large}) <= 1


def header(one: Got) -> tuple[tuple[str, str], ...]:
    return tuple((name, text) for name, text in one.headers if name.lower() not in UNSTABLE)


def list_chunks(body: bytes) -> list[bytes]:
    chunks, place = [], 12
    while place < len(body):
        chunks.append(body[place : place + 4])
        size = struct.unpack("<I", body[place + 4 : place + 8])[0]
        place += 8 + size + size % 2
    return chunks


def test_pages_with_a_sheet_name_nobody(arenas: tuple[str, Flask, Flask]) -> None:
    profile, app, _ = arenas
    page = got(f"/competitions/{OPEN}", browser(app).get(f"/competitions/{OPEN}"))
    words = {word for model in NAMES for word in (model.slug, model.name)}
    assert not {word for word in words if word in page.told}
    assert any(link.startswith("/sheets/") for link in links(page)) == (profile != "public")
    with parts_of(app).database.reading() as session:
        for row in session.scalars(select(Entry).join(Entry.competition).where(Competition.slug == OPEN)):
            assert not any(
                Path(key).stem in page.told for key in (row.media_key, row.rendition_key, row.original_key)
            )


def test_who_knows_an_address_is_told_no_more_than_others(arenas: tuple[str, Flask, Flask]) -> None:
    profile, app, _ = arenas
    with parts_of(app).database.reading() as session:
        keys = session.scalars(
            select(Entry.sheet_key).join(Entry.competition).where(Competition.slug == OPEN)
        ).all()
    stranger = app.test_client()
    for key in keys:
        for path in (f"/{key}", f"/{key}".replace(".webp", "-320.webp")):
            assert (browser(app).get(path).status_code == 200) == (profile != "public")
            assert (stranger.get(path).status_code == 200) == (profile == "local")


@pytest.fixture(params=PROFILES)
def own(request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path) -> Iterator[Flask]:
    """Give an arena of a profile to a test that changes it."""
    for _, app, _ in make_arenas(request.param, sqlite_template, tmp_path):
        yield app


def test_a_newcomer_and_a_withdrawal_move_no_single_picture(own: Flask) -> None:
    before = {path for path in tiles(read(own)) if path.endswith("-320.webp")}
    enter(own, OPEN, Named("hidden-model-h", "Hidden Name H"), seed=77_000)
    align_renditions(parts_of(own).database, parts_of(own).storage, OPEN)
    assert {path for path in tiles(read(own)) if path.endswith("-320.webp")} == before
    place = entries.EntryKey(OPEN, NAMES[0].slug)
    parts_of(own).database.write(lambda s: entries.withdraw(s, place, reason="x", now=moment()))
    assert len(before) < 2 * sheets.TOGETHER
    assert tiles(read(own)) == [], "of a batch of seven, three would be left: all go"
