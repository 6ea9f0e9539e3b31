"""Prepared statements: the same on both databases, and as careful as the session's own."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from time import sleep
from typing import Any

import pytest
from sqlalchemy import (
    Boolean,
    Float,
    Integer,
    LargeBinary,
    Text,
    bindparam,
    cast,
    column,
    inspect,
    null,
    select,
    update,
)
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session, aliased

from app.arena.tables import Category, Entry, Voter
from app.database.aliases import alias
from app.database.columns import moment_of
from app.database.doors import Database, read_last, run_last
from app.database.pipelines import has_begun, run_pipelined
from app.database.statements import (
    PackedStatement,
    PreparedStatement,
    PreparedTable,
    json_part,
    json_rows,
    read_json,
)
from app.leaderboards.tables import Audit

ADD = PreparedStatement(
    lambda insert: insert(Category).values(slug=bindparam("its"), title="A", position=bindparam("at"))
)
ADD_ONCE = PreparedStatement(
    lambda insert: (
        insert(Category)
        .values(slug=bindparam("its"), title="A", position=bindparam("at"))
        .on_conflict_do_nothing(index_elements=["slug"])
    )
)
MOVE = PreparedStatement(lambda _: update(Category).where(Category.slug == bindparam("here")).values(position=7))
MOVE_ALL = PreparedStatement(
    lambda _: update(Category).where(Category.position >= bindparam("gone")).values(position=0)
)
FOUND = PreparedStatement(
    lambda _: (
        select(Category.slug, Category.position).where(Category.position >= bindparam("least")).order_by("slug")
    )
)


def test_a_part_of_a_json_object_is_read_alike(database: Database) -> None:
    read = PreparedStatement(
        lambda insert: select(
            *(json_part(insert, Audit.__table__.c.numbers, name).label(name) for name in ("some", "none"))
        )
    )

    def work(session: Session) -> None:
        at = datetime(2026, 3, 1, tzinfo=UTC)
        session.add(Audit(mode="text-to-image", at=at, last_vote_id=1, votes=1, numbers={"some": {"a": [1]}}))
        row = read.first(session)
        assert (read_json(row.some), row.none) == ({"a": [1]}, None)

    database.write(work)


def test_rows_have_names_and_changes_are_counted(database: Database) -> None:
    def work(session: Session) -> None:
        assert ADD.change(session, its="a", at=1) == ADD_ONCE.change(session, its="b", at=2) == 1
        assert ADD_ONCE.change(session, its="b", at=3) == 0
        assert MOVE.change(session, here="nobody") == 0
        assert [(row.slug, row.position) for row in FOUND.all(session, least=1)] == [("a", 1), ("b", 2)]
        assert FOUND.first(session, least=2).slug == "b"
        assert FOUND.first(session, least=3) is None

    database.write(work)


@pytest.mark.parametrize("kind", [PreparedStatement, PackedStatement])
def test_columns_of_every_type_come_back_as_they_went_in(
    database: Database, kind: type[PreparedStatement]
) -> None:
    text, token, share = "a'\u00e9\"\\/\n\u2028\U0001f600", bytes(range(240, 256)), 0.1 + 0.2
    read = kind(
        lambda _: select(
            Voter.token,
            Voter.first_seen,
            cast(null(), LargeBinary).label("no_key"),
            cast(bindparam("share"), Float).label("share"),
            cast(bindparam("text"), Text).label("text"),
            Voter.quarantine,
            Voter.votes.is_(None).label("is_odd"),
            Voter.votes,
        ).order_by(Voter.votes.desc())
    )

    def work(session: Session) -> list[Any]:
        for votes in (0, 7):
            session.add(Voter(token=token[votes:] + token[:votes], first_seen=moment_of(1), votes=votes))
        return read.all(session, share=share, text=text)

    seven, none = database.write(work)
    assert seven == (token[7:] + token[:7], 1, None, share, text, None, False, 7)
    assert none == (token, 1, None, share, text, None, False, 0)
    assert (seven.share, seven.text, seven.votes) == (share, text, 7)


def test_a_table_has_every_row(database: Database) -> None:
    read = PreparedTable(
        lambda _: select(Category.position, Category.id).where(Category.position >= bindparam("least"))
    )

    def work(session: Session) -> list[Any]:
        for n in range(3):
            ADD.change(session, its=f"c{n}", at=n)
        return [sorted(position for position, _ in read.all(session, least=least)) for least in (1, 3)]

    assert database.write(work) == [[1, 2], []]


def test_what_the_session_holds_is_written_first(database: Database) -> None:
    def work(session: Session) -> list[str]:
        session.add(Category(slug="held", title="A", position=9))
        return [row.slug for row in FOUND.all(session, least=9)]

    assert database.write(work) == ["held"]


def test_statements_are_compiled_one_at_a_time(database: Database) -> None:
    """Threads that compiled one at once could leave it unfit for good: the worker refused every pair."""
    inside, most = [], []

    def build(_insert: Any) -> Any:
        inside.append(1)
        most.append(len(inside))
        sleep(0.002)  # others may begin meanwhile
        inside.pop()
        return select(Category.id)

    def read(statement: PreparedStatement) -> None:
        with database.reading() as session:
            statement.all(session)

    statements = [PreparedStatement(build) for _ in range(4)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(read, statements * 4))
    assert max(most) == 1


def test_the_columns_of_an_alias_are_looked_up_before_threads_share_it() -> None:
    """Two threads that looked them up at once read every entry beside every vote, as long as the process ran."""
    names = set(inspect(Entry).column_attrs.keys())
    assert names <= vars(alias(Entry)).keys()
    assert not names & vars(aliased(Entry)).keys(), "SQLAlchemy does so by itself now"


def test_the_drivers_errors_come_as_sqlalchemys(database: Database) -> None:
    def work(session: Session) -> None:
        for _ in range(2):
            ADD.change(session, its="a", at=1)

    with pytest.raises(IntegrityError):
        database.write(work)
    with database.reading() as session:
        assert FOUND.all(session, least=0) == []


GIVEN = PreparedStatement(
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


def test_statements_of_a_pipeline_are_one_transaction(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("nothing is far away")
    adds = [(ADD, {"its": name, "at": 1}) for name in "abc"]

    def add_twice(session: Session) -> list[list[Any]]:
        run_pipelined(session, (FOUND, {"least": 0}))
        return run_pipelined(session, *adds[:2], (FOUND, {"least": 0}))

    assert [row.slug for row in database.write(add_twice)[2]] == ["a", "b"]
    with pytest.raises(IntegrityError):
        database.write(lambda session: run_pipelined(session, adds[2], adds[0]))

    def fails(session: Session) -> None:
        ADD.change(session, its="d", at=1)
        run_pipelined(session, (ADD, {"its": "e", "at": 1}), (FOUND, {"least": 0}))
        raise LookupError

    with pytest.raises(LookupError):
        database.write(fails)
    with database.reading() as session:
        assert [row.slug for row in FOUND.all(session, least=0)] == ["a", "b"]


def test_the_commit_travels_with_the_last_statements(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("nothing is far away")

    def slugs() -> list[str]:
        with database.reading() as session:
            return [row.slug for row in FOUND.all(session, least=0)]

    def work(session: Session) -> list[str]:
        ADD.change(session, its="a", at=1)
        assert slugs() == []
        *_, rows = run_last(session, (ADD, {"its": "b", "at": 1}), (FOUND, {"least": 0}))
        assert slugs() == ["a", "b"], "it is committed before the work ends"
        return [row.slug for row in rows]

    assert database.write(work) == ["a", "b"]
    with pytest.raises(IntegrityError):
        database.write(
            lambda session: run_last(session, (ADD, {"its": "c", "at": 1}), (ADD, {"its": "a", "at": 1}))
        )
    assert slugs() == ["a", "b"], "what fails leaves nothing of its transaction"
    assert database.write(lambda session: ADD.change(session, its="c", at=1)) == 1


def test_what_follows_a_pipeline_that_was_the_whole_is_a_transaction_again(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("nothing is far away")

    def fails(session: Session) -> None:
        assert not has_begun(session)
        run_last(session, (ADD, {"its": "a", "at": 1}))
        assert not has_begun(session)
        ADD.change(session, its="b", at=1)
        assert has_begun(session)
        raise LookupError

    with pytest.raises(LookupError):
        database.write(fails)
    with database.reading() as session:
        assert [row.slug for row in FOUND.all(session, least=0)] == ["a"]


def test_prepared_statements_go_without_cursors_and_do_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.is_sqlite:
        pytest.skip("nothing is far away")
    slugs = [f"slug-{n}%" for n in range(6)]

    def add(slug: str) -> list[list[Any]]:
        return database.write(
            lambda session: run_last(session, (ADD, {"its": slug, "at": 1}), (FOUND, {"least": 1}))
        )

    def read(rows: str) -> list[Any]:
        with database.reading() as session:
            return read_last(session, GIVEN, rows=rows)

    # psycopg prepares what it has executed five times.
    for slug in slugs:
        added, found = add(slug)
        assert (added, [row.slug for row in found][-1]) == ([], slug)
        assert read(json.dumps([{"name": slug, "on": True}])) == [(slug, None, True)]
    monkeypatch.setattr("psycopg.Connection.cursor", None)
    added, found = add("\u00e9'")
    assert (added, {row.slug for row in found}) == ([], {*slugs, "\u00e9'"})
    many = [{"name": "n" * 100, "at": n, "on": False} for n in range(20_000)]
    assert [row.at for row in read(json.dumps(many))] == list(range(20_000))
    monkeypatch.undo()
    with pytest.raises(IntegrityError):
        database.write(
            lambda session: run_last(session, (ADD, {"its": "lost", "at": 1}), (ADD, {"its": slugs[0], "at": 1}))
        )
    with database.reading() as session:
        assert {row.slug for row in FOUND.all(session, least=0)} == {*slugs, "\u00e9'"}


@pytest.mark.parametrize("warm_up", [1, 6])
def test_a_transaction_goes_on_after_a_trip(database: Database, warm_up: int) -> None:
    """It does whether psycopg has prepared the statements or not."""
    if database.is_sqlite:
        pytest.skip("nothing is far away")

    def add(session: Session, name: str) -> list[list[Any]]:
        ADD.change(session, its=name, at=1)
        return run_pipelined(session, (ADD, {"its": f"{name}-too", "at": 1}), (FOUND, {"least": 1}))

    def add_in_vain(session: Session) -> None:
        add(session, "gone")
        raise LookupError

    for n in range(warm_up):
        added, found = database.write(partial(add, name=str(n)))
        assert (added, len(found)) == ([], 2 * n + 2)
    with pytest.raises(LookupError):
        database.write(add_in_vain)
    with database.reading() as session:
        assert len(FOUND.all(session, least=0)) == 2 * warm_up


def test_a_statement_that_a_failed_pipeline_was_to_prepare_works_afterwards(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("nothing is far away")
    divide = PreparedStatement(lambda _: select((7 / cast(bindparam("by"), Integer)).label("share")))

    def read(by: int) -> list[list[Any]]:
        with database.reading() as session:
            return run_last(session, (divide, {"by": by}), (FOUND, {"least": 0}))

    # psycopg prepares what it has executed five times.
    for _ in range(5):
        assert read(1) == [[(7,)], []]
    with pytest.raises(DataError):
        read(0)
    assert read(1) == [[(7,)], []]
    assert database.write(lambda session: run_last(session, (ADD, {"its": "a", "at": 1}))) == [[]]
