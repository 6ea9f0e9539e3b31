"""
An arena of the size at which readers' pages were judged: 62 catalogue models, 7 competitions, 5,000 votes.

    python -m scripts.bench.readers_arena FOLDER [--models 62] [--votes 5000] [--seed 1] [--bridge 40]

FOLDER becomes a data folder that `DATA_DIR=FOLDER arena serve` serves. Pictures are blocks of colour; votes follow
the variance-component model of `worlds.py` and are paired as the product pairs them. Every entry has the seconds
it took, two of three have what they cost, at one to four times the model's lowest price; the gateway's log has
some hundred requests to each of three providers. `--bridge 40` makes an arena whose two halves meet in 40 votes.
It takes some twenty seconds.
"""

import argparse
import math
import os
import random
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.arena.entries import competitions, entries, renditions
from app.arena.entries.alignment import align_renditions
from app.arena.tables import Competition, Entry, Matchup, Tally, Vote, Voter
from app.catalog import lookup
from app.catalog.lookup import ModelSummary
from app.database.doors import Database
from app.gateway import log
from app.gateway.log import Attempt
from app.gateway.storage import Storage
from app.leaderboards.runs import refresh
from app.words import Mode
from scripts.bench.worlds import Arena, Setting, played

MODE = Mode.TEXT_TO_IMAGE
SIDE = 256
VOTERS = 120
DAYS = 20
OUTCOMES = ("a", "tie", "b")
COLUMNS = {"a": "left_wins", "b": "right_wins", "tie": "ties"}
REQUESTS = 120
FAILURES = {"fal": 0.02, "replicate": 0.09, "openai": 0.01}
BATCH = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=int, default=62)
    parser.add_argument("--votes", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bridge", type=int, help="votes that join two halves of the models")
    asked = parser.parse_args()
    database = build(asked.folder, asked.models, asked.votes, asked.seed, asked.bridge)
    database.close()


def build(folder: Path, models: int = 62, votes: int = 5000, seed: int = 1, bridge: int | None = None) -> Database:
    """Build the arena in an empty data folder."""
    environment = {**os.environ, "DATA_DIR": str(folder)}
    subprocess.run(
        [sys.executable, "-m", "app.cli", "seed"], env=environment, check=True, stdout=subprocess.DEVNULL
    )
    database = Database(f"sqlite:///{folder / 'blindvote.sqlite3'}")
    now, rng = datetime.now(UTC), np.random.default_rng(seed)
    contestants = database.write(lambda session: choose_models(session, models, now))
    slugs = database.write(lambda session: open_competitions(session, now))
    storage = Storage(folder / "files")
    for number, slug in enumerate(slugs):
        enter(database, storage, slug, contestants, seed + number, now)
        align_renditions(database, storage, slug)
    setting = Setting(models, len(slugs), 2 * votes // models + 1, ties=0.15, voters=VOTERS)
    arena = played(setting, rng)
    rows = np.concatenate(arena.rows)[:votes]
    if bridge is not None:
        rows = part(rows, models, bridge)
    ids = [model.id for model in seat(contestants, arena, seed)]
    database.write(lambda session: cast(session, rows, ids, slugs, now))
    for provider in FAILURES:
        database.write(lambda session: ask(session, provider, contestants, now))  # noqa: B023
    refresh.rebuild(database, MODE, now=now)
    print(f"{models} models, {len(slugs)} competitions, {len(rows)} votes in {folder}")
    return database


def choose_models(session: Session, most: int, now: datetime) -> list[ModelSummary]:
    """Choose text-to-image models that are no demo: the seed's own, then those with a price, then by name."""
    able = [one for one in lookup.models(session, now.date()) if MODE in one.modes and not one.demo]
    able.sort(key=lambda one: (one.slug != "dall-e-2", one.price_from is None, one.slug))
    return able[:most]


def open_competitions(session: Session, now: datetime) -> list[str]:
    """Open the seven competitions of the seeds; close none, since a closed one tells names."""
    slugs = list(
        session.scalars(select(Competition.slug).where(Competition.mode == MODE).order_by(Competition.id))
    )
    for slug in slugs:
        competitions.set_status(session, slug, "open", now=now - timedelta(days=DAYS))
    return slugs


def enter(
    database: Database, storage: Storage, slug: str, models: list[ModelSummary], seed: int, now: datetime
) -> None:
    """Enter an image of each model, with what is known of its making."""
    with database.reading() as session:
        frame, _ = competitions.read_frame(session, slug)
    for number, model in enumerate(models):
        rng = random.Random(f"{seed} {model.slug}")
        stored = entries.store(storage, renditions.picture(draw(rng), frame))
        price = model.price_from
        cost = None if price is None or number % 3 == 2 else round(price.micros * rng.choice([1, 1, 1.5, 2, 4]))
        pace = random.Random(model.slug).lognormvariate(1.8, 0.8)
        details = entries.EntryDetails(
            provider=price.provider if price else None,
            seconds=round(pace * rng.lognormvariate(0, 0.2), 2),
            cost_micros=cost,
            source={"by": "scripts.bench.readers_arena"},
        )
        key = entries.EntryKey(slug, model.slug)
        database.write(lambda session: entries.add(session, key, stored, details, now=now))  # noqa: B023


def seat(models: list[ModelSummary], arena: Arena, seed: int) -> list[ModelSummary]:
    """Give each strength its model: dearer ones are stronger by and large, so that the frontier has several."""
    rng = random.Random(seed)
    cost = {one.slug: math.log(one.price_from.usd or 0.001) if one.price_from else -4.0 for one in models}
    ordered = sorted(models, key=lambda one: cost[one.slug] + rng.gauss(0, 1))
    seats = dict(zip(np.argsort(arena.strength).tolist(), ordered, strict=True))
    return [seats[number] for number in range(len(models))]


def draw(rng: random.Random) -> bytes:
    """Draw blocks of colour, no two alike to a perceptual hash."""
    small = Image.new("RGB", (8, 8))
    small.putdata([(rng.randrange(256), rng.randrange(256), rng.randrange(256)) for _ in range(64)])
    file = BytesIO()
    small.resize((SIDE, SIDE), Image.Resampling.NEAREST).save(file, "PNG")
    return file.getvalue()


def part(rows: np.ndarray, models: int, bridge: int) -> np.ndarray:
    """Keep votes within two halves of the models, and so many between them."""
    crosses = (rows[:, 2] < models // 2) != (rows[:, 3] < models // 2)
    kept = np.flatnonzero(crosses)[:bridge]
    return rows[np.sort(np.concatenate([np.flatnonzero(~crosses), kept]))]


def cast(session: Session, rows: np.ndarray, models: list[int], slugs: list[str], now: datetime) -> None:
    """Store votes of (competition, voter, left, right, outcome) in log and tallies; a voter judges a pair once."""
    ids = dict(session.execute(select(Competition.slug, Competition.id)).all())
    entry = {(c, m): e for e, c, m in session.execute(select(Entry.id, Entry.competition_id, Entry.model_id))}
    voters = [Voter(first_seen=now - timedelta(days=DAYS), token=bytes([n]) * 16) for n in range(VOTERS)]
    session.add_all(voters)
    session.flush()
    seen: set[tuple[int, int, int]] = set()
    matchups, votes, tallies = [], [], Counter[tuple[int, int, int, str]]()
    for number, (place, who, left, right, outcome) in enumerate(rows.tolist(), 1):
        competition, pair = ids[slugs[place]], (models[left], models[right])
        one, other = (entry[competition, model] for model in pair)
        key = who, min(one, other), max(one, other)
        if key in seen:
            continue
        seen.add(key)
        at = now - timedelta(days=DAYS) * (1 - number / len(rows)) - timedelta(minutes=10)
        matchups.append(matchup_values(number, voters[who].id, competition, one, other, at))
        votes.append(
            {
                "id": number,
                "matchup_id": number,
                "voter_id": voters[who].id,
                "outcome": OUTCOMES[outcome],
                "cast_at": at,
                "dwell_ms": 4000,
                "counted": True,
            }
        )
        tallies[competition, *pair, OUTCOMES[outcome]] += 1
    for table, values in ((Matchup, matchups), (Vote, votes), (Tally, tally_values(tallies))):
        rest = iter(values)
        while batch := list(islice(rest, BATCH)):
            session.execute(insert(table), batch)
    session.execute(update(Competition).where(Competition.slug.in_(slugs)).values(version=len(votes)))
    for voter, cast_votes in Counter(vote["voter_id"] for vote in votes).items():
        session.execute(update(Voter).where(Voter.id == voter).values(votes=cast_votes))


def matchup_values(
    number: int, voter: int, competition: int, one: int, other: int, at: datetime
) -> dict[str, object]:
    """Write a closed matchup as a row."""
    return {
        "id": number,
        "public_id": number.to_bytes(16, "big"),
        "voter_id": voter,
        "competition_id": competition,
        "left_entry_id": one,
        "right_entry_id": other,
        "low_entry_id": min(one, other),
        "high_entry_id": max(one, other),
        "slot": 0,
        "issued_at": at,
        "left_served_at": at,
        "right_served_at": at,
        "expires_at": at,
        "closed_at": at,
        "charged_at": at,
        "probability": 0.001,
    }


def tally_values(counts: Counter[tuple[int, int, int, str]]) -> list[dict[str, int]]:
    """Write tallies as rows of equal columns."""
    found: dict[tuple[int, int, int], dict[str, int]] = {}
    for (competition, left, right, outcome), number in counts.items():
        names = {"competition_id": competition, "left_model_id": left, "right_model_id": right}
        row = found.setdefault((competition, left, right), names | dict.fromkeys(COLUMNS.values(), 0))
        row[COLUMNS[outcome]] = number
    return list(found.values())


def ask(session: Session, provider: str, models: list[ModelSummary], now: datetime) -> None:
    """Log requests to one provider, for up to six of its models."""
    offered = [(model, o) for model in models for o in model.offerings if o.provider == provider][:6]
    rng = random.Random(provider)
    for number in range(REQUESTS if offered else 0):
        model, offering = offered[number % len(offered)]
        seconds, failed = round(rng.lognormvariate(1.9, 0.5), 2), rng.random() < FAILURES[provider]
        request = f"bench-{provider}-{number}"
        row = log.begin(
            session,
            request_id=request,
            payer="bench",
            key_id=None,
            model_id=model.id,
            request={},
            now=now - timedelta(hours=number),
            reserved_micros=0,
        )
        outcome = "timeout" if failed else "ok"
        tried = Attempt(
            offering.key, provider, offering.provider_model_id or "", outcome, int(not failed), seconds, 0
        )
        log.finish(session, row, outcome=outcome, attempts=[tried], seconds=None if failed else seconds)


if __name__ == "__main__":
    main()
