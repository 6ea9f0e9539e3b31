"""Rows as the arena would have written them, without the arena."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import combinations
from random import Random
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from app.arena.tables import Category, Competition, Entry, Matchup, Tally, Vote, Voter
from app.catalog.tables import CatalogState, ImageModel, Offering, Price, Provider
from app.database.doors import Database, insert
from app.words import BETTER
from tests.snapshots import make_once

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MODE = "text-to-image"
COLUMNS = {"a": "left_wins", "b": "right_wins", "tie": "ties", "both_bad": "both_bad"}


def add_models(session: Session, count: int, creator: str | None = "Maker") -> list[int]:
    """`model-1`, `model-2`, ..., ids in that order."""
    known = len(session.scalars(select(ImageModel.id)).all())
    rows = [
        ImageModel(
            slug=f"model-{number}",
            name=f"Model {number}",
            creator=creator,
            tags=[],
            modes=[MODE],
            limits={},
            prose={},
            sources=[],
            demo=False,
            stub=False,
        )
        for number in range(known + 1, known + count + 1)
    ]
    session.add_all(rows)
    session.flush()
    raise_version(session)
    return [row.id for row in rows]


def raise_version(session: Session) -> None:
    """As every catalogue write does."""
    session.execute(update(CatalogState).values(version=CatalogState.version + 1))


def add_category(session: Session, slug: str) -> Category:
    category = Category(slug=slug, title=slug.title())
    session.add(category)
    session.flush()
    return category


def add_competition(
    session: Session,
    slug: str,
    models: Iterable[int] = (),
    categories: Sequence[Category] = (),
    mode: str = MODE,
    status: str = "open",
) -> int:
    """A competition with one contestant of each model."""
    row = Competition(
        slug=slug,
        title=slug.title(),
        mode=mode,
        prompt=f"Prompt of {slug}",
        frame_width=64,
        frame_height=64,
        status=status,
        created_at=START,
        categories=list(categories),
    )
    session.add(row)
    session.flush()
    for model in models:
        add_entry(session, row.id, model)
    return row.id


def add_entry(
    session: Session, competition: int, model: int, *, sample: int = 0, seconds: float | None = None
) -> None:
    name = f"{competition}-{model}-{sample}"
    session.add(
        Entry(
            competition_id=competition,
            model_id=model,
            sample=sample,
            rendition_key=name,
            original_key=name,
            media_key=name,
            width=64,
            height=64,
            sha256=name,
            perceptual_hash=0,
            prompt="",
            seconds=seconds,
            created_at=START,
        )
    )
    session.flush()


ADDING: dict[str, Any] = {}
"""The statement that adds to a tally, by dialect: to write it anew takes ten times as long as to run it."""
RAISING = update(Competition.__table__).values(version=Competition.version + 1)  # type: ignore[arg-type]
RAISING = RAISING.where(Competition.id == bindparam("competition"))


def tally(session: Session, competition: int, left: int, right: int, *counts: int) -> None:
    """Add (left wins, right wins, ties, both bad) to a tally, as counted votes would have."""
    session.execute(RAISING, {"competition": competition})
    key = {"competition_id": competition, "left_model_id": left, "right_model_id": right, "question": BETTER}
    values = dict(zip(COLUMNS.values(), (*counts, 0, 0, 0, 0)[:4], strict=True))
    dialect = session.get_bind().dialect.name
    if dialect not in ADDING:
        statement = insert(session, Tally.__table__)  # type: ignore[arg-type]
        added = {name: getattr(Tally, name) + statement.excluded[name] for name in values}
        ADDING[dialect] = statement.on_conflict_do_update(index_elements=list(key), set_=added)
    session.execute(ADDING[dialect], key | values)


def everybody_meets(
    session: Session, competition: int, models: Sequence[int], votes: int = 40, seed: int = 1
) -> None:
    """Each pair `votes` times, earlier models winning more often."""
    rng = Random(seed)
    rows = []
    for left, right in combinations(models, 2):
        chance = 0.5 + 0.4 * (models.index(right) - models.index(left)) / len(models)
        wins = sum(rng.random() < chance for _ in range(votes))
        pair = {"competition_id": competition, "left_model_id": left, "right_model_id": right}
        rows.append(pair | {"left_wins": wins, "right_wins": votes - wins})
    session.execute(insert(session, Tally), rows)
    raised = update(Competition).where(Competition.id == competition)
    session.execute(raised.values(version=Competition.version + len(rows) * votes))


def cast(
    session: Session,
    competition: int,
    left: int,
    right: int,
    outcome: str,
    *,
    counted: bool = True,
    undone: bool = False,
    at: datetime = START,
) -> int:
    """A vote in log and tally by a voter of its own; returns its id."""
    entries = {
        model: number
        for number, model in session.execute(
            select(Entry.id, Entry.model_id).where(
                Entry.competition_id == competition, Entry.model_id.in_((left, right))
            )
        )
    }
    voter = Voter(first_seen=at)
    session.add(voter)
    session.flush()
    number = session.query(Matchup).count()
    matchup = Matchup(
        public_id=number.to_bytes(16, "big"),
        voter_id=voter.id,
        competition_id=competition,
        left_entry_id=entries[left],
        right_entry_id=entries[right],
        low_entry_id=min(entries.values()),
        high_entry_id=max(entries.values()),
        slot=0,
        issued_at=at,
        expires_at=at,
        closed_at=at,
        probability=0.1,
    )
    session.add(matchup)
    session.flush()
    vote = Vote(
        matchup_id=matchup.id,
        voter_id=voter.id,
        outcome=outcome,
        cast_at=at,
        counted=counted and not undone and outcome != "skip",
        undone_at=at if undone else None,
    )
    session.add(vote)
    session.flush()
    if vote.counted:
        tally(session, competition, left, right, *(int(kind == outcome) for kind in COLUMNS))
    return vote.id


def world(database: Database, models: int = 6, competitions: int = 3) -> tuple[list[int], list[int]]:
    """Models that met in competitions `c1`, `c2`, ...; the first two are filed under `portrait`."""

    def work(session: Session) -> tuple[list[int], list[int]]:
        ids = add_models(session, models)
        portrait = add_category(session, "portrait")
        made = []
        for number in range(1, competitions + 1):
            filed = [portrait] if number <= 2 else []
            made.append(add_competition(session, f"c{number}", ids, filed))
            everybody_meets(session, made[-1], ids, seed=number)
        return ids, made

    return make_once(database, ("world", models, competitions), lambda: database.write(work))


def add_price(session: Session, model: int, usd: float, provider: str = "acme") -> None:
    """A price per image at a provider."""
    row = session.scalar(select(Provider).where(Provider.slug == provider))
    if row is None:
        row = Provider(slug=provider, name=provider.title())
        session.add(row)
        session.flush()
    offering = Offering(
        model_id=model,
        provider_id=row.id,
        key=f"{provider}/{model}",
        modes=[MODE],
        variations=False,
        limits={},
        notes=[],
        source="page",
        position=0,
    )
    session.add(offering)
    session.flush()
    session.add(
        Price(
            offering_id=offering.id,
            metric="image",
            price_micros=round(usd * 1_000_000),
            units=1,
            conditions={},
            source="page",
            position=0,
        )
    )
    raise_version(session)
