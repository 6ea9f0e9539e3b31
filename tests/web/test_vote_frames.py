"""The vote reads like a story: few calls lie between the view and the statement."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from app.database.doors import Database
from app.database.places import ROOT
from tests.web.factories import parts_of

MOST_FRAMES = 12
APP = str(ROOT / "app")


def callers(view: str) -> list[str]:
    """Names of the application's functions that run now, from the innermost one out to the view."""
    names, frame = [], sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename.startswith(APP):
            names.append(frame.f_code.co_name)
        if frame.f_code.co_name == view:
            return names
        frame = frame.f_back  # type: ignore[assignment]
    return []


@pytest.fixture
def stacks(arena: Any) -> Iterator[list[list[str]]]:
    """The functions above each statement that a vote's view asks for; SQLite tells of each from inside."""
    database: Database = parts_of(arena).database
    if not database.is_sqlite:
        pytest.skip("PostgreSQL's driver tells nobody of a statement")
    seen: list[list[str]] = []

    def note(statement: str) -> None:
        if statement.startswith(("SELECT", "INSERT", "UPDATE")):
            seen.append(callers("_vote"))

    def trace(connection: Any, *_rest: object) -> None:
        connection.set_trace_callback(note)

    database._writers.close()  # the next connection is a new one, and traced
    event.listen(database._write_engine, "checkout", trace)
    yield seen
    event.remove(database._write_engine, "checkout", trace)


def test_a_vote_is_at_most_twelve_calls_deep(client: FlaskClient, stacks: list[list[str]]) -> None:
    matchup = client.post("/api/v1/matchups", json={}).json
    assert matchup
    del stacks[:]
    answer = client.post(f"/api/v1/matchups/{matchup['id']}/vote", json={"outcome": "a"})
    assert answer.status_code == 200
    voting = [stack for stack in stacks if "cast_votes" in stack]
    assert voting, "no statement of the vote was seen"
    deepest = max(voting, key=len)
    assert len(deepest) <= MOST_FRAMES, deepest
    assert not [name for stack in voting for name in stack if name in {"<lambda>", "work"}], (
        "a closure hides the way"
    )
