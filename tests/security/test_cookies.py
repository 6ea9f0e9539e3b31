"""The voter's cookie. ASVS 5.0 3.3.1 to 3.3.4; whose it is: test_roles.py; the admins': test_admin_sign_in.py."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.web.factories import OURS, post, start

FOREIGN = "HmorvjqhGaD49YHwkpJVrg.chFdwvZs1YIBO0DtmO8AZSHyr8h-HRUJHHIx9BRYPO8"
"""The cookie of a voter of another arena: browsers keep one jar for all ports of a host."""


def parts(line: str) -> set[str]:
    return set(line.split("; "))


def test_v3_3_1_v3_3_2_v3_3_4_flags(arena: Flask) -> None:
    line = post(arena.test_client(), "/arena").headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= parts(line)
    assert line.startswith("blindvote_voter=")
    assert "Domain" not in line


def test_v3_3_1_v3_3_3_over_https(arena: Flask) -> None:
    answer = arena.test_client().post("/arena", headers=OURS, base_url="https://localhost")
    line = answer.headers["Set-Cookie"]
    assert line.startswith("__Host-blindvote_voter=")
    assert {"Secure", "HttpOnly", "Path=/"} <= parts(line)


def test_only_the_first_post_sets_it(arena: Flask) -> None:
    client = arena.test_client()
    for path in ("/", "/arena", "/me", "/api/v1/models", "/playground"):
        assert "Set-Cookie" not in client.get(path).headers
    start(client)
    assert "Set-Cookie" not in post(client, "/arena").headers


def test_forgetting_removes_it_over_https_too(arena: Flask) -> None:
    """A browser ignores an answer about a __Host- cookie that lacks Secure."""
    client = arena.test_client()
    client.post("/arena", headers=OURS, base_url="https://localhost")
    line = client.post("/me/delete", headers=OURS, base_url="https://localhost").headers["Set-Cookie"]
    assert line.startswith("__Host-blindvote_voter=;")
    assert {"Secure", "Max-Age=0", "Path=/"} <= parts(line)
    plain = post(client, "/me/delete").headers["Set-Cookie"]
    assert "Secure" not in parts(plain)


def ask_for_pair(client: FlaskClient, way: str, base_url: str) -> str:
    """Ask for a pair by form or by the API, whose plain requests Flask does not see; returns the pair's page."""
    if way == "form":
        return str(client.post("/arena", headers=OURS, base_url=base_url).headers["Location"])
    answer = client.post("/api/v1/matchups", json={}, headers=OURS, base_url=base_url)
    return f"/arena/{answer.get_json()['id']}"


@pytest.mark.parametrize("way", ["form", "api"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_two_arenas_on_one_host_keep_their_voters_apart(arena: Flask, way: str, scheme: str) -> None:
    """Whoever judges in both would lose pairs and votes of one with each pair of the other."""
    client, base = arena.test_client(), f"{scheme}://localhost"
    name = "__Host-blindvote_voter" if scheme == "https" else "blindvote_voter"
    client.set_cookie(name, FOREIGN, secure=scheme == "https")
    pair = ask_for_pair(client, way, base)
    assert client.get_cookie(name).value == FOREIGN  # type: ignore[union-attr]
    assert client.get(pair, base_url=base).status_code == 200
    for side in "ab":
        assert client.get(pair.replace("/arena/", "/m/") + f"/{side}.webp", base_url=base).status_code == 200
    answer = client.post(
        pair.replace("/arena/", "/api/v1/matchups/") + "/vote", json={"outcome": "a"}, headers=OURS, base_url=base
    )
    assert (answer.status_code, answer.get_json()["voter"]) == (200, {"votes": 1})
    assert "Set-Cookie" not in client.post("/arena", headers=OURS, base_url=base).headers
    assert "None yet" not in client.get("/me", base_url=base).text
    client.post("/me/delete", headers=OURS, base_url=base)
    assert [cookie.value for cookie in client._cookies.values()] == [FOREIGN]
    assert "None yet" in client.get("/me", base_url=base).text


def test_a_cookie_that_is_not_ours_is_told_apart_from_none(arena: Flask) -> None:
    """As after a restore under another key: to allow cookies would not help."""
    stranger = arena.test_client()
    pair = start(arena.test_client())
    assert "sent no cookie" in stranger.get(pair).text
    stranger.set_cookie("blindvote_voter", FOREIGN)
    page = stranger.get(pair)
    assert (page.status_code, "sent no cookie" in page.text) == (404, False)
    assert "cookie that this site did not give" in page.text
