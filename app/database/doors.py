"""The two doors to the database: `reading()` for reads and `write(work)`, the only place that commits."""

import threading
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar, cast

from sqlalchemy import CursorResult, Executable, Table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.database import engines, schema
from app.database.causes import DatabaseBusy as DatabaseBusy  # noqa: PLC0414 (callers of the doors catch it)
from app.database.causes import ErrorTranslation
from app.database.columns import Base
from app.database.commit_watch import CommitWatch
from app.database.engines import BUSY_SECONDS
from app.database.group_commit import (
    CommitQueue,
    QueuedWrite,
    QueueTimeout,
    TransactionLostError,
    WorkFailedError,
    deliver,
    group_by_work,
    isolate_failure,
    run_together,
    run_under_savepoint,
)
from app.database.pipelines import run_pipelined
from app.database.replica import Replica, ReplicaMark
from app.database.retries import FAILURES, TRIES, run_again, wait_or_raise
from app.database.schema import NewerDatabase as NewerDatabase  # noqa: PLC0414 (callers of the doors catch it)
from app.database.sessions import SessionPool
from app.database.statements import Call, DriverErrors, PreparedStatement
from app.settings import with_driver

Item = TypeVar("Item")
Result = TypeVar("Result")

WRITERS = 4
"""Writers of one process on PostgreSQL at a time: more only wait for each other's rows and for the interpreter."""


