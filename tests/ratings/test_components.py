"""The variance components: numbers known from elsewhere, definitions word by word, planted variances found."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.elo_scale import ELO_PER_LOGIT
from app.ratings.board import rate
from app.ratings.bradley_terry import Design
from app.ratings.components import Sums, VarianceComponent, estimate, log_gamma, quantile, residuals
from app.ratings.model import fit_with_prior
from app.ratings.pair_effects import _prompts_of_pairs, pair_covariance, pair_effect
from app.ratings.tallies import Array, Tallies
from app.ratings.voters import Ballots, voter_effect, voter_weights
from tests.ratings.boards import boards, rows_of, simulate, tallies_of


def test_log_gamma() -> None:
    x = np.array([0.01, 0.5, 1.0, 2.5, 7.0, 40.0, 3000.0])
    assert log_gamma(x) == pytest.approx([math.lgamma(each) for each in x.tolist()], rel=1e-10, abs=1e-9)


def test_students_quantile() -> None:
    """Of 5, 8, 12 and 30 degrees of freedom: 2.571, 2.306, 2.179 and 2.042 in the tables."""
    freedom = np.array([5.0, 8.0, 12.0, 30.0])
    known = np.array([2.571, 2.306, 2.179, 2.042]) * np.sqrt((freedom - 2) / freedom)
    assert quantile(2 / (freedom - 4)) == pytest.approx(known, abs=0.01)
    assert quantile(np.zeros(1)) == pytest.approx([1.96], abs=1e-6)


def test_the_likelihood_of_a_sum_of_squares_is_chi_squared() -> None:
    """Ten residuals of unit variance: the sum over its mean has 10 degrees of freedom."""
    one, ten = np.ones(1), np.full(1, 10.0)
    nothing = np.zeros(1)
    sums = Sums(12.0 * one, nothing, ten, nothing, nothing, 2 * ten)
    theta = np.array([0.8, 1.0, 1.5])
    density = -5 * np.log(2 * theta) - math.lgamma(5) + 4 * math.log(12.0) - 12.0 / (2 * theta)
    assert sums.log_likelihood(theta)[0] == pytest.approx(density, rel=1e-9)


def test_without_clusters_a_component_is_its_prior() -> None:
    nothing = np.zeros(())
    prior_only = estimate(Sums(*[nothing] * 6), 0.2, 0)
    assert prior_only.variance == pytest.approx(2 * 0.2**2, rel=0.05)  # of an exponential root
    assert VarianceComponent(0.04, 0.01, 3).elo == pytest.approx(0.2 * ELO_PER_LOGIT)
    assert VarianceComponent(0.04, 0.01, 3).elo_error == pytest.approx(0.025 * ELO_PER_LOGIT)


def test_a_component_may_be_absent() -> None:
    """Before any vote three quarters of the prior; a hundred residuals that show it leave no doubt."""
    nothing, hundred = np.zeros(()), np.full((), 100.0)
    assert estimate(Sums(*[nothing] * 6), 0.2, 0, absent=0.25).variance == pytest.approx(0.06, rel=0.05)
    shown = Sums(np.full((), 30.0), 0.05 * hundred, hundred, 0.005 * hundred, nothing, 2 * hundred)
    sure, unsure = (estimate(shown, 0.2, 100, absent=chance) for chance in (0.0, 0.8))
    assert unsure.variance == pytest.approx(sure.variance, rel=0.01)


def voted(rng: np.random.Generator, voters: int, each: int, taste: float, models: int = 10) -> Tallies:
    """By voter: each has tastes of their own."""
    strength, rows = rng.normal(0, 0.6, models), []
    for voter in range(voters):
        own = simulate(strength + rng.normal(0, taste, models), each, rng, ties=0.0).tallies()
        rows += [(voter, *row[1:]) for row in rows_of(own)]
    return tallies_of(models, rows)


def regrouped(tallies: Tallies, groups: Array) -> Tallies:
    return Tallies(
        tallies.models,
        groups.astype(np.intp),
        tallies.left,
        tallies.right,
        tallies.left_wins,
        tallies.right_wins,
        tallies.ties,
        tallies.both_bad,
    )


@pytest.mark.parametrize("taste", [0.15, 0.3, 0.5])
def test_a_planted_taste_is_found(taste: float) -> None:
    rng, found = np.random.default_rng(7), []
    for _ in range(12):
        votes = voted(rng, 20, 200, taste)
        fitted = fit_with_prior(Design(votes.pairs(), votes.models, side=False))
        found.append(voter_effect(Ballots(votes, 0 * votes.left), fitted.fit, fitted.dispersion, None))
    assert np.mean([each.variance for each in found]) == pytest.approx(taste**2, rel=0.25)
    assert {each.clusters for each in found} == {20}


def test_weights_of_voters_by_hand() -> None:
    one = tallies_of(3, [(0, 0, 1, 3, 0, 0, 0), (1, 0, 1, 1, 0, 0, 0), (1, 1, 2, 0, 1, 0, 0)])
    assert voter_weights(one) == pytest.approx([(9 + 1 - 4) / 16, (9 + 4 - 5) / 25, 0.0])


def test_one_voter_is_no_crowd() -> None:
    """The same votes: an interval of one person's is far wider than one of as many people as votes."""
    rng = np.random.default_rng(3)
    votes = simulate(rng.normal(0, 0.6, 6), 240, rng, competitions=6, ties=0.2)
    tallies = votes.tallies()
    everybody = Tallies(6, np.arange(240), votes.left, votes.right, *np.eye(4, dtype=np.int64)[votes.outcome].T)
    crowd, one = (
        rate(tallies, voters=Ballots(each, prompt))
        for each, prompt in (
            (everybody, votes.competition),
            (regrouped(tallies, 0 * tallies.left), tallies.competition),
        )
    )
    assert np.array_equal(crowd.rating, one.rating)
    assert (crowd.parts.voters == 0).all()
    assert one.known.voters is not None
    assert (one.known.voters.count, one.known.voters.taste.clusters) == (1, 1)
    assert ((one.high - one.low) > 1.15 * (crowd.high - crowd.low)).all()


