"""Sessions that stay connected, so that a transaction costs what the driver takes for it."""

import select
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from app.database.engines import BUSY_SECONDS, begin_sqlite
from app.database.statements import DriverErrors, forget_objects
from app.errors import Refusal

MOST_IDLE = 8
"""Sessions that wait for their next transaction; the connections of those beyond go back for others to use."""


@dataclass(frozen=True)
class ConnectedSession:
    """Hold a session, and its connection as the driver has it."""

    session: Session
    driver: Any
    dialect: Dialect
    facts: dict[Any, Any]
    """What engines remember of the connection."""
    only_reads: bool = False
    """Whether PostgreSQL refuses all writes on it, so that its transactions may end either way."""

    def begin(self, statement: str, patience: float) -> None:
        """Begin a transaction on SQLite; PostgreSQL's driver does so by itself. Raises what SQLAlchemy would."""
        with DriverErrors(self.dialect, statement):
            begin_sqlite(self.driver, self.facts, statement, patience)

    def is_alive(self) -> bool:
        """Tell whether the server holds the connection: an idle one has nothing to read unless it was ended."""
        if self.driver.closed:
            return False
        poll = select.poll()
        poll.register(self.driver.fileno(), select.POLLIN)
        return not poll.poll(0)

    def end(self) -> None:
        """Roll back what was not committed, and forget what was read."""
        if self.dialect.name == "sqlite" and not self.driver.in_transaction:
            forget_objects(self.session)
            return
        # psycopg forgets its prepared statements, and has the server drop them, with every rollback.
        end = self.driver.commit if self.only_reads else self.driver.rollback
        with DriverErrors(self.dialect, "the end of a transaction"):
            end()
        forget_objects(self.session)


class SessionPool:
    """
    Keep sessions of one engine, each on a connection of its own.

    SQLAlchemy takes longer to check a connection out, begin, end and check it in than most statements of a vote
    take. To it, each session here is in one transaction that never ends; the driver begins and ends the true ones.
    """

    def __init__(self, engine: Engine, begin: str = "", *, only_reads: bool = False, **options: Any) -> None:
        self._engine = engine
        self._begin = begin
        self._only_reads = only_reads
        self._options = options
        self._idle: deque[ConnectedSession] = deque()

    @contextmanager
    def transaction(
        self, patience: float = BUSY_SECONDS, *, is_single: bool = False, **info: Any
    ) -> Iterator[Session]:
        """
        Open a transaction, which is rolled back unless the block commits it on the driver's connection.

        `info` is the session's own. On SQLite others are waited for `patience` seconds, and where the block
        `is_single`, one prepared statement, nothing is begun: the statement is a transaction by itself.
        """
        connected = (self._begin and is_single and self._pop_idle()) or self._take(patience)
        connected.session.info.clear()
        connected.session.info.update(info, driver=(connected.driver, connected.dialect))
        try:
            yield connected.session
        except Refusal:  # of a room, and no failure of the database
            self._give_back(connected)
            raise
        except BaseException:
            connected.session.close()
            raise
        self._give_back(connected)

    def close(self) -> None:
        """Close the sessions that are idle."""
        while self._idle:
            self._idle.pop().session.close()

    def _take(self, patience: float) -> ConnectedSession:
        """Return a session with a transaction begun: the one that was used last, else a new one."""
        while connected := self._pop_idle():
            if self._is_ready(connected, patience):
                return connected
        return self._connect(patience)

    def _pop_idle(self) -> ConnectedSession | None:
        """Take the idle session that was used last; None where there is none."""
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _is_ready(self, connected: ConnectedSession, patience: float) -> bool:
        """Begin a transaction; tell whether the connection still stands."""
        if not self._begin:
            alive = connected.is_alive()
            if not alive:
                connected.session.invalidate()
            return alive
        try:
            connected.begin(self._begin, patience)
        except BaseException:
            connected.session.close()
            raise
        return True

    def _connect(self, patience: float) -> ConnectedSession:
        session = Session(self._engine, **self._options)
        try:
            connection = session.connection(execution_options={"patience": patience})
        except BaseException:
            session.close()
            raise
        driver = connection.connection.dbapi_connection
        return ConnectedSession(session, driver, connection.dialect, connection.info, self._only_reads)

    def _give_back(self, connected: ConnectedSession) -> None:
        try:
            connected.end()
        except BaseException:
            connected.session.close()
            raise
        if len(self._idle) < MOST_IDLE and connected.session.is_active:  # a failed flush leaves it of no use
            self._idle.append(connected)
        else:
            connected.session.close()
