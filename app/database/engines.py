"""Connections: how each kind of database is connected to."""

import importlib
import select
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError

BUSY_SECONDS = 30
"""How long SQLite waits for a lock."""
READ_CACHE_KIB = 256
"""Of each reading connection: a commit elsewhere empties it anyway, and SQLite's own 2 MiB take hours to fill."""


def with_driver(url: str) -> str:
    """Add the driver we install to a URL."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def postgres(url: str) -> Engine:
    """Make the engine for PostgreSQL, for reads and writes."""
    engine = create_engine(url, pool_size=16, max_overflow=16, pool_use_lifo=True)

    @event.listens_for(engine, "checkout")
    def look(connection: Any, _record: object, _proxy: object) -> None:
        # An idle connection has nothing to read unless the server ended it: seen without a round trip to it.
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        if poll.poll(0):
            raise DisconnectionError

    return engine


def sqlite(url: str, begin: str, *also: str) -> Engine:
    """Make an engine for SQLite whose transactions start with `begin`; `also` are pragmas of each connection."""
    engine = create_engine(
        url,
        module=_sqlite_module(),
        connect_args={
            "check_same_thread": False,
            "timeout": BUSY_SECONDS,
            # The driver keeps the most used ones and forgets each newcomer once it is full: never let it be.
            "cached_statements": 512,
        },
        pool_size=32,
        max_overflow=32,
        pool_use_lifo=True,  # the warm ones again: what each learns of statements and pages, few learn
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN off: ours says IMMEDIATE where it must
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", *also):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Any) -> None:
        patience = connection.get_execution_options().get("patience", BUSY_SECONDS)
        connection.connection.dbapi_connection.execute(f"PRAGMA busy_timeout = {round(1000 * patience)}")
        connection.exec_driver_sql(begin)

    return engine


def _sqlite_module() -> Any:
    """Import pysqlite3 where there is a wheel: SQLite before 3.51.3 can corrupt a WAL file on reset."""
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return importlib.import_module("sqlite3")
