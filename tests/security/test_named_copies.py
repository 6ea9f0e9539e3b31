"""
Somebody without a vote reads every page: no picture shown with a name is one that is judged blind.

The same picture: within 8 of the 64 bits of a perceptual hash. There are open competitions, a closed one, an open
gallery and a showcase, and the admin tried to put each blind picture into every other place.
"""

import re
import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select, update

from app.arena import errors
from app.arena.entries import entries, renditions
from app.arena.tables import Competition, Entry, LedgerLine
from tests.security.crawling import crawl
from tests.security.doors import application, deed, sign_in
from tests.web.factories import FRAME, MODELS, competition, drawing, enter, moment, parts_of

LOOK_ALIKE_BITS = 8
SIZE = re.compile(r"(-\d+)?\.webp$")
JUDGED = ("a-red-cube", "a-blue-cone")
OFFERED = (("a-lost-cube", "contestant"), ("a-shown-cube", "contestant"), ("a-lost-cube", "showcase"))
FIRST = ("/", "/competitions", "/models", "/feed.atom", "/sitemap.xml", "/api/v1/models", "/api/v1/competitions")


@pytest.fixture
def shown(sqlite_template: Path, tmp_path: Path) -> Iterator[Flask]:
    """Give each test an arena of its own: two of them change what is shown."""
    shutil.copy(sqlite_template, tmp_path / "shown.sqlite3")
    with application(f"sqlite:///{tmp_path / 'shown.sqlite3'}", tmp_path) as app:
        for slug in JUDGED:
            competition(app, slug, models=MODELS[:3])
        competition(app, "a-lost-cube", models=MODELS[:3], status="closed")
        competition(app, "a-shown-cube", models=MODELS[:2], open_gallery=True)
        assert offer(app, "a-lost-cube", "showcase", drawing(7000))
        yield app


def offer(app: Flask, slug: str, role: str, data: bytes, sample: int = 5) -> bool:
    """Whether the arena takes this picture of the last model."""
    stored = entries.store(parts_of(app).storage, renditions.picture(data, FRAME))
    place = entries.EntryKey(slug, MODELS[3].slug, sample, "showcase" if role == "showcase" else "contestant")
    facts = entries.EntryDetails(prompt=f"another prompt for {sample}")
    try:
        return parts_of(app).database.write(lambda s: entries.add(s, place, stored, facts, now=moment()))
    except errors.EntryRefused:
        return False


def recoded(data: bytes) -> bytes:
    buffer = BytesIO()
    Image.open(BytesIO(data)).resize((300, 300), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=50)
    return buffer.getvalue()


def judged(app: Flask) -> list[Entry]:
    """What stands in open blind contests."""
    query = select(Entry).join(Entry.competition).where(Competition.slug.in_(JUDGED), Competition.status == "open")
    with parts_of(app).database.reading() as session:
        return list(session.scalars(query.where(Entry.withdrawn_at.is_(None)).order_by(Entry.id)))


def named(client: FlaskClient) -> dict[str, int]:
    """Every picture that pages and JSON lead to, and its perceptual hash."""
    answers = crawl(client, FIRST, variants=1)
    pictures = {path: one.picture() for path, one in answers.items() if path.startswith("/media/")}
    return {path: renditions.perceptual_hash(image.convert("RGB")) for path, image in pictures.items() if image}


def copies(app: Flask, shown: int) -> set[str]:
    """Of so many named pictures, in any size, those that somebody is to judge blind."""
    hidden = [entry.perceptual_hash for entry in judged(app)]
    pictures = named(app.test_client())
    assert len({SIZE.sub("", path) for path in pictures}) == shown
    return {
        SIZE.sub("", path)
        for path, found in pictures.items()
        if min(((found ^ one) & (2**64 - 1)).bit_count() for one in hidden) <= LOOK_ALIKE_BITS
    }


def test_no_named_picture_is_one_that_is_judged_blind(shown: Flask) -> None:
    storage = parts_of(shown).storage
    for number, entry in enumerate(judged(shown)):
        original = storage.get(entry.original_key)
        for slug, role in OFFERED:
            assert not offer(shown, slug, role, recoded(original), sample=10 + number)
    assert len(judged(shown)) == 6
    assert copies(shown, 3 + 2 + 1) == set()


def test_neither_when_a_competition_closes(shown: Flask) -> None:
    """Two open ones share a picture, as an older version let them; an admin closes one and opens it again."""
    enter(shown, JUDGED[1], MODELS[3], seed=9000)
    _, blue = JUDGED
    twin = judged(shown)[0]

    def as_before(session) -> None:  # type: ignore[no-untyped-def]
        new = {name: getattr(twin, name) for name in ("perceptual_hash", "rendition_key", "original_key")}
        last = select(Entry.id).order_by(Entry.id.desc()).limit(1).scalar_subquery()
        session.execute(update(Entry).where(Entry.id == last).values(new))

    parts_of(shown).database.write(as_before)
    admin = shown.test_client()
    sign_in(admin)
    told = deed(admin, f"/admin/competitions/{blue}/close")
    assert (told.status_code, f"of {MODELS[3].slug} in {blue} looks like" in told.text) == (409, True)
    assert "withdraw one of the two" in told.text
    deed(admin, f"/admin/competitions/{blue}/withdraw", model=MODELS[3].slug, sample="0", role="contestant")
    assert deed(admin, f"/admin/competitions/{blue}/close").status_code == 303
    assert copies(shown, 3 + 2 + 1 + 3) == set()
    assert deed(admin, f"/admin/competitions/{blue}/open").status_code == 303
    assert "opened again, its images had been shown with names" in admin.get("/integrity").text
    with parts_of(shown).database.reading() as session:
        assert "competition.reopened" in session.scalars(select(LedgerLine.action)).all()


def test_the_crawl_would_notice(shown: Flask) -> None:
    """The same arena with its closed competition full of what is judged elsewhere."""
    first = judged(shown)[0]

    def unmask(session) -> None:  # type: ignore[no-untyped-def]
        lost = select(Competition.id).where(Competition.slug == "a-lost-cube").scalar_subquery()
        session.execute(
            update(Entry).where(Entry.competition_id == lost).values(rendition_key=first.rendition_key)
        )

    parts_of(shown).database.write(unmask)
    assert len(copies(shown, 3 + 2 + 1)) == 4
