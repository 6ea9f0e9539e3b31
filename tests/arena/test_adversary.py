"""A short form of the game in scripts/faults/adversary.py: lost by the observer, and won without each defence."""

import random
from collections import Counter

import pytest

from app.arena.voting.guessing import best_guess
from app.arena.voting.matchmaking import Exclusions, choose_pair
from scripts.faults.adversary import BROKEN, Game, is_broken, prove
from scripts.faults.observer import NEWCOMER_VOTES, Room


@pytest.mark.parametrize("others", [False, True])
@pytest.mark.parametrize("models", [8, 12])
def test_an_observer_who_forgets_nothing_guesses_no_pair_too_often(models: int, others: bool) -> None:
    rows: list[str] = []
    assert prove([Game("public", models, 2, others)], 100, show=rows.append), "\n".join(rows)
    assert any("3rd there" in row for row in rows)


@pytest.mark.parametrize("game", BROKEN, ids=lambda game: f"{game.models} without {game.lacks}")
def test_without_a_defence_the_observer_wins(game: Game) -> None:
    assert is_broken(game, 20)


@pytest.mark.parametrize("models", [8, 12])
def test_the_pair_that_the_lanes_favour_is_drawn_no_oftener_than_the_limit(models: int) -> None:
    room, rng = Room(models, 1, NEWCOMER_VOTES, random.Random(1)), random.Random(2)
    drawn = [choose_pair(room.state, Exclusions(limits_guesses=True), rng) for _ in range(1500)]
    most = Counter(room.models(pair) for pair in drawn if pair).most_common(1)[0][1] / 1500
    assert best_guess(models) - 0.05 < most < best_guess(models) + 0.05
