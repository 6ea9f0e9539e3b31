"""
What a voter adds to the uncertainty: votes of one person share that person's taste (docs/ratings.md 4).

Few voters' boards are theirs, not everybody's. The variance of tastes is common to all models.
"""

from dataclasses import dataclass, replace

import numpy as np

from app.elo_scale import ELO_PER_LOGIT
from app.ratings.bradley_terry import Fit, chances
from app.ratings.components import Residuals, VarianceComponent, estimate, residuals
from app.ratings.prompts import prompt_weights
from app.ratings.tallies import Array, Index, Tallies, distinct, totals

PRIOR_SD = 30 / ELO_PER_LOGIT
"""Logits: a taste's expected standard deviation before the votes; three image raters had 23 to 42 Elo."""
# Rows are weighed before the variance is known, so as if it were this.
TYPICAL = (40 / ELO_PER_LOGIT) ** 2


@dataclass(frozen=True, eq=False)
class Voters:
    """The variance of tastes, and per model the share of it that its voters leave in its mean, (n,)."""

    taste: VarianceComponent
    weights: Array
    count: int


@dataclass(frozen=True, eq=False)
class Ballots:
    """Tallies with voters in the place of competitions, and each row's competition, numbered from 0."""

    by_voter: Tallies
    competition: Index


def learn_voters(ballots: Ballots, fitted: Fit, dispersion: float, prompts: Array | None) -> Voters:
    """Estimate the variance of tastes, and weigh a board's voters."""
    # Of a copy, so that what it remembers of its pairs is forgotten here.
    copied = replace(ballots, by_voter=replace(ballots.by_voter))
    taste = voter_effect(copied, fitted, dispersion, prompts)
    return Voters(taste, voter_weights(copied.by_voter), copied.by_voter.competitions)


def voter_effect(ballots: Ballots, fitted: Fit, dispersion: float, prompts: Array | None) -> VarianceComponent:
    """Estimate the variance of tastes, less what prompts of these variances (n,) do to who met one often."""
    rows = residuals(ballots.by_voter, fitted, dispersion)
    if prompts is not None:
        repeated = _repeated_prompts(ballots, rows, fitted, prompts)
        rows = replace(rows, votes=np.maximum(rows.votes + repeated, rows.votes / 2))
    return estimate(rows.sums(TYPICAL), PRIOR_SD, ballots.by_voter.competitions)


def _repeated_prompts(ballots: Ballots, rows: Residuals, fitted: Fit, prompts: Array) -> Array:
    """Return (rows,) by how much more variance prompts leave in a voter's residuals than prompts met at random."""
    tallies, n = ballots.by_voter, ballots.by_voter.models
    count = int(ballots.competition.max(initial=0)) + 1
    together, apart = _exposures(tallies, tallies.competition, fitted)
    exposure, alone = _exposures(tallies, tallies.competition * count + ballots.competition, fitted)
    of_voter = exposure.key // (count * n) * n + exposure.key % n
    place = np.searchsorted(together.key, of_voter)
    size = together.key.size
    usual = prompt_weights(replace(tallies, competition=ballots.competition))
    model = together.key % n
    repeated = totals(place, exposure.sums**2, size) - totals(place, alone.sums, size)
    expected = usual[model] * (together.sums**2 - apart.sums)
    found = prompts[model] * (repeated - expected)
    numbers = np.unique(tallies.competition[tallies.played > 0])
    return np.asarray(found[np.searchsorted(together.key, numbers[rows.cluster] * n + rows.model)])


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums by key, ascending; a key is cluster · models + model."""

    key: Index
    sums: Array


def _exposures(tallies: Tallies, cluster: Index, fitted: Fit) -> tuple[_Sums, _Sums]:
    """Return the information per cluster and model, and the squares of its single votes."""
    variance = chances(fitted.strength[tallies.left] - fitted.strength[tallies.right])[1]
    n = tallies.models
    keys = np.concatenate([cluster * n + tallies.left, cluster * n + tallies.right])
    key, place = distinct(keys, int(keys.max(initial=-1)) + 1)
    information, single = tallies.played * variance, tallies.played * variance**2
    found = (totals(place, np.tile(each, 2), key.size) for each in (information, single))
    whole, alone = (_Sums(key, each) for each in found)
    return whole, alone


def voter_weights(by_voter: Tallies) -> Array:
    """Return the (n,) share of a model's pairs of votes by one voter: 1 for a single one, 0 for a vote each."""
    return weights_of_sums(*vote_sums(by_voter))


def vote_sums(by_voter: Tallies) -> tuple[Array, Array]:
    """Return (n,) each model's votes, and the sum over voters of their squared numbers."""
    battles = by_voter.battles_by_competition()
    return battles.sum(axis=0), (battles**2).sum(axis=0)


def weights_of_sums(votes: Array, squares: Array) -> Array:
    """Return (n,) weights from votes and their squares per voter; a vote shares its taste with others only."""
    return np.asarray((squares - votes) / np.maximum(votes, 1.0) ** 2)


def voter_shifts(voters: Voters) -> Array:
    """Return the (n,) variances by which the tastes of a finite number of voters shift the models' votes."""
    return voters.taste.variance * voters.weights
