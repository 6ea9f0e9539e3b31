"""Small arenas: images drawn in memory, entered and voted on through the arena's own doors."""

import random
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from io import BytesIO
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.arena.entries import competitions, entries, renditions
from app.arena.voting import matchups, vote_casting
from app.arena.voting.vote_casting import Ballot
from app.catalog import loading
from app.edge.context import Parts
from tests.snapshots import make_once

FRAME = (128, 128)
OURS = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True)
class Named:
    """A model that must not be named before the vote."""

    slug: str
    name: str


MODELS = tuple(Named(f"hidden-model-{letter}", f"Hidden Name {letter.upper()}") for letter in "abcd")


def parts_of(app: Flask) -> Parts:
    parts: Parts = app.extensions["blindvote"]
    return parts


def moment() -> datetime:
    return datetime.now(UTC)


def drawing(seed: int) -> bytes:
    """Big random blocks: no two alike, to people and to perceptual hashes."""
    return _draw(seed, FRAME)


@cache
def _draw(seed: int, frame: tuple[int, int]) -> bytes:
    rng = random.Random(seed)
    small = Image.new("RGB", (8, 8))
    small.putdata([(rng.randrange(256), rng.randrange(256), rng.randrange(256)) for _ in range(64)])
    file = BytesIO()
    small.resize(frame, Image.Resampling.NEAREST).save(file, "PNG")
    return file.getvalue()


def competition(app: Flask, slug: str = "a-red-cube", **how: Any) -> None:
    """A competition with one image per model, an hour old at most; `how` as `_make_competition` takes it."""
    parts, name = parts_of(app), ("competition", f"{moment():%d %H}", slug, *sorted(how.items()))
    make_once(parts.database, name, lambda: _make_competition(app, slug, **how), parts.storage)


def _make_competition(
    app: Flask,
    slug: str,
    *,
    models: tuple[Named, ...] = MODELS,
    mode: competitions.Mode = "text-to-image",
    categories: tuple[str, ...] = (),
    status: str = "open",
    prompt: str | None = None,
    open_gallery: bool = False,
) -> None:
    parts, now = parts_of(app), moment()
    input_key = None
    if mode == "image-edit":
        input_key = "renditions/the-image-to-change.webp"
        renditions.store(parts.storage, input_key, renditions.render_input(drawing(999), FRAME))
    spec = competitions.CompetitionFile(
        slug=slug,
        title=slug.replace("-", " ").capitalize(),
        mode=mode,
        categories=categories,
        prompt=prompt or f"The prompt of {slug}",
        frame=FRAME,
        status="open",
        open_gallery=open_gallery,
        input="input.webp" if input_key else None,
    )
    for position, category in enumerate(categories):
        title = category.replace("-", " ").capitalize()
        file = competitions.CategoryFile(slug=category, title=title, position=position)
        parts.database.write(partial(competitions.save_category, spec=file))
    parts.database.write(lambda session: competitions.save(session, spec, now=now, input_key=input_key))
    for number, model in enumerate(models):
        enter(app, slug, model, seed=sum(map(ord, slug)) * 100 + number)
    if status != "open":
        parts.database.write(lambda session: competitions.set_status(session, slug, status, now=now))


def enter(app: Flask, slug: str, model: Named, *, seed: int) -> None:
    parts = parts_of(app)
    stored = entries.store(parts.storage, _encode(seed, FRAME))
    place = entries.EntryKey(slug, model.slug)

    def work(session: Session) -> None:
        loading.stub(session, model.slug, model.name)
        entries.add(session, place, stored, entries.EntryDetails(), now=moment())

    parts.database.write(work)


@cache
def _encode(seed: int, frame: tuple[int, int]) -> renditions.Picture:
    """Every test of a process draws the same few pictures: encoding them is most of what an entry costs."""
    return renditions.picture(_draw(seed, frame), frame)


def withdraw(app: Flask, slug: str, model: str) -> None:
    """Take a model's image out of a competition."""
    place = entries.EntryKey(slug, model)
    parts_of(app).database.write(
        lambda session: entries.withdraw(session, place, reason="not as asked", now=moment())
    )


def votes(app: Flask, number: int, *, seed: int = 1, wish: matchups.MatchupFilter | None = None) -> None:
    """By voters of three votes each; A wins half of the time."""
    rng = random.Random(seed)
    voters = [secrets.token_bytes(16) for _ in range(number // 3 + 1)]
    for n in range(number):
        vote(app, voters[n // 3], rng.choice(["a", "b", "a", "b", "tie", "both_bad"]), rng, wish)


def vote(
    app: Flask, who: bytes, outcome: str, rng: random.Random, wish: matchups.MatchupFilter | None = None
) -> None:
    parts, wish = parts_of(app), wish or matchups.MatchupFilter()
    issued = matchups.issue(parts.database, parts.pool, who, wish, now=moment(), rng=rng, matchup_seconds=600)

    def work(session: Session) -> None:
        vote_casting.cast_vote(session, Ballot(who, issued.public_id, outcome, moment(), 600))

    parts.database.write(work)


def post(client: FlaskClient, path: str, **form: str) -> TestResponse:
    """A form, sent as a browser sends it from our own page."""
    return client.post(path, data=form, headers=OURS)


def start(client: FlaskClient, **form: str) -> str:
    """Ask for a pair; returns its path."""
    answer = post(client, "/arena", **form)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.headers["Location"]
