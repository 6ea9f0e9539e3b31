"""
Bradley-Terry strengths and their covariance from tallies.

Model: Bradley and Terry 1952, Biometrika 39: the first wins with probability 1/(1 + exp(t_second - t_first)),
a tie is half a win for each. Sandwich covariance: Huber 1967, White 1982; for arenas Chiang et al. 2024,
arXiv 2403.04132, section 5.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from app.ratings.tallies import Array, Cells, Index, totals

SHORT_STEP = 1e-5  # Newton's error after a step is about its square: below 1e-9
SMALL_GAIN = 1e-12  # no strength is then a millionth of its standard error away
# Logits: where a chance is near 0 or 1 the curvature is small, and Newton's step far too long.
LONG_STEP = 5.0
MAX_STEPS = 200
LARGE_BLOCK = 128
"""Models above which a matrix is inverted by its blocks, and equations are first solved by conjugate gradients."""
MOST_GRADIENTS = 40
"""Conjugate gradients tried: so many products with a matrix of 400 models cost a third of its factorisation."""
GRADIENT_ERROR = 1e-13


def chances(x: Array) -> tuple[Array, Array]:
    """Return p = 1/(1 + exp(-x)) and p(1 - p), exact in the far tails too."""
    # Only exp of a negative number: that of a large one overflows, and 1 - p has no digits left near 1. In place,
    # as memory that was never touched takes longer to get than these sums.
    small = np.asarray(np.abs(x), dtype=float)
    np.negative(small, out=small)
    np.exp(small, out=small)
    large = np.add(small, 1.0, out=np.empty_like(small))
    np.divide(1.0, large, out=large)
    small *= large
    found = np.where(x < 0, small, large)
    small *= large
    return found, small


def logistic(x: Array) -> Array:
    """Return 1/(1 + exp(-x)), in [0, 1]."""
    return chances(x)[0]


class Prior(Protocol):
    """The belief held before any vote: a penalty's slope and curvature, and the variance of its slope."""

    def slope(self, strength: Array) -> Array: ...
    def curvature(self, strength: Array) -> Array: ...
    def scatter(self, strength: Array) -> Array: ...


@dataclass(frozen=True)
class VirtualGames:
    """
    So many virtual games (or a part of one) of each model against one of strength 0, half of them won.

    Half a game keeps the fit unique and finite for unbeaten, winless and disconnected models.
    """

    games: float = 0.5

    def slope(self, strength: Array) -> Array:
        return self.games * (0.5 - logistic(strength))

    def curvature(self, strength: Array) -> Array:
        return self.games * chances(strength)[1]

    def scatter(self, strength: Array) -> Array:
        won = logistic(strength)
        return self.games / 2 * ((1 - won) ** 2 + won**2)


@dataclass(frozen=True, eq=False)
class Known:
    """Each strength is normal around a mean known from elsewhere; precision is 1/variance, in logits."""

    mean: Array
    precision: Array

    def slope(self, strength: Array) -> Array:
        return self.precision * (self.mean - strength)

    def curvature(self, strength: Array) -> Array:  # noqa: ARG002
        return self.precision

    def scatter(self, strength: Array) -> Array:  # noqa: ARG002
        return self.precision


@dataclass(frozen=True, eq=False)
class Design:
    """The regression's matrix X, never built: a row per cell, 1 for first, -1 for second, 1 for the side."""

    cells: Cells
    models: int
    side: bool

    def rows(self, x: Array) -> Array:
        """Return X·x: a logit per cell."""
        logit: Array = x[self.cells.first] - x[self.cells.second]
        return logit + x[-1] if self.side else logit

    def columns(self, values: Array) -> Array:
        """
        Return Xᵀ·values, the (n,) sums of the cells' values per model with their signs,
        and the side's sum where it is fitted.
        """
        n = self.models
        total = totals(self.cells.first, values, n) - totals(self.cells.second, values, n)
        return np.append(total, values.sum()) if self.side else total

    @cached_property
    def _place(self) -> Index:
        return self.cells.first * self.models + self.cells.second

    def gram(self, weights: Array) -> Array:
        """Return Xᵀ·diag(weights)·X: the Laplacian of the weights, bordered by the side."""
        n = self.models
        between = totals(self._place, weights, n * n).reshape(n, n)
        laplacian = between + between.T
        degree = laplacian.sum(axis=1)
        np.negative(laplacian, out=laplacian)
        laplacian.flat[:: n + 1] = degree
        if not self.side:
            return laplacian
        border = between.sum(1) - between.sum(0)
        return np.block([[laplacian, border[:, None]], [border, weights.sum()]])


