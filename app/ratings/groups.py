"""
What groups of votes say beyond what the others' votes let expect: the sums that tests of suspicion share.

A group is one account or one network prefix, numbered from 0. In its tallies it stands where competitions stand.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from app.elo_scale import ELO_PER_LOGIT
from app.ratings.bradley_terry import Fit, chances, logistic
from app.ratings.tallies import Array, Counts, Index, Tallies, distinct, totals

OVERDISPERSION = 1.35
"""Honest votes vary by so much more than coin tosses would: tastes, lapses, prompts."""
TASTE = 60 / ELO_PER_LOGIT
"""Logits by which an honest person's liking of a model differs from everybody's: who votes for years shows it."""
# The variance of a group that only ties would be 0, and its first other answer proof of fraud.
MOST_TIES = 0.9
SUREST = 0.9
"""Surer expectations weigh and vary like this one, so that a slip on a clear pair accuses nobody."""
GROUPS_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class GroupResiduals:
    """
    Per row: the left model's log-odds by the others' votes, and its score beyond what these let expect.

    ``spread`` is pq summed over the votes; ``noise`` the variance of an honest person's score without tastes.
    """

    logit: Array
    beyond: Array
    spread: Array
    noise: Array


def residuals(by_group: Tallies, fitted: Fit, within: Array | float) -> GroupResiduals:
    """
    Compare each group with what the others say by one Newton step back.

    ``within`` is the share of each row's votes that are in ``fitted``, the board's fit without side term.
    """
    played, tied, score = by_group.played, by_group.undecided, by_group.left_points
    logit = fitted.strength[by_group.left] - fitted.strength[by_group.right]
    logit -= _own_pull(by_group, fitted, within * (score - played * logistic(logit)))
    beyond, limit = score - played * logistic(logit), math.log(SUREST / (1 - SUREST))
    logit = np.clip(logit, -limit, limit)
    spread = played * chances(logit)[1]
    ties = min(MOST_TIES, float(tied.sum()) / max(4 * float(spread.sum()), 1.0))
    return GroupResiduals(logit, beyond, spread, OVERDISPERSION * (1 - ties) * spread)


@dataclass(frozen=True, eq=False)
class GroupCells:
    """A cell per group and model it met, groups ascending; ``of_row`` names the lefts' cells, then the rights'."""

    of_row: Index
    group: Index
    model: Index
    groups: int

    @classmethod
    def of(cls, group: Index, left: Index, right: Index, models: int, groups: int) -> "GroupCells":
        met = np.tile(group, 2) * models + np.concatenate([left, right])
        keys, of_row = distinct(met, max(groups, 1) * models)
        return cls(of_row, *np.divmod(keys, models), groups)

    @cached_property
    def met(self) -> Array:
        """Count the models that each group met, as (groups,)."""
        return self.over(np.ones(self.group.size))

    def sums(self, of_left: Counts, of_right: Counts) -> Array:
        left, right = self.of_row.reshape(2, -1)
        return totals(left, of_left, self.group.size) + totals(right, of_right, self.group.size)

    def over(self, values: Array) -> Array:
        """Sum values over the models that each group met, as (groups,)."""
        return totals(self.group, values, self.groups)

    def squared_correlation(self, noise: Array, variance: Array) -> Array:
        """Sum the squared correlations of two models' scores over all pairs of models, as (groups,)."""
        one, other = np.sort(self.of_row.reshape(2, -1), axis=0)
        pairs, pair = np.unique(one * self.group.size + other, return_inverse=True)
        first, second = np.divmod(pairs, max(self.group.size, 1))
        shared = totals(pair, noise, pairs.size) ** 2 / (variance[first] * variance[second])
        return self.met + 2 * totals(self.group[first], shared, self.groups)

    def smallest(self, values: Array) -> Index:
        """Find the cell with the smallest value in each group that has any."""
        order = np.lexsort((values, self.group))
        return order[np.unique(self.group[order], return_index=True)[1]]


def two_sided(z: Array) -> Array:
    """Return the chance of a standard normal at least this far from 0."""
    return np.asarray(np.frompyfunc(math.erfc, 1, 1)(np.abs(z) / math.sqrt(2)), dtype=np.float64)


def ratio(value: Array, variance: Array) -> Array:
    """Return values in standard deviations; 0 where there is no variance."""
    return np.divide(value, np.sqrt(variance), out=np.zeros_like(value), where=variance > 0)


def _own_pull(by_group: Tallies, fitted: Fit, residual: Array) -> Array:
    """Return (rows,) by how much each row's group itself moved its two models' distance: rows of B·Xᵀr."""
    n, pull = by_group.models, np.zeros(residual.size)
    order = np.argsort(by_group.competition, kind="stable")
    ordered = by_group.competition[order]
    for start in range(0, int(ordered.max(initial=-1)) + 1, GROUPS_AT_ONCE):
        rows = order[slice(*np.searchsorted(ordered, (start, start + GROUPS_AT_ONCE)))]
        place = by_group.competition[rows] - start
        seat, size = place * n, GROUPS_AT_ONCE * n
        slope = totals(seat + by_group.left[rows], residual[rows], size)
        slope -= totals(seat + by_group.right[rows], residual[rows], size)
        moved = slope.reshape(-1, n) @ fitted.bread
        pull[rows] = moved[place, by_group.left[rows]] - moved[place, by_group.right[rows]]
    return pull
