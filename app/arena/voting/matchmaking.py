"""Chooses which pair a voter sees next. Only the server chooses; the probability of each choice is known."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from app.arena.voting import lanes
from app.arena.voting.lanes import Contestant, Floats, Ints, Knowledge, Lane, Mask, Meetings

UNIFORM_SHARE = 0.2
COVERAGE_SHARE = 0.1
INFORMATION_SHARE = 0.7
EXPOSURE_CAP = 3.0
NO_PAIRS: Ints = np.empty(0, dtype=np.int64)
NO_ROWS: Ints = np.empty((0, 7), dtype=np.int64)


@dataclass(frozen=True)
class Exclusions:
    """What this voter must not see now."""

    pairs: Ints = field(default_factory=lambda: NO_PAIRS)
    """`lanes.pair_keys` of the entry pairs ever issued to them."""
    models: frozenset[int] = frozenset()
    """Models of their other open matchup."""
    entries: frozenset[int] = frozenset()
    """Entries whose names they have lately seen; given up when nothing else is left."""


@dataclass(frozen=True)
class Pair:
    """A choice, with the probability it had."""

    competition_id: int
    left_entry_id: int
    right_entry_id: int
    probability: float
    seen_before: bool


@dataclass(frozen=True, eq=False)
class PairingState:
    """Every pair there is in one mode, with the lanes they are drawn by."""

    meetings: Meetings
    lanes: tuple[Lane, ...]
    """The uniform one first."""

    @property
    def competitions(self) -> tuple[int, ...]:
        """Ids of those with an entry, open ones all."""
        return self.meetings.competitions

    @cached_property
    def chances(self) -> Floats:
        """(pairs,) of each for whoever may be shown anything: most first pairs, so it is kept."""
        return _chances(self, np.ones(len(self.meetings.competition), dtype=bool))


@dataclass(frozen=True)
class Exposure:
    """The chance that a matchup shows a model, beside the one it would have if all pairs were drawn evenly."""

    model_id: int
    share: float
    uniform_share: float


@dataclass(frozen=True)
class Shares:
    """How pairs are drawn now, for everybody to see."""

    lanes: dict[str, float]
    """By name; they sum to 1."""
    exposures: tuple[Exposure, ...]


def build_state(
    contestants: Iterable[Contestant],
    votes: Mapping[int, int],
    battles: Mapping[int, int],
    known: Knowledge | None = None,
) -> PairingState:
    """From the open competitions' entries, counted votes per competition and battles per model."""
    return weighed(lanes.meetings(contestants), votes, battles, known)


def weighed(
    meetings: Meetings, votes: Mapping[int, int], battles: Mapping[int, int], known: Knowledge | None = None
) -> PairingState:
    """The same for meetings that were found before."""
    found = known or lanes.knowledge(meetings.model_ids, NO_ROWS)
    mixture = (
        lanes.evenly(meetings, UNIFORM_SHARE),
        lanes.coverage(meetings, COVERAGE_SHARE, votes, battles),
        lanes.information(meetings, INFORMATION_SHARE, votes, found),
    )
    return PairingState(meetings, lanes.capped(mixture, meetings, EXPOSURE_CAP))


def choose_pair(
    state: PairingState,
    exclusions: Exclusions,
    rng: random.Random,
    within: frozenset[int] | None = None,
) -> Pair | None:
    """A pair for this voter, `within` these competitions where given; None when none is left."""
    allowed = _allowed(state.meetings, exclusions, within)
    unseen = allowed
    if exclusions.entries:
        ids, place = state.meetings.images
        unseen = allowed & ~np.isin(ids, list(exclusions.entries))[place].any(axis=1)
    seen_before = not unseen.any()
    return _draw(state, allowed if seen_before else unseen, rng, seen_before=seen_before)