@dataclass(frozen=True, eq=False)
class FittedCells:
    """Describe some cells by a fit: the chance that the first model scores, and how surely that is known."""

    cells: Cells
    strength: Array
    bread: Array

    @cached_property
    def chances(self) -> tuple[Array, Array]:
        """Return (cells,) p and p(1 - p)."""
        return chances(self.strength[self.cells.first] - self.strength[self.cells.second])

    @cached_property
    def apart(self) -> Array:
        """Return the (cells,) variances of the distance of each cell's two models by the bread."""
        own, first, second = self.bread.diagonal(), self.cells.first, self.cells.second
        return np.asarray(own[first] + own[second] - 2 * self.bread[first, second])


@dataclass(frozen=True, eq=False)
class Fit:
    """
    A fit and its sandwich: ``information`` is minus the second derivative, ``filling`` the slope's variance, None
    where that is the information itself.

    With a side term the last row and column of both are the side's. ``votes`` is the part of the information that
    the votes have; ``precision``, (n,), is what the prior adds to its diagonal, None where it adds more.

    ``scale`` is what a battle counts here, 1 for a whole one. ``doubt`` is a covariance of the strengths beyond
    the sandwich, None for none.
    """

    strength: Array
    side: float
    information: Array
    filling: Array | None
    votes: Array
    scale: float = 1.0
    doubt: Array | None = None
    precision: Array | None = None

    @cached_property
    def bread(self) -> Array:
        """Return the inverse of the information matrix."""
        return inverse(self.information)

    @cached_property
    def follows(self) -> Array:
        """Return (n, n) how far each strength follows a shift of each model's votes."""
        n = self.strength.size
        if self.precision is None:
            return np.asarray(self.bread[:n] @ self.votes[:, :n])
        # The bread times what votes and prior know together is 1.
        follows = self.bread[:n, :n] * -self.precision
        _add_diagonal(follows, np.ones(n))
        return follows

    def with_doubt(self, doubt: Array) -> "Fit":
        """Return the same fit with a doubt; the inverse that it knows goes with it."""
        doubting = replace(self, doubt=doubt)
        doubting.__dict__["bread"] = self.bread
        return doubting

    def at(self, cells: Cells) -> "FittedCells":
        """Return what the fit says of some cells, which it remembers of those it was asked about last."""
        known: FittedCells | None = self.__dict__.get("_cells")
        if known is None or known.cells is not cells:
            known = self.__dict__["_cells"] = FittedCells(cells, self.strength, self.bread)
        return known

    def follow(self, shifts: Array) -> Array:
        """Return the (n, n) covariance of the strengths if the models' votes shift by these variances, (n,)."""
        # A product with its own transpose costs half of one with another matrix.
        moved = self.follows * np.sqrt(shifts)
        return np.asarray(moved @ moved.T)

    def followed_diagonal(self, shifts: Array, gauge: Array) -> Array:
        """Return (n, parts) the diagonals of `follow` for these shifts, (n, parts), counted from a level."""
        across = self.follows @ (shifts * (self.follows.T @ gauge)[:, None])
        return np.asarray(self.follows**2 @ shifts - 2 * across + gauge @ across)

    def covariance(self, gauge: Array) -> Array:
        """Return the (n, n) covariance of the strengths counted from the level that these weights name."""
        n = self.strength.size
        found = self._sandwich[:n, :n]
        return centred(found if self.doubt is None else found + self.doubt, gauge)

    def variance(self, gauge: Array) -> Array:
        """Return the (n,) diagonal of `covariance`."""
        n = self.strength.size
        found = centred_diagonal(self._sandwich[:n, :n], gauge)
        return found if self.doubt is None else found + centred_diagonal(self.doubt, gauge)

    def side_error(self) -> float:
        """Return the standard error of the side term, in logits."""
        return float(np.sqrt(self._sandwich[-1, -1]))

    @cached_property
    def _sandwich(self) -> Array:
        return self.bread if self.filling is None else np.asarray(self.bread @ self.filling @ self.bread.T)


def inverse(matrix: Array) -> Array:
    """Return the inverse of a symmetric, positive definite matrix."""
    half = len(matrix) // 2
    if half <= LARGE_BLOCK // 2:
        return np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    # By its four blocks: products of matrices are three times as quick as solving for every column.
    first, mixed = inverse(matrix[:half, :half]), matrix[:half, half:]
    follows = first @ mixed
    second = inverse(matrix[half:, half:] - mixed.T @ follows)
    across = follows @ second
    return np.block([[first + across @ follows.T, -across], [-across.T, second]])


