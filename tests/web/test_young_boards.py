"""What boards and models' pages say while models, votes and pictures are few, or are taken away."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.arena.voting.matchups import MatchupFilter
from app.leaderboards.integrity import audit
from app.leaderboards.runs import refresh
from tests.web.catalogue import section
from tests.web.conftest import running
from tests.web.factories import MODELS, competition, moment, parts_of, post, start, votes, withdraw


@pytest.fixture
def app(sqlite_template: Path, tmp_path: Path) -> Iterator[Flask]:
    """On SQLite alone: what these pages read is tried on both databases in the rooms' own tests."""
    shutil.copy(sqlite_template, tmp_path / "young.sqlite3")
    yield from running(f"sqlite:///{tmp_path / 'young.sqlite3'}", tmp_path)


def test_a_board_without_ranks_writes_none_as_a_range(app: Flask, client: FlaskClient) -> None:
    competition(app)
    votes(app, 1)
    page = client.get("/leaderboards/text-to-image").text
    assert "No model here is ranked yet: a rank takes four votes." in page
    assert "the range the votes allow" not in page


def test_a_board_whose_only_vote_was_taken_back_is_one_without_votes(app: Flask, client: FlaskClient) -> None:
    competition(app)
    path = start(client)
    post(client, f"{path}/vote", outcome="a")
    board, overview = "/leaderboards/text-to-image", "/competitions/a-red-cube"
    assert "<b>1</b> counted vote" in client.get(board).text
    post(client, f"{path}/undo")
    refresh.rebuild(parts_of(app).database, "text-to-image", now=moment())
    for page in ("/", board, overview, "/charts/text-to-image"):
        text = client.get(page).text.lower()
        assert "no vote has been counted" in text, page
        assert "0</b> counted" not in text, page
    assert "No model fits" not in client.get(board).text
    assert client.get(f"/api/v1{board}").get_json()["run"] is None


def test_votes_are_said_to_come_from_the_competitions_they_were_cast_in(app: Flask, client: FlaskClient) -> None:
    competition(app)
    competition(app, "a-green-cone")
    votes(app, 24, wish=MatchupFilter(competition="a-red-cube"))
    refresh.rebuild(parts_of(app).database, "text-to-image", now=moment())
    page = client.get(f"/models/{MODELS[0].slug}").text
    assert len(re.findall(r"blind votes in 1 competition\b", page)) >= 2
    assert "in 2 competitions" not in page


def test_the_front_page_counts_the_votes_of_all_modes(app: Flask, client: FlaskClient) -> None:
    competition(app)
    votes(app, 3)
    refresh.rebuild(parts_of(app).database, "text-to-image", now=moment())
    assert "<b>3</b> votes by" in " ".join(client.get("/").text.split())
    competition(app, "a-green-cone", mode="image-edit")
    votes(app, 2, wish=MatchupFilter(mode="image-edit"))
    refresh.rebuild(parts_of(app).database, "image-edit", now=moment())
    assert "<b>5</b> votes, <b>5</b> today" in " ".join(client.get("/").text.split())


def test_intervals_say_what_they_know_that_votes_share(app: Flask, client: FlaskClient) -> None:
    for number, slug in enumerate(("a-red-cube", "a-green-cone", "a-blue-ball")):
        competition(app, slug)
        votes(app, 6, seed=number, wish=MatchupFilter(competition=slug))
        refresh.rebuild(parts_of(app).database, "text-to-image", now=moment())
        page = client.get("/leaderboards/text-to-image").text
        knows = "intervals know that votes share prompts and voters" in page
        assert knows == (number == 2)
        assert ("intervals of fewer than three competitions do not know that votes share prompts" in page) != knows


def test_nothing_is_certified_of_a_board_without_ranks(app: Flask, client: FlaskClient) -> None:
    competition(app)
    votes(app, 1)
    refresh.rebuild(parts_of(app).database, "text-to-image", now=moment())
    audit.audit_boards(parts_of(app).database, now=moment())
    for page in ("/leaderboards/text-to-image", "/competitions/a-red-cube"):
        text = client.get(page).text
        assert "hangs by a thread" not in text, page
        assert "How firm" not in text, page
    assert "would put another model first" not in client.get("/methodology").text


def test_models_that_a_voter_found_equal_share_their_place(app: Flask, client: FlaskClient) -> None:
    competition(app, models=MODELS[:2])
    post(client, f"{start(client)}/vote", outcome="tie")
    for page in ("/me", "/me/card"):
        assert re.findall(r'class="place">(\d)<', client.get(page).text) == ["1", "1"]


def test_nothing_decides_the_rank_of_a_model_that_alone_is_ranked(app: Flask, client: FlaskClient) -> None:
    first = MODELS[0]
    for slug, other in (("a-red-cube", MODELS[1]), ("a-green-cone", MODELS[2])):
        competition(app, slug, models=(first, other))
        for _ in range(2):
            votes(app, 1, wish=MatchupFilter(competition=slug))
    page = client.get("/leaderboards/text-to-image").text
    assert "Only one model is ranked yet: a rank takes four votes." in page
    assert "decided" not in page.partition("<main")[2]
    page = client.get(f"/models/{first.slug}").text
    assert "is ranked <b>#1</b> of 1" in page
    assert "decided" not in page.partition("<main")[2]
    assert "more the votes do not say" not in page


def test_a_model_of_which_nothing_is_known_is_described_as_such(app: Flask, client: FlaskClient) -> None:
    competition(app)
    page = client.get(f"/models/{MODELS[0].slug}").text
    said = re.findall(r'<meta (?:name="description"|property="og:description") content="([^"]*)"', page)
    assert said == [f"{MODELS[0].name}: an image model, not ranked yet."] * 2


def test_of_one_model_the_list_speaks_in_the_singular(app: Flask, client: FlaskClient) -> None:
    competition(app, models=MODELS[:1])
    assert "<b>1</b> image model: what it costs" in client.get("/models").text


def test_a_model_without_a_rival_says_who_can_enter_one(app: Flask) -> None:
    competition(app, models=MODELS[:1])
    assert "arena import-pack" in section(app.test_client().get(f"/models/{MODELS[0].slug}").text, "results")


def test_a_model_whose_images_were_withdrawn_promises_no_picture_and_no_vote(app: Flask) -> None:
    competition(app)
    competition(app, "a-green-cone")
    votes(app, 24)
    first, client = MODELS[0], app.test_client()
    withdraw(app, "a-green-cone", first.slug)
    results = section(client.get(f"/models/{first.slug}").text, "results")
    assert results.count("image withdrawn") == 1
    assert "All it takes part in A red cube Start voting" in results
    assert "stay without a name" in results
    withdraw(app, "a-red-cube", first.slug)
    results = section(client.get(f"/models/{first.slug}").text, "results")
    assert f"Every image of {first.name} was withdrawn: the votes on them count, and none are added." in results
    assert "stay without a name" not in results
    assert "Start voting" not in results


def test_an_arena_whose_competitions_ended_is_not_told_to_play_the_demo(app: Flask, client: FlaskClient) -> None:
    for page in ("/", "/arena"):
        assert "<code>arena demo</code>" in client.get(page).text
    competition(app, status="closed")
    for page in ("/", "/arena"):
        text = client.get(page).text
        assert "<code>arena demo</code>" not in text
        assert "<code>arena competition open COMPETITION</code>" in text
