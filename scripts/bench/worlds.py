"""
Simulated arenas with a known truth: prompts, voters, pairs and ties, pairs chosen by the product's own lanes.

Votes follow the variance-component model. The truth of a board is the fit to the expected scores of even meetings
over all prompts and voters, drawn or not.
"""

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from app.arena.voting.field import Contestant, PairingField, make_field
from app.arena.voting.lanes import estimate_strengths
from app.arena.voting.matchmaking import weigh_pairs
from app.elo_scale import ELO_PER_LOGIT
from app.ratings.bradley_terry import Design, VirtualGames, logistic, strengths
from app.ratings.tallies import Array, Cells, Index, Tallies
from app.ratings.voters import Ballots
from scripts.bench.every_pair import everything, list_pairs, probabilities

NEW_AFTER, NEW_EVERY = 0.8, 0.05
"""Parts of the votes after which the first newcomer joins, and each further one."""
SPECIALIST, PLAIN = 2.5, 0.5


@dataclass(frozen=True)
class Setting:
    """
    Describe a kind of arena; standard deviations are in Elo points.

    `specialists` have 2.5 times the effect, others half. `newcomers` are the first models; they join late, one
    after the other.
    """

    models: int = 24
    competitions: int = 7
    votes_per_model: int = 100
    spread: float = 139
    prompts: float = 60
    ties: float = 0.25
    voters: int = 0
    taste: float = 0
    pairs: float = 0
    specialists: bool = False
    newcomers: int = 0

    @property
    def votes(self) -> int:
        return self.models * self.votes_per_model // 2

    def prompt_sd(self) -> Array:
        """Return the standard deviation of each model's prompt effects, (models,) in logits."""
        sd = np.full(self.models, self.prompts / ELO_PER_LOGIT)
        return np.where(self.special(), SPECIALIST, PLAIN) * sd if self.specialists else sd

    def absent(self, part: float) -> int:
        """Count the newcomers who have not joined after this part of the votes."""
        return sum(part < NEW_AFTER + number * NEW_EVERY for number in range(self.newcomers))

    def special(self) -> Array:
        return np.asarray(np.arange(self.models) % 4 == 0)


@dataclass(eq=False)
class Arena:
    """One world, and the votes cast in it so far: rows of competition, voter, left, right, outcome."""

    setting: Setting
    rng: np.random.Generator
    rows: list[Array] = field(default_factory=list)

    def __post_init__(self) -> None:
        here, rng = self.setting, self.rng
        self.strength = rng.normal(0, here.spread / ELO_PER_LOGIT, here.models)
        self.effect = rng.normal(0, 1, (here.competitions, here.models)) * here.prompt_sd()
        own = rng.normal(0, here.pairs / ELO_PER_LOGIT, (here.models, here.models))
        self.circle = (own - own.T) / np.sqrt(2)
        self.taste = rng.normal(0, here.taste / ELO_PER_LOGIT, (max(here.voters, 1), here.models))

    def cast(self, competition: Index, left: Index, right: Index, voter: Index | None = None) -> None:
        """Vote on these pairs; without given voters each casts about as many, one after the other."""
        here, done = self.setting, sum(len(each) for each in self.rows)
        if not here.voters:
            voter = done + np.arange(competition.size)
        elif voter is None:
            voter = (done + np.arange(competition.size)) * here.voters // here.votes % here.voters
        liking = self.taste[voter] if here.voters else np.zeros((competition.size, here.models))
        at = np.arange(competition.size)
        gap = self.strength[left] + self.effect[competition, left] + liking[at, left] + self.circle[left, right]
        gap -= self.strength[right] + self.effect[competition, right] + liking[at, right]
        chance = logistic(gap)
        tie, drawn = 4 * here.ties * chance * (1 - chance), self.rng.random(gap.size)
        outcome = np.where(drawn < chance - tie / 2, 0, np.where(drawn < 1 - tie, 1, 2))
        self.rows.append(np.stack([competition, voter, left, right, outcome], axis=1))

    def tallies(self, *, by_voter: bool = False) -> Tallies:
        rows = np.concatenate(self.rows)
        kinds = np.eye(3, dtype=np.int64)[rows[:, 4]]
        group, nothing = rows[:, 1 if by_voter else 0], np.zeros(len(rows), dtype=np.int64)
        return Tallies(self.setting.models, group, rows[:, 2], rows[:, 3], *kinds.T, nothing)

    def ballots(self) -> Ballots:
        return Ballots(self.tallies(by_voter=True), np.concatenate(self.rows)[:, 0])

    def truth(self) -> Array:
        """Return the strengths, mean 0, in logits."""
        first, second = np.triu_indices(self.setting.models, 1)
        node, mass = np.polynomial.hermite_e.hermegauss(41)
        prompt = self.setting.prompt_sd()
        sd = np.sqrt(prompt[first] ** 2 + prompt[second] ** 2 + 2 * (self.setting.taste / ELO_PER_LOGIT) ** 2)
        gap = self.strength[first] - self.strength[second] + self.circle[first, second]
        score = logistic(gap[:, None] + sd[:, None] * node) @ mass / mass.sum()
        cells = Cells(first, second, score, 1 - score, np.zeros(first.size))
        found = strengths(Design(cells, self.setting.models, side=False), VirtualGames(0.0))
        return np.subtract(found, found.mean())


def played(setting: Setting, rng: np.random.Generator, *, growth: int = 12) -> Arena:
    """
    Play an arena to the end in rounds that grow; every pair is drawn as the product draws it.

    Pairs are weighed anew each time the votes have grown by one in `growth`, at first by half a vote a model.
    """
    arena, done = Arena(setting, rng), 0
    while done < setting.votes:
        here = field_of(setting, setting.absent(done / setting.votes))
        size = min(setting.votes - done, max(setting.models // 2, done // growth))
        arena.cast(*draw(here, arena, size))
        done += size
    return arena


def draw(here: PairingField, arena: Arena, size: int) -> tuple[Index, Index, Index]:
    """Draw competition, left and right model of the next votes; sides are by a fair coin."""
    tallies = arena.tallies() if arena.rows else None
    known, votes, battles = None, {}, {}
    if tallies is not None:
        seats = tallies.competition, tallies.left, tallies.right
        counts = tallies.left_wins, tallies.right_wins, tallies.ties, tallies.both_bad
        known = estimate_strengths(here.model_ids, np.stack([*seats, *counts], axis=1))
        votes = dict(enumerate(np.bincount(tallies.competition, minlength=arena.setting.competitions).tolist()))
        battles = dict(enumerate(tallies.battles.tolist()))
    state = weigh_pairs(here, votes, battles, known)
    of, chance = list_pairs(here), probabilities(state, everything(state))
    at = arena.rng.choice(chance.size, size, p=chance / chance.sum())
    models = here.model_ids[of.models[at]]
    turned = arena.rng.random(size) < 0.5
    left, right = np.where(turned, models.T[::-1], models.T)
    return np.array(here.competitions)[of.competition[at]], left, right


@cache
def field_of(setting: Setting, absent: int = 0) -> PairingField:
    """Enter every model but for the last newcomers in every competition; a setting's pairs are listed once."""
    hashes = np.random.default_rng(0).integers(-(2**62), 2**62, (setting.competitions, setting.models)).tolist()
    missing = range(setting.newcomers - absent, setting.newcomers)
    return make_field(
        Contestant(competition * setting.models + model, competition, model, hashes[competition][model])
        for competition in range(setting.competitions)
        for model in range(setting.models)
        if model not in missing
    )
