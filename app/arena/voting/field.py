"""The field: which entries may meet in one mode, and what of it is left to one voter."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from app.arena.entries.renditions import NEAR_BITS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

LOW_BITS = 32
"""Bits of the larger id in the key of a pair: two ids of 32 bits fill one number of 64."""
LOW_MASK = (1 << LOW_BITS) - 1


@dataclass(frozen=True)
class Contestant:
    """An entry that may be issued."""

    entry_id: int
    competition_id: int
    model_id: int
    perceptual_hash: int


@dataclass(frozen=True, eq=False)
class PairingField:
    """
    The entries of one mode; what votes do not change.

    Any two of one competition may meet that are of two models and do not look the same. Pairs are not listed: what
    is known of one follows from its two models, and there may be millions.
    """

    competitions: tuple[int, ...]
    model_ids: Ints
    """Ids of the models, ascending."""
    entry_ids: Ints
    """Ids of the entries, ascending."""
    cell: Ints
    """(entries,) the cell of each in a table of (competitions, models), counted row by row."""
    alike: frozenset[int]
    """Keys of the pairs that never meet, because they look the same."""

    @cached_property
    def cells(self) -> "_Cells":
        """Return the cell of each entry, by id; that of strangers is behind all."""
        strangers = len(self.competitions) * self.model_ids.size
        return _Cells(strangers, zip(self.entry_ids.tolist(), self.cell.tolist(), strict=True))

    @cached_property
    def entered(self) -> Ints:
        """Return the number of entries in each cell, and 0 for that of strangers."""
        return np.bincount(self.cell, minlength=self.cells.strangers + 1)

    @cached_property
    def entered_table(self) -> Floats:
        """Return the same as (competitions, models), without strangers."""
        return self.entered[:-1].astype(np.float64).reshape(len(self.competitions), self.model_ids.size)

    @cached_property
    def by_model(self) -> dict[int, frozenset[int]]:
        """Return the ids of each model's entries, by the model's id."""
        model = self.cell % self.model_ids.size
        return {
            one: frozenset(self.entry_ids[model == place].tolist())
            for place, one in enumerate(self.model_ids.tolist())
        }

    @cached_property
    def by_cell(self) -> dict[int, list[int]]:
        """Return the ids of each model's entries in each competition."""
        found: dict[int, list[int]] = {}
        for entry, cell in zip(self.entry_ids.tolist(), self.cell.tolist(), strict=True):
            found.setdefault(cell, []).append(entry)
        return found

    @cached_property
    def everything(self) -> "RemainingField":
        """Return what is left to somebody who has seen nothing."""
        return self.without()

    @cached_property
    def crowd(self) -> Ints:
        """Return the (competitions,) numbers of models that stand in each."""
        return np.asarray(np.count_nonzero(self.everything.count, axis=1))

    @cached_property
    def model_pairs(self) -> Floats:
        """Return the (competitions,) numbers of pairs of models that may meet."""
        return self.everything.count_model_pairs()

    def without(
        self,
        pairs: frozenset[int] = frozenset(),
        models: frozenset[int] = frozenset(),
        entries: frozenset[int] = frozenset(),
        within: Mask | None = None,
    ) -> "RemainingField":
        """
        Leave out these pairs, by their keys, and all pairs of these models and entries, by ids.

        Only the competitions `within` a (competitions,) mask are left where one is given.
        """
        gone = entries.union(*[self.by_model.get(model, frozenset()) for model in models])
        cells = np.fromiter(map(self.cells.__getitem__, gone), np.intp, len(gone))
        here = np.bincount(cells, minlength=self.entered.size)[:-1]
        count = self.entered_table - here.reshape(self.entered_table.shape)
        if within is not None:
            count *= within[:, None]
        remaining = RemainingField(self, gone, count)
        remaining.bar(pairs | self.alike)
        return remaining


class _Cells(dict[int, int]):
    """The cells of entries, by id."""

    def __init__(self, strangers: int, cells: Iterable[tuple[int, int]]) -> None:
        super().__init__(cells)
        self.strangers = strangers

    def __missing__(self, _: int) -> int:
        return self.strangers


class _Gaps(NamedTuple):
    """Barred pairs, and how often each model that is in one of them may meet the others of a competition."""

    keys: frozenset[int]
    competition: Ints
    model: Ints
    meetings: Floats
    """(gaps, models) numbers of pairs of entries."""


