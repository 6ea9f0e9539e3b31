"""Who commits when: one leader at a time commits for all who wait, in this process and among processes."""

import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from app import metrics

MOST_AT_ONCE = 64
"""Jobs in one commit: enough to share a sync, few enough for the first not to wait for the last."""
LOCK_POLL_SECONDS = 0.0002


class Overtaken(Exception):
    """Another transaction changed what a work had read; run again, it will see that."""


class NoTurn(Exception):
    """Nobody let us write for as long as we cared to wait; nothing was done."""


@dataclass(eq=False)
class Job:
    """A piece of work on its way into a commit; `woken` when it is done, or when it is its turn to lead."""

    work: Callable[..., Any]
    patience: float
    """Seconds to wait for a turn."""
    asked: Any = None
    shares: bool = False
    """Whether one call of the work does what is asked of it by many jobs."""
    woken: threading.Event = field(default_factory=threading.Event)
    is_taken: bool = False
    is_done: bool = False
    result: Any = None
    error: BaseException | None = None


def grouped(jobs: list[Job]) -> list[list[Job]]:
    """By the call of a work that does them."""
    groups: dict[object, list[Job]] = {}
    for job in jobs:
        groups.setdefault(job.work if job.shares else job, []).append(job)
    return list(groups.values())


def do(group: list[Job], session: Any) -> None:
    """One call of their work; where many share it, it gives a list of results and of exceptions to raise."""
    first = group[0]
    if not first.shares:
        first.result, first.error = first.work(session), None
        return
    for job, result in zip(group, first.work(session, [job.asked for job in group]), strict=True):
        failed = isinstance(result, Exception)
        job.result, job.error = (None, result) if failed else (result, None)


class Turns:
    """
    The first caller leads: it commits its own job and those that came meanwhile, then hands over to the next.

    SQLite's own wait for its lock is unfair, writers starve for seconds: threads queue up here, processes at the
    file lock, if one is given. `commit(jobs)` sets each one's result or error, or raises what befell them all.
    """

    def __init__(self, lock: Path | None, commit: Callable[[list[Job]], None]) -> None:
        self._lock = lock
        self._commit = commit
        self._mutex = threading.Lock()
        self._waiting: deque[Job] = deque()
        self._is_led = False

    @property
    def waiting(self) -> int:
        """Jobs that have no turn yet."""
        return len(self._waiting)

    def run(self, job: Job) -> Any:
        """The job's result after its commit, or its own exception. Raises NoTurn when its patience ends."""
        with self._mutex:
            self._waiting.append(job)
            follows, self._is_led = self._is_led, True
        if follows and not job.woken.wait(job.patience):
            self._withdraw(job)
            job.woken.wait()
        if not job.is_done:
            self._lead(job)
        if job.error is not None:
            raise job.error
        return job.result

    def _withdraw(self, job: Job) -> None:
        with self._mutex:
            if not job.is_taken and not job.woken.is_set():
                self._waiting.remove(job)
                raise NoTurn

    def _lead(self, job: Job) -> None:
        began = time.perf_counter()
        batch = [job]
        try:
            with _held(self._lock, job.patience) if self._lock else nullcontext():
                batch = self._taken(job)
                self._commit(batch)
        except BaseException as error:  # noqa: BLE001 (whatever ended the transaction ended it for everybody)
            for one in batch:
                one.result, one.error = None, error
        finally:
            self._hand_over(batch)
        metrics.told_batch(size=len(batch), waiting=self.waiting, seconds=time.perf_counter() - began)

    def _taken(self, leader: Job) -> list[Job]:
        """The leader's job and the next in line, but none more patient: what it gives up on, it gives up alone."""
        with self._mutex:
            others = (job for job in self._waiting if job is not leader and job.patience <= leader.patience)
            batch = [leader, *islice(others, MOST_AT_ONCE - 1)]
            for job in batch:
                job.is_taken = True
            return batch

    def _hand_over(self, batch: list[Job]) -> None:
        with self._mutex:
            for job in batch:
                job.is_done = True
                self._waiting.remove(job)
                job.woken.set()
            self._is_led = bool(self._waiting)
            if self._waiting:
                self._waiting[0].woken.set()


@contextmanager
def _held(path: Path, patience: float) -> Iterator[None]:
    """
    The lock among processes; given back even by one that dies. Raises NoTurn.

    Whoever waits for it holds the gate before it: a process that gives the lock back cannot take it again at once
    while another waits.
    """
    until = time.monotonic() + patience
    lock = _opened(path)
    try:
        gate = _opened(path.with_name(f"{path.name}.gate"))
        try:
            _wait_for(gate, until)
            _wait_for(lock, until)
        finally:
            os.close(gate)
        yield
    finally:
        os.close(lock)


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise NoTurn from error


def _wait_for(handle: int, until: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise NoTurn from None
            time.sleep(LOCK_POLL_SECONDS)
        except OSError as error:
            raise NoTurn from error
        else:
            return
