"""
Variance components: what votes share, a prompt, a voter or a pair of models, adds to the uncertainty.

Within a cluster a model's strength has an effect of its own, of variance θ. The squared residuals of models in
clusters exceed what votes leave there by θ times a known factor; their weighted sum has about a Gamma distribution
(Satterthwaite 1946, Biometrics Bulletin 2), and the likelihood of θ by it meets a weak prior.
Searle, Casella and McCulloch 1992, Variance Components, for the kind.
"""

import math
from dataclasses import dataclass

import numpy as np

from app.elo_scale import ELO_PER_LOGIT, Z_95
from app.ratings.bradley_terry import Fit, residual_variance
from app.ratings.seats import Seats, sum_seats
from app.ratings.tallies import Array, Cells, Index, Tallies, totals

SD_GRID = np.linspace(0.0, 1.0, 49) ** 1.5 * 2.5
"""Standard deviations looked at, in logits: 0 to 434 Elo points, closer where they are small."""
LEAST_LEFT = 1e-3
"""Clusters that leave less than this part of a residual behind tell nothing."""
ROUNDING = 0.5**2 / 12
"""Variance that a score has by coming in steps of half a point: smaller squares can't be told from it."""
LEAST_NOISE = 0.25
"""Part of the dispersion that single votes vary by at least, on boards of nothing but expected results."""
TINY = np.finfo(float).tiny
LEAST_VARIANCE = 1e-12
SAME = 12
"""Decimals kept of a variance, so that the order in which clusters come does not show in the last bits."""


@dataclass(frozen=True)
class VarianceComponent:
    """
    A variance in squared logits with its standard error, both expected ones after the votes.

    ``clusters`` is how many prompts, voters or pairs it was estimated from.
    """

    variance: float
    error: float
    clusters: int

    @property
    def relative_error(self) -> float:
        """Return the standard error in parts of the variance."""
        return self.error / max(self.variance, LEAST_VARIANCE)

    @property
    def elo(self) -> float:
        """Return the standard deviation in Elo points."""
        return ELO_PER_LOGIT * math.sqrt(self.variance)

    @property
    def elo_error(self) -> float:
        """Return the standard error of ``elo``, by the delta method, at most as large as it."""
        return self.elo * min(1.0, self.error / (2 * self.variance)) if self.variance else 0.0


@dataclass(frozen=True, eq=False)
class Sums:
    """
    A weighted sum of squared residuals, with its mean and variance as polynomials of θ.

    Mean: ``votes`` + θ ``effect``; variance: ``fixed`` + θ ``mixed`` + θ² ``squared``. Arrays hold a sum each.
    """

    observed: Array
    votes: Array
    effect: Array
    fixed: Array
    mixed: Array
    squared: Array

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    def log_likelihood(self, variance: Array) -> Array:
        """
        Return the log-likelihood (sums, variances) of each θ,
        by the Gamma distribution of the same mean and variance.
        """
        theta, observed, votes, effect, fixed, mixed, squared = (
            variance,
            *(getattr(self, name)[..., None] for name in self.__dataclass_fields__),
        )
        mean, spread = votes + effect * theta, fixed + (mixed + squared * theta) * theta
        # A sum over no rows has no Gamma distribution and tells nothing: its likelihood is the same for every θ.
        known = (spread > 0) & (mean > 0)
        mean, spread = np.where(known, mean, 1.0), np.where(known, spread, 1.0)
        shape, unit = mean**2 / spread, spread / mean
        # The logarithm of 0 is infinite, and no θ could be told from another by it.
        seen = np.maximum(observed, TINY) / unit
        found = (shape - 1) * np.log(seen) - seen - np.log(unit) - log_gamma(shape)
        return np.where(known, found, 0.0)


@dataclass(frozen=True, eq=False)
class Residuals:
    """
    A row per cluster and model that met there, in their order: the squared residual, and what is expected of it.

    ``votes`` is what votes leave, ``own`` the factor of the model's own variance, ``others`` that of the other
    models'. ``left`` is the part of a residual that the fitted mean does not take up; ``bound`` by how much more
    the rows of a cluster vary together than apart, because they sum to 0.
    """

    cluster: Index
    model: Index
    squared: Array
    votes: Array
    own: Array
    others: Array
    left: Array
    bound: Array

    def sums(self, typical: float, models: int = 0, lent: float = 0.0) -> Sums:
        """
        Sum over all rows or, with ``models``, per model;
        there the other models' effects have the variance ``lent``.

        Each row weighs as if the effect had the ``typical`` variance.
        """
        votes = self.votes + (lent * self.others if models else 0.0)
        effect = self.own if models else self.own + self.others
        weight = np.where(self.left > LEAST_LEFT, 1 / np.maximum(self.votes + typical * effect, TINY), 0.0)
        twice = 2 * weight**2 * self.bound / np.maximum(self.left, LEAST_LEFT)
        rows = (
            weight * self.squared,
            weight * votes,
            weight * effect,
            twice * votes**2,
            2 * twice * votes * effect,
            twice * effect**2,
            weight * np.minimum(ROUNDING, votes / 4),
        )
        observed, *expected, least = (
            totals(self.model, row, models) if models else np.asarray(row.sum()) for row in rows
        )
        # Squares that are all but 0 (nothing but ties) would be the likelier the fewer rows θ lets decide.
        return Sums(np.maximum(observed, least), *expected)


