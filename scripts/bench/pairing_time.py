"""The time that a pair costs with so many votes stored: the whole of `issue`, its parts, and its SQL."""

import random
import secrets
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Engine, event, insert, select
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from app.arena.tables import Competition, Entry, Matchup, Tally, Vote, Voter
from app.arena.voting.lanes import Ints
from app.arena.voting.matchmaking import Exclusions, choose_pair
from app.arena.voting.matchups import MatchupFilter, issue
from app.arena.voting.pool import Pool
from app.arena.voting.seen_pairs import list_exclusions, read_voter_state
from app.catalog.loading import stub
from app.database.doors import Database

MODE = "text-to-image"
MODELS, COMPETITIONS = 24, 40
SIZES = (1_000, 100_000, 10_000_000)
PER_VOTER = 40
HEAVY = 10_000
PAIRS = 200
BATCH = 20_000
CLOCKED: list[tuple[str, float]] = []
"""Every statement with the seconds it took to execute and fetch."""
START = datetime(2026, 1, 1, tzinfo=UTC)


def time_per_pair(seconds: float) -> None:
    """
    Fill a database per size, the log for at most so many seconds; tallies always hold all the votes.

    `SQL` is what the SELECTs of a pair take inside the driver, `changes` its INSERTs and UPDATEs; the commit is in
    neither.
    """
    print(
        f"\nTime per pair in ms: {MODELS} models x {COMPETITIONS} competitions "
        f"({COMPETITIONS * MODELS * (MODELS - 1) // 2:,} pairs), SQLite, {PAIRS} pairs each"
    )
    print(
        f"{'votes':>11} {'in the log':>11} {'voter':>12} {'pair p50':>9} {'p95':>7} {'CPU':>6} {'choice':>7} "
        f"{'stmts':>6} {'SQL':>6} {'changes':>8} {'rebuild':>8}"
    )
    event.listen(Engine, "do_connect", clock_driver)
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            database = Database(f"sqlite:///{folder}/bench.sqlite3")
            database.migrate()
            stored = fill(database, size, seconds)
            for kind, voter in (("new each", None), (f"{HEAVY:,} seen", heavy_voter(database))):
                print(f"{size:>11,} {stored:>11,} {kind:>12} {measured(database, voter)}", flush=True)
            database.close()


def measured(database: Database, voter: bytes | None) -> str:
    """Measure whole pairs with their commit, their CPU, the choice alone, SQL and a rebuild; return a line."""
    pool, rng, now = Pool(), random.SystemRandom(), START + timedelta(days=400)
    with database.reading() as session:
        rebuild = median(lambda: Pool().state(session, MODE, today=now.date()), 5)
        state = pool.state(session, MODE, today=now.date())
    seen = Exclusions() if voter is None else excluded(database, voter, now)
    choice = median(lambda: choose_pair(state, seen, rng), 50)
    took, cpu, spent = [], [], []
    for n in range(PAIRS):
        who, at = voter or secrets.token_bytes(16), now + timedelta(hours=n)
        CLOCKED.clear()
        began, busy = time.perf_counter(), time.thread_time()
        issue(
            database, pool, who, MatchupFilter(), now=at, rng=rng, matchup_seconds=1800, is_newcomer=voter is None
        )
        cpu.append(time.thread_time() - busy)
        took.append(time.perf_counter() - began)
        spent.append(asked_and_changed())
    p50, p95 = (1000 * np.percentile(took, q) for q in (50, 95))
    count, asked, changed = np.median(spent, axis=0) * (1, 1000, 1000)
    return (
        f"{p50:>9.2f} {p95:>7.2f} {1000 * np.median(cpu):>6.2f} {choice:>7.2f} {count:>6.0f} {asked:>6.3f} "
        f"{changed:>8.3f} {rebuild:>8.2f}"
    )


def excluded(database: Database, voter: bytes, now: datetime) -> Exclusions:
    with database.reading() as session:
        return list_exclusions(read_voter_state(session, voter, now=now))


def asked_and_changed() -> tuple[int, float, float]:
    """Count the statements that CLOCKED holds, and sum the seconds of those that ask and of those that change."""
    asked = [seconds for statement, seconds in CLOCKED if statement.startswith("SELECT")]
    changed = [seconds for statement, seconds in CLOCKED if statement.startswith(("INSERT", "UPDATE"))]
    return len(asked) + len(changed), sum(asked), sum(changed)


def median(call: Callable[[], Any], times: int) -> float:
    """Return the median time of a call in milliseconds."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        took.append(time.perf_counter() - began)
    return float(1000 * np.median(took))


def clocked(driver: Any) -> type:
    """Wrap the driver's connection, so that its cursors note in CLOCKED what they spend inside the driver."""

    class Cursor(driver.Cursor):  # type: ignore[misc]
        def execute(self, statement: str, *given: Any) -> Any:
            began = time.perf_counter()
            found = super().execute(statement, *given)
            CLOCKED.append((statement, time.perf_counter() - began))
            return found

        def fetchone(self) -> Any:
            return self._fetched(super().fetchone)

        def fetchall(self) -> Any:
            return self._fetched(super().fetchall)

        def _fetched(self, fetch: Callable[[], Any]) -> Any:
            began = time.perf_counter()
            found = fetch()
            statement, before = CLOCKED.pop()
            CLOCKED.append((statement, before + time.perf_counter() - began))
            return found

    class Connection(driver.Connection):  # type: ignore[misc]
        def cursor(self) -> Any:
            return super().cursor(Cursor)

    return Connection


