"""Chooses which pair a voter sees next. Only the server chooses; the probability of each choice is known."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from app.arena.voting import guessing, lanes
from app.arena.voting.lanes import TINY, CandidatePairs, Floats, Ints, Lane, Mask, StrengthEstimate
from app.words import BETTER

UNIFORM_SHARE = 0.2
COVERAGE_SHARE = 0.1
INFORMATION_SHARE = 0.7
EXPOSURE_CAP = 3.0
NO_PAIRS: Ints = np.empty(0, dtype=np.int64)
NO_ROWS: Ints = np.empty((0, 7), dtype=np.int64)


@dataclass(frozen=True)
class Exclusions:
    """Everything that one voter must not be shown now."""

    pairs: Ints = field(default_factory=lambda: NO_PAIRS)
    """`lanes.pair_keys` of the entry pairs ever issued to them."""
    models: frozenset[int] = frozenset()
    """Models of their other open matchup."""
    entries: frozenset[int] = frozenset()
    """Entries whose names they have lately seen; given up when nothing else is left."""
    competitions: frozenset[int] = frozenset()
    """Competitions of their other open matchup, where what one tells would narrow down the other."""
    limits_guesses: bool = False
    """Whether no pair may be served that a voter who remembers everything could guess (`guessing`)."""


@dataclass(frozen=True)
class Pair:
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
    """Every pair there is in one mode, with the lanes they are drawn by when they ask one question."""

    candidates: CandidatePairs
    lanes: tuple[Lane, ...]
    """The uniform one first."""
    question: str = BETTER
    question_share: Floats | None = None
    """(competitions,) shares of their pairs that ask it; None where every pair does."""
    beside: "tuple[PairingState, ...]" = ()
    """The same pairs for the other questions that are asked here."""

    @property
    def competitions(self) -> tuple[int, ...]:
        """Give the ids of the open competitions with a pair or an entry."""
        return self.candidates.competitions

    @cached_property
    def stacked(self) -> tuple[Floats, Floats, Floats]:
        """Return the lanes' (lanes, pairs) and (lanes, competitions) weights and (lanes,) shares, as arrays."""
        return (
            np.stack([lane.of_pair for lane in self.lanes]),
            np.stack([lane.of_competition for lane in self.lanes]),
            np.array([lane.share for lane in self.lanes]),
        )

    @cached_property
    def chances(self) -> Floats:
        """Return (pairs,) chances for a voter who may be shown any, computed once: most first pairs need it."""
        return _chances(self, np.ones(len(self.candidates.competition), dtype=bool))


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
    candidates: CandidatePairs,
    votes: Mapping[int, int],
    battles: Mapping[int, int],
    known: StrengthEstimate | None = None,
    question: str = BETTER,
    question_share: Floats | None = None,
) -> PairingState:
    """Weigh pairs by one question's votes per competition, battles of models and, if given, strengths."""
    strengths = known or lanes.estimate_strengths(candidates.model_ids, NO_ROWS)
    mixture: tuple[Lane, ...] = (
        lanes.evenly(candidates, UNIFORM_SHARE),
        lanes.coverage(candidates, COVERAGE_SHARE, votes, battles),
        lanes.information(candidates, INFORMATION_SHARE, votes, strengths),
    )
    if question_share is not None:
        mixture = tuple(replace(lane, of_competition=lane.of_competition * question_share) for lane in mixture)
    drawn = lanes.capped(mixture, candidates, EXPOSURE_CAP)
    return PairingState(candidates, drawn, question, question_share)


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
    allowed = _allowed(state.candidates, exclusions, within)
    unseen = _unseen(state.candidates, exclusions, allowed)
    seen_before = not exclusions.limits_guesses and not unseen.any()
    may = allowed if seen_before else unseen
    if exclusions.limits_guesses:
        may = guessing.without_guessable(state.candidates, unseen)
    asked, chance, may = _draw_question(state, may, rng, question)
    if exclusions.limits_guesses:
        return _draw_unguessable(asked, chance, may, rng)
    return _draw(asked, chance, may, rng, seen_before=seen_before)


