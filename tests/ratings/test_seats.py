"""Sums over blocks of battles are those over the pairs that met, word by word."""

import numpy as np
import pytest
from hypothesis import given, settings

from app.ratings import pair_effects, seats, tallies
from app.ratings.tallies import Array, Tallies
from tests.ratings.boards import boards, rows_of, tallies_of


def by_hand(votes: Tallies, strength: Array) -> list[tuple[float, ...]]:
    found: dict[tuple[int, int], list[dict[int, list[float]]]] = {}
    for group, left, right, won, lost, tied, bad in rows_of(votes):
        played, score = won + lost + tied + bad, won + (tied + bad) / 2
        for one, other, points in ((left, right, score), (right, left, played - score)):
            if played:
                met = found.setdefault((group, one), [{}])[0].setdefault(other, [0.0, 0.0])
                met[0] += played
                met[1] += points
    whole: dict[tuple[int, int], float] = {}
    for (_, one), (met,) in found.items():
        for other, (played, _) in met.items():
            whole[one, other] = whole.get((one, other), 0.0) + played
    slope = np.outer(np.exp(strength), np.exp(strength)) / np.add.outer(np.exp(strength), np.exp(strength)) ** 2
    of_model = {
        one: sum(whole.get((one, other), 0.0) * slope[one, other] for other in range(votes.models))
        for _, one in found
    }
    rows = []
    for (_, one), (met,) in sorted(found.items()):
        chance = {other: 1 / (1 + np.exp(strength[other] - strength[one])) for other in met}
        spread = {other: p * (1 - p) for other, p in chance.items()}
        rows.append(
            (
                sum(points - played * chance[other] for other, (played, points) in met.items()),
                sum(played * spread[other] for other, (played, _) in met.items()),
                sum((played * spread[other]) ** 2 for other, (played, _) in met.items()),
                sum(played * spread[other] ** 2 for other, (played, _) in met.items()),
                sum(
                    (
                        met.get(other, [0.0])[0] * slope[one, other]
                        - sum(played * spread[each] for each, (played, _) in met.items())
                        / of_model[one]
                        * whole.get((one, other), 0.0)
                        * slope[one, other]
                    )
                    ** 2
                    for other in range(votes.models)
                ),
            )
        )
    return rows


@settings(max_examples=80, deadline=None)
@given(boards())
def test_both_ways_give_the_sums_by_hand(votes: Tallies) -> None:
    strength = np.linspace(-1, 1, votes.models)
    expected = np.array(by_hand(votes, strength)).reshape(-1, 5)
    for way in (seats._sum_blocks, seats._sum_pairs):
        one = way(votes, strength)
        sums = np.stack([one.residual, one.information, one.together, one.alone, one.uneven], axis=1)
        assert sums == pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(max_examples=80, deadline=None)
@given(boards())
def test_blocks_may_be_cut_anywhere(votes: Tallies) -> None:
    """One competition at a time, and rows in another order, give the same bits where sums are of whole numbers."""
    whole = np.concatenate([np.zeros((0, votes.models, votes.models)), *(each.battles for each in votes.blocks())])
    turned = tallies_of(votes.models, rows_of(votes)[::-1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tallies, "BLOCK", 1)
        cut = list(turned.blocks())
    assert all(each.battles.shape[0] == 1 for each in cut)
    assert np.array_equal(np.concatenate([whole[:0], *(each.battles for each in cut)]), whole)
    assert np.array_equal(turned.battles_by_competition(), whole.sum(axis=2))


@settings(max_examples=80, deadline=None)
@given(boards())
def test_what_prompts_leave_in_pairs_is_the_same_both_ways(votes: Tallies) -> None:
    prompts, cells = np.linspace(0.1, 0.5, votes.models), votes.pairs()
    dense = pair_effects._prompts_of_blocks(votes, cells, prompts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tallies, "SPARSE", 0)
        sparse = pair_effects._prompts_of_pairs(votes, cells, prompts)
    assert dense == pytest.approx(sparse, rel=1e-9, abs=1e-12)
