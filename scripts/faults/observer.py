"""
The room and the observer of the game in `adversary.py`: an arena in memory that the product's own pairing serves.

The observer knows the pairing's code, the field of every competition, all counts, and what they did and were
told themselves: the names of pairs they judged. They know neither the dice nor what stood in pairs they skipped.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from unittest.mock import patch

import numpy as np

from app.arena.voting import guessing, lanes, matchmaking
from app.arena.voting.field import LOW_BITS, Contestant, Floats, Ints, RemainingField, make_field, pair_keys
from app.arena.voting.matchmaking import Exclusions, Pair, PairingState, weigh_pairs
from app.ratings.bradley_terry import logistic
from scripts.bench.every_pair import list_pairs, probabilities

OLD_WINS, TIES = 160, 20
"""Votes of every pair of models that has met, ties of both kinds, so that the lanes favour a newcomer."""
NEWCOMER_VOTES = 100
"""Votes of a newcomer: the lane favours one pair most where that many have told whom it is close to."""
STEP = 1.0
"""Logits from one model to the next better: so far apart that a newcomer is drawn against those in the middle."""
Models = frozenset[int]
Beliefs = dict[Models, float]


class Room:
    """One mode of an arena: the field, the votes, and the pairing's state as of the last refresh."""

    def __init__(self, models: int, competitions: int, newcomer_votes: int, rng: random.Random) -> None:
        self._rng = rng
        self.newcomer = models - 1
        self.contestants = {
            c * 1000 + m: Contestant(c * 1000 + m, c, m, rng.getrandbits(63))
            for c in range(1, competitions + 1)
            for m in range(models)
        }
        self._tallies: dict[tuple[int, int, int], Ints] = defaultdict(lambda: np.zeros(4, dtype=np.int64))
        for first in range(models - 1):
            for second in range(first + 1, models - 1):
                self._have_met(1 + (first * models + second) % competitions, first, second, OLD_WINS, TIES)
            self._have_met(1 + first % competitions, first, self.newcomer, newcomer_votes // (models - 1), 0)
        self.refresh()

    def refresh(self) -> None:
        """Renew the pairing's state from field and votes, as the pool does."""
        rows = np.array([[*key, *counts] for key, counts in self._tallies.items()], dtype=np.int64)
        contestants = make_field(self.contestants.values())
        battles: Counter[int] = Counter()
        votes: Counter[int] = Counter()
        for competition, first, second, *counts in rows.tolist():
            votes[competition] += sum(counts)
            battles.update({first: sum(counts), second: sum(counts)})
        known = lanes.estimate_strengths(contestants.model_ids, rows)
        self.state = weigh_pairs(contestants, votes, battles, known)

    def _have_met(self, competition: int, first: int, second: int, games: int, ties: int) -> None:
        """Count so many games as their strengths make likely, and ties of both kinds."""
        wins = round(games * float(logistic(np.float64(self._lead(first, second)))))
        self._tallies[competition, first, second] += np.array([wins, games - wins, ties, ties])

    def models(self, pair: Pair) -> Models:
        """Give the two models of a pair."""
        return frozenset((pair.left_entry_id % 1000, pair.right_entry_id % 1000))

    def others_vote(self, votes: int) -> None:
        """Let other voters judge pairs drawn as for first-time voters; the better model mostly wins."""
        for _ in range(votes):
            pair = matchmaking.choose_pair(self.state, Exclusions(), self._rng)
            if pair is not None:
                self.count(pair)

    def count(self, pair: Pair) -> None:
        """Count one vote."""
        first, second = sorted(self.models(pair))
        is_first = self._rng.random() < logistic(np.float64(self._lead(first, second)))
        self._tallies[pair.competition_id, first, second][0 if is_first else 1] += 1

    def _lead(self, first: int, second: int) -> float:
        """Give by how many logits the first is better; the newcomer stands between the two in the middle."""
        place = [self.newcomer / 2 - 0.75 if model == self.newcomer else model for model in (first, second)]
        return STEP * (place[0] - place[1])

    def withdraw(self, competition: int) -> int:
        """Take a contestant of this competition out; returns its model."""
        entry = self._rng.choice([e for e, one in self.contestants.items() if one.competition_id == competition])
        return self.contestants.pop(entry).model_id

    def replace(self, competition: int) -> int:
        """Put another picture in the place of one of this competition; returns its model."""
        model = self.withdraw(competition)
        entry = max(self.contestants) // 1000 * 1000 + 1000 + model
        self.contestants[entry] = Contestant(entry, competition, model, self._rng.getrandbits(63))
        return model

    def close(self, competition: int) -> None:
        """End a competition."""
        self.contestants = {e: one for e, one in self.contestants.items() if one.competition_id != competition}


@dataclass
class Cookie:
    """One voter as the server knows them, and what the person behind the cookie knows."""

    limits_guesses: bool
    issued: set[int] = field(default_factory=set)
    named: set[int] = field(default_factory=set)
    judged: set[int] = field(default_factory=set)
    """Keys of the pairs whose names were told; those of skipped pairs the person does not know."""

    def take(self, pair: Pair) -> None:
        """Note that a pair was issued."""
        self.issued.add(_key(pair))

    def judge(self, pair: Pair) -> None:
        """Note that a vote told the names."""
        self.judged.add(_key(pair))
        self.named |= {pair.left_entry_id, pair.right_entry_id}

    def exclusions(self) -> Exclusions:
        """Give what the server leaves out for this voter while no pair of theirs is open."""
        return self._exclude(self.issued)

    def known_exclusions(self) -> Exclusions:
        """Give what of it the person knows."""
        return self._exclude(self.judged)

    def _exclude(self, pairs: set[int]) -> Exclusions:
        named = frozenset(self.named)
        return Exclusions(frozenset(pairs), entries=named, limits_guesses=self.limits_guesses)


def believe(state: PairingState, known: Exclusions, competition: int) -> Beliefs:
    """
    Work out how likely each two models are, given the competition that a pair's page names, by Bayes' rule.

    Written a second time on purpose, beside `matchmaking`: what is shared are the chances and the two limits.
    """
    of, place = list_pairs(state.field), state.competitions.index(competition)
    allowed = ~np.isin(pair_keys(of.entries), list(known.pairs))
    unseen = allowed & ~np.isin(of.entries, list(known.entries)).any(axis=1)
    here = of.competition == place
    if known.limits_guesses:
        left = guessing.drop_guessable(state.field.without(known.pairs, entries=known.entries))
        allowed = unseen & left.count.any(axis=1)[of.competition]
    elif (
        unseen & here
    ).any():  # else what they did not know of, pairs they skipped, has left only names they know
        allowed = unseen
    pairs = np.flatnonzero(here & allowed)
    chances = probabilities(state, allowed)[pairs]
    if known.limits_guesses and pairs.size:
        chances = guessing.limit_chances(chances, guessing.best_guess(int(state.field.crowd[place])))
    beliefs: Beliefs = defaultdict(float)
    for pair, chance in zip(
        state.field.model_ids[of.models[pairs]].tolist(), (chances / chances.sum()).tolist(), strict=True
    ):
        beliefs[frozenset(pair)] += chance
    return beliefs


def without_models(beliefs: Beliefs, gone: Models) -> Beliefs:
    """Update beliefs by the news that none of these models is in the pair."""
    left = {pair: chance for pair, chance in beliefs.items() if not pair & gone}
    return {pair: chance / sum(left.values()) for pair, chance in left.items()}


def best(beliefs: Beliefs) -> tuple[Models, float]:
    """Give the likeliest two models and their chance; of equals the first, which is as good as any."""
    guess = max(beliefs, key=lambda pair: (round(beliefs[pair], 9), sorted(pair)))
    return guess, beliefs[guess]


@contextmanager
def without(defence: str) -> Iterator[None]:
    """Take one of the two limits on guesses out of the pairing; the observer knows that too."""
    if defence == "limited chances":
        with patch.object(guessing, "limit_chances", _unlimited):
            yield
    elif defence == "leaving early":
        with patch.object(guessing, "drop_guessable", _everything):
            yield
    else:
        yield


def _unlimited(chances: Floats, _most: float) -> Floats:
    return chances


def _everything(left: RemainingField) -> RemainingField:
    return left


def _key(pair: Pair) -> int:
    low, high = sorted((pair.left_entry_id, pair.right_entry_id))
    return (low << LOW_BITS) + high


@dataclass
class SheetBatch:
    """Pictures that came onto a sheet together, and the models that the ledger says had waited."""

    pictures: tuple[str, ...]
    models: tuple[str, ...]
    left_with: dict[str, frozenset[str]] = field(default_factory=dict)
    """By a model that was withdrawn: the pictures of this batch that are not on the sheet since then."""

    def best_guess(self) -> tuple[float, str, str]:
        """Return the largest chance that any picture is any model's, by all orders that fit what was seen."""
        if len(self.models) != len(self.pictures):
            raise ValueError("A batch has one picture of each model.")

        @cache
        def count_orders(models: frozenset[str], pictures: frozenset[str]) -> int:
            if not models:
                return 1
            first = min(models)
            fitting = pictures & self.left_with.get(first, pictures)
            return sum(count_orders(models - {first}, pictures - {one}) for one in fitting)

        models, pictures = frozenset(self.models), frozenset(self.pictures)
        count, picture, model = max(
            (count_orders(models - {model}, pictures - {picture}), picture, model)
            for model in models
            for picture in pictures & self.left_with.get(model, pictures)
        )
        return count / count_orders(models, pictures), picture, model


class SheetWatcher:
    """
    Reads a competition's sheet after each change of its field, which the ledger tells with the model's name.

    Where the sheet takes the withdrawn picture off with others by lot, every order that fits is as likely.
    """

    def __init__(self) -> None:
        self._waiting: list[str] = []
        self._shown: frozenset[str] = frozenset()
        self.batches: list[SheetBatch] = []

    def see(self, shown: frozenset[str], *, added: Iterable[str] = (), withdrawn: str | None = None) -> None:
        """Note a sheet after entries were added, or after one was withdrawn."""
        self._waiting += added
        came = shown - self._shown
        if came:
            self.batches.append(SheetBatch(tuple(sorted(came)), tuple(self._waiting)))
            self._waiting = []
        if withdrawn in self._waiting:
            self._waiting.remove(withdrawn)
        for batch in self.batches:
            if withdrawn in batch.models:
                gone = frozenset(batch.pictures) - shown
                # What had left before it can hold it, too, unless others leave just now.
                left_now = frozenset(batch.pictures) & (self._shown - shown)
                batch.left_with[withdrawn] = left_now or gone
        self._shown = shown
