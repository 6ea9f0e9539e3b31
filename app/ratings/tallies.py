"""
Counted votes as arrays, and the sums of them every rating method needs.

Sums of counts go through ``np.bincount``, which adds in float64: exact below 2^53 votes, and
therefore the same in any order of rows, however they are split or merged.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]
Counts = NDArray[np.int64] | NDArray[np.float64]

LEFT, RIGHT, TIE, BOTH_BAD = range(4)
SPARSE = 16
"""Keys are sorted where fewer than one in so many of those possible occurs, and else looked up."""
BLOCK = 160_000
"""Pairs of models in competitions that are counted at a time: so many numbers stay in the processor's cache."""
MOST_KEPT = 2_000_000
"""The same that are kept once they are counted: 16 MB."""


def totals(key: Index, values: Counts, size: int) -> Array:
    """Return (size,) sums of the values with the same key."""
    # Converted here, as bincount takes three times as long over it.
    return np.asarray(np.bincount(key, values.astype(np.float64, copy=False), size), dtype=np.float64)


@lru_cache(maxsize=8)
def _is_above_diagonal(models: int) -> Mask:
    return np.triu(np.ones((models, models), dtype=np.bool_), 1)


def distinct(key: Index, size: int) -> tuple[Index, Index]:
    """Return the keys that occur, ascending, all below ``size``, and where each key stands among them."""
    # Keys that come in order need no sorting, as those of tallies do that were read in order.
    if size > SPARSE * key.size > 0 and (key[1:] >= key[:-1]).all():
        begins = np.concatenate([[True], key[1:] != key[:-1]])
        return key[begins], np.cumsum(begins) - 1
    # A table of all possible keys costs more than sorting where few of them occur.
    if size > SPARSE * max(key.size, 1):
        return np.unique(key, return_inverse=True)
    occurs = np.zeros(size, dtype=np.bool_)
    occurs[key] = True
    if occurs.all():
        return np.arange(size), key
    keys, number = np.flatnonzero(occurs), np.zeros(size, dtype=np.intp)
    number[keys] = np.arange(keys.size)
    return keys, number[key]


@dataclass(frozen=True, eq=False)
class Cells:
    """One element per pair that met: its battles added up, ties of either kind together."""

    first: Index
    second: Index
    won: Array
    lost: Array
    tied: Array

    @cached_property
    def played(self) -> Array:
        return self.won + self.lost + self.tied

    @cached_property
    def score(self) -> Array:
        """Return the points of the first: a win is one, a tie half a point."""
        return self.won + self.tied / 2


