"""Simulated people at the public API: each with a cookie of their own, each vote remembered by its voter."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

OUTCOMES = ("a", "a", "b", "b", "tie", "both_bad")
PATIENCE = 0.05
"""Seconds before somebody who was told 503 asks again."""


@dataclass
class Acknowledged:
    """Matchup id to outcome, as the server said it stored them."""

    votes: dict[str, str] = field(default_factory=dict)
    maybe: set[str] = field(default_factory=set)
    """Asked for, never answered: they may or may not be stored."""
    statuses: Counter[int] = field(default_factory=Counter)
    silent: int = 0
    """Answers 503 that did not say when to ask again."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, answer: httpx.Response) -> None:
        """Count an answer."""
        with self.lock:
            self.statuses[answer.status_code] += 1
            self.silent += answer.status_code == 503 and "Retry-After" not in answer.headers

    def is_polite(self) -> bool:
        """Whether each answer was one a fault excuses, and every 503 said when to ask again."""
        return not self.silent and set(self.statuses) <= {200, 201, 409, 503}

    def wait_for_more(self, votes: int) -> float:
        """Wait until so many more votes are acknowledged; return the seconds that took."""
        began, reached = time.monotonic(), len(self.votes) + votes
        wait_for(lambda: len(self.votes) >= reached)
        return time.monotonic() - began

    def __str__(self) -> str:
        return f"answers {dict(sorted(self.statuses.items()))}, {self.silent} of the 503 without Retry-After"


def vote(url: str, known: Acknowledged, want: int, seed: int, stop: threading.Event) -> None:
    """Vote as one voter after another until all together have `want` acknowledged votes, or nothing answers."""
    rng = random.Random(seed)
    with httpx.Client(base_url=url, timeout=60, verify=False) as client:
        while not stop.is_set() and len(known.votes) < want:
            try:
                issued = client.post("/api/v1/matchups", json={})
            except httpx.HTTPError:
                return
            known.note(issued)
            if issued.status_code == 409:
                client.cookies.clear()  # this one has judged everything: the next comes
            elif issued.is_error:
                stop.wait(PATIENCE)
            elif not _judge(client, known, issued.json()["id"], rng.choice(OUTCOMES), stop):
                return


def _judge(client: httpx.Client, known: Acknowledged, matchup: str, outcome: str, stop: threading.Event) -> bool:
    """Vote until it is acknowledged, asking again after a 503; False when nothing answers."""
    while True:
        try:
            answer = client.post(f"/api/v1/matchups/{matchup}/vote", json={"outcome": outcome})
        except httpx.HTTPError:
            known.maybe.add(matchup)
            return False
        known.note(answer)
        if answer.status_code == 200:
            with known.lock:
                known.votes[matchup] = outcome
            known.maybe.discard(matchup)
            return True
        known.maybe.add(matchup)
        if answer.status_code != 503 or stop.wait(PATIENCE):
            return True


def crowd(url: str, known: Acknowledged, want: int, voters: int, stop: threading.Event) -> list[threading.Thread]:
    """Start so many voters."""
    threads = [
        threading.Thread(target=vote, args=(url, known, want, seed, stop), daemon=True) for seed in range(voters)
    ]
    for thread in threads:
        thread.start()
    return threads


def vote_until(url: str, known: Acknowledged, want: int, voters: int) -> None:
    """Let so many voters vote until `want` votes are acknowledged in all, or nothing answers any more."""
    for thread in crowd(url, known, want, voters, threading.Event()):
        thread.join()


@contextmanager
def voting(url: str, voters: int) -> Iterator[Acknowledged]:
    """Let so many voters vote without end; they have gone home when the block is left."""
    known, stop = Acknowledged(), threading.Event()
    threads = crowd(url, known, 10**9, voters, stop)
    try:
        yield known
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds. Raises RuntimeError after a minute."""
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError("that did not happen within a minute")
        time.sleep(0.01)
