"""
The prior of the strengths, learnt from the board: normal around the middle, as wide as the votes say.

Empirical Bayes: the spread's marginal likelihood by Laplace's approximation (MacKay 1992, Neural Computation 4),
under a weak belief that holds boards of a few votes. Ties make scores vary less than coin tosses would: the
likelihood is divided by that dispersion (McCullagh and Nelder 1989, Generalized Linear Models, chapter 9).
"""

from dataclasses import dataclass, replace

import numpy as np

from app.ratings.bradley_terry import Design, Fit, Known, chances, strengths
from app.ratings.tallies import Array, Cells

GRID = np.exp(np.linspace(np.log(0.03), np.log(4.0), 61))
"""Spreads looked at, in logits: 5 to 700 Elo points."""
TYPICAL, TYPICAL_WITHIN = 0.7, 0.7
"""Logits (122 Elo), and by how much its logarithm differs between boards: 31 to 480 Elo points is 95 %."""
CHECKED = np.array([0.5, 1.0, 2.0])
"""Spreads, in parts of a first estimate, at which the likelihood is not taken for a parabola."""
EXPECTED_TIES, EXPECTED_VOTES = 1.0, 4.0
"""Ties and votes added before a share of ties is taken, so that one tie is no certainty."""
# The likelihood is divided by it: on a board of nothing but ties a vote would otherwise weigh without limit.
LEAST_DISPERSION = 0.2


@dataclass(frozen=True, eq=False)
class Spread:
    """
    The standard deviation of a board's strengths, its standard error, both in logits, and the dispersion.

    ``dispersion`` is the variance of a score in parts of p(1-p): 1 without ties.
    """

    sd: float
    error: float
    dispersion: float


@dataclass(frozen=True, eq=False)
class SpreadLikelihood:
    """The log-likelihood near its maximum as a parabola, in the axes where its curvature is diagonal."""

    axes: Array
    curvature: Array
    slope: Array

    def shrunk(self, sd: Array) -> tuple[Array, Array]:
        """Return the variance along each axis, and the strengths, (n, spreads) each, by prior spread."""
        variance = 1 / (self.curvature[:, None] + 1 / sd**2)
        return variance, self.axes @ (variance * self.slope[:, None])

    def evidence(self, sd: Array) -> Array:
        """Log of the chance of these votes, by prior spread, up to a constant."""
        gain = 1 + self.curvature[:, None] * sd**2
        return np.asarray((self.slope[:, None] ** 2 * sd**2 / gain - np.log(gain)).sum(axis=0) / 2)


def dispersion(tied: float, spread: float) -> float:
    """Estimate the score's dispersion from the ties and the votes' sum of p(1-p): a tie takes off a quarter."""
    ties = (tied + EXPECTED_TIES) / (4 * spread + EXPECTED_VOTES)
    return max(LEAST_DISPERSION, 1 - ties)


def learn(design: Design) -> tuple[Fit, Spread]:
    """Fit the strengths and their spread; the covariance knows that the spread is an estimate too."""
    cells, n = design.cells, design.models
    dispersed = dispersion(cells.tied.sum(), cells.played.sum() / 4)
    scaled = replace(design, cells=divided(cells, dispersed))
    seen = _likelihood(scaled, strengths(scaled, normal(n, TYPICAL)))
    weights = _weights(seen.evidence(GRID))
    strength = seen.shrunk(np.array([weights @ GRID]))[1][:, 0]
    dispersed = dispersion(cells.tied.sum(), float(cells.played @ chances(design.rows(strength))[1]))
    scaled = replace(design, cells=divided(cells, dispersed))
    seen = _likelihood(scaled, strength)
    weights = _weights(_corrected(scaled, seen, float(weights @ GRID)))
    sd = float(weights @ GRID)
    spread = Spread(sd, float(np.sqrt(weights @ (GRID - sd) ** 2)), dispersed)
    return replace(held(design, spread, start=strength), doubt=_doubt(seen, _leaning(weights), sd)), spread


