"""Forwarding headers are believed from named proxies only."""

from pathlib import Path

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from app import create_app
from app.settings import Settings
from tests.api.conftest import SECRET

FORWARDED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "arena.example.org",
}


@pytest.fixture
def client(database_url: str, tmp_path: Path) -> FlaskClient:
    networks = ("10.0.0.0/8", "fd00::/8")
    app = create_app(
        Settings.model_validate(
            {
                "database_url": database_url,
                "data_dir": tmp_path,
                "secret_key": SECRET,
                "trusted_proxies": networks,
            }
        )
    )
    _echo(app)
    return app.test_client()


def _echo(app: Flask) -> None:
    app.add_url_rule(
        "/echo", "echo", lambda: {"from": request.remote_addr, "scheme": request.scheme, "host": request.host}
    )


@pytest.mark.any_database
@pytest.mark.parametrize("peer", ["10.1.2.3", "fd00::1"])
def test_a_named_proxy_says_who_asks(client: FlaskClient, peer: str) -> None:
    answer = client.get("/echo", headers=FORWARDED, environ_base={"REMOTE_ADDR": peer})
    assert answer.get_json() == {"from": "203.0.113.9", "scheme": "https", "host": "arena.example.org"}
    made = client.post("/api/v1/matchups", json={}, headers=FORWARDED, environ_base={"REMOTE_ADDR": peer})
    assert made.headers["Strict-Transport-Security"]


@pytest.mark.any_database
@pytest.mark.parametrize("peer", ["192.0.2.1", "11.0.0.1", "::1", "", "nonsense"])
def test_anybody_else_is_not_believed(client: FlaskClient, peer: str) -> None:
    answer = client.get("/echo", headers=FORWARDED, environ_base={"REMOTE_ADDR": peer})
    assert answer.get_json() == {"from": peer, "scheme": "http", "host": "localhost"}
