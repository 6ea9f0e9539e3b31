"""The queue in front of the providers: a bound, a deadline, and a fair share for every caller of this process."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from heapq import heapify, heapreplace
from math import ceil
from statistics import median

from app import metrics
from app.gateway.errors import RateLimited

LONGEST_RETRY_AFTER = 60
"""Seconds; SDKs follow no longer one, or sleep through it."""
MARGIN = 1.2
"""Who is refused is told to come rather a little late than to be refused twice."""
REMEMBERED = 20
"""Latest requests whose time tells how long the next ones will take."""
FIRST_GUESS = 10.0
"""Seconds for a request while none has ended yet."""


@dataclass(eq=False)
class QueuedRequest:
    """A request's place in the queue; `admitted` is set when it may run. Times by the queue's clock."""

    caller: str
    entered: float = 0.0
    admitted: threading.Event = field(default_factory=threading.Event)
    started: float = 0.0

    @property
    def seconds(self) -> float:
        """Return how many seconds it waited, once it is admitted."""
        return self.started - self.entered


class RequestQueue:
    """
    Runs at most `at_once` requests and lets at most `waiting` more wait.

    One caller has at most three quarters of each. Whoever runs least gets the next free place; among equals,
    whoever came first. `clock` counts seconds.
    """

    def __init__(self, *, at_once: int, waiting: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.at_once = at_once
        self.waiting = waiting
        self._clock = clock
        self._lock = threading.Lock()
        self._queued: list[QueuedRequest] = []
        self._running: list[QueuedRequest] = []
        self._durations: deque[float] = deque(maxlen=REMEMBERED)
        self._promised: list[float] = []

    def enter(self, caller: str) -> QueuedRequest:
        """Join the queue. Raises RateLimited when it is full, or full of this caller's requests."""
        with self._lock:
            own = sum(queued.caller == caller for queued in self._queued)
            if len(self._queued) >= self.waiting or own >= share(self.waiting):
                full = (
                    "This server's queue is full"
                    if own < share(self.waiting)
                    else "Your share of the queue is full"
                )
                metrics.observe("queue_seconds", 0, "full")
                raise RateLimited(f"{full}.", retry_after=self._promise_room())
            metrics.observe("queue_depth", len(self._queued))
            joined = QueuedRequest(caller, self._clock())
            self._queued.append(joined)
            self._admit()
        return joined

    def wait(self, queued: QueuedRequest, seconds: float) -> None:
        """Wait for a place. Raises RateLimited after so many seconds; the request has left the queue then."""
        is_admitted = queued.admitted.wait(seconds)
        with self._lock:
            if is_admitted or queued.admitted.is_set():
                metrics.observe("queue_seconds", queued.seconds, "admitted")
                return
            position = self._queued.index(queued)
            self._queued.remove(queued)
            pause = self._seconds_until_place(position)
            metrics.observe("queue_seconds", self._clock() - queued.entered, "late")
        raise RateLimited(f"No place became free within {seconds:.0f} seconds.", retry_after=pause)

    def leave(self, queued: QueuedRequest) -> None:
        """Give the place back, or stop waiting for it."""
        with self._lock:
            with suppress(ValueError):
                self._queued.remove(queued)
            if queued in self._running:
                self._running.remove(queued)
                self._durations.append(self._clock() - queued.started)
            self._admit()

    @contextmanager
    def place(self, queued: QueuedRequest, seconds: float) -> Iterator[float]:
        """
        Wait at most so many seconds for a place, and hold it while the block runs. Raises RateLimited.

        Yields how many seconds it waited, to the millisecond.
        """
        try:
            self.wait(queued, seconds)
            yield round(queued.seconds, 3)
        finally:
            self.leave(queued)

    def seconds_until_room(self) -> int:
        """
        Estimate when the queue has room for one who is refused now: 1 to `LONGEST_RETRY_AFTER`.

        Whoever asks is expected to come again then, so that the next to ask is told a later time.
        """
        with self._lock:
            return self._promise_room()

    def _admit(self) -> None:
        """Give free places away. The caller holds the lock."""
        while self._queued and len(self._running) < self.at_once:
            running = Counter(request.caller for request in self._running)
            able = [one for one in self._queued if running[one.caller] < share(self.at_once)]
            if not able:
                return
            chosen = min(able, key=lambda one: running[one.caller])
            self._queued.remove(chosen)
            self._running.append(chosen)
            chosen.started = self._clock()
            chosen.admitted.set()

    def _promise_room(self) -> int:
        """
        Estimate when a full queue has room: each place that becomes free lets one more in.

        A place that is free still is about to be taken by what has come before.
        """
        now = self._clock()
        self._promised = [at for at in self._promised if at > now]
        seconds = self._seconds_until_place(min(len(self._promised), self.waiting), unused=self._usual())
        pause = min(LONGEST_RETRY_AFTER, ceil(MARGIN * seconds))
        self._promised.append(now + pause)
        return pause

    def _seconds_left(self, elapsed: float) -> float:
        """Estimate from requests that took longer; one that outlasts all is expected to take as long again."""
        longer = [seconds for seconds in self._durations or (FIRST_GUESS,) if seconds > elapsed]
        return max(1.0, median(longer) - elapsed if longer else elapsed)

    def _usual(self) -> float:
        return median(self._durations) if self._durations else FIRST_GUESS

    def _seconds_until_place(self, ahead: int, unused: float = 0.0) -> int:
        """
        Estimate when a place is free, after `ahead` waiting requests, from how long requests take.

        `unused` is when a place is free that nobody has now.
        """
        usual, now = self._usual(), self._clock()
        free_in = [self._seconds_left(now - request.started) for request in self._running]
        free_in += [unused] * (self.at_once - len(free_in))
        heapify(free_in)
        for _ in range(ahead):
            heapreplace(free_in, free_in[0] + usual)
        return max(1, min(LONGEST_RETRY_AFTER, ceil(free_in[0])))


def share(places: int) -> int:
    """Return how many of so many places one caller may have: three quarters, so that others find some free."""
    return max(1, places * 3 // 4)
