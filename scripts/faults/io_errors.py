"""
Failing disks: the n-th sync answers EIO, or the n-th write ENOSPC, for every n up to N. Nobody may be told of a
vote that is not stored, and the same process goes on as soon as the disk does. SQLite; strace plays the disk.

    python scripts/faults/io_errors.py [--n 200] [--fault sync|write]

Exit 1 where a vote is lost or changed, the file is damaged, or the process does not go on; 3 where strace may not
trace here. It takes some five minutes.
"""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from sqlalchemy import text

from app.database.doors import Database
from app.leaderboards.runs.verify import verify
from scripts.faults.application import application, judge, populate
from scripts.faults.stored import compare
from scripts.faults.voters import Acknowledged

FAULTS = {
    "sync": ["trace=fdatasync,fsync", "inject=fdatasync,fsync:error=EIO:when={n}"],
    "write": ["trace=pwrite64,pwritev", "inject=pwrite64,pwritev:error=ENOSPC:when={n}"],
}
CALLS_EACH = {"sync": 2, "write": 10}
"""At least so many per matchup with its vote: two commits, some pages each."""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--n", type=int, default=200)
    arguments.add_argument("--fault", choices=FAULTS, help="both when left out")
    arguments.add_argument("--judge", type=Path, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.judge:
        return _judge(options.judge)
    if not can_trace():
        print("NOT TRIED: there is no strace here that may trace (on Debian: apt-get install strace)")
        return 3
    faults = [options.fault] if options.fault else list(FAULTS)
    holding = [prove(fault, range(1, options.n + 1)) for fault in faults]
    return 0 if all(holding) else 1


def can_trace() -> bool:
    """Whether strace is here, and allowed to trace a process that it did not start."""
    if not shutil.which("strace"):
        return False
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        try:
            with _failing(sleeper.pid, FAULTS["sync"], 1):
                return True
        except ChildProcessError:
            return False
        finally:
            sleeper.kill()


def prove(fault: str, places: range) -> bool:
    """Print the figures; whether they are as they must be."""
    known, hit, recovered = Acknowledged(), 0, 0
    with tempfile.TemporaryDirectory() as name:
        with _judging(Path(name)) as judging:
            for n in places:
                with _failing(judging.pid, FAULTS[fault], n):
                    hit += any(status != 200 for status in _vote(judging, known, n // CALLS_EACH[fault] + 2))
                recovered += _vote(judging, known, 2) == [200, 200]
        with closing(Database(f"sqlite:///{Path(name) / 'blindvote.sqlite3'}")) as database:
            stored, report = compare(database, known), verify(database)
            with database.reading() as session:
                sound = session.execute(text("PRAGMA integrity_check")).scalars().all() == ["ok"]
    print(f"{fault} failed at call {places[0]} to {places[-1]}: {hit} of {len(places)} times somebody was refused")
    print(f"{len(known.votes)} votes acknowledged, {len(known.maybe)} refused, {dict(known.statuses)}")
    print(f"{stored}; {len(report.differences)} differences to the log; file {'sound' if sound else 'CORRUPT'}")
    print(f"both of the next two votes were taken after {recovered} of {len(places)} faults")
    fine = stored.holds() and report.is_exact and sound and set(known.statuses) <= {200, 503}
    return fine and hit >= len(places) // 2 and recovered == len(places)


def _vote(judging: "subprocess.Popen[str]", known: Acknowledged, votes: int) -> list[int]:
    """Vote; return the statuses. Each 503 is remembered as a vote that may be stored."""
    assert judging.stdin
    assert judging.stdout
    judging.stdin.write(f"{votes}\n")
    judging.stdin.flush()
    statuses = []
    for status, matchup, outcome in json.loads(judging.stdout.readline()):
        statuses.append(status)
        known.statuses[status] += 1
        if status == 200:
            known.votes[matchup] = outcome
        elif matchup:
            known.maybe.add(matchup)
    return statuses


@contextmanager
def _judging(folder: Path) -> "Iterator[subprocess.Popen[str]]":
    """Start a process that holds the application and votes when it reads a number."""
    with closing(Database(f"sqlite:///{folder / 'blindvote.sqlite3'}")) as database:
        populate(database, folder)
    words = [sys.executable, __file__, "--judge", str(folder)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as judging:
        yield judging
        assert judging.stdin
        judging.stdin.close()


def _judge(folder: Path) -> int:
    with application(folder) as app:
        for seed, line in enumerate(sys.stdin):
            print(json.dumps(list(judge(app, int(line), seed, pairs=40))), flush=True)
    return 0


@contextmanager
def _failing(process: int, fault: list[str], n: int) -> Iterator[None]:
    """Let the n-th such call of each of its threads fail while the context lasts."""
    filters = [word for expression in fault for word in ("-e", expression.format(n=n))]
    words = ["strace", "-f", *filters, "-o", "/dev/null", "-p", str(process)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr
        line = strace.stderr.readline()
        if "attached" not in line:
            raise ChildProcessError(line)
        try:
            yield
        finally:
            strace.send_signal(signal.SIGINT)
            strace.communicate()


if __name__ == "__main__":
    sys.exit(main())
