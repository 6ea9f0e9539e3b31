"""
Requests per second through the production server, beside the floor of the same stack in the same run.

    python scripts/bench/load.py [--database sqlite|postgres] [--stored 1000,100000] [--seconds 6] [--json FILE]

Needs wrk (Debian: apt-get install wrk). Client and server share the machine: trust ratios, not figures. What has a
bar takes turns with its floor, half the seconds each time, as a machine's speed changes; the median turn is told.
Exit 1 where a bar is missed or a request failed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from itsdangerous import Signer

from app.edge import identity
from scripts.bench.arguments import need_wrk
from scripts.bench.filling import fill, open_pairs
from scripts.faults.server import ROOT, Server, serving

SECRET = "s" * 32
LUA = """
local lines, at = {}, 0
for line in io.lines(os.getenv("REQUESTS")) do lines[#lines + 1] = line end
request = function()
  at = at % #lines + 1
  local method, path, cookie, body = lines[at]:match("^(%S+) (%S+) (%S*) ?(.*)$")
  local headers = {["Content-Type"] = "application/json"}
  if cookie ~= "-" then headers["Cookie"] = cookie end
  if os.getenv("ENCODING") then headers["Accept-Encoding"] = os.getenv("ENCODING") end
  return wrk.format(method, path, headers, body ~= "" and body or nil)
end
done = function(summary, latency)
  io.write(string.format('{"requests": %d, "micros": %d, "p50": %f, "p99": %f, "most": %f, "bad": %d}\\n',
    summary.requests, summary.duration, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    latency.max / 1000, summary.errors.status + summary.errors.connect + summary.errors.read
    + summary.errors.timeout))
end
"""
WARM_VOTES = 6_000
VOTES_A_SECOND = 4_500
"""More than any machine has done."""
TURNS = 5
P99_BAR = 50 / 22
"""The most that a vote's p99 may be of the bare one's: 50 ms where the bare one took 22."""
BARS = {"vote": ("bare vote", 0.67), "board, kept": ("bare page", 0.67), "model page, kept": ("bare page", 0.67)}


@dataclass(frozen=True)
class Row:
    """One measurement; times in milliseconds, CPU of the server in microseconds a request."""

    database: str
    stored: int
    what: str
    rate: float
    p50: float
    p99: float
    most: float
    cpu: float
    bad: int


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    arguments.add_argument("--stored", default="1000,100000")
    arguments.add_argument("--seconds", type=int, default=6)
    arguments.add_argument("--connections", type=int, default=32)
    arguments.add_argument("--competitions", type=int, default=12)
    arguments.add_argument("--models", type=int, default=16)
    arguments.add_argument("--folder", type=Path, help="where the data lie; a disk, not memory, for true syncs")
    arguments.add_argument("--json", type=Path)
    options = arguments.parse_args()
    need_wrk(arguments)
    rows: list[Row] = []
    holding = tempfile.TemporaryDirectory(prefix="blindvote-load-", dir=options.folder)
    with (
        holding as folder,
        serving(
            options.database,
            folder=Path(folder),
            start=False,
            competitions=options.competitions,
            models=options.models,
        ) as server,
    ):
        server.environment |= {"SECRET_KEY": SECRET, "OPENBLAS_NUM_THREADS": "1"}
        for stored in map(int, options.stored.split(",")):
            began = time.monotonic()
            with server.database() as opened:
                fill(opened, stored)
            print(f"\n{stored:,} votes stored after {time.monotonic() - began:.0f} s", flush=True)
            rows += measured(server, options.database, stored, options.seconds, options.connections)
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return verdict(rows)


def measured(server: Server, database: str, stored: int, seconds: int, connections: int) -> list[Row]:
    """Measure every request of the product at this size, between two runs of the floor."""
    print(f"{'':<22}{'per s':>9} {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8} {'CPU us':>8} {'bad':>5}")
    plan = Plan(server, database, stored, seconds, connections)
    server.start()
    plan.warm(["/leaderboards/text-to-image", "/models/m3", "/api/v1/leaderboards/text-to-image"])
    plan.warm_votes(votes(opened(server, WARM_VOTES)))
    page = urllib.request.urlopen(server.url + "/leaderboards/text-to-image").read()
    with bare(server, page) as floor:
        ground = replace(plan, server=floor)
        ground.warm_votes(_bare_votes(WARM_VOTES))
        rows = in_turns(
            (plan, "board, kept", lambda: ["GET /leaderboards/text-to-image -"]),
            (plan, "model page, kept", lambda: ["GET /models/m3 -"]),
            (ground, "bare page", lambda: ["GET /page -"]),
        )
        rows += [plan.run("board, kept, brotli", ["GET /leaderboards/text-to-image -"], encoding="br")]
        rows += [plan.run("board API", ["GET /api/v1/leaderboards/text-to-image -"])]
        rows += [plan.run("new pair", ["POST /api/v1/matchups - {}"])]
        images = [f"GET /m/{matchup}/a.webp {cookie}" for cookie, matchup in opened(server, 500)]
        rows += [plan.run("image", images)]
        rows += in_turns(
            (plan, "vote", lambda: votes(opened(server, seconds * VOTES_A_SECOND // 2))),
            (ground, "bare vote", lambda: _bare_votes(seconds * VOTES_A_SECOND // 2)),
        )
        rows += [ground.run("bare rendering", ["GET /rendered -"])]
    server.kill()
    return rows


def in_turns(*asked: tuple["Plan", str, Callable[[], list[str]]]) -> list[Row]:
    """
    Run plans in turn, each with a name and what makes its requests; return the median turn by rate,
    with all failures.
    """
    turns: dict[str, list[Row]] = {what: [] for _, what, _ in asked}
    for _ in range(TURNS):
        for plan, what, requests in asked:
            turns[what].append(replace(plan, seconds=max(1, plan.seconds // 2)).quietly(what, requests()))
    rows = []
    for found in turns.values():
        median = sorted(found, key=lambda row: row.rate)[TURNS // 2]
        rows.append(replace(median, bad=sum(row.bad for row in found)))
        tell(rows[-1])
    return rows


def votes(open_ones: list[tuple[str, str]]) -> list[str]:
    """List a request to vote for each open matchup."""
    return [
        f'POST /api/v1/matchups/{m}/vote {cookie} {{"outcome":"{"ab"[n % 2]}"}}'
        for n, (cookie, m) in enumerate(open_ones)
    ]


def _bare_votes(count: int) -> list[str]:
    return [f'POST /vote/{os.urandom(16).hex()} - {{"outcome":"a"}}' for _ in range(count)]


@dataclass(frozen=True)
class Plan:
    """The plan of a run: where requests go, for how long and from how many connections."""

    server: Server
    database: str
    stored: int
    seconds: int
    connections: int

    def warm(self, paths: list[str]) -> None:
        """Request each page for a second, so that every thread has started and every page is in the cache."""
        for path in paths:
            words = ["wrk", "-t1", f"-c{self.connections}", "-d1s", self.server.url + path]
            subprocess.run(words, capture_output=True, check=True)

    def warm_votes(self, votes: list[str]) -> None:
        """Send votes for two seconds: PostgreSQL plans a connection's first ten of each statement one by one."""
        replace(self, seconds=2).quietly("", votes)

    def run(self, what: str, requests: list[str], encoding: str = "") -> Row:
        """Measure the requests and print their row."""
        row = self.quietly(what, requests, encoding)
        tell(row)
        return row

    def quietly(self, what: str, requests: list[str], encoding: str = "") -> Row:
        """
        Measure the requests without printing; requests are lines of method, path, cookie or a dash, and body,
        and start over when all are sent.
        """
        with tempfile.NamedTemporaryFile("w") as lines:
            lines.write("\n".join(requests))
            lines.flush()
            environment = {"REQUESTS": lines.name} | ({"ENCODING": encoding} if encoding else {})
            found, busy = self.drive(LUA, environment)
        return Row(
            database=self.database,
            stored=self.stored,
            what=what,
            rate=found["requests"] / found["micros"] * 1e6,
            p50=found["p50"],
            p99=found["p99"],
            most=found["most"],
            cpu=busy / max(found["requests"], 1) * 1e6,
            bad=found["bad"],
        )

    def drive(
        self, script: str, environment: Mapping[str, str], *, threads: int = 1
    ) -> tuple[dict[str, Any], float]:
        """Have wrk run a script of Lua; return what that printed as JSON, and the server's CPU in seconds."""
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
            file.write(script)
            file.flush()
            words = ["wrk", f"-t{threads}", f"-c{self.connections}", f"-d{self.seconds}s", "-s", file.name]
            busy = cpu_of(self.server)
            told = subprocess.run(
                [*words, self.server.url], env=os.environ | environment, capture_output=True, text=True, check=True
            ).stdout
            busy = cpu_of(self.server) - busy
        return json.loads(told.strip().splitlines()[-1]), busy


def tell(row: Row) -> None:
    """Print a row of the table."""
    times = f"{row.p50:>8.2f} {row.p99:>8.2f} {row.most:>8.1f}"
    print(f"{row.what:<22}{row.rate:>9.0f} {times} {row.cpu:>8.0f} {row.bad:>5}", flush=True)


def opened(server: Server, count: int) -> list[tuple[str, str]]:
    """List (cookie, matchup) of open matchups; the cookies are as the server signs them."""
    signer = Signer(SECRET, salt=identity.NAME, digest_method=identity.hashlib.sha256)
    with server.database() as database:
        pairs = open_pairs(database, count, datetime.now(UTC))
    return [
        (f"{identity.NAME}={signer.sign(identity.encode_id(voter)).decode()}", identity.encode_id(matchup))
        for voter, matchup in pairs
    ]


@contextmanager
def bare(server: Server, page: bytes, picture: str = "") -> Iterator[Server]:
    """
    Start the bare application, the floor, on the same database beside the server.

    `picture` is the storage key of what its rounds send.
    """
    path = server.folder / "bare.html"
    path.write_bytes(page)
    floor = server.beside({"BARE_PAGE": str(path), "BARE_PICTURE": picture})
    floor.process = subprocess.Popen(
        [sys.executable, "-m", "scripts.bench.bare"],
        env=floor.environment,
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(400):
            try:
                urllib.request.urlopen(floor.url + "/page").close()
                break
            except OSError:
                time.sleep(0.05)
        yield floor
    finally:
        floor.kill()


def cpu_of(server: Server) -> float:
    """Return the seconds of user and system time of the server's processes so far."""
    assert server.process
    return cpu_of_processes([server.process.pid, *server.workers()])


def cpu_of_processes(pids: Iterable[int]) -> float:
    """Return the seconds of user and system time of these processes so far."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def verdict(rows: list[Row]) -> int:
    """Print the ratios to the floor at each size, and what growth costs."""
    print()
    fine = not any(row.bad for row in rows)
    for stored in sorted({row.stored for row in rows}):
        here = {row.what: row for row in rows if row.stored == stored}
        for what, (floor, bar) in BARS.items():
            ratio = here[what].rate / here[floor].rate
            fine &= ratio >= bar
            print(f"{stored:>11,} votes: {what:<18} {ratio:6.2f} of {floor} (bar {bar})")
        tail = here["vote"].p99 / here["bare vote"].p99
        fine &= tail <= P99_BAR
        print(f"{stored:>11,} votes: {'vote, p99':<18} {tail:6.2f} of bare vote (bar {P99_BAR:.2f})")
    smallest, largest = min(row.stored for row in rows), max(row.stored for row in rows)
    for what in sorted({row.what for row in rows}) if smallest < largest else []:
        first, last = (next(r for r in rows if r.what == what and r.stored == n) for n in (smallest, largest))
        print(f"{what:<22} {last.rate / first.rate:6.2f} of its rate at {smallest:,} when {largest:,} are stored")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
