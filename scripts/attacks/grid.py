"""Every attack on the same worlds, through the rating code alone: what it gains under each defence."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from app.elo_scale import ELO_PER_LOGIT, Z_95
from app.ratings import scale
from app.ratings.bradley_terry import Fit
from app.ratings.scale import Anchor
from app.ratings.tallies import Array
from scripts.attacks.defence import DEFENCES, count
from scripts.attacks.strategies import Attack, Board, ballots
from scripts.attacks.world import Ballots, honest, people

EVERYBODY = Anchor()
RANKS = (25, 15, 5, 2)
ACCOUNTS = (5, 10, 40, 200)
FEWEST_CLEAN = 20
"""Worlds without an attack that are averaged, at least: of fewer, chance decides whether a close gate holds."""


@dataclass(frozen=True)
class Gain:
    """Means over the seeds of what the target gained; for an attack that sinks it, of what it lost."""

    ranks: float
    elo: float


@dataclass(frozen=True)
class Row:
    """An attack, its size, and its gain by defence."""

    attack: Attack
    votes: int
    networks: int
    gains: dict[str, Gain]


@dataclass(frozen=True)
class Clean:
    """
    What the defences do where nobody attacks: shares of the honest votes, Elo points.

    Errors are root mean squares against the planted strengths, without and with the defences.
    """

    excluded: float
    clipped: float
    moved: float
    half_width: float
    error_undefended: float
    error_defended: float


@dataclass(frozen=True, eq=False)
class World:
    log: Ballots
    votes: int
    truth: Array
    boards: dict[str, Fit]
    clean: Clean
    number: int


def attacks(shares: Sequence[float], main: float) -> Iterator[Attack]:
    """Yield attacks by share and strategy, by number of networks, by size of account, by the target's rank."""
    for share in shares:
        yield from (Attack(strategy, share) for strategy in "FTMOD")
    for share in shares:
        for account in (40, 10):
            yield from (Attack(strategy, share, account=account, per_network=1) for strategy in "TO")
    yield from (Attack("F", main, account=account) for account in ACCOUNTS if account != Attack.account)
    for rank in RANKS:
        if rank != Attack.rank:
            yield from (Attack(strategy, main, rank=rank) for strategy in "FTMOD")


def run(
    wanted: Sequence[Attack],
    *,
    models: int,
    votes: int,
    seeds: int,
    skips: float,
    progress: Callable[[str], None],
) -> tuple[list[Row], Clean]:
    """
    Attack the worlds of so many seeds.

    What defences cost where nobody attacks is the mean of FEWEST_CLEAN worlds or more.
    """
    worlds = []
    for number in range(seeds):
        worlds.append(world(models, votes, number, skips=skips))
        progress(f"world {number + 1} of {seeds}")
    rows = []
    for done, attack in enumerate(wanted, 1):
        rows.append(_row(attack, worlds, votes))
        progress(f"attack {done} of {len(wanted)}")
    calm = [*worlds, *(world(models, votes, number, skips=skips) for number in range(seeds, FEWEST_CLEAN))]
    cleans = [vars(one.clean) for one in calm]
    return rows, Clean(**{name: float(np.mean([clean[name] for clean in cleans])) for name in cleans[0]})


def elo(board: Fit) -> Array:
    """Return published points: the mean of all is 1000."""
    return scale.to_elo(board.strength - board.strength.mean(), EVERYBODY)


def rank(rating: Array, model: int) -> int:
    """Return the model's rank, 1 for the first."""
    return int(1 + (rating > rating[model]).sum())


def world(models: int, votes: int, number: int, *, skips: float = 0.0) -> World:
    """Make one arena without an attacker, and compute what each defence makes of it."""
    rng = np.random.default_rng([number, votes, models])
    who = people(models, votes, rng, skips=skips)
    log = honest(who, rng)
    counted = {defence: count(log, models, defence) for defence in DEFENCES}
    boards = {defence: found.board for defence, found in counted.items()}
    truth = who.liking.mean(axis=0)
    truth = truth - truth.mean() + EVERYBODY.value
    spread = boards["none"].covariance(scale.gauge(EVERYBODY, models)).diagonal()
    clean = Clean(
        excluded=counted["all"].excluded.sum() / votes,
        clipped=counted["all"].clipped.sum() / votes,
        moved=_rms(elo(boards["all"]) - elo(boards["none"])),
        half_width=float(np.median(Z_95 * ELO_PER_LOGIT * np.sqrt(spread))),
        error_undefended=_rms(elo(boards["none"]) - truth),
        error_defended=_rms(elo(boards["all"]) - truth),
    )
    return World(log, votes, truth, boards, clean, number)


def _row(attack: Attack, worlds: Sequence[World], votes: int) -> Row:
    gained = {defence: np.array([_gain(attack, world, defence) for world in worlds]) for defence in DEFENCES}
    means = {defence: Gain(*found.mean(axis=0).tolist()) for defence, found in gained.items()}
    return Row(attack, attack.budget(votes), attack.networks(votes), means)


def _gain(attack: Attack, world: World, defence: str) -> tuple[float, float]:
    """Return the ranks and points gained against the same arena and defence without the attack."""
    published, before = Board(world.boards["none"].strength), world.boards[defence]
    target = int(published.order[attack.rank - 1])
    log = mixed(world.log, ballots(attack, published, world.votes, _rng(attack, world)), _rng(attack, world))
    after = elo(count(log, published.strength.size, defence).board)
    sign = -1 if attack.strategy == "D" else 1
    ranks = rank(elo(before), target) - rank(after, target)
    return sign * ranks, sign * float(after[target] - elo(before)[target])


def _rng(attack: Attack, world: World) -> np.random.Generator:
    number = [world.number, ord(attack.strategy), round(1e6 * attack.share), attack.rank, attack.account]
    return np.random.default_rng(number)


def mixed(log: Ballots, more: Ballots, rng: np.random.Generator) -> Ballots:
    """Merge both into one log, evenly over its time; they have no voter and no network in common."""
    voters, networks = int(log.voter.max()) + 1, int(log.network.max()) + 1
    when = np.append(np.arange(log.voter.size), np.sort(rng.random(more.voter.size)) * log.voter.size)
    both = Ballots(
        np.append(log.voter, more.voter + voters),
        np.append(log.network, more.network + networks),
        np.append(log.left, more.left),
        np.append(log.right, more.right),
        np.append(log.outcome, more.outcome),
    )
    return both.only(np.argsort(when, kind="stable"))


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))