def question_chances(state: PairingState, allowed: Mask) -> tuple[tuple[PairingState, float], ...]:
    """
    Give each question that may be asked about an allowed pair, with its chance; they sum to 1 where any is.

    A question's chance is its share, averaged over the competitions in which a pair is left.
    """
    if state.question_share is None:
        return ((state, 1.0),)
    left = state.candidates.gathered(allowed.astype(np.float64)) > 0
    states = (state, *state.beside)
    weights = [float(one.question_share[left].sum()) if one.question_share is not None else 0.0 for one in states]
    whole = sum(weights)
    return tuple((one, weight / whole) for one, weight in zip(states, weights, strict=True) if weight)


def has_pair(state: PairingState, exclusions: Exclusions, within: frozenset[int] | None = None) -> bool:
    """Return whether any pair is left for this voter, guessable or not."""
    return bool(_allowed(state.candidates, exclusions, within).any())


def probabilities(state: PairingState, allowed: Mask) -> Floats:
    """
    Give the (pairs,) chances over all lanes when only the allowed may be drawn; they sum to 1 where any is.

    No model is shown more than EXPOSURE_CAP times as often as the uniform lane alone would show it: where
    exclusions would lift one above, the uniform lane takes over as much of the other lanes as that needs.
    """
    return state.chances if allowed.all() else _chances(state, allowed)


def shares(state: PairingState) -> SamplingShares:
    """Compute how often each lane and each model comes, for a voter who has seen nothing yet."""
    everything = np.ones(len(state.candidates.competition), dtype=bool)
    mixed, even = _mixture(state, everything)
    part = _mixture_part(state.candidates, mixed, even)
    own = {lane.name: part * lane.share for lane in state.lanes}
    own[state.lanes[0].name] += 1.0 - part
    shown = state.candidates.exposure(part * mixed + (1.0 - part) * even)
    columns = (state.candidates.model_ids, shown, state.candidates.exposure(even))
    return SamplingShares(
        own, tuple(ModelExposure(*row) for row in zip(*(c.tolist() for c in columns), strict=True))
    )


def pool_of(state: PairingState, *, models: int = 0) -> frozenset[int]:
    """Find the competitions with at least so many models."""
    wanted = state.candidates.crowd >= models
    return frozenset(np.array(state.candidates.competitions)[wanted].tolist())


def _draw_question(
    state: PairingState, allowed: Mask, rng: random.Random, wanted: str | None
) -> tuple[PairingState, float, Mask]:
    """Draw the question, or take the wanted one; return its state, its chance and the pairs it may ask about."""
    chances = dict(question_chances(state, allowed))
    if wanted is not None:
        chances = {one: 1.0 for one in chances if one.question == wanted}
    if not chances:
        return state, 1.0, np.zeros_like(allowed)
    if len(chances) == 1:
        [(asked, chance)] = chances.items()
    else:
        asked = rng.choices(list(chances), list(chances.values()))[0]
        chance = chances[asked]
    if asked.question_share is not None:
        allowed = allowed & (asked.question_share > 0)[state.candidates.competition]
    return asked, chance, allowed


def _allowed(candidates: CandidatePairs, exclusions: Exclusions, within: frozenset[int] | None) -> Mask:
    allowed = np.ones(len(candidates.competition), dtype=bool)
    keys, order = candidates.places
    at = np.searchsorted(keys, exclusions.pairs)
    inside = at < keys.size
    at, pairs = at[inside], exclusions.pairs[inside]
    allowed[order[at[keys[at] == pairs]]] = False
    if exclusions.models:
        allowed &= ~_either(_among(candidates.model_ids, exclusions.models), candidates.models)
    if within is not None:
        allowed &= np.isin(candidates.competitions, list(within))[candidates.competition]
    if exclusions.competitions:
        allowed &= ~np.isin(candidates.competitions, list(exclusions.competitions))[candidates.competition]
    return allowed


