"""
Blindness as a game: an observer who forgets nothing guesses the two models of each next pair, and their sides.

The observer has many cookies and knows the pairing's code, the field, all public counts and their own history
(`observer.py`); the arena in memory is served by the product's own pairing. In `public` the best guess of the two
models must be right in at most 35 % of the votes that count among 8 models or more, 15 % among 12 or more, and the
sides must be a coin. The last rows take the defences out one by one: there the limit must break.
What is told by answers, and not by pairing, is the business of `public_answers.py`.

    python scripts/faults/adversary.py [--quick] [--cookies 150]

Prints a row for each game. Exit 1 where a limit breaks, or holds without its defence. It takes a quarter of a
minute with --quick.
"""

import argparse
import os
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from app.arena.people.policy import POLICIES
from app.arena.voting.guessing import best_guess
from app.arena.voting.matchmaking import Exclusions, Pair, choose_pair
from scripts.faults.observer import (
    NEWCOMER_VOTES,
    Beliefs,
    Cookie,
    Models,
    Room,
    believe,
    best,
    without,
    without_models,
)

FEWEST_GATED = 3
ERRORS = 3.3
"""Standard errors that chance may add to a measured share: one row in two thousand would break by chance."""
SKIPPED = 0.2
"""Share of the pairs that the observer skips, without learning a name."""
EVENTS = ("nothing", "refresh", "replacement", "withdrawal", "closing")
OTHERS_VOTES = 20
POSITIONS = ("first pair", "1st there", "2nd there", "3rd there", "4th there", "5th and later")


@dataclass(frozen=True)
class Game:
    """What is played: the arena, and the defence that is taken out."""

    profile: str
    models: int
    competitions: int
    others: bool = False
    newcomer: int = NEWCOMER_VOTES
    """Votes of the newest model."""
    event: str = "nothing"
    lacks: str = ""


@dataclass
class Score:
    """How often the observer was right, at one position of a voter's history."""

    guesses: int = 0
    right: int = 0
    surest: float = 0.0
    """The largest chance the observer could give to two models."""
    left: list[bool] = field(default_factory=list)
    """For each pair, whether the side that was right more often up to then was right again."""

    @property
    def share(self) -> float:
        return self.right / max(self.guesses, 1)

    @property
    def error(self) -> float:
        return sqrt(self.share * (1 - self.share) / max(self.guesses, 1))

    def holds(self, models: int) -> bool:
        """Whether guesses stay within the limit and sides are a coin."""
        most, n = best_guess(models), max(self.guesses, 1)
        by_chance = ERRORS * sqrt(most * (1 - most) / n)
        coin = abs(sum(self.left) / n - 0.5) <= ERRORS * 0.5 / sqrt(n)
        return self.surest <= most + 1e-9 and self.share <= most + by_chance and coin


Scores = dict[str, Score]


class Player:
    """Plays one game with many cookies, one after the other, and keeps the score."""

    def __init__(self, game: Game, seed: int) -> None:
        self.game, self.rng = game, random.Random(seed)
        self.room = Room(game.models, game.competitions, game.newcomer, self.rng)
        self.scores: Scores = defaultdict(Score)
        self._small_left = 1
        self._policy = POLICIES[game.profile]

    def play(self, cookies: int, pairs: int) -> Scores:
        """Let each cookie judge up to so many pairs, as many of one competition as it is given."""
        with without(self.game.lacks):
            for _ in range(cookies):
                self._play_cookie(pairs)
                if self.game.others:
                    self.room.others_vote(OTHERS_VOTES)
                    self.room.refresh()
        return self.scores

    def _play_cookie(self, pairs: int) -> None:
        cookie, judged = Cookie(self._policy.limits_guesses), defaultdict[int, int](int)
        there: int | None = None
        for turn in range(pairs):
            pair = self._ask(cookie, there)
            if pair is None and there is not None:
                there = None
                continue
            if pair is None:
                return
            there = pair.competition_id if self.game.models >= self._policy.smallest_pool else None
            name = POSITIONS[0] if turn == 0 else POSITIONS[min(judged[pair.competition_id] + 1, 5)]
            if self._meet(cookie, pair, self.scores[name]):
                judged[pair.competition_id] += 1

    def _ask(self, cookie: Cookie, there: int | None) -> Pair | None:
        within = frozenset({there}) if there else None
        return choose_pair(self.room.state, cookie.exclusions(), self.rng, within)

    def _meet(self, cookie: Cookie, pair: Pair, score: Score) -> bool:
        """Guess a pair and judge or skip it; returns whether it was judged."""
        beliefs = believe(self.room.state, cookie.known_exclusions(), pair.competition_id)
        cookie.take(pair)
        if self.rng.random() < SKIPPED:
            return False
        told = self._wait(pair, beliefs)
        if told is None:
            return False
        self._score(score, pair, told)
        cookie.judge(pair)
        return True

    def _wait(self, pair: Pair, beliefs: Beliefs) -> Beliefs | None:
        """Let something happen while the pair is open; returns what it tells, None where the pair ended."""
        room, event = self.room, self.game.event
        if self.game.lacks == "another competition":
            return self._open_beside(pair, beliefs)
        if event == "refresh":
            room.others_vote(OTHERS_VOTES)
        if event in {"replacement", "withdrawal"} and self.rng.random() < 0.1:
            return self._withdraw(pair, beliefs)
        if event == "closing" and self.rng.random() < 0.02 and len(room.state.competitions) > 3:
            room.close(self.rng.choice(room.state.competitions))
        if event != "nothing":
            room.refresh()
        return beliefs if pair.competition_id in room.state.competitions else None

    def _withdraw(self, pair: Pair, beliefs: Beliefs) -> Beliefs | None:
        """Take a contestant of the pair's competition out: every open pair of that competition ends."""
        change = self.room.replace if self.game.event == "replacement" else self.room.withdraw
        before = dict(self.room.contestants)
        model = change(pair.competition_id)
        is_alive = not {model} & self.room.models(pair)
        if self.game.lacks == "ending all open pairs":
            self.room.contestants = before  # so that the field does not run out of models
            return without_models(beliefs, frozenset({model})) if is_alive else None
        if self.game.event == "withdrawal":
            self.room.contestants = before
        self.room.refresh()
        return None

    def _open_beside(self, pair: Pair, beliefs: Beliefs) -> Beliefs:
        """Open a second pair without the models of the first, judge it, and learn what the first can't be."""
        barred = Exclusions(models=self.room.models(pair), limits_guesses=True)
        second = choose_pair(self.room.state, barred, self.rng)
        if second is None:
            return beliefs
        return without_models(beliefs, self.room.models(second))

    def _score(self, score: Score, pair: Pair, beliefs: Beliefs) -> None:
        guess, chance = best(beliefs)
        models: Models = self.room.models(pair)
        score.guesses += 1
        score.right += guess == models
        score.surest = max(score.surest, chance)
        small_is_left = pair.left_entry_id % 1000 == min(models)
        score.left.append(small_is_left == (self._small_left > 0))
        self._small_left += 1 if small_is_left else -1


