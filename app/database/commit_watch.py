"""The commit watch: tells whether anything was committed, for a fraction of what a transaction costs."""

import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine

SNAPSHOT = "SELECT pg_current_snapshot()::text"


class CommitWatch:
    """
    A connection outside any transaction, shared by the threads of a process.

    Those who ask while a question is under way share the next one: its answer is newer than all of their asking.
    """

    def __init__(self, engine: Engine, statement: str = SNAPSHOT) -> None:
        # Engines begin a transaction with the first statement; SQLite would then never see another's commit.
        self._lock = threading.Lock()
        self._asked = 0
        self._told: Any = None
        if engine.dialect.name == "sqlite":
            raw = engine.raw_connection()
            self.close = raw.close
            self._ask: Callable[[], Any] = lambda: raw.cursor().execute("PRAGMA data_version").fetchone()
        else:
            connection = engine.execution_options(isolation_level="AUTOCOMMIT").connect()
            self.close = connection.close
            driver: Any = connection.connection.dbapi_connection
            # Prepared at once, not after some calls as the driver would: this connection runs nothing else.
            self._ask = lambda: driver.execute(statement, prepare=True).fetchone()

    def committed(self) -> Any:
        """
        Return SQLite's counter of others' commits, or the row that `statement` gives: of itself PostgreSQL's
        snapshot, which lists open transactions.
        """
        asked = self._asked
        with self._lock:
            if self._asked == asked:
                self._asked += 1
                self._told = object()  # equal to no other, should the question fail
                self._told = self._ask()
            return self._told