@given(boards())
def test_the_parts_add_up_to_the_published_interval(tallies: Tallies) -> None:
    board = rate(tallies, voters=Ballots(tallies, tallies.competition), draws=1)
    parts = board.parts
    whole = parts.votes + parts.prompts + parts.voters + parts.pairs
    half = (board.high - board.low) / 2
    assert half == pytest.approx(ELO_PER_LOGIT * quantile(parts.variation) * np.sqrt(whole), rel=1e-6, abs=1e-6)
    for part in (parts.votes, parts.prompts, parts.voters, parts.pairs):
        assert (part >= -1e-9).all()


@given(boards())
def test_the_pairs_covariance_follows_its_definition(tallies: Tallies) -> None:
    """A row per pair: what one logit more on it moves the fit, less what it moves an even one."""
    n = tallies.models
    fitted = fit_with_prior(Design(tallies.pairs(), n, side=False)).fit
    first, second = np.triu_indices(n, 1)
    rows = np.zeros((first.size, n))
    rows[np.arange(first.size), first], rows[np.arange(first.size), second] = 1.0, -1.0
    chance = 1 / (1 + np.exp(-rows @ fitted.strength))
    even = chance * (1 - chance)
    seen = fitted.scale * tallies.games[first, second] * even
    uneven = np.linalg.inv(fitted.information) @ rows.T * seen
    fair = np.linalg.pinv(rows.T @ (even[:, None] * rows)) @ rows.T * even
    moved = uneven - fair
    assert pair_covariance(tallies, fitted, 0.3) == pytest.approx(0.3 * moved @ moved.T, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("planted", [0.0, 0.5])
def test_planted_circles_are_found(planted: float) -> None:
    """A beats B beats C beats A, by an effect of its own on every pair."""
    rng, found = np.random.default_rng(4), []
    for _ in range(6):
        n, rows = 16, []
        strength = rng.normal(0, 0.6, n)
        for i, j in zip(*np.triu_indices(n, 1), strict=True):
            won = rng.binomial(200, 1 / (1 + np.exp(strength[j] - strength[i] - rng.normal(0, planted))))
            rows.append((0, i, j, won, 200 - won, 0, 0))
        tallies = tallies_of(n, rows)
        fitted = fit_with_prior(Design(tallies.pairs(), n, side=False))
        found.append(pair_effect(tallies, fitted.fit, fitted.dispersion, None).variance)
    assert np.mean(found) == pytest.approx(planted**2, rel=0.2, abs=0.005)


@pytest.mark.parametrize(("each", "sd", "close"), [(20, 0.0, 0.09), (20, 0.35, 0.09), (100, 0.35, 0.015)])
def test_few_votes_show_the_effects_of_prompts_without_bias(each: int, sd: float, close: float) -> None:
    """
    Squares of residuals are on average those of votes and the planted effect, on boards of few votes too.

    Effects beside others count a tenth less: chances are nearer to a half than those of the models' strengths.
    """
    rng, found = np.random.default_rng(8), []
    for _ in range(60):
        n = 24
        votes = simulate(rng.normal(0, 0.8, n), n * each // 2, rng, competitions=7, prompt_sd=sd).tallies()
        fitted = fit_with_prior(Design(votes.pairs(), n, side=False))
        sums = residuals(votes, fitted.fit, fitted.dispersion).sums(0.12)
        found.append(float((sums.observed - sums.votes) / sums.effect))
    assert np.mean(found) == pytest.approx(0.9 * sd**2, abs=close)


def test_prompts_of_single_votes_say_nothing_of_pairs() -> None:
    """The fit takes up a part of them, so they leave less than votes without prompts do."""
    rows = [(prompt, *pair, 1, 0, 0, 0) for prompt, pair in enumerate([(0, 1), (1, 2), (2, 0), (0, 1)])]
    votes = tallies_of(3, rows)
    assert (_prompts_of_pairs(votes, votes.pairs(), np.full(3, 0.3)) < 0).all()


@pytest.mark.parametrize("planted", [0.0, 0.5])
def test_prompts_are_not_taken_for_circles_nor_circles_for_prompts(planted: float) -> None:
    rng, found = np.random.default_rng(9), []
    for _ in range(10):
        n, rows = 16, []
        strength, prompts = rng.normal(0, 0.6, n), rng.normal(0, 0.5, (7, n))
        for i, j in zip(*np.triu_indices(n, 1), strict=True):
            own = rng.normal(0, planted)
            for prompt in range(7):
                gap = strength[i] + prompts[prompt, i] - strength[j] - prompts[prompt, j] + own
                won = rng.binomial(6, 1 / (1 + np.exp(-gap)))
                rows.append((prompt, i, j, won, 6 - won, 0, 0))
        tallies = tallies_of(n, rows)
        fitted = fit_with_prior(Design(tallies.pairs(), n, side=False))
        found.append(pair_effect(tallies, fitted.fit, fitted.dispersion, np.full(n, 0.25)).variance)
    assert np.mean(found) == pytest.approx(0.85 * planted**2, rel=0.15, abs=0.005)


@settings(max_examples=60, deadline=None)
@given(boards(), st.integers(2, 3))
def test_twice_the_votes_are_surer(tallies: Tallies, times: int) -> None:
    more = [(*row[:3], *(times * count for count in row[3:])) for row in rows_of(tallies)]
    one, other = rate(tallies, draws=1, prior=None), rate(tallies_of(tallies.models, more), draws=1)
    assert (other.parts.votes.sum() <= one.parts.votes.sum() * 1.5 + 1e-9).all()


def test_a_voter_who_stayed_on_one_prompt_has_no_taste_of_their_own() -> None:
    """Each voter saw a single prompt, ten of them the same one: the prompts explain what they have in common."""
    rng, strength = np.random.default_rng(6), np.random.default_rng(1).normal(0, 0.5, 10)
    rows, prompts = [], []
    for prompt in range(20):
        effect = strength + rng.normal(0, 0.5, 10)
        for voter in range(10):
            own = rows_of(simulate(effect, 80, rng).tallies())
            rows += [(10 * prompt + voter, *row[1:]) for row in own]
            prompts += [prompt] * len(own)
    by_voter, prompt_of_row = tallies_of(10, rows), np.array(prompts)
    fitted = fit_with_prior(Design(by_voter.pairs(), 10, side=False))
    ballots = Ballots(by_voter, prompt_of_row)
    known = voter_effect(ballots, fitted.fit, fitted.dispersion, np.full(10, 0.2))
    unknown = voter_effect(ballots, fitted.fit, fitted.dispersion, None)
    assert unknown.variance > 0.12
    assert known.variance < unknown.variance / 3


@pytest.mark.parametrize("tied", [5, 6])
def test_a_board_of_nothing_but_ties_shows_no_effects(tied: int) -> None:
    """Residuals of nothing tell of no large effect, whichever tie it is; one was found of 298 Elo points."""
    rng = np.random.default_rng(1)
    rows = []
    for number in range(60):
        left, right = rng.choice(6, 2, replace=False).tolist()
        counts = [0, 0, 0, 0]
        counts[tied - 3] = 1
        rows.append((number % 5, left, right, *counts))
    tallies = tallies_of(6, rows)
    known = rate(
        tallies, voters=Ballots(replace(tallies, competition=np.arange(60) % 9), tallies.competition)
    ).known
    assert known.prompts is not None
    assert known.voters is not None
    assert known.pairs is not None
    assert known.prompts.common.elo < 30
    assert known.voters.taste.elo < 45
    assert known.pairs.elo < 10


def test_a_perfect_circle_is_no_taste() -> None:
    """Hold a deterministic A beats B beats C beats A to be an effect of pairs; of voters 433 Elo were found."""
    circle = [(0, 1), (1, 2), (2, 0)]
    rows = [(number % 9, left, right, 1, 0, 0, 0) for number in range(100) for left, right in circle]
    tallies = tallies_of(3, rows)
    by_voter = replace(tallies, competition=np.repeat(np.arange(100) % 30, 3))
    board = rate(tallies, voters=Ballots(by_voter, tallies.competition))
    assert board.known.voters is not None
    assert board.known.pairs is not None
    assert board.known.voters.taste.elo < 30
    assert board.known.pairs.elo > 100
    assert (board.high - board.low < 120).all()
