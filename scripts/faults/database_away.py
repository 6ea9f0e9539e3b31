"""
The database away under load: people are told 503 and when to ask again, never 500, nothing acknowledged is lost,
and votes are taken again within seconds of its return, by the same processes.

    python scripts/faults/database_away.py [--away stopped|frozen|locked] [--seconds 30] [--voters 8]

stopped: PostgreSQL is shut down and started again. frozen: all of its processes are halted (SIGSTOP), as on a
machine that swaps itself to death; it takes no connection and refuses none, so people wait. locked: SQLite's write
lock is held by another connection; people wait for that too, up to half a minute. Exit 1 where a vote is lost or
changed, an answer is not one that a fault excuses, or votes are taken again too late. It takes a quarter of a
minute more than --seconds.
"""

import argparse
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import httpx
from sqlalchemy.orm import Session

from scripts.faults.disk_full import RECOVERY_SECONDS
from scripts.faults.server import Server, serving
from scripts.faults.stored import compare_on
from scripts.faults.voters import voting

PAGES = ("/healthz", "/api/v1/competitions", "/api/v1/leaderboards/text-to-image")
SECONDS = {"stopped": 30.0, "frozen": 30.0, "locked": 10.0}


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--away", choices=SECONDS, default="stopped")
    arguments.add_argument("--seconds", type=float)
    arguments.add_argument("--voters", type=int, default=8)
    options = arguments.parse_args()
    with serving("sqlite" if options.away == "locked" else "postgres") as server:
        seconds = SECONDS[options.away] if options.seconds is None else options.seconds
        return 0 if prove(server, options.away, seconds, options.voters) else 1


def prove(server: Server, away: str, seconds: float, voters: int, recovery: float = RECOVERY_SECONDS) -> bool:
    """Print the figures; whether they are as they must be."""
    with voting(server.url, voters) as known:
        known.wait_for_more(2 * voters)
        with _away(server, away):
            time.sleep(min(0.2, seconds))
            before = len(known.votes)
            waited = _slowest_reads(server, seconds)
            during = len(known.votes) - before
        recovered = known.wait_for_more(2 * voters)
    stored = compare_on(server, known)
    print(f"{away} for {seconds:.0f} s: {during} votes taken meanwhile, {len(known.votes)} in all, {known}")
    print(f"slowest answers meanwhile, in seconds: {waited}")
    print(f"{stored}; {2 * voters} votes taken {recovered:.2f} s after its return")
    told = known.statuses[503] > 0 or away != "stopped"
    fine = stored.holds() and known.is_polite() and told and recovered < recovery
    return server.is_sound() and fine


@contextmanager
def _away(server: Server, away: str) -> Iterator[None]:
    if away == "locked":
        with _locked(server):
            yield
        return
    assert server.cluster
    if away == "frozen":
        server.cluster.tell(signal.SIGSTOP)
        try:
            yield
        finally:
            server.cluster.tell(signal.SIGCONT)
        return
    server.cluster.stop()
    try:
        yield
    finally:
        server.cluster.start()


@contextmanager
def _locked(server: Server) -> Iterator[None]:
    taken, done = threading.Event(), threading.Event()

    def hold(_session: Session) -> None:
        taken.set()
        done.wait()

    with server.database() as database:
        holder = threading.Thread(target=database.write, args=(hold,))
        holder.start()
        taken.wait()
        try:
            yield
        finally:
            done.set()
            holder.join()


def _slowest_reads(server: Server, seconds: float) -> dict[str, float]:
    """Ask for pages until the time is over; one that is not answered by then took all that was left of it."""
    slowest, until = dict.fromkeys(PAGES, 0.0), time.monotonic() + seconds
    while (began := time.monotonic()) < until:
        for page in PAGES:
            began = time.monotonic()
            with suppress(httpx.TransportError):
                httpx.get(server.url + page, timeout=max(0.1, until - began), verify=False)
            slowest[page] = max(slowest[page], round(time.monotonic() - began, 2))
        time.sleep(0.1)
    return slowest


if __name__ == "__main__":
    sys.exit(main())
