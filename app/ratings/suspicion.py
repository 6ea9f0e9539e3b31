"""
Tests of who voted, as arrays: what an account or a network did that honest voting does not explain.

A group is one account or one network prefix, numbered from 0. The integrity sweep runs these tests on the
database, `python -m scripts.attacks` on simulated logs; docs/integrity.md says what they find and what they miss.
All are sparse: cost and memory follow the rows, not groups times models.
"""

from dataclasses import dataclass

import numpy as np

from app.ratings.bradley_terry import Fit
from app.ratings.groups import TASTE, GroupCells, GroupResiduals, ratio, residuals, two_sided
from app.ratings.tallies import Array, Counts, Index, Mask, Tallies, totals

ALPHA = 1e-3
"""A group is suspicious below this; every p-value here is already corrected for the models it looked at."""
FEWEST_VOTES = 5
"""A group with fewer votes is not held against the board."""
VOTER_CAP, NETWORK_CAP = 40, 120
SKIP_SHARE, SKIPS_FROM = 0.6, 20
NEGLIGIBLE = 1e-12


@dataclass(frozen=True, eq=False)
class Exposure:
    """
    Per group: whether its votes sit on one model more than the matchups it was issued explain.

    ``model`` is the one they sit on most, -1 for a group that answered all or none; ``issued`` and ``answered``
    count all matchups of the group, ``issued_there`` and ``answered_there`` those that showed this model.
    """

    p: Array
    model: Index
    issued: Array
    answered: Array
    issued_there: Array
    answered_there: Array


@dataclass(frozen=True, eq=False)
class Likelihood:
    """
    Per group: how its votes agree with the board that the others' votes make.

    ``z`` is the log-likelihood's distance from its mean in standard deviations, negative for votes against the
    board. ``model_z`` is the score of ``model`` (the oddest one; -1 below FEWEST_VOTES votes), positive when
    favoured, negative when buried; ``pattern`` the p-value of all models' scores together. ``p`` covers the three.
    """

    p: Array
    votes: Array
    z: Array
    model: Index
    model_z: Array
    pattern: Array


def exposure(
    group: Index, left: Index, right: Index, issued: Counts, answered: Counts, *, groups: int, models: int
) -> Exposure:
    """
    Test E. A row is a matchup (``issued`` 1), or several of one group and pair.

    ``answered`` are those of them with a vote that stands, counted or beyond a cap: skips, undone votes and
    matchups seen but let expire are issued and not answered; matchups never seen are left out. Given what was
    issued, who answers without an eye to the models answers a random part: Fisher's exact test (1934),
    hypergeometric, one-sided, per model, times the number of models (Bonferroni).
    """
    cells = GroupCells.of(group, left, right, models, groups)
    seen, taken = cells.sums(issued, issued), cells.sums(answered, answered)
    all_seen, all_taken = totals(group, issued, groups), totals(group, answered, groups)
    tail = _hypergeometric_tail(taken, seen, all_taken[cells.group], all_seen[cells.group])
    p = np.ones(groups)
    model, there, voted = np.full(groups, -1, dtype=np.intp), np.zeros(groups), np.zeros(groups)
    at = cells.smallest(tail)
    at = at[tail[at] < 1]
    found = cells.group[at]
    p[found] = np.minimum(1.0, tail[at] * cells.met[found])
    model[found], there[found], voted[found] = cells.model[at], seen[at], taken[at]
    return Exposure(p, model, all_seen, all_taken, there, voted)


