"""
What a new pair writes to SQLite's log when pairs are named at random, and when their names begin with their time.

    python scripts/bench/id_order.py FILE [--pairs 1000] [--together 8]

FILE is a filled arena, such as `scripts/bench/rounds.py` leaves in `--worlds`; what is added is deleted again. As
many pairs as `--together` says share a commit, as they do under load. Prints bytes of log and CPU for each pair.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from sqlalchemy import Connection, func, insert, select, text

from app.arena.tables import Entry, Matchup, Voter
from app.arena.voting.matchup_storage import make_public_id
from app.database.doors import Database
from scripts.bench.arguments import existing_file

Name = Callable[[], bytes]
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def main() -> None:
    """Add pairs under names of both kinds, and print what each took."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("file", type=existing_file)
    arguments.add_argument("--pairs", type=int, default=1000)
    arguments.add_argument("--together", type=int, default=8)
    options = arguments.parse_args()
    rng = random.SystemRandom()
    names: dict[str, Name] = {
        "random": lambda: rng.randbytes(16),
        "by time": lambda: make_public_id(datetime.now(UTC), rng),
    }
    with closing(Database(f"sqlite:///{options.file.resolve()}")) as database:
        with database.reading() as session:
            stored = session.scalar(select(func.max(Matchup.id))) or 0
        for what, name in names.items():
            written, cpu = add_pairs(database, options.file, name, options.pairs, options.together)
            print(
                f"{stored:,} pairs stored, named {what}: {written:,.0f} bytes of log, {cpu:.0f} us of CPU a pair"
            )


def add_pairs(database: Database, file: Path, name: Name, pairs: int, together: int) -> tuple[float, float]:
    """Add so many pairs of new voters; return bytes of log and microseconds of CPU for each."""
    log = file.with_name(f"{file.name}-wal")
    with database._write_engine.connect() as connection:  # noqa: SLF001 (its log is what is measured)
        pragma(connection, "wal_checkpoint(TRUNCATE)")
        pragma(connection, "wal_autocheckpoint=0")
        first = (connection.scalar(select(func.max(Matchup.id))) or 0) + 1
        voter = (connection.scalar(select(func.max(Voter.id))) or 0) + 1
        one, other = connection.scalars(select(Entry.id).order_by(Entry.id).limit(2))
        connection.rollback()
        started = time.process_time()
        for begin in range(0, pairs, together):
            rows = [make_row(name(), voter + n, one, other) for n in range(begin, min(begin + together, pairs))]
            connection.execute(
                insert(Voter), [{"id": row["voter_id"], "first_seen": NOW, "votes": 0} for row in rows]
            )
            connection.execute(insert(Matchup), rows)
            connection.commit()
        cpu = time.process_time() - started
        written = log.stat().st_size
        connection.execute(text(f"DELETE FROM matchups WHERE id >= {first}"))
        connection.execute(text(f"DELETE FROM voters WHERE id >= {voter}"))
        connection.commit()
        pragma(connection, "wal_autocheckpoint=1000")
        pragma(connection, "wal_checkpoint(TRUNCATE)")
    return written / pairs, cpu / pairs * 1e6


def make_row(name: bytes, voter: int, low: int, high: int) -> dict[str, object]:
    """Make the row of an open pair."""
    return {
        "public_id": name,
        "voter_id": voter,
        "competition_id": 1,
        "left_entry_id": low,
        "right_entry_id": high,
        "low_entry_id": low,
        "high_entry_id": high,
        "slot": 0,
        "issued_at": NOW,
        "expires_at": NOW,
        "probability": 0.1,
    }


def pragma(connection: Connection, what: str) -> None:
    """Tell SQLite something outside any transaction."""
    driver = connection.connection.dbapi_connection
    connection.rollback()
    assert driver
    driver.execute(f"PRAGMA {what}").close()  # type: ignore[attr-defined]
    connection.rollback()


if __name__ == "__main__":
    main()
