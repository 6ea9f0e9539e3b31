"""
What is answered before Flask is what Flask would answer, whatever is asked.

Every request is sent twice with the same cookies, once past the direct ways: status, headers and their order, and
body must be the same but for the request's id, the date, and what is drawn anew for each answer.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.api import direct_voting
from app.web import direct_pictures
from tests.security.doors import SECRET, application
from tests.web.factories import Named, competition

PAIRS = "/api/v1/matchups"
JSON = "application/json"
VOTE = '{"outcome": "a"}'
COOKIES = {"http": "blindvote_voter", "https": "__Host-blindvote_voter"}
OF_EACH_ANSWER = frozenset({"x-request-id", "date"})
CONTENT_BYTES = 100
"""Bytes of a picture that are compared; its end is filled by chance."""
MODELS = tuple(Named(f"model-{n}", f"Name {n}") for n in range(8))
LATER, EARLIER = "Thu, 01 Jan 2099 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"
PUBLIC = {
    "profile": "public",
    "public_url": "https://arena.example",
    "trusted_hosts": ["localhost", "arena.example"],
    "trusted_proxies": ["127.0.0.0/8"],
}


@dataclass(frozen=True)
class Voter:
    """A voter's cookie with a pair that is judged, one taken back, an open one, and a stranger's."""

    app: Flask
    scheme: str
    cookie: str
    judged: str
    undone: str
    open: str
    foreign: str

    def ask(self, method: str, path: str, **sent: Any) -> TestResponse:
        """Send a request with this voter's cookie, unless it brings another one."""
        is_ours = "Cookie" not in sent.get("headers", {})
        client = self.app.test_client(use_cookies=is_ours)
        if is_ours:
            client.set_cookie(COOKIES[self.scheme], self.cookie, secure=self.scheme == "https")
        return client.open(path, method=method, base_url=f"{self.scheme}://localhost/", **sent)


@pytest.fixture(scope="module", params=[("http", {}), ("https", PUBLIC)], ids=["local", "public"])
def voter(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Voter]:
    scheme, settings = request.param
    folder = tmp_path_factory.mktemp("direct")
    path = folder / "arena.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    with application(f"sqlite:///{path}", folder, secret_key=SECRET, **settings) as app:
        for slug in ("a-red-cube", "a-blue-ball"):
            competition(app, slug, models=MODELS)
        yield make_voter(app, scheme)


def make_voter(app: Flask, scheme: str) -> Voter:
    """Judge a pair, take the vote on another one back, and leave two open, with their pictures loaded."""
    client, stranger = app.test_client(), app.test_client()
    base = f"{scheme}://localhost/"

    def issue(by: FlaskClient) -> str:
        return str(by.post(PAIRS, json={}, base_url=base).get_json()["id"])

    judged, undone = (issue(client) for _ in range(2))
    for pair in (judged, undone):
        assert client.post(f"{PAIRS}/{pair}/vote", json={"outcome": "a"}, base_url=base).status_code == 200
    assert client.delete(f"{PAIRS}/{undone}/vote", base_url=base).status_code == 200
    waiting = [issue(client) for _ in range(2)]
    for name in ("a", "b", "a-640", "b-640"):
        assert client.get(f"/m/{waiting[0]}/{name}.webp", base_url=base).status_code == 200
    cookie = client.get_cookie(COOKIES[scheme])
    assert cookie is not None
    return Voter(app, scheme, cookie.value, judged, undone, waiting[0], issue(stranger))


def describe(answer: TestResponse) -> tuple[object, ...]:
    """Describe an answer by all that must be the same in another one."""
    headers = [(name, value) for name, value in answer.headers if name.lower() not in OF_EACH_ANSWER]
    if any(name == "Set-Cookie" for name, _ in headers):
        # A voter who was made for this request, and their first pair, are others each time.
        return answer.status, [name for name, _ in headers], re.sub(rb'"[^"]{22}"', b"", answer.data)[:20]
    data = answer.data[:CONTENT_BYTES] if answer.mimetype == "image/webp" else answer.data
    return answer.status, headers, data, len(answer.data)


def differing(voter: Voter, requests: list[tuple[str, str, dict[str, Any]]]) -> list[object]:
    """Return the requests that are answered otherwise by the direct ways, with both answers."""
    differ = []
    for method, path, sent in requests:
        direct = describe(voter.ask(method, path, **sent))
        with pytest.MonkeyPatch.context() as patch:
            for way in (direct_voting, direct_pictures):
                patch.setattr(way, "is_plain", lambda *_: False)
            view = describe(voter.ask(method, path, **sent))
        if direct != view or not re.match("[234]", str(view[0])):
            differ.append((method, path, sent, direct, view))
    return differ