def solve(matrix: Array, right: Array) -> Array:
    """
    Solve matrix · x = right for a symmetric, positive definite matrix.

    Where models are many and met widely, conjugate gradients, scaled by the diagonal (Hestenes and Stiefel 1952,
    Journal of Research of the National Bureau of Standards 49), are exact after a dozen products.
    """
    found = _descend(matrix, right) if len(matrix) > LARGE_BLOCK else None
    return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64) if found is None else found


def _descend(matrix: Array, right: Array) -> Array | None:
    """Solve by conjugate gradients; None where these do not suffice."""
    x, rest, scale = np.zeros_like(right), right.copy(), 1 / matrix.diagonal()
    ahead = scale * rest
    size = float(rest @ ahead)
    enough = GRADIENT_ERROR**2 * size
    for _ in range(MOST_GRADIENTS):
        if size <= enough:
            return x
        image = matrix @ ahead
        length = size / float(ahead @ image)
        x += length * ahead
        rest -= length * image
        scaled = scale * rest
        before, size = size, float(rest @ scaled)
        ahead = scaled + size / before * ahead
    return None


def centred(covariance: Array, gauge: Array) -> Array:
    """Return (n, n) of the same numbers counted from their mean by these weights."""
    found = covariance - gauge @ covariance
    found -= (found @ gauge)[:, None]
    return np.asarray(found)


def centred_diagonal(covariance: Array, gauge: Array) -> Array:
    """Return (n,) the diagonal of a symmetric covariance counted from such a mean."""
    across = covariance @ gauge
    return np.asarray(covariance.diagonal() - 2 * across + gauge @ across)


def strengths(
    design: Design, prior: Prior, start: Array | None = None, *, short_step: float = SHORT_STEP
) -> Array:
    """
    Find the most likely strengths, then the side if asked for, by Newton from zero, or from a ``start`` that
    follows from the same votes: equal tallies give equal bits. The error is about the square of ``short_step``.

    Raises ArithmeticError where no finite strengths are most likely.
    """
    x = np.zeros(design.models + design.side) if start is None else start
    gradient, weights = _slope(design, prior, x)
    for _ in range(MAX_STEPS):
        step = solve(_information(design, prior, x, weights), gradient)
        longest = np.abs(step).max(initial=0.0)
        if longest < short_step or abs(step @ gradient) < SMALL_GAIN:
            return x + step
        step *= min(1.0, LONG_STEP / longest)
        ahead, weights = _slope(design, prior, x + step)
        while step @ ahead < -(step @ gradient) / 2:  # far down the other side: go half as far
            step /= 2
            ahead, weights = _slope(design, prior, x + step)
        x, gradient = x + step, ahead
    raise ArithmeticError("no finite strengths are most likely")


def fit(design: Design, prior: Prior, start: Array | None = None) -> Fit:
    """Fit strengths, and return them with what their covariance is made of (docs/ratings.md 2 and 3)."""
    x = strengths(design, prior, start)
    strength, side = x[: design.models], float(x[design.models :].sum())
    chance, variance = chances(design.rows(x))
    filling = design.gram(residual_variance(design.cells, chance))
    _add_diagonal(filling, prior.scatter(strength))
    weights, own = design.cells.played * variance, prior.curvature(strength)
    precision = own if own.any() else None
    information = _information(design, prior, x, weights)
    return Fit(strength, side, information, filling, design.gram(weights), precision=precision)


def residual_variance(cells: Cells, chance: Array) -> Array:
    """Sum the squares of the votes' residuals per cell, where the first model scores with this chance."""
    return cells.won * (1 - chance) ** 2 + cells.lost * chance**2 + cells.tied * (0.5 - chance) ** 2


def _slope(design: Design, prior: Prior, x: Array) -> tuple[Array, Array]:
    """Return the gradient at x, and each cell's weight in the information there."""
    chance, variance = chances(design.rows(x))
    gradient = design.columns(design.cells.score - design.cells.played * chance)
    gradient[: design.models] += prior.slope(x[: design.models])
    return gradient, design.cells.played * variance


def _information(design: Design, prior: Prior, x: Array, weights: Array) -> Array:
    """Return minus the second derivative; without a prior the free level is pinned, which no difference feels."""
    information = design.gram(weights)
    own = prior.curvature(x[: design.models])
    _add_diagonal(information, own)
    if not own.any():
        information[: design.models, : design.models] += np.trace(information) / max(design.models, 1) ** 2
    return information


def _add_diagonal(matrix: Array, values: Array) -> None:
    """Add to the diagonal's first elements, in place."""
    index = np.arange(values.size)
    matrix[index, index] += values
