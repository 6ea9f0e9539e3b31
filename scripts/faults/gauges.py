"""What a running server holds at a moment, and whether it comes to hold more."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, nan, sqrt
from pathlib import Path

from sqlalchemy import text

from scripts.faults.server import Server

MIB = 2**20


@dataclass(frozen=True)
class Process:
    """Memory in MiB: `rss` with the pages it shares, `uss` without."""

    pid: int
    rss: float
    uss: float
    files: int
    threads: int


@dataclass(frozen=True)
class Trend:
    """Change of a figure per unit, and the standard error of that."""

    slope: float
    error: float

    @property
    def least(self) -> float:
        """Return the slope less two standard errors."""
        return self.slope - 2 * self.error

    @property
    def most(self) -> float:
        """Return the slope and two standard errors."""
        return self.slope + 2 * self.error


def process(pid: int) -> Process:
    """Read a process's memory, files and threads from /proc."""
    status = _kib(Path(f"/proc/{pid}/status"))
    rollup = _kib(Path(f"/proc/{pid}/smaps_rollup"))
    return Process(
        pid=pid,
        rss=status["VmRSS"] / 1024,
        uss=(rollup["Private_Clean"] + rollup["Private_Dirty"]) / 1024,
        files=sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()),
        threads=status["Threads"],
    )


def stored(server: Server) -> tuple[float, float]:
    """Return the MiB of the database and of its write-ahead log."""
    if server.cluster is None:
        file = Path(server.database_url.removeprefix("sqlite:///"))
        log = file.with_name(f"{file.name}-wal")
        return file.stat().st_size / MIB, (log.stat().st_size if log.exists() else 0) / MIB
    sizes = "SELECT pg_database_size(current_database()), (SELECT sum(size) FROM pg_ls_waldir())"
    with server.database() as database, database.reading() as session:
        here, log_bytes = session.execute(text(sizes)).one()
    return here / MIB, float(log_bytes) / MIB


def trend(at: Sequence[float], figures: Sequence[float]) -> Trend:
    """
    Fit a line by least squares; its error allows for neighbouring figures that resemble each other.

    Memory wanders: n figures of which each says much of the next are worth n(1 - r)/(1 + r), with r the
    correlation of neighbouring residuals (Santer et al. 2000, J. Geophys. Res. 105, 7337, section 4).
    """
    if len(at) < 3:
        return Trend(nan, inf)
    slope, start = statistics.linear_regression(at, figures)
    left = [y - start - slope * x for x, y in zip(at, figures, strict=True)]
    squares = sum(one * one for one in left)
    resembling = sum(a * b for a, b in pairwise(left)) / squares if squares else 0.0
    worth = len(at) * (1 - max(resembling, 0.0)) / (1 + max(resembling, 0.0))
    spread = statistics.pvariance(at) * len(at)
    return Trend(slope, sqrt(squares / (worth - 2) / spread) if worth > 2 else inf)


def _kib(path: Path) -> dict[str, int]:
    """Read the lines that hold a number."""
    lines = (line.split() for line in path.read_text().splitlines())
    return {words[0].rstrip(":"): int(words[1]) for words in lines if len(words) > 1 and words[1].isdigit()}
