"""Refusals with codes that only some voters meet: `Api` checks that the document lists each for its operation."""

from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from app.database.doors import Database
from app.settings import Settings
from tests.api.conftest import SECRET, Api
from tests.factories import make_arena

pytestmark = pytest.mark.any_database


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        profile="public", database_url=database_url, data_dir=tmp_path, secret_key=SECRET, refresh_seconds=0
    )


def told(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]["code"]


def test_a_taste_needs_a_vote_a_mode_and_a_question(api: Api) -> None:
    assert told(api.get("/taste")) == (404, "taste_not_found")
    assert told(api.post("/taste", json={})) == (409, "not_voted")
    api.post("/matchups", json={"mode": "no-mode"})
    assert told(api.post("/taste", json={"mode": "text-to-image"})) == (409, "not_voted")


def test_a_taste_of_an_unknown_question(api: Api, database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, models=8)
    pair = api.post("/matchups", json={}).get_json()["id"]
    api.post(f"/matchups/{pair}/vote", json={"outcome": "a"})
    assert told(api.post("/taste", json={"mode": "no-mode"})) == (404, "unknown_mode")
    assert told(api.post("/taste", json={"question": "no-question"})) == (404, "unknown_question")


def test_few_pairs_a_day_are_given_back(api: Api, database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=4, models=8)
    for _ in range(3):
        pair = api.post("/matchups", json={}).get_json()["id"]
        assert api.post(f"/matchups/{pair}/vote", json={"outcome": "unloadable"}).status_code == 200
    pair = api.post("/matchups", json={}).get_json()["id"]
    assert told(api.post(f"/matchups/{pair}/vote", json={"outcome": "unloadable"})) == (429, "rate_limited")
