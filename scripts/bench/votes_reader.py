"""
`arena rate` beside evalica with pandas on the same file of votes: CPU seconds and peak memory of each process.

Files have the columns model_a, model_b, winner, or those with voter and competition as well. Both read the CSV and
fit Bradley-Terry once; ours also makes intervals. An evalica that is not installed in PEER's Python is skipped.

    python scripts/bench/votes_reader.py [--rows 1000000 …] [--voters] [--peer PYTHON] [--old CHECKOUT]

Ours takes some five seconds for a million rows. It takes some five seconds for a million rows, and twice that with
the peer.
"""

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.bench.arguments import other_checkout

ROOT = Path(__file__).resolve().parents[2]
MODELS, COMPETITIONS, VOTERS = 40, 300, 20_000
OUTCOMES = ("model_a", "model_b", "tie", "both_bad")
PEER = """
import sys, pandas, evalica
votes = pandas.read_csv(sys.argv[1], usecols=["model_a", "model_b", "winner"])
words = {"model_a": evalica.Winner.X, "model_b": evalica.Winner.Y}
winners = votes["winner"].map(lambda word: words.get(word, evalica.Winner.Draw))
result = evalica.bradley_terry(votes["model_a"], votes["model_b"], winners)
print(result.scores.sort_values(ascending=False).head(3))
"""


@dataclass(frozen=True)
class Cost:
    """What a process cost: CPU seconds of user and system, and its peak memory in MiB."""

    seconds: float
    memory: float


def write_votes(path: Path, rows: int, *, voters: bool) -> None:
    """Write votes on random pairs."""
    rng = np.random.default_rng(rows)
    left = rng.integers(0, MODELS, rows)
    right = (left + rng.integers(1, MODELS, rows)) % MODELS
    outcome = rng.choice(4, rows, p=[0.4, 0.38, 0.12, 0.1])
    more = (rng.integers(0, VOTERS, rows), rng.integers(0, COMPETITIONS, rows)) if voters else ()
    with path.open("w") as file:
        file.write("model_a,model_b,winner" + (",voter,competition" if voters else "") + "\n")
        for a, b, o, *rest in zip(
            left.tolist(), right.tolist(), outcome.tolist(), *(m.tolist() for m in more), strict=True
        ):
            tail = f",v{rest[0]:032x},prompt-{rest[1]}" if rest else ""
            file.write(f"model-{a},model-{b},{OUTCOMES[o]}{tail}\n")


def measure(words: list[str], folder: Path) -> Cost | None:
    """Run a program; None where it fails."""
    child = os.fork()
    if child == 0:
        os.chdir(folder)
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        os.execv(words[0], words)
    _, status, used = os.wait4(child, 0)
    return None if status else Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def main() -> None:
    """Print a line for each size and program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--voters", action="store_true", help="with the columns voter and competition")
    parser.add_argument("--peer", default=sys.executable, help="the Python in which evalica and pandas are")
    parser.add_argument("--old", type=other_checkout, help="another checkout, run by this Python")
    parser.add_argument("--repeat", type=int, default=1, help="the least of so many runs is taken")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "votes.csv"
        programs = {"arena rate": ([sys.executable, "-m", "app.cli", "rate", str(path)], ROOT)}
        if asked.old:
            programs["old arena rate"] = (programs["arena rate"][0], asked.old)
        programs["evalica with pandas"] = ([asked.peer, "-c", PEER, str(path)], ROOT)
        for rows in asked.rows:
            write_votes(path, rows, voters=asked.voters)
            for name, (words, where) in programs.items():
                costs = [cost for _ in range(asked.repeat) if (cost := measure(words, where)) is not None]
                if not costs:
                    print(f"{rows:>10,}  {name:<20} does not run")
                    continue
                seconds, memory = min(cost.seconds for cost in costs), min(cost.memory for cost in costs)
                print(f"{rows:>10,}  {name:<20} {seconds:6.2f} s CPU  {memory:7.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
