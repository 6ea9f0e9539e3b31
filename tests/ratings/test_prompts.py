"""The prompt effect: weights by hand, covariances by definition, planted effects and specialists found."""

import numpy as np
import pytest
from hypothesis import given

from app.elo_scale import ELO_PER_LOGIT
from app.ratings.bradley_terry import Design
from app.ratings.components import residuals
from app.ratings.model import fit_with_prior
from app.ratings.prompts import PromptEffect, prompt_covariance, prompt_effect, prompt_weights
from app.ratings.tallies import Tallies
from tests.ratings.boards import boards, rows_of, simulate, tallies_of


def found(tallies: Tallies) -> PromptEffect:
    fitted = fit_with_prior(Design(tallies.pairs(), tallies.models, side=False))
    rows = [residuals(tallies, fitted.fit, fitted.dispersion)]
    return prompt_effect(rows, tallies.models, tallies.competitions)


def test_weights_by_hand() -> None:
    tallies = tallies_of(4, [(0, 0, 1, 2, 1, 0, 0), (1, 0, 1, 3, 0, 0, 0), (2, 0, 2, 6, 0, 0, 0)])
    assert prompt_weights(tallies) == pytest.approx([(9 + 9 + 36) / 144, 0.5, 1.0, 0.0])


@given(boards())
def test_the_covariance_follows_its_definition(tallies: Tallies) -> None:
    n = tallies.models
    fitted = fit_with_prior(Design(tallies.pairs(), n, side=False))
    variance = np.linspace(0.1, 0.4, n)
    strength, bread = fitted.fit.strength, np.linalg.inv(fitted.fit.information)
    chance = 1 / (1 + np.exp(strength - strength[:, None]))
    filling = np.zeros((n, n))
    for number in np.unique(tallies.competition):
        here = tallies.only(tallies.competition == number).games * chance * (1 - chance) / fitted.dispersion
        laplacian = np.diag(here.sum(axis=1)) - here
        filling += laplacian @ np.diag(variance) @ laplacian
    expected = bread @ filling @ bread
    assert prompt_covariance(tallies, fitted.fit, variance) == pytest.approx(expected, rel=1e-7, abs=1e-10)


@pytest.mark.parametrize("sd", [0.0, 0.2, 0.35])
@pytest.mark.parametrize("uneven", [False, True])
def test_a_planted_effect_is_found(sd: float, uneven: bool) -> None:
    """Also where a few competitions have most of the votes."""
    rng = np.random.default_rng(11)
    votes = 150_000 if uneven else 30_000
    boards = [
        simulate(rng.normal(0, 0.5, 20), votes, rng, competitions=20, prompt_sd=sd).tallies() for _ in range(8)
    ]
    if uneven:
        boards = [each.only(rng.random(each.left.size) < 1 / (1 + each.competition)) for each in boards]
    common = [found(each).common for each in boards]
    assert np.mean([each.variance for each in common]) == pytest.approx(sd**2, rel=0.15, abs=0.005)
    inside = [abs(each.variance - sd**2) < 2.5 * each.error for each in common]
    assert sd == 0 or sum(inside) >= 6


def test_a_specialist_is_told_from_the_others() -> None:
    rng = np.random.default_rng(2)
    n, prompts = 12, 20
    effect = rng.normal(0, 0.15, (prompts, n))
    effect[:, 0] = rng.normal(0, 0.9, prompts)
    rows = []
    for prompt in range(prompts):
        here = simulate(effect[prompt], 3000, rng).tallies()
        rows += [
            (prompt, *row)
            for row in np.stack(
                [here.left, here.right, here.left_wins, here.right_wins, here.ties, here.both_bad], axis=1
            )
        ]
    variance = found(tallies_of(n, rows)).variance
    assert np.sqrt(variance[0]) == pytest.approx(0.9, rel=0.3)
    assert np.sqrt(variance[1:]).max() < 0.35


def test_equal_models_share_one_variance() -> None:
    rng = np.random.default_rng(5)
    tallies = simulate(rng.normal(0, 0.5, 20), 60_000, rng, competitions=30, prompt_sd=0.3).tallies()
    effect = found(tallies)
    assert ELO_PER_LOGIT * np.sqrt(effect.variance) == pytest.approx(np.full(20, 52), rel=0.3)
    assert effect.of(np.array([3, 4])).variance.tolist() == effect.variance[[3, 4]].tolist()


def test_a_few_specialists_are_a_group_of_their_own() -> None:
    """A quarter of 24 models varies 25 times as much as the others; each of these is told from seven prompts."""
    rng, plain, special = np.random.default_rng(3), [], []
    for _ in range(6):
        effect = rng.normal(0, np.where(np.arange(24) % 4 == 0, 0.9, 0.18), (7, 24))
        rows = [
            (prompt, *row[1:])
            for prompt in range(7)
            for row in rows_of(simulate(effect[prompt], 2400, rng).tallies())
        ]
        variance = found(tallies_of(24, rows)).variance
        special += variance[::4].tolist()
        plain += np.delete(variance, np.s_[::4]).tolist()
    assert np.median(plain) < 0.06
    assert np.median(special) == pytest.approx(0.6, rel=0.4)
