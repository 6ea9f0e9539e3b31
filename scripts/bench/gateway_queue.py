"""
What callers and voters notice when more images are asked for than can be made at once.

    python scripts/bench/gateway_queue.py [--calls 30] [--seconds 8] [--keys 3] [--workers 2]

Starts the production server, and a stand-in for a provider that takes so many seconds for an image. Calls come all
at the same time, from so many keys; votes are cast one after the other by eight voters, before and beside them.
Client, provider and server share the machine: trust the ratio of the votes' times, not the times. Exit 1 where a
call that was not served is not told when to come back. It takes a minute.
"""

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from scripts.bench.load import SECRET, opened
from scripts.faults.server import ARENA, ROOT, Server, serving
from tests.factories import picture_bytes
from tests.gateway.upstream import coded

VOTERS = 8
CATALOG = ROOT / "scripts" / "accept" / "catalog"
IMAGE = json.dumps({"data": [{"b64_json": coded(picture_bytes(1, (256, 256)))}]}).encode()


@dataclass(frozen=True)
class Called:
    """The result of one call."""

    key: int
    status: int
    seconds: float
    retry_after: str | None


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--calls", type=int, default=30)
    arguments.add_argument("--seconds", type=float, default=8)
    arguments.add_argument("--keys", type=int, default=3)
    arguments.add_argument("--workers", type=int, default=2)
    options = arguments.parse_args()
    with serving(start=False, workers=options.workers) as server:
        provider = slow_provider(options.seconds)
        server.environment |= {
            "SECRET_KEY": SECRET,
            "OPENAI_COMPATIBLE": "stand-in",
            "STAND_IN_UPSTREAM_URL": f"http://127.0.0.1:{provider.server_port}/v1",
            "LOG_LEVEL": "warning",
        }
        secrets = [command(server, "keys", "create", "--name", f"k{n}").split()[-1] for n in range(options.keys)]
        command(server, "seed", str(CATALOG))
        server.start()
        votes(server, until=after(options.seconds / 2))  # warms caches and threads up
        usual = votes(server, until=after(2 * options.seconds))
        called, beside = together(server, secrets, options.calls)
    tell(called, usual, beside)
    return 0 if all(one.status == 200 or one.retry_after for one in called) else 1


def together(server: Server, secrets: list[str], calls: int) -> tuple[list[Called], list[float]]:
    """Make all calls at once, and votes for as long as they last."""
    over = threading.Event()
    with ThreadPoolExecutor(calls + 1) as pool:
        voting = pool.submit(votes, server, until=over.is_set)
        calling = [pool.submit(call, server, n % len(secrets), secrets[n % len(secrets)]) for n in range(calls)]
        called = [one.result() for one in calling]
        over.set()
        return called, voting.result()


def call(server: Server, key: int, secret: str) -> Called:
    body = json.dumps({"prompt": "a fox", "model": "stand-in"}).encode()
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    asked = urllib.request.Request(f"{server.url}/openai/v1/images/generations", body, headers)
    began = time.monotonic()
    try:
        with urllib.request.urlopen(asked, timeout=300) as answer:
            status, pause = answer.status, None
    except urllib.error.HTTPError as error:
        status, pause = error.code, error.headers.get("Retry-After")
    return Called(key, status, time.monotonic() - began, pause)


def votes(server: Server, until: Callable[[], bool]) -> list[float]:
    """Have eight voters vote, each on one pair after the other; return the milliseconds of each vote."""
    pairs = opened(server, 8_000)
    with ThreadPoolExecutor(VOTERS) as pool:
        each = [pool.submit(_vote_on, server, pairs[n::VOTERS], until) for n in range(VOTERS)]
        return [millis for one in each for millis in one.result()]


def _vote_on(server: Server, pairs: list[tuple[str, str]], until: Callable[[], bool]) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    times: list[float] = []
    for cookie, matchup in pairs:
        if until():
            break
        began = time.monotonic()
        headers = {"Content-Type": "application/json", "Cookie": cookie}
        connection.request("POST", f"/api/v1/matchups/{matchup}/vote", b'{"outcome": "a"}', headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        times.append(1000 * (time.monotonic() - began))
        time.sleep(0.02)  # voters think; without it they measure how many fit
    return times


def after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def slow_provider(seconds: float) -> ThreadingHTTPServer:
    """Start a provider that takes so many seconds for each image, however many come."""

    class Provider(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            time.sleep(seconds)
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(IMAGE)))
            self.end_headers()
            self.wfile.write(IMAGE)

        def log_message(self, *_args: object) -> None:
            """Write no log: the provider's lines would drown the figures."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def command(server: Server, *words: str) -> str:
    done = subprocess.run(
        [*ARENA, *words], env=server.environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout


def tell(called: list[Called], usual: list[float], beside: list[float]) -> None:
    """Print what came of it."""
    good = [one for one in called if one.status == 200]
    print(f"{len(called)} calls at once: {len(good)} images", end="")
    print(f", the last after {max((one.seconds for one in good), default=0):.1f} s")
    for status, count in sorted(Counter(one.status for one in called if one.status != 200).items()):
        pauses = sorted({one.retry_after or "none" for one in called if one.status == status})
        print(f"{count} times {status}, Retry-After {', '.join(pauses)}")
    for key in sorted({one.key for one in called}):
        own = [one for one in called if one.key == key]
        print(f"key {key}: {sum(one.status == 200 for one in own)} of {len(own)} images")
    for name, times in (("alone", usual), ("beside", beside)):
        p50, p99 = (statistics.quantiles(times, n=100)[at] for at in (49, 98))
        print(f"votes {name}: {len(times)}, median {p50:.1f} ms, 99th percentile {p99:.1f} ms")


if __name__ == "__main__":
    sys.exit(main())
