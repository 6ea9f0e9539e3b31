"""
What pairs add to the uncertainty: A may beat B, B beat C, and C beat A (docs/ratings.md 4).

A rating is meant for even meetings of all models; pairing that seeks close pairs weighs their own effects more.
The effect's variance is estimated from pairs whose results the strengths do not explain.
"""

import numpy as np

from app.elo_scale import ELO_PER_LOGIT
from app.ratings.bradley_terry import Design, Fit, chances
from app.ratings.components import Residuals, VarianceComponent, estimate, vote_noise
from app.ratings.prompts import MANY_MODELS
from app.ratings.tallies import Array, Cells, Tallies, totals

ABSENT = 0.8
"""How likely it is before the votes that pairs have no effects of their own; real arenas have 0 to 7 Elo."""
PRIOR_SD = 10 / ELO_PER_LOGIT
"""Logits: what is expected of the effect's standard deviation where there is one."""
# Rows are weighed before the variance is known, so as if it were this.
TYPICAL = (20 / ELO_PER_LOGIT) ** 2


def pair_effect(tallies: Tallies, fitted: Fit, dispersion: float, prompts: Array | None) -> VarianceComponent:
    """Estimate the variance of pairs' own effects, less what prompts of these variances (n,) leave in pairs."""
    cells = tallies.pairs()
    there = fitted.at(cells)
    chance, variance = there.chances
    information = cells.played * variance
    taken = np.minimum(information * fitted.scale * there.apart, 1.0)
    votes = vote_noise(cells, fitted, dispersion) * information * (1 - taken)
    if prompts is not None:
        votes = np.maximum(votes + information**2 * _prompts_of_pairs(tallies, cells, prompts), votes / 2)
    effect = np.maximum(information**2 - cells.played * variance**2, 0.0) * (1 - taken) ** 2
    squared = (cells.score - cells.played * chance) ** 2
    nothing = np.zeros(cells.first.size)
    rows = Residuals(
        cells.first, cells.first, squared, votes, effect, nothing, 1 - taken, np.ones(cells.first.size)
    )
    return estimate(rows.sums(TYPICAL), PRIOR_SD, cells.first.size, absent=ABSENT)


def pair_covariance(tallies: Tallies, fitted: Fit, variance: float) -> Array:
    """
    Return (n, n) of the strengths' distance from those that even meetings of all pairs would give.

    Of many models, the distance from strengths that no pair's effect moves: it moves an even fit by an n-th part.
    """
    n, met = tallies.models, tallies.pairs()
    design = Design(met, n, side=False)
    spread = fitted.at(met).chances[1]
    weighed = fitted.scale * met.played * spread
    uneven = fitted.bread[:n, :n]
    if n > MANY_MODELS:
        return np.asarray(variance * (uneven @ design.gram(weighed**2) @ uneven))
    first, second = np.triu_indices(n, 1)
    nothing = np.zeros(first.size)
    every = Design(Cells(first, second, nothing, nothing, nothing), n, side=False)
    even = chances(every.rows(fitted.strength))[1]
    level = np.full((n, n), even.mean() if even.size else 1.0)
    fair = np.linalg.inv(every.gram(even) + level)
    crossed = uneven @ design.gram(weighed * spread) @ fair
    return np.asarray(
        variance
        * (uneven @ design.gram(weighed**2) @ uneven - crossed - crossed.T + fair @ every.gram(even**2) @ fair)
    )


def _prompts_of_pairs(tallies: Tallies, cells: Cells, prompts: Array) -> Array:
    """
    Return the (cells,) variance that prompts leave in a pair's result beyond that of single votes.

    Its prompts are not those of its models' others. Below 0 where each vote has a prompt of its own, since the
    fit takes up the others' part of it.
    """
    if tallies.is_dense:
        return _prompts_of_blocks(tallies, cells, prompts)
    group, parts = tallies.pairs_by_competition()
    n, count = tallies.models, max(tallies.competitions, 1)
    numbers = np.zeros(n * n, dtype=np.intp)
    numbers[cells.first * n + cells.second] = np.arange(cells.first.size)
    pair = numbers[parts.first * n + parts.second]
    share = parts.played / cells.played[pair]
    battles = tallies.battles_by_competition().reshape(count, n) if tallies.competitions else np.zeros((1, n))
    usual = battles / np.maximum(battles.sum(axis=0), 1.0)
    found = np.zeros(cells.first.size)
    for side, seats in ((cells.first, parts.first), (cells.second, parts.second)):
        twice = share**2 - share / cells.played[pair]
        here = totals(pair, twice - 2 * share * usual[group, seats], cells.first.size)
        found += prompts[side] * (here + (usual**2).sum(axis=0)[side])
    return found


def _prompts_of_blocks(tallies: Tallies, cells: Cells, prompts: Array) -> Array:
    battles = tallies.battles_by_competition()
    usual = battles / np.maximum(battles.sum(axis=0), 1.0)
    own, shared = np.zeros((2, tallies.models, tallies.models))
    for here in tallies.blocks():
        met = here.battles
        own += np.einsum("gij,gij->ij", met, met)
        shared += np.einsum("gij,gi->ij", met, usual[here.competitions])
    of_pair = np.maximum(tallies.games, 1.0)
    left = (own - of_pair) / of_pair**2 - 2 * shared / of_pair + (usual**2).sum(axis=0)[:, None]
    found = prompts[:, None] * left
    return np.asarray((found + found.T)[cells.first, cells.second])
