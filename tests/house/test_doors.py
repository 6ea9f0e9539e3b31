"""The door for writes: works that come at the same time share a commit, and none feels the others."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.arena.tables import Category
from app.database.doors import WRITERS, Database, DatabaseBusy, NewerDatabase, insert, read_last
from app.database.group_commit import LostRace
from app.database.retries import TRIES
from app.database.statements import PreparedStatement


@pytest.fixture
def sqlite(database: Database) -> Database:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL shares its syncs by itself")
    return database


class Crowd:
    """Works that wait together while the first one holds the writer."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.commits = 0
        database._writers.close()  # the next connection is a new one, and traced
        event.listen(database._write_engine, "checkout", self._trace)

    def _trace(self, connection: Any, *_rest: object) -> None:
        connection.set_trace_callback(self._note)

    def _note(self, statement: str) -> None:
        self.commits += statement == "COMMIT"

    def run(self, works: list[Callable[[Session], Any]]) -> list[Future[Any]]:
        entered, go = threading.Event(), threading.Event()

        def first(_session: Session) -> None:
            entered.set()
            go.wait(10)

        with ThreadPoolExecutor(len(works) + 1) as pool:
            pool.submit(self.database.write, first)
            entered.wait(10)
            waiting = [pool.submit(self.database.write, work) for work in works]
            while self.database._queue.waiting <= len(works):
                threading.Event().wait(0.001)
            go.set()
        return waiting


def add(slug: str) -> Callable[[Session], str]:
    def work(session: Session) -> str:
        session.execute(insert(session, Category).values(slug=slug, title=slug, position=0))
        return slug

    return work


def stored(database: Database) -> set[str]:
    with database.reading() as session:
        return set(session.scalars(select(Category.slug)))


def test_works_that_wait_together_share_one_commit(sqlite: Database) -> None:
    crowd = Crowd(sqlite)
    done = crowd.run([add(f"c{n}") for n in range(10)])
    assert [future.result() for future in done] == [f"c{n}" for n in range(10)]
    assert stored(sqlite) == {f"c{n}" for n in range(10)}
    assert crowd.commits == 2, "one of the work that they waited for, one of theirs"


def test_a_failing_work_takes_back_its_own_changes_alone(sqlite: Database) -> None:
    def fails(session: Session) -> None:
        add("half")(session)
        raise LookupError("no")

    good, bad, better = Crowd(sqlite).run([add("good"), fails, add("better")])
    assert (good.result(), better.result()) == ("good", "better")
    with pytest.raises(LookupError):
        bad.result()
    assert stored(sqlite) == {"good", "better"}


def test_a_failed_flush_that_ends_the_transaction_costs_the_others_nothing(sqlite: Database) -> None:
    def twice(session: Session) -> None:
        session.add_all([Category(slug="same", title="a"), Category(slug="same", title="b")])

    good, bad, better = Crowd(sqlite).run([add("good"), twice, add("better")])
    assert (good.result(), better.result()) == ("good", "better")
    with pytest.raises(IntegrityError):
        bad.result()
    assert stored(sqlite) == {"good", "better"}


def test_a_failing_commit_fails_everybody_and_stores_nothing(sqlite: Database) -> None:
    """A foreign key that is checked at the commit stands for a disk that is full then."""

    def dangling(session: Session) -> None:
        session.execute(text("PRAGMA defer_foreign_keys = ON"))
        session.execute(text("INSERT INTO competition_categories VALUES (7, 7)"))

    for future in Crowd(sqlite).run([add("good"), dangling, add("better")]):
        with pytest.raises(IntegrityError):
            future.result()
    assert stored(sqlite) == set()
    assert sqlite.write(add("afterwards")) == "afterwards"


def test_a_refusal_after_a_failed_flush_leaves_no_broken_session(database: Database) -> None:
    def refuses(session: Session) -> None:
        session.add_all([Category(slug="same", title="a"), Category(slug="same", title="b")])
        try:
            session.flush()
        except IntegrityError as error:
            raise NewerDatabase("twice") from error

    for _ in range(3):
        with pytest.raises(NewerDatabase):
            database.write(refuses)
    assert database.write(add("good")) == "good"
    assert stored(database) == {"good"}


