"""
Check whether intervals hold on voters and prompts that a board has not seen: real votes, half against half.

FILE is a CSV with model_a, model_b, winner, and voter or prompt (or competition). Its voters (prompts) fall at
random into halves; each half makes a board. The difference of a model's two ratings should be inside its error in
93-97 % of cases. Halves of the voters judge the same answers to the same prompts, halves of the prompts have the
same voters, and both boards draw a model to the same middle: what moves both ratings alike is in each published
error, but not in the difference. So its error has the other parts of both halves, and of a shared part only what
it moves one rating by more than the other (docs/ratings.md). Beside it: both published errors as if nothing were
shared, and errors of votes alone. Then the same in worlds drawn from the board's own components, where 95 % must
come out: the same pairs judged by the same people, with true ratings that are known. How far one world's mean is
from another's tells how far a real crowd's may be from 95 % by chance.

    python scripts/bench/held_out.py FILE... [--splits 100] [--worlds 30]
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
from app.ratings.bradley_terry import Design, Fit, chances
from app.ratings.components import LEAST_VARIANCE, quantile
from app.ratings.matrices import centred
from app.ratings.model import fit_with_prior
from app.ratings.prompts import prompt_covariance
from app.ratings.scale import Anchor, gauge
from app.ratings.tallies import Array, Index, Mask, Tallies
from app.ratings.voters import Ballots, voter_shifts
from scripts.bench.arguments import existing_file
from scripts.bench.worlds import Arena, Setting

WINNERS = ("model_a", "model_b", "tie", "both_bad")
FEWEST_VOTES = 10
"""Models with fewer in a half are not compared."""
SPLITS_OF_A_WORLD = 10


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


@dataclass(frozen=True, eq=False)
class Effect:
    """Hold (n,) variances of the models' effects of a prompt or a voter, and their relative errors."""

    variance: Array
    relative_error: Array


def effects(board: Ratings) -> dict[str, Effect]:
    """Return what a board found of its prompts and of its voters, zeros where it found nothing."""
    prompts, voters, one = board.known.prompts, board.known.voters, np.ones(board.rating.size)
    found = {"prompts": Effect(0 * one, 0 * one), "voters": Effect(0 * one, 0 * one)}
    if prompts is not None:
        relative = prompts.error / np.maximum(prompts.variance, LEAST_VARIANCE)
        found["prompts"] = Effect(prompts.variance, relative)
    if voters is not None:
        found["voters"] = Effect(voters.taste.variance * one, voters.taste.relative_error * one)
    return found


@dataclass(frozen=True, eq=False)
class Half:
    """Hold one half's votes, numbered by the clusters that both halves share, its board, and the fit of it."""

    by_shared: Tallies
    board: Ratings
    fit: Fit
    shared: Effect
    own: Array
    """(n, n) covariance that the clusters of this half alone leave in the strengths."""
    own_error: Array
    """(n,) relative errors of these variances."""

    def moved(self, clusters: int) -> Array:
        """Return (clusters, n, n) by how much an effect on each model there moves each strength."""
        votes, n = self.by_shared, self.by_shared.models
        found = np.zeros((clusters, n, n))
        weight = votes.played * chances(self.fit.strength[votes.left] - self.fit.strength[votes.right])[1]
        for one, other in ((votes.left, votes.right), (votes.right, votes.left)):
            np.add.at(found, (votes.competition, one, one), weight)
            np.add.at(found, (votes.competition, one, other), -weight)
        return np.asarray(self.fit.scale * self.fit.bread @ found)

    def scatter(self) -> Array:
        """
        Return the (n, n) covariance of the strengths that single votes leave about what is shared.

        These effects have a part in the variance of a score, and votes on the same share that part.
        """
        votes, effect = self.by_shared, self.shared.variance
        slope = chances(self.fit.strength[votes.left] - self.fit.strength[votes.right])[1]
        explained = float(votes.played @ (slope**2 * (effect[votes.left] + effect[votes.right])))
        about = 1 - self.fit.scale * explained / float(votes.played @ slope)
        return np.asarray(about * self.fit.follows @ self.fit.bread)


