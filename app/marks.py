"""Whether anything was committed since one last asked, for a fiftieth of what a transaction costs."""

from collections.abc import Callable, Hashable
from typing import Any

from sqlalchemy import Engine


class Watch:
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
