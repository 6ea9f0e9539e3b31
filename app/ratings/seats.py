"""
Sums over the votes of one model in one cluster, a competition or a voter: what variance components are made of.

Where most pairs met in most clusters they are sums over a grid of battles, and else over the pairs that met there.
"""

from dataclasses import dataclass

import numpy as np

from app.ratings.groups import GroupCells
from app.ratings.odds import chances_by_odds, odds
from app.ratings.tallies import Array, Index, Tallies

TINY = np.finfo(float).tiny


@dataclass(frozen=True, eq=False)
class Seats:
    """
    A row per cluster and model that met there, in their order.

    ``residual`` is the score beyond what strengths let expect, ``information`` the sum of p(1 - p). ``together``
    sums the squares of each opponent's information, ``alone`` those of each vote's, and ``uneven`` those of by how
    much an opponent's information differs from its part of the model's in all clusters.
    """

    cluster: Index
    model: Index
    residual: Array
    information: Array
    together: Array
    alone: Array
    uneven: Array


def sum_seats(by_cluster: Tallies, strength: Array) -> Seats:
    """Sum up the votes of each model in each cluster at these strengths, (n,) in logits."""
    return _sum_blocks(by_cluster, strength) if by_cluster.is_dense else _sum_pairs(by_cluster, strength)


def _sum_blocks(by_cluster: Tallies, strength: Array) -> Seats:
    of_model = odds(strength)
    chance, variance = chances_by_odds(of_model[:, None], of_model)
    # One pass over the battles for four sums: per model a product of (clusters, n) and (n, 4).
    met, squared = by_cluster.games * variance, variance**2
    factors = np.stack([chance, variance, squared, variance * met], axis=2)
    sums = np.zeros((5, by_cluster.competitions, by_cluster.models))
    for here in by_cluster.blocks():
        battles, at = here.battles, here.competitions
        sums[:4, at] = np.matmul(battles.transpose(1, 0, 2), factors).T
        sums[0, at] = here.points - sums[0, at]
        sums[4, at] = np.einsum("gij,gij,ij->gi", battles, battles, squared)
    cluster, model = np.nonzero(sums[1])
    residual, information, alone, crossed, together = sums[:, cluster, model]
    uneven = _uneven(information, together, crossed, met, model)
    return Seats(cluster, model, residual, information, together, alone, uneven)


def _sum_pairs(by_cluster: Tallies, strength: Array) -> Seats:
    cluster, cells = by_cluster.pairs_by_competition()
    seats = GroupCells.of(cluster, cells.first, cells.second, by_cluster.models, by_cluster.competitions)
    of_model = odds(strength)
    chance, variance = chances_by_odds(of_model[cells.first], of_model[cells.second])
    residual = cells.score - cells.played * chance
    single = cells.played * variance
    met = by_cluster.games * chances_by_odds(of_model[:, None], of_model)[1]
    evenly = single, single**2, single * variance, single * met[cells.first, cells.second]
    information, together, alone, crossed = (seats.sums(each, each) for each in evenly)
    uneven = _uneven(information, together, crossed, met, seats.model)
    return Seats(seats.group, seats.model, seats.sums(residual, -residual), information, together, alone, uneven)


def _uneven(information: Array, together: Array, crossed: Array, met: Array, model: Index) -> Array:
    """
    Return (rows,) sums over opponents j of (I_gij - π_gi I_ij)², π_gi a cluster's part of a model's information.

    ``met`` is I, (n, n), over all clusters; ``crossed`` sums I_gij I_ij.
    """
    share = information / np.maximum(met.sum(axis=1), TINY)[model]
    return np.asarray(np.maximum(together - 2 * share * crossed + share**2 * (met**2).sum(axis=1)[model], 0.0))
