"""The fit and its covariance against slower ways to the same numbers."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.ratings.bradley_terry import (
    Design,
    Fit,
    NormalPrior,
    Prior,
    VirtualGames,
    chances,
    fit,
    logistic,
    strengths,
)
from app.ratings.connections import has_maximum
from app.ratings.matrices import inverse, solve
from app.ratings.tallies import Array, Cells, Tallies
from tests.ratings.boards import boards, likeliest, sandwich, simulate, tallies_of, votes_of


def fitted(tallies: Tallies, prior: Prior, *, side: bool = False) -> Fit:
    cells = tallies.ordered_pairs() if side else tallies.pairs()
    return fit(Design(cells, tallies.models, side), prior)


def centred(covariance: Array) -> Array:
    gauge = np.eye(len(covariance)) - 1 / len(covariance)
    return gauge @ covariance @ gauge


def likelihood(tallies: Tallies, strength: Array, side: float) -> float:
    """Log-likelihood of the votes one by one, ties as half a win."""
    logit = [(strength[i] - strength[j] + side, score) for i, j, score in votes_of(tallies)]
    return -float(sum(score * np.log1p(np.exp(-x)) + (1 - score) * np.log1p(np.exp(x)) for x, score in logit))


def test_three_wins_to_one_is_odds_of_three() -> None:
    strength = fitted(tallies_of(2, [(0, 0, 1, 3, 1, 0, 0)]), VirtualGames(0)).strength
    assert strength[0] - strength[1] == pytest.approx(np.log(3), abs=1e-12)


def test_two_models_with_prior_by_hand() -> None:
    """Half a virtual game each. By symmetry t = (x, -x): 3(1 - p) - p + (1/2 - q)/2 = 0, p at 2x and q at x."""
    x = fitted(tallies_of(2, [(0, 0, 1, 3, 1, 0, 0)]), VirtualGames()).strength[0]
    p, q = 1 / (1 + np.exp(-2 * x)), 1 / (1 + np.exp(-x))
    assert 3 * (1 - p) - p + (0.5 - q) / 2 == pytest.approx(0, abs=1e-12)


def test_three_models_in_a_ring_are_equal() -> None:
    ring = tallies_of(3, [(0, 0, 1, 7, 0, 0, 0), (0, 1, 2, 7, 0, 0, 0), (0, 2, 0, 7, 0, 0, 0)])
    assert fitted(ring, VirtualGames()).strength == pytest.approx([0, 0, 0], abs=1e-12)


@given(boards(), st.sampled_from([0.1, 0.5, 2.0]))
def test_equals_the_slow_fixed_point(tallies: Tallies, prior: float) -> None:
    assume(has_maximum(tallies.wins + tallies.tied))
    slow, fast = likeliest(tallies, prior=prior), fitted(tallies, VirtualGames(prior)).strength
    assert fast == pytest.approx(slow, abs=1e-6)


@given(boards(competitions=1, most=4))
def test_no_direction_is_uphill(tallies: Tallies) -> None:
    best = fitted(tallies, VirtualGames(0.5)).strength

    def posterior(x: Array) -> float:
        return likelihood(tallies, x, 0.0) - 0.25 * float(np.log1p(np.exp(-x)).sum() + np.log1p(np.exp(x)).sum())

    for direction in np.eye(best.size):
        slope = (posterior(best + 1e-5 * direction) - posterior(best - 1e-5 * direction)) / 2e-5
        assert slope == pytest.approx(0, abs=1e-5)


@given(boards())
def test_without_prior_equals_the_slow_fixed_point(tallies: Tallies) -> None:
    assume(has_maximum(tallies.wins + tallies.tied))
    slow, fast = likeliest(tallies, prior=0.0), fitted(tallies, VirtualGames(0)).strength
    assert fast - fast.mean() == pytest.approx(slow - slow.mean(), abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(boards(competitions=1, most=4))
def test_with_a_side_no_direction_is_uphill(tallies: Tallies) -> None:
    ordered = tallies.ordered_pairs()
    assume(0 < ordered.score.sum() < ordered.played.sum())
    known = NormalPrior(np.linspace(-0.5, 0.5, tallies.models), np.full(tallies.models, 2.0))
    result = fitted(tallies, known, side=True)

    def posterior(x: Array) -> float:
        off = x[:-1] - known.mean
        return likelihood(tallies, x[:-1], x[-1]) - float((known.precision * off**2).sum()) / 2

    best = np.append(result.strength, result.side)
    assume(abs(result.side) < 15)
    for direction in np.eye(best.size):
        slope = (posterior(best + 1e-5 * direction) - posterior(best - 1e-5 * direction)) / 2e-5
        assert slope == pytest.approx(0, abs=1e-5)


@settings(max_examples=80, deadline=None)
@given(boards(competitions=1, most=4))
def test_covariance_equals_the_sandwich_vote_by_vote(tallies: Tallies) -> None:
    result = fitted(tallies, VirtualGames(0.5))
    slow = centred(sandwich(tallies, result.strength, prior=0.5))
    fast = result.covariance(np.full(tallies.models, 1 / tallies.models))
    assert fast == pytest.approx(slow, rel=1e-7, abs=1e-9)


def test_covariance_with_a_side_equals_the_sandwich_vote_by_vote() -> None:
    rng = np.random.default_rng(5)
    tallies = simulate(rng.normal(0, 1, 5), 300, rng, ties=0.2, side=0.4).tallies()
    result = fitted(tallies, VirtualGames(0.5), side=True)
    slow = sandwich(tallies, result.strength, prior=0.5, side=result.side)
    assert result.side_error() == pytest.approx(np.sqrt(slow[-1, -1]), rel=1e-9)
    assert result.covariance(np.full(5, 0.2)) == pytest.approx(centred(slow[:-1, :-1]), rel=1e-8)


def test_covariance_equals_the_bootstrap() -> None:
    """Votes redrawn within the board's total, as a multinomial over its cells."""
    rng = np.random.default_rng(7)
    tallies = simulate(rng.normal(0, 0.7, 6), 3000, rng, ties=0.25).tallies()
    cells, gauge = tallies.pairs(), np.full(6, 1 / 6)
    counts = np.concatenate([cells.won, cells.lost, cells.tied])
    redrawn = rng.multinomial(3000, counts / counts.sum(), 1500).astype(float).reshape(1500, 3, -1)
    again = (Cells(cells.first, cells.second, *draw) for draw in redrawn)
    found = [strengths(Design(each, 6, side=False), VirtualGames()) for each in again]
    spread = np.std(np.array(found) - np.mean(found, axis=1, keepdims=True), axis=0)
    expected = np.sqrt(fitted(tallies, VirtualGames()).covariance(gauge).diagonal())
    assert spread == pytest.approx(expected, rel=0.08)


