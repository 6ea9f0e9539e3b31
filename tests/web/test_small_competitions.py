"""What the page of a competition says of the limit on guesses, where there is one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from pydantic import SecretStr

from app.arena.voting.guessing import count_pairs_served
from tests.web.conftest import running
from tests.web.factories import MODELS, competition

SMALL, OPEN = "Each voter is given 1 pair here", "the limit on what can be guessed does not hold here"


@pytest.fixture
def public(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    yield from running(database_url, tmp_path, profile="public", secret_key=SecretStr("s" * 32))


def test_in_public_a_small_competition_says_how_many_pairs_it_serves(public: Flask) -> None:
    competition(public, models=MODELS[:4])
    competition(public, "an-open-one", models=MODELS[:4], open_gallery=True)
    client = public.test_client()
    assert SMALL in client.get("/competitions/a-red-cube").text
    assert OPEN not in client.get("/competitions/a-red-cube").text
    assert OPEN in client.get("/competitions/an-open-one").text


def test_elsewhere_nothing_is_limited(app: Flask) -> None:
    competition(app, models=MODELS[:4], open_gallery=True)
    page = app.test_client().get("/competitions/a-red-cube").text
    assert SMALL not in page
    assert OPEN not in page


@pytest.mark.parametrize(
    ("models", "told"), [(0, "No model has an image here yet"), (1, "1 model has an image here")]
)
def test_what_too_few_models_answered_is_not_said_to_be_judged(app: Flask, models: int, told: str) -> None:
    competition(app, models=MODELS[:models])
    page = app.test_client().get("/competitions/a-red-cube").text
    assert told in page
    assert "in the arena" not in page


@pytest.mark.parametrize(("models", "pairs"), [(0, 0), (1, 0), (2, 1), (4, 1), (6, 2), (7, 2), (8, 3), (12, 4)])
def test_a_few_models_make_few_pairs(models: int, pairs: int) -> None:
    assert count_pairs_served(models) == pairs
