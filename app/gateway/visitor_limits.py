"""Limits on visitors of the playground: how many draw at once in this process, and how often one may start."""

import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from math import ceil

from app.gateway.errors import RateLimited

MINUTE = timedelta(minutes=1)
WAIT_SECONDS = 3


class VisitorLimits:
    """At most `at_once` in all and `each` for one visitor; one starts `a_minute` times a minute at most."""

    def __init__(self, *, at_once: int, each: int, a_minute: int) -> None:
        self.at_once = at_once
        self.each = each
        self.a_minute = a_minute
        self._lock = threading.Lock()
        self._drawing: Counter[str] = Counter()
        self._started: dict[str, deque[datetime]] = {}

    @contextmanager
    def hold_place(self, name: str, now: datetime) -> Iterator[None]:
        """Count a visitor as drawing while the block runs. Raises RateLimited, which says when to come back."""
        with self._lock:
            self._check(name, now)
            self._drawing[name] += 1
            self._started.setdefault(name, deque()).append(now)
        try:
            yield
        finally:
            with self._lock:
                self._drawing[name] -= 1
                self._drawing += Counter()  # drops those at zero

    def _check(self, name: str, now: datetime) -> None:
        self._forget(now)
        if self._drawing[name] >= self.each:
            message = f"You are drawing {self.each} requests already; the next can start when one is ready."
            raise RateLimited(message, retry_after=WAIT_SECONDS)
        if self._drawing.total() >= self.at_once:
            raise RateLimited(
                "Others are drawing just now; a place will be free in a moment.", retry_after=WAIT_SECONDS
            )
        starts = self._started.get(name, deque())
        if len(starts) >= self.a_minute:
            seconds = max(1, ceil((starts[0] + MINUTE - now).total_seconds()))
            raise RateLimited(f"{self.a_minute} requests a minute is the pace here.", retry_after=seconds)

    def _forget(self, now: datetime) -> None:
        """Forget starts of more than a minute ago, of everybody: nothing is kept of those who left."""
        for name, starts in list(self._started.items()):
            while starts and not now - MINUTE < starts[0] <= now + MINUTE:  # later: of a clock that was ahead
                starts.popleft()
            if not starts:
                del self._started[name]
