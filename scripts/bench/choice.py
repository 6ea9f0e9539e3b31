"""
What choosing a pair takes, and what weighing all pairs does: microseconds of one thread's CPU, the median of many.

    python scripts/bench/choice.py [--repeats 200]

Rows are of voters with so many votes, of which the latest fifty are remembered by their names; `open` have a pair
open, of two models; `limited` are those of the profile `public`. Nothing is read or stored. It takes some five
seconds.
"""

import argparse
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from app.arena.voting.field import LOW_BITS, Contestant, make_field
from app.arena.voting.lanes import estimate_strengths
from app.arena.voting.matchmaking import Exclusions, PairingState, choose_pair, weigh_pairs

ARENAS = ((16, 12), (24, 60), (200, 60))
"""Models and competitions."""
VOTERS = (
    ("first pair", 0, 0, False),
    ("20 votes", 20, 0, False),
    ("200 votes", 200, 0, False),
    ("20 votes, open", 20, 2, False),
    ("20 votes, limited", 20, 0, True),
)
"""Names, votes, open models, and whether guesses are limited."""
LINGER = 50


def main() -> None:
    """Print a row for each arena and kind of voter."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=200)
    repeats = parser.parse_args().repeats
    for models, competitions in ARENAS:
        rng = random.Random(1)
        weigh = prepare(models, competitions, rng)
        state = weigh()
        print(f"{models} models, {competitions} competitions: weighing {measure(weigh, 10):,.0f}")
        for name, votes, others, is_limited in VOTERS:
            exclusions = exclude(state, votes, others, rng, limits_guesses=is_limited)
            taken = measure(lambda state=state, given=exclusions, rng=rng: choose_pair(state, given, rng), repeats)
            print(f"    {name:<20} {taken:>8,.0f}")


def prepare(models: int, competitions: int, rng: random.Random) -> Callable[[], PairingState]:
    """Enter every model in every competition, let any two meet twenty times, and give what weighs all pairs."""
    field = make_field(
        Contestant(competition * models + model, competition, model, rng.getrandbits(63))
        for competition in range(competitions)
        for model in range(models)
    )
    first, second = np.triu_indices(models, 1)
    draws = np.random.default_rng(1)
    counts = draws.multinomial(20, [0.4, 0.4, 0.1, 0.1], first.size)
    rows = np.column_stack([draws.integers(0, competitions, first.size), first, second, counts])
    votes = dict(enumerate((20 * np.bincount(rows[:, 0], minlength=competitions)).tolist()))
    battles = dict.fromkeys(range(models), 20 * (models - 1))
    known = estimate_strengths(field.model_ids, rows)
    return lambda: weigh_pairs(field, votes, battles, known)


def exclude(
    state: PairingState, votes: int, others: int, rng: random.Random, *, limits_guesses: bool
) -> Exclusions:
    """Draw so many pairs, and leave out what somebody who voted on them must not see."""
    pairs = [pair for _ in range(votes) if (pair := choose_pair(state, Exclusions(), rng))]
    both = [sorted((pair.left_entry_id, pair.right_entry_id)) for pair in pairs]
    keys = frozenset((low << LOW_BITS) + high for low, high in both)
    named = frozenset(entry for pair in both[-LINGER:] for entry in pair)
    return Exclusions(keys, frozenset(range(others)), named, limits_guesses=limits_guesses)


def measure(work: Callable[[], object], repeats: int) -> float:
    """Return the median microseconds of this thread."""
    taken = []
    for _ in range(repeats):
        started = time.thread_time_ns()
        work()
        taken.append((time.thread_time_ns() - started) / 1000)
    return median(taken)


if __name__ == "__main__":
    main()
