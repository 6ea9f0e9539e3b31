"""The scale, sequential Elo and connected parts, by hand."""

import numpy as np
import pytest

from app.ratings.connections import has_maximum, parts
from app.ratings.elo import sequential
from app.ratings.scale import Anchor, gauge, shares, to_elo
from app.ratings.tallies import BOTH_BAD, LEFT, RIGHT, TIE, Log


def test_ten_to_one_is_four_hundred_points() -> None:
    assert to_elo(np.log([1.0, 10.0]), Anchor()) == pytest.approx([1000, 1400])
    assert to_elo(np.log([1.0, 10.0]), Anchor((0,), 1114.0)) == pytest.approx([1114, 1514])


def test_anchors_share_the_level() -> None:
    assert [shares(Anchor(), models).tolist() for models in (0, 1, 4)] == [[], [1.0], [0.25] * 4]
    assert shares(Anchor((1, 3)), 4) == pytest.approx([0, 0.5, 0, 0.5])
    assert gauge(Anchor((1, 3)), 4) == pytest.approx([0, 0.5, 0, 0.5])
    assert gauge(Anchor((1,)), 4) == pytest.approx([0.25] * 4)
    with pytest.raises(ValueError, match="twice"):
        Anchor((1, 1))


def test_elo_by_hand() -> None:
    left, right = np.array([0, 1, 0, 2]), np.array([1, 0, 1, 0])
    log = Log(3, np.zeros(4, dtype=np.intp), left, right, np.array([LEFT, RIGHT, TIE, BOTH_BAD]))
    first = 4 * 0.5
    second = 4 * (1 - 1 / (1 + 10 ** (-2 * first / 400)))
    lead = 2 * (first + second)
    third = 4 * (0.5 - 1 / (1 + 10 ** (-lead / 400)))
    own = first + second + third
    fourth = 4 * (0.5 - 1 / (1 + 10 ** (own / 400)))
    assert sequential(log) == pytest.approx([1000 + own - fourth, 1000 - own, 1000 + fourth])


def test_parts_are_named_in_order() -> None:
    games = np.zeros((5, 5))
    games[0, 3] = games[3, 0] = games[1, 4] = games[4, 1] = 2
    assert parts(games).tolist() == [0, 1, 2, 0, 1]


def test_a_maximum_needs_points_both_ways() -> None:
    score = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]], dtype=float)
    assert not has_maximum(score)
    score[2, 0] = 0.5
    assert has_maximum(score)