def likelihood(by_group: Tallies, fitted: Fit, within: Array | float = 1.0) -> Likelihood:
    """
    Test groups for likelihood: accounts for test L, networks for test C.
    Tallies name groups as their competitions.

    Their votes are all that stand, counted or beyond a cap; ``within`` is the share of each row's that are in
    ``fitted``, the board's fit without side term. Each group is compared with what the others say by one Newton
    step back. With a score S of 1, 1/2 or 0 the log-likelihood of a vote is
    log q + S·log(p/q), linear in S like a model's score; S has mean p and variance pq less what ties take,
    whose chance is taken as proportional to pq.
    """
    group, groups = by_group.competition, int(by_group.competition.max(initial=-1)) + 1
    cells = GroupCells.of(group, by_group.left, by_group.right, by_group.models, groups)
    rows = residuals(by_group, fitted, within)
    votes = totals(group, by_group.played, groups)
    z = _log_likelihood_z(group, rows, cells)
    variance = cells.sums(rows.noise, rows.noise) + (TASTE * cells.sums(rows.spread, rows.spread)) ** 2
    model_z = ratio(cells.sums(rows.beyond, -rows.beyond), variance)
    correlation = cells.squared_correlation(rows.noise, variance)
    pattern = _chi_squared_tail(cells.over(model_z**2), cells.met, 2 * correlation)
    enough = votes >= FEWEST_VOTES
    at = cells.smallest(-np.abs(model_z))
    at = at[enough[cells.group[at]]]
    oddest, oddest_z = np.full(groups, -1, dtype=np.intp), np.zeros(groups)
    oddest[cells.group[at]], oddest_z[cells.group[at]] = cells.model[at], model_z[at]
    tests = np.array([two_sided(z), cells.met * two_sided(oddest_z), pattern])
    p = np.where(enough, np.minimum(1.0, len(tests) * tests.min(axis=0)), 1.0)
    return Likelihood(p, votes, z, oddest, oddest_z, pattern)


def skip_share(issued: Counts, skipped: Counts) -> Mask:
    """Mark who skipped more than SKIP_SHARE of at least SKIPS_FROM matchups."""
    return np.asarray((issued >= SKIPS_FROM) & (skipped > SKIP_SHARE * issued))


def capped(voter: Index, network: Index, *, per_voter: int = VOTER_CAP, per_network: int = NETWORK_CAP) -> Mask:
    """
    Mark which matchups of one window count, in the order of issue: the first of each voter and network.

    A matchup beyond the voter's cap still uses up the network's.
    """
    return np.asarray((earlier(voter) < per_voter) & (earlier(network) < per_network))


def earlier(key: Index) -> Index:
    """Count how often each element's value stood before it."""
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if key.size else order
    sizes = np.diff(np.append(starts, key.size))
    counted = np.empty(key.size, dtype=np.intp)
    counted[order] = np.arange(key.size) - np.repeat(starts, sizes)
    return counted


def _log_likelihood_z(group: Index, rows: GroupResiduals, cells: GroupCells) -> Array:
    weighted = rows.logit * rows.spread
    tastes = cells.over((TASTE * cells.sums(weighted, -weighted)) ** 2)
    found, noise = (
        totals(group, values, cells.groups) for values in (rows.logit * rows.beyond, rows.logit**2 * rows.noise)
    )
    return ratio(found, noise + tastes)


def _hypergeometric_tail(hits: Array, marked: Array, drawn: Array, size: Array) -> Array:
    """
    P(X >= hits), X the marked ones among ``drawn`` of ``size`` with ``marked`` marked; given as 1 up to the mean.

    The terms are added up until they no longer matter, all cells at once.
    """
    tail = np.ones(hits.size)
    at = np.flatnonzero(hits * size > marked * drawn)
    x, k, n, m = hits[at], marked[at], drawn[at], size[at]
    log = np.append(0.0, np.cumsum(np.log(np.arange(1, m.max(initial=0) + 1))))

    def choose(of: Array, some: Array) -> Array:
        return np.asarray(log[of.astype(np.intp)] - log[some.astype(np.intp)] - log[(of - some).astype(np.intp)])

    term = np.exp(choose(k, x) + choose(m - k, n - x) - choose(m, n))
    total = term.copy()
    while (term > NEGLIGIBLE * total).any():
        term = term * (k - x) * (n - x) / ((x + 1) * (m - k - n + x + 1))
        total, x = total + term, x + 1
    tail[at] = np.minimum(total, 1.0)
    return tail


def _chi_squared_tail(value: Array, mean: Array, variance: Array) -> Array:
    """
    Return P(X >= value) for a weighted sum of squared normals of this mean and variance; 1 where the mean is 0.

    Satterthwaite 1946, Biometrics 2 (as a multiple of a chi-squared); Wilson and Hilferty 1931, PNAS 17 (whose
    cube root is nearly normal).
    """
    tail, at = np.ones(value.size), np.flatnonzero(mean)
    spread = variance[at] / (9 * mean[at] ** 2)  # 2/9 of the reciprocal of the degrees of freedom
    z = (np.cbrt(value[at] / mean[at]) - (1 - spread)) / np.sqrt(spread)
    half = two_sided(z) / 2
    tail[at] = np.where(z > 0, half, 1 - half)
    return tail
