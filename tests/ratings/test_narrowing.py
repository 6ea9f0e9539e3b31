"""Intervals with some votes and without them."""

import numpy as np
import pytest

from app.ratings.board import rate
from app.ratings.narrowing import narrow
from app.ratings.tallies import Tallies


def board(votes: int) -> Tallies:
    """Three models that met each other so many times, half of the games won."""
    left, right = np.array([0, 0, 1]), np.array([1, 2, 2])
    won, none = np.full(3, votes), np.zeros(3, dtype=np.int64)
    return Tallies(3, np.zeros(3, dtype=np.intp), left, right, won, won, none, none)


def pairs(*numbers: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    first, second = zip(*numbers, strict=True)
    return np.array(first), np.array(second)


def test_no_vote_changes_nothing() -> None:
    empty = np.array([], dtype=np.intp)
    widths = narrow(board(10), empty, empty)
    assert widths.without_votes == pytest.approx(widths.with_votes)


def test_the_width_with_all_votes_is_the_boards_own() -> None:
    tallies = board(10)
    ratings = rate(tallies, interval="vote")
    widths = narrow(tallies, *pairs((0, 1)))
    assert widths.with_votes == pytest.approx((ratings.vote_high - ratings.vote_low) / 2)


def test_a_vote_narrows_its_own_models_most() -> None:
    widths = narrow(board(10), *pairs((0, 1), (1, 0)))
    gain = widths.without_votes / widths.with_votes
    assert (gain > 1 - 1e-9).all()
    assert gain[0] == pytest.approx(gain[1])
    assert gain[0] > gain[2]


def test_half_of_the_votes_taken_away_is_about_the_root_of_two() -> None:
    """With votes on every pair alike and a prior that is weak against them, the variance goes with 1/votes."""
    some = [(0, 1), (0, 2), (1, 2)] * 400
    widths = narrow(board(400), *pairs(*some))
    assert widths.without_votes / widths.with_votes == pytest.approx(np.sqrt(2), rel=0.12)


def test_without_any_vote_the_prior_remains() -> None:
    """No vote is left: the width is that of the learnt spread, and finite."""
    widths = narrow(board(1), *pairs(*[(0, 1), (0, 2), (1, 2)] * 2))
    assert np.isfinite(widths.without_votes).all()
    assert (widths.without_votes > widths.with_votes).all()
