"""Boards of another question: they borrow while votes are few, and find their own order when there are many."""

import numpy as np
import pytest

from app.elo_scale import ELO_PER_LOGIT, Z_95
from app.ratings.board import Ratings, rate
from app.ratings.questions import learn_difference, rate_asked
from app.ratings.scale import Anchor
from app.ratings.tallies import Array, Tallies

MODELS = 12


def voted(strength: Array, each: int, rng: np.random.Generator, prompts: int = 4, effect: float = 0.0) -> Tallies:
    """Every pair on every prompt, so many votes each way."""
    left, right = np.nonzero(~np.eye(MODELS, dtype=bool))
    prompt = np.repeat(np.arange(prompts), left.size)
    left, right = np.tile(left, prompts), np.tile(right, prompts)
    own = rng.normal(0, effect, (prompts, MODELS))
    gap = strength[left] + own[prompt, left] - strength[right] - own[prompt, right]
    wins = rng.binomial(each, 1 / (1 + np.exp(-gap)))
    nothing = np.zeros_like(wins)
    return Tallies(MODELS, prompt, left, right, wins, each - wins, nothing, nothing)


def second_board(tallies: Tallies, board: Ratings) -> Ratings:
    mean = (board.rating - 1000) / ELO_PER_LOGIT
    variance = ((board.high - board.low) / 2 / Z_95 / ELO_PER_LOGIT) ** 2
    apart = learn_difference(tallies, mean, variance)
    return rate_asked(tallies, mean, variance + apart.variance, error=apart.error, anchor=Anchor())


def test_many_votes_find_their_own_order_and_borrow_little() -> None:
    rng = np.random.default_rng(1)
    strength = np.linspace(-1, 1, MODELS)
    board = rate(voted(strength, 5, rng))
    turned = second_board(voted(-strength, 60, rng), board)
    assert turned.borrowed.max() < 0.05
    assert np.argsort(turned.rating).tolist() == np.argsort(-strength).tolist()


def test_few_votes_lean_on_better() -> None:
    rng = np.random.default_rng(2)
    strength = np.linspace(-1, 1, MODELS)
    board = rate(voted(strength, 20, rng))
    votes = voted(strength, 1, rng, prompts=1)
    few, alone = second_board(votes, board), rate(votes)
    assert few.borrowed.min() > 0.3
    assert np.abs(few.rating - board.rating).mean() < np.abs(alone.rating - board.rating).mean() / 2


@pytest.mark.parametrize("apart", [0.0, 0.3, 1.0])
def test_the_difference_is_learnt_from_the_votes(apart: float) -> None:
    rng = np.random.default_rng(3)
    found = []
    for _ in range(8):
        strength = rng.normal(0, 0.8, MODELS)
        other = strength + rng.normal(0, apart, MODELS)
        found.append(learn_difference(voted(other, 20, rng), strength, np.full(MODELS, 0.001)).variance)
    assert np.sqrt(np.mean(found)) == pytest.approx(apart, abs=0.12)


def test_a_difference_less_known_makes_wider_intervals_the_more_a_model_borrows() -> None:
    rng = np.random.default_rng(5)
    strength = np.linspace(-1, 1, MODELS)
    votes, mean, variance = voted(strength, 2, rng, prompts=1), -strength, np.full(MODELS, 0.1)
    sure, unsure = (rate_asked(votes, mean, variance, error=error, anchor=Anchor()) for error in (0.0, 0.1))
    wider = (unsure.high - unsure.low) / (sure.high - sure.low)
    assert wider.min() > 1
    assert wider.argmax() in {0, MODELS - 1}  # where what is borrowed is farthest from what the votes say
    assert unsure.rating.tolist() == sure.rating.tolist()
    many = voted(strength, 200, rng, prompts=1)
    sure, unsure = (rate_asked(many, mean, variance, error=error, anchor=Anchor()) for error in (0.0, 0.1))
    assert ((unsure.high - unsure.low) / (sure.high - sure.low)).max() < 1 + (wider.max() - 1) / 4


@pytest.mark.parametrize("each", [1, 8])
def test_both_boards_recover_their_own_truth(each: int) -> None:
    rng = np.random.default_rng(4)
    held = []
    for _ in range(30):
        strength = rng.normal(0, 0.8, MODELS)
        other = strength + rng.normal(0, 0.4, MODELS)
        board = rate(voted(strength, 4, rng, effect=0.3), draws=50)
        prompt = second_board(voted(other, each, rng, effect=0.3), board)
        for seen, truth in ((board, strength), (prompt, other)):
            real = ELO_PER_LOGIT * (truth - truth.mean()) + seen.rating.mean()
            held.append(((seen.low <= real) & (real <= seen.high)).mean())
    better, second = np.mean(held[::2]), np.mean(held[1::2])
    assert 0.91 <= better <= 0.99
    assert 0.91 <= second <= 0.99
