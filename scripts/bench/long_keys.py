"""
How long the migration to 64-bit keys takes on PostgreSQL, and how much space it needs meanwhile.

    python scripts/bench/long_keys.py [--votes 1000000] [--kill-after 5] [--place /tmp]

Fills matchups and votes of a server of its own at the revision before, with their indexes, and migrates. With
--kill-after the server is killed (SIGKILL) so many seconds into a first migration: the schema must be the old one
then, every vote there, and the same migration run again. Exit 1 where a vote is missing afterwards.
"""

import argparse
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from sqlalchemy import text

from app.database.doors import Database, DatabaseBusy
from tests.factories import make_arena
from tests.postgres import DURABLE_FLAGS, Cluster, cluster

MIGRATION = "0015"
VOTERS = """
INSERT INTO voters (id, token, first_seen, votes)
SELECT n, decode(md5(n::text), 'hex'), 0, 0 FROM generate_series(1000, 1000 + :votes / 10) n
"""
MATCHUPS = """
INSERT INTO matchups (id, public_id, voter_id, competition_id, left_entry_id, right_entry_id, low_entry_id,
    high_entry_id, slot, issued_at, expires_at, closed_at, probability, seen_before, simulated)
SELECT n, decode(md5('m' || n), 'hex'), 1000 + n / 10, 1, 1, 2, 2 * (n % 10) + 1, 2 * (n % 10) + 2, 0, n, n, n,
    0.1, false, false FROM generate_series(1, :votes) n
"""
VOTES = """
INSERT INTO votes (id, matchup_id, voter_id, outcome, cast_at, counted)
SELECT n, n, 1000 + n / 10, 'a', n, true FROM generate_series(1, :votes) n
"""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--votes", type=int, default=1_000_000)
    arguments.add_argument("--kill-after", type=float, default=0, help="seconds; 0: the first migration ends")
    arguments.add_argument("--place", help="a folder for the data; by itself in memory where there is room")
    options = arguments.parse_args()
    with (
        cluster(DURABLE_FLAGS, options.place) as server,
        closing(Database(server.url.format(database="postgres"))) as database,
    ):
        fill(database, server.folder, options.votes)
        data = server.folder / "data"
        size = space(data)
        if options.kill_after:
            kill_amid(database, server, options.kill_after)
        seconds, most = watch(lambda: database.migrate(MIGRATION), data)
        print(
            f"{options.votes:,} votes of {size / 2**20:,.0f} MiB: {seconds:.1f} s, "
            f"at most {(most - size) / 2**20:,.0f} MiB more meanwhile, log included"
        )
        return 0 if count_votes(database) == options.votes else 1


def fill(database: Database, folder: Path, votes: int) -> None:
    """Store so many votes at the revision before."""
    database.migrate()
    make_arena(database, folder / "files")
    database.migrate(before())
    for statement in (VOTERS, MATCHUPS, VOTES):
        database.write(lambda session, todo=statement: session.execute(text(todo), {"votes": votes}).close())


def kill_amid(database: Database, server: Cluster, seconds: float) -> None:
    """Kill the server amid the migration, start it again, and check that the migration left nothing of itself."""
    stored = count_votes(database)
    failed = threading.Event()

    def migrate() -> None:
        try:
            database.migrate(MIGRATION)
        except DatabaseBusy:
            failed.set()

    migrating = threading.Thread(target=migrate)
    migrating.start()
    time.sleep(seconds)
    server.stop(signal.SIGKILL)
    migrating.join()
    began = time.monotonic()
    server.start()
    took, ended = time.monotonic() - began, "broken off" if failed.is_set() else "IT HAD ENDED"
    print(f"killed {seconds:g} s into it: {ended}; PostgreSQL up again in {took:.1f} s", flush=True)
    print(f"pending {', '.join(database.pending())}, {count_votes(database):,} of {stored:,} votes", flush=True)


def count_votes(database: Database) -> int:
    """Count all votes."""
    with database.reading() as session:
        return int(session.scalar(text("SELECT count(*) FROM votes")) or 0)


def before() -> str:
    """Find the revision before the migration."""
    lines = next((Path(__file__).parents[2] / "migrations" / "versions").glob(f"{MIGRATION}_*")).read_text()
    return lines.partition('down_revision = "')[2][:4]


def watch(work: Callable[[], None], folder: Path) -> tuple[float, int]:
    """Run `work`; returns its seconds and the most bytes the folder had meanwhile."""
    most, done = [0], threading.Event()

    def measure() -> None:
        while not done.wait(0.2):
            most[0] = max(most[0], space(folder))

    watcher = threading.Thread(target=measure)
    watcher.start()
    began = time.monotonic()
    work()
    seconds = time.monotonic() - began
    done.set()
    watcher.join()
    return seconds, max(most[0], space(folder))


def space(folder: Path) -> int:
    """Sum the bytes of the files in a folder that changes meanwhile."""
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size if file.is_file() else 0
        except OSError:
            continue
    return total


if __name__ == "__main__":
    sys.exit(main())