def list_plain(voter: Voter, **headers: str) -> list[tuple[str, str, dict[str, Any]]]:
    """List the four requests that have a direct way, with these headers."""
    return [
        ("POST", f"{PAIRS}/{voter.judged}/vote", {"data": VOTE, "content_type": JSON, "headers": headers}),
        ("POST", PAIRS, {"data": "{}", "content_type": JSON, "headers": headers}),
        ("GET", f"/m/{voter.open}/a.webp", {"headers": headers}),
        ("GET", f"/m/{voter.open}/b-640.webp", {"headers": headers}),
    ]


def test_direct_ways_are_taken_at_all(voter: Voter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voter.app, "full_dispatch_request", lambda *_: "by Flask")
    assert [voter.ask(*one, **sent).data == b"by Flask" for *one, sent in list_plain(voter)] == [False] * 4


def test_a_first_pair_takes_the_direct_way(voter: Voter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voter.app, "full_dispatch_request", lambda *_: "by Flask")
    answer = voter.ask("POST", PAIRS, data="{}", content_type=JSON, headers={"Cookie": ""})
    assert answer.status_code == 201


def test_a_new_cookie_is_that_of_the_view(voter: Voter, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_attributes() -> list[str]:
        answer = voter.ask("POST", PAIRS, data="{}", content_type=JSON, headers={"Cookie": "other=1"})
        name, *attributes = re.split("[=;] ?", answer.headers["Set-Cookie"])
        return [name, *(one for one in attributes[1:] if not one.endswith("GMT"))]

    direct = read_attributes()
    monkeypatch.setattr(direct_voting, "is_plain", lambda *_: False)
    assert direct == read_attributes()
    assert {"HttpOnly", "Max-Age", "SameSite", "Lax"} <= set(direct)
    assert ("Secure" in direct) == (voter.scheme == "https")


HEADERS: tuple[dict[str, str], ...] = (
    {},
    *({"Origin": origin} for origin in ("http://localhost", "https://localhost", "https://arena.example")),
    *(
        {"Origin": origin}
        for origin in ("null", "", "http://LOCALHOST", "http://localhost:80", "http://localhost.x")
    ),
    *({"Sec-Fetch-Site": site} for site in ("none", "", "same-site", "cross-site", "SAME-ORIGIN")),
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"},
    *(
        {"Host": host}
        for host in ("evil.example", "", "a b", "local/host", "localhost:99999", "[::1", "LOCALHOST")
    ),
    {"Host": "arena.example."},
    *({"X-Forwarded-Proto": scheme} for scheme in ("http", "https", "x", "https,http")),
    *({"X-Forwarded-Host": host} for host in ("arena.example", "evil.example", "")),
    *({"X-Forwarded-For": given} for given in ("1.2.3.4", "1.2.3.4, 5.6.7.8", "junk", "")),
    {"X-Forwarded-Prefix": "/x"},
    *({name: "DELETE"} for name in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method")),
    *({"Accept": kind} for kind in ("text/html", "image/png", "")),
    *({"If-Match": '"x"'}, {"If-None-Match": "*"}, {"If-Modified-Since": LATER}, {"If-Unmodified-Since": EARLIER}),
    *({"Range": given} for given in ("bytes=0-3", "bytes=9-1", "x")),
    *(
        {"Expect": "100-continue"},
        {"Upgrade": "websocket", "Connection": "Upgrade"},
        {"Accept-Encoding": "br, gzip"},
    ),
    *({"Content-Encoding": "gzip"}, {"Authorization": "Bearer x"}, {"Transfer-Encoding": "chunked"}),
    *({"X-Request-ID": "abcdefghij"}, {"X-Forwarded-User": "root@x"}),
    *({"Content-Length": length} for length in ("9999", "-1", "abc", "5", "0", "99999999")),
)


@pytest.mark.parametrize("headers", HEADERS, ids=str)
def test_whatever_headers_are_sent(voter: Voter, headers: dict[str, str]) -> None:
    assert differing(voter, list_plain(voter, **headers)) == []


COOKIE_HEADERS = (
    *("", "{name}=x", "{name}=", "{name}", "{name}={value}=", "{name}={value}x"),
    *("{name}={value}; {name}=x", "{name}=x; {name}={value}", '{name}="{value}"', " {name} = {value} "),
    *("x; ;; =; {name}={value}", "{name}={value},{name}=x", "{name}=%22{value}%22"),
    *("blindvote_voter={value}", "__Host-blindvote_voter={value}", "BLINDVOTE_VOTER={value}"),
)


@pytest.mark.parametrize("cookie", COOKIE_HEADERS)
def test_whatever_cookie_is_sent(voter: Voter, cookie: str) -> None:
    given = cookie.format(name=COOKIES[voter.scheme], value=voter.cookie)
    long = f"{COOKIES[voter.scheme]}={'a' * 5000}"
    assert differing(voter, [*list_plain(voter, Cookie=given), *list_plain(voter, Cookie=long)]) == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "TRACE", "POST", "get", "MADE-UP"])
