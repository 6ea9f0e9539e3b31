"""Connections: how each kind of database is connected to."""

import importlib
import os
import select
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError

from app.database.statements import DriverErrors
from app.ownership import give_to_owner, make_folder

BUSY_SECONDS = 30
"""How long SQLite waits for a lock."""
CONNECT_SECONDS = 10
"""How long each of a database's addresses may take to let us in."""
ENCODING = "UTF8"
"""Of texts on their way to PostgreSQL and in it: no other holds them all. SQLite's has no choice."""
RELIED_ON = {
    "default_transaction_isolation": "read committed",
    "extra_float_digits": "1",
    "quote_all_identifiers": "off",
    "standard_conforming_strings": "on",
}
"""PostgreSQL's own defaults that statements and driver rely on: a server, a role or a database may have others."""
RELY = "SELECT " + ", ".join(f"set_config('{name}', '{value}', false)" for name, value in RELIED_ON.items())
READ_CACHE_KIB = 256
"""Of each reading connection: a commit elsewhere empties it anyway, and SQLite's own 2 MiB take hours to fill."""


def postgres(url: str) -> Engine:
    """
    Make the engine for PostgreSQL, for reads and writes.

    Statements are prepared unless `?prepare_threshold=none` says no, or something between us and the server hands
    each transaction to another of its connections, as pgbouncer does: what one prepared, the next does not know.
    """
    address = make_url(url)
    threshold = address.query.get("prepare_threshold")
    patience = {"connect_timeout": CONNECT_SECONDS}
    engine = create_engine(
        address.difference_update_query(["prepare_threshold"]),
        pool_size=16,
        max_overflow=16,
        pool_use_lifo=True,
        connect_args={"client_encoding": ENCODING, **({} if "connect_timeout" in address.query else patience)},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.autocommit = True
        connection.execute(RELY)
        connection.autocommit = False
        if threshold is not None:
            connection.prepare_threshold = _threshold(str(threshold))
        elif is_pooled(connection):
            connection.prepare_threshold = None

    @event.listens_for(engine, "checkout")
    def look(connection: Any, _record: object, _proxy: object) -> None:
        # An idle connection has nothing to read unless the server ended it: seen without a round trip to it.
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        if poll.poll(0):
            raise DisconnectionError

    return engine


def is_pooled(connection: Any) -> bool:
    """Tell whether a pooler answers for the server: it invents the process that it says we talk to."""
    pid = connection.execute("SELECT pg_backend_pid()").fetchone()[0]
    connection.rollback()
    return bool(pid != connection.info.backend_pid)


def _threshold(given: str) -> int | None:
    """Read `prepare_threshold`; 0, none and off never prepare. Raises ValueError."""
    return None if given.lower() in {"", "0", "none", "off"} else int(given)


def sqlite(url: str, begin: str, *also: str) -> Engine:
    """Make an engine for SQLite whose transactions start with `begin`; `also` are pragmas of each connection."""
    engine = create_engine(
        url,
        module=_sqlite_module(),
        connect_args={
            # The pool gives a connection to one thread at a time; the driver would insist on the one that opened
            # it.
            "check_same_thread": False,
            "timeout": BUSY_SECONDS,
            # The driver keeps the most used ones and forgets each newcomer once it is full: never let it be.
            "cached_statements": 512,
        },
        pool_size=32,
        max_overflow=32,
        pool_use_lifo=True,  # the warm ones again: what each learns of statements and pages, few learn
    )

    @event.listens_for(engine, "do_connect")
    def make_file(_dialect: object, _record: object, arguments: Any, more: dict[str, Any]) -> None:
        # Not before somebody connects: what only looks at an installation must not make one.
        path = Path(arguments[0])
        make_folder(path.parent)
        if not path.exists():
            with suppress(OSError):  # what is wrong, SQLite tells
                path.touch()
                give_to_owner(path)
        elif _is_at_rest(path):
            arguments[0], more["uri"] = f"{path.absolute().as_uri()}?immutable=1", True

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN off: ours says IMMEDIATE where it must
        # WAL lets readers go on beside the writer, and FULL brings a commit through a power cut. Foreign keys are
        # off in SQLite unless each connection asks for them.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", *also):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Any) -> None:
        patience = connection.get_execution_options().get("patience", BUSY_SECONDS)
        with DriverErrors(connection.dialect, begin):
            begin_sqlite(connection.connection.dbapi_connection, connection.info, begin, patience)

    return engine


def _is_at_rest(path: Path) -> bool:
    """
    Tell whether a file of SQLite can't change, as in a snapshot of a volume.

    SQLite opens none there unless it is told so, since it can't make the log that it reads beside every file.
    """
    has_log = path.with_name(f"{path.name}-wal").exists()
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY) and not has_log


def begin_sqlite(driver: Any, facts: dict[Any, Any], statement: str, patience: float) -> None:
    """
    Begin a transaction by the driver itself: SQLAlchemy takes longer to pass this on than SQLite to execute it.

    `facts` is what is remembered of the connection, its timeout among it, which others set too.
    """
    if facts.get("patience", BUSY_SECONDS) != patience:
        driver.execute(f"PRAGMA busy_timeout = {round(1000 * patience)}")
        facts["patience"] = patience
    driver.execute(statement)


def _sqlite_module() -> Any:
    """Import pysqlite3 where there is a wheel: SQLite before 3.51.3 can corrupt a WAL file on reset."""
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return importlib.import_module("sqlite3")
