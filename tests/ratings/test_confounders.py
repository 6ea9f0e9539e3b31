"""The audit of other qualities: what was planted is found, and equal pictures move nobody."""

from dataclasses import replace

import numpy as np
import pytest

from app.elo_scale import ELO_PER_LOGIT
from app.ratings.confounders import QualityEffects, QualityVotes, compare_equals
from app.ratings.spread import Spread
from app.ratings.tallies import Array

WIDE = Spread(1.0, 0.1, 1.0)


def planted(worth: Array, seed: int, *, votes: int = 12_000, models: int = 8, clusters: int = 25) -> QualityVotes:
    """Side, and a quality that the later models' pictures have more of; so much is each worth in logits."""
    rng = np.random.default_rng(seed)
    strength = rng.normal(0, 0.5, models)
    picture = np.linspace(-1, 1, models) + rng.normal(0, 0.7, (clusters, models))
    cluster, left = rng.integers(0, clusters, votes), rng.integers(0, models, votes)
    right = (left + rng.integers(1, models, votes)) % models
    differences = np.stack([np.ones(votes), picture[cluster, left] - picture[cluster, right]], axis=1)
    gap = strength[left] - strength[right] + differences @ worth
    won = rng.random(votes) < 1 / (1 + np.exp(-gap))
    return QualityVotes(models, cluster, left, right, won.astype(float), differences)


def found(worth: tuple[float, float], seed: int = 3) -> QualityEffects:
    return compare_equals(planted(np.array(worth), seed), WIDE)


def test_what_was_planted_is_found() -> None:
    effects = found((0.2, 0.4))
    assert effects.effect / ELO_PER_LOGIT == pytest.approx([0.2, 0.4], abs=0.08)
    assert (np.abs(effects.effect / ELO_PER_LOGIT - [0.2, 0.4]) < 3 * effects.error / ELO_PER_LOGIT).all()


def test_equal_pictures_cost_the_models_that_had_more() -> None:
    effects = found((0.0, 0.4))
    assert effects.shift[1, 0] == pytest.approx(0.4 * ELO_PER_LOGIT, rel=0.35)
    assert effects.shift[1, -1] == pytest.approx(-0.4 * ELO_PER_LOGIT, rel=0.35)
    assert effects.shift.sum(axis=1) == pytest.approx([0, 0], abs=1e-9)
    is_sure = np.abs(effects.shift) > 1.96 * effects.shift_error
    assert is_sure[1, [0, -1]].all()
    assert (np.abs(effects.shift[0]) < 10).all()


def test_what_is_worth_nothing_is_within_its_error_in_95_of_100_cases() -> None:
    z = [effects.effect / effects.error for effects in (found((0.0, 0.0), seed) for seed in range(60))]
    assert (np.abs(z) < 1.96).mean() == pytest.approx(0.95, abs=0.06)


@pytest.mark.parametrize(("clusters", "votes"), [(1, 200), (3, 12), (3, 40), (3, 200), (5, 40), (7, 200)])
def test_what_is_worth_nothing_is_within_its_error_where_competitions_are_few(clusters: int, votes: int) -> None:
    """Of 200 each, 19 are one in twenty and three standard errors."""
    few = (planted(np.zeros(2), seed, votes=votes, models=6, clusters=clusters) for seed in range(200))
    found = [compare_equals(one, Spread(0.6, 0.1, 1.0)) for one in few]
    beyond = np.sum([np.abs(each.effect) > 1.96 * each.error for each in found], axis=0)
    assert (beyond <= 19).all(), beyond
    moved = [(np.abs(each.shift) > 1.96 * each.shift_error).any(axis=1) for each in found]
    assert (np.sum(moved, axis=0) <= 19).all()


def test_ties_alone_leave_open_what_a_side_is_worth() -> None:
    votes = planted(np.zeros(2), 1, votes=27, models=3, clusters=3)
    tied = replace(votes, score=np.full(27, 0.5))
    effects = compare_equals(tied, Spread(0.4, 0.1, 0.1))
    assert effects.effect == pytest.approx([0, 0], abs=1e-9)
    assert (1.96 * effects.error > 10).all()


def test_an_equal_quality_is_not_judged() -> None:
    votes = planted(np.array([0.0, 0.3]), 1)
    same = QualityVotes(
        *(getattr(votes, name) for name in ("models", "cluster", "left", "right", "score")),
        votes.differences * [1.0, 0.0],
    )
    effects = compare_equals(same, WIDE)
    assert np.isnan(effects.effect).tolist() == [False, True]
    assert np.isnan(effects.shift[1]).all()


def test_the_unit_of_a_quality_changes_its_effect_alone() -> None:
    votes = planted(np.array([0.1, 0.3]), 2)
    feet = QualityVotes(
        votes.models, votes.cluster, votes.left, votes.right, votes.score, votes.differences * [1, 0.3]
    )
    one, other = compare_equals(votes, WIDE), compare_equals(feet, WIDE)
    assert other.effect == pytest.approx(one.effect / [1, 0.3], rel=1e-6)
    assert other.shift == pytest.approx(one.shift, abs=1e-6)


def test_one_vote_is_no_finding() -> None:
    one = QualityVotes(
        2, np.zeros(1, dtype=int), np.zeros(1, dtype=int), np.ones(1, dtype=int), np.ones(1), np.ones((1, 2))
    )
    effects = compare_equals(one, WIDE)
    assert np.isfinite(effects.effect).all()
