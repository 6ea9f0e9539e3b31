"""A short form of the game in scripts/faults/adversary.py: lost by the observer, and won without each defence."""

import pytest

from scripts.faults.adversary import BROKEN, Game, is_broken, prove


@pytest.mark.parametrize("others", [False, True])
@pytest.mark.parametrize("models", [8, 12])
def test_an_observer_who_forgets_nothing_guesses_no_pair_too_often(models: int, others: bool) -> None:
    rows: list[str] = []
    assert prove([Game("public", models, 2, others)], 25, show=rows.append), "\n".join(rows)
    assert any("3rd there" in row for row in rows)


@pytest.mark.parametrize("game", BROKEN, ids=lambda game: f"{game.models} without {game.lacks}")
def test_without_a_defence_the_observer_wins(game: Game) -> None:
    assert is_broken(game, 20)
