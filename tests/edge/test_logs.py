"""What the log says of a request, and what no line of it may hold."""

import json
import logging
import re
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError

from app.database.places import ROOT
from app.edge import logs
from app.settings import Settings
from tests.edge.conftest import GIVEN, PROXY, SECRET, TOKEN
from tests.factories import make_arena

Told = Callable[[], list[dict[str, Any]]]
GATEWAY_KEY = "bv_0123456789ab_" + "K" * 43


def test_one_line_says_what_was_asked(client: FlaskClient, told: Told) -> None:
    answer = client.get("/competitions/no-such?q=canary", environ_base={"REMOTE_ADDR": "203.0.113.77"})
    (line,) = told()
    assert set(line) == {"at", "level", "event", "request_id", "method", "rule", "status", "client", "ms"}
    assert (line["event"], line["level"], line["method"], line["status"]) == ("request", "info", "GET", 404)
    assert line["rule"] == "/competitions/<slug>"
    assert line["client"] == "203.0.113.0/24"
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert line["at"].endswith("Z")
    assert datetime.fromisoformat(line["at"]).utcoffset() == timedelta(0)
    assert 0 < line["ms"] < 60_000


@pytest.mark.parametrize(
    ("address", "shown"),
    [("2001:db8:1:2::3", "2001:db8:1::/48"), ("::ffff:203.0.113.9", "203.0.113.0/24"), ("", "unknown")],
)
def test_an_address_is_cut_to_its_network(client: FlaskClient, told: Told, address: str, shown: str) -> None:
    client.get("/healthz", environ_base={"REMOTE_ADDR": address})
    assert told()[0]["client"] == shown


def test_a_proxys_request_id_is_kept_and_nobody_elses(client: FlaskClient, told: Told) -> None:
    given = {"X-Request-ID": "edge-7f3a.00000001"}
    by_proxy = client.get("/healthz", headers=given, environ_base={"REMOTE_ADDR": PROXY})
    by_stranger = client.get("/healthz", headers=given, environ_base={"REMOTE_ADDR": "203.0.113.1"})
    assert by_proxy.headers["X-Request-ID"] == "edge-7f3a.00000001" == told()[0]["request_id"]
    assert re.fullmatch(r"[0-9a-f]{32}", by_stranger.headers["X-Request-ID"])
    for odd in ("short", "with space and more", "x" * 65, "umlaut-ä-in-the-id"):
        answer = client.get("/healthz", headers={"X-Request-ID": odd}, environ_base={"REMOTE_ADDR": PROXY})
        assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-ID"])


def test_every_kind_of_answer_has_an_id_but_blind_images(app: Flask, client: FlaskClient, told: Told) -> None:
    make_arena(app.extensions["blindvote"].database, Path(app.extensions["blindvote"].settings.data_dir))
    issued = client.post("/api/v1/matchups", json={})
    image = client.get(issued.get_json()["a"]["image_url"])
    assert image.status_code == 200
    assert "X-Request-ID" not in image.headers
    lines = told()
    assert lines[-1]["rule"].startswith("/m/<")
    assert issued.get_json()["id"] not in str(lines)
    for path in ("/", "/no-such", "/static/no-such.css", "/api/v1/no-such", "/openai/v1/models"):
        assert client.get(path).headers.get_all("X-Request-ID"), path
    assert client.get("/healthz", headers={"Host": "elsewhere.example"}).headers["X-Request-ID"]
    assert {line["rule"] for line in told()} >= {"/", "none", "/static/<file>", "/openai/v1/models"}


def test_the_gateways_own_id_stands_beside_ours(client: FlaskClient, told: Told) -> None:
    answer = client.get("/openai/v1/models", headers={"Authorization": f"Bearer {GATEWAY_KEY}"})
    refusal, line = told()
    assert line["generation"] == answer.headers["X-Request-ID"] != line["request_id"]
    assert (refusal["event"], refusal["status"], refusal["level"]) == ("invalid_api_key", 401, "warning")
    assert refusal["request_id"] == line["request_id"]


def test_refusals_are_events(client: FlaskClient, told: Told) -> None:
    client.post("/arena", headers={"Origin": "https://evil.example"})
    refusal, line = told()
    assert (refusal["event"], refusal["status"], line["status"]) == ("cross_site", 403, 403)
    client.get("/metrics")
    assert told()[0]["event"] == "auth_failed"


