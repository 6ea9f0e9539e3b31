"""Sums of tallies, by hand and in any order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ratings.tallies import BOTH_BAD, LEFT, RIGHT, TIE, Log, Tallies, distinct
from tests.ratings.boards import Row, boards, rows_of, simulate, tallies_of

ROWS: list[Row] = [(4, 0, 1, 3, 1, 2, 1), (9, 1, 0, 5, 2, 0, 0), (9, 2, 0, 0, 1, 0, 4)]


def test_wins_ties_and_games_by_hand() -> None:
    tallies = tallies_of(3, ROWS)
    assert tallies.wins.tolist() == [[0, 5, 1], [6, 0, 0], [0, 0, 0]]
    assert tallies.tied.tolist() == [[0, 3, 4], [3, 0, 0], [4, 0, 0]]
    assert tallies.games.tolist() == [[0, 14, 5], [14, 0, 0], [5, 0, 0]]
    assert tallies.battles.tolist() == [19, 14, 5]


def test_a_pair_is_one_cell_and_two_where_sides_count() -> None:
    cells, ordered = tallies_of(3, ROWS).pairs(), tallies_of(3, ROWS).ordered_pairs()
    assert list(zip(cells.first, cells.second, cells.won, cells.lost, cells.tied, strict=True)) == [
        (0, 1, 5, 6, 3),
        (0, 2, 1, 0, 4),
    ]
    assert cells.score.tolist() == [6.5, 3.0]
    assert list(zip(ordered.first, ordered.second, ordered.won, ordered.lost, ordered.tied, strict=True)) == [
        (0, 1, 3, 1, 3),
        (1, 0, 5, 2, 0),
        (2, 0, 0, 1, 4),
    ]


def test_competitions_are_counted_where_battles_are() -> None:
    tallies = tallies_of(3, [*ROWS, (11, 0, 1, 0, 0, 0, 0)])
    assert tallies.competitions == 2
    assert tallies.battles_by_competition().tolist() == [[7, 7, 0], [12, 7, 5]]
    competition, cells = tallies.pairs_by_competition()
    assert competition.tolist()[:3] == [0, 1, 1]
    assert cells.won.tolist()[:3] == [3, 2, 1]
    assert cells.tied.tolist()[:3] == [3, 0, 4], "ties and pairs of which both were bad"
    assert tallies.without(9).battles.tolist() == [7, 7, 0]


@pytest.mark.parametrize(
    ("models", "row", "complaint"),
    [
        (2, (0, 0, 2, 1, 0, 0, 0), "does not exist"),
        (2, (0, -1, 1, 1, 0, 0, 0), "does not exist"),
        (2, (-1, 0, 1, 1, 0, 0, 0), "does not exist"),
        (2, (0, 1, 1, 1, 0, 0, 0), "itself"),
        (2, (0, 0, 1, 1, 0, -1, 0), "negative"),
    ],
)
def test_rows_that_cannot_be_votes_are_refused(models: int, row: Row, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        tallies_of(models, [row])


def test_columns_of_different_lengths_and_numbers_that_are_none_are_refused() -> None:
    one, two = np.zeros(1, dtype=np.int64), np.ones(2, dtype=np.int64)
    with pytest.raises(ValueError, match="lengths"):
        Tallies(2, one, one, np.ones(1, dtype=np.int64), two, two, two, two)
    with pytest.raises(ValueError, match="number"):
        Tallies(2, one, one, one + 1, np.full(1, np.nan), one, one, one)


def test_a_log_counts_to_tallies() -> None:
    outcome = np.array([LEFT, RIGHT, TIE, BOTH_BAD, LEFT, LEFT])
    left, right = np.array([0, 0, 1, 1, 0, 2]), np.array([1, 1, 0, 0, 1, 0])
    tallies = Log(3, np.array([2, 2, 2, 2, 2, 0]), left, right, outcome).tallies()
    assert rows_of(tallies) == [(0, 2, 0, 1, 0, 0, 0), (2, 0, 1, 2, 1, 0, 0), (2, 1, 0, 0, 0, 1, 1)]


def test_few_votes_among_many_models_are_counted_where_they_are() -> None:
    tallies = tallies_of(40, [(2, 5, 39, 3, 0, 0, 0), (7, 39, 0, 0, 1, 1, 0)])
    assert not tallies.is_dense
    expected = np.zeros((2, 40))
    expected[0, [5, 39]], expected[1, [39, 0]] = 3, 2
    assert np.array_equal(tallies.battles_by_competition(), expected)


def test_many_votes_count_as_few_do() -> None:
    """Whether a table of all cells is smaller than the log or not, the rows are the same."""
    log = simulate(np.zeros(3), 400, np.random.default_rng(0), competitions=2, ties=0.3)
    parts = [
        Log(3, log.competition[at], log.left[at], log.right[at], log.outcome[at])
        for at in (slice(start, start + 10) for start in range(0, 400, 10))
    ]
    together = tallies_of(3, [row for part in parts for row in rows_of(part.tallies())])
    assert np.array_equal(together.wins, log.tallies().wins)
    assert np.array_equal(together.battles_by_competition(), log.tallies().battles_by_competition())
    assert len(rows_of(log.tallies())) == 12


def test_an_empty_log_is_an_empty_board() -> None:
    none = np.zeros(0, dtype=np.intp)
    tallies = Log(2, none, none, none, none).tallies()
    assert tallies.competitions == 0
    assert tallies.battles.tolist() == [0, 0]


@given(boards(), st.randoms(use_true_random=False))
def test_sums_do_not_depend_on_order_splits_or_sides(tallies: Tallies, shuffler: object) -> None:
    single = [
        (g, left, right, *(int(i == kind) for i in range(4)))
        for g, left, right, *counts in rows_of(tallies)
        for kind, count in enumerate(counts)
        for _ in range(count)
    ]
    shuffler.shuffle(single)  # type: ignore[attr-defined]
    turned = [
        (g, right, left, b, a, *ties) if row % 2 else (g, left, right, a, b, *ties)
        for row, (g, left, right, a, b, *ties) in enumerate(single)
    ]
    again = tallies_of(tallies.models, turned)
    assert np.array_equal(again.wins, tallies.wins)
    assert np.array_equal(again.tied, tallies.tied)
    assert np.array_equal(again.battles_by_competition(), tallies.battles_by_competition())
    (_, one), (_, other) = tallies.pairs_by_competition(), again.pairs_by_competition()
    for name in ("first", "second", "won", "lost", "tied"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


@given(st.lists(st.integers(0, 400), max_size=30), st.booleans())
def test_keys_are_numbered_alike_in_order_and_not(keys: list[int], in_order: bool) -> None:
    key = np.array(sorted(keys) if in_order else keys, dtype=np.int64)
    found, number = distinct(key, 401)
    assert found.tolist() == sorted(set(keys))
    assert found[number].tolist() == key.tolist()
