"""One world attacked through issuing, serving, voting, the sweep's tests and the refresh, on a database."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np

from app.arena import errors
from app.arena.people.policy import FREE, PUBLIC
from app.arena.voting.pool import Pool
from app.database.doors import Database
from app.elo_scale import ELO_PER_LOGIT
from app.leaderboards.integrity.fraud.sweep import watch
from scripts.attacks import evidence, strategies, world
from scripts.attacks.grid import Gain, rank
from scripts.attacks.stage import START, Stage, build, outcome_name, token
from scripts.attacks.strategies import Attack, Board
from scripts.attacks.world import People

HONEST_DAYS = timedelta(days=20)
ATTACK_DAYS = timedelta(days=9)
SEED = 1
CASES = (("T", "none"), ("T", "all"), ("M", "none"), ("M", "all"), ("O", "none"), ("O", "all"), ("F", "all"))
"""Strategies and defences. Free skips without defence are a matter of the rating code alone."""
POLICIES = {"none": FREE, "all": PUBLIC}


@dataclass(frozen=True)
class Outcome:
    """What one attack did to the arena; ``refused`` are requests beyond a rate limit."""

    attack: Attack
    defence: str
    gain: Gain
    matchups: int
    votes: int
    refused: int
    honest: evidence.Shares


def run(
    folder: Path, *, models: int, votes: int, share: float, progress: Callable[[str], None]
) -> Iterator[Outcome]:
    """Play every strategy against one honest history, without defences and with all, in `folder`."""
    calm = folder / "honest.db"
    stage = build(_database(calm), PUBLIC, models, SEED)
    people = world.people(models, votes, np.random.default_rng(SEED))
    for done in _live(stage, people):
        progress(f"honest vote {done} of {votes}")
    stage.database.close()
    for strategy, defence in CASES:
        progress(f"attack {strategy}, defences: {defence}")
        copy = folder / f"{strategy}-{defence}.db"
        shutil.copyfile(calm, copy)
        arena = replace(stage, database=_database(copy), policy=POLICIES[defence], pool=Pool())
        yield attacked(arena, Attack(strategy, share, rank=min(Attack.rank, models // 2)), defence, votes)
        copy.unlink()


def attacked(stage: Stage, attack: Attack, defence: str, votes: int) -> Outcome:
    """Attack one arena; return what the target gained. Closes the database."""
    _settle(stage, defence)
    before = stage.board()
    published = Board(before / ELO_PER_LOGIT)
    target = int(published.order[attack.rank - 1])
    last = evidence.last_voter(stage)
    asked = _strike(stage, attack, published, target, votes)
    _settle(stage, defence)
    after, honest = stage.board(), evidence.shares(stage, last)
    gain = Gain(rank(before, target) - rank(after, target), float(after[target] - before[target]))
    stage.database.close()
    return Outcome(attack, defence, gain, *asked, honest)


def _settle(stage: Stage, defence: str) -> None:
    if defence == "all":
        watch(stage.database, now=stage.now, policy=stage.policy, progress=lambda _: None)
    else:
        evidence.count_everything(stage)


def _live(stage: Stage, people: People) -> Iterator[int]:
    """Cast everybody's honest votes, mixed in time; yield how many are cast after each hundred."""
    rng = np.random.default_rng(SEED + 1)
    turns = rng.permutation(np.repeat(np.arange(people.votes.size), people.votes))

    def say(left: int, right: int, *, who: int) -> str:
        voter, one, other = (np.array([number]) for number in (who, left, right))
        return outcome_name(int(world.opinions(people, voter, one, other, rng)[0]))

    for done, who in enumerate(turns.tolist(), 1):
        stage.now = START + HONEST_DAYS * (done / turns.size)
        stage.vote(token("honest", who), f"honest {people.network[who]}", partial(say, who=who))
        if done % 100 == 0:
            yield done


def _strike(stage: Stage, attack: Attack, board: Board, target: int, votes: int) -> tuple[int, int, int]:
    """Attack while the budget and the days last; return matchups issued, votes cast and requests refused."""
    rng, budget = np.random.default_rng(SEED + 2), attack.budget(votes)
    eager = attack.strategy == "F"
    left = dict.fromkeys(range(-(-budget // attack.account)), attack.account)
    step = ATTACK_DAYS / (budget * (board.strength.size if eager else 1))
    issued = cast = refused = 0

    def say(one: int, other: int) -> str:
        if attack.strategy in "FT" and target not in {one, other}:
            return "skip"
        seats = np.array([one]), np.array([other])
        return outcome_name(int(strategies.opinion(attack.strategy, board, target, *seats, rng)[0]))

    waiting: list[int] = []
    while left and stage.now < START + HONEST_DAYS + ATTACK_DAYS:
        waiting = waiting or list(left)
        account, stage.now = waiting.pop(), stage.now + step
        try:
            said = stage.vote(token(attack.strategy, account), f"bought {account // attack.per_network}", say)
        except errors.TooMany:
            refused += 1
            continue
        except errors.NothingLeft:
            del left[account]
            continue
        issued, cast = issued + 1, cast + (said != "skip")
        left[account] -= 1 if said != "skip" or not eager else 0
        if not left[account]:
            del left[account]
    return issued, cast, refused


def _database(path: Path) -> Database:
    return Database(f"sqlite:///{path}")
