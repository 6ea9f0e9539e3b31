"""
How long a vote takes to be on its board while voters vote as fast as the server lets them, and what that costs.

    python scripts/bench/board_delay.py [--database sqlite|postgres] [--seconds 20] [--connections 32]

Looks again and again which votes are committed, which is before they are answered, and waits until the overall
board's current run counts them all. Prints the rounds a second meanwhile, the median, the 95th percentile and the
longest wait, and the CPU of refreshing; exits with 1 where the 95th percentile is above REFRESH_SECONDS, or
refreshing took more than a sixth of a core. Needs wrk. Client and server share the machine.
"""

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from app.database.doors import Database
from app.metrics import PREFIX
from scripts.bench.arguments import need_wrk
from scripts.bench.load import Plan
from scripts.bench.round_worlds import COMPETITIONS, Makings, open_world, put_picture
from scripts.bench.rounds import Turn, measure_rounds
from scripts.faults.server import DATABASES, ROOT

REFRESH_SECONDS = 1.0
"""What the server is run with; its default."""
SHARE = 1 / 6
"""The most of a core that refreshing may take."""
TOKEN = "a-token-for-the-metrics-of-a-bench"
LOOK_SECONDS = 0.01
VOTED = "SELECT id, version FROM competitions"
ON_BOARD = (
    "SELECT versions FROM rating_runs JOIN boards ON boards.current_run_id = rating_runs.id"
    " WHERE boards.key = 'text-to-image'"
)


def main() -> int:
    """Have voters vote, measure the waits meanwhile, and print both."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--database", choices=DATABASES, default="sqlite")
    arguments.add_argument("--stored", type=int, default=1000)
    arguments.add_argument("--seconds", type=int, default=20)
    arguments.add_argument("--connections", type=int, default=32)
    arguments.add_argument("--worlds", type=Path, help="where the filled databases stay for the next run")
    options = arguments.parse_args()
    need_wrk(arguments)
    with ExitStack() as stack:
        worlds = options.worlds or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="blindvote-delay-"))
        )
        makings = Makings("this", ROOT, options.database, options.stored, workers=2)
        server = stack.enter_context(open_world(worlds, makings))
        put_picture(server)
        server.environment["METRICS_TOKEN"] = TOKEN
        server.start()
        plan = Plan(server, options.database, options.stored, options.seconds, options.connections)
        turns: list[Turn] = []
        voting = threading.Thread(target=lambda: turns.append(measure_rounds(plan)))
        with server.database() as database:
            voting.start()
            waits = measure_waits(database, voting.is_alive)
        voting.join()
        cpu, passes, on_clock = read_refreshing(server.url)
    [turn] = turns
    of_core, of_application = cpu / options.seconds, 1000 * cpu / (turn.cpu * turn.rate * options.seconds)
    late = statistics.quantiles(waits, n=20)[-1]
    print(
        f"{options.database}, {turn.rate:.0f} rounds a second, {len(waits)} looks: on the board after "
        f"{statistics.median(waits):.2f} s, 95 % within {late:.2f} s, all within {max(waits):.2f} s "
        f"(refresh interval {REFRESH_SECONDS:.0f} s); {turn.bad} failures"
    )
    for why, count in turn.failures.items():
        print(f"  {count} of {why}")
    print(f"refreshing: {of_core:.1%} of a core, {of_application:.1%} of the application's CPU")
    print(
        f"  {passes:.0f} passes over {COMPETITIONS + 1} boards, each {1000 * cpu / passes:.0f} ms of CPU, "
        f"{1000 * on_clock / passes:.0f} ms on the clock"
    )
    return 0 if late <= REFRESH_SECONDS and of_core <= SHARE and not turn.bad else 1


def measure_waits(database: Database, go_on: Callable[[], bool]) -> list[float]:
    """Follow every commit seen until the board has it; return the seconds of each that was seen while voting."""
    waits: list[float] = []
    pending: list[tuple[float, dict[str, int]]] = []
    time.sleep(2)  # the first votes find a server that has rated nothing yet
    while go_on():
        looked = time.monotonic()
        with database.reading() as session:
            committed = {str(number): int(version) for number, version in session.execute(text(VOTED))}
            counted = read_versions(session.scalar(text(ON_BOARD)))
        if not pending or committed != pending[-1][1]:
            pending.append((looked, committed))
        covered = [
            since for since, wanted in pending if all(counted.get(n, 0) >= wanted[n] for n in wanted if wanted[n])
        ]
        waits += [looked - since for since in covered]
        pending = pending[len(covered) :]
        time.sleep(LOOK_SECONDS)
    return waits


def read_refreshing(url: str) -> tuple[float, float, float]:
    """Read the seconds of CPU that refreshing took in all processes of a server, its passes, and their seconds."""
    asked = urllib.request.Request(f"{url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    samples = [one for family in families for one in family.samples]
    cpu, passes, seconds = (
        sum(one.value for one in samples if one.name == f"{PREFIX}{name}")
        for name in ("refresh_cpu_seconds_total", "refresh_seconds_count", "refresh_seconds_sum")
    )
    return cpu, passes, seconds


def read_versions(stored: object) -> dict[str, int]:
    """Read the versions of a run, which SQLite gives as text."""
    found: dict[str, int] = json.loads(stored) if isinstance(stored, str) else stored or {}
    return found


if __name__ == "__main__":
    sys.exit(main())
