"""Reporting a picture over HTTP: by JSON, by form, and what admins do about it."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.arena.entries.competitions import set_status
from app.arena.tables import Entry, LedgerLine, PictureReport
from app.edge import admin
from tests.security.doors import CHEAP, add_admin, deed, sign_in
from tests.web.factories import MODELS, OURS, moment, parts_of, post, start

API = "/api/v1/matchups"
WHY = "seen by two people"


def new(client: FlaskClient) -> str:
    return str(client.post(API, json={}, headers=OURS).get_json()["id"])


def report(client: FlaskClient, matchup: str, **body: Any) -> Any:
    return client.post(f"{API}/{matchup}/report", json=body, headers=OURS)


def reasons(arena: Flask) -> list[str]:
    with parts_of(arena).database.reading() as session:
        return list(session.scalars(select(PictureReport.reason).order_by(PictureReport.id)))


def rest_pictures(arena: Flask) -> None:
    """Let browsers report whatever they are shown, until a picture rests."""
    while not rested(arena):
        client = arena.test_client()
        matchup = new(client)
        for side in "ab":
            report(client, matchup, picture=side, reason="broken")


def rested(arena: Flask) -> int:
    with parts_of(arena).database.reading() as session:
        return len(session.scalars(select(Entry.id).where(Entry.rested_at.is_not(None))).all())


@pytest.fixture
def decider(arena: Flask) -> FlaskClient:
    arena.extensions[admin.HASHER] = CHEAP
    add_admin(parts_of(arena).database)
    client = arena.test_client()
    assert sign_in(client).status_code == 303
    return client


def test_before_and_after_the_vote_and_nothing_of_models(arena: Flask, client: FlaskClient) -> None:
    matchup = new(client)
    first = report(client, matchup, picture="a", reason="offensive")
    assert first.get_json() == {"picture": "a", "reason": "offensive", "pair": "open"}
    assert not [one for one in MODELS if one.slug in first.text or one.name in first.text]
    assert client.get(f"{API}/{matchup}").status_code == 404
    client.post(f"{API}/{matchup}/vote", json={"outcome": "b"}, headers=OURS)
    again = report(client, matchup, picture="a", reason="broken")
    assert again.get_json() == {"picture": "a", "reason": "broken", "pair": "judged"}
    assert report(client, matchup, picture="b", reason="shows_maker").status_code == 200
    assert reasons(arena) == ["broken", "shows_maker"]


def test_every_report_is_answered_alike(arena: Flask) -> None:
    """Who made the picture changes neither length nor headers of the answer."""
    answers = set()
    for _ in range(6):
        client = arena.test_client()
        told = report(client, new(client), picture="a", reason="broken")
        answers.add((told.data, tuple(name for name, _ in told.headers)))
        if rested(arena):
            break
    assert len({data for data, _ in answers if b"open" in data}) == 1
    assert len({headers for _, headers in answers}) == 1


@pytest.mark.any_database
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"picture": "a"},
        {"picture": "c", "reason": "broken"},
        {"picture": "a", "reason": "ugly"},
        {"picture": "a", "reason": "broken", "more": 1},
        {"picture": ["a"], "reason": "broken"},
    ],
)
def test_what_is_no_report_is_refused(arena: Flask, client: FlaskClient, body: Any) -> None:
    matchup = new(client)
    assert report(client, matchup, **body).status_code == 400
    assert report(arena.test_client(), matchup, picture="a", reason="broken").status_code == 404
    assert report(client, "x" * 22, picture="a", reason="broken").status_code == 404
    assert (
        client.post(f"{API}/{matchup}/report", json=body, headers={"Sec-Fetch-Site": "cross-site"}).status_code
        == 403
    )
    assert reasons(arena) == []


def test_by_form_the_pair_comes_back_with_a_mark(arena: Flask, client: FlaskClient) -> None:
    path = start(client, competition="a-red-cube")
    pair = path.split("?")[0]
    page = client.get(path).text
    assert page.count('popovertarget="report-a"') == 2  # the flag and the sheet's way out
    assert "data-reported" not in page
    wish = {"competition": "a-red-cube", "question": "better"}
    answer = post(client, f"{pair}/report", picture="b", reason="shows_maker", **wish)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{pair}?{urlencode(wish)}")
    marked = client.get(answer.headers["Location"]).text
    assert re.search(r'data-flag="b" data-reported', marked)
    assert not re.search(r'data-flag="a" data-reported', marked)
    assert 'value="shows_maker" data-reason aria-pressed="true"' in marked
    assert not [one for one in MODELS if one.name in marked]
    for form in ({"picture": "x", "reason": "broken"}, {"picture": "a", "reason": ""}, {}):
        assert post(client, f"{pair}/report", **form).status_code == 400


def test_by_form_a_pair_that_is_closed_by_it_says_so(arena: Flask) -> None:
    """Every browser reports both pictures of its pair by form, until one of them rests."""
    for _ in range(12):
        client = arena.test_client()
        pair = start(client).split("?")[0]
        answers = [post(client, f"{pair}/report", picture=side, reason="broken") for side in "ab"]
        if rested(arena):
            break
    assert answers[-1].status_code == 410
    assert "Thank you for the report" in answers[-1].text
    assert post(client, f"{pair}/vote", outcome="a").status_code == 410


def test_a_picture_that_rests_is_not_shown_by_name_either(arena: Flask, decider: FlaskClient) -> None:
    rest_pictures(arena)
    parts_of(arena).database.write(lambda session: set_status(session, "a-red-cube", "closed", now=moment()))
    shown = [f"By {model.name}" for model in MODELS]
    page = decider.get("/competitions/a-red-cube").text
    assert sum(text in page for text in shown) == len(MODELS) - rested(arena)
    while found := re.search(r"/admin/reports/(\d+)/keep", decider.get("/admin/reports").text):
        deed(decider, f"/admin/reports/{found[1]}/keep", WHY)
    page = decider.get("/competitions/a-red-cube").text
    assert all(text in page for text in shown)


def test_an_admin_sees_keeps_and_withdraws(arena: Flask, decider: FlaskClient) -> None:
    rest_pictures(arena)
    page = decider.get("/admin/reports").text
    assert "rests since" in page
    assert not [one for one in MODELS if one.slug in page or one.name in page]
    assert re.search(r"Reports <b>\d</b>", page)
    number = re.search(r"/admin/reports/(\d+)/keep", page)[1]  # type: ignore[index]
    picture = decider.get(f"/admin/reports/{number}.webp")
    assert (picture.mimetype, picture.headers["Cache-Control"]) == ("image/webp", "private, no-store")
    assert arena.test_client().get(f"/admin/reports/{number}.webp").status_code == 303
    resting = rested(arena)
    assert "Done." in decider.get(deed(decider, f"/admin/reports/{number}/keep", WHY).headers["Location"]).text
    assert rested(arena) == resting - 1
    assert deed(decider, f"/admin/reports/{number}/withdraw", WHY).status_code == 409
    other = re.search(r"/admin/reports/(\d+)/keep", decider.get("/admin/reports").text)
    if other is not None:
        deed(decider, f"/admin/reports/{other[1]}/withdraw", WHY)
    assert deed(decider, "/admin/reports/999/keep", WHY).status_code == 404
    assert deed(decider, f"/admin/reports/{number}/keep", "").status_code == 400
    with parts_of(arena).database.reading() as session:
        lines = session.scalars(select(LedgerLine).where(LedgerLine.action == "entry.kept")).all()
    assert [(line.actor, line.subject, line.reason) for line in lines] == [("admin ada", f"report:{number}", WHY)]
