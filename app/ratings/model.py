"""
The variance-component model: one fit, and what votes, prompts, voters and pairs leave uncertain in it.

A vote's log-odds are the distance of two strengths, each with an effect of the prompt and of the voter, and an
effect of the pair. Strengths are normal with a learnt spread; every other part has its variance (docs/ratings.md).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from app.ratings.bradley_terry import Design, Fit, VirtualGames, fit
from app.ratings.components import LEAST_VARIANCE, VarianceComponent, quantile, residuals
from app.ratings.matrices import add_diagonal, centred, centred_diagonal, diagonal, solve
from app.ratings.pair_effects import pair_covariance, pair_effect
from app.ratings.prompts import MANY_MODELS, PromptEffect, prompt_covariance, prompt_effect, prompt_shifts
from app.ratings.spread import Spread, dispersion, fit_with_spread, learn_spread, spread_of_scores
from app.ratings.tallies import Array, Index, Tallies
from app.ratings.voters import Ballots, Voters, learn_voters, voter_shifts

PROMPTS_FROM = 3
"""Competitions from which the variance between prompts is estimated."""
PAIRS_FROM = 3
"""Models from which a pair's own effect is another thing than a strength."""

LEAST_OWN = 0.25
"""Of the variance of the strengths on a board, the part that is at least their own."""

Wanted = Literal["prompt", "vote"]
Prior = float | Spread | None


@dataclass(frozen=True, eq=False)
class Fitted:
    """The strengths of a board, the dispersion of its scores, and the spread, None for virtual games."""

    fit: Fit
    dispersion: float
    spread: Spread | None


@dataclass(frozen=True, eq=False)
class Components:
    """The components that widen the votes' own uncertainty; None where one is unknown, or cannot be there."""

    prompts: PromptEffect | None = None
    voters: Voters | None = None
    pairs: VarianceComponent | None = None


@dataclass(frozen=True, eq=False)
class IntervalParts:
    """
    (n,) variances of each model's strength, counted from the level, in squared logits, by what they come from.

    ``votes`` includes what the spread of the strengths leaves open. ``variation`` is the squared relative error of
    their sum.
    """

    votes: Array
    prompts: Array
    voters: Array
    pairs: Array
    variation: Array

    @cached_property
    def quantile(self) -> Array:
        """Return (n,) the two-sided 95 % quantile of each, in deviations."""
        return quantile(self.variation)

    def of_board(self, number: int) -> "IntervalParts":
        """Return those of one board, where they are of many, as (boards, n)."""
        arrays = self.votes, self.prompts, self.voters, self.pairs, self.variation
        found = IntervalParts(*(each[number] for each in arrays))
        found.__dict__["quantile"] = self.quantile[number]
        return found


def fit_with_prior(design: Design, prior: Prior = None) -> Fitted:
    """Fit with a number of virtual games, with a spread that is known, or (None) with one learnt here."""
    if prior is None:
        plain = replace(design, side=False)
        found, spread = learn_spread(plain)
        return Fitted(fit_with_spread(design, spread) if design.side else found, spread.dispersion, spread)
    if isinstance(prior, Spread):
        return Fitted(fit_with_spread(design, prior), prior.dispersion, prior)
    found = fit(design, VirtualGames(prior))
    x = np.append(found.strength, found.side)[: design.models + design.side]
    return Fitted(found, dispersion(design.cells.tied.sum(), spread_of_scores(design, x)), None)


def components(
    tallies: Tallies,
    fitted: Fitted,
    *,
    prompts: PromptEffect | None = None,
    voters: Ballots | Voters | None = None,
) -> Components:
    """Estimate what is not given."""
    found, n = fitted.fit, tallies.models
    if prompts is None and tallies.competitions >= PROMPTS_FROM:
        prompts = prompt_effect([residuals(tallies, found, fitted.dispersion)], n, tallies.competitions)
    if prompts is not None and tallies.competitions < 2:
        prompts = None
    variance = None if prompts is None else prompts.variance
    if isinstance(voters, Ballots):
        voters = learn_voters(voters, found, fitted.dispersion, variance)
    has_pairs = n >= PAIRS_FROM and tallies.competitions > 0
    pairs = pair_effect(tallies, found, fitted.dispersion, variance) if has_pairs else None
    return Components(prompts, voters, pairs)


def covariance(
    tallies: Tallies, fitted: Fitted, known: Components, gauge: Array
) -> tuple[Array, Array, IntervalParts]:
    """
    Return (n, n) of the strengths by votes alone, the same by all parts, and the diagonal of that by its parts.

    Strengths are counted from the level that the ``gauge`` names by its weights.
    """
    alone = fitted.fit.covariance(gauge)
    added, shared, pulled = _shared(tallies, fitted, known, gauge)
    own = added.diagonal()
    widened = 1 + pulled**2 / np.where(own > 0, own, np.inf)
    votes = np.maximum(alone.diagonal(), 0.0)
    prompts, voters, pairs = (widened * each for each in shared.T)
    doubt = np.zeros_like(votes)
    if known.prompts is not None:
        doubt += (prompts * known.prompts.error / np.maximum(known.prompts.variance, LEAST_VARIANCE)) ** 2
    if known.voters is not None:
        doubt += (voters * known.voters.taste.relative_error) ** 2
    if known.pairs is not None:
        doubt += (pairs * known.pairs.relative_error) ** 2
    total = votes + prompts + voters + pairs
    parts = IntervalParts(votes, prompts, voters, pairs, doubt / np.where(total > 0, total, 1.0) ** 2)
    added += alone
    added += pulled * pulled[:, None]
    return alone, added, parts


