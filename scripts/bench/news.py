"""
How much of the feed is noise, and how soon planted changes are told.

Runs arenas whose truth is known through 200 refreshes each, with the product's own refresh and news:
`python -m scripts.bench.news [--worlds 5] [--seed 1] [--null]`. `tests/leaderboards/news_world.py` defines
what counts as noise and as sure; `--null` plants nothing: only the opening and decided first places are then true.
"""

import argparse
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from app.database.doors import Database
from tests.leaderboards.news_world import LONG, SHORT, Plan, World, play, told_late


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="the plan of the test suite")
    parser.add_argument("--null", action="store_true", help="plant nothing")
    asked = parser.parse_args()
    plan = SHORT if asked.short else LONG
    if asked.null:
        plan = replace(plan, improves_at=None, joins_at=None, closes_at=None)
    worlds = [run_world(plan, asked.seed + number) for number in range(asked.worlds)]
    entries = sum(len(world.first_told) for world in worlds)
    noise = sum(len(world.noise()) for world in worlds)
    print(f"{entries} entries in {len(worlds)} worlds of {plan.refreshes} refreshes, {noise} of them noise")


def run_world(plan: Plan, seed: int) -> World:
    """Play one world in a database of its own, and print what its feed said."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'news.sqlite3'}")
        database.migrate()
        world = play(database, plan, seed)
        database.close()
    kinds = Counter(item.kind for _, item in world.first_told.values())
    noise = [(item.kind, item.board.key, item.place and item.place.slug) for item in world.noise()]
    print(f"seed {seed}: {dict(kinds)}; sure at {world.sure}; late {told_late(world)}; noise {noise}")
    sys.stdout.flush()
    return world


if __name__ == "__main__":
    main()