def held(design: Design, spread: Spread, start: Array | None = None) -> Fit:
    """Fit the strengths with this spread as if it were certain."""
    scaled = replace(design, cells=divided(design.cells, spread.dispersion))
    belief = normal(design.models, spread.sd)
    if start is not None and design.side:
        start = np.append(start, 0.0)
    x = strengths(scaled, belief, start=start)
    n = design.models
    votes = scaled.gram(scaled.cells.played * chances(scaled.rows(x))[1])
    information = votes.copy()
    information[np.arange(n), np.arange(n)] += belief.precision
    return Fit(x[:n], float(x[n:].sum()), information, information, votes, 1 / spread.dispersion)


def normal(models: int, sd: float) -> Known:
    """Each strength is normal around the middle."""
    return Known(np.zeros(models), np.full(models, sd**-2))


def divided(cells: Cells, by: float) -> Cells:
    """Return the same battles, each counting as a part of one."""
    return Cells(cells.first, cells.second, cells.won / by, cells.lost / by, cells.tied / by)


def _likelihood(design: Design, strength: Array) -> SpreadLikelihood:
    """Build the likelihood of the spread from the votes alone, around these strengths."""
    cells = design.cells
    chance, variance = chances(design.rows(strength))
    information = design.gram(cells.played * variance)
    curvature, axes = np.linalg.eigh(information)
    slope = axes.T @ (information @ strength + design.columns(cells.score - cells.played * chance))
    return SpreadLikelihood(axes, np.maximum(curvature, 0.0), slope)


def _corrected(design: Design, seen: SpreadLikelihood, sd: float) -> Array:
    """Return (spreads,) log evidence: what the parabola misses at three spreads is interpolated between them."""
    tried = sd * CHECKED
    found, strength = [], seen.shrunk(tried)[1]
    for each, start in zip(tried.tolist(), strength.T, strict=True):
        found.append(_evidence(design, each, start))
    missed = np.polynomial.polynomial.polyfit(np.log(tried), found - seen.evidence(tried), 2)
    within = np.clip(np.log(GRID), np.log(tried[0]), np.log(tried[-1]))
    return np.asarray(seen.evidence(GRID) + np.polynomial.polynomial.polyval(within, missed))


def _evidence(design: Design, sd: float, start: Array) -> float:
    """Log of the chance of these votes with this spread, by Laplace's approximation, up to a constant."""
    strength, cells = strengths(design, normal(design.models, sd), start=start), design.cells
    gap = design.rows(strength)
    variance = chances(gap)[1]
    votes = (cells.score * gap).sum() - (cells.played * np.logaddexp(0.0, gap)).sum()
    gain = np.eye(design.models) + sd**2 * design.gram(cells.played * variance)
    return float(votes - strength @ strength / (2 * sd**2) - np.linalg.slogdet(gain)[1] / 2)


def _weights(evidence: Array) -> Array:
    """Return (spreads,) how likely each is."""
    logarithm = evidence - (np.log(GRID / TYPICAL) / TYPICAL_WITHIN) ** 2 / 2
    weights = np.exp(logarithm - logarithm.max())
    return np.asarray(weights / weights.sum())


def _leaning(weights: Array) -> Array:
    """
    Return (spreads,) the weights, leaning towards wide spreads, for intervals.

    A spread taken too small makes every interval too narrow; one too large widens them by little. Without this, 90
    instead of 95 % are covered at five votes a model (`scripts/bench/coverage.py`).
    """
    leaning = weights * GRID**2
    return np.asarray(leaning / leaning.sum())


def _doubt(seen: SpreadLikelihood, weights: Array, sd: float) -> Array:
    """Return (n, n) what not knowing the spread adds to the strengths' covariance."""
    variance, strength = seen.shrunk(GRID)
    at, middle = seen.shrunk(np.array([sd]))
    wider = (seen.axes * (variance @ weights - at[:, 0])) @ seen.axes.T
    moved = (strength - middle) * np.sqrt(weights)
    return np.asarray(wider + moved @ moved.T)