def test_a_failure_is_traced_under_the_requests_id(app: Flask, client: FlaskClient, told: Told) -> None:
    row = {"prompt": "canary prompt"}

    def broken() -> str:
        try:
            sqlite3.connect(":memory:").execute("SELECT * FROM nowhere")
        except sqlite3.Error as error:
            raise IntegrityError("INSERT", row, error) from error
        return ""

    app.add_url_rule("/broken", "broken", broken)
    answer = client.get("/broken")
    failure, line = told()
    assert answer.status_code == line["status"] == 500
    assert failure["request_id"] == line["request_id"] == answer.headers["X-Request-ID"]
    assert (failure["error"], failure["level"], line["level"]) == ("IntegrityError", "error", "error")
    assert "no such table: nowhere" in failure["traceback"]
    assert "in broken" in failure["traceback"]
    assert "canary" not in str(failure)
    assert failure["traceback"] not in answer.text


@pytest.mark.parametrize("kind", ["json", "text"])
def test_no_secret_and_no_control_character_passes(
    settings: Settings, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    logs.configure(settings.model_copy(update={"log_format": kind}))
    canaries = [SECRET, TOKEN, 'sk-"quoted"-canary', GATEWAY_KEY]
    for canary in canaries:
        logs.event("tried", given=f"Bearer {canary}", nested={"deep": [canary]}, raw=canary)
        logging.getLogger("app").error("failed with %s", canary, exc_info=ValueError(canary))
    logs.event("odd\r\nInjected: yes", value="a\r\nb\x1b[31m\x85\u2028c", **{"key word": "x"})
    said = capsys.readouterr().err
    assert [canary for canary in canaries if canary in said or canary.replace('"', '\\"') in said] == []
    assert len(said.splitlines()) == len(canaries) * 2 + 1
    assert set(re.findall(r"[^ -~]", said)) == {"\n"}
    assert said.count(logs.HIDDEN) >= len(canaries) * 4


def test_a_line_is_what_json_makes_of_its_facts(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(settings)
    logs.request_id.set(None)
    facts: dict[str, Any] = {
        "text": 'a"\\\n\u00e9\U0001f600',
        "none": None,
        "flag": True,
        "number": -7,
        "share": 0.1 + 0.2,
        "small": 1e-7,
        "many": [1, "\u00e9", {"deep": None}],
        "other": Path("there"),
    }
    logs.tell("info", 'odd "name"', **facts)
    line = capsys.readouterr().err.removesuffix("\n")
    told = json.loads(line)
    assert line == json.dumps({"at": told["at"], "level": "info", "event": 'odd "name"'} | facts, default=str)


def test_cookies_and_bodies_stay_out(client: FlaskClient, told: Told) -> None:
    client.set_cookie("blindvote_voter", "canary-cookie")
    client.post("/api/v1/matchups", json={"mode": "canary-mode"}, headers={"X-Other": "canary-header"})
    client.post("/openai/v1/images/generations", json={"prompt": "canary-prompt"})
    assert "canary" not in str(told())


def test_the_level_leaves_lines_out(settings: Settings, told: Told) -> None:
    logs.configure(settings.model_copy(update={"log_level": "warning"}))
    logs.tell("info", "request")
    logs.event("quarantine", voters=3)
    (line,) = told()
    assert (line["event"], line["voters"]) == ("quarantine", 3)


class SlowStream(StringIO):
    """A stream that takes its first line only when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.is_asked, self.may_write = Event(), Event()

    def write(self, text: str) -> int:
        self.is_asked.set()
        assert self.may_write.wait(10)
        return super().write(text)


def test_nobody_waits_for_a_line_of_another(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    logs.configure(settings)
    stream = SlowStream()
    monkeypatch.setattr("sys.stderr", stream)
    first = Thread(target=logs.tell, args=("info", "first"))
    first.start()
    assert stream.is_asked.wait(10)
    for name in ("second", "third"):
        logs.tell("info", name)  # it returns, though the first line is not written yet
    assert stream.getvalue() == ""
    stream.may_write.set()
    first.join()
    assert re.findall("first|second|third", stream.getvalue()) == ["first", "second", "third"]


def test_every_line_of_many_threads_is_written_once(settings: Settings, told: Told) -> None:
    logs.configure(settings)
    with ThreadPoolExecutor(16) as threads:
        for n in range(2_000):
            threads.submit(logs.tell, "info", "request", number=n)
    assert sorted(line["number"] for line in told()) == list(range(2_000))


def test_every_secret_setting_is_known(tmp_path: Path) -> None:
    url = "postgresql://arena:p%40ssword@db.example/arena"
    given = Settings.model_validate({**GIVEN, "data_dir": tmp_path, "database_url": url, "fal_key": "fal-canary"})
    assert logs.secrets_of(given) >= {SECRET, TOKEN, "p@ssword", "fal-canary"}


def test_the_operators_page_names_every_field(client: FlaskClient, told: Told) -> None:
    client.get("/openai/v1/models")
    page = (ROOT / "docs" / "operations.md").read_text()
    fields = {name for line in told() for name in line} | set(logs.described(ValueError())) | {"logger"}
    assert [name for name in sorted(fields) if f"`{name}`" not in page] == []
