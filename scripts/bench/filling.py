"""Fills an arena with so many votes as real rows: voters, matchups, votes, and the tallies they add up to."""

import secrets
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.arena.tables import Competition, Entry, Matchup, Tally, Vote, Voter
from app.database.columns import milliseconds
from app.database.doors import Database

PER_VOTER = 40
BATCH = 100_000
OUTCOMES = ("a", "b", "tie", "both_bad")
CHANCES = (0.44, 0.44, 0.09, 0.03)
CACHE_KIB = 256 * 1024
"""Of SQLite while it is filled: rows with random ids change pages all over an index."""
LATE = 10_000
"""Numbers left free for requests that are still under way."""
START = datetime(2026, 1, 1, tzinfo=UTC)
Ints = NDArray[np.int64]


class Pairs:
    """Every pair of contestants of one competition that can be shown."""

    def __init__(self, session: Session) -> None:
        rows = session.execute(
            select(Entry.competition_id, Entry.id, Entry.model_id).order_by(Entry.competition_id, Entry.id)
        ).all()
        found: list[tuple[int, ...]] = []
        for competition in sorted({row.competition_id for row in rows}):
            here = [row for row in rows if row.competition_id == competition]
            found += [
                (competition, a.id, b.id, a.model_id, b.model_id) for i, a in enumerate(here) for b in here[:i]
            ]
        self.table: Ints = np.array(found, dtype=np.int64)
        models = sorted({row.model_id for row in rows})
        self.quality = dict(zip(models, np.linspace(-1, 1, len(models)).tolist(), strict=True))

    def some(self, voters: int, each: int, rng: np.random.Generator) -> Ints:
        """Return (voters * each, 5); nobody sees one twice: each walks the list from a place of their own."""
        starts = rng.integers(0, len(self.table), voters)
        step = 7919  # a prime beyond the number of pairs' factors spreads a voter's pairs
        at = (starts[:, None] + step * np.arange(each)) % len(self.table)
        return self.table[at.ravel()]