def probabilities(state: PairingState, allowed: Mask) -> Floats:
    """
    (pairs,) of each pair, over all lanes, when only the allowed ones may be drawn; sums to 1 where any is.

    No model is shown more than EXPOSURE_CAP times as often as the uniform lane alone would show it: where
    exclusions would lift one above, the uniform lane takes over as much of the other lanes as that needs.
    """
    return state.chances if allowed.all() else _chances(state, allowed)


def shares(state: PairingState) -> Shares:
    """Of the lanes and of each model, for a voter who has seen nothing yet."""
    everything = np.ones(len(state.meetings.competition), dtype=bool)
    mixed, even = _mixture(state, everything)
    kept = _kept(state.meetings, mixed, even)
    own = {lane.name: kept * lane.share for lane in state.lanes}
    own[state.lanes[0].name] += 1.0 - kept
    shown = state.meetings.exposure(kept * mixed + (1.0 - kept) * even)
    columns = (state.meetings.model_ids, shown, state.meetings.exposure(even))
    return Shares(own, tuple(Exposure(*row) for row in zip(*(c.tolist() for c in columns), strict=True)))


def pool_of(state: PairingState, *, models: int = 0, model: int | None = None) -> frozenset[int]:
    """Competitions in which so many models stand and, where asked for, this one."""
    meetings = state.meetings
    wanted = meetings.crowd >= models
    if model is not None:
        has = (meetings.model_ids[meetings.models] == model).any(axis=1)
        wanted &= np.bincount(meetings.competition, has, wanted.size) > 0
    return frozenset(np.array(meetings.competitions)[wanted].tolist())


def _allowed(meetings: Meetings, exclusions: Exclusions, within: frozenset[int] | None) -> Mask:
    allowed = np.ones(len(meetings.competition), dtype=bool)
    keys, order = meetings.places
    at = np.searchsorted(keys, exclusions.pairs)
    inside = at < keys.size
    at, pairs = at[inside], exclusions.pairs[inside]
    allowed[order[at[keys[at] == pairs]]] = False
    if exclusions.models:
        barred = np.isin(meetings.model_ids, list(exclusions.models))
        allowed &= ~barred[meetings.models].any(axis=1)
    if within is not None:
        allowed &= np.isin(meetings.competitions, list(within))[meetings.competition]
    return allowed


def _chances(state: PairingState, allowed: Mask) -> Floats:
    mixed, even = _mixture(state, allowed)
    kept = _kept(state.meetings, mixed, even)
    return mixed if kept == 1.0 else kept * mixed + (1.0 - kept) * even


def _mixture(state: PairingState, allowed: Mask) -> tuple[Floats, Floats]:
    """(pairs,) chances over all lanes by their shares, and of the uniform lane alone."""
    alone = [lane.chances(state.meetings, allowed) for lane in state.lanes]
    mixed = sum((lane.share * chances for lane, chances in zip(state.lanes, alone, strict=True)), 0.0 * alone[0])
    return mixed, alone[0]


def _kept(meetings: Meetings, mixed: Floats, even: Floats) -> float:
    """The largest part of the mixture that, filled up with even pairs, shows no model too often."""
    shown, fair = meetings.exposure(mixed), meetings.exposure(even)
    over = shown > EXPOSURE_CAP * fair
    return float(((EXPOSURE_CAP - 1.0) * fair[over] / (shown[over] - fair[over])).min(initial=1.0))


def _draw(state: PairingState, allowed: Mask, rng: random.Random, *, seen_before: bool) -> Pair | None:
    if not allowed.any():
        return None
    chances = probabilities(state, allowed)
    cumulative = np.cumsum(chances)
    index = int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right"))
    if index == chances.size:  # rounded up to the very end
        index = int(np.flatnonzero(chances)[-1])
    one, other = state.meetings.entries[index].tolist()
    left, right = (one, other) if rng.getrandbits(1) else (other, one)
    competition_id = state.competitions[int(state.meetings.competition[index])]
    return Pair(competition_id, left, right, float(chances[index]), seen_before)
