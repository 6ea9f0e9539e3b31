"""
Sums over the votes of one model in one cluster, a competition or a voter: what variance components are made of.

Where most pairs met in most clusters they are sums over a grid of battles, and else over the pairs that met there.
"""

from dataclasses import dataclass

import numpy as np

from app.ratings.bradley_terry import chances
from app.ratings.groups import GroupCells
from app.ratings.tallies import Array, Index, Tallies


@dataclass(frozen=True, eq=False)
class Seats:
    """
    A row per cluster and model that met there, in their order.

    ``residual`` is the score beyond what strengths let expect, ``information`` the sum of p(1 - p). ``together``
    sums the squares of each opponent's information, ``alone`` those of each vote's.
    """

    cluster: Index
    model: Index
    residual: Array
    information: Array
    together: Array
    alone: Array


def sum_seats(by_cluster: Tallies, strength: Array) -> Seats:
    """Sum up the votes of each model in each cluster at these strengths, (n,) in logits."""
    return _sum_blocks(by_cluster, strength) if by_cluster.is_dense else _sum_pairs(by_cluster, strength)


def _sum_blocks(by_cluster: Tallies, strength: Array) -> Seats:
    chance, variance = chances(strength[:, None] - strength)
    # One pass over the battles for three sums: per model a product of (clusters, n) and (n, 3).
    factors, squared = np.stack([chance, variance, variance**2], axis=2), variance**2
    sums = np.zeros((4, by_cluster.competitions, by_cluster.models))
    for here in by_cluster.blocks():
        battles, at = here.battles, here.competitions
        sums[:3, at] = np.matmul(battles.transpose(1, 0, 2), factors).T
        sums[0, at] = here.points - sums[0, at]
        sums[3, at] = np.einsum("gij,gij,ij->gi", battles, battles, squared)
    residual, information, alone, together = sums
    cluster, model = np.nonzero(information)
    return Seats(cluster, model, *(each[cluster, model] for each in (residual, information, together, alone)))


def _sum_pairs(by_cluster: Tallies, strength: Array) -> Seats:
    cluster, cells = by_cluster.pairs_by_competition()
    seats = GroupCells.of(cluster, cells.first, cells.second, by_cluster.models, by_cluster.competitions)
    chance, variance = chances(strength[cells.first] - strength[cells.second])
    residual = cells.score - cells.played * chance
    information, alone = cells.played * variance, cells.played * variance**2
    evenly = (seats.sums(each, each) for each in (information, information**2, alone))
    return Seats(seats.group, seats.model, seats.sums(residual, -residual), *evenly)
