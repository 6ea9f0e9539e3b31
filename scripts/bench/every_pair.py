"""
Every pair there is in a mode, one by one, with the chance that it is drawn: the law of drawing, the long way.

The product draws a competition and two models, and lists no pairs. What is listed here is what it must come to.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from app.arena.voting.field import Floats, Ints, Mask, PairingField, pair_keys
from app.arena.voting.lanes import TINY
from app.arena.voting.matchmaking import EXPOSURE_CAP, PairingState
from app.ratings.tallies import totals


@dataclass(frozen=True, eq=False)
class EveryPair:
    """The pairs of entries that may meet, as parallel arrays, competition by competition."""

    field: PairingField
    competition: Ints
    """(pairs,) index into the field's competitions, ascending."""
    entries: Ints
    """(pairs, 2) entry ids, the smaller first."""
    models: Ints
    """(pairs, 2) indices into the field's models."""

    def gathered(self, of_pair: Floats) -> Floats:
        """Give the (competitions,) sums over the pairs of each."""
        return totals(self.competition, of_pair, len(self.field.competitions))

    def exposure(self, of_pair: Floats) -> Floats:
        """Give the (models,) chances to be shown, from the chance of each pair."""
        first, second = (totals(self.models[:, side], of_pair, self.field.model_ids.size) for side in (0, 1))
        return first + second


@lru_cache(maxsize=64)
def list_pairs(field: PairingField) -> EveryPair:
    """List the pairs of a field."""
    size = field.model_ids.size
    both = [np.empty((0, 2), dtype=np.int64)]
    for competition in range(len(field.competitions)):
        here = np.flatnonzero(field.cell // size == competition)
        first, second = np.triu_indices(here.size, 1)
        both.append(np.stack([here[first], here[second]], axis=1))
    places = np.concatenate(both)
    models, entries = field.cell[places] % size, field.entry_ids[places]
    may = (models[:, 0] != models[:, 1]) & ~np.isin(pair_keys(entries), list(field.alike))
    return EveryPair(field, field.cell[places[may, 0]] // size, entries[may], models[may])


def everything(state: PairingState) -> Mask:
    """Allow every pair."""
    return np.ones(len(list_pairs(state.field).competition), dtype=bool)


def lane_chances(state: PairingState, lane: int, allowed: Mask) -> Floats:
    """Give the (pairs,) chances by one lane when only the allowed may be drawn; they sum to 1 where any is."""
    of, drawing = list_pairs(state.field), state.lanes[lane]
    weights = drawing.of_models[of.models[:, 0], of.models[:, 1]] * allowed
    sums = of.gathered(weights)
    drawn = drawing.of_competition * (sums > 0)
    each = np.divide(drawn, sums, out=np.zeros_like(sums), where=sums > 0) / max(drawn.sum(), TINY)
    return np.asarray(weights * each[of.competition])


def probabilities(state: PairingState, allowed: Mask) -> Floats:
    """Give the (pairs,) chances over all lanes when only the allowed may be drawn; they sum to 1 where any is."""
    of = list_pairs(state.field)
    by_lane = [lane_chances(state, lane, allowed) for lane in range(len(state.lanes))]
    mixed = sum((lane.share * chances for lane, chances in zip(state.lanes, by_lane, strict=True)), 0 * by_lane[0])
    shown, fair = of.exposure(mixed), of.exposure(by_lane[0])
    over = shown > EXPOSURE_CAP * fair
    part = float(((EXPOSURE_CAP - 1.0) * fair[over] / (shown[over] - fair[over])).min(initial=1.0))
    return np.asarray(part * mixed + (1.0 - part) * by_lane[0])