def covariances_with_voters(
    fitted: Fit, voters: Sequence[Voters | None]
) -> Iterator[tuple[Array, Array, IntervalParts]]:
    """Give the same for each of many boards that were fitted at once, where nothing but voters is known."""
    nothing, errors = np.zeros_like(fitted.strength), np.zeros(len(voters))
    shifts = nothing.copy()
    for board, known in enumerate(voters):
        if known is not None:
            shifts[board], errors[board] = voter_shifts(known), known.taste.relative_error
    added = fitted.follow(shifts)
    votes, tastes = diagonal(fitted.bread), diagonal(added)
    variation = (tastes * errors[:, None] / (votes + tastes)) ** 2
    parts = IntervalParts(votes, nothing, tastes, nothing, variation)
    for board, published in enumerate(fitted.bread + added):
        yield fitted.bread[board], published, parts.of_board(board)


def variances_without(
    tallies: Tallies, numbers: Index, fitted: Fitted, prompts: PromptEffect, gauge: Array
) -> Array:
    """
    Return (fits, n) of the strengths by votes and prompts, where each fit leaves a competition out.

    ``numbers``, (fits,), are those of the competitions that are left out.
    """
    found = fitted.fit
    shared = centred(prompt_covariance(tallies, found, prompts.variance, numbers), gauge)
    return np.asarray(found.variance(gauge) + diagonal(shared) + _pull_of(fitted, shared, gauge) ** 2)


def _shared(tallies: Tallies, fitted: Fitted, known: Components, gauge: Array) -> tuple[Array, Array, Array]:
    """
    Return the (n, n) covariance that prompts, voters and pairs add, its (n, 3) diagonal by these, and the pull.

    All are zeros for what is not known; the pull towards the middle is (n,).
    """
    n, found = tallies.models, fitted.fit
    shifts, added, own, whole = np.zeros((n, 3)), np.zeros((n, n)), np.zeros((n, 3)), {}
    if known.prompts is not None and n > MANY_MODELS:
        shifts[:, 0] = prompt_shifts(tallies, known.prompts.variance)
    elif known.prompts is not None:
        whole[0] = prompt_covariance(tallies, found, known.prompts.variance)
    if known.voters is not None:
        shifts[:, 1] = voter_shifts(known.voters)
    if known.pairs is not None:
        whole[2] = pair_covariance(tallies, found, known.pairs.variance)
    for part, covariances in whole.items():
        added += covariances
        own[:, part] = centred_diagonal(covariances, gauge)
    # What follows shifts of votes is summed before it is multiplied out.
    if shifts.any():
        added += found.follow(shifts.sum(axis=1))
        own += found.followed_diagonal(shifts, gauge)
    added = centred(added, gauge)
    return added, own, _pull_of(fitted, added, gauge)


def pull(strength: Array, follows: Array, shared: Array, variance: Array | float) -> Array:
    """
    Return (n,) by how much a fit's strengths would move towards the middle if it knew what votes share.

    The fit takes votes as independent, so a strength far from the middle owes more to prompts and voters than the
    prior allows for. ``shared`` is their covariance D in the fit, ``follows`` how strengths follow their votes, F,
    and ``variance`` what strengths differ by, s²: the best linear estimate moves x by -D (s² Fᵀ + D)⁻¹ x.
    """
    # Symmetric, as a learnt spread is the same for every model.
    # A level common to all follows no votes; it is 0 in x, and so may be given any variance. Nor does the level of
    # a part that met no other, in which nothing is shared: a billionth keeps the matrix invertible.
    own = np.asarray(variance)[..., None, None]
    moves = own * follows.mT
    moves += shared
    moves += own / strength.shape[-1]
    add_diagonal(moves, 1e-9 * np.broadcast_to(own[..., 0], strength.shape))
    return -(shared @ solve(moves, strength)[..., None])[..., 0]


def _pull_of(fitted: Fitted, shared: Array, gauge: Array) -> Array:
    """Pull towards the middle what has a learnt spread, of which what votes share is not the strengths' own."""
    strength = fitted.fit.strength - (fitted.fit.strength @ gauge)[..., None]
    if fitted.spread is None or not shared.any():
        return np.zeros_like(strength)
    learnt = fitted.spread.sd**2
    own = np.maximum(learnt - diagonal(shared).mean(axis=-1), LEAST_OWN * learnt)
    return pull(strength, fitted.fit.follows, shared, own)
