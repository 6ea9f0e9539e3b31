"""
Slow clients: so many connections whose requests are never finished. The others go on being answered, and what the
slow ones held is free again. Prints the 99th hundredth of the others' times, without and with the crowd.

    python scripts/faults/slow_clients.py [--slow 200] [--requests 1000] [--kind heads] [--addresses 1] [--proxy]

Kinds: `heads` send a byte of their head now and then. `bodies` do so with their body, `stalled` send one byte of
it and nothing more, `chunks` do not say how much will come, `uploads` stall the files of the playground's form;
`readers` take nothing of a long answer (a few are enough: --slow 10). The others are asked for --seconds after the
deadline of bodies (app/edge/body_deadlines.py); with one address they share it with the slow ones, and may wait a
second longer for their share of it. With --proxy the slow ones come through a proxy that is trusted, which waits
for them as long as they do. Exit 1 where one of the others waits too long, or the slow ones keep what they held.
It takes some two minutes.
"""

import argparse
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import httpx

from app.edge import body_deadlines
from app.edge.body_deadlines import CHUNK_SECONDS, TICK, UNREAD_SECONDS, UNREAD_TICKS
from app.edge.threads import PLAYGROUND_THREADS
from scripts.bench.filling import fill
from scripts.faults.server import Server, serving

JSON = "POST /api/v1/matchups HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
FORM = (
    "POST /playground HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: same-origin\r\n"
    "Content-Type: multipart/form-data; boundary=x\r\n"
)
KINDS = {
    "heads": ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", "X-Slow: "),
    "bodies": (JSON, "Content-Length: 4000\r\n\r\n{"),
    "stalled": (JSON, "Content-Length: 4000\r\n\r\n{"),
    "chunks": (JSON, "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"),
    "readers": ("GET /api/v1/votes HTTP/1.1\r\nHost: 127.0.0.1\r\n", "\r\n"),
    "uploads": (FORM, f"Content-Length: {8 * 2**20}\r\n\r\n--x\r\n"),
}
"""By kind the head of its request, and what is sent after the address's line."""
EXPORTED = 150_000
"""Votes of an export that is more than what lies between a server and a client."""
PAUSE = 0.5
"""Seconds between two bytes of one slow client."""
WAITS = {"heads": 0.0, "readers": UNREAD_SECONDS + TICK * UNREAD_TICKS + 3}
"""Seconds after which the slow ones of a kind are gone; of all others after the deadline of bodies."""
MOST_SECONDS = 1.0
PATIENCE = 5.0


@dataclass(frozen=True)
class Crowd:
    """Describe the slow clients: how many, from how many addresses, and what they keep back."""

    slow: int
    kind: str
    addresses: int = 1
    is_behind_proxy: bool = False

    def connect(self, server: Server, number: int) -> socket.socket:
        """Send one of them as far as it goes."""
        address = f"127.0.{1 + number % self.addresses // 200}.{1 + number % self.addresses % 200}"
        source = ("127.0.0.1" if self.addresses == 1 or self.is_behind_proxy else address, 0)
        opened = socket.socket()
        if self.kind == "readers":
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        opened.bind(source)
        opened.connect(("127.0.0.1", server.port))
        head, begun = KINDS[self.kind]
        told = f"X-Forwarded-For: {address}\r\n" if self.is_behind_proxy else ""
        opened.sendall((head + told + begun).encode())
        if self.kind == "readers":
            opened.recv(1)  # a process makes two exports at a time
        return opened


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--slow", type=int, default=200)
    arguments.add_argument("--requests", type=int, default=1000)
    arguments.add_argument("--kind", choices=KINDS, default="heads")
    arguments.add_argument("--addresses", type=int, default=1)
    arguments.add_argument("--seconds", type=float, default=5, help="to ask on, after the deadline")
    arguments.add_argument("--proxy", action="store_true")
    options = arguments.parse_args()
    crowd = Crowd(options.slow, options.kind, options.addresses, options.proxy)
    with serving(start=False) as server:
        if options.kind == "readers":
            with server.database() as database:
                fill(database, EXPORTED)
        server.environment["TRUSTED_PROXIES"] = '["127.0.0.1/32"]' if options.proxy else "[]"
        server.start()
        most = MOST_SECONDS + (body_deadlines.PATIENCE if crowd.addresses == 1 else 0)
        return 0 if prove(server, crowd, options.requests, after=options.seconds, most=most) else 1


