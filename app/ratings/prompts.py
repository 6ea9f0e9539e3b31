"""
The uncertainty that prompts add: votes on one competition share its prompt (docs/ratings.md 4).

On a prompt a model's strength is its strength plus an effect of the model's own variance, independent between
prompts. These variances are estimated together: each shrinks towards their common mean, the more so the less the
board's models differ in it (after Smyth 2004, Statistical Applications in Genetics 3, for genes).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.elo_scale import ELO_PER_LOGIT
from app.ratings.bradley_terry import Fit
from app.ratings.components import SAME, TINY, Residuals, Sums, VarianceComponent, estimate
from app.ratings.matrices import laplacian
from app.ratings.odds import chances_by_odds, odds
from app.ratings.tallies import Array, Index, Tallies

PRIOR_SD = 70 / ELO_PER_LOGIT
"""Logits: what is expected of the effect's standard deviation before the votes."""
# Above it the exact sum costs G·n³, which is too much for a refresh; see prompt_covariance.
MANY_MODELS = 100
# Rows are weighed before the variance is known, so as if it were this.
TYPICAL = (60 / ELO_PER_LOGIT) ** 2
LEANING = 0.4
"""Power of the ratio by which intervals lean towards large ones: few are specialists, and theirs must hold too."""
LOG_RATIOS = np.linspace(-4.0, 3.5, 31)
"""Logarithms of a model's variance in parts of the common one."""
UNEQUAL = np.array([0.05, 0.3, 0.6, 1.0, 1.6])
UNEQUAL_PRIOR = np.array([0.3, 0.25, 0.2, 0.15, 0.1])
"""Standard deviations of that logarithm between models, and how likely each is before the votes."""
PRIOR_WORTH = 0.5
"""Models that the log-normal distribution counts for beside those of the board when theirs is learnt."""
ROUNDS = 20
"""Steps of the EM algorithm by which it is learnt."""
LEAST_CHANCE = 1e-12
"""What the prior gives any ratio, so that no model is ruled out."""


@dataclass(frozen=True, eq=False)
class PromptEffect:
    """Variances of each model's effect in squared logits, (n,), their standard errors, and the common one."""

    variance: Array
    error: Array
    common: VarianceComponent

    def of(self, models: Array) -> "PromptEffect":
        """Return the prompt effect of some of the models."""
        return PromptEffect(self.variance[models], self.error[models], self.common)


def prompt_weights(tallies: Tallies, without: Index | None = None) -> Array:
    """
    Return the (n,) share of τ² left in a model's mean over its prompts: 1 for one, 1/G for G equal ones.

    ``without`` are the numbers of competitions to leave out, one at a time, for a row of shares each.
    """
    battles = tallies.battles_by_competition()
    own, squares = battles.sum(axis=0), (battles**2).sum(axis=0)
    if without is not None:
        own, squares = own - battles[without], squares - battles[without] ** 2
    return np.asarray(squares / np.where(own > 0, own, 1.0) ** 2)


def prompt_effect(rows: Sequence[Residuals], models: int, clusters: int) -> PromptEffect:
    """Estimate prompt effects from competitions' residuals at the mode's fit, or at each category's own."""
    pooled = estimate(_joined([each.sums(TYPICAL) for each in rows]), PRIOR_SD, clusters)
    own = _joined([each.sums(TYPICAL, models, pooled.variance) for each in rows])
    mean, square = _ratios(own, pooled.variance)
    spread = np.maximum(square - mean**2, 0.0) + mean**2 * (pooled.error / max(pooled.variance, 1e-12)) ** 2
    variance, error = pooled.variance * mean, pooled.variance * np.sqrt(spread)
    return PromptEffect(np.round(variance, SAME), np.round(error, SAME), pooled)


