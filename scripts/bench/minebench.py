"""
MineBench's lanes, one matchup at a time, as its documentation describes them (docs/arena-ranking-system.md, 2026).

Our strengths and standard errors stand in for its Glicko ratings, so that only the pairing differs.
"""

from dataclasses import dataclass

import numpy as np

from app.elo_scale import ELO_PER_LOGIT
from app.ratings.bradley_terry import logistic
from app.ratings.tallies import Array

LANES = {"coverage": 0.4, "contender": 0.3, "uncertainty": 0.2, "exploration": 0.1}
BAND = 8
PAIR_FLOOR, PROMPT_FLOOR = 12, 6
COVERED_FROM = 2
LARGEST_DEVIATION = 350.0


@dataclass(eq=False)
class Scheduler:
    """The state that the lanes look at; `meet` counts the pair it has drawn at once, ratings stay as they are."""

    met: Array
    """(competitions, models, models) votes, symmetric."""
    strength: Array
    deviation: Array
    """Standard errors, in logits."""
    rng: np.random.Generator

    def __post_init__(self) -> None:
        """Sum the votes once, to be kept up to date vote by vote."""
        self.by_prompt = self.met.sum(axis=2)
        self.pairs = self.met.sum(axis=0)
        deviation = np.minimum(self.deviation, LARGEST_DEVIATION / ELO_PER_LOGIT)
        self.deviation, self.score = deviation, self.strength - 2 * deviation

    def meet(self) -> tuple[int, int, int]:
        """Draw the competition and both models of the next matchup."""
        lane = self.rng.choice(list(LANES), p=list(LANES.values()))
        one, other = getattr(self, f"_{lane}")()
        prompt = self._prompt(lane, one, other)
        for a, b in ((one, other), (other, one)):
            self.met[prompt, a, b] += 1
            self.pairs[a, b] += 1
            self.by_prompt[prompt, a] += 1
        return prompt, one, other

    def _coverage(self) -> tuple[int, int]:
        covered, shown = self._covered(), self.by_prompt.sum(axis=0)
        anchor = self._first(covered, shown)
        return anchor, self._first(self.pairs[anchor], np.abs(covered - covered[anchor]), but=anchor)

    def _contender(self) -> tuple[int, int]:
        order = np.argsort(-self.score)
        band, below = order[:BAND], order[BAND : 2 * BAND]
        above, under = band[:-1], band[1:]
        votes, prompts = self.pairs[above, under], (self.met[:, above, under] > 0).sum(axis=0)
        lack = np.maximum(0, PAIR_FLOOR - votes) + np.maximum(0, min(PROMPT_FLOOR, len(self.met)) - prompts)
        if lack.any():
            short = self._first(-lack, np.zeros(lack.size))
            return int(above[short]), int(under[short])
        place = int(self.rng.integers(band.size))
        return int(band[place]), self._rival(order, band, below, place)

    def _rival(self, order: Array, band: Array, below: Array, place: int) -> int:
        draw = self.rng.random()
        if draw < 0.1 and below.size:
            return int(self.rng.choice(below))
        next_to = order[[p for p in (place - 1, place + 1) if 0 <= p < band.size]]
        near = next_to if draw < 0.8 or band.size == len(next_to) + 1 else np.setdiff1d(band, next_to)
        near = near[near != band[place]]
        return int(near[np.argmin(np.abs(self.score[near] - self.score[band[place]]))])

    def _uncertainty(self) -> tuple[int, int]:
        weight = self.deviation * (2 - self._covered())
        anchor = int(self.rng.choice(weight.size, p=weight / weight.sum()))
        expected = logistic(self.score[anchor] - self.score)
        worth = 1 - 2 * np.abs(expected - 0.5) + 0.25 / (self.pairs[anchor] + 1)
        return anchor, self._first(-worth, np.zeros(worth.size), but=anchor)

    def _exploration(self) -> tuple[int, int]:
        weight = 1 / (1 + self.by_prompt.sum(axis=0))
        one, other = self.rng.choice(weight.size, 2, replace=False, p=weight / weight.sum())
        return int(one), int(other)

    def _prompt(self, lane: str, one: int, other: int) -> int:
        a, b, both = self.by_prompt[:, one], self.by_prompt[:, other], self.met[:, one, other]
        scores = {
            "coverage": a + b + 6 * both,
            "contender": 10 * both + 0.25 * np.abs(a - b),
            "uncertainty": 3 * both + np.abs(a - b) + (a + b) / 2,
            "exploration": 2 * both + (a + b) / 2,
        }
        return self._first(scores[lane], np.zeros(both.size))

    def _covered(self) -> Array:
        return (self.by_prompt >= COVERED_FROM).mean(axis=0)

    def _first(self, key: Array, then: Array, but: int = -1) -> int:
        """Return the index of the smallest, ties broken by the second key and then by lot."""
        order = np.lexsort((self.rng.random(key.size), then, key))
        return int(order[1] if order[0] == but else order[0])
