"""
What this checkout costs beside another one: votes, pairs, pictures and kept pages, by turns in one run.

    git worktree add /tmp/old COMMIT
    python scripts/bench/against.py /tmp/old [--database sqlite|postgres] [--stored N] [--turns 5] [--only WHAT]

Each checkout serves its own database with the same votes. Needs wrk (Debian: apt-get install wrk). The machine may
be shared: trust the ratios of CPU time, and rates only on a quiet machine. Pages that are rendered anew: compare
what `scripts/bench/pages.py` prints in both.
"""

import argparse
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from scripts.bench.arguments import need_wrk, other_checkout
from scripts.bench.filling import fill
from scripts.bench.load import SECRET, VOTES_A_SECOND, WARM_VOTES, Plan, Row, opened, votes
from scripts.bench.round_worlds import newest_revision
from scripts.faults.server import DATABASES, ROOT, Server, serving

PICTURES_A_SECOND = 4_000
"""More than any machine has sent."""
UNSEEN = "UPDATE matchups SET left_served_at = NULL, right_served_at = NULL WHERE closed_at IS NULL"
WHATS = ("vote", "new pair", "picture", "first picture", "board, kept", "model page, kept")


def main() -> None:
    """Print the ratio of each measurement, new to old."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("other", type=other_checkout)
    arguments.add_argument("--database", choices=DATABASES, default="sqlite")
    arguments.add_argument("--stored", type=int, default=20_000)
    arguments.add_argument("--seconds", type=int, default=3)
    arguments.add_argument("--connections", type=int, default=32)
    arguments.add_argument("--turns", type=int, default=5)
    arguments.add_argument("--only", action="append", choices=WHATS)
    arguments.add_argument("--folder", type=Path, help="where the data lie; a disk, not memory, for true syncs")
    options = arguments.parse_args()
    need_wrk(arguments)
    rows: dict[tuple[str, str], list[Row]] = {}
    with ExitStack() as stack:
        plans = {
            name: _plan(stack, checkout, options)
            for name, checkout in (("old", options.other.resolve()), ("new", ROOT))
        }
        for turn in range(options.turns):
            for what in options.only or WHATS:
                for name in sorted(plans, reverse=bool(turn % 2)):
                    row = plans[name].quietly(what, _requests(plans[name], what))
                    rows.setdefault((name, what), []).append(row)
    for what in options.only or WHATS:
        old, new = rows["old", what], rows["new", what]
        cpu = statistics.median(b.cpu / a.cpu for a, b in zip(old, new, strict=True))
        rate = statistics.median(b.rate / a.rate for a, b in zip(old, new, strict=True))
        bad = sum(row.bad for row in [*old, *new])
        middle = [statistics.median(row.cpu for row in side) for side in (old, new)]
        print(f"{what:<18} CPU {middle[0]:6.0f} -> {middle[1]:6.0f} us {cpu:6.2f}   rate {rate:6.2f}   bad {bad}")


def _plan(stack: ExitStack, checkout: Path, options: argparse.Namespace) -> Plan:
    folder = Path(
        stack.enter_context(tempfile.TemporaryDirectory(prefix="blindvote-against-", dir=options.folder))
    )
    server = stack.enter_context(serving(options.database, folder=folder, start=False, models=16))
    server.checkout = checkout
    server.environment |= {"SECRET_KEY": SECRET, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(checkout)}
    with server.database() as database:
        fill(database, options.stored)
        database.migrate(newest_revision(checkout))
    server.start()
    plan = Plan(server, options.database, options.stored, options.seconds, options.connections)
    plan.warm(["/leaderboards/text-to-image", "/models/m3"])
    plan.warm_votes(votes(opened(server, WARM_VOTES)))
    return plan


def first_pictures(server: Server, count: int) -> list[str]:
    """List requests for pictures that nobody was sent yet: each costs a mark besides."""
    pairs = opened(server, count // 2)
    with server.database() as database:
        database.write(lambda session: session.execute(text(UNSEEN)))
    return [f"GET /m/{matchup}/{side}.webp {cookie}" for cookie, matchup in pairs for side in "ab"]


def _requests(plan: Plan, what: str) -> list[str]:
    match what:
        case "vote":
            return votes(opened(plan.server, plan.seconds * VOTES_A_SECOND))
        case "new pair":
            return ["POST /api/v1/matchups - {}"]
        case "picture":
            return [f"GET /m/{matchup}/a.webp {cookie}" for cookie, matchup in opened(plan.server, 500)]
        case "first picture":
            return first_pictures(plan.server, plan.seconds * PICTURES_A_SECOND)
        case "board, kept":
            return ["GET /leaderboards/text-to-image -"]
        case _:
            return ["GET /models/m3 -"]


if __name__ == "__main__":
    main()
