"""
Counts votes until the board's order is right, by rule of pairing, and how many intervals hold the truth.

Every rule votes in the same simulated worlds and is judged by the same rating code, Bradley-Terry on tallies.
Counted are the votes until Kendall's tau between the board and the truth first reaches 0.95. Strengths are normal
(SD 139 Elo), so some neighbours are all but equal; the truth of a world with prompt effects is the mean over its
prompts. Nobody's history excludes anything. The rules beside ours: even pairs; LMArena's published one (Chiang et
al. 2024, arXiv 2403.04132, eq. 9); MineBench's lanes (`minebench.py`).

    python scripts/bench/pairing.py [--quick] [--only order|limit]

It takes minutes, with `--quick`, too.
"""

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from app.arena.voting.field import Contestant, Ints, PairingField, make_field
from app.arena.voting.guessing import best_guess, limit_chances
from app.arena.voting.lanes import StrengthEstimate
from app.arena.voting.matchmaking import PairingState, weigh_pairs
from app.elo_scale import ELO_PER_LOGIT
from app.ratings.board import rate
from app.ratings.bradley_terry import Design, Fit, VirtualGames, fit, logistic
from app.ratings.model import fit_with_prior
from app.ratings.tallies import Array, Cells, Index, Tallies
from app.words import BETTER
from scripts.bench.every_pair import everything, probabilities
from scripts.bench.minebench import Scheduler

STRENGTH_SD = 139 / ELO_PER_LOGIT
PROMPT_SD = 61 / ELO_PER_LOGIT
TIES_WHEN_EVEN = 0.25
RIGHT = 0.95
GIVE_UP = 80_000


@dataclass(frozen=True, eq=False)
class World:
    """Strengths per competition (competitions, models), in logits, and every pair of models."""

    there: Array
    first: Index
    second: Index

    @property
    def models(self) -> int:
        return self.there.shape[1]

    def outcomes(self) -> Array:
        """Return (competitions, pairs, 3) chances that the first wins, loses, ties."""
        chance = logistic(self.there[:, self.first] - self.there[:, self.second])
        tie = 4 * TIES_WHEN_EVEN * chance * (1 - chance)
        return np.stack([chance - tie / 2, 1 - chance - tie / 2, tie], axis=2)


@dataclass(frozen=True, eq=False)
class Board:
    """The counts that a rule may know: (competitions, pairs, 3) won, lost and tied, and the fit to their sums."""

    world: World
    counts: Array
    found: Fit

    @property
    def played(self) -> Array:
        """Sum the votes of each pair, as (competitions, pairs)."""
        return self.counts.sum(axis=2)

    def covariance(self) -> Array:
        """Return the covariance of the strengths about their mean."""
        centring = np.eye(self.world.models) - 1 / self.world.models
        return np.asarray(centring @ self.found.bread @ centring)


Rule = Callable[[Board, int, np.random.Generator], Ints]
"""A rule that says where the next so many votes go: counts, (competitions, pairs)."""


def world(seed: int, models: int, competitions: int, prompt_sd: float) -> World:
    rng = np.random.default_rng(seed)
    strength = rng.normal(0, STRENGTH_SD, models)
    there = strength + rng.normal(0, prompt_sd, (competitions, models))
    return World(there, *np.triu_indices(models, 1))


def rated(here: World, counts: Array) -> Board:
    cells = cells_of(here, counts)
    return Board(here, counts, fit(Design(cells, here.models, side=False), VirtualGames()))


def cells_of(here: World, counts: Array) -> Cells:
    """Sum up the competitions' counts: a cell per pair that met."""
    total = counts.sum(axis=0)
    met = np.flatnonzero(total.sum(axis=1))
    return Cells(here.first[met], here.second[met], *total[met].T)


def spread(votes: int, weights: Array, rng: np.random.Generator) -> Ints:
    return rng.multinomial(votes, (weights / weights.sum()).ravel()).reshape(weights.shape)


