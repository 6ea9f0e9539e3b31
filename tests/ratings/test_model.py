"""Covers what intervals allow for because the fit takes votes as independent."""

import numpy as np
import pytest

from app.elo_scale import ELO_PER_LOGIT
from app.ratings import model, scale
from app.ratings.board import rate
from app.ratings.bradley_terry import Design
from app.ratings.components import VarianceComponent
from app.ratings.matrices import centred
from app.ratings.scale import Anchor
from app.ratings.spread import Spread
from app.ratings.voters import Voters
from tests.ratings.boards import simulate

MODELS = 7
LEVEL = scale.gauge(Anchor(), MODELS)


def test_a_pull_leads_to_the_best_linear_estimate() -> None:
    """Hold it to the posterior mean under the whole noise, computed from the score that votes alone would give."""
    rng = np.random.default_rng(4)
    tallies = simulate(rng.normal(0, 0.8, MODELS), 900, rng).tallies()
    fitted = model.fit_with_prior(Design(tallies.pairs(), MODELS, side=False), Spread(0.9, 0.1, 0.8)).fit
    factor = rng.normal(0, 0.25, (MODELS, MODELS))
    noise = centred(factor @ factor.T, LEVEL)
    prior = centred(0.81 * np.eye(MODELS), LEVEL)
    votes = np.linalg.pinv(fitted.votes)
    score = (prior + votes) @ np.linalg.pinv(prior) @ fitted.strength
    best = prior @ np.linalg.pinv(prior + votes + noise) @ score

    pulled = model.pull(fitted.strength, fitted.follows, fitted.follows @ noise @ fitted.follows.T, 0.81)

    assert fitted.strength + pulled == pytest.approx(best, abs=1e-9)
    assert np.abs(fitted.strength + pulled).max() < np.abs(fitted.strength).max()


def test_few_voters_widen_the_extremes_more_than_the_middle() -> None:
    strength = np.linspace(-1.5, 1.5, MODELS)
    tallies = simulate(strength, 4000, np.random.default_rng(1)).tallies()
    taste = VarianceComponent(0.6, 0.0, 3)
    board = rate(tallies, voters=Voters(taste, np.full(MODELS, 1 / 3), 3), draws=1)
    parts = board.parts
    in_all = parts.votes + parts.prompts + parts.voters + parts.pairs
    middle, first = MODELS // 2, int(board.rating.argmax())
    assert parts.voters[first] > 1.2 * parts.voters[middle]
    # The range of ranks sees the same variances as the interval.
    assert board.high - board.rating == pytest.approx(1.96 * ELO_PER_LOGIT * np.sqrt(in_all), rel=0.02)
