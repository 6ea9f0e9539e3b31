"""
Checks whether intervals hold on voters and prompts that a board has not seen. Real votes, half against half.

FILE is a CSV with model_a, model_b, winner, and voter or prompt (or competition). Its voters (prompts) fall at
random into halves; each half makes a board. The difference of a model's two ratings should be inside both errors
together in 93-97 % of cases. Voters' halves share the prompts, and prompts' halves the voters, which cancels in
the difference: what they share is left out of both errors. Beside it: the same with errors of votes alone.
Single votes share it too, and both boards draw a model to the same middle, which the published errors count and
the difference does not show: the second line leaves that out as well, and is the one to hold to 95 %.
How far the first line is from 95 % where intervals are right is seen beside it: the same people vote on the same
pairs in worlds drawn from the board's own components, where the true ratings are known.

    python scripts/bench/held_out.py FILE... [--splits 100]
"""

import argparse
import csv
import math
import os
import sys
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from app.elo_scale import ELO_PER_LOGIT
from app.ratings.board import Ratings, rate
from app.ratings.bradley_terry import Design, centred, chances
from app.ratings.components import Z
from app.ratings.model import believed
from app.ratings.prompts import prompt_covariance
from app.ratings.scale import Anchor, gauge
from app.ratings.tallies import Array, Index, Mask, Tallies
from app.ratings.voters import Ballots, voter_covariance
from scripts.bench.worlds import Arena, Setting

WINNERS = ("model_a", "model_b", "tie", "both_bad")
FEWEST_VOTES = 10
"""Models with fewer in a half are not compared."""


def numbered(names: list[str]) -> Index:
    return np.unique(names, return_inverse=True)[1]


def read(path: Path) -> tuple["Votes", Ratings]:
    """Read a file's votes, a row each, rate them all, and print what is estimated."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    models = np.unique([[row["model_a"], row["model_b"]] for row in rows], return_inverse=True)
    left, right = models[1].reshape(-1, 2).T
    kinds = np.eye(4, dtype=np.int64)[[WINNERS.index(row["winner"]) for row in rows]]
    prompt = numbered([row.get("prompt") or row.get("competition") or "" for row in rows])
    voter = numbered([row.get("voter") or "" for row in rows])
    votes = Votes(Tallies(len(models[0]), prompt, left, right, *kinds.T), prompt, voter)
    board = votes.rate(np.ones(prompt.size, dtype=bool))[1]
    voters, prompts = voter.max() + 1, prompt.max() + 1
    print(f"{path.stem}: {len(models[0])} models, {len(rows):,} votes, {voters} voters, {prompts} prompts")
    print_components(board)
    return votes, board


def grouped(votes: Tallies, groups: Index, at: Array) -> Tallies:
    counts = votes.left_wins, votes.right_wins, votes.ties, votes.both_bad
    return Tallies(votes.models, groups[at], votes.left[at], votes.right[at], *(each[at] for each in counts))


def error(board: Ratings, shared: str) -> Array:
    """Return (models,) standard errors in Elo points without the part that both halves share."""
    parts = board.parts
    other = parts.voters if shared == "prompts" else parts.prompts
    return np.asarray(ELO_PER_LOGIT * np.sqrt(parts.votes + parts.pairs + other))


def scatter(votes: Tallies, board: Ratings, shared: str) -> Array:
    """
    Return (models,) standard errors in Elo points of a half about what its prompts (or voters) lead to.

    Single votes scatter by less about that than about the strengths, by the part that the shared effects have in
    them; and what both halves' models are drawn towards the middle by is the same for both.
    """
    fitted = believed(Design(votes.pairs(), votes.models, side=False), board.spread).fit
    prompts, voters = board.known.prompts, board.known.voters
    none = np.zeros((votes.models, votes.models))
    if shared == "prompts":
        effect = np.zeros(votes.models) if prompts is None else prompts.variance
        other = none if voters is None else voter_covariance(voters, fitted)
    else:
        effect = np.full(votes.models, 0.0 if voters is None else voters.taste.variance)
        other = none if prompts is None else prompt_covariance(votes, fitted, prompts.variance)
    slope = chances(fitted.strength[votes.left] - fitted.strength[votes.right])[1]
    explained = float(votes.played @ (slope**2 * (effect[votes.left] + effect[votes.right])))
    known = fitted.scale * explained / float(votes.played @ slope)
    by_votes = (1 - known) * fitted.follows @ fitted.bread
    found = centred(by_votes + other, gauge(Anchor(), votes.models)).diagonal()
    return np.asarray(ELO_PER_LOGIT * np.sqrt(np.maximum(found, 0.0)))


@dataclass(frozen=True, eq=False)
class Votes:
    """Hold a file's votes, a row each, with the prompt and the voter of each."""

    tallies: Tallies
    prompt: Index
    voter: Index

    def rate(self, at: Mask) -> tuple[Tallies, Ratings]:
        """Rate some of the votes."""
        part = grouped(self.tallies, self.prompt, at)
        ballots = Ballots(grouped(self.tallies, self.voter, at), self.prompt[at])
        return part, rate(part, voters=ballots, draws=1)


