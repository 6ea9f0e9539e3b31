"""
Check whether intervals hold what they say for every class of model, and print simulated arenas against 93-97 %.

Every arena is drawn and played anew by the product's own lanes; no two share a vote. Classes, by the board shown:

- the leader ("ends"): the model shown first, and the one shown last, who is the leader of the mirrored world (if
  every vote fell to the other side, worlds and method would be the same, and the last the first); and each alone,
- the middle half of the board,
- specialists, a quarter of the models, with 2.5 times the prompt effect, and plain models beside them, with half,
- three newcomers, who join one after the other, for the last fifth, three twentieths and tenth of the votes,
- "truly first", the model first in truth: a rating that shrinks must miss it more often while votes are few.

A cell is played until the rarest of its classes has the observations that are wanted, for 1,500 of the leader 750
arenas. Standard errors are clustered by arena, since models of one board are not independent.
"before" is how often an interval of method version 1 (half a virtual game, votes alone) held. Half width and error
are of all parts; "equal" is the error of calling all models equal. Another `--seed` plays other arenas: what was
chosen by looking at some is reported from others. `--keep` goes on where an earlier run stopped,
and counts all seeds that are kept there.

    python scripts/bench/coverage.py [--observations N] [--seconds S] [--seed N] [--keep FOLDER] [CELL...]
"""

import argparse
import json
import math
import os
import sys
import time
import zlib
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
CELLS |= {"newcomers": Setting(newcomers=3), "nothing shared, 48 voters": Setting(prompts=0, voters=48)}
CLASSES = ("all", "ends", "first", "last", "middle", "specialists", "plain", "newcomers", "truly first")
WANTED = ("ends", "middle", "specialists", "plain", "newcomers")
"""Classes of which each cell has enough observations, and which are to lie within these bounds."""
LOWEST, HIGHEST = 0.93, 0.97
GROWTH = 5
"""Pairs are weighed anew when votes have grown by a fifth; by a twelfth costs twice as much."""


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
        "newcomers": np.arange(n) < here.newcomers,
    }


@dataclass(frozen=True)
class Coverage:
    """Tell how many observations of a class there are, the share inside, and its standard error."""

    count: int
    share: float
    error: float

    @classmethod
    def of(cls, kind: str, outcomes: list[Outcome]) -> "Coverage":
        """Add up a class over arenas; the error is that of a ratio of sums over independent arenas."""
        inside, count = (
            np.array([each.inside.get(kind, (0, 0)) for each in outcomes], dtype=float).reshape(-1, 2).T
        )
        whole = float(count.sum())
        if not whole:
            return cls(0, math.nan, math.nan)
        share = float(inside.sum() / whole)
        spread = float(((inside - share * count) ** 2).sum()) * len(count) / max(len(count) - 1, 1)
        return cls(int(whole), share, math.sqrt(spread) / whole)

    def outside(self) -> float:
        """Return how many standard errors, of a share at the bound at least, it lies outside; 0 within."""
        bound = min(max(self.share, LOWEST), HIGHEST)
        return abs(self.share - bound) / max(self.error, math.sqrt(bound * (1 - bound) / self.count))


def observe(name: str, setting: Setting, seed: int, number: int) -> Outcome:
    """Play one arena of a cell, the same for the same seed and number, and look which intervals hold the truth."""
    rng = np.random.default_rng((seed, zlib.crc32(name.encode()), number))
    arena = played(setting, rng, growth=GROWTH)
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


def arenas_for(observations: int, played: Outcome) -> int:
    """Return how many arenas like this one give each of its classes so many observations."""
    counts = [played.inside[kind][1] for kind in WANTED]
    return math.ceil(observations / min(count for count in counts if count))


def read_kept(folder: Path | None, name: str, seed: str = "*") -> list[Outcome]:
    """Read a cell's arenas from a folder, those of one seed or of all."""
    files = sorted(folder.glob(f"{name}, seed {seed}.jsonl")) if folder else []
    return [Outcome(**json.loads(line)) for file in files for line in file.read_text().splitlines()]


def play(name: str, setting: Setting, given: argparse.Namespace) -> list[Outcome]:
    """Read what was kept of a cell, then play and keep further arenas until there are enough, or time is up."""
    outcomes, number = read_kept(given.keep, name), len(read_kept(given.keep, name, given.seed))
    until = time.process_time() + given.seconds
    while not outcomes or len(outcomes) < arenas_for(given.observations, outcomes[0]):
        if time.process_time() > until:
            break
        outcomes.append(observe(name, setting, given.seed, number))
        number += 1
        if given.keep:
            with (given.keep / f"{name}, seed {given.seed}.jsonl").open("a") as out:
                out.write(json.dumps(asdict(outcomes[-1])) + "\n")
    return outcomes


def row(name: str, outcomes: list[Outcome]) -> str:
    """Write a line of the table: coverage by class, then the old interval's, the half width and the error."""
    columns = [Coverage.of(kind, outcomes) for kind in CLASSES]
    said = [f"{100 * each.share:.1f} ± {100 * each.error:.1f}" if each.count else "" for each in columns]
    fewest = min(Coverage.of(kind, outcomes).count or sys.maxsize for kind in WANTED)
    before, half = np.mean([each.before for each in outcomes]), np.median([each.half for each in outcomes])
    error, equal = (
        math.sqrt(np.mean(each)) for each in zip(*((o.squared, o.equal) for o in outcomes), strict=True)
    )
    figures = [f"{100 * before:.1f}", f"{half:.0f}", f"{error:.0f}", f"{equal:.0f}"]
    return "| " + " | ".join([name, f"{len(outcomes):,}", f"{fewest:,}", *said, *figures]) + " |"


def remarks(name: str, outcomes: list[Outcome]) -> list[str]:
    """Name the classes of a cell that lie outside the bounds, and by how many standard errors."""
    columns = {kind: Coverage.of(kind, outcomes) for kind in CLASSES if kind != "truly first"}
    return [
        f"{name}: {kind} {100 * each.share:.1f} %, {each.outside():.1f} standard errors outside"
        for kind, each in columns.items()
        if each.count and each.outside() > 0
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cells", nargs="*", metavar="CELL", help="cells whose names contain this; else all")
    parser.add_argument("--observations", type=int, default=1500, help="of the rarest class of each cell")
    parser.add_argument("--seconds", type=float, default=math.inf, help="CPU seconds per cell at most")
    parser.add_argument("--seed", type=int, default=1, help="plays other arenas")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep each arena's outcome in a file per cell")
    given = parser.parse_args()
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
    titles = ["arena", "arenas", "rarest class", *CLASSES, "before", "±", "RMSE", "equal"]
    print("| " + " | ".join(titles) + " |\n" + "|---" * len(titles) + "|")
    outside: list[str] = []
    for name, setting in sorted(CELLS.items(), key=lambda each: each[1].votes):
        if not given.cells or any(part in name for part in given.cells):
            outcomes = play(name, setting, given)
            if outcomes:
                print(row(name, outcomes), flush=True)
                outside += remarks(name, outcomes)
    print("\n".join(["", f"Outside {100 * LOWEST:.0f} to {100 * HIGHEST:.0f} %:", *(outside or ["none"])]))


if __name__ == "__main__":
    main()
