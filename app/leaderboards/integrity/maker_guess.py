"""
Measures how well a stranger who has seen other competitions with names could tell makers from traits.

The stranger knows the field and its other pictures, so traits count as differences from their competition's mean.
Fisher's linear discriminant (1936) with a ridge is learnt on all competitions but one and names the makers of that
one's pictures; each in turn. It is a simple rule: a network that has seen thousands of pictures does better.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.elo_scale import Z_95, wilson_interval
from app.ratings.tallies import Array, Index

FARTHEST = 4.0
"""Usual spreads by which a trait counts at most: one odd picture must not decide what is learnt."""
RIDGE = 5.0
"""Pictures of the usual spread that are assumed beside those that were seen."""
PSEUDO = 1.0
"""Pictures at the mean that are assumed of each maker, so that one picture is not taken for a habit."""
FEWEST_COMPETITIONS = 3
FEWEST_MAKERS = 2


@dataclass(frozen=True, eq=False)
class TraitTable:
    """Hold by picture its competition and maker, numbered from 0, (pictures,), and traits, (pictures, traits)."""

    competition: Index
    maker: Index
    traits: Array
    """In usual spreads."""


@dataclass(frozen=True)
class GuessShare:
    """
    Tell how often the maker was told, from 0 to 1, with the bounds of 95 %, and how often by chance.

    `pictures` are those whose makers have pictures in other competitions too; others can't be known.
    """

    pictures: int
    share: float
    low: float
    high: float
    chance: float


@dataclass(frozen=True)
class CompetitionGuess:
    """Count the guesses at one competition's pictures: all, those that were right, and those by chance."""

    competition: int
    pictures: int
    right: int
    by_chance: float

    def share(self) -> GuessShare:
        """Return the share with Wilson's interval; the pictures are taken as independent."""
        n, part = self.pictures, self.right / self.pictures
        return GuessShare(n, part, *wilson_interval(part, n), self.by_chance / n)


def guess_makers(table: TraitTable) -> list[CompetitionGuess]:
    """Guess each competition's makers by all others; one where fewer than two makers are known is left out."""
    if np.unique(table.competition).size < FEWEST_COMPETITIONS:
        return []
    return list(_guess_each(table))


def sum_up(guesses: list[CompetitionGuess]) -> GuessShare | None:
    """Return the share of all, its interval by competition: pictures of one are alike. None without guesses."""
    if len(guesses) < FEWEST_COMPETITIONS:
        return None
    pictures = np.array([one.pictures for one in guesses], dtype=np.float64)
    right = np.array([one.right for one in guesses], dtype=np.float64)
    share = float(right.sum() / pictures.sum())
    scatter = ((right - share * pictures) ** 2).sum() * len(guesses) / (len(guesses) - 1)
    half = Z_95 * float(np.sqrt(scatter)) / float(pictures.sum())
    chance = sum(one.by_chance for one in guesses) / float(pictures.sum())
    return GuessShare(int(pictures.sum()), share, max(0.0, share - half), min(1.0, share + half), chance)


def _guess_each(table: TraitTable) -> Iterator[CompetitionGuess]:
    centred = _centre(np.clip(_centre(table.traits, table.competition), -FARTHEST, FARTHEST), table.competition)
    everything = _Moments.of(centred, table.maker, int(table.maker.max()) + 1)
    order = np.argsort(table.competition, kind="stable")
    ends = np.flatnonzero(np.diff(table.competition[order])) + 1
    for inside in np.split(order, ends):
        others = everything.without(_Moments.of(centred[inside], table.maker[inside], everything.counts.size))
        field = np.unique(table.maker[inside])
        field = field[others.counts[field] > 0]
        tested = inside[np.isin(table.maker[inside], field)]
        if field.size >= FEWEST_MAKERS:
            named = field[others.score(centred[tested], field).argmax(axis=1)]
            right = int((named == table.maker[tested]).sum())
            number = int(table.competition[inside[0]])
            yield CompetitionGuess(number, tested.size, right, tested.size / field.size)


def _centre(values: Array, group: Index) -> Array:
    counts = np.bincount(group)
    sums = np.zeros((counts.size, values.shape[1]))
    np.add.at(sums, group, values)
    return values - (sums / np.maximum(counts, 1)[:, None])[group]


@dataclass(frozen=True, eq=False)
class _Moments:
    """Sum over pictures: counts, sums of traits by maker, (makers, traits), and products, (traits, traits)."""

    counts: Array
    sums: Array
    products: Array

    @classmethod
    def of(cls, values: Array, maker: Index, makers: int) -> "_Moments":
        sums = np.zeros((makers, values.shape[1]))
        np.add.at(sums, maker, values)
        return cls(np.bincount(maker, minlength=makers).astype(np.float64), sums, values.T @ values)

    def without(self, other: "_Moments") -> "_Moments":
        return _Moments(self.counts - other.counts, self.sums - other.sums, self.products - other.products)

    def score(self, values: Array, makers: Index) -> Array:
        """Return how well each picture fits each of these makers, (pictures, makers); the best is the guess."""
        means = self.sums / np.maximum(self.counts, 1)[:, None]
        within = self.products - (means * self.counts[:, None]).T @ means
        freedom = max(0.0, float(self.counts.sum() - (self.counts > 0).sum()))
        spread = (within + RIDGE * np.eye(within.shape[0])) / (freedom + RIDGE)
        centres = (self.sums / (self.counts + PSEUDO)[:, None])[makers]
        weights = np.linalg.solve(spread, centres.T)
        return np.asarray(values @ weights - 0.5 * np.einsum("mt,tm->m", centres, weights))
