"""An arena without an attacker: thirty models, two thousand people, twenty thousand votes."""

from dataclasses import dataclass, fields

import numpy as np

from app.elo_scale import ELO_PER_LOGIT
from app.ratings.bradley_terry import logistic
from app.ratings.tallies import LEFT, RIGHT, Array, Index, Log, Mask, Tallies

STRENGTH_SD = 95.0
TASTE_SD = 60.0
"""Elo points by which one person's liking of a model differs from everybody's."""
VOTES_EACH = 10.0
"""Mean of the log-normal number of votes of a person, and its sigma in logarithms."""
VOTES_SIGMA = 1.0
LAPSES = ((0.80, 0.05), (0.15, 0.30), (0.05, 1.00))
"""Shares of the people, and the part of their votes that is a coin toss."""
FANS = 0.01
"""Share of people who always vote for one model where they see it."""
SHARED = 0.15
"""Share of people behind a shared network, and how many people share one."""
CROWD = 5
SKIPPED = -1


@dataclass(frozen=True, eq=False)
class Ballots:
    """Matchups in the order they were issued; ``outcome`` is LEFT, RIGHT or SKIPPED."""

    voter: Index
    network: Index
    left: Index
    right: Index
    outcome: Index

    @property
    def cast(self) -> Mask:
        return np.asarray(self.outcome != SKIPPED)

    def only(self, rows: Mask | Index) -> "Ballots":
        return Ballots(*(getattr(self, field.name)[rows] for field in fields(self)))

    def tallies(self, models: int) -> Tallies:
        """Sum the votes per pair; skips are left out."""
        cast = self.cast
        place = np.zeros(self.left.size, dtype=np.intp)
        return Log(models, place[cast], self.left[cast], self.right[cast], self.outcome[cast]).tallies()

    def rows(self, models: int, group: Index) -> Tallies:
        """Return a row per vote, without skips, with the group in place of the competition."""
        left_won, none = (self.outcome == LEFT).astype(np.int64), np.zeros(self.left.size, dtype=np.int64)
        return Tallies(models, group, self.left, self.right, left_won, 1 - left_won, none, none)


@dataclass(frozen=True, eq=False)
class People:
    """Everybody who votes, as arrays: liking of each model in Elo points, lapses, skips, and a favourite or -1."""

    liking: Array
    lapse: Array
    skip: Array
    favourite: Index
    network: Index
    votes: Index


def people(models: int, votes: int, rng: np.random.Generator, *, skips: float = 0.0) -> People:
    """
    Draw as many people as cast this many votes, and how many each of them casts.

    Each skips with a probability of their own, beta distributed with the mean ``skips``.
    """
    count = max(2, round(votes / VOTES_EACH))
    wanted = rng.lognormal(np.log(VOTES_EACH) - VOTES_SIGMA**2 / 2, VOTES_SIGMA, count)
    each = np.bincount(rng.choice(count, votes, p=wanted / wanted.sum()), minlength=count)
    shares, lapses = (np.array(column) for column in zip(*LAPSES, strict=True))
    behind = rng.random(count) < SHARED
    crowds = max(1, round(behind.sum() / CROWD))
    return People(
        liking=rng.normal(0, STRENGTH_SD, models) + rng.normal(0, TASTE_SD, (count, models)),
        lapse=lapses[rng.choice(shares.size, count, p=shares)],
        skip=rng.beta(1, 1 / skips - 1, count) if skips else np.zeros(count),
        favourite=np.where(rng.random(count) < FANS, rng.integers(0, models, count), -1),
        network=np.where(behind, rng.integers(0, crowds, count), crowds + np.arange(count)),
        votes=each,
    )


def honest(who: People, rng: np.random.Generator) -> Ballots:
    """Make honest ballots: matchups shown at random and what people say, with skips, all of them mixed in time."""
    models = who.liking.shape[1]
    voter = rng.permutation(np.repeat(np.arange(who.votes.size), who.votes))
    skips = rng.geometric(1 - who.skip[voter]) - 1
    voter, outcome = np.repeat(voter, skips + 1), np.full(voter.size + int(skips.sum()), SKIPPED)
    left = rng.integers(0, models, voter.size)
    right = (left + rng.integers(1, models, voter.size)) % models
    answered = np.cumsum(skips + 1) - 1
    at = voter[answered], left[answered], right[answered]
    outcome[answered] = opinions(who, *at, rng)
    return Ballots(voter, who.network[voter], left, right, outcome)


def opinions(who: People, voter: Index, left: Index, right: Index, rng: np.random.Generator) -> Index:
    """Answer each voter's pair by LEFT or RIGHT."""
    apart = (who.liking[voter, left] - who.liking[voter, right]) / ELO_PER_LOGIT
    chance = np.where(rng.random(voter.size) < who.lapse[voter], 0.5, logistic(apart))
    chance = np.where(who.favourite[voter] == left, 1.0, chance)
    chance = np.where(who.favourite[voter] == right, 0.0, chance)
    return np.where(rng.random(voter.size) < chance, LEFT, RIGHT)
