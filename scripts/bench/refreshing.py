"""
How long a board of many models and competitions takes to refresh after one vote, every commit included.

    python scripts/bench/refreshing.py [--models 200] [--competitions 60] [--votes 20000] [--times 20] [--all]

A fresh SQLite database each, filled as `scripts/bench/filling.py` does. A vote makes two boards stale, the overall
one and its competition's. Prints what a pass over both takes in milliseconds of this process's CPU and on the
clock (median, least and worst), each part of it, and a pass over the overall board alone. Exits with 1 where the
pass over both is above the bar of 30 ms of CPU. With `--all`, a vote in each competition comes before a pass, and
all boards are stale: `--models 16 --competitions 12 --all` is an arena that many vote in at once. malloc and the
garbage collector are set as a worker of `arena serve` sets them. It takes some ten seconds.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.arena.tables import Competition, Entry, Tally
from app.catalog.tables import ImageModel
from app.cli.memory_tuning import freeze_heap
from app.database.doors import Database
from app.leaderboards.runs import claims, compute, publish, refresh, snapshot
from app.leaderboards.tables import Board
from app.malloc import return_large_blocks
from scripts.bench.filling import fill
from tests.factories import NOW

MODE = "text-to-image"
BAR_MS = 30.0
STAGES = (
    (refresh, "find_stale", "which boards are stale"),
    (claims, "claim", "claiming them"),
    (snapshot, "read", "reading"),
    (compute, "rate_overall", "the overall board"),
    (compute, "borrow_strength", "what competitions borrow"),
    (compute, "rate_scopes", "competitions' boards"),
    (compute, "describe_board", "columns, hash (partly in the overall board's)"),
    (publish, "publish", "publishing"),
)
"""What is timed: a function where it is looked up, and what it does."""


@dataclass
class Stopwatch:
    """Hold the CPU in milliseconds that one stage took each time."""

    name: str
    spent: list[float]


def main() -> int:
    """Fill, refresh after a vote each time, and print what it took."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--models", type=int, default=200)
    arguments.add_argument("--competitions", type=int, default=60)
    arguments.add_argument("--votes", type=int, default=20_000)
    arguments.add_argument("--times", type=int, default=20)
    arguments.add_argument("--all", action="store_true", help="vote in every competition before each pass")
    options = arguments.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Database(f"sqlite:///{folder}/arena.sqlite3")) as database,
    ):
        fill_arena(database, options.models, options.competitions)
        fill(database, options.votes)
        refresh.rebuild(database, MODE, now=datetime.now(UTC))
        database.write(rest_no_longer)
        return_large_blocks()
        voted = options.competitions if options.all else 1
        refresh_after_votes(database, voted)
        freeze_heap()
        watches = [watch(*stage) for stage in STAGES]
        stale = [refresh_after_votes(database, voted) for _ in range(options.times)]
        spent = {stage.name: list(stage.spent) for stage in watches}
        leave_competitions()
        alone = [refresh_after_votes(database, voted) for _ in range(options.times)]
    size = f"{options.models} models, {options.competitions} competitions, {options.votes:,} votes"
    print(f"{size}, a vote more in {voted} of the competitions:")
    print(f"the overall board and those of {voted} competitions: {tell_times(stale)}")
    for name, each in spent.items():
        print(f"  {name:<45} {tell(each)} ms of CPU, {len(each) // options.times} times")
    print(f"the overall board alone: {tell_times(alone)}")
    return 0 if statistics.median([cpu for cpu, _ in stale]) <= BAR_MS else 1


def fill_arena(database: Database, models: int, competitions: int) -> None:
    """Store so many models with an entry in each of so many open competitions; no picture is made."""

    def work(session: Session) -> None:
        blank = {
            "tags": [],
            "modes": [MODE],
            "limits": {},
            "prose": {},
            "sources": [],
            "demo": False,
            "stub": True,
        }
        session.execute(
            insert(ImageModel), [blank | {"id": n, "slug": f"m{n}", "name": f"m{n}"} for n in range(1, models + 1)]
        )
        frame = {"frame_width": 1024, "frame_height": 1024, "mode": MODE, "status": "open", "created_at": NOW}
        session.execute(
            insert(Competition),
            [
                frame | {"id": n, "slug": f"c{n}", "title": f"c{n}", "prompt": "-"}
                for n in range(1, competitions + 1)
            ],
        )
        picture = {"width": 1, "height": 1, "sha256": "-", "perceptual_hash": 0, "prompt": "-", "created_at": NOW}
        for competition in range(1, competitions + 1):
            keys = ({"media_key": f"media/{competition}-{n}.webp", "model_id": n} for n in range(1, models + 1))
            of_all = picture | {"competition_id": competition, "rendition_key": "-", "original_key": "-"}
            session.execute(insert(Entry), [of_all | key for key in keys])

    database.migrate()
    database.write(work)


def refresh_after_votes(database: Database, competitions: int) -> tuple[float, float]:
    """Count a vote more in so many competitions and refresh; return milliseconds of CPU and on the clock."""

    def vote(session: Session) -> None:
        for one in range(1, competitions + 1):
            cell = session.scalars(select(Tally).where(Tally.competition_id == one).limit(1)).one()
            cell.left_wins += 1
        voted = update(Competition).where(Competition.id <= competitions)
        session.execute(voted.values(version=Competition.version + 1))

    database.write(vote)
    return refresh_once(database)


def refresh_once(database: Database) -> tuple[float, float]:
    """Refresh every stale board; return milliseconds of CPU and on the clock."""
    wall, cpu = time.perf_counter(), time.process_time()
    if not refresh.refresh(database, MODE, now=datetime.now(UTC), refresh_seconds=0):
        raise RuntimeError("nothing was refreshed")
    time_taken = 1000 * (time.process_time() - cpu), 1000 * (time.perf_counter() - wall)
    database.write(rest_no_longer)
    return time_taken


def rest_no_longer(session: Session) -> None:
    """Let every board be claimed at once again."""
    session.execute(update(Board).values(next_refresh_at=0))


def leave_competitions() -> None:
    """Have passes find no board stale but the overall one from now on."""
    find = refresh.find_stale

    def find_overall(session: Session, mode: str) -> list[refresh.StaleBoard]:
        return [board for board in find(session, mode) if board.scope.kind == "overall"]

    refresh.find_stale = find_overall


def watch(module: object, name: str, does: str) -> Stopwatch:
    """Time every call of a module's function from now on."""
    stage, work = Stopwatch(does, []), getattr(module, name)

    def timed(*given: object, **named: object) -> object:
        started = time.process_time()
        try:
            return work(*given, **named)
        finally:
            stage.spent.append(1000 * (time.process_time() - started))

    setattr(module, name, timed)
    return stage


def tell(spent: list[float]) -> str:
    """Print the median, the least and the worst."""
    return f"{statistics.median(spent):.1f} ({min(spent):.1f} to {max(spent):.1f})"


def tell_times(taken: list[tuple[float, float]]) -> str:
    """Print what passes took of CPU and on the clock."""
    cpu, clock = ([one[n] for one in taken] for n in (0, 1))
    return f"{tell(cpu)} ms of CPU, {tell(clock)} ms on the clock"


if __name__ == "__main__":
    sys.exit(main())
