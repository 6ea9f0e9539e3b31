"""The playground's money: a share for each visitor, an end of the day for all, taken before a call is made."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from tests.api.gateway_server import make
from tests.factories import picture_bytes
from tests.gateway.conftest import upstream
from tests.gateway.upstream import Upstream, coded, says
from tests.web.catalogue import TODAY, at, words
from tests.web.factories import OURS
from tests.web.playground_form import SMALL, ask

__all__ = ["upstream"]
ONE = {"data": [{"b64_json": coded(picture_bytes(1)), "revised_prompt": "a <b>bluer</b> x"}]}


@pytest.fixture
def paying(database_url: str, tmp_path: Path, upstream: Upstream) -> Iterator[Flask]:
    """Ten cents a day, of which a visitor gets one: a picture of brush-1 costs just that."""
    made = make(database_url, tmp_path, upstream, playground_daily_usd="0.1")
    at(made.app, TODAY)
    yield made.app
    made.database.close()


def test_the_list_names_prices(paying: Flask) -> None:
    client = paying.test_client()
    said = words(client.get("/playground").text)
    assert "Brush-1 · from $0.010" in said
    assert "paid from $0.1 a day, shared by all visitors" in said


def test_a_provider_draws_and_is_named(paying: Flask, upstream: Upstream) -> None:
    client = paying.test_client()
    upstream.on("POST", "/v1/", says(200, ONE))
    html = ask(client, model="brush-1")
    said = words(html)
    for fact in ("Cost $0.010", "Provider OpenAI", "a <b>bluer</b> x"):
        assert fact in said
    assert "<b>bluer" not in html


def test_the_visitors_money_is_taken_before_the_call(paying: Flask, upstream: Upstream) -> None:
    upstream.on("POST", "/v1/", says(200, ONE))
    client = paying.test_client()
    ask(client, model="brush-1")
    answer = client.post("/playground", data={**SMALL, "model": "brush-1"}, headers=OURS)
    assert answer.status_code == 429
    said = words(answer.text)
    assert "That was all for today. Today's budget for images is spent; it is there again tomorrow (UTC)." in said
    assert "Drawing with Poster-Pro stays free." in said
    assert len(upstream.calls()) == 1
    ask(client)
    ask(paying.test_client(), model="brush-1")
    at(paying, TODAY + timedelta(days=1))
    ask(client, model="brush-1")


def test_the_day_ends_for_everybody(paying: Flask, upstream: Upstream) -> None:
    upstream.on("POST", "/v1/", says(200, ONE))
    for _ in range(10):
        ask(paying.test_client(), model="brush-1")
    ask(paying.test_client(), status=429, model="brush-1")
    assert len(upstream.calls()) == 10


def test_a_failure_costs_the_visitor_nothing(paying: Flask, upstream: Upstream) -> None:
    client = paying.test_client()
    upstream.on("POST", "/v1/", says(500, {}), says(200, ONE))
    html = ask(client, status=502, model="brush-1")
    assert "That did not work" in html
    at(paying, TODAY + timedelta(hours=1))
    ask(client, model="brush-1")


def test_what_the_provider_declines(paying: Flask, upstream: Upstream) -> None:
    client = paying.test_client()
    declined = {"error": {"code": "content_policy_violation", "message": "no"}}
    upstream.on("POST", "/v1/", says(400, declined))
    assert "The provider declined this prompt" in ask(client, status=400, model="brush-1")


def test_a_new_cookie_brings_no_new_money_in_public(
    sqlite_template: Path, tmp_path: Path, upstream: Upstream
) -> None:
    upstream.on("POST", "/v1/", says(200, ONE))
    shutil.copy(sqlite_template, tmp_path / "public.sqlite3")
    url = f"sqlite:///{tmp_path / 'public.sqlite3'}"
    made = make(url, tmp_path, upstream, profile="public", secret_key="s" * 32, playground_daily_usd="0.1")
    at(made.app, TODAY)
    expected = [
        ("192.0.2.1", 200),
        ("192.0.2.99", 429),
        ("192.0.3.1", 200),
        ("2001:db8:1::1", 200),
        ("2001:db8:1:2::9", 429),
    ]
    for address, status in expected:
        answer = made.app.test_client().post(
            "/playground",
            data={**SMALL, "model": "brush-1"},
            headers=OURS,
            environ_overrides={"REMOTE_ADDR": address},
        )
        assert answer.status_code == status, address
    made.database.close()