def residuals(by_cluster: Tallies, fitted: Fit, dispersion: float) -> Residuals:
    """Compute the score residuals of clusters, which stand in place of competitions, at a fit of their votes."""
    n, seats = by_cluster.models, sum_seats(by_cluster, fitted.strength)
    exposure, model = seats.information, seats.model
    follows, known = taken_up(fitted), np.maximum(totals(model, exposure, n), TINY)
    share = exposure / known[model] * follows[model]
    spread = 1 - 2 * share + totals(model, share**2, n)[model]
    # Opponents' strengths take up what is particular to the cluster: by B about as much as an average model's.
    opponents = follows.sum() / max(known.sum(), TINY) * seats.uneven / np.maximum(exposure, TINY)
    left = np.maximum(1 - share - opponents, 0.0)
    return Residuals(
        cluster=seats.cluster,
        model=model,
        squared=seats.residual**2,
        votes=vote_noise(by_cluster.pairs(), fitted, dispersion) * exposure * left,
        # A vote shares its effect with the others only: `alone` is what single votes add to the squares.
        own=np.maximum(exposure**2 - seats.alone, 0.0) * spread,
        others=(seats.together - seats.alone) * spread,
        left=left,
        bound=_bound(seats),
    )


def vote_noise(cells: Cells, fitted: Fit, dispersion: float) -> float:
    """
    Return the variance of single scores about the fit, in parts of p(1 - p), from the squares of their residuals.

    Pearson's estimate (McCullagh and Nelder 1989, Generalized Linear Models, 4.5), with what the fit takes up of
    the squares added. It is below ``dispersion`` where strengths are known badly: the fit's p are then nearer to a
    half than the chances are, by 2 % at a hundred votes a model and 13 % at five.
    """
    there = fitted.at(cells)
    chance, variance = there.chances
    taken = dispersion * fitted.scale * there.apart * cells.played * variance**2
    found = residual_variance(cells, chance).sum() + taken.sum()
    return max(float(found / max(cells.played @ variance, TINY)), LEAST_NOISE * dispersion)


def _bound(seats: Seats) -> Array:
    """Return (rows,) by how much more the rows of a cluster vary together than apart."""
    met = np.bincount(seats.cluster)
    return np.asarray((met / np.maximum(met - 1, 1))[seats.cluster])


def taken_up(fitted: Fit) -> Array:
    """Return (n,) the part of a shift of a model's votes that its strength follows: 1 but for the prior."""
    n = fitted.strength.size
    return np.asarray(np.clip(fitted.follows.diagonal() * n / max(n - 1, 1), 0.0, 1.0))


def estimate(sums: Sums, prior_sd: float, clusters: int, *, absent: float = 0.0) -> VarianceComponent:
    """
    Estimate θ after the votes.

    Before them it is 0 with the chance ``absent``, and else its root is exponential with the mean ``prior_sd``, in
    logits.
    """
    variance = SD_GRID**2
    # The grid is uneven, so each point stands for its width.
    prior = np.gradient(SD_GRID) * np.exp(-SD_GRID / prior_sd)
    prior *= (1 - absent) / prior.sum()
    prior[0] += absent
    logarithm = sums.log_likelihood(variance) + np.log(np.maximum(prior, TINY))
    # Less the maximum, as exp would be 0 everywhere.
    weights = np.exp(logarithm - logarithm.max())
    weights /= weights.sum()
    mean, square = float(weights @ variance), float(weights @ variance**2)
    error = math.sqrt(max(0.0, square - mean**2))
    return VarianceComponent(round(mean, SAME), round(error, SAME), clusters)


def quantile(variation: Array) -> Array:
    """
    Return the two-sided 95 % quantile, in deviations, of a variance known with this squared relative error.

    A normal distribution of an uncertain variance has the tails of Student's t with 4 + 2/variation degrees of
    freedom, scaled to that variance.
    """
    # A variance known exactly has infinitely many degrees of freedom: its quantile is Z_95, chosen below.
    freedom = 4 + 2 / np.maximum(variation, 1e-9)
    scaled = students_quantile(freedom) * np.sqrt((freedom - 2) / freedom)
    return np.where(variation > 0, scaled, Z_95)


def students_quantile(freedom: Array) -> Array:
    """
    Return Student's two-sided 95 % quantile, by Cornish and Fisher's expansion.

    It is 3 % too small at two degrees of freedom, and within 0.3 % from four on.
    """
    z = Z_95
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return np.asarray(np.sum([term / freedom**power for power, term in enumerate(terms)], axis=0))


def log_gamma(x: Array) -> Array:
    """Return the logarithm of the Gamma function of positive numbers, by Stirling's series at x + 8."""
    shifted, pairs = x + 8, x * (x + 7)
    # The series is exact enough from 8 on; the product of x to x + 7, by pairs, leads back to x.
    steps = np.log(pairs * (pairs + 6) * ((pairs + 10) * (pairs + 12)))
    series = 1 / (12 * shifted) - 1 / (360 * shifted**3) + 1 / (1260 * shifted**5)
    return np.asarray((shifted - 0.5) * np.log(shifted) - shifted + math.log(2 * math.pi) / 2 + series - steps)
