"""Group commit: writes that come at the same time share a transaction, as a sync costs the same for many."""

import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import metrics
from app.database.statements import forget_objects
from app.ownership import give_to_owner

MOST_AT_ONCE = 64
"""Writes in one commit: enough to share a sync, few enough for the first not to wait for the last."""
LOCK_POLL_SECONDS = 0.0005
"""About half of what a commit takes: who asks more often only takes the processor from those who work."""


class LostRace(Exception):
    """Another transaction changed what a work had read; run again, it will see that."""


class QueueTimeout(Exception):
    """The turn to write did not come within the caller's patience; nothing was done."""


Work = Callable[[Any, list[Any]], Sequence[Any]]
"""What does all writes of a batch at once, given the session and their items."""


def _locked() -> Any:
    """Make a lock that is held: it wakes one thread in a fraction of what an event takes."""
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(eq=False, slots=True)
class QueuedWrite:
    """
    One caller's write on its way into a commit.

    One call of `work(session, items)` does all writes of a batch that have the same work, and gives a result, or
    an exception to raise, for each item.
    """

    work: Work
    item: Any
    patience: float
    """Seconds to wait for a turn."""
    asleep: Any = field(default_factory=_locked)
    """A lock that is given back when the write is done, or when its caller is to lead."""
    is_taken: bool = False
    is_done: bool = False
    behind: "QueuedWrite | None" = None
    """The write of the same commit whose caller this one's wakes."""
    result: Any = None
    error: BaseException | None = None


def group_by_work(batch: list[QueuedWrite]) -> list[list[QueuedWrite]]:
    """Put writes of the same work together, in the order in which they came."""
    groups: dict[object, list[QueuedWrite]] = {}
    for write in batch:
        groups.setdefault(write.work, []).append(write)
    return list(groups.values())


def deliver(group: list[QueuedWrite], results: Sequence[Any]) -> None:
    """Give each write its result, or the exception that stands in the place of one."""
    for write, result in zip(group, results, strict=True):
        failed = isinstance(result, Exception)
        write.result, write.error = (None, result) if failed else (result, None)


class CommitQueue:
    """
    Threads queue up here; the first one leads: it commits its own write and those behind it, then hands over.

    SQLite's own wait for its lock is unfair, and writers starve for seconds. So threads wait here, and processes
    at the file `lock`, if one is given. `commit(batch)` sets each write's result or error, or raises for all.
    """

    def __init__(self, lock: Path | None, commit: Callable[[list[QueuedWrite]], None]) -> None:
        self._lock = str(lock) if lock else ""
        self._commit = commit
        self._mutex = threading.Lock()
        self._waiting: deque[QueuedWrite] = deque()
        self._is_led = False

    @property
    def waiting(self) -> int:
        """Count the writes that are not committed yet, the leader's among them."""
        return len(self._waiting)

    def submit(self, work: Work, item: Any, patience: float) -> Any:
        """Return a write's result after its commit, or raise its exception; QueueTimeout when patience ends."""
        write = QueuedWrite(work, item, patience)
        with self._mutex:
            self._waiting.append(write)
            follows, self._is_led = self._is_led, True
        if follows and not write.asleep.acquire(timeout=write.patience):
            # If it is too late to leave, a leader has the write or this thread is to lead: `asleep` tells of both.
            self._withdraw(write)
            write.asleep.acquire()
        if not write.is_done:
            self._lead(write)
        if write.behind is not None:
            # One wakes the next: all at once, they would only wait again, for the interpreter.
            write.behind.asleep.release()
        if write.error is not None:
            raise write.error
        return write.result

    def _withdraw(self, write: QueuedWrite) -> None:
        """Leave the queue, unless a leader has taken the write or made its caller the leader in this moment."""
        with self._mutex:
            if not write.is_taken and write.asleep.locked():
                self._waiting.remove(write)
                raise QueueTimeout

    def _lead(self, write: QueuedWrite) -> None:
        started = time.perf_counter()
        batch = [write]
        try:
            with _file_lock(self._lock, write.patience) if self._lock else nullcontext():
                batch = self._take_batch(write)
                self._commit(batch)
        except BaseException as error:  # noqa: BLE001 (whatever ended the transaction ended it for everybody)
            for one in batch:
                one.result, one.error = None, error
        finally:
            self._hand_over(batch)
        metrics.observe_batch(size=len(batch), waiting=self.waiting, seconds=time.perf_counter() - started)

    def _take_batch(self, leader: QueuedWrite) -> list[QueuedWrite]:
        """Take the leader's write and the next in line, but none more patient: they must not give up with it."""
        with self._mutex:
            others = (write for write in self._waiting if write is not leader)
            patient_enough = (write for write in others if write.patience <= leader.patience)
            batch = [leader, *islice(patient_enough, MOST_AT_ONCE - 1)]
            for write in batch:
                write.is_taken = True
            return batch

    def _hand_over(self, batch: list[QueuedWrite]) -> None:
        with self._mutex:
            for write, behind in zip_longest(batch, batch[1:]):
                # Before anybody is woken: callers look at both as soon as they wake.
                write.is_done, write.behind = True, behind
                self._waiting.remove(write)
            self._is_led = bool(self._waiting)
            if self._waiting:
                # Woken without being done, the next in line knows that it leads.
                self._waiting[0].asleep.release()


