"""The caps of the public profile, through HTTP."""

import re

import pytest
from flask import Flask

from app import create_app
from app.settings import Settings
from tests.api.conftest import SECRET, Api
from tests.factories import make_arena


@pytest.fixture
def public(database_url: str, tmp_path) -> Flask:
    settings = Settings(
        profile="public",
        database_url=database_url,
        data_dir=tmp_path,
        secret_key=SECRET,
        refresh_seconds=0,
        trusted_proxies=("127.0.0.1/32",),
    )
    app = create_app(settings)
    make_arena(app.extensions["blindvote"].database, tmp_path, models=9)
    yield app
    app.extensions["blindvote"].database.close()


def test_the_twenty_first_matchup_of_a_minute_waits(public: Flask) -> None:
    api = Api(public.test_client())
    for _ in range(20):
        matchup = api.post("/matchups", json={}).get_json()["id"]
        assert api.post(f"/matchups/{matchup}/vote", json={"outcome": "skip"}).status_code == 200
    refused = api.post("/matchups", json={})
    assert refused.status_code == 429
    assert refused.get_json()["error"]["code"] == "rate_limited"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    page = api.client.post("/arena", headers={"Sec-Fetch-Site": "same-origin"})
    assert page.status_code == 429
    assert 1 <= int(page.headers["Retry-After"]) <= 60


def test_a_vote_without_looking_is_stored_and_says_why_it_does_not_count(public: Flask) -> None:
    api = Api(public.test_client())
    matchup = api.post("/matchups", json={}).get_json()["id"]
    answer = api.post(f"/matchups/{matchup}/vote", json={"outcome": "a"}).get_json()
    assert (answer["counted"], answer["reason"]) == (False, "unseen")
    assert answer["a"]["model"]["slug"].startswith("m")


def test_networks_are_told_apart_by_the_trusted_proxys_word_alone(public: Flask) -> None:
    def key(client_address: str, peer: str) -> bytes:
        api = Api(public.test_client())
        headers = {"X-Forwarded-For": client_address}
        api.post("/matchups", json={}, headers=headers, environ_base={"REMOTE_ADDR": peer})
        from sqlalchemy import select

        from app.arena.tables import Matchup

        with public.extensions["blindvote"].database.reading() as session:
            found = session.scalars(select(Matchup.network_key).order_by(Matchup.id.desc()).limit(1)).one()
        assert isinstance(found, bytes)
        return found

    proxy, stranger = "127.0.0.1", "203.0.113.9"
    assert key("192.0.2.1", proxy) == key("192.0.2.99", proxy) != key("198.51.100.1", proxy)
    assert key("192.0.2.1", stranger) == key("198.51.100.1", stranger)


def test_small_competitions_are_not_offered_by_themselves(public: Flask, tmp_path) -> None:
    html = public.test_client().get("/arena").get_data(as_text=True)
    assert re.search(r"<option[^>]*value=\"c0\"", html)
    database = public.extensions["blindvote"].database
    from app.arena.entries import entries

    for model in ("m0", "m1"):
        place = entries.EntryKey("c0", model)
        database.write(lambda s, place=place: entries.withdraw(s, place, reason="test", now=_now()))
    html = public.test_client().get("/arena").get_data(as_text=True)
    assert not re.search(r"<option[^>]*value=\"c0\"", html)
    assert re.search(r"<option[^>]*value=\"c1\"", html)


def _now():
    from datetime import UTC, datetime

    return datetime.now(UTC)
