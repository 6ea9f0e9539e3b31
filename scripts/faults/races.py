"""
Eight simultaneous posts on one matchup, again and again: exactly one vote each.

    python scripts/faults/races.py [--database sqlite|postgres] [--races 1000] [--posts 8]

Exit 1 where a race ends in anything but one vote and one answer. It takes half a minute on SQLite.
"""

import argparse
import sys
import threading
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import httpx

from scripts.faults.server import DATABASES, Server, serving
from scripts.faults.stored import compare_on
from scripts.faults.voters import Acknowledged

MOVING = {"a", "b", "crowd", "voter"}
"""What an answer tells of boards and counts, which go on moving between two of the same posts."""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--database", choices=DATABASES, default="sqlite")
    arguments.add_argument("--races", type=int, default=1000)
    arguments.add_argument("--posts", type=int, default=8)
    options = arguments.parse_args()
    with serving(options.database) as server:
        return 0 if prove(server, options.races, options.posts) else 1


def prove(server: Server, races: int, posts: int) -> bool:
    """Print the figures; whether they are as they must be."""
    known, bodies = Acknowledged(), Counter[int]()
    clients = [httpx.Client(base_url=server.url, timeout=60, verify=False) for _ in range(posts)]
    for _ in range(races):
        bodies[_race(known, clients)] += 1
    for client in clients:
        client.close()
    stored = compare_on(server, known)
    print(f"{races} races of {posts} posts, {known}")
    print(f"{bodies[1]} races gave every post the same answer")
    print(stored)
    answered = known.statuses == {201: races, 200: races * posts} and bodies == {1: races}
    return server.is_sound() and stored.holds() and len(known.votes) == races and answered


def _race(known: Acknowledged, clients: list[httpx.Client]) -> int:
    """Vote on one matchup by many at once; return how many different answers it got."""
    first = clients[0]
    first.cookies.clear()
    issued = first.post("/api/v1/matchups", json={})
    known.note(issued)
    matchup, cookies = issued.json()["id"], dict(first.cookies)
    barrier = threading.Barrier(len(clients))
    bodies: list[str] = []

    def post(client: httpx.Client) -> None:
        client.cookies.clear()
        client.cookies.update(cookies)
        barrier.wait()
        answer = client.post(f"/api/v1/matchups/{matchup}/vote", json={"outcome": "a"})
        known.note(answer)
        bodies.append(str(sorted((k, v) for k, v in answer.json().items() if k not in MOVING)))
        known.votes[matchup] = "a"

    threads = [threading.Thread(target=post, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(set(bodies))


if __name__ == "__main__":
    sys.exit(main())