def fill(database: Database, votes: int) -> None:
    """Add closed matchups with counted votes until there are so many; call it again to go on."""
    with database.reading() as session:
        pairs = Pairs(session)
        have = session.scalar(select(func.count()).select_from(Vote)) or 0
        first_voter = (session.scalar(select(func.max(Voter.id))) or 0) + 1
        first = (session.scalar(select(func.max(Matchup.id))) or 0) + 1
    rng = np.random.default_rng(have)
    while have < votes:
        count = min(BATCH, votes - have)
        voters = -(-count // PER_VOTER)
        rows = pairs.some(voters, PER_VOTER, rng)[:count]
        _store(database, rows, first_voter, first, voters, rng)
        first_voter, first, have = first_voter + voters, first + count, have + count


def open_pairs(database: Database, count: int, now: datetime) -> list[tuple[bytes, bytes]]:
    """List (voter, matchup) of so many open matchups that were just looked at, two for each voter."""
    with database.reading() as session:
        pairs = Pairs(session)
        voter = (session.scalar(select(func.max(Voter.id))) or 0) + LATE
        first = (session.scalar(select(func.max(Matchup.id))) or 0) + LATE
    rng = np.random.default_rng(first)
    rows = pairs.some(-(-count // 2), 2, rng)
    tokens = [secrets.token_bytes(16) for _ in range(len(rows) // 2)]
    ids = [secrets.token_bytes(16) for _ in range(len(rows))]
    at = milliseconds(now)
    people = [(voter + n, token, at, 0) for n, token in enumerate(tokens)]
    shown = [
        _matchup(first + n, ids[n], voter + n // 2, n % 2, row, at - 5000, at + 3_600_000, None)
        for n, row in enumerate(rows.tolist())
    ]
    _copy(database, "voters", ("id", "token", "first_seen", "votes"), people)
    _copy(database, "matchups", MATCHUP, shown)
    _after(database)
    return [(tokens[n // 2], ids[n]) for n in range(len(rows))]


MATCHUP = (
    "id",
    "public_id",
    "voter_id",
    "competition_id",
    "left_entry_id",
    "right_entry_id",
    "low_entry_id",
    "high_entry_id",
    "slot",
    "issued_at",
    "left_served_at",
    "right_served_at",
    "expires_at",
    "closed_at",
    "probability",
    "seen_before",
    "simulated",
)


def _matchup(
    number: int,
    public_id: bytes,
    voter: int,
    slot: int,
    row: Sequence[int],
    at: int,
    until: int,
    closed: int | None,
) -> tuple[Any, ...]:
    competition, left, right, *_ = row
    place = (number, public_id, voter, competition, left, right, min(left, right), max(left, right), slot)
    return (*place, at, at + 500, at + 500, until, closed, 0.0002, False, False)


def _store(
    database: Database, rows: Ints, first_voter: int, first: int, voters: int, rng: np.random.Generator
) -> None:
    at = milliseconds(START + timedelta(seconds=first))
    noise = rng.bytes(16 * len(rows))
    outcomes = rng.choice(4, len(rows), p=CHANCES)
    people = [(first_voter + n, rng.bytes(16), at, PER_VOTER) for n in range(voters)]
    shown, cast = [], []
    for n, row in enumerate(rows.tolist()):
        voter = first_voter + n // PER_VOTER
        moment = at + 1000 * n
        shown.append(
            _matchup(first + n, noise[16 * n : 16 * n + 16], voter, 0, row, moment - 5000, moment + 1, moment)
        )
        cast.append((first + n, first + n, voter, OUTCOMES[outcomes[n]], moment, 4500, True))
    _copy(database, "voters", ("id", "token", "first_seen", "votes"), people)
    _copy(database, "matchups", MATCHUP, shown)
    _copy(database, "votes", ("id", "matchup_id", "voter_id", "outcome", "cast_at", "dwell_ms", "counted"), cast)
    database.write(lambda session: _tally(session, rows, outcomes))
    _after(database)


def _tally(session: Session, rows: Ints, outcomes: Ints) -> None:
    places, cell = np.unique(rows[:, [0, 3, 4]], axis=0, return_inverse=True)
    counts = np.zeros((len(places), 4), dtype=np.int64)
    np.add.at(counts, (cell.ravel(), outcomes), 1)
    columns = ("left_wins", "right_wins", "ties", "both_bad")
    keys = ("competition_id", "left_model_id", "right_model_id")
    known = {
        (row.competition_id, row.left_model_id, row.right_model_id): row for row in session.scalars(select(Tally))
    }
    fresh = []
    for place, count in zip(places.tolist(), counts.tolist(), strict=True):
        row = known.get(tuple(place))
        if row is None:
            fresh.append(dict(zip((*keys, *columns), (*place, *count), strict=True)))
            continue
        for column, more in zip(columns, count, strict=True):
            setattr(row, column, getattr(row, column) + more)
    if fresh:
        session.execute(insert(Tally), fresh)
    votes = np.bincount(rows[:, 0])
    for competition in session.scalars(select(Competition).where(Competition.id < len(votes))):
        competition.version += int(votes[competition.id])


def _copy(database: Database, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Copy rows into a table as quickly as each database takes them."""

    def work(session: Session) -> None:
        cursor: Any = session.connection().connection.cursor()
        if database.is_sqlite:
            cursor.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
            marks = ", ".join("?" * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)
            return
        with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    database.write(work)


def _after(database: Database) -> None:
    """
    Advance PostgreSQL's sequences, which rows that brought their own numbers leave behind.

    So many rows make it vacuum and plan anew within the minute, amid what is timed: that is done here instead.
    """
    if database.is_sqlite:
        return
    with closing(psycopg.connect(database.url.replace("+psycopg", ""), autocommit=True)) as driver:
        for table in ("voters", "matchups", "votes"):
            highest = f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
            driver.execute(highest)
        driver.execute("VACUUM (ANALYZE) voters, matchups, votes, tallies")
