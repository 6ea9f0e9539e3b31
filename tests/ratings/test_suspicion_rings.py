"""Rings: several networks with one plan are found together, where pairs are near equals; honest ones are not."""

import numpy as np
import pytest

from app.ratings.bradley_terry import Design, Fit, VirtualGames, fit, logistic
from app.ratings.groups import TASTE
from app.ratings.suspicion import ALPHA, likelihood
from app.ratings.suspicion_rings import PASSED, RIVALS, SHARED_TASTE, Ring, ring
from app.ratings.tallies import LEFT, RIGHT, Array, Index, Log, Tallies

from .boards import tallies_of

MODELS, TARGET = 30, 14
STRENGTH = np.linspace(0.9, -0.9, MODELS)
"""Best first."""
NEAR = 6
"""Ranks between the two of a pair, at most."""
CROWD, EACH = 250, 40
RING, VOTES = 6, 200
ACCURACY = 0.95


def board(votes: Tallies) -> Fit:
    return fit(Design(votes.pairs(), MODELS, side=False), VirtualGames())


def near_pairs(count: int, rng: np.random.Generator) -> tuple[Index, Index]:
    left = rng.integers(0, MODELS, count)
    right = left + rng.integers(1, NEAR + 1, count) * rng.choice([-1, 1], count)
    inside = (right >= 0) & (right < MODELS)
    return left, np.where(inside, right, 2 * left - right)


def votes_of(liking: Array, each: int, rng: np.random.Generator) -> Log:
    """Of groups with these likings, (groups, models) in logits."""
    group = np.repeat(np.arange(len(liking)), each)
    left, right = near_pairs(group.size, rng)
    won = rng.random(group.size) < logistic(liking[group, left] - liking[group, right])
    return Log(MODELS, group, left, right, np.where(won, LEFT, RIGHT))


def planned(way: int, networks: int, rng: np.random.Generator) -> Log:
    """One plan for or against the target, elsewhere as the public."""
    log = votes_of(np.tile(STRENGTH, (networks, 1)), VOTES, rng)
    wanted = np.zeros(MODELS)
    wanted[TARGET - RIVALS : TARGET] = -1
    if way < 0:
        wanted = -wanted[::-1]
    target = TARGET if way > 0 else MODELS - 1 - TARGET
    wanted[target] = way
    lean = np.sign(wanted[log.left] - wanted[log.right]) * rng.choice(
        [1, -1], log.left.size, p=[ACCURACY, 1 - ACCURACY]
    )
    said = np.where(lean > 0, LEFT, RIGHT)
    return Log(MODELS, log.competition, log.left, log.right, np.where(lean == 0, log.outcome, said))


def among(honest: Log, more: Log) -> Tallies:
    """Both; the second's groups come after the first's."""
    groups = int(honest.competition.max()) + 1
    columns = (
        (honest.competition, more.competition + groups),
        (honest.left, more.left),
        (honest.right, more.right),
    )
    one, other, third = (np.append(first, second) for first, second in columns)
    return Log(MODELS, one, other, third, np.append(honest.outcome, more.outcome)).tallies()


def crowd(rng: np.random.Generator) -> Log:
    """People of many tastes."""
    return votes_of(STRENGTH + rng.normal(0, TASTE, (CROWD, MODELS)), EACH, rng)


def found(votes: Tallies) -> Ring:
    return ring(votes, board(votes))


@pytest.mark.parametrize("way", [1, -1])
def test_networks_with_one_plan_are_found_together_and_nobody_else(way: int, rng: np.random.Generator) -> None:
    votes = among(crowd(rng), planned(way, RING, rng))
    together = found(votes)
    assert together.p < ALPHA
    if way > 0:
        assert (together.model, together.way) == (TARGET, way)
    assert set(together.members.tolist()) <= set(range(CROWD, CROWD + RING))
    assert together.members.size >= RING - 1
    assert (np.diff(together.z) <= 0).all()
    alone = likelihood(votes, board(votes))
    assert (alone.p[CROWD:] < ALPHA).sum() <= 1  # each for itself is like anybody


def test_a_plan_that_already_lifted_its_model_is_still_seen(rng: np.random.Generator) -> None:
    votes = among(crowd(rng), planned(1, 2 * RING, rng))
    fitted = board(votes)
    place = int((fitted.strength > fitted.strength[TARGET]).sum())
    assert TARGET - place >= PASSED[1]
    together = ring(votes, fitted)
    assert together.p < ALPHA
    assert set(together.members.tolist()) <= set(range(CROWD, CROWD + 2 * RING))


def test_honest_groups_are_no_ring(rng: np.random.Generator) -> None:
    seldom = [found(crowd(rng).tallies()).p for _ in range(4)]
    assert min(seldom) > ALPHA


def test_a_taste_in_common_is_no_plan(rng: np.random.Generator) -> None:
    for _ in range(4):
        common = STRENGTH + rng.normal(0, SHARED_TASTE, MODELS)
        schools = votes_of(common + rng.normal(0, TASTE / 4, (2 * RING, MODELS)), VOTES, rng)
        assert found(among(crowd(rng), schools)).p > ALPHA


def test_few_votes_are_no_part_of_a_ring(rng: np.random.Generator) -> None:
    few = planned(1, 60, rng)
    few = Log(MODELS, *(column[::10] for column in (few.competition, few.left, few.right, few.outcome)))
    together = found(among(crowd(rng), few))
    assert not set(together.members.tolist()) & set(range(CROWD, CROWD + 60))


def test_no_votes_are_no_ring() -> None:
    nothing = tallies_of(MODELS, [])
    assert (found(nothing).p, found(nothing).members.size) == (1, 0)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261123)
