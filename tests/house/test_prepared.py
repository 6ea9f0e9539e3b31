"""Prepared statements: the same on both databases, and as careful as the session's own."""

import json

import pytest
from sqlalchemy import Boolean, Integer, Text, bindparam, column, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.arena.tables import Category
from app.database.doors import Database
from app.database.statements import Prepared, alone, in_one_trip, json_rows

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


NAMED = column("name", Text), column("at", Integer), column("on", Boolean)
GIVEN = Prepared(
    lambda insert: select(
        json_rows(insert, "rows", column("name", Text), column("at", Integer), column("on", Boolean))
    )
)


def test_rows_can_be_given_as_json(database: Database) -> None:
    given = [("a'\u00e9\"", 2**31 - 1, True), (None, None, False)]
    rows = [dict(zip(("name", "at", "on"), values, strict=True)) for values in given]
    with database.reading() as session:
        found = GIVEN.all(session, rows=json.dumps(rows))
        assert [(row.name, row.at, bool(row.on)) for row in found] == [
            ("a'\u00e9\"", 2**31 - 1, True),
            (None, None, False),
        ]
        assert GIVEN.all(session, rows="[]") == []


def test_what_is_read_alone_begins_no_transaction(database: Database) -> None:
    """Only PostgreSQL lets a work read before it begins; afterwards it is a work as any other."""

    def work(session: Session) -> list[int]:
        with alone(session):
            before = len(FOUND.all(session, least=0))
            if is_far:
                another.write(lambda session: ADD.change(session, its="b", at=1))
            before += len(FOUND.all(session, least=0))
        ADD.change(session, its="a", at=1)
        with alone(session):
            return [before, len(FOUND.all(session, least=0))]

    is_far, another = not database.is_sqlite, Database(database.url)
    assert database.write(work) == ([1, 2] if is_far else [0, 1])
    another.close()


def test_statements_of_one_trip_are_one_transaction(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("nothing is far away")
    adds = [(ADD, {"its": name, "at": 1}) for name in "abc"]
    rows = database.write(lambda session: in_one_trip(session, *adds[:2], (FOUND, {"least": 0})))
    assert [row.slug for row in rows[2]] == ["a", "b"]
    with pytest.raises(IntegrityError):
        database.write(lambda session: in_one_trip(session, adds[2], adds[0]))

    def fails(session: Session) -> None:
        ADD.change(session, its="d", at=1)
        in_one_trip(session, (ADD, {"its": "e", "at": 1}), (FOUND, {"least": 0}))
        raise LookupError

    with pytest.raises(LookupError):
        database.write(fails)
    with database.reading() as session:
        assert [row.slug for row in FOUND.all(session, least=0)] == ["a", "b"]
