"""Hosts, forwarding headers and shared caches. ASVS 5.0 4.1.3, 13.2.x, 14.2.2, 14.2.5, 14.3.2, 15.3.4."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.arena.tables import Voter
from tests.security.doors import application, sign_in
from tests.security.routes import ROUTES, address
from tests.web.factories import MODELS, competition, moment, parts_of, post, start

EVIL = "evil.example"
FORGED = {
    **dict.fromkeys(("X-Forwarded-Host", "X-Host", "X-Forwarded-Server", "X-HTTP-Host-Override"), EVIL),
    "X-Forwarded-For": "203.0.113.99",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "444",
    "X-Forwarded-Prefix": f"//{EVIL}",
    "X-Original-URL": "/admin",
    "X-Rewrite-URL": "/admin",
    "X-HTTP-Method-Override": "POST",
    "Forwarded": f"for=203.0.113.99;host={EVIL};proto=https",
}
CONDITIONS = (
    *(("If-Match", tag) for tag in ('"x"', "*", 'W/"x"')),
    *(("If-None-Match", tag) for tag in ('"x"', "*")),
    *((name, "Thu, 01 Jan 1970 00:00:00 GMT") for name in ("If-Unmodified-Since", "If-Modified-Since")),
    *(("If-Range", '"x"'), ("Range", "bytes=0-3"), ("Range", "bytes=9-1")),
    *(("Accept", "image/png"), ("Accept-Encoding", "br;q=0, *;q=0"), ("Accept-Language", "xx")),
    *(("Expect", "100-continue"), ("Upgrade", "websocket"), ("Content-Length", "9"), ("Cookie", "a=b")),
)
"""What a visitor may send with a question for a page, and what another visitor must not notice."""
PAGES = ("/", "/models", "/models/hidden-model-a", "/competitions", "/leaderboards/text-to-image", "/feed.atom")
SHARED = [
    address(route.split(" ", 1)[1], "x" * 22)
    for route, who in ROUTES.items()
    if route[:4] == "GET " and who == "all"
]


@dataclass
class SharedCache:
    """As a proxy may: keeps what is not private, asks again where it must, serves anybody (RFC 9111)."""

    kept: dict[tuple[str, str], TestResponse] = field(default_factory=dict)
    served: int = 0
    last_was_kept: bool = False

    def get(self, client: FlaskClient, path: str, encoding: str = "identity") -> TestResponse:
        """From the origin or from memory; the key is the address and what Vary names."""
        self.last_was_kept = False
        found = self.kept.get((path, encoding))
        if found and "no-cache" not in found.headers["Cache-Control"]:
            return self._again(found)
        asked = {"Accept-Encoding": encoding}
        if found:
            asked["If-None-Match"] = found.headers["ETag"]
        fresh = client.get(path, headers=asked)
        if found and fresh.status_code == 304:
            return self._again(found)
        told = fresh.headers.get("Cache-Control", "")
        if fresh.status_code == 200 and not {"private", "no-store"} & {part.strip() for part in told.split(",")}:
            assert set(fresh.headers.get("Vary", "Accept-Encoding").split(", ")) == {"Accept-Encoding"}
            assert "Set-Cookie" not in fresh.headers
            self.kept[path, encoding] = fresh
        return fresh

    def _again(self, found: TestResponse) -> TestResponse:
        self.served, self.last_was_kept = self.served + 1, True
        return found


@dataclass(frozen=True)
class Two:
    """One with a vote and an open pair at `path`, another with another pair."""

    one: FlaskClient
    other: FlaskClient
    path: str


@pytest.fixture
def voters(arena: Flask) -> Two:
    one, other = arena.test_client(), arena.test_client()
    assert post(one, f"{start(one).split('?')[0]}/vote", outcome="a").status_code == 303
    path = start(one).split("?")[0]
    start(other)
    return Two(one, other, path)


def test_v14_2_2_v14_3_2_a_shared_cache_never_mixes_two_people(
    voters: Two, arena: Flask, decider: FlaskClient
) -> None:
    cache, stranger = SharedCache(), arena.test_client()
    paths = [*SHARED, "/me", "/arena", "/me/summary", voters.path, "/admin", "/admin/votes"]
    for path in paths:
        for client in (voters.one, decider) if path.startswith("/admin") else (voters.one,):
            cache.get(client, path)
    for path in paths:
        for client in (voters.other, stranger):
            seen = cache.get(client, path)
            if cache.last_was_kept:
                assert seen.data == client.get(path, headers={"Accept-Encoding": "identity"}).data, path
    assert cache.served > 20
    kept = {path for path, _ in cache.kept}
    assert not {path for path in kept if path.startswith(("/m/", "/me/", "/arena", "/admin"))} | kept & {"/me"}


def test_v14_3_2_what_is_ones_own_is_never_stored(voters: Two, decider: FlaskClient) -> None:
    client, path = voters.one, voters.path
    matchup = path.split("/")[2]
    for own in ("/me", "/me/summary", "/arena", path, f"/m/{matchup}/a.webp", f"/api/v1/matchups/{matchup}"):
        assert "no-store" in client.get(own).headers["Cache-Control"], own
    for route, who in ROUTES.items():
        if who in {"admin", "door"} and route.startswith("GET "):
            answer = decider.get(address(route.split(" ", 1)[1], matchup))
            assert "no-store" in answer.headers["Cache-Control"], route


def without_nonce(answer: TestResponse) -> bytes:
    return re.sub(rb'nonce="[^"]*"', b"", answer.data)


@pytest.mark.parametrize("path", SHARED)
def test_v4_1_3_v13_2_forged_headers_change_no_shared_answer(arena: Flask, path: str) -> None:
    """Asked first with forged headers, as a poisoner would: those who come later get what they would have got."""
    client = arena.test_client()
    poisoned = client.get(path, headers={**FORGED, "Accept-Encoding": "identity"})
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert EVIL not in f"{poisoned.data!r}{poisoned.headers}"
    if path.startswith("/api/v1/votes"):
        return  # names voters anew in every file
    assert (poisoned.status_code, without_nonce(poisoned)) == (plain.status_code, without_nonce(plain))
    assert poisoned.headers.get("Location") == plain.headers.get("Location")
    assert poisoned.headers.get("ETag") == plain.headers.get("ETag")


@pytest.mark.parametrize("path", PAGES)
def test_what_one_visitor_asks_is_no_answer_for_others(arena: Flask, path: str) -> None:
    """Read a page after somebody sent each header that may change an answer: it is sent to all others as it is."""
    client = arena.test_client()
    wanted = client.get(path)
    for name, value in CONDITIONS:
        # After a commit a page is made anew, for the first who asks.
        parts_of(arena).database.write(lambda session: session.add(Voter(first_seen=moment())))
        for _ in range(2):
            client.get(path, headers={name: value})
        given = client.get(path)
        assert (given.status_code, given.data) == (wanted.status_code, wanted.data), name


@pytest.mark.parametrize("path", PAGES)
def test_unknown_parameters_change_nothing(arena: Flask, path: str) -> None:
    client = arena.test_client()
    plain = client.get(path)
    for query in (
        "utm_source=x",
        "include=model",
        "callback=alert",
        "_=1",
        "x[]=1",
        f"lang=<svg onload>&host={EVIL}",
    ):
        answer = client.get(f"{path}?{query}")
        assert (answer.status_code, answer.data) == (200, plain.data), query
        assert answer.headers["ETag"] == plain.headers["ETag"]


@pytest.fixture
def behind(sqlite_template: Path, tmp_path: Path) -> Iterator[Flask]:
    (tmp_path / "behind.sqlite3").write_bytes(sqlite_template.read_bytes())
    given = {"trusted_hosts": ["arena.example.org"], "trusted_proxies": ["10.0.0.0/8"]}
    with application(f"sqlite:///{tmp_path / 'behind.sqlite3'}", tmp_path, **given) as made:
        competition(made, models=MODELS[:2])
        yield made


def test_v13_2_a_foreign_host_is_refused_everywhere(behind: Flask) -> None:
    client = behind.test_client()
    for route in ROUTES:
        method, rule = route.split(" ", 1)
        for base in (f"http://{EVIL}", "http://arena.example.org.evil.example", "http://evil.example:80"):
            answer = client.open(address(rule, "x" * 22), method=method, base_url=base)
            assert answer.status_code == 400, route
            assert f"//{EVIL}" not in answer.text, route
            assert EVIL not in str(answer.headers), route
    assert client.get("/", base_url="http://arena.example.org").status_code == 200
    assert client.get("/", base_url="http://arena.example.org:8443").status_code == 200


def test_v4_1_3_a_trusted_proxy_cannot_bring_a_foreign_host_either(behind: Flask) -> None:
    client, proxy = behind.test_client(), {"REMOTE_ADDR": "10.1.1.1"}
    ours = {"Host": "arena.example.org"}
    assert client.get("/", headers=ours, environ_base=proxy).status_code == 200
    foreign = {**ours, "X-Forwarded-Host": EVIL}
    assert client.get("/", headers=foreign, environ_base=proxy).status_code == 400
    assert client.get("/", headers=foreign, environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 200


def test_v4_1_3_https_is_a_trusted_proxys_word(behind: Flask) -> None:
    for peer, name in (("10.1.1.1", "__Host-blindvote_voter"), ("192.0.2.1", "blindvote_voter")):
        answer = behind.test_client().post(
            "/arena",
            headers={"Host": "arena.example.org", "X-Forwarded-Proto": "https", "Sec-Fetch-Site": "same-origin"},
            environ_base={"REMOTE_ADDR": peer},
        )
        assert answer.headers["Set-Cookie"].startswith(f"{name}=")


def test_an_admin_sees_public_pages_as_everybody_does(arena: Flask) -> None:
    client, stranger = arena.test_client(), arena.test_client()
    assert sign_in(client).status_code == 303
    for path in ("/", "/models", "/competitions/a-red-cube", "/leaderboards/text-to-image"):
        assert client.get(path).data == stranger.get(path).data
    assert parts_of(arena).settings.profile == "local"
