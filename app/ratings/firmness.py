"""
Tells how firm an order is: the fewest votes to add, remove or flip that put one model ahead of another.

Each step takes the kind of vote that moves the gap most by its influence (Broderick, Giordano and Meager 2020,
arXiv 2011.14999; for arenas arXiv 2508.11847), and the board is really fitted again after it: what is said to be
enough is. Steps are large while the gap is, and single votes at the end.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.ratings.bradley_terry import Fit, chances
from app.ratings.tallies import Array, Cells, Index, Tallies

Kind = Literal["added", "removed", "flipped"]
KINDS: tuple[Kind, ...] = ("added", "removed", "flipped")
Rater = Callable[[Cells], Fit]
"""Fits the counts of all pairs as the board does."""
WITHIN_REACH = 2.0
"""Votes of the best kind: when so many seem enough, other kinds are tried as the last vote too."""
LAST_TRIED = 12
CHALLENGERS = 5
MOST_STEPS = 400

WON, LOST, TIED = (1, 0, 0), (0, 1, 0), (0, 0, 1)
MOVES: dict[Kind, tuple[tuple[int, int, int], ...]] = {
    "added": (WON, LOST),
    "removed": ((-1, 0, 0), (0, -1, 0), (0, 0, -1)),
    "flipped": ((-1, 1, 0), (1, -1, 0), (1, 0, -1), (0, 1, -1)),
}
"""Changes of a pair's wins, losses and ties (of its first model) with one vote."""


@dataclass(frozen=True)
class Change:
    """Count votes on one pair; wins, losses and ties of `first` change by `move` with each."""

    first: int
    second: int
    move: tuple[int, int, int]
    votes: int


@dataclass(frozen=True)
class Firmness:
    """The fewest votes found of one kind that put `challenger` ahead, and what they are."""

    challenger: int
    votes: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, eq=False)
class _Moves:
    """Candidate votes, the best first: pair, kind of move, by how many logits it lifts, and how many are there."""

    pair: Index
    move: Index
    gain: Array
    available: Array


def every_pair(tallies: Tallies) -> Cells:
    """Build a cell for each pair of models, also for those that never met."""
    first, second = np.triu_indices(tallies.models, 1)
    wins, tied = tallies.wins, tallies.tied
    return Cells(first, second, wins[first, second], wins[second, first], tied[first, second])


def to_pass(
    cells: Cells, challenger: int, leader: int, kind: Kind, rater: Rater, start: Fit | None = None
) -> Firmness | None:
    """
    Find the fewest votes of a kind that put the challenger ahead of the leader; None where too few exist.

    ``start`` is the fit of the counts as they are, where it is known already.
    """
    fitted = rater(cells) if start is None else start
    counts, spent = cells, np.zeros((len(MOVES[kind]), cells.first.size), dtype=np.int64)
    for _ in range(MOST_STEPS):
        gap = float(fitted.strength[leader] - fitted.strength[challenger])
        if gap < 0:
            return Firmness(challenger, int(spent.sum()), _changes(cells, spent, kind))
        moves = _moves(counts, fitted, challenger, leader, kind)
        if not moves.gain.size:
            return None
        at, votes, counts, fitted = _step(counts, moves, gap, (challenger, leader), kind, rater)
        spent[moves.move[at], moves.pair[at]] += votes
    return None


def to_change_first(
    cells: Cells, kind: Kind, rater: Rater, start: Fit | None = None, order: Sequence[int] = ()
) -> Firmness | None:
    """
    Find the fewest votes of a kind that put another model first (None: no votes do), as `to_pass` does.

    ``order`` lists the models that can be first, the first one first; without it any can.
    """
    fitted = rater(cells) if start is None else start
    first, *others = order or np.argsort(-fitted.strength, kind="stable").tolist()
    effort = {model: _effort(cells, fitted, model, first, kind) for model in others}
    likely = sorted(others, key=effort.__getitem__)[:CHALLENGERS]
    found = [each for model in likely if (each := to_pass(cells, model, first, kind, rater, fitted)) is not None]
    return min(found, key=lambda each: each.votes, default=None)


