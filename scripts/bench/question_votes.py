"""
Counts votes until the board of `better` has the right order, in arenas of one question and of two.

Both arenas have the same models and prompts; where two questions are asked, the other one has strengths of its
own. Questions and pairs are drawn by the product's own code. Counted are the votes on either question until
Kendall's tau between the board of `better` and the truth first reaches 0.95. A share of a half explains twice the
votes. The last column divides by what the share explains: 1 is exactly that, more would be votes lost.

    python scripts/bench/question_votes.py [--worlds N] [--streams N] [--models N]

It takes some twelve seconds a world.
"""

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from app.arena.voting.matchmaking import PairingState, question_chances
from app.elo_scale import ELO_PER_LOGIT
from app.ratings.tallies import Array, Index
from scripts.bench.every_pair import everything, probabilities
from scripts.bench.pairing import GIVE_UP, PROMPT_SD, RIGHT, Board, World, rated, spread, weigh, world

APART = 100 / ELO_PER_LOGIT
"""Standard deviation of the difference of the two questions' strengths, in logits."""
QUESTIONS = ("better", "prompt")


def ask_other(here: World, seed: int) -> World:
    """Give the same models and prompts the strengths of another question."""
    rng = np.random.default_rng([seed, 1])
    return replace(here, there=here.there + rng.normal(0, APART, here.models))


def weigh_questions(boards: list[Board], shares: Array) -> PairingState:
    """Weigh all pairs for each question by its own board, as the pool does."""
    states = [
        weigh(board, question, np.full(len(board.counts), share) if len(boards) > 1 else None)
        for board, question, share in zip(boards, QUESTIONS, shares, strict=False)
    ]
    return replace(states[0], beside=tuple(states[1:]))


def vote(boards: list[Board], votes: int, shares: Array, rng: np.random.Generator) -> list[Board]:
    """Draw the question of each vote, then its pair, then its answer; rate every question's board anew."""
    state = weigh_questions(boards, shares)
    asked = dict(question_chances(state, np.ones(len(state.competitions), dtype=bool)))
    of = rng.multinomial(votes, list(asked.values()))
    return [cast(board, one, int(number), rng) for board, one, number in zip(boards, asked, of, strict=True)]


def cast(board: Board, state: PairingState, votes: int, rng: np.random.Generator) -> Board:
    drawn: Index = spread(votes, probabilities(state, everything(state)).reshape(board.played.shape), rng)
    return rated(board.world, board.counts + rng.multinomial(drawn, board.world.outcomes()))


def count_votes_needed(worlds: list[World], share: float, seed: int) -> int:
    """Count votes on any question until the order of the first world's models is right, GIVE_UP at most."""
    rng, here = np.random.default_rng(seed), worlds[0]
    true = here.there.mean(axis=0)
    order = np.sign(true[here.first] - true[here.second])
    boards, votes, shares = [rated(one, np.zeros(one.outcomes().shape)) for one in worlds], 0, (share, 1 - share)
    while votes < GIVE_UP:
        step = max(round(here.models / 2 / share), votes // 40)
        boards, votes = vote(boards, step, np.array(shares), rng), votes + step
        strength = boards[0].found.strength
        if (order * np.sign(strength[here.first] - strength[here.second])).mean() >= RIGHT:
            break
    return votes


def compare(seed: int, models: int, competitions: int, share: float, streams: int) -> tuple[float, float]:
    """Give the geometric means over the streams of the votes needed with one question, and with two."""
    here = world(seed, models, competitions, PROMPT_SD if competitions > 1 else 0.0)
    arenas = ([here], 1.0), ([here, ask_other(here, seed)], share)
    one, two = (
        np.exp(np.mean([np.log(count_votes_needed(worlds, part, 1000 * seed + s)) for s in range(streams)]))
        for worlds, part in arenas
    )
    return float(one), float(two)


def main() -> None:
    """Print a row for each kind of arena."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--streams", type=int, default=3)
    parser.add_argument("--models", type=int, default=24)
    asked = parser.parse_args()
    print("| models | prompts | share of `better` | one question | two | ratio | ratio x share |")
    print("|---|---|---|---|---|---|---|")
    for competitions, share in ((1, 0.5), (7, 0.5), (7, 0.75)):
        needed = np.array(
            [compare(seed, asked.models, competitions, share, asked.streams) for seed in range(asked.worlds)]
        )
        ratio = np.log(needed[:, 1] / needed[:, 0])
        error = float(ratio.std(ddof=1) / np.sqrt(len(ratio)))
        times, (one, two) = float(np.exp(ratio.mean())), np.median(needed, axis=0)
        print(
            f"| {asked.models} | {competitions} | {share:g} | {one:,.0f} | {two:,.0f} "
            f"| {times:.2f} +- {times * error:.2f} | {times * share:.2f} +- {times * share * error:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
