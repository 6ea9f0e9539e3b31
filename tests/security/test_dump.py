"""A stolen database, stolen files and stolen log lines open nothing. ASVS 5.0 11.4.2, 11.5.1, 13.3.1, 14.2.1."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app.edge.identity import decode_id
from app.gateway import keys
from tests.security.doors import NAME, PASSWORD, SECRET, application, sign_in
from tests.security.routes import ROUTES
from tests.web.factories import MODELS, OURS, competition, moment, parts_of, start

ADDRESS = "203.0.113.77"
CANARY = "canary-4f1c9b"
VARIABLE = re.compile(r"<(?:any\((\w+)[^>]*|[^>]*)>")


@pytest.fixture
def app(sqlite_template: Path, tmp_path: Path) -> Iterator[Flask]:
    (tmp_path / "public.sqlite3").write_bytes(sqlite_template.read_bytes())
    given = {"profile": "public", "openai_api_key": CANARY, "metrics_token": f"{CANARY}-metrics-token"}
    with application(f"sqlite:///{tmp_path / 'public.sqlite3'}", tmp_path, **given) as made:
        competition(made, models=MODELS[:3])
        yield made


def dump(folder: Path) -> str:
    with sqlite3.connect(folder / "public.sqlite3") as database:
        return "\n".join(database.iterdump())


def test_v11_4_2_v13_3_1_a_dump_opens_nothing(app: Flask, tmp_path: Path) -> None:
    voter, admin = app.test_client(), app.test_client()
    here = {"REMOTE_ADDR": ADDRESS}
    made = voter.post("/arena", headers=OURS, environ_base=here)
    matchup = made.headers["Location"].split("/")[2].split("?")[0]
    for side in "ab":
        voter.get(f"/m/{matchup}/{side}.webp", environ_base=here)
    voter.post(f"/arena/{matchup}/vote", data={"outcome": "a"}, headers=OURS, environ_base=here)
    sign_in(admin, environ_base=here)
    sign_in(admin, password="wrong wrong wrong", environ_base=here)
    _, secret = parts_of(app).database.write(lambda s: keys.create_key(s, "studio", now=moment()))
    voter_cookie, session = voter.get_cookie("blindvote_voter"), admin.get_cookie("blindvote_admin")
    assert voter_cookie is not None
    assert session is not None
    text = dump(tmp_path)
    assert NAME in text
    assert keys.SECRET.fullmatch(secret) is not None
    usable = [secret, secret.split("_", 2)[2], PASSWORD, session.value, voter_cookie.value, SECRET, CANARY]
    usable += [voter_cookie.value.rsplit(".", 1)[1], ADDRESS, "203.0.113", "wrong wrong"]
    assert not [one for one in usable if one in text]
    parts_of(app).database.close()
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not [one for one in usable if one.encode() in files]


def test_v11_5_1_what_names_things_cannot_be_guessed(app: Flask) -> None:
    """128 random bits or more in every id that opens something."""
    ids = [start(app.test_client()).split("/")[2].split("?")[0] for _ in range(4)]
    cookies = []
    for _ in range(4):
        client = app.test_client()
        start(client)
        cookie = client.get_cookie("blindvote_voter")
        cookies.append(cookie.value.split(".")[0] if cookie else "")
    for one in (*ids, *cookies):
        raw = decode_id(one)
        assert raw is not None
        assert len(raw) == 16
    assert len({*ids, *cookies}) == 8
    made = [parts_of(app).database.write(lambda s: keys.create_key(s, "k", now=moment()))[1] for _ in range(2)]
    assert made[0].split("_")[2] != made[1].split("_")[2]
    assert len(made[0].split("_", 2)[2]) == 43, "256 bits"


def test_v14_2_1_no_route_takes_a_key_in_its_address(app: Flask) -> None:
    _, secret = parts_of(app).database.write(lambda s: keys.create_key(s, "studio", now=moment()))
    client = app.test_client()
    for name in ("key", "api_key", "access_token", "token", "authorization", "Authorization"):
        assert client.get("/openai/v1/models", query_string={name: secret}).status_code == 401
    assert client.get("/metrics", query_string={"token": f"{CANARY}-metrics-token"}).status_code in {401, 403}
    assert not [route for route in ROUTES if re.search(r"<\w*(key|secret|password)\w*>", route)]


def test_v16_2_5_v16_4_1_nothing_a_client_sends_reaches_the_log(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    client = app.test_client()
    said = f"{CANARY}\r\nforged: line\x1b[31m"
    client.set_cookie("blindvote_voter", CANARY)
    client.set_cookie("blindvote_admin", CANARY)
    headers = {
        **OURS,
        "Authorization": f"Bearer {CANARY}",
        "User-Agent": CANARY,
        "Referer": f"http://localhost/{CANARY}",
        "X-Request-ID": CANARY,
        "Origin": f"http://{CANARY}",
    }
    given = dict.fromkeys(("prompt", "name", "password", "outcome", "competition", "reason", "model"), said)
    for route in ROUTES:
        method, rule = route.split(" ", 1)
        path = re.sub(
            r"<(?:any\((\w+)[^>]*|int[^>]*|[^>]*)>", lambda f: f[1] or ("1" if "int" in f[0] else CANARY), rule
        )
        more = {"json": given} if rule.startswith(("/api", "/openai")) and method != "GET" else {}
        more = more or ({"data": given} if method != "GET" else {})
        client.open(path, method=method, headers=headers, query_string=given, **more)
    lines = capsys.readouterr().err
    assert lines.count('"event": "request"') >= len(ROUTES)
    assert CANARY not in lines
    assert "forged: line" not in lines
    assert "\x1b" not in lines
    assert ADDRESS not in lines


def test_v16_3_1_v16_3_2_refusals_are_told_in_utc_without_addresses(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    client, here = app.test_client(), {"REMOTE_ADDR": ADDRESS}
    client.post("/arena", headers={"Origin": "https://evil.example"}, environ_base=here)
    client.get("/openai/v1/models", environ_base=here)
    client.post("/admin/login", data={"name": "x", "password": "y" * 20}, headers=OURS, environ_base=here)
    for _ in range(25):
        client.post("/api/v1/matchups", json={}, headers=OURS, environ_base=here)
    lines = capsys.readouterr().err
    for event in ("cross_site", "invalid_api_key", "admin.sign_in_failed"):
        assert f'"event": "{event}"' in lines, event
    assert re.search(r'"at": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"', lines)
    assert "203.0.113.0/24" in lines
    assert ADDRESS not in lines