def prompt_covariance(tallies: Tallies, fitted: Fit, variance: Array, without: Index | None = None) -> Array:
    """
    Return (n, n) of the strengths, by a finite number of prompts: B·(Σ L·diag(τ²)·L)·B over informations L.

    For many models as if each one's opponents were the same on every prompt, which costs n³ instead of G·n³. With
    ``without`` there is a fit for each number of a competition to leave out, and a matrix.
    """
    n = tallies.models
    if n > MANY_MODELS:
        return fitted.follow(prompt_shifts(tallies, variance, without))
    strength = fitted.strength.reshape(-1, n)
    filling = _filling(tallies, strength, variance, without).reshape(*fitted.strength.shape, n)
    bread = fitted.scale * fitted.bread[..., :n, :n]
    return np.asarray(bread @ filling @ bread)


def prompt_shifts(tallies: Tallies, variance: Array, without: Index | None = None) -> Array:
    """Return the (n,) variances by which a finite number of prompts shifts the models' votes."""
    return variance * prompt_weights(tallies, without)


def _filling(tallies: Tallies, strength: Array, variance: Array, without: Index | None) -> Array:
    """Return (fits, n, n) the variance of the slope by the prompts, at each of these strengths, (fits, n)."""
    fits, n = strength.shape
    single, found = odds(strength), np.zeros((fits, n, n))
    spread = chances_by_odds(single[:, :, None], single[:, None])[1]
    for here in tallies.blocks():
        start, stop = here.competitions.start, here.competitions.stop
        between = here.battles * spread[:, None]
        if without is not None:
            fit = np.flatnonzero((start <= without) & (without < stop))
            between[fit, without[fit] - start] = 0.0
        laplacian(between)
        # Σ L·diag(τ²)·L as one product of a wide matrix with its transpose, instead of one product per prompt.
        wide = (between * np.sqrt(variance)).transpose(0, 2, 1, 3).reshape(fits, n, -1)
        found += wide @ wide.mT
    return found


def _joined(sums: Sequence[Sums]) -> Sums:
    first, *others = sums
    for each in others:
        first = first + each
    return first


def _ratios(own: Sums, common: float) -> tuple[Array, Array]:
    """Return (n,) means of each model's variance in parts of the common one, and of its square."""
    ratio = np.exp(LOG_RATIOS)
    likelihood = own.log_likelihood(common * ratio)
    likelihood = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
    after = likelihood * (_distribution(likelihood) * ratio**LEANING)
    after /= after.sum(axis=1, keepdims=True)
    return after @ ratio, after @ ratio**2


def _distribution(likelihood: Array) -> Array:
    """
    Return (ratios,) how likely each is for a model of this board, from the models' likelihoods, (n, ratios).

    The most likely distribution under a Dirichlet prior around the log-normal one (Laird 1978, Journal of the
    American Statistical Association 73, without the prior): a few specialists are not in the tail of the others.
    """
    found = prior = np.maximum(_log_normal(likelihood), LEAST_CHANCE)
    whole, lent = PRIOR_WORTH + len(likelihood), PRIOR_WORTH * prior
    for _ in range(ROUNDS):
        found = (lent + found * ((1 / (likelihood @ found)) @ likelihood)) / whole
    return np.asarray(found)


def _log_normal(likelihood: Array) -> Array:
    """Return (ratios,) how likely each is where they are log-normal, as unequal as the models tell."""
    # With mean 1, hence centred half a variance below 0: unequal models keep the common variance.
    prior = np.exp(-(((LOG_RATIOS + UNEQUAL[:, None] ** 2 / 2) / UNEQUAL[:, None]) ** 2) / 2)
    prior /= prior.sum(axis=1, keepdims=True)
    # A chance too small for a float must not rule a spread out for all models.
    unequal = np.log(np.maximum(likelihood @ prior.T, TINY)).sum(axis=0) + np.log(UNEQUAL_PRIOR)
    unequal = np.exp(unequal - unequal.max())
    return np.asarray(unequal @ prior / unequal.sum())
