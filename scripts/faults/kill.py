"""
Kill -9 under load: no acknowledged vote may be lost, none counted twice, and the board must equal the log.

    python scripts/faults/kill.py [--database sqlite|postgres] [--victim app|database]
                                  [--kills 100] [--votes 2000] [--voters 50] [--pack DIR]

The victim is all of the application's processes at once, or all of PostgreSQL's while the application lives. Exit
1 where a vote is lost, changed or doubled, or it is ready again after more than 5 s. It takes some eight seconds a
kill.
"""

import argparse
import signal
import sys
import threading
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from scripts.faults.server import DATABASES, Server, serving
from scripts.faults.stored import compare_on
from scripts.faults.voters import Acknowledged, crowd, vote_until

READY_SECONDS = 5.0


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--database", choices=DATABASES, default="sqlite")
    arguments.add_argument("--victim", choices=("app", "database"), default="app")
    arguments.add_argument("--kills", type=int, default=100)
    arguments.add_argument("--votes", type=int, default=2000)
    arguments.add_argument("--voters", type=int, default=50)
    arguments.add_argument("--pack", type=Path)
    options = arguments.parse_args()
    if options.victim == "database" and options.database == "sqlite":
        arguments.error("SQLite lives in the application: kill that")
    with serving(options.database, options.pack) as server:
        holds = prove(server, options.kills, options.votes, options.voters, options.victim)
    return 0 if holds else 1


def prove(
    server: Server, kills: int, votes: int, voters: int, victim: str = "app", ready: float = READY_SECONDS
) -> bool:
    """Print the figures; whether they are as they must be."""
    known = Acknowledged()
    restarts = [_kill_once(server, known, votes // (kills + 1) + 1, voters, victim) for _ in range(kills)]
    vote_until(server.url, known, votes, voters)
    stored = compare_on(server, known)
    print(f"{len(known.votes)} votes acknowledged of {votes} wanted, {voters} voters at a time")
    print(f"{kills} kills of the {victim}; ready again after at most {max(restarts):.2f} s")
    print(f"{len(known.maybe)} votes were never answered: they may or may not be stored")
    print(known)
    print(stored)
    answered = len(known.votes) >= votes and known.is_polite()
    return server.is_sound() and stored.holds() and answered and max(restarts) < ready


def _kill_once(server: Server, known: Acknowledged, votes: int, voters: int, victim: str) -> float:
    """Kill in the middle of so many votes; seconds until requests are answered again."""
    stop, want = threading.Event(), len(known.votes) + votes
    threads = crowd(server.url, known, want + 100 * voters, voters, stop)
    while len(known.votes) < want and any(thread.is_alive() for thread in threads):
        time.sleep(0.002)
    if victim == "app":
        server.kill()
        _end(threads, stop)
        return server.start()
    assert server.cluster
    server.cluster.stop(signal.SIGKILL)
    server.cluster.start()
    began = time.monotonic()
    _wait_until_answered(server)
    recovered = time.monotonic() - began
    _end(threads, stop)
    return recovered


def _end(threads: list[threading.Thread], stop: threading.Event) -> None:
    stop.set()
    for thread in threads:
        thread.join()


def _wait_until_answered(server: Server) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(server.url + "/readyz", timeout=5).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError("it did not recover")


if __name__ == "__main__":
    sys.exit(main())
