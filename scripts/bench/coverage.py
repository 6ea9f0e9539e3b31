"""
Checks whether intervals hold what they say for every class of model. Simulated arenas, printed against 93-97 %.

Classes: the model shown first, the middle half of the board by rating, specialists (a quarter of the models, with
2.5 times the prompt effect, where the world has them), a newcomer of the last fifth of the votes, and all. "truly
first" is the model first in truth: a rating that shrinks must miss it more often while votes are few. Width is
that of all parts; "before" is how often an interval of method version 1 (half a virtual game, votes alone) held.

    python scripts/bench/coverage.py [--boards N] [--seconds S] [CELL...]
"""

import argparse
import math
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from app.ratings.board import Ratings, rate
from app.ratings.scale import ELO_PER_LOGIT
from app.ratings.tallies import Array, Mask
from scripts.bench.worlds import Arena, Setting, played

CELLS = {f"{n} models, {g} prompts": Setting(models=n, competitions=g) for n in (4, 8, 24, 40) for g in (3, 7, 30)}
CELLS |= {f"{votes:,} votes a model": Setting(votes_per_model=votes) for votes in (5, 20, 1000)}
CELLS |= {f"{voters:,} voters, taste 80": Setting(voters=voters, taste=80) for voters in (3, 12, 48, 1000)}
CELLS |= {"12 voters, taste 120": Setting(voters=12, taste=120)}
CELLS |= {f"pair effects {sd}": Setting(pairs=sd, votes_per_model=400) for sd in (30, 60)}
CELLS |= {"ties 40 %": Setting(ties=0.4)}
CELLS |= {
    "specialists, 7 prompts": Setting(specialists=True, votes_per_model=400),
    "specialists, 30 prompts": Setting(specialists=True, competitions=30, votes_per_model=400),
}
CELLS |= {"a newcomer": Setting(newcomer=True), "nothing shared, 48 voters": Setting(prompts=0, voters=48)}


def classes(arena: Arena, board: Ratings, real: Array) -> dict[str, Mask]:
    """Mark which models count for each column of the table."""
    n, order = arena.setting.models, np.argsort(-board.rating)
    middle = np.isin(np.arange(n), order[n // 4 : n - n // 4])
    return {
        "all": np.ones(n, dtype=bool),
        "first": np.arange(n) == order[0],
        "truly first": np.arange(n) == real.argmax(),
        "middle": middle,
        "specialists": np.asarray(arena.setting.special() & arena.setting.specialists),
        "newcomer": (np.arange(n) == 0) & arena.setting.newcomer,
    }


def cell(name: str, setting: Setting, boards: int, seconds: float) -> None:
    rng, until = np.random.default_rng(len(name) + setting.votes), time.process_time() + seconds
    held: dict[str, list[float]] = {}
    before, widths, shifts = [], [], []
    for _ in range(boards):
        if time.process_time() > until:
            break
        arena = played(setting, rng)
        tallies, real = arena.tallies(), 1000 + ELO_PER_LOGIT * arena.truth()
        board = rate(tallies, voters=arena.ballots(), draws=1)
        inside = (board.low <= real) & (real <= board.high)
        for kind, who in classes(arena, board, real).items():
            held.setdefault(kind, []).extend(inside[who].tolist())
        old = rate(tallies, prior=0.5, interval="vote", draws=1)
        before.append(((old.low <= real) & (real <= old.high)).mean())
        widths.append(float(np.median(board.high - board.low)) / 2)
        shifts.append((board.rating - real) ** 2)
    said = "".join(f"{100 * np.mean(found):>12.1f}" if found else f"{'-':>12}" for found in held.values())
    error = np.sqrt(np.mean(shifts))
    rest = f"{100 * np.mean(before):>9.1f}{np.median(widths):>7.0f}{error:>6.0f}"
    print(f"{name:<28}{len(widths):>7}{said}{rest}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Coverage of the published intervals, by class of model.")
    parser.add_argument("cells", nargs="*", metavar="CELL", help="cells whose names contain this; else all")
    parser.add_argument("--boards", type=int, default=200, help="simulated arenas per cell")
    parser.add_argument("--seconds", type=float, default=math.inf, help="CPU seconds per cell at most")
    given = parser.parse_args()
    print("A class of one model has an observation an arena, all others more")
    columns = ("all", "first", "truly first", "middle", "specialists", "newcomer")
    named = "".join(f"{each:>12}" for each in columns)
    print(f"{'':<28}{'arenas':>7}{named}{'before':>9}{'±':>7}{'RMSE':>6}")
    for name, setting in sorted(CELLS.items(), key=lambda each: each[1].votes):
        if not given.cells or any(part in name for part in given.cells):
            cell(name, setting, given.boards, given.seconds)


if __name__ == "__main__":
    main()
