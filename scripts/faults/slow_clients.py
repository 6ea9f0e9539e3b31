"""
Slow clients: so many connections that send a request a byte at a time and never finish it. The others go on being
answered: the 99th hundredth of their times is what this prints, with the crowd of slow ones and without.

    python scripts/faults/slow_clients.py [--slow 200] [--requests 1000] [--body]

With --body the head of each slow request is complete and its body drips: the server hands such a request on. All
slow ones have one address, whose share of unfinished bodies is bounded (app/edge/slow_bodies.py).
"""

import argparse
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import httpx

from app.edge.slow_bodies import BODY_SECONDS
from scripts.faults.server import Server, serving

HEAD = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
VOTE = (
    b"POST /api/v1/matchups HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"Content-Length: 4000\r\n\r\n{"
)
PAUSE = 0.5
"""Seconds between two bytes of one slow client."""
MOST_SECONDS = 1.0
PATIENCE = 5.0


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--slow", type=int, default=200)
    arguments.add_argument("--requests", type=int, default=1000)
    arguments.add_argument("--body", action="store_true")
    options = arguments.parse_args()
    with serving() as server:
        return 0 if prove(server, options.slow, options.requests, body=options.body) else 1


def prove(server: Server, slow: int, requests: int, *, body: bool, most: float = MOST_SECONDS) -> bool:
    """Print the figures; whether they are as they must be."""
    _ask(server, requests // 10)
    alone = _ask(server, requests)
    with _dripping(server, slow, VOTE if body else HEAD) as sockets:
        time.sleep(BODY_SECONDS + 2 if body else 0)  # what is done to a body that does not come is done then
        crowded = _ask(server, requests)
        held = sum(_is_open(one) for one in sockets)
    where = "bodies" if body else "heads"
    print(f"{requests} requests, p99 {_p99(alone):.3f} s alone, {_p99(crowded):.3f} s beside {slow} slow {where}")
    print(f"{held} of {slow} slow connections were still held in the end")
    print(f"{sum(took == float('inf') for took in crowded)} requests were not answered in {PATIENCE:.0f} s")
    return _p99(crowded) < most


def _ask(server: Server, requests: int) -> list[float]:
    """Seconds of each of so many requests by four others; infinite for one that nobody answered."""

    def ask(seed: int) -> float:
        began = time.monotonic()
        try:
            page = "/healthz" if seed % 2 else "/api/v1/competitions"
            httpx.get(server.url + page, timeout=PATIENCE, verify=False).raise_for_status()
        except httpx.HTTPError:
            return float("inf")
        return time.monotonic() - began

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(ask, range(requests)))


@contextmanager
def _dripping(server: Server, slow: int, head: bytes) -> Iterator[list[socket.socket]]:
    sockets = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(slow)]
    for one in sockets:
        one.sendall(head)
    done = threading.Event()
    dripper = threading.Thread(target=_drip, args=(sockets, done))
    dripper.start()
    try:
        time.sleep(min(1.0, slow / 100))
        yield sockets
    finally:
        done.set()
        dripper.join()
        for one in sockets:
            one.close()


def _drip(sockets: list[socket.socket], done: threading.Event) -> None:
    while not done.wait(PAUSE):
        for one in sockets:
            try:
                one.sendall(b"a")
            except OSError:
                continue


def _is_open(one: socket.socket) -> bool:
    one.setblocking(False)
    try:
        return one.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def _p99(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) * 99 // 100]


if __name__ == "__main__":
    sys.exit(main())
