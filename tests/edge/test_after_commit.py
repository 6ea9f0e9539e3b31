"""What fails after the commit of a vote leaves the answer as stored; what fails before it stores nothing."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

import app
from app.arena.tables import Vote
from app.database import doors
from app.edge import after_commit
from app.edge.context import Parts
from tests.factories import make_arena
from tests.web.factories import post, start

HOME = str(Path(app.__file__).parent)
COMMIT = doors.Database.write_batched.__code__
GUARDS = {"tell_anyway", "guarded"}


class InjectedError(Exception):
    """Raised by the tests where nothing is expected to raise."""


@pytest.fixture
def voter(app: Flask, client: FlaskClient) -> FlaskClient:
    """A browser of an arena with pairs enough for every step."""
    wired: Parts = app.extensions["blindvote"]
    make_arena(wired.database, Path(wired.settings.data_dir), competitions=12, models=12)
    return client


def cast(client: FlaskClient, kind: str = "application/json") -> Any:
    """Vote by the API on a new pair; its answer. With another kind of body than scripts send, a view takes it."""
    issued = client.post("/api/v1/matchups", json={}, headers={"Origin": "http://localhost"}).get_json()
    assert "id" in issued, issued
    path = f"/api/v1/matchups/{issued['id']}"
    # Unbuffered, a response is closed only when somebody does; the server does it when it has sent the last byte.
    headers = {"Origin": "http://localhost", "Content-Type": kind}
    with client.post(f"{path}/vote", data='{"outcome": "a"}', headers=headers) as answer:
        answer.get_data()
        return answer


def votes(app: Flask) -> int:
    with app.extensions["blindvote"].database.reading() as session:
        return session.scalar(select(func.count()).select_from(Vote)) or 0


def called_after_commit(act: Callable[[], object]) -> list[CodeType]:
    """Collect every function of ours that this thread enters once a vote's transaction has ended, in order."""
    seen: dict[CodeType, None] = {}
    committed = False

    def watch(frame: FrameType, event: str, _: object) -> None:
        nonlocal committed
        code = frame.f_code
        committed |= event == "return" and code is COMMIT
        if committed and event == "call" and code.co_filename.startswith(HOME) and not is_outside(code):
            seen.setdefault(code)

    sys.setprofile(watch)
    try:
        act()
    finally:
        sys.setprofile(None)
    return list(seen)


def is_outside(code: CodeType) -> bool:
    """Whether it is middleware, which hands on an answer made already, a guard, or the database's own queue."""
    return "__call__" in code.co_qualname or code.co_name in GUARDS or f"{HOME}/database/" in code.co_filename


@contextmanager
def failing_once(target: CodeType) -> Iterator[list[str]]:
    """Let this function raise at its first call after the next commit; gives the names of those that did."""
    raised: list[str] = []
    committed = False

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal committed
        if event == "call" and frame.f_code is COMMIT:
            return trace_commit
        if committed and event == "call" and frame.f_code is target and not raised:
            raised.append(target.co_name)
            raise InjectedError(target.co_name)
        return None

    def trace_commit(frame: FrameType, event: str, _: object) -> Any:
        nonlocal committed
        committed |= event == "return"
        return trace_commit

    sys.settrace(trace)
    try:
        yield raised
    finally:
        sys.settrace(None)


WAYS = [
    ("application/json", {"tell_vote", "list_json_headers", "follow_vote", "find_stale"}),
    ("application/json; charset=utf-8", {"tell_vote", "protect", "follow_vote", "find_stale"}),
]
"""The direct way and the view's, with some of the functions that each runs after the commit."""


@pytest.mark.parametrize(("kind", "some"), WAYS)
def test_no_step_after_the_commit_decides_the_answer(
    app: Flask, voter: FlaskClient, kind: str, some: set[str]
) -> None:
    """Each function that runs then fails in turn; the list is what ran, so that a new step can't be forgotten."""
    steps = called_after_commit(lambda: cast(voter, kind))
    failed: set[str] = set()
    for step in steps:
        before = votes(app)
        with failing_once(step) as raised:
            answer = cast(voter, kind)
        assert answer.status_code == 200, (step.co_qualname, answer.get_data(as_text=True))
        assert answer.get_json()["outcome"] == "a"
        assert votes(app) == before + 1
        failed.update(raised)
    assert some <= failed


@pytest.mark.parametrize("step", sorted(after_commit.STEPS))
def test_a_guarded_step_may_fail_for_good(
    app: Flask, voter: FlaskClient, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def explode(*_: object, **__: object) -> None:
        raise InjectedError(step)

    monkeypatch.setitem(after_commit.STEPS, step, explode)
    answer = cast(voter)
    assert (answer.status_code, answer.get_json()["outcome"], votes(app)) == (200, "a", 1)


def test_a_form_leads_to_the_stored_answer(
    app: Flask, voter: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = start(voter)
    monkeypatch.setattr(
        "app.web.arena.voting.refreshing", lambda *_: (_ for _ in ()).throw(InjectedError("refresh"))
    )
    answer = post(voter, f"{path}/vote", outcome="b")
    assert (answer.status_code, answer.headers["Location"], votes(app)) == (303, path, 1)


def test_a_log_that_cannot_be_written_decides_nothing(
    app: Flask, voter: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FullDisk:
        def write(self, _: str) -> int:
            raise OSError(28, "No space left on device")

        def flush(self) -> None:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stderr", FullDisk())
    assert voter.get("/healthz").status_code == 200
    assert cast(voter).status_code == 200
    assert voter.get("/no-such-page").status_code == 404
    assert votes(app) == 1


def explode(*_: object) -> None:
    raise InjectedError("reveal")


def test_a_vote_that_cannot_be_revealed_is_told_as_stored(
    app: Flask, voter: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.edge.voting.reveal.reveal_vote", explode)
    answer = cast(voter)
    assert (answer.status_code, answer.get_json()["counted"], answer.get_json()["a"]) == (200, True, None)
    assert votes(app) == 1


def test_what_fails_before_the_commit_stores_nothing(
    app: Flask, voter: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.edge.voting.reveal.index_standings", explode)
    answer = cast(voter)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (500, "internal_error")
    assert votes(app) == 0
