"""The public ledger: what was counted, what was not and why, and nothing that would unblind or name a voter."""

import json
import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.arena.people.policy import FREE
from app.arena.tables import Competition, Entry, Matchup, Voter
from app.leaderboards.integrity.certificates import read_certificates
from app.leaderboards.integrity.fraud import quarantine
from app.leaderboards.integrity.fraud.subjects import Subject
from app.leaderboards.integrity.fraud.sweep import sweep
from app.leaderboards.integrity.public_report import DayCounts
from app.web.integrity import HEIGHT, bars
from tests.api.conftest import Api
from tests.leaderboards.test_picture_traces import set_traits
from tests.web.catalogue import words
from tests.web.conftest import running
from tests.web.factories import MODELS, competition, moment, parts_of, votes, withdraw


@pytest.fixture
def app(sqlite_template: Path, tmp_path: Path) -> Iterator[Flask]:
    """On SQLite alone: what is read here is tried on both databases in the rooms' own tests."""
    shutil.copy(sqlite_template, tmp_path / "integrity.sqlite3")
    yield from running(f"sqlite:///{tmp_path / 'integrity.sqlite3'}", tmp_path)


@pytest.fixture
def swept(app: Flask) -> Flask:
    """Two competitions, 36 votes, one voter in quarantine, one image withdrawn, and a sweep."""
    competition(app, categories=("portrait",))
    competition(app, "a-green-cone")
    votes(app, 36)
    database, now = parts_of(app).database, moment()
    quarantine.quarantine(
        database, Subject(voter_id=1), now=now, by="the admin", why="looks like a script", policy=FREE
    )
    withdraw(app, "a-red-cube", MODELS[3].slug)
    sweep(database, now=now, policy=FREE, is_report=False, progress=lambda _: None)
    return app


def test_an_empty_arena_says_what_is_missing(client: FlaskClient) -> None:
    page = client.get("/integrity")
    assert page.status_code == 200
    assert "No sweep has counted the days yet" in page.text
    assert "Nobody was ever quarantined" in page.text
    assert ">Integrity</a>" in client.get("/").text


def test_pairs_that_no_sweep_has_counted_are_not_called_none(app: Flask, client: FlaskClient) -> None:
    competition(app)
    votes(app, 6)
    page = words(client.get("/integrity").text)
    assert f"{MODELS[0].name} - - 50.0" in page
    assert "No sweep has counted judged pairs yet." in page


def test_the_page_says_what_happened(swept: Flask) -> None:
    page = swept.test_client().get("/integrity").text
    assert "<b>33</b> counted since the beginning, <b>3</b> not" in page
    assert "voter 1</td>" in page
    assert "looks like a script" in page
    assert f"{MODELS[3].slug} in a-red-cube" in page
    assert "not as asked" in page
    for model in MODELS:
        assert model.name in page
    assert re.search(r"Now: <b>[\d.]+.%</b> uniform", page)
    assert page.count('href="/competitions/a-red-cube"') == 1


def test_the_json_has_the_same_facts(swept: Flask) -> None:
    facts = Api(swept.test_client()).get("/integrity").get_json()
    assert facts["totals"] == {"counted": 33, "quarantined": 3}
    assert len(facts["days"]) == 30
    assert facts["days"][-1]["counted"] + facts["days"][-2]["counted"] == 33
    (decision,) = facts["decisions"]
    assert (decision["voter"], decision["test"], decision["status"]) == (1, "by_hand", "quarantined")
    assert decision["p_value"] is None
    mode = facts["modes"][0]
    assert sum(mode["lanes"].values()) == pytest.approx(1)
    assert sum(model["issued"] for model in mode["models"]) == 72
    assert sum(model["chance"] for model in mode["models"]) == pytest.approx(2)
    assert {"text-to-image", "text-to-image/portrait", "competition:a-red-cube"} < mode["certificates"].keys()
    assert facts["changes"][0]["action"] == "entry.withdrawn"
    assert facts["entered"] == 8


def test_nothing_names_a_voter_a_network_or_a_picture(swept: Flask) -> None:
    database = parts_of(swept).database
    key = b"\xabnetwork-of-this"
    database.write(
        lambda s: s.execute(update(Matchup).where(Matchup.voter_id == 2).values(network_key=key)) and None
    )
    of = {"now": moment(), "by": "the admin", "why": "a farm", "policy": FREE}
    quarantine.quarantine(database, Subject(network_key=key), **of)
    with database.reading() as session:
        secrets = [token.hex() for token in session.scalars(select(Voter.token)) if token]
        for row in session.scalars(select(Entry)):
            secrets += [row.media_key, row.rendition_key, row.sha256]
    client = swept.test_client()
    for path in ("/integrity", "/api/v1/integrity"):
        text = client.get(path).text
        assert "a farm" in text
        assert "/media/" not in text
        for secret in [*secrets, key.hex(), "the admin"]:
            assert secret not in text


def test_a_decision_shows_at_once_and_the_same_page_is_not_sent_twice(swept: Flask) -> None:
    client = swept.test_client()
    first = client.get("/integrity")
    again = client.get("/integrity", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    database = parts_of(swept).database
    quarantine.release(database, 1, now=moment(), by="the admin", why="a known person", policy=FREE)
    fresh = client.get("/integrity", headers={"If-None-Match": first.headers["ETag"]})
    assert fresh.status_code == 200
    assert "a known person" in fresh.text


def test_what_files_tell_is_told_without_names(app: Flask) -> None:
    for number in range(4):
        competition(app, f"cube-{number}")
    votes(app, 8)
    database = parts_of(app).database
    database.write(lambda session: set_traits(session, (2, "empty", 0.4)))
    database.write(lambda session: session.execute(update(Competition).values(open_gallery=True)) and None)
    assert "Not known yet: it takes three competitions, closed" in app.test_client().get("/integrity").text
    sweep(database, now=moment(), policy=FREE, is_report=False, progress=lambda _: None)
    page = app.test_client().get("/integrity").text
    assert "<b>100.0 %</b> of 16 pictures guessed right (100.0 % to 100.0 %); by chance 25.0 %" in page
    assert "1 picture differs from all others" in page
    assert 'href="/competitions/cube-0">cube-0</a></th><td>4</td><td>100.0 %' in page
    told = Api(app.test_client()).get("/integrity").get_json()["modes"][0]["traces"]
    assert (told["guess"]["share"], told["outstanding"]) == (1.0, 1)
    assert not any(model.slug in json.dumps(told) for model in MODELS)


def test_bars_stand_on_each_other() -> None:
    today = moment().date()
    days = [DayCounts(today - timedelta(days=n), n, {"skip": n, "undone": n}) for n in range(3)]
    nothing, middle, full = bars(days)
    assert (nothing.counted_height, nothing.rest_height) == (0, 0)
    assert middle.rest_y + middle.rest_height == pytest.approx(middle.counted_y, abs=0.11)
    assert full.rest_y == pytest.approx(0, abs=0.11)
    assert full.counted_y + full.counted_height == HEIGHT
    assert bars([]) == ()


def test_a_board_can_say_how_firm_it_is(swept: Flask) -> None:
    with parts_of(swept).database.reading() as session:
        firm = read_certificates(session, "text-to-image").get("text-to-image")
    assert firm is not None
    with swept.test_request_context():
        said = swept.jinja_env.get_template("_certificate.html").module.certificate(firm, {firm.first: "The Best"})
    assert re.search(r"How firm: \d+ more votes? would put hidden-model-. before The Best", said)
