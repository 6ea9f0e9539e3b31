"""
What public answers tell of who made what: two arenas that differ in nothing but the makers of the pictures of one
open competition are read, byte for byte. No answer may differ.

In the other arena each picture has the next picture's maker, and every vote there is on the pictures that its two
models have now, so that models, votes and boards are the same. A model keeps what its requests took and cost, a
picture what can be seen of it: size, light, traces, likeness, reports. Both are swept and rated anew, and all that
links lead to is read, as in `public_answers.py`. `mutations.py` takes the defences out one by one.

    python scripts/faults/other_makers.py [--models 8]

Prints the answers that differ. Exit 1 where one does. It takes half a minute.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, cast
from unittest.mock import patch

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.api import votes
from app.arena.entries import competitions, traits
from app.arena.people.policy import PUBLIC
from app.arena.tables import Category, Competition, Entry, Matchup, Vote
from app.catalog.tables import Offering, Price
from app.database.doors import Database
from app.edge import clock
from app.leaderboards.integrity.fraud.sweep import sweep
from app.leaderboards.runs.refresh import rebuild
from scripts.faults.application import application, populate
from scripts.faults.public_answers import (
    MODE,
    SECONDS_LOOKED,
    STARTS,
    Answers,
    StandingClock,
    ask_more,
    describe,
    issue,
    moved,
)
from scripts.faults.voters import OUTCOMES
from tests.leaderboards.factories import add_price
from tests.security.crawling import crawl

Profile = Literal["local", "public"]
PROFILES: tuple[Profile, ...] = ("local", "public")
SWAPPED = "c0"
"""The open competition whose makers are others in the other arena."""
CLOSED = ("c2", "c3", "c4", "c5")
VOTERS, VOTES_EACH = 30, 5
MORE_STARTS = (
    *STARTS,
    "/api/v1/votes?format=jsonl",
    "/llms.txt",
    *(f"/leaderboards/{MODE}?question={asked}" for asked in ("better", "prompt")),
    *(f"/models?sort={column}" for column in ("rating", "price_usd", "name", "released")),
    *(f"/models/m{number}{page}" for number in range(3) for page in ("", "/card.png", "/llms.txt")),
)
VARIANTS, MOST = 3, 1_500


@contextmanager
def arenas(folder: Path, models: int, profile: Profile) -> Iterator[tuple[Flask, Flask]]:
    """Serve both, at a clock that stands still."""
    began = datetime.now(UTC) - timedelta(seconds=SECONDS_LOOKED * VOTERS * (VOTES_EACH + 1))
    # Each download of the votes draws a secret of its own for its pseudonyms.
    drawn = patch.object(votes, "secrets", SimpleNamespace(token_bytes=bytes))
    with patch.object(clock, "datetime", StandingClock(began)), drawn, ExitStack() as both:
        with application(folder, profile=profile) as first:
            furnish(first, folder, models)
        places = [folder / f"{name}.sqlite3" for name in ("one", "other")]
        for place in places:
            shutil.copy(folder / "blindvote.sqlite3", place)
        one, other = (
            both.enter_context(application(folder, f"sqlite:///{place}", profile=profile)) for place in places
        )
        database_of(other).write(exchange_makers)
        yield one, other


def furnish(app: Flask, folder: Path, models: int) -> None:
    """Fill an arena with pictures that differ in all that can be measured, two that look alike, and votes."""
    database = database_of(app)
    populate(database, folder, 7, models, shown=1)
    database.write(file_under_categories)
    database.write(tell_pictures_apart)
    database.write(state_prices)
    ask_more(database)
    rng = random.Random(4)
    for _ in range(VOTERS):
        client = app.test_client()
        for _ in range(VOTES_EACH):
            answer(client, rng.choice(OUTCOMES))
    if (counted := database.write(count_votes)) < VOTERS:
        raise RuntimeError(f"Only {counted} votes count: nothing could follow from them.")
    database.write(hold_back)
    for slug in CLOSED:
        now = clock.datetime.now(UTC)
        database.write(lambda s, slug=slug, now=now: competitions.set_status(s, slug, "closed", now=now))


def answer(client: Any, outcome: str) -> None:
    """Judge a pair as somebody does who looks at it, if this voter is given another one."""
    asked = client.post("/api/v1/matchups", json={})
    if asked.status_code in {200, 201}:
        matchup = issue(client)
        cast("StandingClock", clock.datetime).moment += timedelta(seconds=SECONDS_LOOKED)
        client.post(f"/api/v1/matchups/{matchup}/vote", json={"outcome": outcome})


def count_votes(session: Session) -> int:
    """Count the votes that count."""
    return session.scalar(select(func.count()).select_from(Vote).where(Vote.counted)) or 0


def file_under_categories(session: Session) -> None:
    """File competitions under two categories in turn."""
    filed = [Category(slug=slug, title=slug.title(), position=at) for at, slug in enumerate(("odd", "even"))]
    for competition in session.scalars(select(Competition).order_by(Competition.id)):
        competition.categories = [filed[competition.id % 2]]


def tell_pictures_apart(session: Session) -> None:
    """
    Give pictures sizes, traits, costs and times of their own, and let two of the open field look alike.

    What the pictures of every other model cost is not known: its price is the list's for the size of its pictures.
    """
    rng = random.Random(5)
    field = []
    for entry in session.scalars(select(Entry).order_by(Entry.id)):
        if entry.competition.slug == SWAPPED:
            field.append(entry)
            entry.width, entry.height = rng.choice([(128, 128), (192, 128), (128, 256)])
        entry.source = traits.describe_source(entry.source, tuple(rng.random() for _ in traits.TRAITS))
        cost = rng.choice([None, None, 40_000, 60_000])
        entry.seconds, entry.cost_micros = rng.uniform(1, 20), cost if entry.model_id % 2 else None
    field[0].perceptual_hash = field[1].perceptual_hash


def hold_back(session: Session) -> None:
    """Let two pictures of the open field be shown to nobody: one that voters reported, one that is not aligned."""
    field = select(Entry).join(Entry.competition).where(Competition.slug == SWAPPED).order_by(Entry.id.desc())
    reported, askew = session.scalars(field.limit(2))
    reported.rested_at, askew.rendition_side = clock.datetime.now(UTC), askew.rendition_side + 1


def state_prices(session: Session) -> None:
    """State a price in general for every model, and another one for the size that most pictures have."""
    for number, model in enumerate(sorted(set(session.scalars(select(Entry.model_id))))):
        add_price(session, model, 0.03 + number / 100)
        offering = session.scalars(select(Offering.id).where(Offering.model_id == model)).one()
        price = {"metric": "image", "price_micros": 90_000, "units": 1, "source": "page", "position": 1}
        session.add(Price(offering_id=offering, conditions={"size": "128x128"}, **price))


def exchange_makers(session: Session) -> None:
    """Give each picture of the open competition the next one's maker, and votes the pictures of their models."""
    field = list(
        session.scalars(
            select(Entry).join(Entry.competition).where(Competition.slug == SWAPPED).order_by(Entry.id)
        )
    )
    makers = [(one.model_id, one.prompt, one.provider, one.seconds, one.cost_micros) for one in field]
    for number, one in enumerate(field):
        one.sample = 100 + number
    session.flush()
    for one, facts in zip(field, [*makers[1:], makers[0]], strict=True):
        one.model_id, one.prompt, one.provider, one.seconds, one.cost_micros = facts
    session.flush()
    for one in field:
        one.sample = 0
    _move_matchups(session, {field[at].id: field[at - 1].id for at in range(len(field))})


