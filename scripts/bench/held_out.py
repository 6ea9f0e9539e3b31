"""
Checks whether intervals hold on voters and prompts that a board has not seen. Real votes, half against half.

FILE is a CSV with model_a, model_b, winner, and voter or prompt (or competition). Its voters (prompts) fall at
random into halves; each half makes a board. The difference of a model's two ratings should be inside both errors
together in 93-97 % of cases. Voters' halves share the prompts, and prompts' halves the voters, which cancels in
the difference: what they share is left out of both errors. Beside it: the same with errors of votes alone. Single
votes share it too, and both boards draw a model to the same middle, which the published errors count and the
difference does not show: the last line leaves that out as well, and is the one to hold to 95 %.

    python scripts/bench/held_out.py FILE... [--splits 100]
"""

import argparse
import csv
import os
import sys
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from app.ratings.board import Ratings, rate
from app.ratings.bradley_terry import Design, centred, chances
from app.ratings.model import believed
from app.ratings.prompts import prompt_covariance
from app.ratings.scale import ELO_PER_LOGIT, Anchor, gauge
from app.ratings.tallies import Array, Index, Mask, Tallies
from app.ratings.voters import Ballots, voter_covariance

WINNERS = ("model_a", "model_b", "tie", "both_bad")
FEWEST_VOTES = 10
"""Models with fewer in a half are not compared."""


def numbered(names: list[str]) -> Index:
    return np.unique(names, return_inverse=True)[1]


def read(path: Path) -> tuple[Index, Index, Index, Tallies]:
    """Read each vote's prompt and voter, its two models, and all votes, a row each."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    models = np.unique([[row["model_a"], row["model_b"]] for row in rows], return_inverse=True)
    left, right = models[1].reshape(-1, 2).T
    kinds = np.eye(4, dtype=np.int64)[[WINNERS.index(row["winner"]) for row in rows]]
    prompt = numbered([row.get("prompt") or row.get("competition") or "" for row in rows])
    voter = numbered([row.get("voter") or "" for row in rows])
    return prompt, voter, left, Tallies(len(models[0]), prompt, left, right, *kinds.T)


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


def halves(
    name: str,
    votes: Tallies,
    prompt: Index,
    voter: Index,
    splits: int,
    split: Callable[[np.random.Generator], Mask],
) -> None:
    shared = "prompts" if name == "voters" else "voters"
    inside, scattered, by_votes, widths = [], [], [], []
    for seed in range(splits):
        side = split(np.random.default_rng(seed))
        parts = [grouped(votes, prompt, at) for at in (side, ~side)]
        boards = [
            rate(part, voters=Ballots(grouped(votes, voter, at), prompt[at]), draws=1)
            for part, at in zip(parts, (side, ~side), strict=True)
        ]
        enough = np.min([board.votes for board in boards], axis=0) >= FEWEST_VOTES
        apart = np.abs(boards[0].rating - boards[1].rating)[enough]
        whole = 1.96 * np.hypot(*(error(board, shared) for board in boards))[enough]
        by_scatter = [scatter(part, board, shared) for part, board in zip(parts, boards, strict=True)]
        scattered.append((apart <= 1.96 * np.hypot(*by_scatter)[enough]).mean())
        alone = np.hypot(*((board.vote_high - board.vote_low) / 2 for board in boards))[enough]
        inside.append((apart <= whole).mean())
        by_votes.append((apart <= alone).mean())
        widths.append(np.median(whole))
    ours, about, before = (100 * np.mean(each) for each in (inside, scattered, by_votes))
    print(f"  half of the {name} against the other half, {splits} splits:")
    print(f"    {ours:.1f} % inside both errors (±{np.median(widths):.0f}), with errors of votes {before:.1f} %")
    print(f"    {about:.1f} % inside what the halves scatter by about what they share")


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Real votes, half of the voters or prompts against the other half."
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--splits", type=int, default=100)
    given = parser.parse_args()
    for path in given.files:
        prompt, voter, _, votes = read(path)
        prompts, voters = prompt.max() + 1, voter.max() + 1
        print(f"{path.stem}: {votes.models} models, {prompt.size:,} votes, {voters} voters, {prompts} prompts")
        board = rate(
            votes, voters=Ballots(grouped(votes, voter, np.ones(prompt.size, dtype=bool)), prompt), draws=1
        )
        print_components(board)
        for name, groups, count in (("voters", voter, voters), ("prompts", prompt, prompts)):
            if count > 1:
                halves(name, votes, prompt, voter, given.splits, splitter(groups, count))


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