def _unseen(candidates: CandidatePairs, exclusions: Exclusions, allowed: Mask) -> Mask:
    if not exclusions.entries:
        return allowed
    ids, place = candidates.images
    return allowed & ~_either(_among(ids, exclusions.entries), place)


def _among(ids: Ints, wanted: frozenset[int]) -> Mask:
    """Mark those of the ascending ids that are wanted; `np.isin` takes three times as long for so few."""
    given = np.fromiter(wanted, np.int64, len(wanted))
    at = np.searchsorted(ids, given)
    inside = at < ids.size
    at, given = at[inside], given[inside]
    marked = np.zeros(ids.size, dtype=bool)
    marked[at[ids[at] == given]] = True
    return marked


def _either(marked: Mask, sides: Ints) -> Mask:
    """Mark the pairs of whose (pairs, 2) sides one is marked."""
    return marked[sides[:, 0]] | marked[sides[:, 1]]


def _chances(state: PairingState, allowed: Mask) -> Floats:
    mixed, even = _mixture(state, allowed)
    part = _mixture_part(state.candidates, mixed, even)
    return mixed if part == 1.0 else part * mixed + (1.0 - part) * even


def _mixture(state: PairingState, allowed: Mask) -> tuple[Floats, Floats]:
    """Give the (pairs,) chances over all lanes by their shares, and those of the uniform lane alone."""
    candidates, (of_pair, of_competition, shares) = state.candidates, state.stacked
    weights = of_pair * allowed
    sums = candidates.gathered(weights)
    drawn = of_competition * (sums > 0)
    each = np.divide(drawn, sums, out=np.zeros_like(sums), where=sums > 0)
    each /= np.maximum(drawn.sum(axis=1, keepdims=True), TINY)
    weights *= np.repeat(each, candidates.sizes, axis=1)
    return shares @ weights, weights[0]


def _mixture_part(candidates: CandidatePairs, mixed: Floats, even: Floats) -> float:
    """Find the largest part of the mixture that, filled up with even pairs, shows no model too often."""
    shown, fair = candidates.exposure(mixed), candidates.exposure(even)
    over = shown > EXPOSURE_CAP * fair
    return float(((EXPOSURE_CAP - 1.0) * fair[over] / (shown[over] - fair[over])).min(initial=1.0))


def _draw(
    state: PairingState, asked: float, allowed: Mask, rng: random.Random, *, seen_before: bool
) -> Pair | None:
    """Draw an allowed pair for the state's question, which was drawn with the chance `asked`."""
    if not allowed.any():
        return None
    chances = probabilities(state, allowed)
    index = _pick(chances, rng)
    return _pair(state, asked, index, float(chances[index]), rng, seen_before=seen_before)


def _draw_unguessable(state: PairingState, asked: float, allowed: Mask, rng: random.Random) -> Pair | None:
    """Draw a competition by the chances of its pairs, then one of these, none of them likelier than may be."""
    if not allowed.any():
        return None
    candidates, chances = state.candidates, probabilities(state, allowed)
    competition = candidates.competition[_pick(chances, rng)]
    start, end = np.searchsorted(candidates.competition, [competition, competition + 1])
    most = guessing.best_guess(int(candidates.crowd[competition]))
    limited = guessing.limit_chances(chances[start:end], candidates.model_pair[start:end], most)
    index = _pick(limited, rng)
    return _pair(state, asked, int(start) + index, float(limited[index]), rng, seen_before=False)


def _pick(chances: Floats, rng: random.Random) -> int:
    cumulative = np.cumsum(chances)
    index = int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right"))
    # Rounding can leave the draw at the very end.
    return index if index < chances.size else int(np.flatnonzero(chances)[-1])


def _pair(
    state: PairingState, asked: float, index: int, chance: float, rng: random.Random, *, seen_before: bool
) -> Pair:
    one, other = state.candidates.entries[index].tolist()
    left, right = (one, other) if rng.getrandbits(1) else (other, one)
    competition_id = state.competitions[int(state.candidates.competition[index])]
    return Pair(competition_id, left, right, chance, seen_before, state.question, asked)
