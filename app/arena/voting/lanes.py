"""The lanes a pair is drawn by: evenly, where votes are few, and where one more teaches most."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from app.arena.entries.renditions import NEAR_BITS
from app.ratings.bradley_terry import Design, Fit, Known, chances, fit
from app.ratings.model import believed
from app.ratings.tallies import Tallies, totals

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

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


@dataclass(frozen=True)
class Contestant:
    """An entry that may be issued."""

    entry_id: int
    competition_id: int
    model_id: int
    perceptual_hash: int


@dataclass(frozen=True, eq=False)
class CandidatePairs:
    """Every pair of entries that may meet in one mode, as parallel arrays; what votes do not change."""

    competitions: tuple[int, ...]
    model_ids: Ints
    """Ids of the models, ascending."""
    competition: Ints
    """(pairs,) index into `competitions`, ascending."""
    entries: Ints
    """(pairs, 2) entry ids, the smaller first; column by column, like all of this shape here: far quicker."""
    models: Ints
    """(pairs, 2) indices into `model_ids`."""
    crowd: Ints
    """(competitions,) models that stand in each."""

    @cached_property
    def places(self) -> tuple[Ints, Ints]:
        """Return the keys of the entry pairs, ascending, and where each pair stands."""
        keys = pair_keys(self.entries)
        order = np.argsort(keys)
        return keys[order], order

    @cached_property
    def images(self) -> tuple[Ints, Ints]:
        """Return the entry ids, ascending, and (pairs, 2) indices into them."""
        ids, place = np.unique(self.entries, return_inverse=True)
        return ids, np.asfortranarray(place.reshape(self.entries.shape))

    @cached_property
    def groups(self) -> tuple[Ints, Ints]:
        """Return the competitions with a pair, as indices, and where the pairs of each begin."""
        return np.unique(self.competition, return_index=True)

    @cached_property
    def model_pair(self) -> Ints:
        """Return a (pairs,) number for each: the same for every two samples of the same two models there."""
        low, high = np.sort(self.models, axis=1).T
        size = self.model_ids.size
        return np.unique((self.competition * size + low) * size + high, return_inverse=True)[1]

    def model_pairs(self, allowed: Mask | None = None) -> Ints:
        """Count, per competition, the pairs of models that have an (allowed) pair of entries."""
        chosen = np.ones(len(self.competition), dtype=bool) if allowed is None else allowed
        if self._has_samples:
            first = np.unique(self.model_pair[chosen], return_index=True)[1]
            return np.bincount(self.competition[chosen][first], minlength=len(self.competitions))
        return np.bincount(self.competition[chosen], minlength=len(self.competitions))

    @cached_property
    def _has_samples(self) -> bool:
        """Tell whether two models meet in more than one pair of entries of a competition."""
        return int(self.model_pair.max(initial=-1)) + 1 < len(self.competition)

    @cached_property
    def sizes(self) -> Ints:
        """Return the (competitions,) numbers of pairs."""
        return np.bincount(self.competition, minlength=len(self.competitions))

    def gathered(self, of_pair: Floats) -> Floats:
        """Give the (..., competitions) sums over the pairs of each."""
        there, starts = self.groups
        if there.size == len(self.competitions):
            return np.add.reduceat(of_pair, starts, axis=-1) if there.size else of_pair
        sums = np.zeros((*of_pair.shape[:-1], len(self.competitions)))
        sums[..., there] = np.add.reduceat(of_pair, starts, axis=-1) if starts.size else 0.0
        return sums

    def exposure(self, of_pair: Floats) -> Floats:
        """Give the (models,) chances to be shown, from the chance of each pair."""
        first, second = (totals(self.models[:, side], of_pair, self.model_ids.size) for side in (0, 1))
        return first + second


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
    of_pair: Floats

    def chances(self, candidates: CandidatePairs, allowed: Mask | None = None) -> Floats:
        """Give the (pairs,) chances when only the allowed may be drawn; they sum to 1 where any is."""
        weights = self.of_pair if allowed is None else self.of_pair * allowed
        sums = candidates.gathered(weights)
        drawn = self.of_competition * (sums > 0)
        each = np.divide(drawn, sums, out=np.zeros_like(sums), where=sums > 0) / (drawn.sum() or 1.0)
        return np.asarray(weights * each[candidates.competition])


def pair_keys(pairs: Ints) -> Ints:
    """Give the (pairs,) keys: one number for each (smaller id, larger id), in the same order."""
    # Two ids of 32 bits fill one of 64, so that a pair can be sorted and searched as one number.
    return np.asarray((pairs[:, 0] << 32) + pairs[:, 1])


def candidate_pairs(contestants: Iterable[Contestant], *, meet_alike: bool = False) -> CandidatePairs:
    """
    List the pairs that may meet: never two samples of one model.

    Nor two pictures that look the same, unless they `meet_alike`.
    """
    ordered = sorted(contestants, key=lambda one: (one.competition_id, one.entry_id))
    rows = [(one.competition_id, one.entry_id, one.model_id, one.perceptual_hash) for one in ordered]
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    competitions, starts = np.unique(table[:, 0], return_index=True)
    model_ids, model = np.unique(table[:, 2], return_inverse=True)
    groups = np.split(np.arange(len(table)), starts[1:])
    apart = -1 if meet_alike else NEAR_BITS
    pairs = [_meet(group, model, table[:, 3], apart) for group in groups]
    place = np.repeat(np.arange(competitions.size), [len(entries) for entries in pairs])
    crowd = np.array([np.unique(model[group]).size for group in groups], dtype=np.int64)
    # The empty array stands for an arena without a pair, as nothing cannot be joined.
    both = np.asfortranarray(np.concatenate([np.empty((0, 2), dtype=np.int64), *pairs]))
    return CandidatePairs(tuple(competitions.tolist()), model_ids, place, table[:, 1][both], model[both], crowd)


def estimate_strengths(model_ids: Ints, rows: Ints, better: StrengthEstimate | None = None) -> StrengthEstimate:
    """
    Fit a mode's votes by Bradley and Terry, under the belief that its board has (docs/ratings.md 2).

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
    return _estimate(known, believed(design, None).fit)


