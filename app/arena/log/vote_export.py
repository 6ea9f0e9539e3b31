"""Exports votes as rows: open data for publication, and the complete log to be imported by another arena."""

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
from app.words import OUTCOMES, Outcome

OPEN_COLUMNS = ("model_a", "model_b", "winner", "competition", "category", "voter", "at", "question")
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
    "question",
    "question_probability",
)
OLDER_COLUMNS = LOG_COLUMNS[:-2]
"""The columns of logs from before there were questions: all of them answer `better`."""
WINNERS = {Outcome.A: "model_a", Outcome.B: "model_b"} | {same: same.value for same in OUTCOMES[2:]}
BATCH = 5_000
MATCHUP_BYTES = 16
VOTER_BYTES = 8
PSEUDONYM_CACHE_SIZE = 65_536
"""Pseudonyms remembered at a time."""

_CAST_MS = type_coerce(Vote.cast_at, BigInteger)
_PAIR = (Matchup.competition_id, Matchup.left_entry_id, Matchup.right_entry_id)


@dataclass(frozen=True)
class ExportSelection:
    """Choose votes to export; each option beyond counted votes of people adds columns that mark what it adds."""

    mode: str | None = None
    uncounted: bool = False
    simulated: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Name the columns, in their order in the file."""
        marks = UNCOUNTED_COLUMNS * self.uncounted + SIMULATED_COLUMNS * self.simulated
        return OPEN_COLUMNS + marks


def read_open_rows(session: Session, chosen: ExportSelection, secret: bytes) -> Iterator[tuple[Any, ...]]:
    """
    Read one tuple per vote, as `chosen.columns` names them, in batches from one snapshot.

    `secret` (up to 64 bytes) keys the voters' pseudonyms: another secret gives other pseudonyms.
    """
    entries, competitions = _read_names(session)
    marks = (Vote.counted, Vote.reason) * chosen.uncounted + (Matchup.simulated,) * chosen.simulated
    statement = select(Vote.voter_id, Vote.outcome, _CAST_MS, *_PAIR, Matchup.question, *marks)
    if not chosen.uncounted:
        statement = statement.where(Vote.counted, Vote.undone_at.is_(None))
    if not chosen.simulated:
        statement = statement.where(~Matchup.simulated)
    name = lru_cache(PSEUDONYM_CACHE_SIZE)(partial(pseudonym, secret=secret))
    for voter, outcome, cast_ms, competition, left, right, question, *marked in _stream_votes(
        session, statement, chosen.mode
    ):
        yield (
            entries[left][0],
            entries[right][0],
            WINNERS[outcome],
            *competitions[competition],
            name(voter),
            f"{_format_minute(cast_ms // 60_000)}:00Z",
            question,
            *marked,
        )


def read_log_rows(session: Session, mode: str | None, secret: bytes) -> Iterator[tuple[Any, ...]]:
    """Read one tuple per vote, as LOG_COLUMNS names them: skips, undone, excluded and simulated votes too."""
    entries, competitions = _read_names(session)
    times = (type_coerce(Matchup.issued_at, BigInteger), _CAST_MS, type_coerce(Vote.undone_at, BigInteger))
    of_vote = (Vote.outcome, Vote.dwell_ms, Vote.counted, Vote.reason)
    of_matchup = (Matchup.seen_before, Matchup.probability, Matchup.simulated)
    asked = (Matchup.question, Matchup.question_probability)
    statement = select(Matchup.public_id, Vote.voter_id, *_PAIR, *times, *of_vote, *of_matchup, *asked)
    name = lru_cache(PSEUDONYM_CACHE_SIZE)(partial(pseudonym, secret=secret))
    for public_id, voter, competition, left, right, issued, cast, undone, *rest in _stream_votes(
        session, statement, mode
    ):
        outcome, dwell_ms, counted, reason, *issue = rest
        yield (
            matchup_name(public_id),
            name(voter),
            competitions[competition][0],
            *entries[left],
            *entries[right],
            outcome,
            _format_instant(issued),
            _format_instant(cast),
            dwell_ms,
            counted,
            reason,
            None if undone is None else _format_instant(undone),
            *issue,
        )


def pseudonym(voter_id: int, secret: bytes) -> str:
    """
    Return a voter's pseudonym: `v`, lest a spreadsheet read a number, and 16 hexadecimal digits keyed by the
    secret.
    """
    hashed = hashlib.blake2b(voter_id.to_bytes(8, "big"), key=secret, digest_size=VOTER_BYTES)
    return f"v{hashed.hexdigest()}"


def matchup_name(public_id: bytes) -> str:
    """Return 32 hexadecimal digits that are the same in every log and do not reveal the address of the matchup."""
    return hashlib.blake2b(public_id, digest_size=MATCHUP_BYTES, person=b"matchup").hexdigest()


def _stream_votes(
    session: Session, columns: Select[*tuple[Any, ...]], mode: str | None
) -> Result[*tuple[Any, ...]]:
    """Stream votes in the order they were cast; neither database holds all of them in memory."""
    statement = columns.join(Matchup, Matchup.id == Vote.matchup_id).order_by(Vote.id)
    if mode is not None:
        ids = session.scalars(select(Competition.id).where(Competition.mode == mode)).all()
        statement = statement.where(Matchup.competition_id.in_(ids))
    return session.execute(statement, execution_options={"yield_per": BATCH})


def _read_names(session: Session) -> tuple[dict[int, tuple[str, int]], dict[int, tuple[str, str]]]:
    """Read entries as (model, sample) and competitions as (slug, categories joined by semicolons), both by id."""
    made_by = select(Entry.id, ImageModel.slug, Entry.sample).join(ImageModel, ImageModel.id == Entry.model_id)
    categories_of = (
        select(competition_categories.c.competition_id, Category.slug)
        .join(Category, Category.id == competition_categories.c.category_id)
        .order_by(Category.position, Category.slug)
    )
    categories: dict[int, list[str]] = {}
    for competition, slug in session.execute(categories_of):
        categories.setdefault(competition, []).append(slug)
    entries = {entry: (model, sample) for entry, model, sample in session.execute(made_by)}
    slugs = session.execute(select(Competition.id, Competition.slug))
    return entries, {number: (slug, ";".join(categories.get(number, ()))) for number, slug in slugs}


@lru_cache(1024)
def _format_minute(minutes: int) -> str:
    return datetime.fromtimestamp(minutes * 60, UTC).strftime("%Y-%m-%dT%H:%M")


def _format_instant(milliseconds: int) -> str:
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{_format_minute(minutes)}:{rest // 1000:02d}.{rest % 1000:03d}Z"
