"""
Our rating core beside its peers, in one run on the same votes: time, peak memory, agreement.

Peers are the `bench` extra (evalica, arena-rank, scikit-learn); one that is not installed is skipped and named.
Each measurement has a process of its own, gets its votes in the form it wants, and is timed on its second call.

    python scripts/bench/ratings.py [--quick | --components]
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from app.elo_scale import ELO_PER_LOGIT
from app.ratings import ranks, scale
from app.ratings.board import rate
from app.ratings.bradley_terry import Design, VirtualGames, fit, logistic
from app.ratings.components import VarianceComponent
from app.ratings.model import components as estimate_components
from app.ratings.model import covariance, fit_with_prior
from app.ratings.scale import Anchor
from app.ratings.tallies import BOTH_BAD, LEFT, RIGHT, TIE, Array, Log, Tallies, totals
from app.ratings.voters import Voters

SIZES = ((40, 10_000), (40, 100_000), (40, 1_000_000), (40, 10_000_000), (400, 1_000_000))
QUICK_SIZES = ((40, 10_000), (40, 100_000), (400, 100_000))
ROUNDS = 100
WINNERS = {LEFT: "model_a", RIGHT: "model_b", TIE: "tie", BOTH_BAD: "both_bad"}

Found = tuple[Array, Array | None]  # ratings with mean 1000 and half-widths, in Elo points
Contender = Callable[[], Found]


def votes(models: int, count: int) -> Log:
    """Make votes on random pairs, 22 % of them ties of either kind."""
    rng = np.random.default_rng(models + count)
    strength = rng.normal(0, 0.8, models)
    left = rng.integers(0, models, count)
    right = (left + rng.integers(1, models, count)) % models
    outcome = np.where(rng.random(count) < logistic(strength[left] - strength[right]), LEFT, RIGHT)
    outcome[rng.random(count) < 0.22] = TIE
    outcome[(outcome == TIE) & (rng.random(count) < 0.5)] = BOTH_BAD
    return Log(models, np.zeros(count, dtype=np.intp), left, right, outcome)


def own_from_tallies(log: Log) -> Contender:
    tallies = log.tallies()
    columns = {name: getattr(tallies, name) for name in tallies.__dataclass_fields__}

    def run() -> Found:
        board = rate(Tallies(**columns), prior=0.0, interval="vote")
        return board.rating, (board.high - board.low) / 2

    return run


def own_from_votes(log: Log) -> Contender:
    def run() -> Found:
        board = rate(log.tallies(), prior=0.0, interval="vote")
        return board.rating, (board.high - board.low) / 2

    return run


def evalica_bt(log: Log) -> Contender:
    import evalica

    names = [f"model-{i:03}" for i in range(log.models)]
    xs, ys = [names[i] for i in log.left], [names[i] for i in log.right]
    kinds = {
        LEFT: evalica.Winner.X,
        RIGHT: evalica.Winner.Y,
        TIE: evalica.Winner.Draw,
        BOTH_BAD: evalica.Winner.Draw,
    }
    winners = [kinds[int(kind)] for kind in log.outcome]

    def run() -> Found:
        scores = evalica.bradley_terry(xs, ys, winners).scores.sort_index()
        return centred(np.log(scores.to_numpy())), None

    return run


def arena_rank_bt(log: Log, **options: float) -> Contender:
    import pandas as pd
    from arena_rank.models.bradley_terry import BradleyTerry
    from arena_rank.utils.data_utils import PairDataset

    names = np.array([f"model-{i:03}" for i in range(log.models)])
    winners = np.array([WINNERS[kind] for kind in range(4)])[log.outcome]
    frame = pd.DataFrame({"model_a": names[log.left], "model_b": names[log.right], "winner": winners})

    def run() -> Found:
        dataset = PairDataset.from_pandas(frame)
        found = BradleyTerry(n_competitors=log.models, **options).compute_ratings_and_cis(dataset)
        half = (np.asarray(found["rating_upper"]) - np.asarray(found["rating_lower"])) / 2
        return centred(np.asarray(found["ratings"]) / ELO_PER_LOGIT), half

    return run


def bootstrap_bt(log: Log) -> Contender:
    """Rate by FastChat's published method: logistic regression of half-wins, percentiles of 100 bootstraps."""
    from scipy.optimize import minimize

    def run() -> Found:
        shape = (log.models, log.models, 4)
        keys, counts = np.unique(
            np.ravel_multi_index((log.left, log.right, log.outcome), shape), return_counts=True
        )
        left, right, outcome = np.unravel_index(keys, shape)
        score = np.array([1.0, 0.0, 0.5, 0.5])[outcome]

        def loss(strength: Array, weight: Array) -> tuple[float, Array]:
            gap = strength[left] - strength[right]
            push = weight * (logistic(gap) - score)
            slope = totals(left, push, log.models) - totals(right, push, log.models)
            return float(weight @ (np.logaddexp(0, gap) - score * gap)), slope

        def solve(weight: Array) -> Array:
            start = np.zeros(log.models)
            return centred(minimize(loss, start, args=(weight,), jac=True, method="L-BFGS-B", tol=1e-6).x)

        share = counts / counts.sum()
        redrawn = np.random.default_rng(0).multinomial(log.left.size, share, ROUNDS) / log.left.size
        low, high = np.percentile([solve(weight) for weight in redrawn], (2.5, 97.5), axis=0)
        return solve(share), (high - low) / 2

    return run


