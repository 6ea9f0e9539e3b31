"""
Log-strength to Elo points and back, and the anchor that fixes the level.

A strength is a natural log-odds; 400 Elo points are odds of ten to one (Elo 1978, The Rating of
Chessplayers).
"""

from dataclasses import dataclass

import numpy as np

from app.elo_scale import ELO_PER_LOGIT
from app.ratings.tallies import Array


@dataclass(frozen=True)
class Anchor:
    """
    The mean of these models (indices; none means all) has this rating in Elo points.

    A single model fixes the points only: intervals are then those of the distance to the mean of all, because
    a covariance centred on one model gives that model no width and everybody else too much.
    """

    models: tuple[int, ...] = ()
    value: float = 1000.0

    def __post_init__(self) -> None:
        """Raise ValueError for a model named twice."""
        if len(set(self.models)) < len(self.models):
            raise ValueError("the anchor names a model twice")


def shares(anchor: Anchor, models: int) -> Array:
    """Return (models,) weights whose product with the strengths is the level the points are counted from."""
    weights = np.zeros(models)
    weights[list(anchor.models) or slice(None)] = 1.0 / (len(anchor.models) or max(models, 1))
    return weights


def gauge(anchor: Anchor, models: int) -> Array:
    """Return (models,) weights of the level that intervals are counted from."""
    return shares(anchor if len(anchor.models) > 1 else Anchor(), models)


def to_elo(strength: Array, anchor: Anchor) -> Array:
    """Convert strengths that are already counted from the anchor's level to Elo points."""
    return anchor.value + ELO_PER_LOGIT * strength
