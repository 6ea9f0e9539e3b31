"""
The variance-component model: one fit, and what votes, prompts, voters and pairs leave uncertain in it.

A vote's log-odds are the distance of two strengths, each with an effect of the prompt and of the voter, and an
effect of the pair. Strengths are normal with a learnt spread; every other part has its variance (docs/ratings.md).
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from app.ratings.bradley_terry import Design, Fit, VirtualGames, centred, chances, fit
from app.ratings.components import VarianceComponent, residuals
from app.ratings.pair_effects import pair_covariance, pair_effect
from app.ratings.prompts import PromptEffect, prompt_covariance, prompt_effect
from app.ratings.spread import Spread, dispersion, held, learn
from app.ratings.tallies import Array, Tallies
from app.ratings.voters import Ballots, Voters, voter_covariance, voter_effect, voter_weights

PROMPTS_FROM = 3
"""Competitions from which the variance between prompts is estimated."""
PAIRS_FROM = 3
"""Models from which a pair's own effect is another thing than a strength."""

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


def believed(design: Design, prior: Prior) -> Fitted:
    """Fit with a number of virtual games, with a spread that is known, or (None) with one learnt here."""
    if prior is None:
        plain = replace(design, side=False)
        found, spread = learn(plain)
        return Fitted(held(design, spread) if design.side else found, spread.dispersion, spread)
    if isinstance(prior, Spread):
        return Fitted(held(design, prior), prior.dispersion, prior)
    found = fit(design, VirtualGames(prior))
    x = np.append(found.strength, found.side)[: design.models + design.side]
    cells = design.cells
    dispersed = dispersion(cells.tied.sum(), float(cells.played @ chances(design.rows(x))[1]))
    return Fitted(found, dispersed, None)


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
        taste = voter_effect(voters, found, fitted.dispersion, variance)
        voters = Voters(taste, voter_weights(voters.by_voter), voters.by_voter.competitions)
    has_pairs = n >= PAIRS_FROM and tallies.competitions > 0
    pairs = pair_effect(tallies, found, fitted.dispersion, variance) if has_pairs else None
    return Components(prompts, voters, pairs)


def covariance(tallies: Tallies, fitted: Fitted, known: Components, gauge: Array) -> tuple[Array, IntervalParts]:
    """Return (n, n) of the strengths counted from the level that these weights name, and its diagonal by parts."""
    found, n = fitted.fit, tallies.models
    whole = found.covariance(gauge)
    votes, nothing = np.maximum(whole.diagonal(), 0.0), np.zeros(n)
    prompts, voters, pairs, doubt = nothing, nothing, nothing, nothing
    if known.prompts is not None:
        added = centred(prompt_covariance(tallies, found, known.prompts.variance), gauge)
        whole, prompts = whole + added, added.diagonal()
        doubt = doubt + (prompts * known.prompts.error / np.maximum(known.prompts.variance, 1e-12)) ** 2
    if known.voters is not None:
        added, taste = centred(voter_covariance(known.voters, found), gauge), known.voters.taste
        whole, voters = whole + added, added.diagonal()
        doubt = doubt + (voters * taste.error / max(taste.variance, 1e-12)) ** 2
    if known.pairs is not None:
        added = centred(pair_covariance(tallies, found, known.pairs.variance), gauge)
        whole, pairs = whole + added, added.diagonal()
        doubt = doubt + (pairs * known.pairs.error / max(known.pairs.variance, 1e-12)) ** 2
    total = votes + prompts + voters + pairs
    return whole, IntervalParts(votes, prompts, voters, pairs, doubt / np.where(total > 0, total, 1.0) ** 2)
