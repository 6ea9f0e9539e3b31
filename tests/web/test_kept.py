"""A page sent again costs no query, and is never older than what anybody committed."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, text

from app.arena.tables import Voter
from app.database.doors import Database
from app.edge.page_cache import PageCache
from tests.web.factories import moment, parts_of, votes

OF_EACH_ANSWER = {"X-Request-ID", "Date"}

BOARD = "/leaderboards/text-to-image"
PATHS = [BOARD, "/", "/models", "/charts/text-to-image", "/competitions", f"/api/v1{BOARD}"]


def statements(client: FlaskClient, path: str, **headers: str) -> tuple[list[str], str]:
    """What was asked of the database for an answer, and the answer."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        return asked, client.get(path, headers=headers).text
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_pages_of_an_earlier_minute_go(database: Database) -> None:
    pages = PageCache(database)
    first = pages.page(7, "page", lambda: "one")
    assert pages.page(7, "page", lambda: "two") is first
    assert pages.page(8, "page", lambda: "two").body == b"two"
    assert pages.page(7, "page", lambda: "three").body == b"three", "cached though nobody asks for it again"
    assert pages.page(8, "page", lambda: "four").body == b"two", "a late request throws out what is of use"


def touch(database: Database) -> None:
    """A commit that changes no page."""
    database.write(lambda session: session.add(Voter(first_seen=moment())))


def settled(client: FlaskClient, path: str) -> str:
    """The answer once no board is stale any more and it was made at least twice within one minute."""
    for _ in range(100):
        asked, page = statements(client, path)
        if not asked:
            return page
    raise AssertionError("every answer asked the database")


def test_a_mark_differs_after_a_commit_by_whomever(database: Database) -> None:
    other = Database(database.url)
    first = database.mark()
    assert first is not None
    assert database.mark() == first
    with other.reading() as session:
        session.execute(text("SELECT version FROM catalog_state")).all()
    assert database.mark() == first
    marks = {first}
    for writer in (other, database, other):
        touch(writer)
        marks.add(database.mark())
    assert len(marks) == 4
    other.close()


@pytest.mark.parametrize("path", PATHS)
def test_the_second_answer_asks_nothing_and_is_the_same(arena: Flask, path: str) -> None:
    votes(arena, 6)
    client = arena.test_client()
    page = settled(client, path)
    kept = client.get(path)
    touch(parts_of(arena).database)
    made = client.get(path)
    assert kept.text == made.text == page
    ours = {name: value for name, value in made.headers if name not in OF_EACH_ANSWER}
    assert ours == {name: value for name, value in kept.headers if name not in OF_EACH_ANSWER}
    again = client.get(path, headers={"If-None-Match": kept.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_commit_elsewhere_is_seen_at_once(arena: Flask, client: FlaskClient) -> None:
    votes(arena, 6)
    settled(client, "/competitions")
    other = Database(parts_of(arena).settings.database_url)
    other.write(lambda session: session.execute(text("UPDATE competitions SET status = 'closed'")))
    other.close()
    assert "0</b> open" in client.get("/competitions").text


def test_a_board_that_rests_is_asked_again_when_it_is_due(arena: Flask, client: FlaskClient) -> None:
    votes(arena, 6)
    settled(client, BOARD)
    database = parts_of(arena).database
    rest = text("UPDATE boards SET next_refresh_at = next_refresh_at + 400")
    database.write(lambda session: session.execute(rest))
    votes(arena, 1, seed=9)
    page = client.get(BOARD).text
    while "<b>7</b> counted votes" not in page:
        assert "<b>6</b> counted votes" in page
        page = client.get(BOARD).text