def test_what_a_refused_work_wrote_or_added_is_gone(database: Database) -> None:
    def refuses(session: Session) -> None:
        add("half")(session)
        session.add(Category(slug="pending", title="p"))
        raise NewerDatabase("no")

    with pytest.raises(NewerDatabase):
        database.write(refuses)
    database.write(add("next"))
    assert stored(database) == {"next"}


def test_eight_threads_lose_nothing(database: Database) -> None:
    def many(thread: int) -> None:
        for n in range(12):
            database.write(add(f"t{thread}-{n}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(many, range(8)))
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Category)) == 96


def test_every_connection_syncs_fully(sqlite: Database) -> None:
    for engine in (sqlite._read_engine, sqlite._write_engine):
        for raw in [engine.raw_connection() for _ in range(2)]:
            assert {name: raw.execute(f"PRAGMA {name}").fetchone()[0] for name in PRAGMAS} == PRAGMAS  # type: ignore[attr-defined]
            raw.close()


PRAGMAS = {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1, "mmap_size": 0}


class Batching:
    """A work for many that is held up until so many wait, and what it was given each time."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.calls: list[list[str]] = []

    def work(self, session: Session, slugs: list[str]) -> list[str | Exception]:
        self.calls.append(slugs)
        if "broken" in slugs:
            raise LookupError("broken")
        for slug in slugs:
            if slug != "overtaken":
                add(slug)(session)
        refused: dict[str, Exception] = {"refused": ValueError("refused"), "overtaken": LostRace()}
        return [refused.get(slug, slug) for slug in slugs]

    def ask(self, slugs: list[str]) -> dict[str, Future[str]]:
        entered, go = threading.Event(), threading.Event()

        def hold(_session: Session, items: list[None]) -> list[None]:
            entered.set()
            go.wait(10)
            return items

        with ThreadPoolExecutor(len(slugs) + 1) as pool:
            queue = self.database._queue
            pool.submit(queue.submit, hold, None, 10)
            entered.wait(10)
            asked = {slug: pool.submit(self.database.write_batched, self.work, slug) for slug in slugs}
            while queue.waiting <= len(slugs):
                threading.Event().wait(0.001)
            go.set()
        return asked


def test_those_who_ask_at_the_same_time_share_one_call(database: Database) -> None:
    batching = Batching(database)
    asked = batching.ask([f"c{n}" for n in range(10)])
    assert {future.result() for future in asked.values()} == stored(database) == set(asked)
    assert len(batching.calls) == 1


def test_who_is_refused_is_refused_alone(database: Database) -> None:
    asked = Batching(database).ask(["good", "refused", "better"])
    assert (asked["good"].result(), asked["better"].result()) == ("good", "better")
    with pytest.raises(ValueError, match="refused"):
        asked["refused"].result()


def test_who_breaks_the_work_breaks_it_alone(database: Database) -> None:
    asked = Batching(database).ask(["good", "broken", "better"])
    assert (asked["good"].result(), asked["better"].result()) == ("good", "better")
    with pytest.raises(LookupError):
        asked["broken"].result()
    assert stored(database) == {"good", "better"}


def test_who_is_overtaken_is_asked_again_and_not_for_ever(database: Database) -> None:
    batching = Batching(database)
    with pytest.raises(DatabaseBusy):
        database.write_batched(batching.work, "overtaken")
    assert len(batching.calls) == len(TRIES)


def test_who_has_no_patience_gives_up_alone(sqlite: Database) -> None:
    """A foreign writer holds the file: a claim on a board goes without, a vote waits and is stored."""
    foreign = Database(sqlite.url)
    holding, go = threading.Event(), threading.Event()

    def hold(session: Session) -> None:
        session.execute(text("UPDATE competitions SET version = version"))
        holding.set()
        go.wait(10)

    with ThreadPoolExecutor(3) as pool:
        holder = pool.submit(foreign.write, hold)
        holding.wait(10)
        vote = pool.submit(sqlite.write, add("patient"))
        with pytest.raises(DatabaseBusy):
            sqlite.write(add("hasty"), patience=0.05)
        assert not vote.done()
        go.set()
        assert (vote.result(), holder.result()) == ("patient", None)
    assert stored(sqlite) == {"patient"}
    foreign.close()


@pytest.mark.parametrize("busy_with", ["writers", "rows"])
def test_patience_ends_behind_busy_writers(database: Database, busy_with: str) -> None:
    """Either every place for writers is taken, or somebody holds the rows that a work wants."""
    database.write(add("held"))
    go = threading.Event()
    holders = WRITERS if busy_with == "writers" else 1
    holding = threading.Barrier(1 + (1 if database.is_sqlite else holders))

    def hold(session: Session) -> None:
        if busy_with == "rows":
            session.execute(text("UPDATE categories SET position = 1 WHERE slug = 'held'"))
        holding.wait(10)
        go.wait(30)

    def hasty(session: Session) -> None:
        session.execute(text("UPDATE categories SET position = 2 WHERE slug = 'held'"))

    with ThreadPoolExecutor(holders) as pool:
        writers = [pool.submit(database.write, hold) for _ in range(1 if database.is_sqlite else holders)]
        holding.wait(10)
        started = time.monotonic()
        try:
            with pytest.raises(DatabaseBusy):
                database.write(hasty, patience=0.2)
            waited = time.monotonic() - started
        finally:
            go.set()
        assert [writer.result() for writer in writers] == [None] * len(writers)
    assert waited < 10, "it waited for the writers instead of giving up"
    database.write(hasty, patience=5)


def test_a_lock_file_that_cannot_be_opened_is_a_busy_database(sqlite: Database, tmp_path: Path) -> None:
    lock = Path(sqlite._queue._lock)
    lock.unlink(missing_ok=True)
    lock.mkdir()
    with pytest.raises(DatabaseBusy):
        sqlite.write(add("one"))
    lock.rmdir()
    assert sqlite.write(add("two")) == "two"


def test_an_overtaken_work_looks_again(database: Database) -> None:
    tries: list[str] = []

    def work(session: Session) -> str:
        tries.append(add("one")(session))
        if len(tries) == 1:
            raise LostRace
        return "done"

    assert database.write(work) == "done"
    assert (len(tries), stored(database)) == (2, {"one"})


def test_a_work_that_is_always_overtaken_stores_nothing(database: Database) -> None:
    def work(session: Session) -> None:
        add("one")(session)
        raise LostRace

    with pytest.raises(DatabaseBusy):
        database.write(work)
    assert stored(database) == set()


def test_connections_that_the_server_ended_are_not_used_again(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("a file ends no connection")
    assert stored(database) == set()
    other = Database(database.url)
    ending = "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    other.write(lambda session: session.execute(text(ending + " AND datname = current_database()")).all())
    other.close()
    assert database.write(add("one")) == "one"
    assert stored(database) == {"one"}


def test_threads_that_share_a_question_see_their_own_commits(database: Database) -> None:
    other = Database(database.url)

    def commit_and_ask(thread: int) -> bool:
        differs = True
        for n in range(15):
            before = database.mark()
            other.write(add(f"t{thread}-{n}"))
            differs &= database.mark() != before
        return differs

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(commit_and_ask, range(8)))
    other.close()


def test_reads_keep_what_the_driver_prepared(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite's statements stay prepared whatever ends a transaction")
    counted = PreparedStatement(lambda _: select(func.count().label("number")).select_from(Category))
    for _ in range(8):  # the driver prepares what it was given five times
        with database.reading() as session:
            counted.all(session)
    with database.reading() as session:
        prepared = session.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
    assert any("categories" in statement for statement in prepared)


def test_a_read_of_one_statement_ends_its_transaction(database: Database) -> None:
    counted = PreparedStatement(lambda _: select(func.count().label("number")).select_from(Category))
    with database.reading() as session:
        [before] = read_last(session, counted)
        database.write(add("new"))
        [after] = read_last(session, counted)
    # SQLite goes on in its snapshot, and PostgreSQL begins another one.
    assert after.number - before.number == (0 if database.is_sqlite else 1)
