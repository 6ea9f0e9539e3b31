"""
Rings: accounts or networks that together lift one model over its neighbours, or sink it below them.

Where near equals are shown, a plan's votes look like anybody's, one network at a time. But all its networks want
the same, and honest ones do not. The plan is the omnipresent strategy of Min et al. 2025, arXiv 2501.17858: for
one model, against those next to it, elsewhere as the public.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.ratings.bradley_terry import Fit
from app.ratings.groups import TASTE, GroupCells, GroupResiduals, ratio, residuals
from app.ratings.tallies import Array, Index, Tallies, totals

RIVALS = 8
"""Models next to the plan's, on one side."""
PASSED = (0, 2, 4)
"""Numbers of them that a plan may have overtaken by now: the board holds its votes too."""
FEWEST_LEANING = 20
"""Votes of one group that a plan would decide; with fewer a group is no part of a ring."""
OWN_Z = 2.33
"""A member's own votes fit the plan with a chance below 1 %."""
SHARED_TASTE = TASTE / 3
"""Part of a taste that honest groups may have in common."""
FURTHEST_Z = 37.0
"""The largest z whose normal tail is still a number."""


@dataclass(frozen=True, eq=False)
class Ring:
    """
    Those of ``among`` groups that together fit one plan best: to lift ``model`` (``way`` 1) or sink it (-1).

    ``z`` is each member's own, ``p`` that of all together, corrected for the choice of plan and members. Without
    members ``p`` is 1 and ``model`` -1.
    """

    p: float
    model: int
    way: int
    members: Index
    z: Array
    among: int


@dataclass(frozen=True, eq=False)
class _Lean:
    """(groups,) points for a plan beyond the expected, their variance without tastes and by them, its votes."""

    found: Array
    noise: Array
    tastes: Array
    votes: Array


def ring(by_group: Tallies, fitted: Fit, within: Array | float = 1.0) -> Ring:
    """
    Test R, of accounts or networks. The arguments are those of `suspicion.likelihood`.

    The strongest ring alone: with its votes gone the board is another, and shows the next.
    """
    groups = int(by_group.competition.max(initial=-1)) + 1
    cells = GroupCells.of(by_group.competition, by_group.left, by_group.right, by_group.models, groups)
    rows = residuals(by_group, fitted, within)
    plans = 2 * len(PASSED) * by_group.models
    best = Ring(1.0, -1, 0, np.zeros(0, dtype=np.intp), np.zeros(0), 0)
    for model, way, wanted in _plans(fitted):
        found = _of_plan(_lean(by_group, rows, cells, wanted), plans, model, way)
        if found is not None and found.p < best.p:
            best = found
    return best


def _plans(fitted: Fit) -> Iterator[tuple[int, int, Array]]:
    """List every model up and down, with what is wanted of each model: 1, -1 or nothing."""
    order = np.argsort(-fitted.strength, kind="stable")
    for way, ranked in (1, order), (-1, order[::-1]):
        for place, model in enumerate(ranked.tolist()):
            for passed in PASSED:
                near = ranked[max(0, place + passed - RIVALS) : place + passed + 1]
                wanted = np.zeros(order.size)
                wanted[near], wanted[model] = -way, way
                yield model, way, wanted


def _lean(by_group: Tallies, rows: GroupResiduals, cells: GroupCells, wanted: Array) -> _Lean:
    lean = np.sign(wanted[by_group.left] - wanted[by_group.right])
    swayed = lean * rows.spread
    tastes = cells.over((TASTE * cells.sums(swayed, -swayed)) ** 2)
    found, noise, votes = (
        totals(by_group.competition, values, cells.groups)
        for values in (lean * rows.beyond, lean**2 * rows.noise, np.abs(lean) * by_group.played)
    )
    return _Lean(found, noise, tastes, votes)


def _of_plan(lean: _Lean, plans: int, model: int, way: int) -> Ring | None:
    """Find the most fitting number of members for a plan; Bonferroni corrects for plans and choices of so many."""
    known = lean.votes >= FEWEST_LEANING
    z = np.where(known, ratio(lean.found, lean.noise + lean.tastes), 0.0)
    members = np.flatnonzero(z >= OWN_Z)
    if not members.size:
        return None
    members = members[np.argsort(-z[members], kind="stable")]
    among = int(known.sum())
    tastes = np.cumsum(lean.tastes[members])
    tastes += (SHARED_TASTE / TASTE * np.cumsum(np.sqrt(lean.tastes[members]))) ** 2
    together = np.cumsum(lean.found[members]) / np.sqrt(np.cumsum(lean.noise[members]) + tastes)
    logs = [_log_tail(each) + _log_choices(among, size) for size, each in enumerate(together.tolist(), 1)]
    size = int(np.argmin(logs)) + 1
    p = math.exp(min(0.0, logs[size - 1] + math.log(plans)))
    return Ring(p, model, way, members[:size], z[members[:size]], among)


def _log_tail(z: float) -> float:
    """Return the logarithm of the chance that a standard normal is above z."""
    return math.log(math.erfc(min(z, FURTHEST_Z) / math.sqrt(2)) / 2)


def _log_choices(of: int, some: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(some + 1) - math.lgamma(of - some + 1)
