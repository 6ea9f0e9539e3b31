"""
What each layer takes of a round of voting: microseconds of one thread's CPU, the least and the median of many.

    python scripts/bench/layers.py [--stored 20000] [--rounds 200] [--folder FOLDER]

The application is called in this process as its server calls it, over SQLite. A layer's time holds the time of
those that it calls; group commit, its files' locks and the commit are of one write a time here, and shared by many
under load. Run it in two checkouts to compare them. It takes some ten seconds.
"""

import argparse
import io
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from app.api import direct_voting, matchups
from app.arena.entries import renditions
from app.arena.voting import matchup_storage, pictures, vote_casting
from app.arena.voting import matchups as issuing
from app.cli.serve import application
from app.database import doors, group_commit, sessions
from app.edge import request_log
from app.gateway.storage import Storage
from app.leaderboards.views import crowd, reveal
from scripts.bench.filling import fill
from scripts.faults.server import serving

LAYERS: tuple[tuple[str, Any, str], ...] = (
    ("log: line and metrics", request_log.RequestLog, "_tell"),
    ("cookie to voter", direct_voting, "read_voter"),
    ("session: take and begin", sessions.SessionPool, "_take"),
    ("session: end and give back", sessions.SessionPool, "_give_back"),
    ("queue: a write, whole", group_commit.CommitQueue, "submit"),
    ("queue: commit", doors, "_commit"),
    ("picture: look-up", pictures, "blind_file"),
    ("picture: file", Storage, "get"),
    ("picture: filling up", renditions, "padded"),
    ("picture: mark", pictures, "mark_all_served"),
    ("pair: voter", issuing, "read_voter_state"),
    ("pair: what was seen", issuing, "list_exclusions"),
    ("pair: choice", issuing, "choose_pair"),
    ("pair: storing", matchup_storage.NewMatchup, "record"),
    ("pair: prompt", issuing, "_tell_blind"),
    ("pair: body", matchups, "tell_matchup"),
    ("vote: reading", vote_casting, "_read_matchups"),
    ("vote: storing, and reads beside", vote_casting, "store_votes"),
    ("vote: reveal", reveal, "reveal_vote"),
    ("vote: crowd", crowd, "compare_vote"),
    ("vote: body", matchups, "tell_vote"),
)
"""Each layer's name, where its function is looked up, and the function's name."""
PAIRS_A_VOTER = 20
Times = defaultdict[str, list[float]]


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--stored", type=int, default=20_000)
    arguments.add_argument("--rounds", type=int, default=200)
    arguments.add_argument("--folder", type=Path, help="where the data lie; a disk, not memory, for true syncs")
    options = arguments.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="blindvote-layers-", dir=options.folder) as folder,
        serving("sqlite", folder=Path(folder), start=False, models=16) as server,
    ):
        with server.database() as database:
            fill(database, options.stored)
        os.environ |= server.environment | {"SECRET_KEY": "s" * 32}
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 (lines of the log are written, and not read)
        measured = measure(application(), options.rounds)
    for name, times in measured.items():
        print(f"{name:<32} {min(times):>8.0f} {median(times):>8.0f}")


def measure(app: Any, rounds: int) -> Times:
    """Vote for so many rounds, after some to warm up; return the microseconds of each layer and request."""
    times: Times = defaultdict(list)
    for name, owner, function in LAYERS:
        setattr(owner, function, _timed(getattr(owner, function), times[name]))
    vote_rounds(app, 2 * PAIRS_A_VOTER, times)
    for known in times.values():
        known.clear()
    vote_rounds(app, rounds, times)
    return times


def vote_rounds(app: Any, rounds: int, times: Times) -> None:
    """Take pairs, fetch their pictures and vote, as many voters one after the other."""
    cookie = ""
    for n in range(rounds):
        if n % PAIRS_A_VOTER == 0:
            cookie = ""
        name = "WHOLE pair" if cookie else "WHOLE first pair of a voter"
        headers, body = ask(app, times[name], "POST", direct_voting.PAIRS, cookie, b"{}")
        cookie = cookie or headers["Set-Cookie"].partition(";")[0]
        matchup = json.loads(body)["id"]
        for side in "ab":
            ask(app, times["WHOLE first picture"], "GET", f"/m/{matchup}/{side}.webp", cookie)
        ask(app, times["WHOLE picture again"], "GET", f"/m/{matchup}/a.webp", cookie)
        path = f"{direct_voting.PAIRS}/{matchup}/vote"
        ask(app, times["WHOLE vote"], "POST", path, cookie, b'{"outcome":"a"}')


def ask(
    app: Any, times: list[float], method: str, path: str, cookie: str, body: bytes = b""
) -> tuple[dict[str, str], bytes]:
    """Call the application as its server does; note the time, and return the answer's headers and body."""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SCRIPT_NAME": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_COOKIE": cookie,
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
    }
    if body:
        environ |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body))}
    answered: list[Any] = []
    started = time.thread_time_ns()
    chunks = app(environ, lambda status, headers, _=None: answered.extend((status, headers)))
    data = b"".join(chunks)
    times.append((time.thread_time_ns() - started) / 1000)
    getattr(chunks, "close", list)()
    if answered[0][:2] != "20":
        raise RuntimeError(f"{method} {path}: {answered[0]}")
    return dict(answered[1]), data


def _timed(function: Callable[..., Any], times: list[float]) -> Callable[..., Any]:
    def timed(*values: Any, **named: Any) -> Any:
        started = time.thread_time_ns()
        try:
            return function(*values, **named)
        finally:
            times.append((time.thread_time_ns() - started) / 1000)

    return timed


if __name__ == "__main__":
    main()
