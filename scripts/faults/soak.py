"""
A soak: a steady mix of voters and readers for an hour. Memory, open files, threads and the write-ahead log must
not grow, nobody may see a failure, and no acknowledged vote may be missing in the end.

    python scripts/faults/soak.py [--database sqlite|postgres] [--minutes 60] [--rate 22] [--every 20]
                                  [--stored 250000] [--rushes 1]

It begins with rushes that set every thread of the server to work: a pool that fills up by chance would look like a
leak, and so does the allocator's free space until each thread has done everything many times. The first ten
minutes, of a short run the first quarter, are not judged, as caches fill up. Judged after them: the memory of each
worker grows by at most 1 MiB an hour (missed when its slope less two standard errors is above that), and there are
no more open files or threads than before and one for each client. Exit 1 where a figure grows, a vote is lost or
anybody sees a failure.
"""

import argparse
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from scripts.bench.filling import fill
from scripts.bench.load import cpu_of
from scripts.faults import gauges
from scripts.faults.gauges import Process, Trend, trend
from scripts.faults.server import ARENA, DATABASES, ROOT, Server, serving
from scripts.faults.stored import compare_on
from scripts.faults.visitors import Traffic, Visitor, rush

CLIENTS = 8
"""Few enough to leave threads free, enough that a slow answer does not lower the rate."""
PEOPLE = 64
"""Who rush in at first: twice the threads of two workers."""
WARM_SECONDS, WARM_SHARE = 600, 0.25
"""So long, or so much of a shorter run, is not judged."""
MOST_GROWTH = 1.0
"""MiB an hour of each worker."""
MOST_LOG = {"sqlite": 16.0, "postgres": 1024.0}
"""
MiB. SQLite copies its log back from 1,000 pages (4 MiB) on and starts it over when no reader is in it: four times
that says readers never kept it from doing so for long. PostgreSQL's own limit is max_wal_size, 1 GiB.
"""
STORED = 250_000
"""More votes than any audit reads at once: a younger arena's audits grow with each vote, which is no leak."""


@dataclass(frozen=True)
class Sample:
    """`seconds` since the start; `cpu` and `answers` since the one before, the times of those in milliseconds."""

    seconds: float
    workers: tuple[Process, ...]
    cpu: float
    answers: int
    p50: float
    p99: float
    database: float
    log: float
    failures: int

    @property
    def rss(self) -> float:
        """Return the MiB of all workers."""
        return sum(worker.rss for worker in self.workers)

    @property
    def uss(self) -> float:
        """Return the MiB that would be free if they ended."""
        return sum(worker.uss for worker in self.workers)

    @property
    def files(self) -> int:
        """Open in all workers."""
        return sum(worker.files for worker in self.workers)

    @property
    def threads(self) -> int:
        """Return the threads of all workers."""
        return sum(worker.threads for worker in self.workers)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--database", choices=DATABASES, default="sqlite")
    arguments.add_argument("--minutes", type=float, default=60)
    arguments.add_argument("--rate", type=float, default=22, help="requests a second")
    arguments.add_argument("--every", type=float, default=20, help="seconds between two samples")
    arguments.add_argument("--stored", type=int, default=STORED, help="votes stored before the start")
    arguments.add_argument("--rushes", type=int, default=1, help="of 64 people at once, before the first sample")
    options = arguments.parse_args()
    with serving(options.database, start=False) as server:
        server.environment |= {"OPENBLAS_NUM_THREADS": "1"}
        with server.database() as database:
            fill(database, options.stored)
        _arena(server, "seed", "scripts/seeds/catalog")
        key = _arena(server, "keys", "create", "--name", "soak").split()[-1]
        server.start()
        traffic = Traffic()
        for _ in range(options.rushes):
            rush(server.url, traffic, PEOPLE, key)
        samples = soak(server, traffic, 60 * options.minutes, options.rate, options.every, key)
        found = kept(server, traffic), held(samples, MOST_LOG[options.database])
    return 0 if all(found) else 1


