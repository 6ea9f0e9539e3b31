"""The chance of being on the Pareto frontier, against what can be worked out by hand or by drawing."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.leaderboards.views.frontier import Candidate, chances


def candidate(x: float, rating: float, half: float = 20) -> Candidate:
    return Candidate(x, rating, rating - half, rating + half)


def test_the_cheapest_is_on_it() -> None:
    assert chances([candidate(0.01, 700), candidate(0.02, 1200)]) == pytest.approx([1, 1], abs=1e-3)


def test_a_dearer_and_weaker_model_is_not() -> None:
    assert chances([candidate(0.01, 1200), candidate(0.02, 700)])[1] == pytest.approx(0, abs=1e-3)


def test_two_equals() -> None:
    assert chances([candidate(0.01, 1000), candidate(0.01, 1000)]) == pytest.approx([0.5, 0.5], abs=0.01)
    assert chances([candidate(0.01, 1000), candidate(0.02, 1000)]) == pytest.approx([1, 0.5], abs=0.01)


def test_two_models_as_the_normal_distribution_has_it() -> None:
    found = chances([candidate(0.01, 1000, 30), candidate(0.02, 1015, 50)])[1]
    sd = math.hypot(30, 50) / 1.96
    assert found == pytest.approx(0.5 * math.erfc(-15 / sd / math.sqrt(2)), abs=0.005)


def test_many_models_as_drawing_them_has_it() -> None:
    field = [candidate(0.01 * (1 + n % 4), 1000 + 7 * n, 20 + 5 * n) for n in range(8)]
    rng, rounds = random.Random(1), 20_000
    hits = [0] * len(field)
    for _ in range(rounds):
        drawn = [rng.gauss(c.rating, (c.high - c.low) / (2 * 1.96)) for c in field]
        for n, own in enumerate(field):
            hits[n] += all(drawn[n] > drawn[m] for m, c in enumerate(field) if m != n and c.x <= own.x)
    assert chances(field) == pytest.approx([hit / rounds for hit in hits], abs=0.015)


def test_who_is_surely_below_a_cheaper_one_changes_nothing() -> None:
    rivals = [candidate(0.02, 1000), candidate(0.03, 1010)]
    assert chances([*rivals, candidate(0.025, 500)]) == pytest.approx([*chances(rivals), 0])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0.001, 1), st.floats(0, 3000), st.floats(0.1, 900)), max_size=12))
def test_they_are_chances(field: list[tuple[float, float, float]]) -> None:
    found = chances([candidate(*one) for one in field])
    assert len(found) == len(field)
    assert all(0 <= chance <= 1 for chance in found)