def clock_driver(dialect: Dialect, _record: object, _given: object, options: dict[str, Any]) -> None:
    """Clock the driver of connections still to be opened."""
    options["factory"] = clocked(dialect.loaded_dbapi)


def fill(database: Database, votes: int, seconds: float) -> int:
    """Store entries, tallies of all votes, and as much log as fits into the time; return that number."""
    rng = np.random.default_rng(votes)
    database.write(enter)
    database.write(lambda session: tally(session, votes, rng))
    stop, done = time.perf_counter() + seconds, 0
    while done < votes and time.perf_counter() < stop:
        count = min(BATCH, votes - done)
        first = done

        def work(session: Session, first: int = first, count: int = count) -> None:
            log(session, first, count, rng)

        database.write(work)
        done += count
    return done


def enter(session: Session) -> None:
    models = [stub(session, f"m{m}", f"M{m}") and m + 1 for m in range(MODELS)]
    competitions = [
        {"id": c + 1, "slug": f"c{c}", "title": f"C{c}", "mode": MODE, "prompt": "p", "frame_width": 64}
        | {"frame_height": 64, "status": "open", "version": 1, "created_at": START}
        for c in range(COMPETITIONS)
    ]
    session.execute(insert(Competition), competitions)
    entries = [
        {"id": c * MODELS + m + 1, "competition_id": c + 1, "model_id": models[m], "rendition_key": "r"}
        | {"original_key": "o", "media_key": f"{c}-{m}", "width": 64, "height": 64, "sha256": "s", "prompt": "p"}
        | {"perceptual_hash": random.Random(c * MODELS + m).getrandbits(63), "created_at": START}
        for c in range(COMPETITIONS)
        for m in range(MODELS)
    ]
    session.execute(insert(Entry), entries)


def tally(session: Session, votes: int, rng: np.random.Generator) -> None:
    left, right = np.nonzero(~np.eye(MODELS, dtype=bool))
    cells = rng.multinomial(votes, np.full(COMPETITIONS * left.size * 4, 1 / (COMPETITIONS * left.size * 4)))
    columns = ("left_wins", "right_wins", "ties", "both_bad")
    rows = [
        {"competition_id": c + 1, "left_model_id": int(left[p]) + 1, "right_model_id": int(right[p]) + 1}
        | dict(zip(columns, counts, strict=True))
        for c, competition in enumerate(cells.reshape(COMPETITIONS, left.size, 4).tolist())
        for p, counts in enumerate(competition)
        if any(counts)
    ]
    session.execute(insert(Tally), rows)


def log(session: Session, first: int, count: int, rng: np.random.Generator) -> None:
    """Store votes by voters of PER_VOTER each, every one on pairs of their own."""
    voters = range(first // PER_VOTER + 1, (first + count - 1) // PER_VOTER + 2)
    people = [{"id": v, "token": rng.bytes(16), "first_seen": START} for v in voters]
    session.execute(insert(Voter), people)
    pairs = np.concatenate([some_pairs(PER_VOTER, rng) for _ in voters])
    numbers = range(first, first + count)
    store(session, [(n + 1, n // PER_VOTER + 1, *pairs[n - first].tolist()) for n in numbers])


def heavy_voter(database: Database) -> bytes:
    """Make a voter who has judged nearly everything."""
    token = secrets.token_bytes(16)
    pairs = some_pairs(HEAVY, np.random.default_rng(7))

    def work(session: Session) -> None:
        session.execute(insert(Voter), [{"token": token, "first_seen": START}])
        voter = session.scalars(select(Voter.id).where(Voter.token == token)).one()
        last = session.scalars(select(Matchup.id).order_by(Matchup.id.desc()).limit(1)).one()
        store(session, [(last + 1 + n, voter, *pair) for n, pair in enumerate(pairs.tolist())])

    database.write(work)
    return token


def some_pairs(count: int, rng: np.random.Generator) -> Ints:
    """Return (count, 3) competition and two of its entries, no pair twice."""
    first, second = np.triu_indices(MODELS, 1)
    at = rng.choice(COMPETITIONS * first.size, count, replace=False)
    competition, pair = np.divmod(at, first.size)
    base = competition * MODELS + 1
    return np.stack([competition + 1, base + first[pair], base + second[pair]], axis=1)


def store(session: Session, rows: list[tuple[int, ...]]) -> None:
    """Store (id, voter, competition, low entry, high entry) as a closed matchup with a vote."""
    session.execute(
        insert(Matchup),
        [
            {"id": n, "public_id": n.to_bytes(16), "voter_id": voter, "competition_id": competition, "slot": 0}
            | {"left_entry_id": low, "right_entry_id": high, "low_entry_id": low, "high_entry_id": high}
            | {"issued_at": START, "expires_at": START, "closed_at": START, "probability": 0.0001}
            for n, voter, competition, low, high in rows
        ],
    )
    session.execute(
        insert(Vote),
        [
            {"id": n, "matchup_id": n, "voter_id": voter, "outcome": "a", "counted": True}
            | {"cast_at": START + timedelta(seconds=n)}
            for n, voter, *_ in rows
        ],
    )
