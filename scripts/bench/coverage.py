"""
Checks whether intervals hold what they say for every class of model. Simulated arenas, printed against 93-97 %.

Classes: the model shown first and the one shown last, both as "ends" (if every vote fell to the other side, worlds
and method would be the same, and the last model the first), the middle half of the board by rating, specialists (a
quarter of the models, with 2.5 times the prompt effect, where the world has them) and plain models beside them, a
newcomer of the last fifth of the votes, and all. "truly first" is the model first in truth: a rating that shrinks
must miss it more often while votes are few. Half width and error are of all parts; "equal" is the error of calling
all models equal; "before" is how often an interval of method version 1 (half a virtual game, votes alone) held. A
class has as many observations as arenas times its models. `--keep` goes on where an earlier run stopped.

    python scripts/bench/coverage.py [--boards N] [--seconds S] [--keep FOLDER] [CELL...]
"""

import argparse
import json
import math
import os
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from app.elo_scale import ELO_PER_LOGIT
from app.ratings.board import Ratings, rate
from app.ratings.tallies import Array, Mask
from scripts.bench.worlds import Arena, Setting, played

CELLS = {f"{n} models, {g} prompts": Setting(models=n, competitions=g) for n in (4, 8, 24, 40) for g in (3, 7, 30)}
CELLS |= {f"{votes:,} votes a model": Setting(votes_per_model=votes) for votes in (5, 20, 1000)}
CELLS |= {f"{voters:,} voters, taste 80": Setting(voters=voters, taste=80) for voters in (3, 12, 48, 1000)}
CELLS |= {"12 voters, taste 120": Setting(voters=12, taste=120)}
CELLS |= {f"pair effects {sd}": Setting(pairs=sd, votes_per_model=400) for sd in (30, 60)}
CELLS |= {"ties 40 %": Setting(ties=0.4)}
CELLS |= {
    "specialists, 7 prompts": Setting(specialists=True, votes_per_model=400),
    "specialists, 30 prompts": Setting(specialists=True, competitions=30, votes_per_model=400),
}
CELLS |= {"a newcomer": Setting(newcomer=True), "nothing shared, 48 voters": Setting(prompts=0, voters=48)}
CLASSES = ("all", "first", "last", "ends", "truly first", "middle", "specialists", "plain", "newcomer")


@dataclass(frozen=True)
class Outcome:
    """Record one arena: how many models of each class were inside and there, and the board's own figures."""

    inside: dict[str, tuple[int, int]]
    before: float
    half: float
    squared: float
    equal: float = math.nan


def classes(arena: Arena, board: Ratings, real: Array) -> dict[str, Mask]:
    """Mark which models count for each column of the table."""
    n, order, here = arena.setting.models, np.argsort(-board.rating), arena.setting
    return {
        "all": np.ones(n, dtype=bool),
        "first": np.arange(n) == order[0],
        "last": np.arange(n) == order[-1],
        "ends": np.isin(np.arange(n), order[[0, -1]]),
        "truly first": np.arange(n) == real.argmax(),
        "middle": np.isin(np.arange(n), order[n // 4 : n - n // 4]),
        "specialists": np.asarray(here.special() & here.specialists),
        "plain": np.asarray(~here.special() & here.specialists),
        "newcomer": (np.arange(n) == 0) & here.newcomer,
    }


def observe(name: str, setting: Setting, number: int) -> Outcome:
    """Play one arena of a cell, the same for the same number, and look which intervals hold the truth."""
    arena = played(setting, np.random.default_rng((zlib.crc32(name.encode()), number)))
    tallies, real = arena.tallies(), 1000 + ELO_PER_LOGIT * arena.truth()
    board = rate(tallies, voters=arena.ballots(), draws=1)
    inside = (board.low <= real) & (real <= board.high)
    old = rate(tallies, prior=0.5, interval="vote", draws=1)
    return Outcome(
        {kind: (int(inside[who].sum()), int(who.sum())) for kind, who in classes(arena, board, real).items()},
        float(((old.low <= real) & (real <= old.high)).mean()),
        float(np.median(board.high - board.low)) / 2,
        float(np.mean((board.rating - real) ** 2)),
        float(np.mean((real - 1000) ** 2)),
    )


def outcomes(name: str, setting: Setting, boards: int, seconds: float, keep: Path | None) -> Iterator[Outcome]:
    """Give what was kept of a cell, then play and keep further arenas until there are enough, or time is up."""
    file = keep / f"{name}.jsonl" if keep else None
    lines = file.read_text().splitlines() if file and file.exists() else []
    yield from (Outcome(**json.loads(line)) for line in lines)
    until = time.process_time() + seconds
    for number in range(len(lines), boards):
        if time.process_time() > until:
            return
        found = observe(name, setting, number)
        if file:
            with file.open("a") as out:
                out.write(json.dumps(asdict(found)) + "\n")
        yield found


def row(name: str, found: list[Outcome]) -> str:
    """Write a line of the table: coverage by class, then the old interval's, the half width and the error."""
    said = ""
    for kind in CLASSES:
        inside, count = np.sum([each.inside.get(kind, (0, 0)) for each in found], axis=0)
        said += f"{100 * inside / count:>12.1f}" if count else f"{'-':>12}"
    before, half = np.mean([each.before for each in found]), np.median([each.half for each in found])
    error, equal = (math.sqrt(np.mean(each)) for each in zip(*((o.squared, o.equal) for o in found), strict=True))
    return f"{name:<28}{len(found):>7}{said}{100 * before:>9.1f}{half:>7.0f}{error:>6.0f}{equal:>7.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Coverage of the published intervals, by class of model.")
    parser.add_argument("cells", nargs="*", metavar="CELL", help="cells whose names contain this; else all")
    parser.add_argument("--boards", type=int, default=200, help="simulated arenas per cell")
    parser.add_argument("--seconds", type=float, default=math.inf, help="CPU seconds per cell at most")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep each arena's outcome in a file per cell")
    given = parser.parse_args()
    print("A class of one model has an observation an arena, all others more")
    named = "".join(f"{each:>12}" for each in CLASSES)
    print(f"{'':<28}{'arenas':>7}{named}{'before':>9}{'±':>7}{'RMSE':>6}{'equal':>7}")
    for name, setting in sorted(CELLS.items(), key=lambda each: each[1].votes):
        if not given.cells or any(part in name for part in given.cells):
            found = list(outcomes(name, setting, given.boards, given.seconds, given.keep))
            if found:
                print(row(name, found), flush=True)


if __name__ == "__main__":
    main()