def soak(
    server: Server, traffic: Traffic, seconds: float, rate: float, every: float, key: str = ""
) -> list[Sample]:
    """Let visitors send `rate` requests a second together; return a sample each `every` seconds."""
    stop = threading.Event()
    traffic.taken()
    visitors = [Visitor(server.url, traffic, rate / CLIENTS, n, "" if n else key) for n in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        visits = [pool.submit(visitor.stay, stop) for visitor in visitors]
        try:
            samples = _watched(server, traffic, seconds, every)
        finally:
            stop.set()
    for visit in visits:
        visit.result()
    return samples


def kept(server: Server, traffic: Traffic) -> bool:
    """Print what visitors were told; whether nothing failed and each acknowledged vote is stored."""
    votes = compare_on(server, traffic.known)
    print(f"\n{len(traffic.known.votes)} votes acknowledged; {votes}; {traffic.made} images generated")
    print(f"answers {_classes(traffic)}; {traffic.failures} failures, {len(traffic.wrong)} not as expected")
    for wrong in traffic.wrong[:5]:
        print(f"    {wrong}")
    return server.is_sound() and votes.holds() and not traffic.wrong


def _watched(server: Server, traffic: Traffic, seconds: float, every: float) -> list[Sample]:
    print(
        f"{'min':>5} {'req/s':>6} {'CPU %':>6} {'RSS MiB':>15} {'USS':>7} {'files':>6} {'threads':>7}"
        f" {'db MiB':>7} {'log':>6} {'p50 ms':>7} {'p99 ms':>7} {'5xx':>4}"
    )
    began = before = time.monotonic()
    busy, samples = cpu_of(server), list[Sample]()
    while time.monotonic() - began < seconds:
        time.sleep(every)
        now, used, took = time.monotonic(), cpu_of(server), traffic.taken()
        database, log = gauges.stored(server)
        sample = Sample(
            seconds=now - began,
            workers=tuple(gauges.process(pid) for pid in server.workers()),
            cpu=(used - busy) / (now - before),
            answers=len(took),
            p50=1000 * _share(took, 0.5),
            p99=1000 * _share(took, 0.99),
            database=database,
            log=log,
            failures=traffic.failures,
        )
        _print(sample, now - before)
        samples.append(sample)
        before, busy = now, used
    return samples


def held(samples: Sequence[Sample], most_log: float) -> bool:
    """Print what became of each figure after the warm-up; whether none grew that must not."""
    until = min(WARM_SECONDS, WARM_SHARE * samples[-1].seconds)
    warm, judged = [s for s in samples if s.seconds < until], [s for s in samples if s.seconds >= until]
    used = 100 * sum(s.cpu for s in judged) / len(judged)
    rate = sum(s.answers for s in samples) / samples[-1].seconds
    print(f"\n{rate:.1f} requests/s took {used:.1f} % of one core; judged from minute {until / 60:.0f} on")
    memory = [_growth(f"RSS of worker {n + 1}", judged, n) for n in range(min(len(s.workers) for s in judged))]
    quarters = [sum(s.rss for s in part) / len(part) for part in _parts(samples, 4)]
    print("RSS in each quarter, MiB: " + ", ".join(f"{mean:.1f}" for mean in quarters))
    files = _most("files", warm, judged, lambda s: s.files)
    threads = _most("threads", warm, judged, lambda s: s.threads)
    most = max(s.log for s in samples)
    print(f"write-ahead log at most {most:.1f} MiB (bar {most_log:.0f}), database {samples[-1].database:.1f} MiB")
    same = len({tuple(sorted(worker.pid for worker in s.workers)) for s in samples}) == 1
    print(f"the same workers throughout: {'yes' if same else 'no'}")
    below = all(worker.slope <= MOST_GROWTH for worker in memory)
    print(f"each worker's slope at or below the bar of {MOST_GROWTH:.0f} MiB/h: {'yes' if below else 'no'}")
    surely_above = any(worker.least > MOST_GROWTH for worker in memory)
    return not surely_above and max(files, threads) <= CLIENTS and most <= most_log and same


def _growth(name: str, judged: Sequence[Sample], worker: int) -> Trend:
    found = trend([s.seconds / 3600 for s in judged], [s.workers[worker].rss for s in judged])
    between = f"{found.least:+.2f} to {found.most:+.2f}"
    print(f"{name} slope {found.slope:+.2f} MiB/h, standard error {found.error:.2f}: {between}")
    return found


def _most(name: str, warm: Sequence[Sample], judged: Sequence[Sample], figure: Callable[[Sample], int]) -> int:
    """Tell how many more there were than in the warm-up."""
    before, after = max(map(figure, warm), default=0), max(map(figure, judged))
    first, last = figure(judged[0]), figure(judged[-1])
    print(f"{name}: at most {before} while warming up, then first {first}, last {last}, at most {after}")
    return after - before


def _print(sample: Sample, seconds: float) -> None:
    each = "+".join(f"{worker.rss:.1f}" for worker in sample.workers)
    print(
        f"{sample.seconds / 60:>5.1f} {sample.answers / seconds:>6.1f} {100 * sample.cpu:>6.1f} {each:>15}"
        f" {sample.uss:>7.1f} {sample.files:>6} {sample.threads:>7} {sample.database:>7.1f} {sample.log:>6.2f}"
        f" {sample.p50:>7.1f} {sample.p99:>7.1f} {sample.failures:>4}",
        flush=True,
    )


def _parts(samples: Sequence[Sample], count: int) -> list[Sequence[Sample]]:
    edges = [round(n * len(samples) / count) for n in range(count + 1)]
    return [samples[a:b] for a, b in pairwise(edges) if a < b]


def _share(ordered: Sequence[float], share: float) -> float:
    return ordered[int(len(ordered) * share)] if ordered else inf


def _classes(traffic: Traffic) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for status, count in sorted(traffic.known.statuses.items()):
        counts[f"{status // 100}xx"] += count
    return dict(counts)


def _arena(server: Server, *words: str) -> str:
    """Run an `arena` command; return what it printed."""
    done = subprocess.run(
        [*ARENA, *words], env=server.environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
