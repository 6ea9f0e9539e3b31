"""The two doors to the database: `reading()` for reads and `write(work)`, the only place that commits."""

import fcntl
import importlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast
from weakref import WeakSet

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    BigInteger,
    CursorResult,
    Engine,
    Executable,
    MetaData,
    Table,
    create_engine,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from app import metrics

Result = TypeVar("Result")

ROOT = Path(__file__).resolve().parent.parent
BUSY_SECONDS = 30
RETRIES = 3
BUSY = "The database is busy or unreachable; nothing was stored. Try again."
LOCK_POLL_SECONDS = 0.0005
MOST_AT_ONCE = 64
"""Works in one commit: enough to share a sync, few enough for the first not to wait for the last."""
SERIALIZATION_FAILURES = {"40001", "40P01"}


class DatabaseBusy(Exception):
    """The database did not let us in or went away; nothing was stored, so the same call may be made again."""

    code = "database_busy"


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
        self.url = _with_driver(url)
        self.is_sqlite = self.url.startswith("sqlite")
        if self.is_sqlite:
            path = make_url(self.url).database
            if not path or path == ":memory:":
                raise ValueError("SQLite needs a file: two connections share it")
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._read_engine = _sqlite_engine(self.url, begin="BEGIN")
            self._write_engine = _sqlite_engine(self.url, begin="BEGIN IMMEDIATE")
            self._group = _GroupCommit(self._write_engine, Path(f"{path}.lock"))
        else:
            self._write_engine = create_engine(self.url, pool_pre_ping=True, pool_size=16, max_overflow=16)
            self._read_engine = self._write_engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        self._thread = threading.local()
        self._watches: WeakSet[_Watch] = WeakSet()
        self._memory: dict[Hashable, Any] = {}

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """
        One snapshot of the database. Nothing done here is kept.

        `session.info["memory"]` is this database's: for what follows from a version that was read beside it.
        """
        with _translated(), Session(self._read_engine, autoflush=False, info={"memory": self._memory}) as session:
            yield session

    def write(self, work: Callable[[Session], Result]) -> Result:
        """
        Run `work` in one transaction and return its result after the commit.

        `work` touches nothing but its session, may be run again after a lost race, and returns frozen values,
        never rows. Raises DatabaseBusy when the database can't be had; any exception of `work` rolls back.
        On SQLite works that come at the same time share a commit: a sync costs the same for one as for many.
        """
        with _translated():
            if self.is_sqlite:
                return self._group.run(work)
            for attempt in range(RETRIES):
                try:
                    return self._commit(work)
                except DBAPIError as error:
                    lost_race = getattr(error.orig, "sqlstate", None) in SERIALIZATION_FAILURES
                    if not lost_race or attempt == RETRIES - 1:
                        raise
                    time.sleep(0.01 * 2**attempt)
            raise AssertionError("unreachable")

    def _commit(self, work: Callable[[Session], Result]) -> Result:
        with Session(self._write_engine, expire_on_commit=False) as session:
            result = work(session)
            session.commit()
            return result

    def mark(self) -> Hashable:
        """
        Differs from this thread's last one if anything was committed in between, by whomever.

        For a fiftieth of what a transaction costs. None when the database can't be asked.
        """
        watch: _Watch | None = getattr(self._thread, "watch", None)
        try:
            if watch is None:
                watch = self._thread.watch = _Watch(self._write_engine)
                self._watches.add(watch)
            return watch, watch.committed()
        except (DBAPIError, self._write_engine.dialect.loaded_dbapi.Error):
            self._thread.watch = None
            return None

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
        """Revisions the schema still lacks, oldest first; all of them for an empty database."""
        with self._read_engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
        revisions = [script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()][::-1]
        return revisions[revisions.index(current) + 1 :] if current else revisions

    def is_empty(self) -> bool:
        """Whether nobody has ever migrated this database."""
        with self._read_engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() is None

    def close(self) -> None:
        """Give every connection back."""
        for watch in tuple(self._watches):
            watch.close()
        self._thread = threading.local()
        self._read_engine.dispose()
        self._write_engine.dispose()


class _Watch:
    """A connection that one thread keeps, outside any transaction."""

    def __init__(self, engine: Engine) -> None:
        # Engines begin a transaction with the first statement; SQLite would then never see another's commit.
        if engine.dialect.name == "sqlite":
            raw = engine.raw_connection()
            self.close = raw.close
            self._ask: Callable[[], Any] = lambda: raw.cursor().execute("PRAGMA data_version").fetchone()
        else:
            connection = engine.execution_options(isolation_level="AUTOCOMMIT").connect()
            self.close = connection.close
            self._ask = lambda: tuple(connection.exec_driver_sql("SELECT pg_current_snapshot()::text").one())

    def committed(self) -> Hashable:
        """SQLite's counter of others' commits; PostgreSQL's snapshot, which names every open transaction."""
        found: Hashable = self._ask()
        return found