@dataclass(frozen=True)
class Agreement:
    """
    Hold the shares of models whose two ratings agree within each error, and how wide the published one is.

    ``truth`` is the share of true ratings inside a half's interval, not a number where they are unknown.
    """

    published: float
    scatter: float
    by_votes: float
    width: float
    truth: float = math.nan


def compare_halves(votes: Votes, side: Mask, shared: str, real: Array | None = None) -> Agreement:
    """Rate both halves and compare them; ``real`` are the true ratings, where they are known."""
    parts, boards = zip(*(votes.rate(at) for at in (side, ~side)), strict=True)
    enough = np.min([board.votes for board in boards], axis=0) >= FEWEST_VOTES
    apart = np.abs(boards[0].rating - boards[1].rating)[enough]
    whole = Z * np.hypot(*(error(board, shared) for board in boards))[enough]
    scattered = [scatter(part, board, shared) for part, board in zip(parts, boards, strict=True)]
    alone = np.hypot(*((board.vote_high - board.vote_low) / 2 for board in boards))[enough]
    held = [((board.low <= real) & (real <= board.high))[enough] for board in boards if real is not None]
    return Agreement(
        float((apart <= whole).mean()),
        float((apart <= Z * np.hypot(*scattered)[enough]).mean()),
        float((apart <= alone).mean()),
        float(np.median(whole)),
        float(np.mean(held)) if held else math.nan,
    )


def print_agreement(found: list[Agreement]) -> None:
    """Print the means over splits."""
    published, scattered, by_votes, width, truth = np.mean([astuple(each) for each in found], axis=0)
    before = f"with errors of votes {100 * by_votes:.1f} %"
    print(f"    {100 * published:.1f} % inside both errors (±{width:.0f}), {before}")
    print(f"    {100 * scattered:.1f} % inside what the halves scatter by about what they share")
    if not math.isnan(truth):
        print(f"    {100 * truth:.1f} % of the true ratings inside the intervals of a half", flush=True)


def simulate(votes: Votes, board: Ratings, rng: np.random.Generator) -> tuple[Votes, Array]:
    """Cast a file's votes anew on the same pairs by the same voters, with strengths drawn from its board."""
    tallies, known = votes.tallies, board.known
    prompts = 0.0 if known.prompts is None else known.prompts.common.elo
    taste = 0.0 if known.voters is None else known.voters.taste.elo
    pairs = 0.0 if known.pairs is None else known.pairs.elo
    spread = 0.0 if board.spread is None else ELO_PER_LOGIT * board.spread.sd
    chance = chances(board.strength[tallies.left] - board.strength[tallies.right])[1]
    ties = float((tallies.ties + tallies.both_bad).sum() / (4 * chance.sum()))
    count = int(votes.prompt.max()) + 1, int(votes.voter.max()) + 1
    setting = Setting(
        models=tallies.models,
        competitions=count[0],
        spread=spread,
        prompts=prompts,
        ties=ties,
        voters=count[1],
        taste=taste,
        pairs=pairs,
    )
    arena = Arena(setting, rng)
    arena.cast(votes.prompt, tallies.left, tallies.right, votes.voter)
    return Votes(arena.tallies(), votes.prompt, votes.voter), 1000 + ELO_PER_LOGIT * arena.truth()


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Real votes, half of the voters or prompts against the other half."
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--splits", type=int, default=100)
    given = parser.parse_args()
    for path in given.files:
        votes, board = read(path)
        for name, groups in (("voters", votes.voter), ("prompts", votes.prompt)):
            count = int(groups.max()) + 1
            if count < 2:
                continue
            split, shared = splitter(groups, count), "prompts" if name == "voters" else "voters"
            sides = [split(np.random.default_rng(seed)) for seed in range(given.splits)]
            print(f"  half of the {name} against the other half, {given.splits} splits:")
            print_agreement([compare_halves(votes, side, shared) for side in sides])
            print("  the same pairs and people, where strengths are known and all is as the board says:")
            worlds = (simulate(votes, board, np.random.default_rng([1, seed])) for seed in range(given.splits))
            print_agreement(
                [
                    compare_halves(world, side, shared, real)
                    for side, (world, real) in zip(sides, worlds, strict=True)
                ]
            )


def splitter(groups: Index, count: int) -> Callable[[np.random.Generator], Mask]:
    """Draw half of the groups, and say which votes are theirs."""
    return lambda rng: (rng.permutation(count) < count // 2)[groups]


def print_components(board: Ratings) -> None:
    known = board.known
    parts = {
        "prompt": None if known.prompts is None else known.prompts.common,
        "voter": None if known.voters is None else known.voters.taste,
        "pair": known.pairs,
    }
    for part, found in parts.items():
        if found is not None:
            print(f"  a {part} differs by {found.elo:.0f} ± {found.elo_error:.0f} Elo (SD)")


if __name__ == "__main__":
    main()
