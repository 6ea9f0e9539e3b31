"""Audit numbers that are pure mathematics: how far off a board could be, and how firm it is."""

from dataclasses import replace

import numpy as np

from app.ratings import scale
from app.ratings.board import ALL, SideTerm, elo_side, sided_pairs
from app.ratings.bradley_terry import Design, Fit, VirtualGames, fit, logistic, strengths
from app.ratings.components import students_quantile
from app.ratings.prompts import prompt_weights
from app.ratings.scale import Anchor
from app.ratings.tallies import Array, Tallies, totals

PRIOR = VirtualGames()
"""The prior of every fit here: an audit compares fits, and needs no learnt one."""
CLUSTERS_AT_ONCE = 4096


def left_advantage(tallies: Tallies) -> SideTerm:
    """Estimate the advantage of the left side in Elo; a fair coin keeps it at zero within its error."""
    return elo_side(fit(Design(sided_pairs(tallies), tallies.models, side=True), PRIOR))


def ratings_of(tallies: Tallies, *, anchor: Anchor = ALL) -> Array:
    """Rate models in Elo points alone, without uncertainty."""
    found = strengths(Design(tallies.pairs(), tallies.models, side=False), PRIOR)
    return scale.to_elo(found - scale.shares(anchor, found.size) @ found, anchor)


def shifts(before: Tallies, after: Tallies, *, anchor: Anchor = ALL) -> Array:
    """
    Return the points each model gains when other tallies of the same models count.

    ``after`` may hold votes weighted with 1/probability (scaled to mean 1), or leave some votes out.
    """
    return ratings_of(after, anchor=anchor) - ratings_of(before, anchor=anchor)


def jackknife(tallies: Tallies, *, anchor: Anchor = ALL) -> tuple[Array, Array]:
    """
    Return the standard errors in Elo points of leaving out one competition at a time,
    and their degrees of freedom.

    Efron and Stein 1981, Annals of Statistics 9. The degrees of freedom are a model's effective number of
    competitions less one. Needs two competitions.
    """
    numbers = np.unique(tallies.competition[tallies.played > 0])
    left_out = np.array([ratings_of(tallies.without(g), anchor=anchor) for g in numbers])
    spread = ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0)
    return np.sqrt((numbers.size - 1) / numbers.size * spread), 1 / prompt_weights(tallies) - 1


def jackknife_halves(tallies: Tallies, *, anchor: Anchor = ALL) -> Array:
    """Return half of the jackknife's 95 % intervals in Elo points, by Student's quantile: competitions are few."""
    errors, freedom = jackknife(tallies, anchor=anchor)
    return students_quantile(np.maximum(freedom, 1.0)) * errors


def clustered_inflation(by_voter: Tallies, *, anchor: Anchor = ALL) -> Array:
    """
    Return how many times wider a model's vote interval is when the votes of one voter hang together.

    In these tallies voters stand where competitions stand elsewhere; needs two. The fit bends towards few voters,
    whose residuals tell too little: of ten independent ones it finds 1.0 in the median, of three 0.9. Liang and
    Zeger 1986, Biometrika 73.
    """
    n, voters = by_voter.models, by_voter.competitions
    fitted = fit(Design(by_voter.pairs(), n, side=False), PRIOR)
    summed = _clustered(by_voter, fitted) * voters / (voters - 1)
    clustered = replace(fitted, filling=summed + np.diag(PRIOR.scatter(fitted.strength)))
    level = scale.gauge(anchor, n)
    return np.sqrt(clustered.covariance(level).diagonal() / fitted.covariance(level).diagonal())


def _clustered(by_voter: Tallies, fitted: Fit) -> Array:
    """Sum over voters, (n, n), the outer product of their votes' summed residuals."""
    voter, cells = by_voter.pairs_by_competition()
    n, total = by_voter.models, np.zeros((by_voter.models, by_voter.models))
    residual = cells.score - cells.played * logistic(fitted.strength[cells.first] - fitted.strength[cells.second])
    for start in range(0, by_voter.competitions, CLUSTERS_AT_ONCE):
        rows = slice(*np.searchsorted(voter, (start, start + CLUSTERS_AT_ONCE)))
        seat, size = (voter[rows] - start) * n, CLUSTERS_AT_ONCE * n
        summed = totals(seat + cells.first[rows], residual[rows], size)
        summed -= totals(seat + cells.second[rows], residual[rows], size)
        total += summed.reshape(-1, n).T @ summed.reshape(-1, n)
    return total
