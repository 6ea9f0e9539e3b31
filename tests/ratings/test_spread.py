"""The learnt prior: evidence against an integral, planted spreads found again, young boards held."""

import numpy as np
import pytest
from hypothesis import given

from app.elo_scale import ELO_PER_LOGIT
from app.ratings.board import rate
from app.ratings.bradley_terry import Design, strengths
from app.ratings.matrices import centred
from app.ratings.spread import (
    GRID,
    Spread,
    _evidence,
    centred_prior,
    dispersion,
    expected_doubt,
    fit_with_spread,
    learn_spread,
)
from app.ratings.tallies import Tallies
from tests.ratings.boards import boards, simulate, tallies_of


@pytest.mark.parametrize(("won", "lost"), [(3, 1), (30, 10), (5, 5)])
def test_the_evidence_is_the_integral_over_all_distances(won: int, lost: int) -> None:
    """Two models: their distance is normal with twice the variance; trapezes, 0.03 nats being Laplace's error."""
    design = Design(tallies_of(2, [(0, 0, 1, won, lost, 0, 0)]).pairs(), 2, side=False)
    distance = np.linspace(-12, 12, 20_001)
    votes = won * -np.logaddexp(0, -distance) + lost * -np.logaddexp(0, distance)

    def integral(sd: float) -> float:
        density = np.exp(votes - distance**2 / (4 * sd**2)) / (2 * sd * np.sqrt(np.pi))
        return float(np.log(np.trapezoid(density, distance)))

    spreads = np.array([0.2, 0.7, 1.5])
    near = np.stack([strengths(design, centred_prior(2, sd)) for sd in spreads]) + 0.05
    ours, found = _evidence(design, spreads, near)
    assert found == pytest.approx(near - 0.05, abs=1e-3)
    exact = [integral(sd) for sd in spreads]
    assert np.subtract(ours, ours[0]) == pytest.approx(np.subtract(exact, exact[0]), abs=0.06)


@pytest.mark.parametrize("sd", [0.2, 0.8, 1.5])
def test_a_planted_spread_is_found(sd: float) -> None:
    rng = np.random.default_rng(1)
    strength = rng.normal(0, sd, 60)
    spread = learn_spread(Design(simulate(strength, 6000, rng).tallies().pairs(), 60, side=False))[1]
    assert spread.sd == pytest.approx(strength.std(), rel=0.15)
    assert abs(spread.sd - strength.std()) < 3 * spread.error
    assert spread.dispersion == pytest.approx(1, abs=0.01)


def test_dispersion_by_hand() -> None:
    assert dispersion(0, 0) == pytest.approx(0.75)  # one tie in four votes is expected
    assert dispersion(249, 249) == pytest.approx(1 - 250 / 1000)
    assert dispersion(10_000, 10) == pytest.approx(0.2)


def test_one_vote_moves_nobody_by_three_figures() -> None:
    board = rate(tallies_of(2, [(0, 0, 1, 1, 0, 0, 0)]))
    assert abs(board.rating - 1000).max() < 70
    assert ((board.high - board.low) / 2 > 150).all()


def test_ten_votes_crown_nobody() -> None:
    """Four of four: with half a virtual game that was 1,528 points."""
    rows = [(0, 0, 1, 1, 0, 0, 0), (0, 0, 2, 2, 0, 0, 0), (0, 0, 3, 1, 0, 0, 0)]
    rows += [(0, 4, 1, 0, 2, 0, 0), (0, 4, 3, 0, 2, 0, 0), (0, 2, 3, 1, 0, 1, 0)]
    assert rate(tallies_of(5, rows)).rating.max() < 1250
    assert rate(tallies_of(5, rows), prior=0.5).rating.max() > 1400


@given(boards(most=200))
def test_any_board_has_a_spread(tallies: Tallies) -> None:
    board = rate(tallies, draws=1)
    assert board.spread is not None
    assert GRID[0] <= board.spread.sd <= GRID[-1]
    assert board.spread.error > 0
    assert 0.2 <= board.spread.dispersion <= 1
    again = rate(tallies, prior=board.spread, draws=1)
    assert again.rating == pytest.approx(board.rating, abs=1e-5)


def test_a_held_spread_shrinks_and_a_wide_one_does_not() -> None:
    tallies = tallies_of(2, [(0, 0, 1, 60, 40, 0, 0)])
    design = Design(tallies.pairs(), 2, side=False)
    tight, wide = (fit_with_spread(design, Spread(sd, 0.0, 1.0)).strength for sd in (0.05, 50.0))
    assert tight[0] < 0.05
    assert wide[0] - wide[1] == pytest.approx(np.log(1.5), abs=1e-3)
    assert ELO_PER_LOGIT * wide[0] == pytest.approx(35.2, abs=0.1)


@pytest.mark.parametrize("error", [0.03, 0.1])
def test_what_not_knowing_a_spread_adds_is_the_expectation_over_spreads(error: float) -> None:
    """Compare with an integral over spreads, normal with that error, that lean by their square."""
    rng = np.random.default_rng(4)
    tallies = simulate(rng.normal(0, 0.6, 12), 500, rng).tallies()
    design = Design(tallies.pairs(), tallies.models, side=False)
    spread = Spread(0.6, error, 1.0)
    fitted = fit_with_spread(design, spread)
    spreads = spread.sd + error * np.linspace(-4, 4, 81)
    weights = np.exp(-(((spreads - spread.sd) / error) ** 2) / 2) * spreads**2
    weights /= weights.sum()
    fits = [fit_with_spread(design, Spread(float(sd), 0.0, 1.0)) for sd in spreads]
    moved = [each.strength - fitted.strength for each in fits]
    wider = sum(weight * (fit.bread - fitted.bread) for weight, fit in zip(weights, fits, strict=True))
    expected = wider + sum(weight * np.outer(by, by) for weight, by in zip(weights, moved, strict=True))
    for gauge in (np.zeros(12), np.full(12, 1 / 12), np.eye(12)[3]):
        found, counted = expected_doubt(fitted, spread, gauge), centred(expected, gauge).diagonal()
        assert found == pytest.approx(counted, rel=0.15, abs=0.03 * np.abs(expected).max())
        assert (found[gauge < 1] > 0).all()
