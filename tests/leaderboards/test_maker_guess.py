"""Makers are guessed by chance where they have no habits, and surely where they have strong ones."""

import numpy as np
import pytest

from app.leaderboards.integrity.maker_guess import CompetitionGuess, TraitTable, guess_makers, sum_up


def world(habit: float, competitions: int = 40, makers: int = 8, traits: int = 6, seed: int = 1) -> TraitTable:
    """Draw pictures: a habit of this size in usual spreads by maker, a far larger level by competition."""
    rng = np.random.default_rng(seed)
    competition, maker = (part.ravel() for part in np.mgrid[:competitions, :makers])
    habits, levels = habit * rng.normal(size=(makers, traits)), 20 * rng.normal(size=(competitions, traits))
    values = levels[competition] + habits[maker] + rng.normal(size=(maker.size, traits))
    return TraitTable(competition, maker, values)


@pytest.mark.parametrize("seed", range(4))
def test_without_habits_it_is_chance(seed: int) -> None:
    whole = sum_up(guess_makers(world(0.0, seed=seed)))
    assert whole is not None
    assert whole.chance == pytest.approx(1 / 8)
    assert whole.low - 0.04 <= whole.chance <= whole.high + 0.04


def test_the_stronger_the_habits_the_more_is_told() -> None:
    shares = [whole.share for habit in (0.0, 0.5, 1.0, 3.0) if (whole := sum_up(guess_makers(world(habit))))]
    assert shares == sorted(shares)
    assert shares[2] > 0.5
    assert shares[3] > 0.95


def test_one_odd_picture_teaches_nothing() -> None:
    table = world(0.0)
    table.traits[3] += 1e9
    whole = sum_up(guess_makers(table))
    assert whole is not None
    assert whole.share < 0.25


def test_makers_of_one_competition_alone_are_not_counted() -> None:
    table = world(3.0, competitions=5)
    table.maker[0] = 8
    first = guess_makers(table)[0]
    assert first.pictures == 7
    assert first.by_chance == pytest.approx(1)
    alone = TraitTable(table.competition, np.arange(table.maker.size), table.traits)
    assert guess_makers(alone) == []


def test_too_few_competitions_say_nothing() -> None:
    assert guess_makers(world(3.0, competitions=2)) == []
    assert sum_up([]) is None
    assert sum_up(guess_makers(world(3.0, competitions=3))) is not None


def test_the_interval_of_one_competition_is_wilsons() -> None:
    share = CompetitionGuess(0, 10, 5, 2.0).share()
    assert (share.share, share.chance) == (0.5, 0.2)
    assert (share.low, share.high) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert CompetitionGuess(0, 4, 0, 1.0).share().low == 0.0
    assert CompetitionGuess(0, 4, 4, 1.0).share().high == 1.0
