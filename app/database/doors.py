"""The two doors to the database: `reading()` for reads and `write(work)`, the only place that commits."""

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any, Generic, TypeVar, cast
from weakref import WeakSet

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    BigInteger,
    Connection,
    CursorResult,
    Executable,
    MetaData,
    Table,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from app import metrics
from app.database import engines
from app.database.commit_watch import Watch
from app.database.engines import BUSY_SECONDS
from app.database.group_commit import Job, NoTurn, Overtaken, Turns, do, grouped

Asked = TypeVar("Asked")
Result = TypeVar("Result")

ROOT = Path(__file__).resolve().parents[2]
RETRIES = 3
WRITERS = 4
"""Of one process on PostgreSQL at a time: more only wait for each other's rows and for the interpreter."""
BUSY = "The database is busy or unreachable. Try again: if you sent something, it may not have been stored."
SERIALIZATION_FAILURES = {"40001", "40P01"}


class DatabaseBusy(Exception):
    """The database did not let us in, or went away; if while it committed, nobody knows whether it did."""

    code = "database_busy"


class NewerDatabase(Exception):
    """A later version migrated it."""

    code = "newer_database"


class Base(DeclarativeBase):
    """Every table; constraint names follow one convention so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Moment(TypeDecorator[datetime]):
    """An instant in UTC, stored as integer milliseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Refuse a naive datetime: its meaning would depend on the machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return milliseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Milliseconds back to UTC."""
        return None if value is None else moment_of(value)


class Database:
    """One database, SQLite or PostgreSQL, by its SQLAlchemy URL."""

    def __init__(self, url: str) -> None:
        self.url = engines.with_driver(url)
        self.is_sqlite = self.url.startswith("sqlite")
        if self.is_sqlite:
            path = make_url(self.url).database
            if not path or path == ":memory:":
                raise ValueError("SQLite needs a file: two connections share it")
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._read_engine = engines.sqlite(self.url, "BEGIN", f"cache_size=-{engines.READ_CACHE_KIB}")
            self._write_engine = engines.sqlite(self.url, "BEGIN IMMEDIATE")
            self._turns = Turns(Path(f"{path}.lock"), self._commit_batch)
        else:
            self._write_engine = engines.postgres(self.url)
            self._free = SimpleQueue[None]()  # a semaphore takes its waiters through Python
            for _ in range(WRITERS):
                self._free.put(None)
            self._read_engine = self._write_engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        self._watching = threading.Lock()
        self._watched = self._unwatched()
        self._watches: WeakSet[Watch] = WeakSet()
        self._memory: dict[Hashable, Any] = {}

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """
        One snapshot of the database. Nothing done here is kept.

        `session.info["memory"]` is this database's: for what follows from a version that was read beside it.
        """
        with _translated(), Session(self._read_engine, autoflush=False, info={"memory": self._memory}) as session:
            yield session

    def write(self, work: Callable[[Session], Result], *, patience: float | None = None) -> Result:
        """
        Run `work` in one transaction and return its result after the commit.

        `work` touches nothing but its session, may be run again after a lost race (Overtaken says so), and returns
        frozen values, never rows. Raises DatabaseBusy when the database can't be had; any exception of `work`
        rolls back. On SQLite works that come at the same time share a commit: a sync costs the same for many.
        `patience` is how many seconds to wait for a turn there.
        """
        with _translated():
            if self.is_sqlite:
                job = Job(work, BUSY_SECONDS if patience is None else patience)
                return cast("Result", self._turns.run(job))
            return self._attempt(work)

    def shared(self, work: Callable[[Session, list[Asked]], list[Result | Exception]]) -> "Shared[Asked, Result]":
        """
        A `write` for what many ask at the same time: one call of `work` does it, in one transaction.

        `work` gives each a result or the exception to raise; Overtaken to be asked again.
        """
        return Shared(work, self._turns if self.is_sqlite else Turns(None, self._attempt_batch))

    def _attempt(self, work: Callable[[Session], Result]) -> Result:
        for attempt in range(RETRIES):
            self._free.get()
            try:
                return self._commit(work)
            except (DBAPIError, Overtaken) as error:
                if not _lost_race(error) or attempt == RETRIES - 1:
                    raise
            finally:
                self._free.put(None)
            time.sleep(0.01 * 2**attempt)
        raise AssertionError("unreachable")

    def _attempt_batch(self, jobs: list[Job]) -> None:
        _by_themselves_if_it_fails(jobs, lambda group: self._attempt(partial(do, group)))

    def _commit_batch(self, jobs: list[Job]) -> None:
        groups = grouped(jobs)
        try:
            if len(groups) > 1:
                self._commit_together(groups)
                return
        except _TransactionLostError:
            groups = [[job] for job in jobs]
        for group in groups:
            _by_themselves_if_it_fails(group, lambda group: self._commit(partial(do, group), group[0].patience))

    def _commit(self, work: Callable[[Session], Result], patience: float | None = None) -> Result:
        engine = (
            self._write_engine if patience is None else self._write_engine.execution_options(patience=patience)
        )
        with Session(engine, expire_on_commit=False) as session:
            result = work(session)
            session.commit()
            return result

    def _commit_together(self, groups: list[list[Job]]) -> None:
        """Each under a savepoint of its own: one that fails takes back its own changes alone."""
        with self._write_engine.begin() as connection:
            for group in groups:
                _by_themselves_if_it_fails(group, partial(self._do_under_savepoint, connection))

    def _do_under_savepoint(self, connection: Connection, group: list[Job]) -> None:
        driver: Any = connection.connection.dbapi_connection
        driver.execute("SAVEPOINT work")
        try:
            with Session(connection, join_transaction_mode="rollback_only") as session:
                do(group, session)
                session.flush()
        except Exception as error:
            if not driver.in_transaction:
                raise _TransactionLostError from error
            driver.execute("ROLLBACK TO work")
            raise
        finally:
            if driver.in_transaction:
                driver.execute("RELEASE work")

    def mark(self) -> Hashable:
        """
        Differs from this thread's last one if anything was committed in between, by whomever.

        For a fraction of what a transaction costs. None when the database can't be asked.
        """
        watched = self._watched
        try:
            watch = getattr(watched, "watch", None) or self._watch(watched)
            return watch, watch.committed()
        except (DBAPIError, self._write_engine.dialect.loaded_dbapi.Error):
            watched.watch = None
            return None

    def _watch(self, watched: Any) -> Watch:
        """One connection, whoever comes first."""
        with self._watching:
            watch: Watch | None = getattr(watched, "watch", None)
            if watch is None:
                watch = watched.watch = Watch(self._write_engine)
                self._watches.add(watch)
            return watch

    def _unwatched(self) -> Any:
        """Each thread asks SQLite by itself, in microseconds; PostgreSQL is a trip away, which all share."""
        return threading.local() if self.is_sqlite else SimpleNamespace()

    def migrate(self, revision: str = "head") -> None:
        """Bring the schema to `revision`, up or down. A migration that fails leaves nothing of itself."""
        with self._write_engine.connect() as connection:
            config = _alembic()
            config.attributes["connection"] = connection
            current = MigrationContext.configure(connection).get_current_revision()
            connection.rollback()
            down = revision == "base" or (current is not None and revision != "head" and revision < current)
            (command.downgrade if down else command.upgrade)(config, revision)

    def pending(self) -> list[str]:
        """Revisions the schema still lacks, oldest first; all for an empty database. Raises NewerDatabase."""
        with self._read_engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
        revisions = [script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()][::-1]
        if current is not None and current not in revisions:
            raise NewerDatabase(f"The database is of revision {current}, which this version does not know.")
        return revisions[revisions.index(current) + 1 :] if current else revisions

    def is_empty(self) -> bool:
        """Whether nobody has ever migrated this database."""
        with self._read_engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() is None

    def close(self) -> None:
        """Give every connection back."""
        for watch in tuple(self._watches):
            watch.close()
        self._watched = self._unwatched()
        self._read_engine.dispose()
        self._write_engine.dispose()


@dataclass(frozen=True)
class Shared(Generic[Asked, Result]):
    """What `Database.shared` gives: call it with what is asked."""

    work: Callable[[Session, list[Asked]], list[Result | Exception]]
    turns: Turns

    def __call__(self, asked: Asked) -> Result:
        """The result for it, after the commit, or its exception. Raises DatabaseBusy, as `Database.write` does."""
        with _translated():
            for _ in range(RETRIES):
                with suppress(Overtaken):
                    return cast("Result", self.turns.run(Job(self.work, BUSY_SECONDS, asked, shares=True)))
            raise Overtaken


def milliseconds(moment: datetime) -> int:
    """A moment as the database holds it."""
    return round(moment.timestamp() * 1000)


def moment_of(stored: int) -> datetime:
    """What the database holds as a moment in UTC."""
    return datetime.fromtimestamp(stored / 1000, UTC)


class _TransactionLostError(Exception):
    """A full disk or a failed flush ended the transaction of all; works can be run again, each alone."""


def insert(session: Session, table: Table | type[Base]) -> Any:
    """An INSERT of the session's own dialect, with `on_conflict_do_nothing` and `on_conflict_do_update`."""
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


def _by_themselves_if_it_fails(group: list[Job], settle: Callable[[list[Job]], None]) -> None:
    """What breaks the work of many is the trouble of the one who asked for it."""
    try:
        settle(group)
    except _TransactionLostError:
        raise
    except Exception as error:  # noqa: BLE001 (raised to the callers whose work it was)
        if len(group) == 1 or isinstance(error, OperationalError):
            for job in group:
                job.error = error
            return
        for job in group:
            _by_themselves_if_it_fails([job], settle)


@contextmanager
def _translated() -> Iterator[None]:
    """A database that is locked, full or away is one named condition to callers."""
    try:
        yield
    except (OperationalError, NoTurn, Overtaken) as error:
        metrics.count("database_busy_total")
        raise DatabaseBusy(BUSY) from error


def _lost_race(error: DBAPIError | Overtaken) -> bool:
    return isinstance(error, Overtaken) or getattr(error.orig, "sqlstate", None) in SERIALIZATION_FAILURES


def _alembic() -> Config:
    config = Config(toml_file=str(ROOT / "pyproject.toml"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config