@contextmanager
def _file_lock(path: str, patience: float) -> Iterator[None]:
    """
    Hold the lock among processes; the system gives it back even for one that dies. Raises QueueTimeout.

    Whoever waits for it holds the gate before it: a process that gives the lock back cannot take it again at once
    while another waits.
    """
    deadline = time.monotonic() + patience
    lock = _open_lock(path)
    try:
        gate = _open_lock(f"{path}.gate")
        try:
            _acquire(gate, deadline)
            _acquire(lock, deadline)
        finally:
            os.close(gate)
        yield
    finally:
        os.close(lock)


def _open_lock(path: str) -> int:
    # Closed on exec: a child process would keep the lock of a parent that died.
    flags = os.O_RDWR | os.O_CLOEXEC
    try:
        try:
            return os.open(path, flags)
        except FileNotFoundError:
            handle = os.open(path, flags | os.O_CREAT, 0o644)
        give_to_owner(Path(path))
    except OSError as error:
        raise QueueTimeout from error
    return handle


def _acquire(handle: int, deadline: float) -> None:
    # flock has no timeout of its own, and an alarm would interrupt whatever thread is running.
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise QueueTimeout from None
            time.sleep(LOCK_POLL_SECONDS)
        except OSError as error:
            raise QueueTimeout from error
        else:
            return


class TransactionLostError(Exception):
    """A full disk or a failed flush ended the transaction of all; works can be run again, each alone."""


class WorkFailedError(Exception):
    """One of several works failed, and what all of them did is taken back."""


def run_together(session: Session, group: list[QueuedWrite]) -> None:
    """Run a group of writes beside others, whose changes it takes back should it fail. Raises WorkFailedError."""
    try:
        deliver(group, group[0].work(session, [write.item for write in group]))
        session.flush()
    except Exception as error:
        raise WorkFailedError from error
    forget_objects(session)


def run_under_savepoint(session: Session, group: list[QueuedWrite]) -> None:
    """Run a group of writes so that its failure takes back its own changes alone. Raises TransactionLostError."""
    driver: Any = session.info["driver"][0]
    driver.execute("SAVEPOINT work")
    try:
        deliver(group, group[0].work(session, [write.item for write in group]))
        session.flush()
    except Exception as error:
        if not driver.in_transaction:
            raise TransactionLostError from error
        driver.execute("ROLLBACK TO work")
        raise
    finally:
        # What one work holds in memory may be older than what the next one writes, or was taken back.
        forget_objects(session)
        if driver.in_transaction:
            driver.execute("RELEASE work")


def isolate_failure(run: Callable[[list[QueuedWrite]], None], group: list[QueuedWrite], error: Exception) -> None:
    """Run each write of a failed group by itself, so that what breaks the work of many fails for one caller."""
    # A busy or unreachable database is so for everybody: asking it again for each would make them wait the longer.
    if len(group) == 1 or isinstance(error, OperationalError):
        for write in group:
            write.error = error
        return
    for write in group:
        try:
            run([write])
        except TransactionLostError:
            raise
        except Exception as own:  # noqa: BLE001 (raised to its caller)
            write.error = own