def _lean_on(better: StrengthEstimate, model_ids: Ints) -> Known:
    """Believe that another question puts models about where `better` does, and strangers in the middle."""
    there = np.isin(model_ids, better.model_ids)
    at = np.where(there, np.searchsorted(better.model_ids, model_ids), 0)
    apart = np.where(there, better.covariance.diagonal()[at], STRANGER**2) + QUESTIONS_APART**2
    return Known(np.where(there, better.strength[at], 0.0), 1 / apart)


def _estimate(known: Ints, fitted: Fit) -> StrengthEstimate:
    level = np.full(known.size, 1 / max(known.size, 1))
    return StrengthEstimate(known, fitted.strength, fitted.covariance(level))


def evenly(of: CandidatePairs, share: float) -> Lane:
    """Make the lane that draws evenly: over competitions, then over the pairs of one."""
    return Lane("uniform", share, np.ones(len(of.competitions)), np.ones(len(of.competition)))


def coverage(of: CandidatePairs, share: float, votes: Mapping[int, int], battles: Mapping[int, int]) -> Lane:
    """Make the lane that draws where votes are few: competitions first, then pairs of models with few battles."""
    rare = np.array([1 / (battles.get(model, 0) + MODEL_HEAD_START) for model in of.model_ids.tolist()])
    return Lane("coverage", share, _scarcity(of, votes), rare[of.models].prod(axis=1))


def information(of: CandidatePairs, share: float, votes: Mapping[int, int], known: StrengthEstimate) -> Lane:
    """Make the lane that draws pairs that teach most, in competitions with many such pairs and few votes."""
    place = np.searchsorted(known.model_ids, of.model_ids)[of.models]
    of_pair = gain(known)[place[:, 0], place[:, 1]]
    size = len(of.competitions)
    pairs = np.bincount(of.competition, minlength=size)
    mean = totals(of.competition, of_pair, size) / np.maximum(pairs, 1)
    return Lane("information", share, _scarcity(of, votes) * mean, of_pair)


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
    return np.asarray(lowered * openness / max((lowered * openness).max(initial=0.0), TINY))


def capped(lanes: tuple[Lane, ...], of: CandidatePairs, cap: float) -> tuple[Lane, ...]:
    """Lower the pairs of models that would be shown more than `cap` times their share in the first lane."""
    even, *others = lanes
    fair = of.exposure(even.chances(of))
    held = np.ones(of.model_ids.size)
    for _ in range(CAP_ROUNDS):
        hold = held[of.models].prod(axis=1)
        lowered = [replace(lane, of_pair=lane.of_pair * hold) for lane in others]
        shown = of.exposure(sum((lane.share * lane.chances(of) for lane in lowered), np.zeros(hold.size)))
        room = (cap - even.share) * fair
        if (shown <= room).all():
            break
        held = held * np.minimum(1.0, room / np.maximum(shown, TINY))
    return even, *lowered


def _meet(group: Ints, model: Ints, hashes: Ints, apart: int) -> Ints:
    """List the pairs of a competition's entries by two models whose hashes differ in more bits than `apart`."""
    first, second = np.triu_indices(group.size, 1)
    one, other = group[first], group[second]
    # As unsigned: of a negative number bitwise_count counts the bits of its absolute value.
    differing = np.bitwise_count((hashes[one] ^ hashes[other]).view(np.uint64))
    may = (model[one] != model[other]) & (differing.astype(np.int64) > apart)
    return np.stack([one[may], other[may]], axis=1)


def _scarcity(of: CandidatePairs, votes: Mapping[int, int]) -> Floats:
    return np.array([1 / (votes.get(c, 0) + COMPETITION_HEAD_START) for c in of.competitions])


def _distances(products: Floats) -> Floats:
    """Compute (n, n) squared distances from the products of what they lie between."""
    own = np.diagonal(products)
    # Rounding can leave a distance a little below 0.
    return np.maximum(own[:, None] + own - 2 * products, 0.0)
