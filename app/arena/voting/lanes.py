"""The lanes a pair is drawn by: evenly, where votes are few, and where one more teaches most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.arena.voting.field import Floats, Ints, PairingField
from app.ratings.bradley_terry import Design, Fit, NormalPrior, chances, fit
from app.ratings.model import fit_with_prior
from app.ratings.tallies import Tallies

COMPETITION_HEAD_START = 20.0
"""Votes added to every competition before weighing, so that a new one is preferred but never exclusive."""
MODEL_HEAD_START = 10.0
OPEN_WITHIN = 0.35
"""Standard errors of their distance; models much further apart are hardly compared for information's sake."""
KNOWN_WITHIN = 0.4
"""Logits (69 Elo); until a distance has a smaller standard error, its pair counts as open."""
QUESTIONS_APART = 0.5
"""Logits (87 Elo) by which a model's strength is expected to differ between two questions, for pairing alone."""
STRANGER = 2.0
"""Logits by which a model without a vote may be away from the middle."""
LEAST_OPEN = 1e-9
TINY = np.finfo(float).tiny
CAP_ROUNDS = 20


@dataclass(frozen=True, eq=False)
class StrengthEstimate:
    """The strengths of a mode's models in logits, fitted to its votes, and their covariance about the mean."""

    model_ids: Ints
    """Ids of the models, ascending."""
    strength: Floats
    covariance: Floats


@dataclass(frozen=True, eq=False)
class Lane:
    """A share of the choices: weights over competitions, then over the pairs of the one drawn."""

    name: str
    share: float
    of_competition: Floats
    of_models: Floats
    """(models, models) weights of a pair of entries by its models; 0 on the diagonal: no model meets itself."""


def estimate_strengths(model_ids: Ints, rows: Ints, better: StrengthEstimate | None = None) -> StrengthEstimate:
    """
    Fit a mode's votes by Bradley and Terry, under the prior that its board learns (docs/ratings.md 2).

    `rows` are (tallies, 7): competition, left model, right model, left wins, right wins, ties, both bad.
    Models without a vote stand in the middle, as uncertain as the prior leaves them; those of another question
    stand where `better` puts them, as uncertain as two questions differ.
    """
    known = np.union1d(model_ids, rows[:, 1:3])
    left, right = np.searchsorted(known, rows[:, 1]), np.searchsorted(known, rows[:, 2])
    tallies = Tallies(known.size, rows[:, 0], left, right, *rows[:, 3:].T)
    design = Design(tallies.pairs(), known.size, side=False)
    if better is not None:
        return _estimate(known, fit(design, _lean_on(better, known)))
    return _estimate(known, fit_with_prior(design).fit)


def _lean_on(better: StrengthEstimate, model_ids: Ints) -> NormalPrior:
    """Believe that another question puts models about where `better` does, and strangers in the middle."""
    there = np.isin(model_ids, better.model_ids)
    at = np.where(there, np.searchsorted(better.model_ids, model_ids), 0)
    apart = np.where(there, better.covariance.diagonal()[at], STRANGER**2) + QUESTIONS_APART**2
    return NormalPrior(np.where(there, better.strength[at], 0.0), 1 / apart)


def _estimate(known: Ints, fitted: Fit) -> StrengthEstimate:
    level = np.full(known.size, 1 / max(known.size, 1))
    return StrengthEstimate(known, fitted.strength, fitted.covariance(level))


def evenly(field: PairingField, share: float) -> Lane:
    """Make the lane that draws evenly: over competitions, then over the pairs of one."""
    return Lane("uniform", share, np.ones(len(field.competitions)), 1.0 - np.eye(field.model_ids.size))


def coverage(field: PairingField, share: float, votes: Mapping[int, int], battles: Mapping[int, int]) -> Lane:
    """Make the lane that draws where votes are few: competitions first, then pairs of models with few battles."""
    rare = np.array([1 / (battles.get(model, 0) + MODEL_HEAD_START) for model in field.model_ids.tolist()])
    of_models = np.outer(rare, rare)
    np.fill_diagonal(of_models, 0.0)
    return Lane("coverage", share, _scarcity(field, votes), of_models)