@dataclass(frozen=True, eq=False)
class Tallies:
    """
    One row per competition, left and right model with what was counted there; repeated rows add up.

    Models and competitions are indices from 0. Counts may be fractions where votes carry weights
    (audits only).
    """

    models: int
    competition: Index
    left: Index
    right: Index
    left_wins: Counts
    right_wins: Counts
    ties: Counts
    both_bad: Counts

    def __post_init__(self) -> None:
        """Raise ValueError for rows that cannot be votes."""
        seats = (self.competition, self.left, self.right)
        if any(np.shape(row) != self.left.shape for row in (*seats, *self._counts)):
            raise ValueError("the columns of a tally have different lengths")
        # Nothing has no smallest and no largest value.
        if self.left.size == 0:
            return
        if min(seat.min() for seat in seats) < 0 or max(self.left.max(), self.right.max()) >= self.models:
            raise ValueError("a tally names a model or competition that does not exist")
        if (self.left == self.right).any():
            raise ValueError("a model cannot meet itself")
        # Not "any below 0": a comparison with NaN is false, so NaN is refused as well.
        if not all(counts.min() >= 0 for counts in self._counts):
            raise ValueError("a count is negative or not a number")

    @property
    def _counts(self) -> tuple[Counts, Counts, Counts, Counts]:
        return self.left_wins, self.right_wins, self.ties, self.both_bad

    @cached_property
    def played(self) -> Counts:
        """Count the battles of each row."""
        return self.left_wins + self.right_wins + self.undecided

    @cached_property
    def left_points(self) -> Array:
        """Count the points of each row's left model: a tie is half a point."""
        return np.asarray(self.left_wins + self.undecided * 0.5)

    @cached_property
    def undecided(self) -> Counts:
        """Count the ties of either kind of each row."""
        return self.ties + self.both_bad

    @cached_property
    def pair(self) -> Index:
        """Number each row's pair, left · models + right: one number lets one bincount fill a whole table."""
        return self.left * self.models + self.right

    @cached_property
    def _by_side(self) -> tuple[Array, Array, Array]:
        """Return left wins, right wins and ties of either kind, each (n, n) with the left model as row."""

        def total(counts: Counts) -> Array:
            return totals(self.pair, counts, self.models**2).reshape(self.models, self.models)

        return total(self.left_wins), total(self.right_wins), total(self.undecided)

    @cached_property
    def wins(self) -> Array:
        """Return (n, n) wins of row over column (docs/ratings.md 1: W = LW + RWᵀ)."""
        left, right, _ = self._by_side
        return left + right.T

    @cached_property
    def tied(self) -> Array:
        """Return (n, n) ties of either kind, symmetric."""
        ties = self._by_side[2]
        return ties + ties.T

    @cached_property
    def games(self) -> Array:
        """Return (n, n) battles of each pair, symmetric."""
        return self.wins + self.wins.T + self.tied

    def per_model(self, of_left: Counts, of_right: Counts) -> Array:
        """Return (n,) sums over rows of one number for the left model and another for the right one."""
        return totals(self.left, of_left, self.models) + totals(self.right, of_right, self.models)

    @property
    def battles(self) -> Array:
        """Count the battles of each model, as (n,)."""
        return self.per_model(self.played, self.played)

    def pairs(self) -> Cells:
        """Return one cell per pair that met, the lower index first."""
        return self._pairs

    @cached_property
    def _pairs(self) -> Cells:
        key = np.flatnonzero((self.games > 0) & _is_above_diagonal(self.models))
        first, second = np.divmod(key, self.models)
        lost = self.wins.take(second * self.models + first)
        return Cells(first, second, self.wins.take(key), lost, self.tied.take(key))

    def of_each(self, competitions: Index) -> tuple[Index, Array, Array]:
        """
        Return of each of some competitions, all with battles and none named twice: its number among those with
        battles, (some,), the battles of each pair, (some, n, n), and the points of each model, (some, n).
        """
        counted, _, group = self._counted
        rows, n, some = counted or self, self.models, len(competitions)
        place = np.full(int(rows.competition.max(initial=-1)) + 1, -1)
        place[competitions] = np.arange(some)
        place = place[rows.competition]
        at = np.flatnonzero(place >= 0)
        place, rows = place[at], rows.only(at)
        numbers = np.zeros(some, dtype=np.intp)
        numbers[place] = group[at]
        battles = totals(place * n * n + rows.pair, rows.played, some * n * n).reshape(some, n, n)
        points = totals(place * n + rows.left, rows.left_points, some * n)
        points += totals(place * n + rows.right, rows.played - rows.left_points, some * n)
        return numbers, battles + battles.mT, points.reshape(some, n)

    def ordered_pairs(self) -> Cells:
        """Return one cell per left and right model that met."""
        left, right, ties = self._by_side
        at = np.nonzero(left + right + ties)
        return Cells(at[0], at[1], left[at], right[at], ties[at])

    @cached_property
    def _counted(self) -> tuple["Tallies | None", int, Index]:
        """
        Return the rows with battles, how many competitions these have, and each row's number among them.

        The rows are None where all have battles: tallies that held themselves would outlive their last user.
        """
        whole = bool(self.played.all())
        rows = self if whole else self.only(self.played > 0)
        numbers, group = distinct(rows.competition, int(rows.competition.max(initial=-1)) + 1)
        return None if whole else rows, numbers.size, group

    @property
    def competitions(self) -> int:
        """Count the competitions with at least one battle."""
        return self._counted[1]

    def battles_by_competition(self) -> Array:
        """Count the battles of each model in each competition, as (competitions, n)."""
        return self._by_seat

    @cached_property
    def _by_seat(self) -> Array:
        counted, count, group = self._counted
        rows = counted or self
        if self.is_dense:
            return np.concatenate(
                [np.zeros((0, self.models)), *(here.battles.sum(axis=2) for here in self.blocks())]
            )
        left, right = (
            totals(group * self.models + seat, rows.played, count * self.models)
            for seat in (rows.left, rows.right)
        )
        return (left + right).reshape(count, self.models)

    @property
    def is_dense(self) -> bool:
        """Tell whether many of all pairs met in many of all competitions: sums then go over all of them."""
        counted, count, _ = self._counted
        rows = counted or self
        # By votes and not by rows: rows may be split, and the last bits of a sum must not tell.
        return bool(count * self.models**2 <= SPARSE * rows.played.sum())

    def blocks(self) -> Iterable["Block"]:
        """Give some competitions at a time, as many as fit the processor's cache."""
        is_small = self.competitions * self.models**2 <= MOST_KEPT
        return self._blocks if is_small else self._cut_blocks()

    @cached_property
    def _blocks(self) -> tuple["Block", ...]:
        return tuple(self._cut_blocks())

    def _cut_blocks(self) -> Iterator["Block"]:
        counted, count, group = self._counted
        rows = counted or self
        if (group[1:] < group[:-1]).any():
            order = np.argsort(group, kind="stable")
            rows, group = rows.only(order), group[order]
        size = max(1, BLOCK // self.models**2)
        for start in range(0, count, size):
            here = slice(start, min(start + size, count))
            at = slice(*np.searchsorted(group, (here.start, here.stop)))
            place = (group[at] - start) * self.models**2
            place += rows.pair[at]
            yield Block(self.models, here, place, rows.played[at], rows.left_points[at])

    def pairs_by_competition(self) -> tuple[Index, Cells]:
        """Return each cell's competition; a cell per competition and pair that met there, lower index first."""
        return self._by_competition

    @cached_property
    def _by_competition(self) -> tuple[Index, Cells]:
        counted, count, group = self._counted
        rows = counted or self
        swapped = rows.left > rows.right
        lower, upper = np.minimum(rows.left, rows.right), np.maximum(rows.left, rows.right)
        place = (group * self.models + lower) * self.models + upper
        won = np.where(swapped, rows.right_wins, rows.left_wins)
        lost = np.where(swapped, rows.left_wins, rows.right_wins)
        tied = rows.undecided
        # In order and each pair met once, as where votes are few in many competitions: rows are cells.
        if (place[1:] > place[:-1]).all():
            return group, Cells(lower, upper, *(counts.astype(np.float64) for counts in (won, lost, tied)))
        keys, cell = distinct(place, max(count, 1) * self.models**2)
        competition, first, second = np.unravel_index(keys, (max(count, 1), self.models, self.models))
        sums = (totals(cell, counts, keys.size) for counts in (won, lost, tied))
        return competition, Cells(first, second, *sums)

    def only(self, rows: Mask | Index) -> "Tallies":
        """Return the tallies of the same models with some of the rows."""
        seats = self.competition[rows], self.left[rows], self.right[rows]
        return Tallies(self.models, *seats, *(counts[rows] for counts in self._counts))

    def without(self, competition: int) -> "Tallies":
        """Return the tallies of the same models without one competition's votes."""
        return self.only(self.competition != competition)


@dataclass(frozen=True, eq=False)
class Block:
    """
    Votes of some competitions, as rows.

    `place` is where a row's left and right model stand in a table of (competitions, n, n).
    """

    models: int
    competitions: slice
    place: Index
    played: Counts
    left_points: Array

    @cached_property
    def battles(self) -> Array:
        """Count the battles of each pair in each competition, as (competitions, n, n)."""
        return np.asarray(self._by_side + self._by_side.transpose(0, 2, 1))

    @property
    def points(self) -> Array:
        """Count the points of each model in each competition, as (competitions, n): a tie is half a point."""
        of_left = self._total(self.left_points)
        return np.asarray(of_left.sum(axis=2) + (self._by_side - of_left).sum(axis=1))

    @cached_property
    def _by_side(self) -> Array:
        """Count the battles of each left and right model in each competition, as (competitions, n, n)."""
        return self._total(self.played)

    def _total(self, counts: Counts) -> Array:
        shape = int(self.competitions.stop - self.competitions.start), self.models, self.models
        return totals(self.place, counts, math.prod(shape)).reshape(shape)


@dataclass(frozen=True, eq=False)
class Log:
    """Votes in the order they were cast; outcomes are LEFT, RIGHT, TIE or BOTH_BAD."""

    models: int
    competition: Index
    left: Index
    right: Index
    outcome: Index

    def tallies(self) -> Tallies:
        """Count the votes: the one place whose cost grows with them."""
        shape = (int(self.competition.max(initial=0)) + 1, self.models, self.models)
        seats, size = np.ravel_multi_index((self.competition, self.left, self.right), shape), math.prod(shape)
        keys, row = (np.arange(size), seats) if size <= seats.size else np.unique(seats, return_inverse=True)
        counts = np.bincount(4 * row + self.outcome, minlength=4 * keys.size).reshape(-1, 4)
        counted = counts.any(axis=1)
        # Column by column, as every sum reads a whole column.
        columns = np.ascontiguousarray(counts[counted].T)
        return Tallies(self.models, *np.unravel_index(keys[counted], shape), *columns)