def test_a_side_effect_is_found_and_no_other_is() -> None:
    rng = np.random.default_rng(2)
    strength = rng.normal(0, 1, 10)
    for planted in (0.0, 0.3):
        result = fitted(simulate(strength, 40_000, rng, side=planted).tallies(), VirtualGames(), side=True)
        assert abs(result.side - planted) < 4 * result.side_error()
        assert 0.005 < result.side_error() < 0.02


@given(boards(most=10**7))
def test_huge_counts_stay_finite_and_at_the_top(tallies: Tallies) -> None:
    design, prior = Design(tallies.pairs(), tallies.models, side=False), VirtualGames()
    strength = strengths(design, prior)
    cells = design.cells
    gradient = design.columns(cells.score - cells.played * logistic(design.rows(strength))) + prior.slope(strength)
    assert np.abs(gradient).max() <= 1e-7 + 1e-9 * cells.played.max(initial=0)


def test_unbeaten_for_ever_and_a_long_ladder_are_finite() -> None:
    ladder = tallies_of(30, [(0, i, i + 1, 10**6, 0, 0, 0) for i in range(29)])
    strength = fitted(ladder, VirtualGames()).strength
    assert (np.diff(strength) < -5).all()
    assert np.isfinite(strength).all()
    assert np.abs(strength + strength[::-1]).max() < 1e-3


