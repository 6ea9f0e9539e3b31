"""Ranks and rank ranges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ratings.ranks import (
    FAR,
    _critical,
    _draw,
    _inverse_errors,
    _largest,
    _quantile,
    default_draws,
    rank_ranges,
    ranks,
    upper_bound_ranks,
)


def test_equal_ratings_share_a_rank() -> None:
    assert ranks(np.array([1000.0, 1200.0, 1000.0000001, 900.0])).tolist() == [2, 1, 2, 4]


def test_the_bound_rule_by_hand() -> None:
    low, high = np.array([900.0, 950.0, 1001.0]), np.array([1000.0, 1050.0, 1100.0])
    assert upper_bound_ranks(low, high).tolist() == [2, 1, 1]


def test_far_apart_is_certain_and_close_together_is_not() -> None:
    tiny, wide = np.eye(3) * 1e-4, np.eye(3) * 10.0
    strength = np.array([0.0, 2.0, 1.0])
    assert [bound.tolist() for bound in rank_ranges(strength, tiny, 500, 0)] == [[3, 1, 2], [3, 1, 2]]
    assert [bound.tolist() for bound in rank_ranges(strength, wide, 500, 0)] == [[1, 1, 1], [3, 3, 3]]


def test_two_models_need_the_usual_distance() -> None:
    """With one rival the largest distance is one normal, so the quantile is near 1.96."""
    covariance = np.eye(2) / 2
    for distance, sure in ((1.80, False), (2.15, True)):
        low, high = rank_ranges(np.array([0.0, distance]), covariance, 20_000, 0)
        assert (low.tolist(), high.tolist()) == (([2, 1], [2, 1]) if sure else ([1, 1], [2, 2]))


def test_the_quantile_holds_for_equal_models() -> None:
    """Of equal models, the rank range holds every rank about 95 times in 100 for each."""
    rng = np.random.default_rng(3)
    covariance = np.eye(10)
    covered = [rank_ranges(rng.normal(0, 1, 10), covariance, 200, seed) for seed in range(300)]
    whole = np.mean([(low == 1) & (high == 10) for low, high in covered])
    assert 0.93 < whole < 0.97


def test_no_models_and_one_model_have_ranges() -> None:
    assert [bound.tolist() for bound in rank_ranges(np.zeros(0), np.zeros((0, 0)), 100, 0)] == [[], []]
    assert [bound.tolist() for bound in rank_ranges(np.zeros(1), np.zeros((1, 1)), 100, 0)] == [[1], [1]]


def test_fewer_draws_for_large_boards() -> None:
    assert [default_draws(models) for models in (40, 100, 101, 400)] == [1000, 1000, 200, 200]


@given(st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_a_range_holds_its_rank_and_the_seed_decides(models: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    root = rng.normal(0, 1, (models, models))
    strength, covariance = rng.normal(0, 3, models), root @ root.T
    low, high = rank_ranges(strength, covariance, 100, seed)
    assert (low >= 1).all()
    assert (low <= ranks(strength)).all()
    assert (ranks(strength) <= high).all()
    assert (high <= models).all()
    assert low.min() == 1
    assert np.array_equal((low, high), rank_ranges(strength, covariance, 100, seed))


@pytest.mark.parametrize("newcomers", [0.0, 0.05, 2.0, 200.0])
@pytest.mark.parametrize(("models", "draws"), [(80, 300), (200, 200)])
def test_ranges_of_many_models_are_those_of_every_distance(models: int, draws: int, newcomers: float) -> None:
    """What is left out of many models' distances is too small to tell, whatever some models vary by."""
    rng = np.random.default_rng(models)
    met = rng.poisson(1.0, (models, models)).astype(float)
    met += met.T
    covariance = np.linalg.inv(np.diag(met.sum(axis=1) + 2) - met * (1 - np.eye(models)))
    covariance += np.diag(newcomers * rng.gamma(0.3, 0.05, models)) + 0.1 * newcomers
    scale = _inverse_errors(covariance).astype(np.float32)
    noise = _draw(covariance, draws, 0).astype(np.float32)
    every = _quantile(_largest(noise, scale))
    assert np.array_equal(_critical(noise, scale, covariance.diagonal()), every)
    assert (every > FAR).any()
