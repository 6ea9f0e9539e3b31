"""What is counted, and who may read it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from app import create_app, metrics
from app.database.places import ROOT
from app.settings import Settings
from app.web.metrics import NOW
from tests.edge.conftest import TOKEN
from tests.factories import make_arena

BEARER = {"Authorization": f"Bearer {TOKEN}"}


def sample(client: FlaskClient, name: str, **labels: str) -> float:
    """What /metrics says of one series; 0 where there is none."""
    text = client.get("/metrics", headers=BEARER).text
    values = [
        found.value
        for family in text_string_to_metric_families(text)
        for found in family.samples
        if found.name == metrics.PREFIX + name and labels.items() <= found.labels.items()
    ]
    return sum(values)


def test_no_token_no_page(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"metrics_token": SecretStr("")}))
    assert app.test_client().get("/metrics", headers=BEARER).status_code == 404
    app.extensions["blindvote"].database.close()


@pytest.mark.parametrize("given", [{}, {"Authorization": TOKEN}, {"Authorization": "Bearer wrong-token-0000"}])
def test_strangers_are_refused(client: FlaskClient, given: dict[str, str]) -> None:
    answer = client.get("/metrics", headers=given)
    assert (answer.status_code, answer.text) == (401, "")
    assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_a_vote_is_counted_once(app: Flask, client: FlaskClient) -> None:
    make_arena(app.extensions["blindvote"].database, Path(app.extensions["blindvote"].settings.data_dir))
    before = {name: sample(client, name) for name in ("matchups_issued_total", "votes_total", "undone_total")}
    pair = client.post("/api/v1/matchups", json={}).get_json()["id"]
    for _ in range(3):
        answer = client.post(f"/api/v1/matchups/{pair}/vote", json={"outcome": "a"})
        answer.close()  # the boards are told when the answer has left
        assert answer.status_code == 200
    client.delete(f"/api/v1/matchups/{pair}/vote", headers={"Sec-Fetch-Site": "same-origin"})
    assert {name: sample(client, name) - value for name, value in before.items()} == {
        "matchups_issued_total": 1,
        "votes_total": 1,
        "undone_total": 1,
    }
    assert sample(client, "votes_total", outcome="a", counted="true", reason="") >= 1
    assert sample(client, "refresh_seconds_count", mode="text-to-image") >= 1
    assert 0 <= sample(client, "board_age_seconds", mode="text-to-image") < 3600
    assert sample(client, "boards_stale", mode="text-to-image") <= 3


def test_requests_are_told_apart_by_rule(client: FlaskClient) -> None:
    labels = {"rule": "/competitions/<slug>", "method": "GET", "status": "4xx"}
    before = sample(client, "requests_total", **labels)
    client.get("/competitions/one")
    client.get("/competitions/two")
    assert sample(client, "requests_total", **labels) == before + 2
    assert sample(client, "request_seconds_count", rule="/competitions/<slug>") >= 2


def test_refusals_are_counted(client: FlaskClient) -> None:
    before = sample(client, "security_events_total", event="cross_site")
    client.post("/arena", headers={"Origin": "https://evil.example"})
    assert sample(client, "security_events_total", event="cross_site") == before + 1


def test_a_batch_can_be_told(client: FlaskClient) -> None:
    before = sample(client, "write_batch_size_count"), sample(client, "write_batch_size_sum")
    metrics.observe_batch(size=7, waiting=3, seconds=0.002)
    assert sample(client, "write_batch_size_count") == before[0] + 1
    assert sample(client, "write_batch_size_sum") == before[1] + 7


def test_the_operators_page_names_every_metric() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    assert [name for name in (*metrics.METRICS, *NOW) if f"`{metrics.PREFIX}{name}`" not in page] == []


COUNTING = """
import sys
from pathlib import Path
from app.settings import count_together
count_together(Path(sys.argv[1]))
from app import metrics
metrics.start()
metrics.count("database_busy_total")
metrics.observe("write_batch_size", 5)
"""


def test_processes_count_together(tmp_path: Path) -> None:
    for _ in range(2):
        subprocess.run([sys.executable, "-c", COUNTING, str(tmp_path)], cwd=ROOT, check=True, timeout=60)
    text = metrics.exposition(tmp_path).decode()
    assert re.search(r"^blindvote_database_busy_total 2\.0$", text, re.MULTILINE)
    assert re.search(r"^blindvote_write_batch_size_count 2\.0$", text, re.MULTILINE)
    assert len(list(tmp_path.iterdir())) >= 2
