"""
Clock jumps: the server's clock steps two days ahead and two days back while people vote. Everything acknowledged
stays, nobody sees a failure, and a matchup lives on unless the step itself carried the clock past its end.

    python scripts/faults/clock.py [--votes 40]

Takes faketime (on Debian: apt-get install faketime). Exit 1 where a vote is lost or changed, or an answer is not
the expected one; 3 where faketime is not installed. It takes some twenty seconds.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import httpx

from scripts.faults.server import Server, serving
from scripts.faults.stored import compare_on
from scripts.faults.voters import Acknowledged, vote_until

STEPS = {"nine minutes ahead": 540, "two days back": -172_800, "two days ahead": 172_800}
"""Seconds against the true clock. A matchup lasts 1800."""
VOTERS = 4


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--votes", type=int, default=40)
    options = arguments.parse_args()
    libraries = sorted(Path("/usr/lib").glob("**/faketime/libfaketimeMT.so.1"))
    if not libraries:
        print("NOT TRIED: there is no faketime here (on Debian: apt-get install faketime)")
        return 3
    # One worker: faketime 0.9.10 fails the short sleep in which a second one would wait for the file lock.
    with serving(workers=1, start=False) as server:
        _set(server, 0)
        server.environment |= {
            "LD_PRELOAD": str(libraries[0]),
            "FAKETIME_TIMESTAMP_FILE": str(_file(server)),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        server.start()
        return 0 if prove(server, options.votes) else 1


def prove(server: Server, votes: int) -> bool:
    """Print the figures; whether they are as they must be."""
    known, wrong = Acknowledged(), 0
    for name, step in STEPS.items():
        _set(server, 0)
        vote_until(server.url, known, len(known.votes) + votes, VOTERS)
        with httpx.Client(base_url=server.url, timeout=60, verify=False) as client:
            voted, waiting = _issue(client), _issue(client)
            _cast(client, voted)
            _set(server, step)
            late = _cast(client, waiting)
            undone = client.delete(f"/api/v1/matchups/{voted}/vote").status_code
        expected = (410, 409) if step > 1800 else (200, 200)
        wrong += (late, undone) != expected
        print(f"{name}: a vote on the open matchup {late}, taking back the last one {undone}, expected {expected}")
        vote_until(server.url, known, len(known.votes) + votes, VOTERS)
    stored = compare_on(server, known)
    print(f"{len(known.votes)} votes acknowledged, {known}")
    print(stored)
    return server.is_sound() and stored.holds() and known.is_polite() and not wrong


def _issue(client: httpx.Client) -> str:
    matchup: str = client.post("/api/v1/matchups", json={}).raise_for_status().json()["id"]
    return matchup


def _cast(client: httpx.Client, matchup: str) -> int:
    return client.post(f"/api/v1/matchups/{matchup}/vote", json={"outcome": "a"}).status_code


def _file(server: Server) -> Path:
    return server.log.with_name("clock")


def _set(server: Server, step: int) -> None:
    fresh = _file(server).with_suffix(".next")
    fresh.write_text(f"{step:+d}s\n")
    fresh.replace(_file(server))
    time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