def prove(server: Server, crowd: Crowd, requests: int, *, after: float = 5, most: float = MOST_SECONDS) -> bool:
    """Print the figures; whether they are as they must be."""
    _ask(server, requests // 10)
    alone = _ask(server, requests)
    with _waiting(server, crowd) as sockets:
        began = time.monotonic()
        crowded = _ask(server, requests)
        while time.monotonic() - began < WAITS.get(crowd.kind, CHUNK_SECONDS + 3) + after:
            crowded += _ask(server, requests // 10)
            time.sleep(0.2)
        ended = Counter((_read_cut if crowd.kind == "readers" else _read_end)(one) for one in sockets)
        places = _count_places(server)
    took = time.monotonic() - began
    of = f"{crowd.slow} slow {crowd.kind} of {crowd.addresses} addresses"
    print(f"p99 {_p99(alone):.3f} s alone ({len(alone)} requests), {_p99(crowded):.3f} s beside {of}")
    print(f"in {took:.0f} s {crowded.count(float('inf'))} of {len(crowded)} were not answered in {PATIENCE:.0f} s")
    print("the slow ones: " + ", ".join(f"{number} {end}" for end, number in sorted(ended.items())))
    print(f"{places} of {PLAYGROUND_THREADS} forms of the playground were taken in the end")
    is_freed = crowd.kind == "heads" or "held" not in ended
    return _p99(crowded) < most and float("inf") not in crowded and is_freed and places == PLAYGROUND_THREADS


def _ask(server: Server, requests: int) -> list[float]:
    """Send so many requests by four others; return the seconds of each, infinite for one that nobody answered."""

    def ask(seed: int) -> float:
        began = time.monotonic()
        try:
            if seed % 3 == 2:
                httpx.post(f"{server.url}/api/v1/matchups", json={}, timeout=PATIENCE)
            else:
                page = "/healthz" if seed % 3 else "/api/v1/competitions"
                httpx.get(server.url + page, timeout=PATIENCE).raise_for_status()
        except httpx.HTTPError:
            return float("inf")
        return time.monotonic() - began

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(ask, range(requests)))


def _count_places(server: Server) -> int:
    """Send as many forms at once as the playground has places, empty; returns how many were taken."""

    def send(_number: int) -> bool:
        told = httpx.post(
            f"{server.url}/playground", data={"prompt": ""}, headers={"Origin": server.url}, timeout=30
        )
        return told.status_code not in {408, 429, 503}

    with ThreadPoolExecutor(PLAYGROUND_THREADS) as pool:
        return sum(pool.map(send, range(PLAYGROUND_THREADS)))


@contextmanager
def _waiting(server: Server, crowd: Crowd) -> Iterator[list[socket.socket]]:
    """Hold so many requests unfinished for as long as the block lasts."""
    sockets = [crowd.connect(server, number) for number in range(crowd.slow)]
    done = threading.Event()
    dripper = threading.Thread(target=_drip, args=(sockets if crowd.kind in {"heads", "bodies"} else [], done))
    dripper.start()
    try:
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


def _read_end(one: socket.socket) -> str:
    """Tell how a slow request ended: the status it was answered with, `closed`, or `held` where it still waits."""
    one.setblocking(False)
    try:
        answer = one.recv(100)
    except BlockingIOError:
        return "held"
    except OSError:
        return "closed"
    return f"answered {answer.split()[1].decode()}" if answer.startswith(b"HTTP/") else "closed"


def _read_cut(one: socket.socket) -> str:
    """Tell how a reader's answer ended: `cut off` where no more comes than lay between, else `held`."""
    one.settimeout(1)
    try:
        while one.recv(2**20):
            continue
    except TimeoutError:
        return "held"
    except OSError:
        return "cut off"
    return "cut off"


def _p99(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) * 99 // 100]


if __name__ == "__main__":
    sys.exit(main())