def milliseconds(moment: datetime) -> int:
    """A moment as the database holds it."""
    return round(moment.timestamp() * 1000)


def moment_of(stored: int) -> datetime:
    """What the database holds as a moment in UTC."""
    return datetime.fromtimestamp(stored / 1000, UTC)


@dataclass(eq=False)
class _Job:
    """A work on its way through a shared commit; `woken` when it is done, or when it is its turn to lead."""

    work: Callable[[Session], Any]
    woken: threading.Event = field(default_factory=threading.Event)
    is_done: bool = False
    result: Any = None
    error: BaseException | None = None


class _GroupCommit:
    """
    SQLite's writer: the first caller commits for those who came meanwhile, then hands over to the next in line.

    SQLite's own wait for its lock is unfair, writers starve for seconds: inside a process they queue up here,
    and processes queue up at the file lock.
    """

    def __init__(self, engine: Engine, lock: Path) -> None:
        self._engine = engine
        self._lock_path = lock
        self._mutex = threading.Lock()
        self._waiting: deque[_Job] = deque()
        self._is_led = False

    def run(self, work: Callable[[Session], Result]) -> Result:
        """The work's result after its commit, or its own exception; the commit's for all who shared it."""
        job = _Job(work)
        with self._mutex:
            self._waiting.append(job)
            follows, self._is_led = self._is_led, True
        if follows:
            job.woken.wait()
        if not job.is_done:
            self._lead()
        if job.error is not None:
            raise job.error
        return cast("Result", job.result)

    def _lead(self) -> None:
        with self._mutex:
            batch = [self._waiting.popleft() for _ in range(min(MOST_AT_ONCE, len(self._waiting)))]
            waiting = len(self._waiting)
        began = time.perf_counter()
        try:
            self._commit(batch)
        except BaseException as error:  # noqa: BLE001 (whatever ended the transaction ended it for everybody)
            for job in batch:
                job.result, job.error = None, error
        finally:
            for job in batch:
                job.is_done = True
                job.woken.set()
            with self._mutex:
                heir = self._waiting[0] if self._waiting else None
                self._is_led = heir is not None
            if heir is not None:
                heir.woken.set()
        metrics.told_batch(size=len(batch), waiting=waiting, seconds=time.perf_counter() - began)

    def _commit(self, batch: list[_Job]) -> None:
        with _locked(self._lock_path):
            try:
                if len(batch) > 1:
                    self._together(batch)
                    return
            except _TransactionLostError:
                pass
            for job in batch:
                self._alone(job)

    def _alone(self, job: _Job) -> None:
        try:
            with Session(self._engine, expire_on_commit=False) as session:
                job.result = job.work(session)
                session.commit()
        except Exception as error:  # noqa: BLE001 (raised to the caller whose work it was)
            job.result, job.error = None, error

    def _together(self, batch: list[_Job]) -> None:
        """Each under a savepoint of its own: one that fails takes back its own changes alone."""
        with self._engine.begin() as connection:
            driver: Any = connection.connection.dbapi_connection
            for job in batch:
                driver.execute("SAVEPOINT work")
                try:
                    with Session(connection, join_transaction_mode="rollback_only") as session:
                        job.result = job.work(session)
                        session.flush()
                except Exception as error:
                    job.result, job.error = None, error
                    if not driver.in_transaction:
                        raise _TransactionLostError from error
                    driver.execute("ROLLBACK TO work")
                driver.execute("RELEASE work")


class _TransactionLostError(Exception):
    """A full disk or a failed flush ended the transaction of all; works can be run again, each alone."""


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Among processes; given back even by one that dies."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _wait_for(handle)
        yield
    finally:
        os.close(handle)


def _wait_for(handle: int) -> None:
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise DatabaseBusy(BUSY) from None
            time.sleep(LOCK_POLL_SECONDS)
        else:
            return


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


@contextmanager
def _translated() -> Iterator[None]:
    """A database that is locked, full or away is one named condition to callers."""
    try:
        yield
    except OperationalError as error:
        metrics.count("database_busy_total")
        raise DatabaseBusy(BUSY) from error


def _with_driver(url: str) -> str:
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _sqlite_engine(url: str, *, begin: str) -> Engine:
    engine = create_engine(
        url,
        module=_sqlite_module(),
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS},
        pool_size=32,
        max_overflow=32,
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN off: ours says IMMEDIATE where it must
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _sqlite_module() -> Any:
    """pysqlite3 where there is a wheel: SQLite before 3.51.3 can corrupt a WAL file on reset."""
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return importlib.import_module("sqlite3")


def _alembic() -> Config:
    config = Config(toml_file=str(ROOT / "pyproject.toml"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config
