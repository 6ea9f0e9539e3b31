"""
Checks the boards of two questions in simulated arenas: whether their intervals hold what they say.

Each world has a true order for `better` and another one for a second question, whose strengths differ by so many
Elo points (standard deviation). "From the prior" draws that anew for each world as `app.ratings.questions` expects
it, over which the intervals are meant to hold. Pairs are drawn by the product's own lanes, questions by share.
It prints how often the truth lies in the interval, for both and for the second board without borrowing, how much
that borrows, and how far it is off with and without (root of the mean squared error, Elo points). The models of a
board share what is learnt of it, so the standard error is that of the boards' means.

    python scripts/bench/questions.py [--boards N] [--cells FIRST LAST] [--seed N]

It takes some five seconds a board of every row.
"""

import argparse
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from app.elo_scale import ELO_PER_LOGIT, Z_95
from app.ratings.board import Ratings, rate
from app.ratings.questions import PRIOR_SD, learn_difference, rate_asked
from app.ratings.scale import Anchor
from app.ratings.tallies import Array
from scripts.bench.worlds import Arena, Setting, draw, field_of, played


@dataclass(frozen=True)
class Cell:
    """
    Describe an arena: votes a model on `better`, the share of pairs that ask the other question, its difference.

    Without a difference each world draws one from the prior of `app.ratings.questions`.
    """

    votes_per_model: int
    share: float
    difference: float | None
    voters: int = 0

    def draw_difference(self, rng: np.random.Generator) -> float:
        """Return the standard deviation of one world's difference, in Elo points."""
        return rng.exponential(ELO_PER_LOGIT * PRIOR_SD) if self.difference is None else self.difference

    def describe(self, second: float) -> str:
        """Name the arena by its votes a model, ``second`` of them on the other question."""
        apart = "from the prior" if self.difference is None else f"{self.difference:.0f} Elo apart"
        voters = f", {self.voters} voters" if self.voters else ""
        return f"{self.votes_per_model} and {second:.0f} votes a model, {apart}{voters}"


CELLS = [
    Cell(votes, share, difference)
    for votes in (20, 100, 400)
    for share in (0.1, 0.33)
    for difference in (0, 60, 150, None)
] + [Cell(100, 0.33, 100, voters=48)]


def other_arena(first: Arena, cell: Cell, rng: np.random.Generator) -> Arena:
    """Play the second question of the same models: other strengths, other effects of the prompts."""
    votes = max(2, round(cell.votes_per_model * cell.share / (1 - cell.share)))
    setting = replace(first.setting, votes_per_model=votes)
    arena, done = Arena(setting, rng), 0
    arena.strength = first.strength + rng.normal(0, cell.draw_difference(rng) / ELO_PER_LOGIT, setting.models)
    here = field_of(setting)
    while done < setting.votes:
        size = min(setting.votes - done, max(setting.models // 2, done // 12))
        arena.cast(*draw(here, arena, size))
        done += size
    return arena


def rate_second(arena: Arena, board: Ratings) -> Ratings:
    """Rate the second question as a run does, by the first one's board."""
    mean = (board.rating - 1000) / ELO_PER_LOGIT
    variance = ((board.high - board.low) / 2 / Z_95 / ELO_PER_LOGIT) ** 2
    tallies = arena.tallies()
    apart = learn_difference(tallies, mean, variance)
    voters = arena.ballots() if arena.setting.voters else None
    return rate_asked(tallies, mean, variance + apart.variance, error=apart.error, voters=voters, anchor=Anchor())


def held(board: Ratings, truth: Array) -> Array:
    """Mark the models whose truth, on the board's own level, lies inside the interval."""
    truth = truth - truth.mean() + board.rating.mean()
    return np.asarray((board.low <= truth) & (truth <= board.high))


def off(board: Ratings, truth: Array) -> float:
    """Give the root of the mean squared error, in Elo points, the level apart."""
    error = board.rating - board.rating.mean() - (truth - truth.mean())
    return float(np.sqrt((error**2).mean()))


def line(cell: Cell, boards: int, seed: int) -> str:
    """Write a row of the table."""
    rng = np.random.default_rng([CELLS.index(cell), seed])
    rows = []
    for _ in range(boards):
        setting = Setting(votes_per_model=cell.votes_per_model, voters=cell.voters, taste=80 if cell.voters else 0)
        first = played(setting, rng)
        second = other_arena(first, cell, rng)
        truths = [ELO_PER_LOGIT * one.truth() for one in (first, second)]
        better = rate(first.tallies(), voters=first.ballots() if cell.voters else None, draws=50)
        prompt, alone = rate_second(second, better), rate(second.tallies(), draws=50)
        rows.append((
            held(better, truths[0]).mean(), held(prompt, truths[1]).mean(), held(alone, truths[1]).mean(),
            prompt.borrowed.mean(), off(prompt, truths[1]), off(alone, truths[1]), second.setting.votes_per_model,
        ))  # fmt: skip
    better_held, prompt_held, alone_held, borrowed, error, error_alone, votes = np.mean(rows, axis=0)
    chance = 100 * np.std(rows, axis=0, ddof=1)[1] / np.sqrt(boards)
    return (
        f"| {cell.describe(votes)} "
        f"| {100 * better_held:.1f} | {100 * prompt_held:.1f} +- {chance:.1f} | {100 * alone_held:.1f} "
        f"| {100 * borrowed:.0f} % "
        f"| {error:.0f} | {error_alone:.0f} |"
    )


def main() -> None:
    """Print a row for each cell."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--boards", type=int, default=40)
    arguments.add_argument("--cells", type=int, nargs=2, default=(0, len(CELLS)), help="these rows only, from 0")
    arguments.add_argument("--seed", type=int, default=0, help="worlds of another seed")
    options = arguments.parse_args()
    print("| arena | `better` | second | alone | borrowed | error | alone |\n|---|---|---|---|---|---|---|")
    for cell in CELLS[slice(*options.cells)]:
        print(line(cell, options.boards, options.seed), flush=True)


if __name__ == "__main__":
    main()
