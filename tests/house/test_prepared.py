"""Prepared statements: the same on both databases, and as careful as the session's own."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.arena.tables import Category
from app.db import Database, DatabaseBusy
from app.prepared import Prepared, Together

ADD = Prepared(lambda insert: insert(Category).values(slug=bindparam("its"), title="A", position=bindparam("at")))
ADD_ONCE = Prepared(
    lambda insert: (
        insert(Category)
        .values(slug=bindparam("its"), title="A", position=bindparam("at"))
        .on_conflict_do_nothing(index_elements=["slug"])
    )
)
MOVE = Prepared(lambda _: update(Category).where(Category.slug == bindparam("here")).values(position=7))
MOVE_ALL = Prepared(lambda _: update(Category).where(Category.position >= bindparam("gone")).values(position=0))
FOUND = Prepared(
    lambda _: (
        select(Category.slug, Category.position).where(Category.position >= bindparam("least")).order_by("slug")
    )
)


def test_rows_have_names_and_changes_are_counted(database: Database) -> None:
    def work(session: Session) -> None:
        assert ADD.change(session, its="a", at=1) == ADD_ONCE.change(session, its="b", at=2) == 1
        assert ADD_ONCE.change(session, its="b", at=3) == 0
        assert MOVE.change(session, here="nobody") == 0
        assert [(row.slug, row.position) for row in FOUND.all(session, least=1)] == [("a", 1), ("b", 2)]
        assert FOUND.first(session, least=2).slug == "b"
        assert FOUND.first(session, least=3) is None

    database.write(work)


def test_what_the_session_holds_is_written_first(database: Database) -> None:
    def work(session: Session) -> list[str]:
        session.add(Category(slug="held", title="A", position=9))
        return [row.slug for row in FOUND.all(session, least=9)]

    assert database.write(work) == ["held"]


def test_the_drivers_errors_come_as_sqlalchemys(database: Database) -> None:
    def work(session: Session) -> None:
        for _ in range(2):
            ADD.change(session, its="a", at=1)

    with pytest.raises(IntegrityError):
        database.write(work)
    with database.reading() as session:
        assert FOUND.all(session, least=0) == []


BOTH = Together(MOVE, ADD_ONCE, freely=[MOVE_ALL])


@pytest.fixture(params=["change", "last"])
def both(request: pytest.FixtureRequest) -> Callable[..., None]:
    """At once, or with the commit."""
    made: Callable[..., None] = getattr(BOTH, request.param)
    return made


def positions(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return {row.slug: row.position for row in FOUND.all(session, least=0)}


def test_changes_made_together_are_all_made(database: Database, both: Callable[..., None]) -> None:
    database.write(lambda session: ADD.change(session, its="a", at=1))
    database.write(lambda session: both(session, here="a", its="b", at=2, gone=100))
    assert positions(database) == {"a": 7, "b": 2}


def test_of_changes_made_together_none_stays_when_one_finds_no_row(
    database: Database, both: Callable[..., None]
) -> None:
    database.write(lambda session: ADD.change(session, its="a", at=1))
    with pytest.raises(DatabaseBusy):
        database.write(lambda session: both(session, here="a", its="a", at=2, gone=1))
    assert positions(database) == {"a": 1}


def test_what_a_work_does_after_its_last_change_stays_too(database: Database) -> None:
    def work(session: Session) -> int:
        BOTH.last(session, here="a", its="b", at=2, gone=100)
        return ADD.change(session, its="c", at=3)

    database.write(lambda session: ADD.change(session, its="a", at=1))
    assert database.write(work) == 1
    assert positions(database) == {"a": 7, "b": 2, "c": 3}


def test_a_work_may_have_two_last_changes(database: Database) -> None:
    def work(session: Session) -> None:
        Together(ADD).last(session, its="a", at=1)
        Together(ADD).last(session, its="b", at=2)

    database.write(work)
    assert positions(database) == {"a": 1, "b": 2}


def test_a_last_change_that_fails_takes_the_whole_work_back(database: Database) -> None:
    def work(session: Session) -> None:
        ADD.change(session, its="c", at=3)
        Together(ADD).last(session, its="a", at=2)

    database.write(lambda session: ADD.change(session, its="a", at=1))
    with pytest.raises(IntegrityError):
        database.write(work)
    assert positions(database) == {"a": 1}
    assert database.write(lambda session: ADD.change(session, its="b", at=2)) == 1


def test_what_is_asked_for_later_is_there_after_the_commit(database: Database) -> None:
    def work(session: Session) -> Callable[[], list[Any]]:
        Together(ADD).last(session, its="a", at=1)
        return FOUND.later(session, least=1)

    rows = database.write(work)
    assert [(row.slug, row.position) for row in rows()] == [("a", 1)]


def test_with_nothing_to_wait_for_later_is_now(database: Database) -> None:
    def work(session: Session) -> Callable[[], list[Any]]:
        ADD.change(session, its="a", at=1)
        return FOUND.later(session, least=1)

    assert [row.slug for row in database.write(work)()] == ["a"]


def test_a_work_run_again_asks_again(database: Database) -> None:
    database.write(lambda session: ADD.change(session, its="a", at=1))
    runs = []

    def work(session: Session) -> Callable[[], list[Any]]:
        runs.append("a" if not runs else "b")
        BOTH.last(session, here="a", its=runs[-1], at=2, gone=100)
        return FOUND.later(session, least=0)

    if database.is_sqlite:
        with pytest.raises(DatabaseBusy):  # one writer at a time: there is no race to lose
            database.write(work)
        return
    assert [row.slug for row in database.write(work)()] == ["a", "b"]
    assert runs == ["a", "b"]
