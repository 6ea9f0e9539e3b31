"""
What attackers do with their matchups (Huang et al. 2025, arXiv 2501.07493; Min et al. 2025, arXiv 2501.17858).

They know the published board and tell which model made a picture with an accuracy of 95 %.
"""

from dataclasses import dataclass

import numpy as np

from app.ratings.bradley_terry import logistic
from app.ratings.tallies import LEFT, RIGHT, Array, Index, Mask
from scripts.attacks.world import SKIPPED, Ballots

ACCURACY = 0.95
RIVALS = 8
"""Ranks above the target that the omnipresent attacker sinks."""
STRATEGIES = {
    "F": "skips for free until the target shows, and votes for it",
    "T": "the same, with every matchup issued paid from the budget",
    "M": "votes for the target, and elsewhere as the public would",
    "O": "like M, and sinks the eight models above the target",
    "D": "like F, to sink the target",
}


@dataclass(frozen=True)
class Attack:
    """
    ``share`` of all votes; accounts of so many votes each (matchups for T), so many accounts to a network.

    ``rank`` is the target's published rank.
    """

    strategy: str
    share: float
    rank: int = 15
    account: int = 10
    per_network: int = 20

    def budget(self, honest_votes: int) -> int:
        """Return the votes, for T the matchups; the share is of the sum with the honest votes."""
        return round(honest_votes * self.share / (1 - self.share))

    def networks(self, honest_votes: int) -> int:
        """Return how many network prefixes it takes."""
        return -(-self.budget(honest_votes) // (self.account * self.per_network))


@dataclass(frozen=True, eq=False)
class Board:
    """The published board an attacker reads: strengths in logits; ``order`` are the models, best first."""

    strength: Array

    @property
    def order(self) -> Index:
        return np.argsort(-self.strength, kind="stable")

    def rivals(self, target: int) -> Index:
        """Return the models up to RIVALS ranks above the target."""
        order = self.order
        place = int(np.flatnonzero(order == target)[0])
        return order[max(0, place - RIVALS) : place]


def ballots(attack: Attack, board: Board, honest_votes: int, rng: np.random.Generator) -> Ballots:
    """Make the attacker's matchups; voters and networks are numbered from 0."""
    target = int(board.order[attack.rank - 1])
    budget = attack.budget(honest_votes)
    if attack.strategy in "FD":
        left, right, answered = _until_shown(target, budget, board.strength.size, rng)
        done: Index = np.cumsum(answered) - answered
    else:
        left, right = _pairs(budget, board.strength.size, rng)
        shows = (left == target) | (right == target)
        answered = shows if attack.strategy == "T" else np.ones(budget, dtype=bool)
        done = np.arange(budget, dtype=np.intp)
    outcome = np.where(answered, opinion(attack.strategy, board, target, left, right, rng), SKIPPED)
    voter = done // attack.account
    return Ballots(voter, voter // attack.per_network, left, right, outcome)


def opinion(
    strategy: str, board: Board, target: int, left: Index, right: Index, rng: np.random.Generator
) -> Index:
    """Answer each pair by LEFT or RIGHT: for the target, then against its rivals, else as the board has it."""
    strength = board.strength
    public = rng.random(left.size) < logistic(strength[left] - strength[right])
    wanted = np.zeros(strength.size, dtype=np.intp)
    wanted[target] = -1 if strategy == "D" else 1
    if strategy == "O":
        wanted[board.rivals(target)] = -1
    lean = wanted[left] - wanted[right]
    seen = np.where(rng.random(left.size) < ACCURACY, lean > 0, lean < 0)
    return np.where(np.where(lean == 0, public, seen), LEFT, RIGHT)


def _until_shown(target: int, budget: int, models: int, rng: np.random.Generator) -> tuple[Index, Index, Mask]:
    """Draw as many matchups as show the target this often; return both sides, and which show it."""
    left, right = _pairs(0, models, rng)
    while ((left == target) | (right == target)).sum() < budget:
        more = _pairs(budget * models, models, rng)
        left, right = np.append(left, more[0]), np.append(right, more[1])
    shows = (left == target) | (right == target)
    enough = int(np.searchsorted(np.cumsum(shows), budget)) + 1
    return left[:enough], right[:enough], shows[:enough]


def _pairs(count: int, models: int, rng: np.random.Generator) -> tuple[Index, Index]:
    left = rng.integers(0, models, count)
    return left, (left + rng.integers(1, models, count)) % models
