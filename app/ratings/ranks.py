"""Ranks and rank ranges from ratings and their covariance."""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.ratings.tallies import Array, Index

Singles = NDArray[np.float32]
TINY = np.finfo(float).tiny

# Decimals of an Elo point: beyond them the last bits of a fit would decide a rank.
SAME_RATING = 6
LEVEL = 0.95
MANY_MODELS = 100
# Each model looks at its distance to every other in every draw: the cost grows with models² times draws.
DRAWS, DRAWS_OF_MANY = 1000, 200
FEW_MODELS = 80
"""Models below which every distance is looked at in every draw."""
FAR = 3.1
"""Errors: of more models, the largest distance of nearly each is farther in one draw of twenty."""
AT_ONCE = 100_000
"""Distances worked on at a time: so many stay in the processor's cache."""


def ranks(rating: Array) -> Index:
    """Return 1 + the number of models rated higher; ratings equal to a millionth of a point share a rank."""
    rounded = np.round(rating, SAME_RATING)
    return 1 + rating.size - np.searchsorted(np.sort(rounded), rounded, side="right")


def upper_bound_ranks(low: Array, high: Array) -> Index:
    """Return 1 + the number of models whose interval lies wholly above (LMArena; arXiv 2403.04132 eq. 8)."""
    return 1 + low.size - np.searchsorted(np.sort(low), high, side="right")


def default_draws(models: int) -> int:
    """Return the number of draws that fits into a refresh of a board of so many models."""
    return DRAWS if models <= MANY_MODELS else DRAWS_OF_MANY


def rank_ranges(strength: Array, covariance: Array, draws: int, seed: int) -> tuple[Index, Index]:
    """
    Return the lowest and highest rank of each model at the 95 % level, by the marginal max-t rule.

    Mogstad, Romano, Shaikh and Wilhelm 2024, Review of Economic Studies 91: a model is surely better or worse
    than another when their distance in standard errors exceeds the 95 % quantile of the largest such distance
    of that model under N(0, V).
    """
    n = strength.size
    scale = _inverse_errors(covariance)
    noise = _draw(covariance, draws, seed)
    critical = _critical(noise, scale.astype(np.float32), covariance.diagonal())[:, None]
    ahead = (strength - strength[:, None]) * scale
    return 1 + (ahead > critical).sum(axis=1), n - (ahead < -critical).sum(axis=1)


def _inverse_errors(covariance: Array) -> Array:
    """Return (n, n) 1 / standard error of the difference of two models, 0 for a model and itself."""
    own = covariance.diagonal()
    variance = own + own[:, None] - 2 * covariance
    # A model differs from itself by rounding alone, and the root of that must not be divided by.
    distinct = variance > 1e-12 * own.max(initial=0.0)
    return np.where(distinct, 1 / np.sqrt(np.where(distinct, variance, 1.0)), 0.0)


def _draw(covariance: Array, draws: int, seed: int) -> Singles:
    """Draw (n, draws) of N(0, V), its diagonal raised by a billionth: V is singular where the level is free."""
    n = len(covariance)
    raised = covariance.copy()
    raised.flat[:: n + 1] += max(1e-9 * np.trace(covariance) / max(n, 1), TINY)
    # Drawn quantiles are no better known than to a per cent or two: seven digits will do, at half the cost.
    return np.asarray(_root(raised).astype(np.float32) @ _standard_normal(n, draws, seed))


def _root(covariance: Array) -> Array:
    """Return R with R R' = V; where rounding left V below zero somewhere, nothing is drawn there."""
    try:
        return np.asarray(np.linalg.cholesky(covariance))
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(covariance)
        return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


# A pass over a mode's boards asks for the same numbers again and again, and drawing them took a third of a board.
@lru_cache(maxsize=8)
def _standard_normal(n: int, draws: int, seed: int) -> Singles:
    return np.random.default_rng(seed).standard_normal((n, draws)).astype(np.float32)


def _critical(noise: Singles, scale: Singles, variance: Array) -> Array:
    """Return (n,) the 95 % quantile over the draws of each model's largest distance to another, in errors."""
    if len(noise) < FEW_MODELS:
        return _quantile(_largest(noise, scale))
    critical = _quantile(_largest_beyond(noise, scale, _least_draws(scale, variance)))
    for model in np.flatnonzero(critical <= FAR).tolist():
        distance = np.abs(noise - noise[model]) * scale[model, :, None]
        critical[model] = _quantile(distance.max(axis=0)[None])[0]
    return critical


def _quantile(largest: Singles) -> Array:
    at = math.ceil(LEVEL * largest.shape[1]) - 1
    return np.partition(largest, at, axis=1)[:, at].astype(np.float64)


def _largest(noise: Singles, scale: Singles) -> Singles:
    """Return (n, draws) each model's largest distance to another, in errors."""
    largest = np.zeros_like(noise)
    for model in range(len(noise) - 1):
        # Each pair once: its distance is that of both.
        distance = noise[model + 1 :] - noise[model]
        distance *= scale[model + 1 :, model, None]
        np.abs(distance, out=distance)
        np.maximum(largest[model], distance.max(axis=0), out=largest[model])
        np.maximum(largest[model + 1 :], distance, out=largest[model + 1 :])
    return largest


def _least_draws(scale: Singles, variance: Array) -> Array:
    """
    Return (n,) such that of two models more than FAR errors apart one was drawn farther from 0 than this.

    With u the draws in parts of their deviations, a distance is at most r √(u² + u'²) by Cauchy and Schwarz, r
    being by how much its error would be larger without correlation. So one u is beyond FAR / (r √2), as few are.
    """
    larger = ((variance + variance[:, None]) * np.square(scale, dtype=np.float64)).max(axis=1)
    rounded = 1 - 1e-4
    return np.asarray(rounded * FAR * np.sqrt(np.maximum(variance, 0.0) / np.maximum(2 * larger, TINY)))


def _largest_beyond(noise: Singles, scale: Singles, least: Array) -> Singles:
    """Return (n, draws) the same as `_largest` where that is beyond FAR, and elsewhere FAR or less."""
    n, draws = noise.shape
    by_draw, largest = np.ascontiguousarray(noise.T), np.zeros(noise.size, dtype=np.float32)
    draw, model = np.divmod(np.flatnonzero(np.abs(by_draw) > least.astype(np.float32)), n)
    for start in range(0, draw.size, AT_ONCE // n):
        at, one = (index[start : start + AT_ONCE // n] for index in (draw, model))
        distance = by_draw[at]
        distance -= by_draw[at, one, None]
        distance *= scale[one]
        np.abs(distance, out=distance)
        far = np.flatnonzero(distance > FAR)
        row, other = np.divmod(far, n)
        for place in (one[row], other):
            np.maximum.at(largest, place * draws + at[row], distance.take(far))
    return largest.reshape(n, draws)
