"""Visitors at a steady pace: they judge, read, search, ask for what is not there, and have images made."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from math import inf

import httpx

from scripts.faults.voters import OUTCOMES, Acknowledged

VISITS_EACH = 30
"""Of one person; the next comes with a connection of their own, and so to a worker of their own."""
PAIRS_IN_A_HURRY = 5
UNDONE = 0.05
KNOWN = 0.3
"""Share of readers who ask whether the page they have is still good."""
READS = (
    *("/leaderboards/text-to-image", "/api/v1/leaderboards/text-to-image", "/models/m3", "/", "/competitions") * 3,
    *("/models", "/api/v1/models/m2", "/competitions/c1", "/api/v1/competitions", "/compare/m0/m1"),
    *("/charts/text-to-image", "/arena", "/me", "/integrity", "/methodology", "/docs", "/feed.atom", "/healthz"),
    *("/badge/m2.svg", "/models/m1/card.png", "/models/m2/llms.txt", "/sitemap.xml", "/api/v1/openapi.json"),
)
SEARCHES = ("/models?q={}", "/api/v1/leaderboards/text-to-image?q={}", "/leaderboards/text-to-image?q={}")
MISSING = ("/{}", "/models/{}", "/api/v1/competitions/{}", "/m/{}/a.webp", "/media/{}.webp", "/static/{}.css")
GOOD = frozenset({200})
BUSY = frozenset({200, 429})
"""Who asks the gateway beside 63 others is told to wait."""
GENERATED_EVERY = 20.0
"""Seconds between two images of the gateway."""


@dataclass
class Traffic:
    """What all visitors were told."""

    known: Acknowledged = field(default_factory=Acknowledged)
    seconds: list[float] = field(default_factory=list)
    """Of each answer since they were last taken."""
    wrong: list[str] = field(default_factory=list)
    """Answers nobody had to expect, and requests without any."""
    made: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def failures(self) -> int:
        """Return how many answers were 500 and above."""
        return sum(count for status, count in self.known.statuses.items() if status >= 500)

    def taken(self) -> list[float]:
        """Return the seconds of each answer since the last call, in order of size."""
        with self.lock:
            self.seconds, taken = [], self.seconds
        return sorted(taken)


class Visitor:
    """One person after another, `rate` requests a second. `key` opens the gateway."""

    def __init__(self, url: str, traffic: Traffic, rate: float, seed: int, key: str = "") -> None:
        self._url = url
        self._traffic = traffic
        self._pause = 1 / rate
        self._rng = random.Random(seed)
        self._key = key
        self._paint_at = 0.0
        self._tags: dict[str, str] = {}
        self._stop = threading.Event()
        self._next = 0.0

    def stay(self, stop: threading.Event) -> None:
        """Visit until told to stop, without hurrying to make up for a slow answer."""
        self._stop, self._next = stop, time.monotonic() + self._rng.random() * self._pause
        while not stop.is_set():
            with httpx.Client(base_url=self._url, timeout=60, verify=False) as self._client:
                for _ in range(VISITS_EACH):
                    if stop.is_set():
                        return
                    self._visit()

    def hurry(self) -> None:
        """Ask for each page once and judge some pairs, each request by whichever worker is free."""
        alone = httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(base_url=self._url, timeout=60, verify=False, limits=alone) as self._client:
            if self._key:
                self._generate(BUSY)
            for path in self._rng.sample(sorted(set(READS)), len(set(READS))):
                self._look(path, "br")
            for _ in range(PAIRS_IN_A_HURRY):
                self._judge()

    def _visit(self) -> None:
        if self._key and time.monotonic() >= self._paint_at:
            self._generate()
            self._paint_at = time.monotonic() + GENERATED_EVERY
        self._rng.choices((self._judge, self._read, self._search, self._miss), (4, 7, 1, 1))[0]()

    def _judge(self) -> None:
        issued = self._ask("POST", "/api/v1/matchups", {201}, json={})
        if issued is None:
            return
        matchup: str = issued.json()["id"]
        for side in "ab":
            self._ask("GET", f"/m/{matchup}/{side}.webp")
        outcome = self._rng.choice((*OUTCOMES, "skip"))
        if self._ask("POST", f"/api/v1/matchups/{matchup}/vote", json={"outcome": outcome}) is None:
            return
        with self._traffic.known.lock:
            self._traffic.known.votes[matchup] = outcome
        if outcome != "skip" and self._rng.random() < UNDONE:
            self._ask("DELETE", f"/api/v1/matchups/{matchup}/vote")

    def _read(self) -> None:
        self._look(self._rng.choice(READS), self._rng.choice(("br", "gzip", "identity")))

    def _look(self, path: str, encoding: str) -> None:
        headers = {"Accept-Encoding": encoding}
        if path in self._tags and self._rng.random() < KNOWN:
            headers["If-None-Match"] = self._tags[path]
        page = self._ask("GET", path, {200, 304}, headers=headers)
        if page is not None and "ETag" in page.headers:
            self._tags[path] = page.headers["ETag"]

    def _search(self) -> None:
        self._ask("GET", self._rng.choice(SEARCHES).format(self._noise()))

    def _miss(self) -> None:
        self._ask("GET", self._rng.choice(MISSING).format(self._noise()), {404})

    def _generate(self, expected: frozenset[int] = GOOD) -> None:
        body = {"model": "painter/pixel-mini", "prompt": f"a red cube on {self._noise()}", "size": "256x256"}
        headers = {"Authorization": f"Bearer {self._key}"}
        made = self._ask("POST", "/openai/v1/images/generations", expected, json=body, headers=headers)
        if made is not None and made.is_success and self._ask("GET", made.json()["data"][0]["url"]) is not None:
            with self._traffic.lock:
                self._traffic.made += 1

    def _noise(self) -> str:
        """Make a word that is never the same twice: a cache that keeps an answer for each would grow."""
        return f"{self._rng.getrandbits(64):016x}"

    def _ask(
        self,
        method: str,
        path: str,
        expected: frozenset[int] | set[int] = GOOD,
        json: object = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response | None:
        """Ask when it is time; return the answer if its status is one of the expected."""
        self._stop.wait(max(0.0, self._next - time.monotonic()))
        self._next = max(self._next + self._pause, time.monotonic())
        began = time.perf_counter()
        try:
            answer = self._client.request(method, path, json=json, headers=headers)
        except httpx.HTTPError as error:
            with self._traffic.lock:
                self._traffic.wrong.append(f"{method} {path}: {error!r}")
            return None
        self._traffic.known.note(answer)
        with self._traffic.lock:
            self._traffic.seconds.append(time.perf_counter() - began)
            if answer.status_code not in expected:
                self._traffic.wrong.append(f"{method} {path}: {answer.status_code}")
        return answer if answer.status_code in expected else None


def rush(url: str, traffic: Traffic, people: int, key: str = "") -> None:
    """Send more people at once than a server has threads, so that each of its threads does everything."""
    with ThreadPoolExecutor(people) as pool:
        visits = [pool.submit(Visitor(url, traffic, inf, seed, key).hurry) for seed in range(people)]
    for visit in visits:
        visit.result()
