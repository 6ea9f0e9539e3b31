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

from app.ratings.matrices import add_diagonal, centred, centred_diagonal, inverse, laplacian, solve
from app.ratings.odds import PairBattles, chances_by_odds, odds
from app.ratings.tallies import Array, Cells, Index, totals

SHORT_STEP = 1e-5  # Newton's error after a step is about its square: below 1e-9
SMALL_GAIN = 1e-12  # no strength is then a millionth of its standard error away
# Logits: where a chance is near 0 or 1 the curvature is small, and Newton's step far too long.
LONG_STEP = 5.0
MAX_STEPS = 200
PLAIN_STEPS = 6
"""Steps tried for many boards at once before one is looked at alone; two do from what is known elsewhere."""
ROUNDING = 1e-2
"""Logits: among billions of votes no step comes nearer, since their sums have sixteen digits."""


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
    """Give the slope of a prior's log-density, minus its second derivative, and the variance of its slope."""

    def slope(self, strength: Array) -> Array: ...
    def curvature(self, strength: Array) -> Array: ...
    def scatter(self, strength: Array) -> Array: ...


@dataclass(frozen=True)
class VirtualGames:
    """
    Add so many virtual games (or a part of one) of each model against one of strength 0, half of them won.

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
class NormalPrior:
    """
    A prior by which each strength is normal around a known mean; precision is 1/variance, both in logits.

    Both are (n,), or (boards, n) where many boards are fitted at once.
    """

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
    """
    The regression's matrix X, never built: a row per cell, 1 for first, -1 for second, 1 for the side.

    ``scale`` is what a battle counts, 1 for a whole one.
    """

    cells: Cells
    models: int
    side: bool
    scale: float = 1.0

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

    @cached_property
    def met(self) -> PairBattles:
        """Return the battles of each pair and the points of each model, whatever the side."""
        n, cells = self.models, self.cells
        games = totals(self._place, cells.played, n * n).reshape(n, n)
        points = totals(cells.first, cells.score, n) + totals(cells.second, cells.played - cells.score, n)
        return PairBattles(games + games.T, points).divided(1 / self.scale)

    def divided(self, by: float) -> "Design":
        """Return the design of the same battles, each counting as a part of one."""
        found = replace(self, scale=self.scale / by)
        found.__dict__["met"] = self.met.divided(by)
        return found

    def slope(self, x: Array) -> tuple[Array, Array]:
        """Return the slope of the votes' log-likelihood at x, and its information there, minus the curvature."""
        if not self.side:
            return self.met.slope(x)
        (chance, variance), cells = chances(self.rows(x)), self.cells
        slope = self.scale * self.columns(cells.score - cells.played * chance)
        return slope, self.gram(self.scale * cells.played * variance)

    def log_likelihood(self, x: Array) -> float:
        """Return the log-likelihood of the votes at x, without a side."""
        single, cells = odds(x), self.cells
        both = np.log(single[cells.first] + single[cells.second])
        return float(self.met.points @ x - self.scale * (cells.played @ both))

    def gram(self, weights: Array) -> Array:
        """Return Xᵀ·diag(weights)·X: the Laplacian of the weights, bordered by the side."""
        n = self.models
        between = totals(self._place, weights, n * n).reshape(n, n)
        found = laplacian(between + between.T)
        if not self.side:
            return found
        border = between.sum(1) - between.sum(0)
        return np.block([[found, border[:, None]], [border, weights.sum()]])


@dataclass(frozen=True, eq=False)
class FittedCells:
    """Describe some cells by a fit: the chance that the first model scores, and how surely that is known."""

    cells: Cells
    strength: Array
    bread: Array

    @cached_property
    def chances(self) -> tuple[Array, Array]:
        """Return (cells,) p and p(1 - p)."""
        single = odds(self.strength)
        return chances_by_odds(single[self.cells.first], single[self.cells.second])

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

    Where many boards of as many models are fitted at once, all arrays have the boards first.
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
        n = self.strength.shape[-1]
        if self.precision is None:
            return np.asarray(self.bread[:n] @ self.votes[:, :n])
        # The bread times what votes and prior know together is 1.
        follows = self.bread[..., :n, :n] * -self.precision[..., None, :]
        add_diagonal(follows, np.ones(n))
        return follows

    def at(self, cells: Cells) -> "FittedCells":
        """Return what the fit says of some cells, which it remembers of those it was asked about last."""
        known: FittedCells | None = self.__dict__.get("_cells")
        if known is None or known.cells is not cells:
            known = self.__dict__["_cells"] = FittedCells(cells, self.strength, self.bread)
        return known

    def follow(self, shifts: Array) -> Array:
        """Return the (n, n) covariance of the strengths if the models' votes shift by these variances, (n,)."""
        # A product with its own transpose costs half of one with another matrix.
        moved = self.follows * np.sqrt(shifts)[..., None, :]
        return np.asarray(moved @ moved.mT)

    def followed_diagonal(self, shifts: Array, gauge: Array) -> Array:
        """Return (n, parts) the diagonals of `follow` for these shifts, (n, parts), counted from a level."""
        across = self.follows @ (shifts * (gauge @ self.follows)[..., None])
        return np.asarray(self.follows**2 @ shifts - 2 * across + (gauge @ across)[..., None, :])

    def covariance(self, gauge: Array) -> Array:
        """Return the (n, n) covariance of the strengths counted from the level that these weights name."""
        n = self.strength.shape[-1]
        found = self._sandwich[..., :n, :n]
        return centred(found if self.doubt is None else found + self.doubt, gauge)

    def variance(self, gauge: Array) -> Array:
        """Return the (n,) diagonal of `covariance`."""
        n = self.strength.shape[-1]
        found = centred_diagonal(self._sandwich[..., :n, :n], gauge)
        return found if self.doubt is None else found + centred_diagonal(self.doubt, gauge)

    def side_error(self) -> float:
        """Return the standard error of the side term, in logits."""
        return float(np.sqrt(self._sandwich[-1, -1]))

    @cached_property
    def _sandwich(self) -> Array:
        return self.bread if self.filling is None else np.asarray(self.bread @ self.filling @ self.bread.T)


