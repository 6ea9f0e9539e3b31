"""Audit numbers: found where planted, zero where not."""

import numpy as np
import pytest

from app.elo_scale import ELO_PER_LOGIT
from app.ratings.audit import (
    clustered_inflation,
    jackknife,
    jackknife_halves,
    left_advantage,
    ratings_of,
    shifts,
)
from app.ratings.board import rate
from app.ratings.tallies import Tallies
from tests.ratings.boards import rows_of, simulate, tallies_of


def test_the_left_advantage_is_found() -> None:
    rng = np.random.default_rng(3)
    found = left_advantage(simulate(rng.normal(0, 1, 12), 30_000, rng, side=15.8 / ELO_PER_LOGIT).tallies())
    assert abs(found.advantage - 15.8) < 3 * found.error
    assert 1 < found.error < 4


def test_the_jackknife_agrees_with_the_vote_interval_where_prompts_do_nothing() -> None:
    rng = np.random.default_rng(9)
    tallies = simulate(rng.normal(0, 0.5, 12), 40_000, rng, competitions=40).tallies()
    board = rate(tallies, interval="vote")
    error, freedom = jackknife(tallies)
    ratio = error / ((board.high - board.low) / 2 / 1.96)
    assert 0.85 < np.median(ratio) < 1.15
    assert freedom == pytest.approx(np.full(12, 39), abs=2)


def test_the_jackknife_sees_prompts() -> None:
    rng = np.random.default_rng(9)
    tallies = simulate(rng.normal(0, 0.5, 12), 40_000, rng, competitions=20, prompt_sd=0.35).tallies()
    board = rate(tallies)
    ratio = jackknife(tallies)[0] / ((board.high - board.low) / 2 / 1.96)
    assert 0.8 < np.median(ratio) < 1.2


@pytest.mark.parametrize("competitions", [2, 3, 5])
def test_the_jackknife_of_few_competitions_holds_the_truth(competitions: int) -> None:
    """Hold 95 % but for chance: of 60 boards of six models, 93 to 96 % are inside; by normal tails 69 to 89."""
    inside = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        strength = rng.normal(0, 0.3, 6)
        tallies = simulate(strength, 600, rng, competitions=competitions, prompt_sd=0.35).tallies()
        off = ratings_of(tallies) - 1000 - ELO_PER_LOGIT * (strength - strength.mean())
        inside.append(np.abs(off) < jackknife_halves(tallies))
    assert np.mean(inside) > 0.92


def test_voters_who_repeat_themselves_inflate() -> None:
    """Each voter's one opinion counted four times doubles the honest standard error."""
    rng = np.random.default_rng(5)
    log = simulate(rng.normal(0, 0.5, 8), 9000, rng)
    once = tallies_of(8, [(voter, *row[1:]) for voter, row in enumerate(_single_votes(log.tallies()))])
    repeated = tallies_of(
        8, [(g, left, right, *(4 * c for c in counts)) for g, left, right, *counts in rows_of(once)]
    )
    assert clustered_inflation(once) == pytest.approx(np.ones(8), abs=0.01)
    assert clustered_inflation(repeated) == pytest.approx(np.full(8, 2), abs=0.02)


def _single_votes(tallies: Tallies) -> list[tuple[int, ...]]:
    return [
        (g, left, right, *(int(i == kind) for i in range(4)))
        for g, left, right, *counts in rows_of(tallies)
        for kind, count in enumerate(counts)
        for _ in range(count)
    ]


def test_shifts_are_zero_for_equal_weights_and_follow_others() -> None:
    tallies = tallies_of(3, [(0, 0, 1, 6, 4, 0, 0), (1, 0, 1, 1, 3, 0, 0), (0, 1, 2, 5, 5, 0, 0)])
    assert shifts(tallies, tallies).tolist() == [0, 0, 0]
    weight = np.where(tallies.competition == 1, 0.5, 1.25)
    columns = (tallies.left_wins, tallies.right_wins, tallies.ties, tallies.both_bad)
    seats = tallies.competition, tallies.left, tallies.right
    weighted = Tallies(3, *seats, *(counts * weight for counts in columns))
    assert shifts(tallies, weighted)[0] > 5
