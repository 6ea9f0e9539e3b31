"""
Estimates ratings as if the pictures' other qualities were equal: side, size, margins. An audit, never the board.

A vote's log-odds get a term for each quality by which the two pictures differ; a model's rating moves by as much
as its pictures owe to it. Votes of one competition share its pictures, so errors are clustered by competition
(Liang and Zeger 1986, Biometrika 73). LMArena adds such terms to its board; here they stand beside it.
"""

from dataclasses import dataclass

import numpy as np

from app.elo_scale import ELO_PER_LOGIT, Z_95
from app.ratings.bradley_terry import chances
from app.ratings.components import students_quantile
from app.ratings.spread import Spread
from app.ratings.tallies import Array, Index, totals

FEWEST_CLUSTERS = 3
WIDE = 2.0
"""Logits: a term of one standard deviation of its quality is normal with this SD before the votes."""
SHORT_STEP, MAX_STEPS = 1e-6, 50
SAME = 1e-9


@dataclass(frozen=True, eq=False)
class QualityVotes:
    """
    Votes with by how much each quality of the left picture exceeds the right one's, (votes, qualities).

    ``score`` is the points of the left one, (votes,); ``cluster`` numbers the competitions from 0.
    """

    models: int
    cluster: Index
    left: Index
    right: Index
    score: Array
    differences: Array


@dataclass(frozen=True, eq=False)
class QualityEffects:
    """
    Hold the Elo points that a quality is worth, with their errors, (qualities,), and what it moves.

    ``shift`` is the points that each model would gain if all pictures were equal in it, (qualities, models), and
    ``shift_error`` its error; 1.96 errors on either side hold 95 %. NaN where no two pictures differ in a quality.
    """

    effect: Array
    error: Array
    shift: Array
    shift_error: Array


def compare_equals(votes: QualityVotes, spread: Spread) -> QualityEffects:
    """Estimate what each quality is worth, all at once, and what equal ones would do to the ratings."""
    size = votes.differences.std(axis=0) + np.abs(votes.differences.mean(axis=0))
    at = np.flatnonzero(size > SAME)
    scaled = votes.differences[:, at] / size[at]
    worth, error, owed = _fit(votes, scaled, spread)
    found = np.full((2, size.size), np.nan)
    found[:, at] = ELO_PER_LOGIT * np.stack([worth, error]) / size[at]
    owed = owed - owed.mean(axis=0)
    shifts = np.full((2, size.size, votes.models), np.nan)
    shifts[0, at] = -ELO_PER_LOGIT * (owed * worth).T
    shifts[1, at] = ELO_PER_LOGIT * (np.abs(owed) * error).T
    return QualityEffects(*found, *shifts)


def _fit(votes: QualityVotes, scaled: Array, spread: Spread) -> tuple[Array, Array, Array]:
    """
    Return the terms in logits, their errors, and (models, terms) by how much a term moves each strength.

    By Newton, the terms after the strengths. An error is at least what the votes, taken as independent, and the
    prior leave open: scores that scatter little, as ties or a few competitions may, do not tell of less.
    """
    n, kinds = votes.models, scaled.shape[1]
    precision = np.concatenate([np.full(n, spread.sd**-2), np.full(kinds, WIDE**-2)])
    x = np.zeros(n + kinds)
    for _ in range(MAX_STEPS):
        residual, variance = _expected(votes, scaled, x)
        information = _information(votes, scaled, variance / spread.dispersion) + np.diag(precision)
        step = np.linalg.solve(information, _columns(votes, scaled, residual / spread.dispersion) - precision * x)
        x = x + step
        if np.abs(step).max(initial=0.0) < SHORT_STEP:
            break
    residual, _ = _expected(votes, scaled, x)
    owed = np.linalg.solve(information[:n, :n], information[:n, n:])
    bread = np.linalg.inv(information[n:, n:] - information[n:, :n] @ owed)
    own = scaled - owed[votes.left] + owed[votes.right]
    scatter = _scatter(votes, own * residual[:, None] / spread.dispersion)
    variance = np.maximum((bread @ scatter @ bread).diagonal(), bread.diagonal())
    return x[n:], np.sqrt(variance), np.asarray(owed)


def _expected(votes: QualityVotes, scaled: Array, x: Array) -> tuple[Array, Array]:
    """Return (votes,) scores beyond what x lets expect, and their p(1 - p)."""
    chance, variance = chances(x[votes.left] - x[votes.right] + scaled @ x[votes.models :])
    return votes.score - chance, variance


def _columns(votes: QualityVotes, scaled: Array, values: Array) -> Array:
    n = votes.models
    return np.concatenate([totals(votes.left, values, n) - totals(votes.right, values, n), scaled.T @ values])


def _information(votes: QualityVotes, scaled: Array, weights: Array) -> Array:
    """Return the information matrix of strengths and terms."""
    n = votes.models
    between = totals(votes.left * n + votes.right, weights, n * n).reshape(n, n)
    laplacian = -between - between.T + np.diag(between.sum(axis=0) + between.sum(axis=1))
    weighted = scaled * weights[:, None]
    border = np.array([_columns(votes, scaled, column)[:n] for column in weighted.T]).reshape(-1, n)
    return np.block([[laplacian, border.T], [border, scaled.T @ weighted]])


def _scatter(votes: QualityVotes, slopes: Array) -> Array:
    """
    Return the variance of the summed slopes, by competition or, of few competitions, by vote.

    By competition it is as much larger as Student's quantile asks: a variance of few is badly known.
    """
    count = int(votes.cluster.max(initial=-1)) + 1
    if count < FEWEST_CLUSTERS:
        return np.asarray(slopes.T @ slopes)
    sums = np.array([totals(votes.cluster, slope, count) for slope in slopes.T]).reshape(-1, count)
    wider = float(students_quantile(np.array(count - 1.0)) / Z_95) ** 2
    return np.asarray(sums @ sums.T * wider * count / (count - 1))
