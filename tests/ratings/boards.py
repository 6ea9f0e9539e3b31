"""Boards to test with: votes simulated, rows drawn by hypothesis, and fits done the slow way."""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from app.ratings.components import VarianceComponent
from app.ratings.prompts import PromptEffect
from app.ratings.tallies import BOTH_BAD, LEFT, RIGHT, TIE, Array, Log, Tallies

Row = tuple[int, ...]


def tallies_of(models: int, rows: Sequence[Row]) -> Tallies:
    """Rows are competition, left, right, left wins, right wins, ties, both bad."""
    columns = np.array(rows, dtype=np.int64).reshape(-1, 7).T
    return Tallies(models, *columns)


def rows_of(tallies: Tallies) -> list[Row]:
    columns = [getattr(tallies, field.name).tolist() for field in fields(tallies) if field.name != "models"]
    return list(zip(*columns, strict=True))


def same_bits(one: Any, other: Any) -> bool:
    """Of arrays, numbers, or dataclasses of them."""
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other)
    if not is_dataclass(one):
        return bool(one == other)
    return all(same_bits(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))


def uniform(variance: float, models: int) -> PromptEffect:
    """One variance of prompts for every model, as if it were certain."""
    return PromptEffect(np.full(models, variance), np.zeros(models), VarianceComponent(variance, 0.0, 0))


@st.composite
def rows(draw: st.DrawFn, *, models: int, competitions: int = 3, most: int = 30) -> list[Row]:
    """Rows of a board; some counts are zero, some pairs never meet."""
    count = st.integers(0, most)
    group, left, gap = st.integers(0, competitions - 1), st.integers(0, models - 1), st.integers(1, models - 1)
    seats = st.tuples(group, left, gap, count, count, count, count)
    drawn = draw(st.lists(seats, min_size=1, max_size=3 * models))
    return [(g, left, (left + gap) % models, *counts) for g, left, gap, *counts in drawn]


@st.composite
def boards(draw: st.DrawFn, *, competitions: int = 3, most: int = 30) -> Tallies:
    models = draw(st.integers(2, 7))
    return tallies_of(models, draw(rows(models=models, competitions=competitions, most=most)))


def simulate(
    strength: Array,
    votes: int,
    rng: np.random.Generator,
    *,
    competitions: int = 1,
    prompt_sd: float = 0.0,
    ties: float = 0.0,
    side: float = 0.0,
) -> Log:
    """Votes on random pairs; ``prompt_sd`` and ``side`` in logits, ``ties`` the share of votes that are no win."""
    n = strength.size
    left = rng.integers(0, n, votes)
    right = (left + rng.integers(1, n, votes)) % n
    competition = rng.integers(0, competitions, votes)
    there = strength + rng.normal(0.0, prompt_sd, (competitions, n))
    chance = 1 / (1 + np.exp(there[competition, right] - there[competition, left] - side))
    outcome = np.where(rng.random(votes) < chance, LEFT, RIGHT)
    outcome = np.where(rng.random(votes) < ties, np.where(rng.random(votes) < 0.5, TIE, BOTH_BAD), outcome)
    return Log(n, competition, left, right, outcome)


def likeliest(tallies: Tallies, *, prior: float) -> Array:
    """Strengths by the fixed point of Hunter 2004, Annals of Statistics 32, the prior's opponent held at 0."""
    won = tallies.wins + tallies.tied / 2
    games = won + won.T
    odds = np.ones(tallies.models)
    for _ in range(5000):
        pull = (games / (odds + odds[:, None])).sum(axis=1) + prior / (odds + 1)
        new = (won.sum(axis=1) + prior / 2) / pull
        new *= np.exp(4 * np.mean(1 / (1 + new) - 0.5))  # towards the level the prior asks for
        if np.allclose(new, odds, rtol=1e-13, atol=0):
            break
        odds = new
    return np.log(odds)


def votes_of(tallies: Tallies) -> list[tuple[int, int, float]]:
    """Left, right and the left's score of each single vote."""
    return [
        (left, right, score)
        for _, left, right, *counts in rows_of(tallies)
        for score, count in zip((1.0, 0.0, 0.5, 0.5), counts, strict=True)
        for _ in range(count)
    ]


def sandwich(tallies: Tallies, strength: Array, *, prior: float, side: float | None = None) -> Array:
    """Ungauged covariance, vote by vote: each vote's and virtual game's score is an outer product of its own."""
    n, size = tallies.models, tallies.models + (side is not None)
    scatter, information = np.zeros((size, size)), np.zeros((size, size))
    games: list[tuple[int, int | None, float, float]] = [
        (left, right, score, 1.0) for left, right, score in votes_of(tallies)
    ]
    games += [(model, None, score, prior / 2) for model in range(n) for score in (1.0, 0.0)]
    for left, right, score, weight in games:
        x = np.zeros(size)
        x[left] = 1.0
        if right is not None:
            x[right] = -1.0
            x[n:] = 1.0
        logit = x[:n] @ strength + (side or 0.0) * x[n:].sum()
        chance = 1 / (1 + np.exp(-logit))
        scatter += weight * (score - chance) ** 2 * np.outer(x, x)
        information += weight * chance * (1 - chance) * np.outer(x, x)
    inverse = np.linalg.inv(information)
    return inverse @ scatter @ inverse
