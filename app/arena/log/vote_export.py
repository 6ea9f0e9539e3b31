"""The votes as rows for other eyes: open data for anybody, and the whole log for a round trip."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import BigInteger, Result, Select, select, type_coerce
from sqlalchemy.orm import Session

from app.arena.tables import Category, Competition, Entry, Matchup, Vote, competition_categories
from app.catalog.tables import ImageModel

OPEN_COLUMNS = ("model_a", "model_b", "winner", "competition", "category", "voter", "at")
UNCOUNTED_COLUMNS = ("counted", "reason")
SIMULATED_COLUMNS = ("simulated",)
LOG_COLUMNS = (
    "matchup",
    "voter",
    "competition",
    "model_a",
    "sample_a",
    "model_b",
    "sample_b",
    "outcome",
    "issued_at",
    "cast_at",
    "dwell_ms",
    "counted",
    "reason",
    "undone_at",
    "seen_before",
    "probability",
    "simulated",
)
WINNERS = {"a": "model_a", "b": "model_b", "tie": "tie", "both_bad": "both_bad", "skip": "skip"}
BATCH = 5_000
MATCHUP_BYTES = 16
VOTER_BYTES = 8
NAMES_KEPT = 65_536
"""Pseudonyms remembered at a time."""

_CAST_MS = type_coerce(Vote.cast_at, BigInteger)
_PAIR = (Matchup.competition_id, Matchup.left_entry_id, Matchup.right_entry_id)


@dataclass(frozen=True)
class Chosen:
    """Which votes open data hold; each choice beyond the counted ones of people adds columns that mark them."""

    mode: str | None = None
    uncounted: bool = False
    simulated: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Names, in their order in the file."""
        marks = UNCOUNTED_COLUMNS * self.uncounted + SIMULATED_COLUMNS * self.simulated
        return OPEN_COLUMNS + marks


def open_rows(session: Session, chosen: Chosen, secret: bytes) -> Iterator[tuple[Any, ...]]:
    """
    One tuple a vote, as `chosen.columns` says; read in batches from one snapshot, whatever their number.

    `secret` makes the voters' pseudonyms (up to 64 bytes): with another one they are others.
    """
    entries, competitions = _names(session)
    marks = (Vote.counted, Vote.reason) * chosen.uncounted + (Matchup.simulated,) * chosen.simulated
    statement = select(Vote.voter_id, Vote.outcome, _CAST_MS, *_PAIR, *marks)
    if not chosen.uncounted:
        statement = statement.where(Vote.counted, Vote.undone_at.is_(None))
    if not chosen.simulated:
        statement = statement.where(~Matchup.simulated)
    name = lru_cache(NAMES_KEPT)(partial(pseudonym, secret=secret))
    for voter, outcome, cast_ms, competition, left, right, *marked in _rows(session, statement, chosen.mode):
        yield (
            entries[left][0],
            entries[right][0],
            WINNERS[outcome],
            *competitions[competition],
            name(voter),
            f"{_minute(cast_ms // 60_000)}:00Z",
            *marked,
        )


def log_rows(session: Session, mode: str | None, secret: bytes) -> Iterator[tuple[Any, ...]]:
    """One tuple a vote, as LOG_COLUMNS says: skips, undone, excluded and simulated ones too."""
    entries, competitions = _names(session)
    times = (type_coerce(Matchup.issued_at, BigInteger), _CAST_MS, type_coerce(Vote.undone_at, BigInteger))
    of_vote = (Vote.outcome, Vote.dwell_ms, Vote.counted, Vote.reason)
    of_matchup = (Matchup.seen_before, Matchup.probability, Matchup.simulated)
    statement = select(Matchup.public_id, Vote.voter_id, *_PAIR, *times, *of_vote, *of_matchup)
    name = lru_cache(NAMES_KEPT)(partial(pseudonym, secret=secret))
    for public_id, voter, competition, left, right, issued, cast, undone, *rest in _rows(session, statement, mode):
        outcome, dwell_ms, counted, reason, *issue = rest
        yield (
            matchup_name(public_id),
            name(voter),
            competitions[competition][0],
            *entries[left],
            *entries[right],
            outcome,
            _instant(issued),
            _instant(cast),
            dwell_ms,
            counted,
            reason,
            None if undone is None else _instant(undone),
            *issue,
        )


def pseudonym(voter_id: int, secret: bytes) -> str:
    """A `v`, lest a spreadsheet take it for a number, and 16 hexadecimal digits; without the secret nobody's."""
    hashed = hashlib.blake2b(voter_id.to_bytes(8, "big"), key=secret, digest_size=VOTER_BYTES)
    return f"v{hashed.hexdigest()}"


def matchup_name(public_id: bytes) -> str:
    """32 hexadecimal digits that do not lead back to the address of the matchup; the same in every log."""
    return hashlib.blake2b(public_id, digest_size=MATCHUP_BYTES, person=b"matchup").hexdigest()


def _rows(session: Session, columns: Select[*tuple[Any, ...]], mode: str | None) -> Result[*tuple[Any, ...]]:
    """
    In the order in which the votes were cast.

    PostgreSQL sends them through a cursor of its own, SQLite steps along: neither holds them all.
    """
    statement = columns.join(Matchup, Matchup.id == Vote.matchup_id).order_by(Vote.id)
    if mode is not None:
        ids = session.scalars(select(Competition.id).where(Competition.mode == mode)).all()
        statement = statement.where(Matchup.competition_id.in_(ids))
    return session.execute(statement, execution_options={"yield_per": BATCH})


def _names(session: Session) -> tuple[dict[int, tuple[str, int]], dict[int, tuple[str, str]]]:
    """Entries as (model, sample), competitions as (slug, categories joined by semicolons), by id."""
    made_by = select(Entry.id, ImageModel.slug, Entry.sample).join(ImageModel, ImageModel.id == Entry.model_id)
    filed = (
        select(competition_categories.c.competition_id, Category.slug)
        .join(Category, Category.id == competition_categories.c.category_id)
        .order_by(Category.position, Category.slug)
    )
    categories: dict[int, list[str]] = {}
    for competition, slug in session.execute(filed):
        categories.setdefault(competition, []).append(slug)
    entries = {entry: (model, sample) for entry, model, sample in session.execute(made_by)}
    slugs = session.execute(select(Competition.id, Competition.slug))
    return entries, {number: (slug, ";".join(categories.get(number, ()))) for number, slug in slugs}


@lru_cache(1024)
def _minute(minutes: int) -> str:
    return datetime.fromtimestamp(minutes * 60, UTC).strftime("%Y-%m-%dT%H:%M")


def _instant(milliseconds: int) -> str:
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{_minute(minutes)}:{rest // 1000:02d}.{rest % 1000:03d}Z"