def half_of(votes: Votes, at: Mask, shared: str) -> Half:
    """Rate a half, and split what its board found by whether both halves share it."""
    part, board = votes.rate(at)
    fitted = fit_with_prior(Design(part.pairs(), part.models, side=False), board.spread).fit
    found = effects(board)
    if shared == "prompts":
        alone, own = found["voters"], np.zeros((part.models, part.models))
        if board.known.voters is not None:
            own = fitted.follow(voter_shifts(board.known.voters))
        return Half(part, board, fitted, found["prompts"], own, alone.relative_error)
    by_voter, alone = grouped(votes.tallies, votes.voter, at), found["prompts"]
    own = prompt_covariance(part, fitted, alone.variance)
    return Half(by_voter, board, fitted, found["voters"], own, alone.relative_error)


def difference_error(one: Half, other: Half) -> Array:
    """
    Return (n,) half widths of 95 % intervals for the difference of two halves' ratings, in Elo points.

    What is each half's own adds up; what both share counts by how much more it moves the one than the other.
    """
    n = one.board.rating.size
    level = gauge(Anchor(), n)
    parts = [centred(each, level).diagonal() for half in (one, other) for each in (half.scatter(), half.own)]
    clusters = max(half.by_shared.competitions for half in (one, other))
    effect = np.sqrt((one.shared.variance + other.shared.variance) / 2)
    moved = effect * (one.moved(clusters) - other.moved(clusters))
    apart = one.fit.follows - other.fit.follows
    spread = np.mean([half.board.spread.sd for half in (one, other) if half.board.spread])
    common = centred(np.einsum("gik,gjk->ij", moved, moved) + spread**2 * apart @ apart.T, level).diagonal()
    variance = np.maximum(sum(parts) + common, LEAST_VARIANCE)
    doubt = (parts[1] * one.own_error) ** 2 + (parts[3] * other.own_error) ** 2
    return np.asarray(ELO_PER_LOGIT * quantile(doubt / variance**2) * np.sqrt(variance))


@dataclass(frozen=True)
class Agreement:
    """
    Hold the shares of models whose two ratings agree: within the error of their difference, and within others.

    ``published`` takes both published errors as if nothing were shared, ``by_votes`` those of votes alone.
    ``width`` is the median error of the difference. ``truth`` is the share of true ratings inside a half's
    interval, not a number where they are unknown.
    """

    inside: float
    published: float
    by_votes: float
    width: float
    truth: float = math.nan


def compare_halves(votes: Votes, side: Mask, shared: str, real: Array | None = None) -> Agreement:
    """Rate both halves and compare them; ``real`` are the true ratings, where they are known."""
    halves = [half_of(votes, at, shared) for at in (side, ~side)]
    boards = [half.board for half in halves]
    enough = np.min([board.votes for board in boards], axis=0) >= FEWEST_VOTES
    apart = np.abs(boards[0].rating - boards[1].rating)[enough]
    error = difference_error(*halves)[enough]
    published = np.hypot(*((board.high - board.low) / 2 for board in boards))[enough]
    alone = np.hypot(*((board.vote_high - board.vote_low) / 2 for board in boards))[enough]
    held = [((board.low <= real) & (real <= board.high))[enough] for board in boards if real is not None]
    return Agreement(
        float((apart <= error).mean()),
        float((apart <= published).mean()),
        float((apart <= alone).mean()),
        float(np.median(error)),
        float(np.mean(held)) if held else math.nan,
    )


def moves_of_voters(votes: Votes) -> float:
    """
    Return by how much voters move a model's rating beyond single votes, in Elo points (the root of a mean square).

    A voter moves the ratings by what the fit makes of all residuals of that voter's votes (Liang and Zeger 1986).
    Tastes that go together, as of one who likes all known models, move them less than each model's residuals
    let expect.
    """
    tallies, board = votes.rate(np.ones(votes.prompt.size, dtype=bool))
    fitted = fit_with_prior(Design(tallies.pairs(), tallies.models, side=False), board.spread).fit
    chance = chances(fitted.strength[tallies.left] - fitted.strength[tallies.right])[0]
    residual = tallies.left_points - chance
    moved = fitted.scale * fitted.bread
    alone = residual[:, None] * (moved[tallies.left] - moved[tallies.right])
    together = np.zeros((int(votes.voter.max()) + 1, tallies.models))
    np.add.at(together, votes.voter, alone)
    beyond = (together**2).sum() - (alone**2).sum()
    return float(ELO_PER_LOGIT * math.sqrt(max(beyond, 0.0) / tallies.models))


