"""Chooses which pair a voter sees next. Only the server chooses; the probability of each choice is known."""

import math
import random
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from app.arena.voting import guessing, lanes
from app.arena.voting.field import Floats, Ints, Mask, PairingField, RemainingField
from app.arena.voting.lanes import TINY, Lane, StrengthEstimate
from app.words import BETTER

UNIFORM_SHARE = 0.2
COVERAGE_SHARE = 0.1
INFORMATION_SHARE = 0.7
EXPOSURE_CAP = 3.0
ALMOST_ONE = math.nextafter(1.0, 0.0)
NO_ROWS: Ints = np.empty((0, 7), dtype=np.int64)


class Exclusions(NamedTuple):
    """Everything that one voter must not be shown now."""

    pairs: frozenset[int] = frozenset()
    """`field.pair_keys` of the entry pairs ever issued to them."""
    models: frozenset[int] = frozenset()
    """Models of their other open matchup."""
    entries: frozenset[int] = frozenset()
    """Entries whose names they have lately seen; given up when nothing else is left."""
    competitions: frozenset[int] = frozenset()
    """Competitions of their other open matchup, where what one tells would narrow down the other."""
    limits_guesses: bool = False
    """Whether no pair may be served that a voter who remembers everything could guess (`guessing`)."""


class Pair(NamedTuple):
    """The pair that was chosen, with the probability it had."""

    competition_id: int
    left_entry_id: int
    right_entry_id: int
    probability: float
    seen_before: bool
    question: str = BETTER
    question_probability: float = 1.0


@dataclass(frozen=True, eq=False)
class PairingState:
    """The field of one mode, with the lanes its pairs are drawn by when they ask one question."""

    field: PairingField
    lanes: tuple[Lane, ...]
    """The uniform one first."""
    question: str = BETTER
    question_share: Floats | None = None
    """(competitions,) shares of their pairs that ask it; None where every pair does."""
    beside: "tuple[PairingState, ...]" = ()
    """The same field for the other questions that are asked here."""

    @property
    def competitions(self) -> tuple[int, ...]:
        """Give the ids of the open competitions with an entry."""
        return self.field.competitions

    @cached_property
    def of_models(self) -> Floats:
        """Return the lanes' weights of pairs as (lanes, models, models)."""
        return np.stack([lane.of_models for lane in self.lanes])

    @cached_property
    def of_competition(self) -> Floats:
        """Return the lanes' weights of competitions as (lanes, competitions)."""
        return np.stack([lane.of_competition for lane in self.lanes])

    @cached_property
    def halves(self) -> Floats:
        """Return (models,) halves: a pair is in the weights of both of its models."""
        return np.full(self.field.model_ids.size, 0.5)

    @cached_property
    def beyond_cap(self) -> Floats:
        """Return (lanes, 1) factors by which chances add up, per model, to what is above EXPOSURE_CAP."""
        return np.array([[1.0 - EXPOSURE_CAP / self.lanes[0].share], *([1.0] for _ in self.lanes[1:])])

    @cached_property
    def drawn(self) -> tuple[int, Floats, list[float]]:
        """Return how many lanes and competitions have a pair to draw; the chances where all do, also summed up."""
        is_there = self.field.everything.sum_weights(self.of_models).sum(axis=2) > 0
        drawn = self._draw_competitions(is_there)
        return int(np.count_nonzero(is_there)), drawn, drawn.sum(axis=0).tolist()

    def draw_competitions(self, sums: Floats) -> Floats:
        """Give the (lanes, competitions) chances where these weights are left."""
        most, drawn, _ = self.drawn
        return drawn if np.count_nonzero(sums) == most else self._draw_competitions(sums > 0)

    def _draw_competitions(self, remains: Mask) -> Floats:
        shares = np.array([lane.share for lane in self.lanes])
        return lanes.draw_competitions(self.of_competition * remains, shares)

    @cached_property
    def of_everything(self) -> "Chances":
        """Return the chances for a voter who may be shown any pair, computed once: most first pairs need them."""
        return Chances(self, self.field.everything)


