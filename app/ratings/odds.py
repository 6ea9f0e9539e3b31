"""
Chances by the odds of models, and what battles of each pair tell there: an exponential a model, not one a pair.

The odds of a model are exp of its strength; the one scores against the other with probability one / (one + other).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.ratings.matrices import laplacian
from app.ratings.tallies import Array, Tallies

FARTHEST = 300.0
"""Logits: odds beyond have no product that is a number, nor are they ever fitted."""


def odds(strength: Array) -> Array:
    """Return exp of the strengths: n of them instead of one for each pair."""
    return np.exp(np.minimum(np.maximum(strength, -FARTHEST), FARTHEST))


def chances_by_odds(one: Array, other: Array) -> tuple[Array, Array]:
    """Return the chance p that the one scores against the other, and p(1 - p), exact in the far tails too."""
    both = one + other
    chance, variance = one / both, other / both
    variance *= chance
    return chance, variance


@dataclass(frozen=True, eq=False)
class PairBattles:
    """
    Battles of each pair, (n, n) and symmetric, and points of each model, (n,): what a fit without a side needs.

    Those of many boards of as many models have the boards first: (boards, n, n) and (boards, n).
    """

    games: Array
    points: Array

    side = False

    @classmethod
    def of(cls, boards: Sequence[Tallies]) -> "PairBattles":
        """Stack the battles of boards of as many models."""
        games = np.array([board.games for board in boards])
        points = np.array([board.wins.sum(axis=1) + board.tied.sum(axis=1) / 2 for board in boards])
        return cls(games, points)

    @property
    def models(self) -> int:
        return int(self.points.shape[-1])

    def divided(self, by: float) -> "PairBattles":
        """Return the same battles, each counting as a part of one."""
        return PairBattles(self.games / by, self.points / by)

    def slope(self, x: Array) -> tuple[Array, Array]:
        """Return the slope of the votes' log-likelihood at x, and its information there, minus the curvature."""
        # By whole matrices, each of a few passes over memory: gathering pairs from models takes longer.
        single, one = odds(x), np.ones(x.shape[-1])
        both = single[..., None] + single[..., None, :]
        weights = self.games / both
        slope = self.points - single * (weights @ one)
        weights /= both
        weights *= single[..., None, :]
        weights *= single[..., None]
        return slope, laplacian(weights)