def information(field: PairingField, share: float, votes: Mapping[int, int], known: StrengthEstimate) -> Lane:
    """Make the lane that draws pairs that teach most, in competitions with many such pairs and few votes."""
    place = np.searchsorted(known.model_ids, field.model_ids)
    of_models = gain(known)[np.ix_(place, place)]
    everything = field.everything
    mean = everything.sum_weights(of_models).sum(axis=1) / 2 / np.maximum(everything.count_pairs(), 1)
    return Lane("information", share, _scarcity(field, votes) * mean, of_models)


def gain(known: StrengthEstimate) -> Floats:
    """
    Compute, as (models, models), what one more vote on a pair teaches; the largest is 1.

    By how much it lowers the summed variance of the strengths (the trace of H⁻¹ after a rank-one update:
    Sherman and Morrison 1950), times exp(-z²/2h²) for a pair z standard errors apart, h = OPEN_WITHIN: a vote on
    a pair whose order is settled lowers variances too, but seldom changes the board. While v, the variance of a
    distance, is large, h² grows by (v/KNOWN_WITHIN²)²: choosing by first impressions costs the intervals of
    young boards their coverage (87 instead of 95 % at 20 votes per model). `scripts/bench/pairing.py`.
    """
    apart = known.strength[:, None] - known.strength
    slope = chances(apart)[1]
    spread = _distances(known.covariance)
    lowered = slope * _distances(known.covariance @ known.covariance) / (1 + slope * spread)
    within = OPEN_WITHIN**2 + (spread / KNOWN_WITHIN**2) ** 2
    openness = np.maximum(np.exp(-(apart**2) / np.maximum(2 * spread * within, TINY)), LEAST_OPEN)
    taught = lowered * openness
    # Rounding leaves the two ways around a pair apart.
    taught = (taught + taught.T) / 2
    return np.asarray(taught / max(taught.max(initial=0.0), TINY))


def draw_competitions(of_competition: Floats, shares: Floats) -> Floats:
    """Give the (lanes, competitions) chances that a lane is drawn, and a competition by it."""
    return np.asarray(of_competition * (shares / np.maximum(of_competition.sum(axis=1), TINY))[:, None])


def capped(lanes: tuple[Lane, ...], field: PairingField, cap: float) -> tuple[Lane, ...]:
    """Lower the pairs of models that would be shown more than `cap` times their share in the first lane."""
    even, *others = lanes
    fair = expose((even,), field) / even.share
    held = np.ones(field.model_ids.size)
    for _ in range(CAP_ROUNDS):
        lowered = [replace(lane, of_models=lane.of_models * np.outer(held, held)) for lane in others]
        shown = expose(lowered, field)
        room = (cap - even.share) * fair
        if (shown <= room).all():
            break
        held = held * np.minimum(1.0, room / np.maximum(shown, TINY))
    return even, *lowered


def expose(lanes: Sequence[Lane], field: PairingField) -> Floats:
    """Give the (models,) chances to be shown by these lanes, by their shares, to somebody who has seen nothing."""
    weights = field.everything.sum_weights(np.stack([lane.of_models for lane in lanes]))
    sums, shares = weights.sum(axis=2) / 2, np.array([lane.share for lane in lanes])
    drawn = draw_competitions(np.stack([lane.of_competition for lane in lanes]) * (sums > 0), shares)
    return np.asarray(np.einsum("lc,lcm->m", drawn / np.maximum(sums, TINY), weights))


def _scarcity(field: PairingField, votes: Mapping[int, int]) -> Floats:
    return np.array([1 / (votes.get(c, 0) + COMPETITION_HEAD_START) for c in field.competitions])


def _distances(products: Floats) -> Floats:
    """Compute (n, n) squared distances from the products of what they lie between."""
    own = np.diagonal(products)
    # Rounding can leave a distance a little below 0.
    return np.maximum(own[:, None] + own - 2 * products, 0.0)