def games(*, quick: bool) -> Iterable[Game]:
    """List what is played with all defences."""
    if quick:
        return (
            Game("public", 8, 1),
            Game("public", 12, 2, others=True),
            Game("public", 8, 3, event="replacement"),
        )
    sizes = [(3, 1), (4, 1), (4, 6), (8, 1), (8, 6), (8, 60), (12, 1), (12, 6), (12, 60), (40, 1), (40, 6)]
    played = [
        Game(profile, models, competitions, others)
        for profile in ("local", "team", "public")
        for models, competitions in sizes
        for others in ((False, True) if profile == "public" and competitions < 60 else (False,))
    ]
    events = [Game("public", models, 6, event=event) for models in (8, 12) for event in EVENTS[1:]]
    unknown = [Game("public", models, competitions, newcomer=0) for models, competitions in sizes[3:-1]]
    return (*played, *unknown, *events)


BROKEN = (
    Game("public", 8, 1, lacks="limited chances"),
    Game("public", 12, 1, lacks="limited chances"),
    Game("public", 8, 1, lacks="leaving early"),
    Game("public", 12, 1, lacks="leaving early"),
    Game("public", 8, 1, lacks="another competition"),
    Game("public", 12, 1, lacks="another competition"),
    Game("public", 8, 6, event="withdrawal", lacks="ending all open pairs"),
)
"""Games that the observer must win: each lacks a defence."""


def prove(all_games: Iterable[Game], cookies: int, *, show: Callable[[str], None] = print) -> bool:
    """Play and print a row for each position; returns whether every gated row holds."""
    holds = True
    for game in all_games:
        scores = play(game, cookies)
        for position in POSITIONS:
            if (score := scores.get(position)) is not None and score.guesses:
                is_gated = game.profile == "public" and game.models >= FEWEST_GATED
                verdict = "" if not is_gated else "holds" if score.holds(game.models) else "BROKEN"
                holds = holds and verdict != "BROKEN"
                show(row(game, position, score, verdict))
    return holds


def play(game: Game, cookies: int) -> Scores:
    """Play one game."""
    pairs = 8 if game.profile == "public" else 12
    return Player(game, seed=game.models * 100 + game.competitions).play(cookies, pairs)


def is_broken(game: Game, cookies: int) -> bool:
    """Return whether the observer wins at some position; prints the best row of theirs."""
    scores = play(game, cookies)
    position = max(scores, key=lambda name: scores[name].surest)
    lost = not all(score.holds(game.models) for score in scores.values())
    print(row(game, position, scores[position], f"{'breaks' if lost else 'STILL HOLDS'} without {game.lacks}"))
    return lost


def row(game: Game, position: str, score: Score, verdict: str) -> str:
    """Write one row of the table."""
    sides = 100 * sum(score.left) / max(len(score.left), 1)
    arena = f"{game.profile:<7}{game.models:>6}{game.competitions:>6}{game.newcomer:>9}"
    scene = f"{'yes' if game.others else 'no':<7}{game.event:<12}{position:<14}{score.guesses:>6}"
    right = f"{100 * score.share:>6.1f} +- {100 * score.error:>4.1f}{100 * score.surest:>9.1f}{sides:>8.1f}"
    return f"{arena}  {scene}{right}  {verdict}"


HEADING = (
    "profile models comp. newcomer  others event       position           n    right, %  surest, %  sides, %\n"
    "right: the best guess at both models was the pair; surest: the largest chance the observer could give to one"
)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--cookies", type=int, default=150)
    options = arguments.parse_args()
    print(HEADING)
    holds = prove(games(quick=options.quick), options.cookies)
    breaks = [is_broken(game, options.cookies) for game in BROKEN]
    return 0 if holds and all(breaks) else 1


if __name__ == "__main__":
    sys.exit(main())
