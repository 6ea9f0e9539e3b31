"""
What questions cost: a pair, a vote and a board's page, in a checkout from before them, here with one and with two.

Each is measured in processes of their own, by turns, through the application without a server, in CPU time. A
measurement is the 20th percentile of its requests, the printed one the least of all turns: a machine that does
other things beside makes requests slower, never faster. Boards are computed at no vote (refresh_seconds is 3600).

    git worktree add /tmp/before COMMIT
    python scripts/bench/question_cost.py /tmp/before [--turns 6] [--votes 400]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[2]
PAIRS = "/api/v1/matchups"
WHATS = ("pair", "vote", "page")
EACH_VOTER = 8
WARM = 40
Result = TypeVar("Result")


def measure(votes: int, *, asks_two: bool) -> dict[str, float]:
    """Measure the tree that is imported: microseconds of CPU by what was asked for."""
    sys.path.insert(0, str(Path.cwd()))
    from app import create_app
    from app.settings import Settings
    from tests.web.factories import competition, moment, parts_of

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data_dir=Path(folder), refresh_seconds=3600, log_level="error"))
        parts_of(app).database.migrate()
        for number in range(12):
            competition(app, f"a-scene-{number}")
        if asks_two:
            from app.arena import questions

            parts_of(app).database.write(
                lambda session: questions.add_question(session, "prompt", now=moment(), share=1.0)
            )
        spent: dict[str, list[float]] = {what: [] for what in WHATS}
        for number in range(votes):
            if number % EACH_VOTER == 0:
                client = app.test_client()
            pair = _timed(spent["pair"], lambda: client.post(PAIRS, json={}).get_json()["id"])  # noqa: B023
            _timed(spent["vote"], lambda: client.post(f"{PAIRS}/{pair}/vote", json={"outcome": "a"}))  # noqa: B023
            _timed(spent["page"], lambda: client.get(f"/leaderboards/text-to-image?creator=nobody-{number}"))  # noqa: B023
        parts_of(app).database.close()
    return {what: statistics.quantiles(times[WARM:], n=5)[0] for what, times in spent.items()}


def _timed(times: list[float], work: Callable[[], Result]) -> Result:
    began = time.process_time_ns()
    done = work()
    times.append((time.process_time_ns() - began) / 1000)
    return done


def run(checkout: Path, votes: int, asks: str) -> dict[str, float]:
    """Measure a checkout in a process of its own."""
    command = [
        sys.executable,
        str(Path(__file__).resolve()),
        str(checkout),
        "--measure",
        asks,
        "--votes",
        str(votes),
    ]
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Print a row for what was asked for."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("before", type=Path)
    arguments.add_argument("--turns", type=int, default=6)
    arguments.add_argument("--votes", type=int, default=400)
    arguments.add_argument("--measure", choices=("one", "two"), help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.measure:
        print(json.dumps(measure(options.votes, asks_two=options.measure == "two")))
        return
    kinds = {"before": (options.before.resolve(), "one"), "one": (ROOT, "one"), "two": (ROOT, "two")}
    rows: dict[str, list[dict[str, float]]] = {kind: [] for kind in kinds}
    for turn in range(options.turns):
        for kind in sorted(kinds, reverse=bool(turn % 2)):
            checkout, asks = kinds[kind]
            rows[kind].append(run(checkout, options.votes, asks))
    print("| us of CPU | before | one question | two | one / before | two / before |\n|---|---|---|---|---|---|")
    for what in WHATS:
        before, one, two = (min(row[what] for row in rows[kind]) for kind in kinds)
        print(f"| {what} | {before:.0f} | {one:.0f} | {two:.0f} | {one / before:.2f} | {two / before:.2f} |")


if __name__ == "__main__":
    main()