def strengths(
    design: Design | PairBattles, prior: Prior, start: Array | None = None, *, short_step: float = SHORT_STEP
) -> Array:
    """
    Find the most likely strengths, then the side if asked for, by Newton from zero, or from a ``start`` that
    follows from the same votes: equal tallies give equal bits. The error is about the square of ``short_step``.

    Raises ArithmeticError where no finite strengths are most likely.
    """
    x = np.zeros(design.models + design.side) if start is None else start
    gradient, information = _slope(design, prior, x)
    longest = 0.0
    for _ in range(MAX_STEPS):
        step = solve(information, gradient)
        longest = np.abs(step).max(initial=0.0)
        if longest < short_step or abs(step @ gradient) < SMALL_GAIN:
            return x + step
        step *= min(1.0, LONG_STEP / longest)
        ahead, information = _slope(design, prior, x + step)
        while step @ ahead < -(step @ gradient) / 2:  # far down the other side: go half as far
            step /= 2
            ahead, information = _slope(design, prior, x + step)
        x, gradient = x + step, ahead
    if longest < ROUNDING:
        return x
    raise ArithmeticError("no finite strengths are most likely")


def _strengths_of_many(battles: PairBattles, prior: NormalPrior, start: Array) -> Array:
    """
    Find (boards, n) the strengths of many boards at once, from a start that is near those of each.

    A board at which plain steps of Newton do not end is looked at alone, where steps are held.
    """
    x = start
    for _ in range(PLAIN_STEPS):
        gradient, information = _slope(battles, prior, x)
        step = solve(information, gradient)
        x = x + step
        is_far = ~(np.abs(step).max(axis=1, initial=0.0) < SHORT_STEP)
        if not is_far.any():
            return x
    for board in np.flatnonzero(is_far).tolist():
        alone = PairBattles(battles.games[board], battles.points[board])
        x[board] = strengths(alone, NormalPrior(prior.mean[board], prior.precision[board]))
    return x


def fit(design: Design, prior: Prior, start: Array | None = None) -> Fit:
    """Fit strengths, and return them with what their covariance is made of (docs/ratings.md 2 and 3)."""
    x = strengths(design, prior, start)
    strength, side = x[: design.models], float(x[design.models :].sum())
    filling = design.gram(design.scale * residual_variance(design.cells, logistic(design.rows(x))))
    add_diagonal(filling, prior.scatter(strength))
    votes, own = design.slope(x)[1], prior.curvature(strength)
    precision = own if own.any() else None
    return Fit(strength, side, _with_prior(votes.copy(), own), filling, votes, precision=precision)


def fit_normal(design: Design, prior: NormalPrior, dispersion: float, start: Array | None = None) -> Fit:
    """Fit strengths with a normal prior, taken as certain, by votes whose scores have this dispersion."""
    scaled = design.divided(dispersion)
    return _fit_of(scaled, strengths(scaled, prior, start), prior, dispersion)


def fit_many(battles: PairBattles, prior: NormalPrior, dispersion: float, start: Array) -> Fit:
    """Fit the strengths of many boards at once as `fit_normal` does one's, from a start near those of each."""
    scaled = battles.divided(dispersion)
    return _fit_of(scaled, _strengths_of_many(scaled, prior, start), prior, dispersion)


def _fit_of(scaled: Design | PairBattles, x: Array, prior: NormalPrior, dispersion: float) -> Fit:
    n, votes = prior.precision.shape[-1], scaled.slope(x)[1]
    information = votes.copy()
    add_diagonal(information, prior.precision)
    side = float(x[n:].sum()) if x.ndim == 1 else 0.0
    return Fit(x[..., :n], side, information, None, votes, 1 / dispersion, precision=prior.precision)


def residual_variance(cells: Cells, chance: Array) -> Array:
    """Sum the squares of the votes' residuals per cell, where the first model scores with this chance."""
    return cells.won * (1 - chance) ** 2 + cells.lost * chance**2 + cells.tied * (0.5 - chance) ** 2


def _slope(design: Design | PairBattles, prior: Prior, x: Array) -> tuple[Array, Array]:
    """Return the gradient at x, and minus the second derivative there."""
    gradient, information = design.slope(x)
    n = design.models
    gradient[..., :n] += prior.slope(x[..., :n])
    return gradient, _with_prior(information, prior.curvature(x[..., :n]))


def _with_prior(information: Array, own: Array) -> Array:
    """
    Add a prior's curvature to the votes' information, in place.

    Without a prior the free level is pinned, which no difference feels.
    """
    n = own.shape[-1]
    add_diagonal(information, own)
    if not own.any():
        information[:n, :n] += np.trace(information) / max(n, 1) ** 2
    return information