def _move_matchups(session: Session, picture: dict[int, int]) -> None:
    """Let each matchup show the pictures that its models have now."""
    rows = list(session.scalars(select(Matchup).where(Matchup.left_entry_id.in_(picture))))
    for row in rows:
        # Out of the way first: two pairs of one voter may change places.
        row.low_entry_id, row.high_entry_id = -row.high_entry_id, -row.low_entry_id
    session.flush()
    for row in rows:
        row.left_entry_id, row.right_entry_id = picture[row.left_entry_id], picture[row.right_entry_id]
        row.low_entry_id, row.high_entry_id = sorted((row.left_entry_id, row.right_entry_id))


def read(app: Flask) -> Answers:
    """Rate and sweep as the timers do, and read everything that a stranger can follow links to."""
    database, now = database_of(app), clock.datetime.now(UTC)
    rebuild(database, MODE, now=now)
    sweep(database, now=now, policy=PUBLIC, is_report=False, progress=lambda *_: None)
    answers = crawl(app.test_client(), MORE_STARTS, variants=VARIANTS, most=MOST)
    return {path: describe(one) for path, one in answers.items()}


def compare(one: Flask, other: Flask) -> tuple[Answers, list[str]]:
    """Return the answers of one arena, and the addresses of those that differ in the other."""
    answers = read(one)
    return answers, moved(answers, read(other))


def database_of(app: Flask) -> Database:
    """Return the application's database."""
    database: Database = app.extensions["blindvote"].database
    return database


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--models", type=int, default=8)
    options = arguments.parse_args()
    verdicts = [prove(profile, options.models) for profile in PROFILES]
    return 0 if all(verdicts) else 1


def prove(profile: Profile, models: int) -> bool:
    """Print how many answers differ; returns whether none does."""
    with tempfile.TemporaryDirectory() as folder, arenas(Path(folder), models, profile) as both:
        answers, told = compare(*both)
    print(
        f"{profile:<7}{len(told):>4} of {len(answers)} answers tell who made what  {' '.join(told[:6])}",
        flush=True,
    )
    return not told


if __name__ == "__main__":
    sys.exit(main())
