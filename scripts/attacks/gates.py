"""What the benchmark must hold with all defences on, in the world its gates were set for."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from scripts.attacks.arena import Outcome
from scripts.attacks.grid import Clean, Row

MODELS, VOTES = 30, 20_000
MAIN_SHARE, SMALL_SHARE = 0.05, 0.01
MIDDLE = 15
FEW_NETWORKS, MANY_NETWORKS = 6, 27


@dataclass(frozen=True)
class Gate:
    """One figure and its limit."""

    name: str
    figure: float
    limit: float
    unit: str

    @property
    def holds(self) -> bool:
        return self.figure <= self.limit


def gates(rows: Sequence[Row], clean: Clean) -> Iterator[Gate]:
    """Yield the gates of the rows that were run; each holds the worst row that it speaks of."""
    at = [row for row in rows if row.attack.rank == MIDDLE and row.attack.share == MAIN_SHARE]
    eager = [row for row in at if row.attack.strategy == "F"]
    patient = [row for row in at if row.attack.strategy == "T" and row.networks <= FEW_NETWORKS]
    few = [row for row in at if row.attack.strategy == "O" and row.networks <= FEW_NETWORKS]
    many = [row for row in at if row.attack.strategy == "O" and row.networks >= MANY_NETWORKS]
    small = [row for row in rows if row.attack.rank == MIDDLE and row.attack.share == SMALL_SHARE]
    yield from _limits("F, 5 % of the votes", eager, 1, 6)
    yield from _limits("T, 5 %, up to 6 networks", patient, 2, 12)
    yield from _limits("O, 5 %, up to 6 networks", few, 2, 9)
    yield from _limits("O, 5 %, 27 networks or more", many, 5, clean.half_width)
    yield from _limits("any strategy, 1 %", small, 1, None)
    yield Gate("honest votes excluded", 100 * clean.excluded, 0.5, "%")
    yield Gate("honest votes beyond the caps", 100 * clean.clipped, 10, "%")
    yield Gate("ratings moved where nobody attacks", clean.moved, 3, "Elo RMS")


def arena_gates(found: Sequence[Outcome]) -> Iterator[Gate]:
    """Return the same limits for the one world that went through the whole arena."""
    limits = {"F": (1, 6), "T": (2, 12), "O": (2, 9)}
    defended = [one for one in found if one.defence == "all"]
    for one in defended:
        if one.attack.strategy in limits:
            ranks, elo = limits[one.attack.strategy]
            yield Gate(f"{one.attack.strategy}, through the arena", one.gain.ranks, ranks, "ranks")
            yield Gate(f"{one.attack.strategy}, through the arena", one.gain.elo, elo, "Elo")
    if defended:
        yield Gate("honest votes excluded", 100 * max(one.honest.excluded for one in defended), 0.5, "%")
        yield Gate("honest votes beyond the caps", 100 * max(one.honest.clipped for one in defended), 10, "%")


def _limits(name: str, rows: Iterable[Row], ranks: float, elo: float | None) -> Iterator[Gate]:
    gains = [row.gains["all"] for row in rows]
    if gains:
        yield Gate(name, max(gain.ranks for gain in gains), ranks, "ranks")
        if elo is not None:
            yield Gate(name, max(gain.elo for gain in gains), elo, "Elo")