class Chances:
    """
    The chances of what is left to a voter, over all lanes; they sum to 1 where any pair is.

    No model is shown more than EXPOSURE_CAP times as often as the uniform lane alone would show it: where
    exclusions would lift one above, the uniform lane takes over as much of the other lanes as that needs.
    """

    __slots__ = ("drawn", "of_weight", "part", "remaining", "state", "weights")

    def __init__(self, state: PairingState, remaining: RemainingField) -> None:
        self.state, self.remaining = state, remaining
        self.weights = remaining.sum_weights(state.of_models)
        """(lanes, competitions, models) weights of each model's pairs."""
        sums = self.weights @ state.halves
        self.drawn = state.draw_competitions(sums)
        """(lanes, competitions) chances to be drawn."""
        self.of_weight = self.drawn / np.maximum(sums, TINY)
        """(lanes, competitions) chances of a pair for the weight it has by a lane."""
        self.part = self._find_part()
        """The largest part of the lanes' mixture that, filled up with even pairs, shows no model too often."""
        if self.part < 1.0:
            self.drawn, self.of_weight = self._fill_up(self.drawn), self._fill_up(self.of_weight)

    def list_competitions(self) -> list[float]:
        """List the chances of the competitions, over all lanes."""
        _, drawn, summed = self.state.drawn
        known: list[float] = summed if self.drawn is drawn else self.drawn.sum(axis=0).tolist()
        return known

    def exposures(self) -> Floats:
        """Give the (models,) chances to be shown."""
        return self._expose(self.of_weight)

    def _expose(self, of_weight: Floats) -> Floats:
        return np.asarray(of_weight.ravel() @ self.weights.reshape(of_weight.size, self.weights.shape[2]))

    def _find_part(self) -> float:
        # By how much each model would be shown too often; seldom is any.
        if max(self._expose(self.of_weight * self.state.beyond_cap).tolist(), default=0.0) <= 0.0:
            return 1.0
        shown, fair = self.exposures(), self.of_weight[0] / self.state.lanes[0].share @ self.weights[0]
        over = shown > EXPOSURE_CAP * fair
        return float(((EXPOSURE_CAP - 1.0) * fair[over] / (shown[over] - fair[over])).min(initial=1.0))

    def _fill_up(self, chances: Floats) -> Floats:
        filled = chances * self.part
        filled[0] += chances[0] * ((1.0 - self.part) / self.state.lanes[0].share)
        return filled


@dataclass(frozen=True)
class ModelExposure:
    """The chance that a matchup shows a model, and the chance it would have if all pairs were drawn evenly."""

    model_id: int
    share: float
    uniform_share: float


@dataclass(frozen=True)
class SamplingShares:
    """Shares of lanes and models in the pairs that are drawn now, for the integrity page."""

    lanes: dict[str, float]
    """Share of the choices by the lane's name; they sum to 1."""
    exposures: tuple[ModelExposure, ...]


def weigh_pairs(
    field: PairingField,
    votes: Mapping[int, int],
    battles: Mapping[int, int],
    known: StrengthEstimate | None = None,
    question: str = BETTER,
    question_share: Floats | None = None,
) -> PairingState:
    """Weigh pairs by one question's votes per competition, battles of models and, if given, strengths."""
    strengths = known or lanes.estimate_strengths(field.model_ids, NO_ROWS)
    mixture: tuple[Lane, ...] = (
        lanes.evenly(field, UNIFORM_SHARE),
        lanes.coverage(field, COVERAGE_SHARE, votes, battles),
        lanes.information(field, INFORMATION_SHARE, votes, strengths),
    )
    if question_share is not None:
        mixture = tuple(replace(lane, of_competition=lane.of_competition * question_share) for lane in mixture)
    return PairingState(field, lanes.capped(mixture, field, EXPOSURE_CAP), question, question_share)


def choose_pair(
    state: PairingState,
    exclusions: Exclusions,
    rng: random.Random,
    within: frozenset[int] | None = None,
    question: str | None = None,
) -> Pair | None:
    """
    Draw a question, unless the voter chose one, then a pair to ask it about; None when none is left.

    The pair is `within` these competitions where given. `state` is that of `better`.
    """
    remaining = _find_remaining(state.field, exclusions, within, exclusions.entries)
    pair = _choose(state, remaining, rng, question, limits_guesses=exclusions.limits_guesses)
    if pair is None and exclusions.entries and not exclusions.limits_guesses and not remaining.count_pairs().any():
        pair = _choose(state, _find_remaining(state.field, exclusions, within), rng, question)
        return pair and pair._replace(seen_before=True)
    return pair


def question_chances(state: PairingState, remains: Mask) -> tuple[tuple[PairingState, float], ...]:
    """
    Give each question that may be asked about a pair, with its chance; they sum to 1 where any is left.

    A question's chance is its share, averaged over the competitions of which a pair `is_left`.
    """
    if state.question_share is None:
        return ((state, 1.0),)
    states = (state, *state.beside)
    weights = [
        float(one.question_share[remains].sum()) if one.question_share is not None else 0.0 for one in states
    ]
    whole = sum(weights)
    return tuple((one, weight / whole) for one, weight in zip(states, weights, strict=True) if weight)


def has_pair(state: PairingState, exclusions: Exclusions, within: frozenset[int] | None = None) -> bool:
    """Return whether any pair is left for this voter, guessable or not."""
    return bool(_find_remaining(state.field, exclusions, within).count_pairs().any())


def shares(state: PairingState) -> SamplingShares:
    """Compute how often each lane and each model comes, for a voter who has seen nothing yet."""
    chances, even = state.of_everything, state.lanes[0]
    own = {lane.name: chances.part * lane.share for lane in state.lanes}
    own[even.name] += 1.0 - chances.part
    columns = state.field.model_ids, chances.exposures(), lanes.expose((even,), state.field) / even.share
    return SamplingShares(
        own, tuple(ModelExposure(*row) for row in zip(*(c.tolist() for c in columns), strict=True))
    )


