"""The read replica: a standby of the primary that pages are read from while it is known to be new enough."""

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from math import inf
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.database import engines
from app.database.causes import explain
from app.database.commit_watch import CommitWatch
from app.settings import with_driver

ASK_SECONDS = 0.5
"""Between two questions to the primary how far its log has come."""
REST_SECONDS = 5.0
"""How long a standby that failed is not asked again."""
REPLAYED = "SELECT CASE WHEN pg_is_in_recovery() THEN (pg_last_wal_replay_lsn() - '0/0')::bigint END"
WRITTEN = text("SELECT (pg_current_wal_lsn() - '0/0')::bigint")
IDENTITY = text("SELECT system_identifier, current_database() FROM pg_control_system()")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReplicaMark:
    """Count the bytes of the primary's log that a standby had replayed: what is read from it later is no older."""

    replayed: int


class UnfitReplica(Exception):
    """The server is no standby, is one of another database, or is too far behind."""


class Replica:
    """
    A standby, and since when it lacks nothing.

    Now and then the primary is asked how far its log has come. Once the standby has replayed as much, it holds
    all that was committed before that question. While the question is older than `staleness` seconds, or the
    standby is away, there is no mark, and whoever wanted one reads from the primary.
    """

    def __init__(self, url: str, primary: Engine, staleness: float) -> None:
        self.engine = engines.postgres(with_driver(url)).execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._primary = primary.execution_options(isolation_level="AUTOCOMMIT")
        self._staleness = staleness
        self._written: deque[tuple[float, int]] = deque(maxlen=64)
        """Moments, and how far the primary's log had come then: those that the standby has not reached."""
        self._complete_at = -inf
        """The newest moment all of whose commits the standby has."""
        self._asked_at = self._rests_until = -inf
        self._asking, self._opening = threading.Lock(), threading.Lock()
        self._watch: CommitWatch | None = None
        self._told: str | None = None

    def mark(self) -> ReplicaMark | None:
        """Return how far the standby has come; None where it is away or older than promised."""
        if time.monotonic() < self._rests_until:
            return None
        self._ask_primary()
        try:
            (replayed,) = self._open_watch().committed()
        except (DBAPIError, PoolTimeout, UnfitReplica, self.engine.dialect.loaded_dbapi.Error) as error:
            self.rest(error)
            return None
        if replayed is None:
            self.rest(UnfitReplica("it is no standby"))
            return None
        self._note_progress(replayed)
        is_fresh = time.monotonic() - self._complete_at <= self._staleness
        self._tell("" if is_fresh else f"it is more than {self._staleness:g} seconds behind")
        return ReplicaMark(replayed) if is_fresh else None

    def rest(self, error: Exception) -> None:
        """Leave a standby alone that failed, for some seconds, and all connections to it."""
        self._rests_until = time.monotonic() + REST_SECONDS
        cause = explain(error)
        self._tell(cause.happened if cause else str(error).partition("\n")[0])
        with self._opening:
            self._watch = None
        self.engine.dispose()

    def close(self) -> None:
        """Give every connection back."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        self.engine.dispose()

    def _ask_primary(self) -> None:
        """Ask the primary how far its log has come, one thread at a time; one that is away is not asked."""
        if time.monotonic() - self._asked_at < ASK_SECONDS or not self._asking.acquire(blocking=False):
            return
        try:
            self._asked_at = moment = time.monotonic()
            with self._primary.connect() as connection:
                self._written.append((moment, connection.scalar(WRITTEN) or 0))
        except (DBAPIError, PoolTimeout):
            return
        finally:
            self._asking.release()

    def _note_progress(self, replayed: int) -> None:
        """Note the newest moment whose log the standby has replayed by now."""
        for moment, written in tuple(self._written):
            if written <= replayed:
                self._complete_at = max(self._complete_at, moment)

    def _open_watch(self) -> CommitWatch:
        """Open the one connection that asks the standby, after a look whether it is one of our primary."""
        with self._opening:
            if self._watch is None:
                self._check_identity()
                self._watch = CommitWatch(self.engine, REPLAYED)
            return self._watch

    def _check_identity(self) -> None:
        with self._primary.connect() as ours, self.engine.connect() as theirs:
            check_same_database(ours, theirs)

    def _tell(self, problem: str) -> None:
        """Log when the standby ceases to be read from, and when it is again."""
        if problem == self._told:
            return
        if problem:
            _log.warning("read replica: pages come from the primary: %s", problem)
        elif self._told is not None:
            _log.warning("read replica: pages come from it again")
        self._told = problem


def check_same_database(ours: Connection, theirs: Connection) -> None:
    """Check that two connections reach one database, on a server and its standby. Raises UnfitReplica."""
    asked: list[Any] = [connection.execute(IDENTITY).one() for connection in (ours, theirs)]
    if asked[0] != asked[1]:
        raise UnfitReplica("it is of another database")


def measure_lag(url: str, ours: Connection, patience: float) -> float:
    """
    Return the seconds within which a standby has all that the primary holds now.

    Raises UnfitReplica, as after `patience` seconds, and DBAPIError where the standby can't be asked.
    """
    engine = engines.postgres(with_driver(url)).execution_options(isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as theirs:
            check_same_database(ours, theirs)
            return _time_replay(theirs, ours.scalar(WRITTEN) or 0, patience)
    finally:
        engine.dispose()


def _time_replay(standby: Connection, written: int, patience: float) -> float:
    """Return the seconds until the standby has replayed what was written, up to this position of the log."""
    began = time.monotonic()
    while (replayed := standby.scalar(text(REPLAYED))) is not None:
        if replayed >= written:
            return time.monotonic() - began
        if time.monotonic() - began > patience:
            raise UnfitReplica(f"it is more than {patience:g} seconds behind")
        time.sleep(0.02)
    raise UnfitReplica("it is no standby")
