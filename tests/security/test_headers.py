"""Headers of every route and kind of answer. ASVS 5.0 3.2.1, 3.4.1, 3.4.3 to 3.4.6, 3.4.8, 4.1.1, 13.4, 14.3.2."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.security.routes import ROUTES, address
from tests.web.factories import MODELS, OURS, parts_of, start

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
PAGE = (
    "default-src 'none'; script-src {}; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "object-src 'none'"
)
FILE = "default-src 'none'; sandbox; frame-ancestors 'none'"
KNOWN = {
    *ALWAYS,
    *(
        "Cross-Origin-Resource-Policy",
        "Content-Security-Policy",
        "Content-Type",
        "Content-Length",
        "Cache-Control",
    ),
    *("Vary", "ETag", "Location", "Allow", "Retry-After", "Set-Cookie", "WWW-Authenticate", "X-Request-ID"),
    *("x-request-id", "x-should-retry", "Content-Encoding", "Content-Disposition", "Last-Modified", "Date"),
    *("Repr-Digest", "X-Methodology", "X-Runs", "X-Votes"),
}
"""A header that is not listed says something that nobody thought about."""
SCRIPT = re.compile(r"<script(?![^>]*application/ld)[^>]*>")
FOR_OTHER_SITES = ("/badge/", "/files/", "/card.png")
CACHE = {
    *("no-store", "private, no-store", "public, no-cache", "public, max-age=600", "public, max-age=3600"),
    *("no-cache, max-age=3600", "public, max-age=31536000, immutable"),
}


def check(answer: TestResponse, path: str) -> None:
    """Whatever the answer is."""
    told = answer.headers
    assert set(told.keys()) <= KNOWN, path
    assert {name: told.get(name) for name in ALWAYS} == ALWAYS, path
    assert told["Cache-Control"] in CACHE, path
    others = told["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert not others or any(part in path for part in FOR_OTHER_SITES), path
    policy = told["Content-Security-Policy"]
    if answer.mimetype == "text/html":
        nonce = policy.partition("'nonce-")[2].partition("'")[0]
        assert policy == PAGE.format(f"'nonce-{nonce}'" if nonce else "'self'"), path
        assert told["Content-Type"] == "text/html; charset=utf-8"
        assert not nonce or "no-store" in told["Cache-Control"], path
        scripts = SCRIPT.findall(answer.text)
        assert all(f'nonce="{nonce}"' in script if nonce else "src=" in script for script in scripts), path
    else:
        assert policy == FILE, path
    if answer.mimetype.startswith("text/"):
        assert "charset=utf-8" in told["Content-Type"].replace('"', ""), path
    assert not {"Server", "X-Powered-By", "Access-Control-Allow-Origin"} & set(told.keys()), path


def asked(client: FlaskClient, route: str, matchup: str, **more) -> TestResponse:
    method, rule = route.split(" ", 1)
    return client.open(address(rule, matchup), method=method, **more)


@pytest.fixture
def voter(arena: Flask) -> tuple[FlaskClient, str]:
    client = arena.test_client()
    return client, start(client).split("/")[2].split("?")[0]


def test_every_route_and_status(voter: tuple[FlaskClient, str], decider: FlaskClient) -> None:
    client, matchup = voter
    statuses = set()
    for route in ROUTES:
        for who in (client, decider):
            for headers in (OURS, {}):
                answer = asked(who, route, matchup, headers=headers)
                statuses.add(answer.status_code)
                if not (route.startswith("GET /m/") and answer.status_code == 200):
                    check(answer, address(route.split(" ")[1], matchup))
    assert {200, 303, 400, 401, 403, 404} <= statuses


@pytest.mark.parametrize(
    "path", ["/none", "/api/v1/none", "/openai/v1/none", "/static/none.css", "/m/x/c.webp", "//evil", "/models/"]
)
def test_what_is_not_there(arena: Flask, path: str) -> None:
    for method in ("GET", "POST", "PUT", "HEAD"):
        answer = arena.test_client().open(path, method=method, headers=OURS)
        assert answer.status_code in {301, 308, 401, 404, 405}
        check(answer, path)


@pytest.mark.parametrize("name", ["base.css", "page.js", "icon.svg"])
def test_files_of_the_pages(arena: Flask, name: str) -> None:
    answer = arena.test_client().get(f"/static/{name}")
    assert answer.status_code == 200
    check(answer, f"/static/{name}")
    check(arena.test_client().post(f"/static/{name}"), f"/static/{name}")


def failing() -> None:
    raise RuntimeError("canary-of-a-failure at /srv/secret/path.py")


@pytest.fixture
def broken(arena: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """Return an application whose views all fail, and where every request goes to one."""
    for way in ("app.api.direct_voting", "app.web.direct_pictures"):
        monkeypatch.setattr(f"{way}.is_plain", lambda *_: False)
    fail: Callable[..., None] = lambda **_: failing()  # noqa: E731
    for endpoint in arena.view_functions:
        monkeypatch.setitem(arena.view_functions, endpoint, fail)
    return arena


def test_v16_5_1_v13_4_2_failures_tell_nothing(decider: FlaskClient, broken: Flask) -> None:
    failed = 0
    for route in ROUTES:
        answer = asked(decider, route, "x" * 22, headers=OURS)
        failed += answer.status_code == 500
        assert answer.status_code in {500, 401, 403}, route
        for word in ("canary", "Traceback", "RuntimeError", "/srv", ".py", "werkzeug", "Werkzeug", "Debugger"):
            assert word not in answer.text, route
        check(answer, address(route.split(" ", 1)[1], "x" * 22))
        if "/api/" in route or "/openai/" in route:
            assert set(answer.get_json()) == {"error"}
    assert failed > len(ROUTES) // 2
    assert not broken.debug


def test_v13_4_4_no_tracing(arena: Flask) -> None:
    for path in ("/", "/models", "/api/v1/models", "/openai/v1/models", "/admin", "/static/base.css", "/none"):
        for method in ("TRACE", "TRACK", "CONNECT", "DEBUG"):
            answer = arena.test_client().open(path, method=method, headers={"X-Canary": "echo-me"})
            assert answer.status_code in {404, 405}, (method, path)
            assert "echo-me" not in answer.text + str(answer.headers)


@pytest.mark.parametrize(
    "path",
    [
        *("/.git/HEAD", "/.git/config", "/.env", "/static/", "/static", "/files/", "/media/", "/m/", "/docs/"),
        *("/metrics", "/console", "/debug", "/swagger", "/openapi", "/openapi/openapi.json", "/server-status"),
        *("/app/settings.py", "/data/secret_key", "/static/../settings.py", "/static/%2e%2e/settings.py"),
    ],
)
def test_v13_4_1_v13_4_3_v13_4_5_nothing_lies_around(arena: Flask, path: str) -> None:
    answer = arena.test_client().get(path)
    assert answer.status_code in {301, 308, 404}
    assert "secret" not in answer.text


def test_v3_4_1_https_stays_https(arena: Flask) -> None:
    secure = arena.test_client().get("/models", base_url="https://localhost")
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert "Strict-Transport-Security" not in arena.test_client().get("/models").headers


def test_v16_5_3_without_a_database_nothing_opens(arena: Flask, decider: FlaskClient) -> None:
    """Whoever cannot be told from a stranger is one."""

    def lose(session: Session) -> None:
        for table in ("admin_sessions", "api_keys", "matchups", "competitions"):
            session.execute(text(f"ALTER TABLE {table} RENAME TO {table}_gone"))

    voter = arena.test_client()
    matchup = start(voter).split("/")[2].split("?")[0]
    parts_of(arena).database.write(lose)
    bearer = {"Authorization": f"Bearer bv_{'0' * 12}_{'x' * 43}"}
    for route, who in ROUTES.items():
        if who in {"admin", "own", "key"}:
            for client in (decider, voter):
                answer = asked(client, route, matchup, headers=OURS | bearer, data={"outcome": "a"})
                assert answer.status_code in {303, 400, 403, 404, 415, 500, 503}, route
                assert answer.status_code != 303 or "/admin/login" in answer.headers["Location"], route
                assert not any(model.name in answer.text for model in MODELS), route
    page = arena.test_client().get("/competitions")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "1")
    check(page, "/competitions")