def find_competitions(state: PairingState, *, fewest_models: int = 0) -> frozenset[int]:
    """Find the competitions with at least so many models."""
    wanted = state.field.crowd >= fewest_models
    return frozenset(np.array(state.competitions)[wanted].tolist())


def _find_remaining(
    field: PairingField,
    exclusions: Exclusions,
    within: frozenset[int] | None,
    entries: frozenset[int] = frozenset(),
) -> RemainingField:
    """Find what a voter may still be shown: nothing excluded, and none of `entries` either."""
    barred, competitions = exclusions.competitions, None
    if within is not None or barred:
        competitions = np.array(
            [one not in barred and (within is None or one in within) for one in field.competitions], dtype=bool
        )
    elif not (exclusions.pairs or exclusions.models or entries):
        return field.everything
    return field.without(exclusions.pairs, exclusions.models, entries, competitions)


def _choose(
    state: PairingState,
    remaining: RemainingField,
    rng: random.Random,
    wanted: str | None,
    *,
    limits_guesses: bool = False,
) -> Pair | None:
    """Draw question, pair and sides by one point from 0 to 1: each choice leaves a point that is as random."""
    if limits_guesses:
        remaining = guessing.drop_guessable(remaining)
    questions = _list_questions(state, remaining, wanted)
    if not questions:
        return None
    place, point = _pick([chance for _, chance in questions], rng.random())
    asked, of_question = questions[place]
    chances = asked.of_everything if remaining is state.field.everything else Chances(asked, remaining)
    of_competitions = chances.list_competitions()
    if not any(of_competitions):
        return None
    competition, point = _pick(of_competitions, point)
    draw = _draw_unguessable if limits_guesses else _draw
    left_entry, right_entry, probability = draw(chances, competition, point)
    # Rounding can leave the chance of the only pair above one.
    drawn = state.competitions[competition], left_entry, right_entry, min(probability, 1.0)
    return Pair(*drawn, False, asked.question, of_question)


def _list_questions(
    state: PairingState, remaining: RemainingField, wanted: str | None
) -> tuple[tuple[PairingState, float], ...]:
    """Give the questions that may be asked, or the wanted one, with their chances."""
    asks_one = state.question_share is None
    chances = ((state, 1.0),) if asks_one else question_chances(state, remaining.count_pairs() > 0)
    if wanted is None:
        return chances
    return tuple((one, 1.0) for one, _ in chances if one.question == wanted)


def _draw(chances: Chances, competition: int, point: float) -> tuple[int, int, float]:
    """Draw the left and the right entry of a competition that was drawn, and give their probability."""
    remaining, of_weight = chances.remaining, chances.of_weight[:, competition]
    # Every pair is reached from either of its models, so that both ways together have its probability.
    one, point = _pick((of_weight @ chances.weights[:, competition]).tolist(), point)
    of_pair = of_weight @ chances.state.of_models[:, one]
    other, point = _pick((of_pair * remaining.meetings_of(competition, one)).tolist(), point)
    return *_draw_entries(remaining, competition, one, other, point), float(of_pair[other])


def _draw_unguessable(chances: Chances, competition: int, point: float) -> tuple[int, int, float]:
    """Draw as `_draw` does, but no two models of the competition likelier than may be."""
    remaining, of_models = chances.remaining, chances.state.of_models
    meetings = remaining.meetings(competition)
    of_pair = chances.of_weight[:, competition] @ of_models.reshape(len(of_models), -1)
    most = guessing.best_guess(int(remaining.field.crowd[competition]))
    # Every two models are in the table twice, each time with half of their chance.
    limited = guessing.limit_chances(of_pair.reshape(meetings.shape) * meetings / 2, most / 2)
    one, point = _pick(limited.sum(axis=1).tolist(), point)
    other, point = _pick(limited[one].tolist(), point)
    drawn = _draw_entries(remaining, competition, one, other, point)
    return *drawn, float(2 * limited[one, other] / meetings[one, other])


def _draw_entries(
    remaining: RemainingField, competition: int, one: int, other: int, point: float
) -> tuple[int, int]:
    """Draw two entries of these models, and their sides."""
    pairs = remaining.entries(competition, one, other)
    place, side = divmod(int(2 * len(pairs) * point), 2)
    return pairs[place] if side else pairs[place][::-1]


def _pick(chances: list[float], point: float) -> tuple[int, float]:
    """Pick by a point from 0 to 1, and give where in its chance the point was, which is as random again."""
    cumulative = list(accumulate(chances))
    at = point * cumulative[-1]
    index = bisect_right(cumulative, at)
    if index == len(chances):
        # Rounding can leave the draw at the very end.
        index = max(place for place, chance in enumerate(chances) if chance)
    inside = (at - cumulative[index]) / chances[index] + 1.0
    return index, min(max(inside, 0.0), ALMOST_ONE)