def _effort(cells: Cells, fitted: Fit, challenger: int, leader: int, kind: Kind) -> float:
    """Estimate the votes that are needed from the first one's gain."""
    moves = _moves(cells, fitted, challenger, leader, kind)
    gap = float(fitted.strength[leader] - fitted.strength[challenger])
    return gap / float(moves.gain[0]) if moves.gain.size else np.inf


def _step(
    counts: Cells, moves: _Moves, gap: float, pair: tuple[int, int], kind: Kind, rater: Rater
) -> tuple[int, int, Cells, Fit]:
    """Return half of the way left, in votes of the best kind; near the end one vote of any kind that does."""
    challenger, leader = pair
    votes = max(1, int(min(gap / moves.gain[0] / 2, moves.available[0])))
    while True:
        after = _moved(counts, moves, 0, votes, kind)
        fitted = rater(after)
        if votes == 1 or fitted.strength[challenger] <= fitted.strength[leader]:
            break
        votes //= 2
    if (
        votes == 1
        and gap < WITHIN_REACH * moves.gain[0]
        and fitted.strength[challenger] <= fitted.strength[leader]
    ):
        for at in range(1, min(LAST_TRIED, moves.gain.size)):
            other = _moved(counts, moves, at, 1, kind)
            tried = rater(other)
            if tried.strength[challenger] > tried.strength[leader]:
                return at, 1, other, tried
    return 0, votes, after, fitted


def _moves(counts: Cells, fitted: Fit, challenger: int, leader: int, kind: Kind) -> _Moves:
    """Sort votes by how much one lifts the challenger over the leader, its own weight in the fit included."""
    n = fitted.strength.size
    bread = fitted.scale * fitted.bread[:n, :n]
    pull = bread[challenger] - bread[leader]
    lever = pull[counts.first] - pull[counts.second]
    own = bread.diagonal()
    apart = own[counts.first] + own[counts.second] - 2 * bread[counts.first, counts.second]
    chance, variance = chances(fitted.strength[counts.first] - fitted.strength[counts.second])
    gains, available = [], []
    for won, lost, tied in MOVES[kind]:
        score, battles = won + tied / 2, won + lost + tied
        gains.append(lever * (score - battles * chance) / (1 + battles * variance * apart))
        taken = [there for there, move in zip(_there(counts), (won, lost, tied), strict=True) if move < 0]
        available.append(taken[0] if taken else np.full(lever.size, np.inf))
    gain, left = np.concatenate(gains), np.concatenate(available)
    order = np.argsort(-np.where(left > 0, gain, -np.inf), kind="stable")
    order = order[: int(((left > 0) & (gain > 0)).sum())]
    move, place = np.divmod(order, lever.size)
    return _Moves(place, move, gain[order], left[order])


def _there(counts: Cells) -> tuple[Array, Array, Array]:
    return counts.won, counts.lost, counts.tied


def _moved(counts: Cells, moves: _Moves, at: int, votes: int, kind: Kind) -> Cells:
    """Return the counts after one candidate has changed so many votes."""
    changed = [each.copy() for each in _there(counts)]
    for each, by in zip(changed, MOVES[kind][moves.move[at]], strict=True):
        each[moves.pair[at]] += by * votes
    return replace(counts, won=changed[0], lost=changed[1], tied=changed[2])


def _changes(cells: Cells, spent: NDArray[np.int64], kind: Kind) -> tuple[Change, ...]:
    """List the changes, the most frequent first."""
    found = [
        Change(int(cells.first[pair]), int(cells.second[pair]), MOVES[kind][move], int(spent[move, pair]))
        for move, pair in zip(*np.nonzero(spent), strict=True)
    ]
    return tuple(sorted(found, key=lambda change: (-change.votes, change.first, change.second)))
