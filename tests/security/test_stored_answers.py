"""Whatever is stored is told as stored, for every request that stores something, not for votes alone."""

import inspect
from collections.abc import Iterator

import pytest
from flask import Flask, Response, request
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.arena.tables import LedgerLine
from tests.security.doors import NAME, PASSWORD, deed, sign_in
from tests.security.test_admin_deeds import DEEDS, SLUG, WHY
from tests.web.factories import OURS, parts_of, post, start

STORING_NOTHING = {
    "admin.logout": "ends a session, and says so again when it is asked again",
    "arena.start": "a pair that nobody was told of is issued again",
    "api_matchups.post_matchup": "a pair that nobody was told of is issued again",
    "playground.draw": "the gateway keeps what it made, and answers the same form with it",
}
"""Requests that may be sent again without a second effect, and why."""
TELLING = ("tell_stored(", "decide(", "tell=")
MORE: tuple[tuple[str, dict[str, str]], ...] = (
    (f"/admin/competitions/{SLUG}/open", {}),
    ("/admin/votes/1/restore", {}),
)


class InjectedError(Exception):
    """Raised by these tests after the commit."""


class FailingOnce:
    """A step of Flask's after the view of a form: it raises `left` times."""

    def __init__(self) -> None:
        self.left = 0

    def __call__(self, response: Response) -> Response:
        if self.left and request.method == "POST":
            self.left -= 1
            raise InjectedError
        return response


@pytest.fixture
def failing(arena: Flask) -> Iterator[FailingOnce]:
    step = FailingOnce()
    arena.after_request_funcs[None].append(step)
    yield step
    arena.after_request_funcs[None].remove(step)


def lines(arena: Flask) -> int:
    with parts_of(arena).database.reading() as session:
        return session.scalar(select(func.count()).select_from(LedgerLine)) or 0


@pytest.mark.any_database
def test_a_deed_that_is_done_is_told_as_done(arena: Flask, decider: FlaskClient, failing: FailingOnce) -> None:
    noted = set()
    for path, form in (*DEEDS, *MORE):
        before, failing.left = lines(arena), 1
        status = deed(decider, path, WHY, **form).status_code
        if lines(arena) > before:
            assert status == 303, path
            noted.add(path)
    assert noted >= {"/admin/votes/1/exclude", f"/admin/competitions/{SLUG}/close", "/admin/flags"}


@pytest.mark.any_database
def test_who_signs_in_is_let_in(arena: Flask, failing: FailingOnce) -> None:
    client = arena.test_client()
    failing.left = 1
    assert sign_in(client, NAME, PASSWORD).status_code == 303
    assert client.get("/admin").status_code == 200


@pytest.mark.any_database
def test_what_a_voter_leaves_is_told(arena: Flask, failing: FailingOnce) -> None:
    client = arena.test_client()
    path = start(client)
    failing.left = 1
    assert post(client, f"{path}/report", picture="a", reason="broken").status_code == 303
    failing.left = 1
    assert post(client, "/suggest", prompt="a lighthouse made of glass").headers["Location"].endswith("thanks=")
    failing.left = 1
    api = client.post("/api/v1/suggestions", json={"prompt": "a lighthouse made of salt"}, headers=OURS)
    assert (api.status_code, api.get_json()["status"]) == (201, "waiting")
    failing.left = 1
    gone = post(client, "/me/delete")
    assert (gone.status_code, "Max-Age=0" in gone.headers["Set-Cookie"]) == (303, True)


@pytest.mark.any_database
def test_no_request_that_stores_is_forgotten(arena: Flask) -> None:
    """Every view for another method than reading names the answer of what it stores, or why it needs none."""
    stores = {
        rule.endpoint
        for rule in arena.url_map.iter_rules()
        if (rule.methods or set()) & {"POST", "PUT", "DELETE"}
        and not rule.endpoint.startswith(("openai", "links"))
    }
    forgotten = {
        name
        for name in stores - STORING_NOTHING.keys()
        if not any(word in inspect.getsource(inspect.unwrap(arena.view_functions[name])) for word in TELLING)
    }
    assert not forgotten
    assert STORING_NOTHING.keys() <= stores
