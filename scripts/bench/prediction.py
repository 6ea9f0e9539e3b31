"""
Measures how well ratings of a few votes foretell the others. Held-out votes of real arenas, ours beside its peers.

FILE is a CSV with model_a, model_b and winner (model_a, model_b, tie, both_bad) or wins_a and wins_b with optional
ties and both_bad; a column board is split. Each of 20 times a fifth of the votes is set aside, and some of the
others are learnt from. Peers are the `bench` extra; one that is not installed is skipped and named. A negative
difference is in our favour; the error is that of the paired differences.

    python scripts/bench/prediction.py FILE... [--splits 20]
"""

import argparse
import csv
import importlib.util
import math
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from app.elo_scale import ELO_PER_LOGIT
from app.ratings.board import rate
from app.ratings.bradley_terry import Design, VirtualGames, logistic, strengths
from app.ratings.elo import sequential
from app.ratings.tallies import BOTH_BAD, LEFT, RIGHT, TIE, Array, Index, Log
from scripts.bench.arguments import existing_file

VOTES_PER_MODEL = (5, 10, 20, 50, 100, 200, 500, 1000)
WINNERS = {"model_a": LEFT, "model_b": RIGHT, "tie": TIE, "both_bad": BOTH_BAD}
COUNTS = {"wins_a": LEFT, "wins_b": RIGHT, "ties": TIE, "both_bad": BOTH_BAD}
SCORE = np.array([1.0, 0.0, 0.5, 0.5])
HELD_OUT = 0.2
MOST_TESTED = 20_000
CLIP = 1e-4

Foretell = Callable[[Index, Index], Array]
Learner = Callable[[Log], Foretell]


