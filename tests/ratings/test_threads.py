"""Boards whose parts hang on a thread: planted ones are found, whole ones are not called thin."""

import numpy as np
import pytest

from app.ratings import threads
from app.ratings.tallies import Array
from app.ratings.threads import find_thread, mending_pairs


def met(models: int, votes: float, rng: np.random.Generator, between: tuple[int, int] | None = None) -> Array:
    """About `votes` battles a model; the first models of `between` meet the others so often in all."""
    games = np.triu(rng.poisson(votes / (models - 1), (models, models)), 1).astype(float)
    if between is not None:
        first, count = between
        games[:first, first:] = 0
        for _ in range(count):
            games[rng.integers(first), rng.integers(first, models)] += 1
    return np.asarray(games + games.T)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("first", "count"), [(20, 18), (22, 0), (31, 40), (3, 1)])
def test_two_groups_that_few_votes_join_are_found(seed: int, first: int, count: int) -> None:
    games = met(62, 80, np.random.default_rng(seed), (first, count))
    if first == 3:
        games[:3, :3] = np.where(np.eye(3) > 0, 0, 40)
    found = find_thread(games)
    assert found is not None
    assert found.votes == count
    assert sorted(np.flatnonzero(found.group)) == list(range(first)) or 2 * first == 62


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("votes", [2, 8, 80, 800])
@pytest.mark.parametrize("models", [2, 5, 24, 62])
def test_a_whole_board_hangs_on_nothing(seed: int, votes: int, models: int) -> None:
    assert find_thread(met(models, votes, np.random.default_rng(seed))) is None


def test_nobody_and_newcomers_are_no_group() -> None:
    rng = np.random.default_rng(1)
    assert find_thread(np.zeros((0, 0))) is None
    assert find_thread(np.zeros((9, 9))) is None
    games = met(30, 90, rng)
    alone = np.zeros((33, 33))
    alone[:30, :30] = games
    alone[30, 0] = alone[0, 30] = 2
    alone[31, 30] = alone[30, 31] = 12
    assert find_thread(alone) is None, "two newcomers and a model nobody met"


def test_pairs_that_mend_are_firm_near_in_strength_and_across() -> None:
    games = met(20, 60, np.random.default_rng(2), (8, 6))
    found = find_thread(games)
    assert found is not None
    strength = np.linspace(-1, 1, 20)
    strength[:8] = np.linspace(-1, 1, 8)
    pairs = mending_pairs(games, strength, found.group)
    assert len(pairs) == 3
    assert len({model for pair in pairs for model in pair}) == 6
    assert all(found.group[one] != found.group[other] for one, other in pairs)
    assert max(abs(strength[one] - strength[other]) for one, other in pairs) < 0.5


@pytest.mark.parametrize("seed", range(20))
def test_a_board_known_to_hold_together_has_no_thin_place(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs no eigenvector is what the eigenvector would have said."""
    rng = np.random.default_rng(seed)
    between = (int(rng.integers(3, 12)), int(rng.integers(0, 400))) if seed % 2 else None
    games = met(int(rng.integers(20, 40)), float(rng.choice([60, 200, 900])), rng, between)
    quickly = find_thread(games)
    monkeypatch.setattr(threads, "_hold_together", lambda _: False)
    surely = find_thread(games)
    assert (quickly is None) == (surely is None)
    if quickly is not None and surely is not None:
        assert (quickly.votes, quickly.group.tolist()) == (surely.votes, surely.group.tolist())