def evenly(board: Board, votes: int, rng: np.random.Generator) -> Ints:
    """Draw a competition and pair at random."""
    return spread(votes, np.ones_like(board.played), rng)


def lmarena(board: Board, votes: int, rng: np.random.Generator) -> Ints:
    """
    Draw a pair in proportion to how much its next vote narrows the interval of its win rate, on any competition.

    One imagined draw per pair comes first: the published formula has no value where nothing was counted.
    """
    won, lost, tied = board.counts.sum(axis=0).T
    games = won + lost + tied + 1
    rate = (won + tied / 2 + 0.5) / games
    narrowing = np.sqrt(rate * (1 - rate)) * (1 / np.sqrt(games) - 1 / np.sqrt(games + 1))
    return spread(votes, np.tile(narrowing, (len(board.counts), 1)), rng)


def minebench(board: Board, votes: int, rng: np.random.Generator) -> Ints:
    """Draw by MineBench's lanes, vote by vote."""
    here, n = board.world, board.world.models
    met = np.zeros((len(board.counts), n, n))
    met[:, here.first, here.second] = met[:, here.second, here.first] = board.played
    before = met.copy()
    scheduler = Scheduler(met, board.found.strength, np.sqrt(np.diagonal(board.covariance())), rng)
    for _ in range(votes):
        scheduler.meet()
    return np.asarray((met - before)[:, here.first, here.second], dtype=np.int64)


def blindvote(board: Board, votes: int, rng: np.random.Generator) -> Ints:
    """Draw by our lanes, through the arena's own code."""
    state = weigh(board)
    return spread(votes, probabilities(state, everything(state)).reshape(board.played.shape), rng)


def limited(board: Board, votes: int, rng: np.random.Generator) -> Ints:
    """Draw as in `public`, where no two models are likelier in their competition than a voter may guess."""
    state = weigh(board)
    chances = probabilities(state, everything(state)).reshape(board.played.shape)
    most = best_guess(board.world.models)
    return spread(votes, np.stack([limit_chances(row, most) for row in chances]), rng)


def weigh(board: Board, question: str = BETTER, question_share: Array | None = None) -> PairingState:
    """Weigh all pairs by what a question's board knows; its share is that of each competition's votes."""
    here, played = board.world, board.played
    totals = played.sum(axis=0)
    battles = sum(np.bincount(side, totals, here.models) for side in (here.first, here.second))
    found = fit_with_prior(Design(cells_of(here, board.counts), here.models, side=False)).fit
    level = np.full(here.models, 1 / here.models)
    known = StrengthEstimate(np.arange(here.models), found.strength, found.covariance(level))
    counted = dict(enumerate(played.sum(axis=1).tolist()))
    of = field(*here.there.shape)
    return weigh_pairs(of, counted, dict(enumerate(battles.tolist())), known, question, question_share)


RULES: dict[str, Rule] = {"even": evenly, "LMArena": lmarena, "MineBench": minebench, "Blindvote": blindvote}
WITH_AND_WITHOUT: dict[str, Rule] = {"even": evenly, "no limit": blindvote, "limited": limited}
FIELDS: dict[tuple[int, int], PairingField] = {}


def field(competitions: int, models: int) -> PairingField:
    """Enter every model in every competition once, no two alike; the field's pairs stand in a world's order."""
    hashes = np.random.default_rng(0).integers(-(2**62), 2**62, (competitions, models)).tolist()
    if (competitions, models) not in FIELDS:
        FIELDS[competitions, models] = make_field(
            Contestant(c * models + m, c, m, hashes[c][m]) for c in range(competitions) for m in range(models)
        )
    return FIELDS[competitions, models]


