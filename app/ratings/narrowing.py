"""
Tells how much a few votes narrow the intervals of a board's models.

A vote on a pair adds p(1 - p) to the information about their difference (Bradley and Terry 1952, Biometrika 39).
Taking it away at the strengths fitted to all votes needs no second fit, and never makes an interval narrower.
"""

from dataclasses import dataclass

import numpy as np

from app.elo_scale import ELO_PER_LOGIT, Z_95
from app.ratings import scale
from app.ratings.bradley_terry import Design, Fit, chances
from app.ratings.matrices import centred
from app.ratings.model import fit_with_prior
from app.ratings.scale import Anchor
from app.ratings.tallies import Array, Cells, Index, Tallies

ALL = Anchor()


@dataclass(frozen=True, eq=False)
class IntervalWidths:
    """(n,) half widths of 95 % intervals by votes alone, in Elo points, with some votes and without them."""

    with_votes: Array
    without_votes: Array


def narrow(tallies: Tallies, first: Index, second: Index) -> IntervalWidths:
    """
    Compare the intervals of a board that counts these votes with those it would have without them.

    The votes are those on the pairs (first[i], second[i]) of model indices; a tie tells as much as a win.
    """
    n, level = tallies.models, scale.gauge(ALL, tallies.models)
    fitted = fit_with_prior(Design(tallies.pairs(), n, side=False)).fit
    less = fitted.information - _information(fitted, first, second)
    now, before = (
        np.sqrt(np.maximum(centred(np.asarray(np.linalg.inv(known), dtype=np.float64), level).diagonal(), 0.0))
        for known in (fitted.information, less)
    )
    half = Z_95 * ELO_PER_LOGIT * np.sqrt(np.maximum(fitted.covariance(level).diagonal(), 0.0))
    return IntervalWidths(half, half * before / now)


def _information(fitted: Fit, first: Index, second: Index) -> Array:
    """Return the (n, n) information of one vote on each of these pairs, at the fitted strengths."""
    one = np.ones(first.size)
    design = Design(Cells(first, second, one, 0 * one, 0 * one), fitted.strength.size, side=False)
    return design.gram(fitted.scale * chances(design.rows(fitted.strength))[1])
