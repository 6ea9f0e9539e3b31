"""Prepared statements: the same on both databases, and as careful as the session's own."""

import pytest
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.arena.tables import Category
from app.db import Database
from app.prepared import Prepared, Together

ADD = Prepared(lambda insert: insert(Category).values(slug=bindparam("its"), title="A", position=bindparam("at")))
ADD_ONCE = Prepared(
    lambda insert: (
        insert(Category)
        .values(slug=bindparam("its"), title="A", position=bindparam("at"))
        .on_conflict_do_nothing(index_elements=["slug"])
    )
)
MOVE = Prepared(lambda _: update(Category).where(Category.slug == bindparam("its")).values(position=7))
FOUND = Prepared(
    lambda _: (
        select(Category.slug, Category.position).where(Category.position >= bindparam("least")).order_by("slug")
    )
)


def test_rows_have_names_and_changes_are_counted(database: Database) -> None:
    def work(session: Session) -> None:
        assert ADD.change(session, its="a", at=1) == ADD_ONCE.change(session, its="b", at=2) == 1
        assert ADD_ONCE.change(session, its="b", at=3) == 0
        assert MOVE.change(session, its="nobody") == 0
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


def test_changes_made_together_are_counted_each(database: Database) -> None:
    both = Together(ADD_ONCE, MOVE)

    def work(session: Session) -> tuple[list[int], list[int]]:
        ADD.change(session, its="a", at=1)
        return both.change(session, its="a", at=2), both.change(session, its="b", at=3)

    known, new = database.write(work)
    assert known == [0, 1]
    # What the first added the second finds where statements follow each other, not where they are one.
    assert new == ([1, 1] if database.is_sqlite else [1, 0])


def test_of_changes_made_together_none_stays_when_one_fails(database: Database) -> None:
    both = Together(MOVE, ADD)

    def work(session: Session) -> None:
        ADD.change(session, its="a", at=1)

    database.write(work)
    with pytest.raises(IntegrityError):
        database.write(lambda session: both.change(session, its="a", at=2))
    with database.reading() as session:
        assert FOUND.first(session, least=0).position == 1