def boards(path: Path) -> Iterator[tuple[str, Log]]:
    """Read each board of a file by name; its votes keep the file's order."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for board in sorted({row.get("board", "") for row in rows}):
        yield f"{path.stem} {board}".strip(), log_of([row for row in rows if row.get("board", "") == board])


def log_of(rows: list[dict[str, str]]) -> Log:
    names = sorted({row[side] for row in rows for side in ("model_a", "model_b")})
    number = {name: i for i, name in enumerate(names)}
    votes: list[tuple[int, int, int]] = []
    for row in rows:
        left, right = number[row["model_a"]], number[row["model_b"]]
        if "winner" in row:
            votes.append((left, right, WINNERS[row["winner"]]))
        else:
            votes += [(left, right, kind) for name, kind in COUNTS.items() for _ in range(int(row.get(name) or 0))]
    left, right, outcome = np.array(votes).T
    return Log(len(names), np.zeros(left.size, dtype=np.intp), left, right, outcome)


def some(log: Log, at: Index) -> Log:
    return Log(log.models, log.competition[at], log.left[at], log.right[at], log.outcome[at])


def by_strength(strength: Array) -> Foretell:
    return lambda left, right: logistic(strength[left] - strength[right])


def ours(log: Log) -> Foretell:
    return by_strength(rate(log.tallies(), draws=1).strength)


def version_1(log: Log) -> Foretell:
    """Rate with half a virtual game instead of the learnt spread."""
    return by_strength(strengths(Design(log.tallies().pairs(), log.models, side=False), VirtualGames(0.5)))


def elo(k: float) -> Learner:
    return lambda log: by_strength(np.array(sequential(log, k=k)) / ELO_PER_LOGIT)


def evalica(log: Log) -> Foretell:
    import evalica

    kinds = {
        LEFT: evalica.Winner.X,
        RIGHT: evalica.Winner.Y,
        TIE: evalica.Winner.Draw,
        BOTH_BAD: evalica.Winner.Draw,
    }
    names = [str(i) for i in range(log.models)]
    xs, ys = [names[i] for i in log.left], [names[i] for i in log.right]
    scores = evalica.bradley_terry(xs, ys, [kinds[int(kind)] for kind in log.outcome]).scores
    found = np.array([scores.get(name, 1.0) for name in names])
    found[~np.isfinite(found) | (found <= 0)] = 1.0
    return by_strength(np.log(found))


def glicko_2(log: Log) -> Foretell:
    import glicko2

    players = [glicko2.Player() for _ in range(log.models)]
    for left, right, outcome in zip(log.left.tolist(), log.right.tolist(), log.outcome.tolist(), strict=True):
        one, other, score = players[left], players[right], float(SCORE[outcome])
        before = one.rating, one.rd
        one.update_player([other.rating], [other.rd], [score])
        other.update_player([before[0]], [before[1]], [1 - score])
    return by_strength(np.array([player.rating for player in players]) / ELO_PER_LOGIT)


def trueskill(log: Log) -> Foretell:
    import trueskill

    env = trueskill.TrueSkill(draw_probability=0.25)
    players = [env.create_rating() for _ in range(log.models)]
    for left, right, outcome in zip(log.left.tolist(), log.right.tolist(), log.outcome.tolist(), strict=True):
        won, lost = (right, left) if outcome == RIGHT else (left, right)
        players[won], players[lost] = env.rate_1vs1(players[won], players[lost], drawn=outcome in (TIE, BOTH_BAD))
    return by_normal(players, env.beta)


def openskill(log: Log) -> Foretell:
    from openskill.models import PlackettLuce

    model = PlackettLuce()
    players = [model.rating() for _ in range(log.models)]
    for left, right, outcome in zip(log.left.tolist(), log.right.tolist(), log.outcome.tolist(), strict=True):
        scores = [float(SCORE[outcome]), 1 - float(SCORE[outcome])]
        (players[left],), (players[right],) = model.rate([[players[left]], [players[right]]], scores=scores)
    return by_normal(players, model.beta)


def by_normal(players: list[object], beta: float) -> Foretell:
    mean = np.array([player.mu for player in players])  # type: ignore[attr-defined]
    variance = np.array([player.sigma**2 for player in players])  # type: ignore[attr-defined]

    def foretell(left: Index, right: Index) -> Array:
        z = (mean[left] - mean[right]) / np.sqrt(2 * beta**2 + variance[left] + variance[right])
        return np.array([math.erfc(-each / math.sqrt(2)) / 2 for each in z.tolist()])

    return foretell


LEARNERS: dict[str, tuple[Learner, str | None]] = {
    "ours": (ours, None),
    "version 1": (version_1, None),
    "Elo K=4": (elo(4.0), None),
    "Elo K=32": (elo(32.0), None),
    "evalica": (evalica, "evalica"),
    "Glicko-2": (glicko_2, "glicko2"),
    "TrueSkill": (trueskill, "trueskill"),
    "openskill": (openskill, "openskill"),
}


def loss(foretell: Foretell, log: Log) -> float:
    """Return the nats a vote, a tie being half a win."""
    score, chance = SCORE[log.outcome], np.clip(foretell(log.left, log.right), CLIP, 1 - CLIP)
    return float(-np.mean(score * np.log(chance) + (1 - score) * np.log(1 - chance)))


def compare(name: str, log: Log, splits: int, learners: dict[str, Learner]) -> None:
    print(f"\n{name}: {log.models} models, {log.left.size:,} votes, {splits} splits; coin {math.log(2):.4f} nats")
    print(f"{'votes a model':>14}" + "".join(f"{each:>24}" for each in learners))
    for votes in VOTES_PER_MODEL:
        size = log.models * votes // 2
        if size > (1 - HELD_OUT) * log.left.size:
            break
        found = np.array([_losses(log, size, seed, learners) for seed in range(splits)])
        against = found[:, :1] - found
        error = against.std(axis=0, ddof=1) / math.sqrt(splits)
        cells = [f"{found[:, 0].mean():.4f}"]
        cells += [
            f"{found[:, i].mean():.4f} ({against[:, i].mean():+.4f}±{error[i]:.4f})"
            for i in range(1, len(learners))
        ]
        print(f"{votes:>14}" + "".join(f"{cell:>24}" for cell in cells), flush=True)


def _losses(log: Log, size: int, seed: int, learners: dict[str, Learner]) -> list[float]:
    order = np.random.default_rng(seed).permutation(log.left.size)
    held = int(HELD_OUT * log.left.size)
    test, train = some(log, order[:held][:MOST_TESTED]), some(log, order[held:][:size])
    return [loss(learner(train), test) for learner in learners.values()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=existing_file, metavar="FILE")
    parser.add_argument("--splits", type=int, default=20)
    given = parser.parse_args()
    learners = {}
    for name, (learner, package) in LEARNERS.items():
        if package and importlib.util.find_spec(package) is None:
            print(f"{name} skipped: {package} is not installed")
        else:
            learners[name] = learner
    for path in given.files:
        for name, log in boards(path):
            compare(name, log, given.splits, learners)


if __name__ == "__main__":
    main()
