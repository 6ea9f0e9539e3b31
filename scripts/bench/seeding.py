"""
What seeding the catalogue and showing its model pages cost, beside another checkout, by turns in one run.

    git worktree add /tmp/old COMMIT   (and scripts/setup in it)
    python scripts/bench/seeding.py /tmp/old [--turns 3] [--pages 40]

Each checkout seeds its own catalogue into its own new database, then again unchanged, through `arena seed`; then
it renders the pages of models that both have, each once, and counts the statements sent to its database; then it
renders them anew with nothing changed in the catalogue, as after votes. CPU time,
children included. The bars: seeding within twice, a page's statements no more, its rendering within a quarter.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MAKE = """
import pathlib, sys
from app import create_app
from app.settings import Settings
app = create_app(Settings(data_dir=pathlib.Path(sys.argv[1]), secret_key="s" * 32, log_level="error"))
app.extensions["blindvote"].database.migrate()
"""
CHILD = """
import json, pathlib, sys, time
from sqlalchemy import event
from sqlalchemy.engine import Engine
sent = [0]
@event.listens_for(Engine, "connect")
def trace(connection, record):
    def count(text):
        sent[0] += text.lstrip()[:6].upper() == "SELECT"
    connection.set_trace_callback(count)
from app import create_app
from app.settings import Settings
app = create_app(Settings(data_dir=pathlib.Path(sys.argv[1]), secret_key="s" * 32, log_level="error"))
client, pages = app.test_client(), {}
for slug in json.loads(sys.argv[2]):
    before, start = sent[0], time.process_time()
    answer = client.get(f"/models/{slug}")
    pages[slug] = time.process_time() - start, sent[0] - before, len(answer.data), answer.status_code
for slug in pages:
    start = time.process_time()
    client.get(f"/models/{slug}", base_url="http://another.example")
    pages[slug] = *pages[slug], time.process_time() - start
print(json.dumps(pages))
"""


def main() -> None:
    """Print the figures of both checkouts and the ratios; exit 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--pages", type=int, default=40)
    asked = parser.parse_args()
    checkouts = {"old": asked.other.resolve(), "new": ROOT}
    slugs = sorted(set.intersection(*(_slugs(path) for path in checkouts.values())))[: asked.pages]
    turns = [
        {name: _measure(checkouts[name], slugs) for name in sorted(checkouts, reverse=bool(turn % 2))}
        for turn in range(asked.turns)
    ]
    ratios = [_row(what, turns) for what in turns[0]["new"]]
    bars = dict(zip(turns[0]["new"], (2.0, 2.0, 1.0, 1.25, 1.25), strict=True))
    missed = [what for (what, bar), ratio in zip(bars.items(), ratios, strict=True) if ratio > bar]
    if missed:
        raise SystemExit(f"missed: {', '.join(missed)}")


def _row(what: str, turns: list[dict[str, dict[str, float]]]) -> float:
    old, new = (statistics.median(turn[name][what] for turn in turns) for name in ("old", "new"))
    print(f"{what:<40} {old:8.2f} -> {new:8.2f}   {new / old:.2f} x")
    return new / old


def _slugs(checkout: Path) -> set[str]:
    return {path.stem for path in (checkout / "scripts" / "seeds" / "catalog").glob("*.toml")}


def _measure(checkout: Path, slugs: list[str]) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        _run(checkout, folder, ["-c", MAKE, folder])
        seed = ["-m", "app.cli", "seed", "scripts/seeds/catalog"]
        first, _ = _run(checkout, folder, seed)
        again, _ = _run(checkout, folder, seed)
        _, said = _run(checkout, folder, ["-c", CHILD, folder, json.dumps(["dall-e-2", *slugs])])
    # The first page warms what every page shares.
    pages = [page for slug, page in json.loads(said).items() if page[3] == 200][1:]
    return {
        "seeding a new database, seconds": first,
        "seeding it again unchanged, seconds": again,
        "statements of a model page": statistics.median(page[1] for page in pages),
        "rendering a model page, milliseconds": statistics.median(page[0] * 1000 for page in pages),
        "rendering it anew, milliseconds": statistics.median(page[4] * 1000 for page in pages),
    }


def _run(checkout: Path, folder: str, arguments: list[str]) -> tuple[float, str]:
    """Run Python in a checkout; answer with the CPU seconds it took and what it printed."""
    settings = {"BLINDVOTE_DATA_DIR": folder, "DATA_DIR": folder, "LOG_LEVEL": "error", "PATH": os.environ["PATH"]}
    before = os.times()
    python = str(checkout / ".venv" / "bin" / "python")
    command = [python, *arguments]
    done = subprocess.run(command, cwd=checkout, env=settings, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{checkout}: {' '.join(arguments)[:60]}: {done.stderr[-800:]}")
    after = os.times()
    took = after.children_user - before.children_user + after.children_system - before.children_system
    return took, done.stdout


if __name__ == "__main__":
    main()