def centred(strength: Array) -> Array:
    return scale.to_elo(strength - strength.mean(), Anchor())


CONTENDERS: dict[str, tuple[Callable[[Log], Contender], str | None]] = {
    "ours, from tallies": (own_from_tallies, None),
    "ours, from votes": (own_from_votes, None),
    "evalica, no interval": (evalica_bt, "evalica"),
    "arena-rank": (arena_rank_bt, "arena_rank"),
    "arena-rank, no ridge": (partial(arena_rank_bt, hessian_reg=1e-9), "arena_rank"),
    f"FastChat's method, {ROUNDS} rounds": (bootstrap_bt, "scipy"),
}


def measure(name: str, path: str) -> dict[str, Any]:
    """Measure in a process of its own: time of the second call, peak memory with imports and input."""
    saved = np.load(path)
    log = Log(int(saved["models"]), *(saved[name] for name in ("competition", "left", "right", "outcome")))
    run = CONTENDERS[name][0](log)
    run()
    wall, cpu = time.perf_counter(), time.process_time()
    rating, half = run()
    spent = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    return {**spent, "peak": peak(), "rating": rating.tolist(), "half": None if half is None else half.tolist()}


def peak() -> float:
    """Return the MiB this process has held at most; getrusage would also count the parent before the fork."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def compare(models: int, count: int, folder: Path) -> None:
    path = folder / f"{models}-{count}.npz"
    log = votes(models, count)
    np.savez(path, **vars(log))
    print(f"\n{models} models, {count:,} votes")
    print(f"{'':>32} {'CPU s':>9} {'wall s':>9} {'peak MiB':>9} {'max diff Elo':>13} {'half-width / ours':>20}")
    exact: dict[str, Any] = {}
    for name, (_, package) in CONTENDERS.items():
        if package and importlib.util.find_spec(package) is None:
            print(f"{name:>32} skipped: {package} is not installed")
            continue
        child = subprocess.run(
            [sys.executable, __file__, "--measure", name, str(path)], capture_output=True, text=True, check=False
        )
        if child.returncode:
            print(f"{name:>32} failed: {child.stderr.strip().splitlines()[-1:]}")
            continue
        got = json.loads(child.stdout.splitlines()[-1])
        exact = exact or got
        show(name, got, exact)


def show(name: str, got: dict[str, Any], exact: dict[str, Any]) -> None:
    apart = np.abs(np.array(got["rating"]) - np.array(exact["rating"])).max()
    widths = "-"
    if got["half"]:
        ratio = np.array(got["half"]) / np.array(exact["half"])
        widths = f"{np.median(ratio):.3f} ({ratio.min():.3f}-{ratio.max():.3f})"
    print(f"{name:>32} {got['cpu']:>9.4f} {got['wall']:>9.4f} {got['peak']:>9.0f} {apart:>13.6f} {widths:>20}")


def best(work: Callable[[], object], repeats: int) -> float:
    """Return the milliseconds of CPU, the best of several."""
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return 1000 * min(spent)


def steps(models: int, count: int) -> tuple[float, float, float]:
    """Return milliseconds for fit and covariance, for rank ranges, and for the whole board; nothing is cached."""
    tallies = votes(models, count).tallies()
    columns = {name: getattr(tallies, name) for name in tallies.__dataclass_fields__}
    gauge = scale.gauge(Anchor(), models)

    def fitted() -> tuple[Array, Array]:
        found = fit(Design(Tallies(**columns).pairs(), models, side=False), VirtualGames())
        return found.strength, found.covariance(gauge)

    strength, covariance = fitted()
    draws = ranks.default_draws(models)
    return (
        best(fitted, 20),
        best(lambda: ranks.rank_ranges(strength, covariance, draws, 0), 20),
        best(lambda: rate(Tallies(**columns)), 20),
    )


def floors(sizes: tuple[tuple[int, int], ...]) -> None:
    print("\nOur steps from tallies, ms of CPU, best of 20")
    print("targets: fit and V 1 (40 models) and 40 (400); with rank ranges 15 and 250")
    print(f"{'models':>7} {'votes':>11} {'fit and V':>10} {'rank ranges':>12} {'board':>8}")
    for models, count in sizes:
        fitted, ranged, board = steps(models, count)
        print(f"{models:>7} {count:>11,} {fitted:>10.2f} {ranged:>12.2f} {board:>8.2f}")


def components(sizes: tuple[tuple[int, int, int], ...]) -> None:
    """Print what a board with all components costs from tallies and from the voters' sums, without rank ranges."""
    print("\nFit, covariance and components of prompts, voters and pairs, ms of CPU, best of 20")
    print("targets: 5 (40 models) and 150 (400 models)")
    print(f"{'models':>7} {'competitions':>13} {'votes':>11} {'ms':>8}")
    for models, competitions, count in sizes:
        log = votes(models, count)
        prompt = np.random.default_rng(count).integers(0, competitions, count)
        tallies = Log(models, prompt, log.left, log.right, log.outcome).tallies()
        columns = {name: getattr(tallies, name) for name in tallies.__dataclass_fields__}
        voters = Voters(VarianceComponent(0.03, 0.01, 100), np.full(models, 0.01), 100)
        spent = best(partial(every_part, columns, voters), 20)
        print(f"{models:>7} {competitions:>13} {count:>11,} {spent:>8.1f}", flush=True)


def every_part(columns: dict[str, Any], voters: Voters) -> Array:
    tallies = Tallies(**columns)
    fitted = fit_with_prior(Design(tallies.pairs(), tallies.models, side=False))
    known = estimate_components(tallies, fitted, voters=voters)
    return covariance(tallies, fitted, known, scale.gauge(Anchor(), tallies.models))[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes only: about a minute")
    parser.add_argument("--components", action="store_true", help="nothing but the cost of a whole board")
    parser.add_argument("--measure", nargs=2, metavar=("NAME", "FILE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(*given.measure)))
        return
    components(((40, 7, 20_000), (40, 30, 100_000), (400, 7, 1_000_000), (400, 30, 1_000_000)))
    if given.components:
        return
    sizes = QUICK_SIZES if given.quick else SIZES
    floors(sizes)
    with tempfile.TemporaryDirectory() as folder:
        for models, count in sizes:
            compare(models, count, Path(folder))


if __name__ == "__main__":
    main()
