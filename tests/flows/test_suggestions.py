"""Prompts from visitors: kept for an admin, within limits, and shown to nobody before they are accepted."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import create_app
from app.arena.entries import suggestions
from app.arena.entries.suggestions import NETWORK_DAY, VOTER_DAY
from app.arena.tables import Suggestion
from app.database.doors import Database
from app.settings import Settings
from tests.api.conftest import SECRET, Api
from tests.cli.conftest import arena
from tests.command import Result

__all__ = ["arena"]
HOSTILE = "<svg onload=alert(1)> a \"prompt\" with 'quotes' & {{ 7*7 }}"
OURS = {"Sec-Fetch-Site": "same-origin"}


def kept(database: Database) -> list[Suggestion]:
    with database.reading() as session:
        return list(session.scalars(select(Suggestion).order_by(Suggestion.id)))


def test_a_prompt_is_kept_once(api: Api, browser: Callable[[], Api], database: Database) -> None:
    answer = api.post("/suggestions", json={"prompt": "  A  teapot\tmade of\r\nglass  "})
    assert answer.status_code == 201
    assert answer.get_json() == {"prompt": "A teapot made of\nglass", "status": "waiting"}
    assert browser().post("/suggestions", json={"prompt": "a TEAPOT made of\nglass"}).status_code == 201
    (row,) = kept(database)
    assert (row.prompt, row.status, row.mode) == ("A teapot made of\nglass", "new", "text-to-image")
    assert row.voter_id is not None


def test_what_is_judged_already_is_not_kept(api: Api, arena: None, database: Database) -> None:
    from tests.factories import make_competition

    database.write(lambda session: make_competition(session, prompt="A picture of seven teapots"))
    assert api.post("/suggestions", json={"prompt": "a picture of SEVEN teapots"}).status_code == 201
    assert kept(database) == []


@pytest.mark.any_database
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"prompt": "too short"},
        {"prompt": "x" * 2001},
        {"prompt": "\u202e \x07" * 10},
        {"prompt": 7},
        {"p": "x" * 20},
    ],
)
def test_what_is_no_prompt(api: Api, database: Database, body: dict[str, Any]) -> None:
    answer = api.post("/suggestions", json=body)
    assert answer.status_code == 400
    assert answer.get_json()["error"]["code"] in {"invalid_request", "invalid_suggestion"}
    assert kept(database) == []


@pytest.mark.any_database
def test_another_site_cannot_suggest(app: Flask, database: Database) -> None:
    client = app.test_client()
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/suggest", data={"prompt": "A teapot made of glass"}, headers=foreign).status_code == 403
    assert client.post("/suggest", data={"prompt": "A teapot made of glass"}).status_code == 403
    assert kept(database) == []


def test_the_form_works_without_a_script(app: Flask, database: Database) -> None:
    client = app.test_client()
    assert "/suggest" in client.get("/competitions").text
    assert '<form class="ask" method="post" action="/suggest">' in client.get("/suggest").text
    sent = client.post("/suggest", data={"prompt": "A teapot made of glass"}, headers=OURS)
    assert (sent.status_code, sent.headers["Location"]) == (303, "/suggest?thanks=")
    assert "Thank you" in client.get("/suggest?thanks=").text
    assert [row.prompt for row in kept(database)] == ["A teapot made of glass"]
    refused = client.post("/suggest", data={"prompt": "<svg onload>"[:9]}, headers=OURS)
    assert refused.status_code == 400
    assert "&lt;svg onl" in refused.text
    assert "<svg onl" not in refused.text
    assert "this one has 9" in refused.text


def test_nothing_of_it_is_shown_before_it_is_accepted_and_nothing_runs_after(
    app: Flask, database: Database
) -> None:
    client = app.test_client()
    client.post("/suggest", data={"prompt": HOSTILE}, headers=OURS)
    public = ("/", "/competitions", "/suggest", "/api/v1/competitions", "/feed.atom", "/sitemap.xml", "/llms.txt")
    for path in public:
        assert "onload=alert" not in client.get(path).text
    now = kept(database)[0].at
    done = database.write(lambda s: suggestions.accept(s, 1, "<b>Tea</b> pots", now=now))
    assert done.competition == "b-tea-b-pots"
    for path in (*public, f"/competitions/{done.competition}", f"/api/v1/competitions/{done.competition}"):
        assert "onload=alert" not in client.get(path).text
    from app.arena.entries import competitions

    database.write(lambda s: competitions.set_status(s, "b-tea-b-pots", "open", now=now))
    for path in ("/competitions", "/competitions/b-tea-b-pots"):
        page = client.get(path).text
        assert "<svg onload" not in page
        assert "&lt;svg onload=alert(1)&gt;" in page
        assert "{{ 7*7 }}" in page
        assert "<b>Tea" not in page


def test_a_day_of_a_voter_and_of_a_network(database_url: str, tmp_path: Path) -> None:
    app = create_app(Settings(database_url=database_url, data_dir=tmp_path, secret_key=SECRET, profile="public"))
    numbers = iter(range(100))

    def send(client: Any, address: str = "192.0.2.1") -> Any:
        body = {"prompt": f"A teapot with {next(numbers)} handles"}
        return client.post("/api/v1/suggestions", json=body, environ_base={"REMOTE_ADDR": address})

    one = app.test_client()
    assert [send(one).status_code for _ in range(VOTER_DAY + 1)] == [201] * VOTER_DAY + [429]
    others = [send(app.test_client()) for _ in range(NETWORK_DAY - VOTER_DAY + 1)]
    assert [answer.status_code for answer in others] == [201] * (NETWORK_DAY - VOTER_DAY) + [429]
    assert int(others[-1].headers["Retry-After"]) > 0
    assert send(app.test_client(), "198.51.100.1").status_code == 201
    page = one.post("/suggest", data={"prompt": "A teapot without handles"}, headers=OURS)
    assert page.status_code == 429
    app.extensions["blindvote"].database.close()


def test_an_admin_decides(
    database: Database, api: Api, arena: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url)
    for prompt in ("A teapot made of glass", "A kettle made of wood", "A cup made of paper"):
        api.post("/suggestions", json={"prompt": prompt})
    assert "A kettle made of wood" in arena("suggestions", "list")[1]
    accept = ("suggestions", "accept", "1", "--title", "Crème de la Théière!")
    assert arena(*accept)[1].startswith("suggestion 1 is the draft creme-de-la-theiere\n")
    assert json.loads(arena(*accept, "--json")[1])["competition"] == "creme-de-la-theiere"
    assert arena("suggestions", "refuse", "2", "--reason", "asked before")[1] == "suggestion 2 is refused\n"
    assert arena("suggestions", "refuse", "2", "--reason", "asked before")[0] == 0
    left, all_of_them = (
        json.loads(arena("suggestions", "list", "--status", status, "--json")[1]) for status in ("new", "all")
    )
    assert [one["id"] for one in left] == [3]
    assert [one["status"] for one in all_of_them] == ["accepted", "refused", "new"]
    for words, complaint in (
        (("accept", "2", "--title", "Kettle"), "suggestion_decided"),
        (("refuse", "1", "--reason", "late"), "suggestion_decided"),
        (("accept", "9", "--title", "Nine"), "unknown_suggestion"),
        (("accept", "3", "--title", "Creme de la theiere"), "There is a competition"),
        (("accept", "3", "--title", "!!"), "No competition can be named"),
    ):
        code, _, complained = arena("suggestions", *words)
        assert (code, complaint in complained) == (2, True), complained
    listed = json.loads(arena("competition", "list", "--json")[1])
    assert [(one["slug"], one["status"], one["prompt"]) for one in listed] == [
        ("creme-de-la-theiere", "draft", "A teapot made of glass")
    ]