@dataclass(eq=False, slots=True)
class RemainingField:
    """Hold which entries of a field one voter may still be shown, and which pairs of them may not meet."""

    field: PairingField
    gone: frozenset[int]
    """Ids of entries of which no pair is left."""
    count: Floats
    """(competitions, models) numbers of the other entries."""
    gaps: "_Gaps | None" = None
    """Pairs of the other entries that may not meet, where there are any."""

    def bar(self, keys: AbstractSet[int]) -> None:
        """Bar pairs, by their keys, of which some may not be left anyway."""
        gone, cells, size = self.gone, self.field.cells, self.count.shape[1]
        # Most pairs that were issued are of entries that are gone.
        others = [key for key in keys if key >> LOW_BITS not in gone and key & LOW_MASK not in gone]
        if not others:
            return
        one = np.array([cells[key >> LOW_BITS] for key in others])
        other = np.array([cells[key & LOW_MASK] for key in others])
        remains = (one // size == other // size) & (one != other) & (np.maximum(one, other) < cells.strangers)
        one, other = one[remains], other[remains]
        if not one.size:
            return
        both = np.concatenate([one, other])
        touched = np.flatnonzero(np.bincount(both))
        gap = np.searchsorted(touched, both)
        competition, model = touched // size, touched % size
        meetings = self.count[competition] * self.count[competition, model][:, None]
        np.subtract.at(meetings, (gap, np.concatenate([other, one]) % size), 1.0)
        # Where a competition is left out, nothing was there to be taken off.
        np.maximum(meetings, 0.0, out=meetings)
        self.gaps = _Gaps(frozenset(compress(others, remains)), competition, model, meetings)

    def within(self, competitions: Mask) -> "RemainingField":
        """Leave what is of the competitions of a (competitions,) mask."""
        remaining = RemainingField(self.field, self.gone, self.count * competitions[:, None])
        if self.gaps is not None:
            remaining.bar(self.gaps.keys)
        return remaining

    def count_pairs(self) -> Floats:
        """Count the pairs of entries, per competition."""
        entries = self.count.sum(axis=1)
        pairs = (entries * entries - (self.count * self.count).sum(axis=1)) / 2
        if self.gaps is not None:
            _, competition, model, meetings = self.gaps
            barred = self.count[competition, model] * entries[competition] - meetings.sum(axis=1)
            pairs -= np.bincount(competition, barred, pairs.size) / 2
        return np.asarray(pairs)

    def count_model_pairs(self) -> Floats:
        """Count, per competition, the pairs of models of which a pair of entries is left."""
        models = np.count_nonzero(self.count, axis=1)
        pairs = models * (models - 1) / 2
        if self.gaps is not None:
            _, competition, model, meetings = self.gaps
            gone = (meetings == 0) & (self.count[competition] > 0)
            gone[np.arange(model.size), model] = False
            pairs -= np.bincount(competition, gone.sum(axis=1), pairs.size) / 2
        return np.asarray(pairs)

    def sum_weights(self, of_models: Floats) -> Floats:
        """
        Sum the weights of each model's pairs, as (..., competitions, models), so that each pair is in two sums.

        `of_models` are (..., models, models) weights of a pair of entries, 0 on the diagonal.
        """
        sums = self.count @ of_models
        sums *= self.count
        if self.gaps is not None:
            # Summed anew, as taking off what is barred could leave little but rounding.
            _, competition, model, meetings = self.gaps
            sums[..., competition, model] = np.einsum("fm,...fm->...f", meetings, of_models[..., model, :])
        return np.asarray(sums)

    def meetings(self, competition: int) -> Floats:
        """Count the pairs that are left in a competition, as (models, models); the diagonal is no count."""
        row = self.count[competition]
        table = np.multiply.outer(row, row)
        if self.gaps is not None:
            here = self.gaps.competition == competition
            table[self.gaps.model[here]] = self.gaps.meetings[here]
        return np.asarray(table)

    def meetings_of(self, competition: int, one: int) -> Floats:
        """Count the pairs of one model that are left in a competition, as (models,); its own place is no count."""
        if self.gaps is not None:
            is_gap = (self.gaps.competition == competition) & (self.gaps.model == one)
            if is_gap.any():
                return np.asarray(self.gaps.meetings[is_gap.argmax()])
        row = self.count[competition]
        return np.asarray(row * row[one])

    def entries(self, competition: int, one: int, other: int) -> list[tuple[int, int]]:
        """List the pairs of entries, the smaller id first, of two models in a competition."""
        by_cell, start = self.field.by_cell, competition * self.count.shape[1]
        first, second = by_cell[start + one], by_cell[start + other]
        pairs = [(a, b) if a < b else (b, a) for a in first for b in second]
        if len(pairs) == 1:
            return pairs
        barred: AbstractSet[int] = self.gaps.keys if self.gaps is not None else frozenset()
        return [
            (low, high)
            for low, high in pairs
            if low not in self.gone and high not in self.gone and (low << LOW_BITS) + high not in barred
        ]


def pair_keys(pairs: Ints) -> Ints:
    """Give the (pairs,) keys: one number for each (smaller id, larger id), in the same order."""
    return np.asarray((pairs[:, 0] << LOW_BITS) + pairs[:, 1])


def make_field(contestants: Iterable[Contestant], *, meet_alike: bool = False) -> PairingField:
    """
    Make the field of these contestants.

    Two pictures that look the same never meet, unless they `meet_alike`.
    """
    ordered = sorted(contestants, key=lambda one: one.entry_id)
    rows = [(one.entry_id, one.competition_id, one.model_id, one.perceptual_hash) for one in ordered]
    entry, competition, model, hashes = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    competitions, row = np.unique(competition, return_inverse=True)
    model_ids, column = np.unique(model, return_inverse=True)
    alike: frozenset[int] = frozenset()
    if not meet_alike:
        groups = (np.flatnonzero(row == place) for place in range(competitions.size))
        alike = alike.union(*(_find_alike(entry[group], hashes[group]) for group in groups))
    return PairingField(tuple(competitions.tolist()), model_ids, entry, row * model_ids.size + column, alike)


def _find_alike(entries: Ints, hashes: Ints) -> list[int]:
    """List the keys of a competition's pairs whose hashes differ in NEAR_BITS bits at most."""
    first, second = np.triu_indices(entries.size, 1)
    # As unsigned: of a negative number bitwise_count counts the bits of its absolute value.
    differing = np.bitwise_count((hashes[first] ^ hashes[second]).view(np.uint64))
    near = np.flatnonzero(differing <= NEAR_BITS)
    return list(pair_keys(np.stack([entries[first[near]], entries[second[near]]], axis=1)).tolist())
