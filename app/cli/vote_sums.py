"""Sums of votes: counted by competition, ordered pair and, where asked for, by voter."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.cli.vote_words import NOTHING

Numbers = NDArray[Any]


def _empty(width: int) -> Numbers:
    return np.empty((0, width), dtype=np.int64)


@dataclass
class Votes:
    """
    Votes counted by competition and ordered pair; a pair may have several rows, which add up.

    `counts` has four numbers per row: wins of A, wins of B, ties, both bad.
    """

    models: dict[str, int] = field(default_factory=dict)
    competitions: dict[str, int] = field(default_factory=dict)
    rows: Numbers = field(default_factory=partial(_empty, 3))
    """(n, 3): competition, A, B"""
    counts: Numbers = field(default_factory=partial(_empty, 4))
    """(n, 4)"""
    voters: dict[str, int] = field(default_factory=dict)
    """Empty unless voters were asked for; then `rows` are by voter, too."""
    voter_of_row: Numbers = field(default_factory=partial(_empty, 1))
    """(n,): -1 where a row names no voter."""
    is_log: bool = True
    """Whether each row of the file is one vote, so that they have an order."""
    summary: str = ""
    """What the reader understood, in one line."""

    def tallies_sha256(self) -> str:
        """
        Hash the tallies as sorted lines (docs/data.md): equal to the hash a board's run states if these are its
        votes.
        """
        sums: dict[tuple[int, int, int], tuple[int, ...]] = {}
        for row, counts in zip(self.rows.tolist(), self.counts.tolist(), strict=True):
            place = (row[0], row[1], row[2])
            sums[place] = tuple(map(sum, zip(sums.get(place, NOTHING), counts, strict=True)))
        prompts, models = list(self.competitions), list(self.models)
        lines = sorted(
            ",".join([prompts[competition], models[left], models[right], *map(str, counts)])
            for (competition, left, right), counts in sums.items()
        )
        return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()

    def without_voters(self) -> tuple[Numbers, Numbers]:
        """Return the rows and counts with the votes of all voters added up."""
        if not self.voters:
            return self.rows, self.counts
        wide, models = len(self.competitions), len(self.models)
        if wide * models * models >= 2**63:
            return self.rows, self.counts
        keys = (self.rows[:, 0] * models + self.rows[:, 1]) * models + self.rows[:, 2]
        keys, place = np.unique(keys, return_inverse=True)
        counts = np.stack([np.bincount(place, one, len(keys)) for one in self.counts.T], axis=1).astype(np.int64)
        rows = np.column_stack([keys // models**2, keys // models % models, keys % models])
        return rows, counts

    def in_order(self, models: Sequence[str]) -> "Votes":
        """Return the same votes with the models numbered in this order; models not named here come last."""
        named = set(models)
        names = [
            *(name for name in models if name in self.models),
            *(name for name in self.models if name not in named),
        ]
        order = {name: number for number, name in enumerate(names)}
        moved = np.array([order[name] for name in self.models], dtype=np.int64)
        rows = np.column_stack([self.rows[:, 0], moved[self.rows[:, 1:]]])
        return replace(self, models=order, rows=rows)


def shrink(counts: Numbers) -> Numbers:
    """Return counts in half as many bytes where even their sum fits these."""
    return counts.astype(np.int32) if 0 <= counts.sum(dtype=np.float64) < 2**31 else counts


def add_up(rows: Numbers) -> Numbers:
    """Add up the last of each four numbers of (4, n) rows whose first three, at least -1, are equal."""
    if not rows.shape[1]:
        return rows
    sizes = [int(most) + 2 for most in rows[:3].max(axis=1)]
    if sizes[0] * sizes[1] * sizes[2] >= 2**63:
        return rows  # they don't fit one key; nothing is lost by leaving them apart
    keys = ((rows[0] + 1) * sizes[1] + rows[1] + 1) * sizes[2] + rows[2] + 1
    order = np.argsort(keys)
    keys = keys[order]
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    times, keys = np.add.reduceat(rows[3][order], starts), keys[starts]
    first, second = keys // (sizes[1] * sizes[2]), keys // sizes[2] % sizes[1]
    return np.stack([first - 1, second - 1, keys % sizes[2] - 1, times])
