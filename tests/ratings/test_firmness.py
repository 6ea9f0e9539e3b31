"""Certificates against brute force: no fewer votes of any kind do it, and those named really do."""

from collections.abc import Sequence
from itertools import combinations_with_replacement, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ratings.bradley_terry import Design, Fit
from app.ratings.firmness import KINDS, MOVES, Firmness, Kind, every_pair, to_change_first, to_pass
from app.ratings.model import fit_with_prior
from app.ratings.spread import Spread
from app.ratings.tallies import Cells, Tallies
from tests.ratings.boards import boards, simulate, tallies_of

HELD = Spread(0.7, 0.1, 0.8)


def rater(cells: Cells) -> Fit:
    models = int(max(cells.second.max(), cells.first.max())) + 1
    return fit_with_prior(Design(cells, models, side=False), HELD).fit


def learning(cells: Cells) -> Fit:
    return fit_with_prior(Design(cells, int(cells.second.max()) + 1, side=False)).fit


def moved(cells: Cells, kind: Kind, chosen: tuple[tuple[int, int], ...]) -> Cells | None:
    """After these (move, pair) votes; None where some were never cast."""
    counts = np.stack([cells.won, cells.lost, cells.tied])
    for move, pair in chosen:
        counts[:, pair] += MOVES[kind][move]
    return None if counts.min() < 0 else Cells(cells.first, cells.second, *counts)


def brute_force(cells: Cells, kind: Kind, first: int, most: int, challengers: Sequence[int] = ()) -> int | None:
    """Try all: the fewest votes of a kind that put one of these, or anybody else, ahead; None above ``most``."""
    others = list(challengers) or [model for model in range(rater(cells).strength.size) if model != first]
    every = [(move, pair) for move in range(len(MOVES[kind])) for pair in range(cells.first.size)]
    for size in range(1, most + 1):
        for chosen in combinations_with_replacement(every, size):
            after = moved(cells, kind, chosen)
            if after is not None:
                strength = rater(after).strength
                if strength[others].max() > strength[first]:
                    return size
    return None


def applied(cells: Cells, found: Firmness) -> Cells:
    counts = np.stack([cells.won, cells.lost, cells.tied])
    for change in found.changes:
        pair = np.flatnonzero((cells.first == change.first) & (cells.second == change.second))
        counts[:, pair] += change.votes * np.array(change.move)[:, None]
    assert counts.min() >= 0
    return Cells(cells.first, cells.second, *counts)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_no_fewer_votes_change_the_first_place(kind: Kind, seed: int) -> None:
    rng = np.random.default_rng(seed)
    models = int(rng.integers(3, 5))
    tallies = simulate(rng.normal(0, 0.25, models), int(rng.integers(14, 40)), rng, ties=0.2).tallies()
    cells = every_pair(tallies)
    strength = rater(cells).strength
    fewest = brute_force(cells, kind, int(strength.argmax()), 3 if models == 3 else 2)
    found = to_change_first(cells, kind, rater)
    if fewest is not None:
        assert found is not None
        assert found.votes == fewest
    else:
        assert found is None or found.votes > 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_no_fewer_votes_change_a_models_rank(kind: Kind, seed: int) -> None:
    rng = np.random.default_rng(seed + 20)
    tallies = simulate(rng.normal(0, 0.2, 4), int(rng.integers(16, 30)), rng, ties=0.2).tallies()
    cells = every_pair(tallies)
    order = np.argsort(-rater(cells).strength).tolist()
    for leader, challenger in pairwise(order):
        fewest = brute_force(cells, kind, leader, 2, [challenger])
        found = to_pass(cells, challenger, leader, kind, rater)
        assert (found is None or found.votes > 2) if fewest is None else (found and found.votes == fewest)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "rows",
    [
        [(0, 0, 1, 1, 0, 0, 0)],
        [(0, 0, 1, 0, 0, 9, 0), (0, 1, 2, 0, 0, 9, 0)],
        [(0, 0, 1, 0, 0, 0, 9), (0, 1, 2, 0, 0, 0, 9)],
        [(0, 0, 1, 100, 0, 0, 0)],
        [(0, 0, 1, 5, 2, 0, 0), (0, 2, 3, 6, 1, 0, 0)],
    ],
    ids=["one vote", "ties alone", "both bad alone", "a hundred to none", "two parts"],
)
def test_odd_boards_have_certificates_that_hold(kind: Kind, rows: list[tuple[int, ...]]) -> None:
    cells = every_pair(tallies_of(1 + max(max(row[1:3]) for row in rows), rows))
    found = to_change_first(cells, kind, rater)
    if found is not None:
        after = rater(applied(cells, found)).strength
        assert after[found.challenger] > np.delete(after, found.challenger).max()
        assert found.votes >= 1
    else:
        assert kind != "added"


def test_a_newcomers_first_place_falls_by_a_loss_to_somebody_weak() -> None:
    """Six wins of six: fewer votes than by wins of the next over it alone."""
    rng = np.random.default_rng(1)
    old = simulate(np.array([0.4, 0.3, 0.0, -0.6, -0.9]), 4000, rng)
    rows = [(0, i, j, w, lost, t, b) for i, j, w, lost, t, b in _rows(old.tallies())]
    tallies = tallies_of(6, [*rows, (0, 5, 0, 3, 0, 0, 0), (0, 5, 1, 3, 0, 0, 0), (0, 5, 3, 4, 0, 0, 0)])
    cells = every_pair(tallies)
    first = int(rater(cells).strength.argmax())
    assert first == 5
    found = to_change_first(cells, "added", rater)
    assert found is not None
    assert any(5 in (change.first, change.second) for change in found.changes)
    assert rater(applied(cells, found)).strength.argmax() != 5
    assert brute_force(cells, "added", 5, found.votes - 1) is None


def _rows(tallies: Tallies) -> list[tuple[int, ...]]:
    columns = tallies.left, tallies.right, tallies.left_wins, tallies.right_wins, tallies.ties, tallies.both_bad
    return [tuple(map(int, row)) for row in zip(*columns, strict=True)]


@settings(max_examples=60, deadline=None)
@given(boards(most=40), st.sampled_from(KINDS), st.data())
def test_what_is_said_to_be_enough_is_enough(tallies: Tallies, kind: Kind, data: st.DataObject) -> None:
    """Also where the spread is learnt anew after each change."""
    leader = data.draw(st.integers(0, tallies.models - 1))
    challenger = (leader + data.draw(st.integers(1, tallies.models - 1))) % tallies.models
    cells = every_pair(tallies)
    found = to_pass(cells, challenger, leader, kind, learning)
    if found is None:
        return
    after = learning(applied(cells, found)).strength
    assert after[challenger] > after[leader]
    assert sum(change.votes for change in found.changes) == found.votes
    before = learning(cells).strength
    assert (found.votes == 0) == bool(before[challenger] > before[leader])


def test_flipping_needs_about_half_of_adding() -> None:
    rng = np.random.default_rng(12)
    cells = every_pair(simulate(np.array([0.0, 0.6, 0.45, -1.0, 0.1]), 20_000, rng).tallies())
    added, removed, flipped = (to_change_first(cells, kind, learning) for kind in KINDS)
    assert added is not None
    assert removed is not None
    assert flipped is not None
    assert flipped.votes < removed.votes
    assert 0.4 < flipped.votes / added.votes < 0.6
