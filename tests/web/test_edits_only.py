"""An arena that only judges image edits: no page sends its readers to text to image, where nothing is."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.arena.voting.matchups import MatchupFilter
from app.words import Mode
from tests.web.catalogue import words
from tests.web.conftest import running
from tests.web.factories import MODELS, competition, votes

VOTES = 24


@pytest.fixture(scope="module")
def arena(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("edits")
    shutil.copy(sqlite_template, folder / "edits.sqlite3")
    for app in running(f"sqlite:///{folder / 'edits.sqlite3'}", folder):
        competition(app, mode="image-edit")
        votes(app, VOTES, wish=MatchupFilter(mode=Mode.IMAGE_EDIT))
        yield app


@pytest.fixture
def client(arena: Flask) -> FlaskClient:
    return arena.test_client()


def test_the_first_page_tells_its_votes_and_who_leads(client: FlaskClient) -> None:
    page = client.get("/").text
    assert f"{VOTES} votes by" in words(page)
    assert "no vote has been counted" not in page
    assert 'href="/leaderboards/image-edit">The whole board' in page
    assert "The first of the image edit leaderboard" in page


@pytest.mark.parametrize("path", ["/leaderboards", "/leaderboard"])
def test_the_leaderboards_are_the_one_there_is(client: FlaskClient, path: str) -> None:
    assert 'href="/leaderboards"' in client.get("/models").text
    assert client.get(path).headers["Location"] == "/leaderboards/image-edit"


def test_the_way_to_vote_leads_to_a_pair(client: FlaskClient) -> None:
    page = client.get("/arena").text
    assert "Show me a pair" in page
    assert '<input type="hidden" name="mode" value="image-edit">' in page
    asked = client.get("/arena?mode=text-to-image").text
    assert "No text to image competition is open now." in asked


def test_the_list_of_models_has_their_ratings(client: FlaskClient) -> None:
    page = words(client.get("/models").text)
    assert "Elo and rank: the image edit board." in page
    assert "1st to 4th" in page or "1-4" in page


def test_a_model_of_which_nothing_is_known_is_not_called_one_that_makes_images_of_text(
    client: FlaskClient,
) -> None:
    page = words(client.get(f"/models/{MODELS[0].slug}").text)
    assert "AI image model" in page
    assert "AI image generation model" not in page
