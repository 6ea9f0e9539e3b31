"""
What a voter adds to the uncertainty: votes of one person share that person's taste (docs/ratings.md 4).

Few voters' boards are theirs, not everybody's. The variance of tastes is common to all models.
"""

from dataclasses import dataclass

import numpy as np

from app.ratings.bradley_terry import Fit
from app.ratings.components import Component, estimate, residuals
from app.ratings.scale import ELO_PER_LOGIT
from app.ratings.tallies import Array, Tallies

BELIEF = 30 / ELO_PER_LOGIT
"""Logits: a taste's expected standard deviation before the votes; three image raters had 23 to 42 Elo."""
TYPICAL = (40 / ELO_PER_LOGIT) ** 2


@dataclass(frozen=True, eq=False)
class Voters:
    """The variance of tastes, and per model the share of it that its voters leave in its mean, (n,)."""

    taste: Component
    weights: Array
    count: int


def voter_effect(by_voter: Tallies, fitted: Fit, dispersion: float) -> Component:
    """The variance of tastes; in these tallies voters stand where competitions stand elsewhere."""
    return estimate(residuals(by_voter, fitted, dispersion).sums(TYPICAL), BELIEF, by_voter.competitions)


def voter_weights(by_voter: Tallies) -> Array:
    """(n,) share of a model's pairs of votes that are of one voter: 1 for a single voter, 0 for one vote each."""
    return weights_of_sums(*vote_sums(by_voter))


def vote_sums(by_voter: Tallies) -> tuple[Array, Array]:
    """(n,) each model's votes, and the sum over voters of their squared numbers."""
    battles = by_voter.battles_by_competition()
    return battles.sum(axis=0), (battles**2).sum(axis=0)


def weights_of_sums(votes: Array, squares: Array) -> Array:
    """(n,) weights from a model's votes and their squares per voter; a vote shares its taste with others only."""
    return np.asarray((squares - votes) / np.maximum(votes, 1.0) ** 2)


def voter_covariance(voters: Voters, fitted: Fit) -> Array:
    """(n, n) of the strengths, by the tastes of a finite number of voters."""
    n = fitted.strength.size
    follows = fitted.bread[:n] @ fitted.votes[:, :n]
    return np.asarray((follows * (voters.taste.variance * voters.weights)) @ follows.T)
