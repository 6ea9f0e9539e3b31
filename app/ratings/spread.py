"""
The prior of the strengths, learnt from the board: normal around the middle, as wide as the votes say.

Empirical Bayes: the spread's marginal likelihood by Laplace's approximation (MacKay 1992, Neural Computation 4),
under a weak prior of the spread that holds boards of a few votes. Ties make scores vary less than coin tosses
would: the likelihood is divided by that dispersion (McCullagh and Nelder 1989, Generalized Linear Models,
chapter 9).
"""

from dataclasses import dataclass, replace

import numpy as np

from app.ratings.bradley_terry import Design, Fit, NormalPrior, fit_normal, strengths
from app.ratings.matrices import diagonal, solve
from app.ratings.tallies import Array

GRID = np.exp(np.linspace(np.log(0.03), np.log(4.0), 61))
"""Spreads looked at, in logits: 5 to 700 Elo points."""
TYPICAL, TYPICAL_WITHIN = 0.7, 0.7
"""Logits (122 Elo), and by how much its logarithm differs between boards: 31 to 480 Elo points is 95 %."""
CHECKED = np.array([0.5, 1.0, 2.0])
"""Spreads, in parts of a first estimate, at which the likelihood's parabola is drawn anew."""
ROUGH_STEP = 0.1
"""Logits: where the first parabola is drawn need not be exact."""
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

    def of_more(self, times: float) -> "SpreadLikelihood":
        """Return the likelihood if each vote counted so many times."""
        return SpreadLikelihood(self.axes, times * self.curvature, times * self.slope)

    def evidence(self, sd: Array) -> Array:
        """Log of the chance of these votes, by prior spread, up to a constant."""
        gain = 1 + self.curvature[:, None] * sd**2
        return np.asarray((self.slope[:, None] ** 2 * sd**2 / gain - np.log(gain)).sum(axis=0) / 2)


def dispersion(tied: float, spread: float) -> float:
    """Estimate the score's dispersion from the ties and the votes' sum of p(1-p): a tie takes off a quarter."""
    ties = (tied + EXPECTED_TIES) / (4 * spread + EXPECTED_VOTES)
    return max(LEAST_DISPERSION, 1 - ties)


def learn_spread(design: Design) -> tuple[Fit, Spread]:
    """Fit the strengths and their spread; the covariance knows that the spread is an estimate too."""
    cells, n = design.cells, design.models
    assumed = dispersion(cells.tied.sum(), cells.played.sum() / 4)
    scaled = design.divided(assumed)
    seen = _likelihood(scaled, strengths(scaled, centred_prior(n, TYPICAL), short_step=ROUGH_STEP))
    middle = float(_weights(seen.evidence(GRID)) @ GRID)
    strength = seen.shrunk(np.array([middle]))[1][:, 0]
    dispersed = dispersion(cells.tied.sum(), spread_of_scores(design, strength))
    scaled, seen = design.divided(dispersed), seen.of_more(assumed / dispersed)
    evidence, strength = _corrected(scaled, seen, middle)
    weights = _weights(evidence)
    sd = float(weights @ GRID)
    spread = Spread(sd, float(np.sqrt(weights @ (GRID - sd) ** 2)), dispersed)
    start = strength + np.subtract(*seen.shrunk(np.array([sd, middle]))[1].T)
    return replace(fit_with_spread(design, spread, start=start), doubt=_doubt(seen, _leaning(weights), sd)), spread


def fit_with_spread(design: Design, spread: Spread, start: Array | None = None) -> Fit:
    """Fit the strengths with this spread as if it were certain."""
    if start is not None and design.side:
        start = np.append(start, 0.0)
    return fit_normal(design, centred_prior(design.models, spread.sd), spread.dispersion, start)


def spread_of_scores(design: Design, x: Array) -> float:
    """Sum p(1 - p) over the votes at x: half the degrees of their information."""
    return float(design.slope(x)[1][: design.models, : design.models].trace()) / 2


def expected_doubt(fitted: Fit, spread: Spread, gauge: Array) -> Array:
    """
    Return what not knowing a spread adds to the variances of strengths that it was not learnt from.

    To the second order in its error e: with B the covariance without doubt, s the spread and t the strengths,
    e² (B²/s⁴ + 4 B³/s⁶) by how E[B_s] differs from B under weights that lean by s² (docs/ratings.md 3), and the
    outer product of e dt/ds = 2e Bt/s³. Strengths are counted from the level that the ``gauge`` names.
    """
    s, e, bread = spread.sd, spread.error, fitted.bread
    # A product with its own transpose costs half of one with another matrix, and no other is needed: B³'s diagonal
    # sums products of B² and B.
    squared = bread @ bread.mT
    twice, thrice = e**2 / s**4, 4 * e**2 / s**6
    own = twice * diagonal(squared) + thrice * np.einsum("...ij,...ij->...i", squared, bread)
    of_level = squared @ gauge
    across = twice * of_level + thrice * (bread @ of_level[..., None])[..., 0]
    moved = 2 * e / s**3 * (bread @ fitted.strength[..., None])[..., 0]
    moved -= (moved @ gauge)[..., None]
    return np.asarray(own - 2 * across + (across @ gauge)[..., None] + moved**2)


def centred_prior(shape: int | tuple[int, int], sd: float) -> NormalPrior:
    """Make the prior by which strengths, (n,) or (boards, n), are normal around 0, with this SD in logits."""
    return NormalPrior(np.zeros(shape), np.full(shape, sd**-2))


def _likelihood(design: Design, strength: Array) -> SpreadLikelihood:
    """Build the likelihood of the spread from the votes alone, around these strengths."""
    slope, information = design.slope(strength)
    curvature, axes = np.linalg.eigh(information)
    slope = axes.T @ (information @ strength + slope)
    return SpreadLikelihood(axes, np.maximum(curvature, 0.0), slope)


def _corrected(design: Design, seen: SpreadLikelihood, sd: float) -> tuple[Array, Array]:
    """
    Return the (spreads,) log evidence, and the strengths at this spread.

    What one parabola misses at three spreads is interpolated between them.
    """
    tried = sd * CHECKED
    found, strength = _evidence(design, tried, seen.shrunk(tried)[1].T)
    narrow, middle, wide = found - seen.evidence(tried)
    at = np.clip(np.log(GRID / sd) / np.log(CHECKED[-1]), -1.0, 1.0)
    missed = middle + at * (wide - narrow) / 2 + at**2 * (narrow - 2 * middle + wide) / 2
    return seen.evidence(GRID) + missed, strength[1]


def _evidence(design: Design, sd: Array, strength: Array) -> tuple[Array, Array]:
    """
    Return the (spreads,) logs of the chance of these votes up to a constant, and the most likely strengths.

    By Laplace's approximation, from the parabola at these strengths, (spreads, n), which are near.
    """
    precision, own = sd**-2, np.arange(design.models)
    votes = np.array([design.log_likelihood(each) for each in strength])
    slope, information = map(np.array, zip(*(design.slope(each) for each in strength), strict=True))
    slope -= precision[:, None] * strength
    information[:, own, own] += precision[:, None]
    step = np.array([solve(*each) for each in zip(information, slope, strict=True)])
    root = np.linalg.cholesky(information)[:, own, own]
    volume = 2 * np.log(root).sum(axis=1) - design.models * np.log(precision)
    height = votes + ((slope * step).sum(axis=1) - precision * (strength**2).sum(axis=1)) / 2
    return height - volume / 2, strength + step


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