def test_whatever_method_is_sent(voter: Voter, method: str) -> None:
    paths = [path for _, path, _ in list_plain(voter)]
    assert differing(voter, [(method, path, {"data": VOTE, "content_type": JSON}) for path in paths]) == []


def test_whatever_picture_is_asked_for(voter: Voter) -> None:
    own = voter.open
    ends = (
        "a.webp/",
        "%61.webp",
        "a%2ewebp",
        "a.webp%00",
        "a.webp?",
        "a.webp?x=1",
        "a.webp?%ff",
        "A.webp",
        "c.webp",
    )
    more = ("a-641.webp", "a-640.webp/", "input.webp", "input-640.webp", "a.webp%0a", "a.webp;x", "a.webp%20", "")
    names = [f"/m/{own}/{end}" for end in (*ends, *more)]
    names += [f"/m/{pair}/a.webp" for pair in (voter.foreign, voter.judged, voter.undone, "A" * 22, f"{own}A")]
    names += [f"/m/{own[:-1]}{end}/a.webp" for end in ("", "_", "%5F", "%E2%82%AC", "/")]
    names += [f"//m/{own}/a.webp", f"/m//{own}/a.webp", f"/m/../m/{own}/a.webp", f"/M/{own}/a.webp"]
    asked: list[tuple[str, str, dict[str, Any]]] = [(way, name, {}) for name in names for way in ("GET", "HEAD")]
    assert differing(voter, asked) == []


def test_whatever_address_is_voted_at(voter: Voter) -> None:
    own = f"{PAIRS}/{voter.judged}/vote"
    names = [f"{own}{end}" for end in ("/", "?", "?x=1", "?%ff", "%00", "%0a", ";x", "s")]
    names += [f"{PAIRS}/{pair}/vote" for pair in (voter.foreign, voter.undone, "A" * 22, voter.judged[:-1], "x")]
    names += [
        own.replace("vote", "%76ote"),
        own.upper(),
        f"{PAIRS}//{voter.judged}/vote",
        f"{PAIRS}/{voter.judged}",
    ]
    names += [f"{PAIRS}{end}" for end in ("/", "?", "?mode=x", "x", "/x/y/z", "%2f", "/../matchups")]
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", name, {"data": data, "content_type": JSON}) for name in names for data in (VOTE, "{}")
    ]
    assert differing(voter, asked) == []


BODIES = (
    *(
        b"",
        b"{}",
        b"[]",
        b"null",
        b'"outcome"',
        b"1e999",
        b"{",
        b"[" * 150,
        b'{"outcome": "a"}x',
        b'{"outcome":"a"} ',
    ),
    *(b'{"outcome":"a","outcome":"a"}', b'{"outcome":"a","outcome":"z"}', b'{"outcome":"a","x":1}'),
    *(b'{"outcome":%b}' % each for each in (b"null", b"true", b'["a"]', b'{"a":1}', b"NaN", b"1e999", b'"A"')),
    *(
        b'{"outcome":"%b"}' % each
        for each in (b"\\u0061", b"\\ud800", b"a\\u0000", b"\xff", b"b", b"tie", b"skip")
    ),
    *(b'{"outcome":"unloadable"}', b'{"outcome":"a"%b}' % (b" " * 300), '\ufeff{"outcome":"a"}'.encode()),
    *(VOTE.encode("utf-16"), VOTE.encode("utf-32"), VOTE.encode("utf-16-le")),
    *(b'{"mode":%b}' % each for each in (b'"text-to-image"', b'"image-edit"', b"null", b'"x"', b"[]")),
    *(b'{"mode":"text-to-image","mode":"image-edit"}', b'{"\\u006dode":"text-to-image"}', b'{"model":"model-1"}'),
    *(b'{"question":"x"}', b'{"mode":"text-to-image","question":"better"}'),
)
TYPES = (JSON, f"{JSON}; charset=utf-8", JSON.upper(), "application/vnd.x+json", "text/plain", "")


@pytest.mark.parametrize("kind", TYPES)
def test_whatever_body_is_sent(voter: Voter, kind: str) -> None:
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", path, {"data": body, "content_type": kind})
        for path in (f"{PAIRS}/{voter.judged}/vote", PAIRS)
        for body in BODIES
    ]
    assert differing(voter, asked) == []