def print_agreement(found: list[list[Agreement]]) -> None:
    """Print the means over worlds (one, if it is the real one) and their splits."""
    rows = np.array([[astuple(each) for each in splits] for splits in found])
    inside, published, by_votes, width, truth = rows.mean(axis=(0, 1))
    means = rows.mean(axis=1) if len(rows) > 1 else rows[0]
    unit = "worlds" if len(rows) > 1 else "splits"
    spread = means.std(axis=0, ddof=1) if len(means) > 1 else np.full(5, math.nan)
    error = spread / math.sqrt(len(means))
    print(f"    {100 * inside:.1f} ± {100 * error[0]:.1f} % inside the error of the difference (±{width:.0f})")
    print(f"      the error is over {unit}, which differ by {100 * spread[0]:.1f} (SD)")
    print(f"    {100 * published:.1f} % inside both published errors as if nothing were shared")
    print(f"    {100 * by_votes:.1f} % inside errors of votes alone")
    if not math.isnan(truth):
        print(f"    {100 * truth:.1f} ± {100 * error[4]:.1f} % of the true ratings inside a half's", flush=True)


def conditional(prompts: float, taste: float) -> float:
    """
    Return by how much larger effects within a vote are than a board's, given its effects in Elo points (SD).

    A board's scale is that of chances averaged over prompts and voters. With v the variance of what these add to a
    distance, averaging takes 1 / sqrt(1 + c² v) off, c = 16 sqrt(3) / (15 pi) (Zeger, Liang and Albert 1988,
    Biometrics 44).
    """
    squared = (16 * math.sqrt(3) / (15 * math.pi)) ** 2
    # Of averages no more than 209 Elo are left of a prompt and a voter together; more was found by chance.
    return 1 / math.sqrt(max(1 - squared * 2 * (prompts**2 + taste**2) / ELO_PER_LOGIT**2, 0.1))


def simulate(votes: Votes, board: Ratings, rng: np.random.Generator) -> tuple[Votes, Array]:
    """Cast a file's votes anew on the same pairs by the same voters, with strengths drawn from its board."""
    tallies, known = votes.tallies, board.known
    prompts = 0.0 if known.prompts is None else known.prompts.common.elo
    taste = 0.0 if known.voters is None else known.voters.taste.elo
    pairs = 0.0 if known.pairs is None else known.pairs.elo
    spread = 0.0 if board.spread is None else ELO_PER_LOGIT * board.spread.sd
    chance = chances(board.strength[tallies.left] - board.strength[tallies.right])[1]
    larger = conditional(prompts, taste)
    setting = Setting(
        models=tallies.models,
        competitions=int(votes.prompt.max()) + 1,
        spread=larger * spread,
        prompts=larger * prompts,
        ties=float((tallies.ties + tallies.both_bad).sum() / (4 * chance.sum())),
        voters=int(votes.voter.max()) + 1,
        taste=larger * taste,
        pairs=larger * pairs,
    )
    arena = Arena(setting, rng)
    arena.cast(votes.prompt, tallies.left, tallies.right, votes.voter)
    return Votes(arena.tallies(), votes.prompt, votes.voter), 1000 + ELO_PER_LOGIT * arena.truth()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=existing_file, metavar="FILE")
    parser.add_argument("--splits", type=int, default=100)
    parser.add_argument("--worlds", type=int, default=30, help="drawn ones, of ten splits each")
    given = parser.parse_args()
    for path in given.files:
        votes, board = read(path)
        drawn = [simulate(votes, board, np.random.default_rng([1, seed])) for seed in range(given.worlds)]
        moves = [moves_of_voters(world) for world, _ in drawn]
        print(
            f"  voters move a rating by {moves_of_voters(votes):.1f} Elo beyond single votes, where all is as the"
        )
        print(f"  board says by {np.mean(moves):.1f} (worlds differ by {np.std(moves):.1f})", flush=True)
        for name, groups in (("voters", votes.voter), ("prompts", votes.prompt)):
            count = int(groups.max()) + 1
            if count < 2:
                continue
            split, shared = splitter(groups, count), "prompts" if name == "voters" else "voters"
            sides = [split(np.random.default_rng(seed)) for seed in range(given.splits)]
            print(f"  half of the {name} against the other half, {given.splits} splits:")
            print_agreement([[compare_halves(votes, side, shared) for side in sides]])
            print(f"  the same in {given.worlds} worlds where all is as the board says:")
            print_agreement(
                [
                    [compare_halves(world, side, shared, real) for side in sides[:SPLITS_OF_A_WORLD]]
                    for world, real in drawn
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