def votes_needed(rule: Rule, here: World, seed: int) -> int:
    """Count votes until the order is right, GIVE_UP at most. Ratings are refitted every 2.5 % of the votes."""
    rng, outcomes, true = np.random.default_rng(seed), here.outcomes(), here.there.mean(axis=0)
    order = np.sign(true[here.first] - true[here.second])
    board, votes = rated(here, np.zeros(outcomes.shape)), 0
    while votes < GIVE_UP:
        step = max(here.models // 2, votes // 40)
        board = rated(here, board.counts + rng.multinomial(rule(board, step, rng), outcomes))
        votes += step
        strength = board.found.strength
        if (order * np.sign(strength[here.first] - strength[here.second])).mean() >= RIGHT:
            break
    return votes


def order_is_right(seeds: int, streams: int, sizes: tuple[int, ...], rules: dict[str, Rule] = RULES) -> None:
    print(f"\nVotes until tau >= {RIGHT}, {seeds} worlds x {streams} streams of votes")
    print("A world's number is the geometric mean of its streams, the ratio that of the worlds, +- standard error")
    print(f"{'models':>6} {'competitions':>12} {'prompt effect':>13}  " + "".join(f"{name:>24}" for name in rules))
    print(" " * 35 + f"{'median   ratio to even':>24}" * len(rules))
    for models in sizes:
        for competitions, prompt_sd in ((1, 0.0), (7, PROMPT_SD)):
            needed = {
                name: [
                    np.exp(np.mean(np.log([votes_needed(rule, here, 1000 * seed + s) for s in range(streams)])))
                    for seed in range(seeds)
                    for here in [world(seed, models, competitions, prompt_sd)]
                ]
                for name, rule in rules.items()
            }
            cells = "".join(cell(needed[name], needed["even"]) for name in rules)
            print(f"{models:>6} {competitions:>12} {prompt_sd * ELO_PER_LOGIT:>9.0f} Elo  {cells}", flush=True)


def intervals_hold(seeds: int) -> None:
    print(f"\nVote intervals that hold the truth, 24 models, one competition, {seeds} worlds; 95 % is claimed")
    print(f"{'votes per model':>16} {'even %':>8} {'Blindvote %':>12}")
    for votes in (10, 20, 50, 100, 500):
        held = {
            name: 100
            * np.mean([held_share(RULES[name], world(seed, 24, 1, 0.0), 12 * votes) for seed in range(seeds)])
            for name in ("even", "Blindvote")
        }
        print(f"{votes:>16} {held['even']:>8.1f} {held['Blindvote']:>12.1f}", flush=True)


def held_share(rule: Rule, here: World, votes: int) -> float:
    rng, outcomes, done = np.random.default_rng(votes), here.outcomes(), 0
    board = rated(here, np.zeros(outcomes.shape))
    while done < votes:
        step = min(max(here.models // 2, done // 40), votes - done)
        board = rated(here, board.counts + rng.multinomial(rule(board, step, rng), outcomes))
        done += step
    met = np.flatnonzero(board.played[0])
    counts = (*board.counts[0][met].T, np.zeros(met.size))
    known = rate(Tallies(here.models, 0 * met, here.first[met], here.second[met], *counts), draws=1)
    points = 1000 + ELO_PER_LOGIT * (here.there[0] - here.there[0].mean())
    return float(((known.vote_low <= points) & (points <= known.vote_high)).mean())


def cell(needed: list[float], even: list[float]) -> str:
    ratio = np.log(needed) - np.log(even)
    error = ratio.std() / np.sqrt(len(ratio))
    return f"{np.median(needed):>9,.0f}   {np.exp(ratio.mean()):.2f} +- {error:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="24 models, and one stream of votes for each world")
    parser.add_argument("--only", choices=("order", "limit"))
    asked = parser.parse_args()
    if asked.only in {None, "limit"}:
        order_is_right(20, 1 if asked.quick else 3, (8, 12, 24), WITH_AND_WITHOUT)
    if asked.only in {None, "order"}:
        order_is_right(20, 1 if asked.quick else 3, (24,) if asked.quick else (24, 40))
        intervals_hold(20 if asked.quick else 100)


if __name__ == "__main__":
    main()