class Database:
    """
    One database, SQLite or PostgreSQL, by its SQLAlchemy URL.

    `replica_url` names a standby of PostgreSQL for reads that may be `staleness` seconds old.
    """

    def __init__(self, url: str, *, replica_url: str = "", staleness: float = 0) -> None:
        self.url = with_driver(url)
        self.is_sqlite = self.url.startswith("sqlite")
        lock = None
        if self.is_sqlite:
            path = make_url(self.url).database
            if not path or path == ":memory:":
                raise ValueError("SQLite needs a file: two connections share it")
            lock = Path(f"{path}.lock")
            self._read_engine = engines.sqlite(self.url, "BEGIN", f"cache_size=-{engines.READ_CACHE_KIB}")
            # The write lock comes first: a transaction that read before it writes fails if somebody wrote in
            # between.
            self._write_engine = engines.sqlite(self.url, "BEGIN IMMEDIATE")
        else:
            self._write_engine = engines.postgres(self.url)
            # One snapshot for all of a read, as SQLite gives: a page must not mix two moments.
            self._read_engine = self._write_engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        begin, begin_write = ("BEGIN", "BEGIN IMMEDIATE") if self.is_sqlite else ("", "")
        only_reads = not self.is_sqlite
        self._readers = SessionPool(self._read_engine, begin, only_reads=only_reads, autoflush=False)
        self._writers = SessionPool(self._write_engine, begin_write, expire_on_commit=False)
        self._replica = Replica(replica_url, self._write_engine, staleness) if replica_url else None
        self._queue = CommitQueue(lock, self._commit_batch)
        self._turns = SimpleQueue[None]()  # used as a semaphore: Python's own wakes its waiters far more slowly
        for _ in range(WRITERS):
            self._turns.put(None)
        self._watching = threading.Lock()
        self._watch: CommitWatch | None = None
        self._inode: int | None = None
        self._memory: dict[Hashable, Any] = {}

    @contextmanager
    def reading(self, mark: Hashable = None, *, is_single: bool = False) -> Iterator[Session]:
        """
        Open one snapshot of the database, no older than `mark` is. Nothing done here is kept.

        `is_single` says that the block runs one prepared statement alone, for which SQLite begins nothing.
        With a mark of the read replica it is the replica's snapshot; DatabaseBusy then means that the replica is
        away, and the next mark will be the primary's. `session.info["memory"]` belongs to this database: for what
        follows from a version that was read beside it.
        """
        with ErrorTranslation():
            if self._replica and isinstance(mark, ReplicaMark):
                with self._reading_replica(self._replica) as session:
                    yield session
            else:
                with self._readers.transaction(is_single=is_single, memory=self._memory) as session:
                    yield session

    @contextmanager
    def _reading_replica(self, replica: Replica) -> Iterator[Session]:
        with Session(replica.engine, autoflush=False, info={"memory": self._memory}) as session:
            try:
                session.connection()
                yield session
                session.commit()  # as a rollback would, it ends the snapshot; but the driver keeps its statements
            except DBAPIError as error:
                replica.rest(error)
                raise

    def write(self, work: Callable[[Session], Result], *, patience: float = BUSY_SECONDS) -> Result:
        """
        Run `work` in one transaction and return its result after the commit.

        `work` touches nothing but its session, may be run again after a lost race (LostRace says so), and returns
        frozen values, never rows. Raises DatabaseBusy when the database can't be had within `patience` seconds;
        any exception of `work` rolls back. On SQLite works that come at the same time share a commit.
        """
        with ErrorTranslation():
            if self.is_sqlite:
                batched = partial(_run_for_one, work)
                return cast("Result", run_again(partial(self._queue.submit, batched, None, patience)))
            return run_again(partial(self._run_alone, work, patience))

    def _run_alone(self, work: Callable[[Session], Result], patience: float) -> Result:
        with self._committing(patience) as session:
            return work(session)

    def write_batched(
        self, work: Callable[[Session, list[Item]], Sequence[Result | Exception]], item: Item
    ) -> Result:
        """
        Run `work` for this item and for those that other threads bring meanwhile; return this one's result.

        One call, in one transaction, gives each of its items a result or the exception to raise for it; LostRace
        to be asked again. Otherwise as `write`.
        """
        with ErrorTranslation():
            for pause in TRIES:
                try:
                    return cast("Result", self._queue.submit(work, item, BUSY_SECONDS))
                except FAILURES as error:
                    wait_or_raise(error, pause)
        raise AssertionError("the last try returns or raises")

    def _commit_batch(self, batch: list[QueuedWrite]) -> None:
        groups = group_by_work(batch)
        if len(groups) > 1 and self.is_sqlite:
            try:
                self._commit_together(groups)
            except TransactionLostError:
                groups = [[write] for write in batch]
            else:
                return
        for group in groups:
            try:
                self._commit_group(group)
            except Exception as error:  # noqa: BLE001 (raised to the callers whose writes these are)
                isolate_failure(self._commit_group, group, error)

    def _commit_group(self, group: list[QueuedWrite]) -> None:
        with self._committing(group[0].patience) as session:
            deliver(group, group[0].work(session, [write.item for write in group]))

    def _commit_together(self, groups: list[list[QueuedWrite]]) -> None:
        """Commit all in one transaction. Works seldom fail: only then are savepoints worth what they cost."""
        try:
            with self._committing(groups[0][0].patience) as session:
                for group in groups:
                    run_together(session, group)
        except WorkFailedError:
            self._commit_under_savepoints(groups)

    def _commit_under_savepoints(self, groups: list[list[QueuedWrite]]) -> None:
        """Commit all in one transaction; a group that fails takes back its own changes alone."""
        with self._committing(groups[0][0].patience) as session:
            run = partial(run_under_savepoint, session)
            for group in groups:
                try:
                    run(group)
                except TransactionLostError:
                    raise
                except Exception as error:  # noqa: BLE001 (raised to the callers whose writes these are)
                    isolate_failure(run, group, error)

    @contextmanager
    def _committing(self, patience: float) -> Iterator[Session]:
        """Open a transaction that commits when the block ends well. Raises QueueTimeout when patience ends."""
        if self.is_sqlite:
            with self._writers.transaction(patience) as session:
                yield session
                _commit(session)
            return
        deadline = time.monotonic() + patience
        with self._writer_slot(patience), self._writers.transaction() as session:
            if patience < BUSY_SECONDS:
                # Rows that others hold are waited for as well, and by default for ever.
                left = max(1, round(1000 * (deadline - time.monotonic())))
                session.execute(text(f"SET LOCAL lock_timeout = {left}"))
            yield session
            _commit(session)

    @contextmanager
    def _writer_slot(self, patience: float) -> Iterator[None]:
        """Take one of the few places for writers of this process on PostgreSQL. Raises QueueTimeout."""
        try:
            self._turns.get(timeout=patience)
        except Empty:
            raise QueueTimeout from None
        try:
            yield
        finally:
            self._turns.put(None)

    def mark(self) -> Hashable:
        """
        Return a value that differs from the last one if anybody, in whatever process, committed in between.

        It costs a fraction of what a transaction costs. None when the database can't be asked.
        """
        return (self._replica.mark() if self._replica else None) or self._mark_primary()

    def _mark_primary(self) -> Hashable:
        watch = self._watch
        try:
            if watch is None:
                watch = self._open_watch()
            return watch, watch.committed()
        except (DBAPIError, self._write_engine.dialect.loaded_dbapi.Error):
            self._watch = None
            return None

    def _open_watch(self) -> CommitWatch:
        """Open the one connection that watches for commits, whichever thread comes first."""
        with self._watching:
            if self._watch is None:
                self._watch = CommitWatch(self._write_engine)
            return self._watch

    def migrate(self, revision: str = "head") -> None:
        """Bring the schema to `revision`, up or down. A migration that fails leaves nothing of itself."""
        with ErrorTranslation(), self._write_engine.connect() as connection:
            schema.migrate(connection, revision)

    def pending(self) -> list[str]:
        """List the revisions the schema lacks, oldest first; all for an empty database. Raises NewerDatabase."""
        with self.reading() as session:
            return schema.list_pending(session.connection())

    def is_empty(self) -> bool:
        """Tell whether nobody has ever migrated this database."""
        with self.reading() as session:
            return schema.read_revision(session.connection()) is None

    def find_problem(self, patience: float) -> str | None:
        """
        Name why nothing could be stored now, by the cause's name, or return None.

        It writes and takes back what it wrote, so that a standby, a lock and a file that is gone are noticed.
        """
        if self.is_sqlite and not self._has_its_file():
            return "no_file"
        try:
            self.write(_write_in_vain, patience=patience)
        except _TakenBackError:
            return None
        except DatabaseBusy as error:
            return error.cause.name
        return None

    def _has_its_file(self) -> bool:
        """Tell whether SQLite's file is the one seen first: a process goes on writing to a deleted one."""
        try:
            inode = Path(make_url(self.url).database or "").stat().st_ino
        except OSError:
            return False
        self._inode = self._inode or inode
        return self._inode == inode

    def close(self) -> None:
        """Give every connection back."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        if self._replica is not None:
            self._replica.close()
        self._readers.close()
        self._writers.close()
        self._read_engine.dispose()
        self._write_engine.dispose()


class _TakenBackError(Exception):
    """Ends a transaction whose changes nobody wants."""


def _write_in_vain(session: Session) -> None:
    session.execute(text("UPDATE alembic_version SET version_num = version_num"))
    raise _TakenBackError


def insert(session: Session, table: Table | type[Base]) -> Any:
    """Make an INSERT in the session's dialect, with `on_conflict_do_nothing` and `on_conflict_do_update`."""
    dialect = session.get_bind().dialect.name
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def execute(session: Session, statement: Executable) -> int:
    """Run an INSERT, UPDATE or DELETE; returns how many rows it changed."""
    # An INSERT fetches the new key on its own account and would forget the count.
    counting = session.execute(statement, execution_options={"preserve_rowcount": True})
    changed = cast("CursorResult[Any]", counting).rowcount
    if changed < 0:
        raise TypeError("this statement does not say how many rows it changed")
    return changed


def run_last(session: Session, *calls: Call) -> list[list[Any]]:
    """Run the last statements of a work with its COMMIT in one trip to PostgreSQL; return the rows of each."""
    # A trip less for those who wait for the rows that the work has locked.
    return run_pipelined(session, *calls, ends=True)


def read_last(session: Session, statement: PreparedStatement, **values: Any) -> list[Any]:
    """Return the rows of a read's only statement: on PostgreSQL one trip, with the transaction's begin and end."""
    if session.get_bind().dialect.name == "sqlite":
        return statement.all(session, **values)
    [rows] = run_last(session, (statement, values))
    return rows


def _commit(session: Session) -> None:
    session.flush()
    driver, dialect = session.info["driver"]
    with DriverErrors(dialect, "COMMIT"):
        driver.commit()


def _run_for_one(work: Callable[[Session], Result], session: Session, _items: list[None]) -> list[Result]:
    """Make a work that takes no items one that a queue can run."""
    return [work(session)]
