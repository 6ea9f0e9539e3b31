"""
How wide intervals are beside another checkout's, where the parts that this one adds are zero. Simulated arenas.

Each world has 24 models, 30 prompts without an effect or with one of 60 Elo points, 48 voters of one taste and no
effects of pairs: every part has at least twenty clusters, and those of voters and pairs could be left out. Both
checkouts rate the same votes. A ratio of 1.03 is three per cent wider.

    git worktree add /tmp/old COMMIT
    python scripts/bench/widths.py /tmp/old [--boards 40]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from app.ratings.board import rate
from app.ratings.tallies import Array
from scripts.bench.arguments import other_checkout
from scripts.bench.worlds import Setting, played

SETTINGS = [
    Setting(competitions=30, prompts=prompts, voters=48, votes_per_model=votes)
    for prompts in (0, 60)
    for votes in (100, 400, 1000)
]
THEIRS = """
import json, sys
import numpy as np
from app.ratings.board import rate
from app.ratings.tallies import Tallies
saved = np.load(sys.argv[1])
boards = (Tallies(int(saved["models"]), *saved[name]) for name in saved.files if name != "models")
print(json.dumps([(board.high - board.low).tolist() for board in (rate(each, draws=1) for each in boards)]))
"""


def play(setting: Setting, boards: int) -> tuple[list[Array], list[Array]]:
    """Play arenas; return the columns of each one's tallies, and how wide its models' intervals are here."""
    columns, widths = [], []
    for number in range(boards):
        arena = played(setting, np.random.default_rng((setting.votes, number)))
        tallies = arena.tallies()
        board = rate(tallies, voters=arena.ballots(), draws=1)
        names = [name for name in tallies.__dataclass_fields__ if name != "models"]
        columns.append(np.stack([getattr(tallies, name) for name in names]))
        widths.append(board.high - board.low)
    return columns, widths


def rate_there(checkout: Path, models: int, columns: list[Array]) -> Array:
    """Rate tallies by another checkout's own environment; return (boards, models) widths in Elo points."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tallies.npz"
        np.savez(path, models=models, **{f"board{number}": each for number, each in enumerate(columns)})
        command = [str(checkout / ".venv/bin/python"), "-c", THEIRS, str(path)]
        done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True)
    return np.array(json.loads(done.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=other_checkout)
    parser.add_argument("--boards", type=int, default=40)
    given = parser.parse_args()
    print(f"{'prompts, Elo':>13}{'votes a model':>14}{'ours ±':>9}{'theirs ±':>10}{'ratio':>8}")
    for setting in SETTINGS:
        columns, ours = play(setting, given.boards)
        theirs = rate_there(given.other.resolve(), setting.models, columns)
        ratio = np.array(ours) / theirs
        said = f"{setting.prompts:>13.0f}{setting.votes_per_model:>14}"
        said += f"{np.median(ours) / 2:>9.1f}{np.median(theirs) / 2:>10.1f}{np.median(ratio):>8.3f}"
        print(said, flush=True)


if __name__ == "__main__":
    main()