def test_ten_thousand_million_votes_converge() -> None:
    rows = [(0, i, j, (j - i) * 10**8, 10**8, 0, 0) for i in range(8) for j in range(i + 1, 8)]
    small = [(0, i, j, j - i, 1, 0, 0) for i in range(8) for j in range(i + 1, 8)]
    big, one = (fitted(tallies_of(8, each), VirtualGames(0)).strength for each in (rows, small))
    assert big - big.mean() == pytest.approx(one - one.mean(), abs=1e-9)


def test_what_is_known_pulls_with_its_precision() -> None:
    """One game of two models believed to be equal, by hand: s = (1 - p)/precision each way."""
    prior = NormalPrior(np.array([0.3, 0.3]), np.array([4.0, 4.0]))
    a, b = fitted(tallies_of(2, [(0, 0, 1, 1, 0, 0, 0)]), prior).strength
    assert a + b == pytest.approx(0.6, abs=1e-9)
    assert a - 0.3 == pytest.approx((1 - 1 / (1 + np.exp(b - a))) / 4, abs=1e-9)


def test_tails_keep_their_digits() -> None:
    chance, variance = chances(np.array([40.0, -40.0, 0.0]))
    assert variance == pytest.approx([np.exp(-40), np.exp(-40), 0.25], rel=1e-12)
    assert chance == pytest.approx([1.0, np.exp(-40), 0.5], rel=1e-12)
    assert logistic(np.array([-1e4, 1e4])).tolist() == [0.0, 1.0]
    assert float(logistic(np.float64(-1.0))) == pytest.approx(1 / (1 + np.e))


def test_weights_that_are_no_numbers_are_refused() -> None:
    cells = Cells(np.array([0]), np.array([1]), *np.array([[np.nan], [1.0], [0.0]]))
    with pytest.raises(ArithmeticError):
        strengths(Design(cells, 2, side=False), VirtualGames())


@pytest.mark.parametrize("models", [1, 2, 127, 129, 258, 301])
def test_a_matrix_is_inverted_by_blocks_as_at_once(models: int) -> None:
    games = np.random.default_rng(models).integers(0, 9, (models, models))
    between = games + games.T
    matrix = np.diag(between.sum(axis=0) + 0.5) - between
    expected = np.linalg.inv(matrix)
    found = inverse(matrix)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert found.shape == (models, models)


@pytest.mark.parametrize("sure", [1.0, 1e-2, 1e-4])
@pytest.mark.parametrize("models", [3, 128, 129, 200])
def test_equations_are_solved_whether_models_met_widely_or_in_a_chain(models: int, sure: float) -> None:
    rng = np.random.default_rng(models)
    widely = rng.poisson(3.0, (models, models)).astype(float)
    chain = np.diag(np.ones(models - 1), 1)
    for met in (widely + widely.T, chain + chain.T):
        np.fill_diagonal(met, 0.0)
        matrix = np.diag(met.sum(axis=1) + sure) - met
        wanted = rng.normal(size=models)
        wanted -= wanted.mean()
        assert solve(matrix, matrix @ wanted) == pytest.approx(wanted, rel=1e-6, abs=1e-6)
        assert not solve(matrix, np.zeros(models)).any()


def test_what_follows_shifts_of_votes_is_their_covariance() -> None:
    tallies = simulate(np.linspace(-1, 1, 6), 80, np.random.default_rng(8)).tallies()
    fitted = fit(Design(tallies.pairs(), 6, side=False), VirtualGames())
    shifts = np.linspace(0.0, 2.0, 6)
    expected = fitted.follows @ np.diag(shifts) @ fitted.follows.T
    assert fitted.follow(shifts) == pytest.approx(expected, abs=1e-12)


def test_doubt_adds_to_the_covariance() -> None:
    tallies = simulate(np.linspace(-1, 1, 6), 80, np.random.default_rng(8)).tallies()
    sure, gauge = fit(Design(tallies.pairs(), 6, side=False), VirtualGames()), np.full(6, 1 / 6)
    doubtful = replace(sure, doubt=0.3 * np.eye(6))
    added = doubtful.covariance(gauge) - sure.covariance(gauge)
    assert added == pytest.approx(0.3 * (np.eye(6) - 1 / 6), abs=1e-12)
