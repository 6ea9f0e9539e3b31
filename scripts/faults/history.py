"""
Histories: many people issue, vote, skip, ask again, take back and read, two at a time with one cookie, and some
stop waiting at a random moment. What they were told must be one history of each matchup, and the database its end.

    python scripts/faults/history.py [--database sqlite|postgres] [--operations 10000] [--threads 8]

Exit 1 where a history cannot have happened, or the database is not its end. It takes half a minute on SQLite.
"""

import argparse
import random
import sys
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import httpx
from sqlalchemy import select

from app.arena.tables import Matchup, Vote, Voter
from app.database.doors import Database
from app.edge.identity import decode_id
from scripts.faults.model import Operation, State, is_possible
from scripts.faults.server import DATABASES, Server, serving
from scripts.faults.stored import public

OPERATIONS_EACH = 20
IMPATIENT = 0.15
"""Share of the requests that are given up after 0 to 20 ms."""


@dataclass
class Histories:
    """What everybody did and was told."""

    of: dict[str, list[Operation]] = field(default_factory=lambda: defaultdict(list))
    issued: set[str] = field(default_factory=set)
    unknown_issues: int = 0
    """Requests for a matchup without an answer: each may have made one."""
    statuses: Counter[int] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class Browser:
    """One voter in one of two windows."""

    client: httpx.Client
    rng: random.Random
    histories: Histories
    held: list[str]

    def act(self) -> None:
        """Do one operation: take a new matchup, or do something with one of the last few."""
        if not self.held or self.rng.random() < 0.3:
            self._issue()
            return
        matchup = self.rng.choice(self.held[-3:])
        kind = self.rng.choices(("vote", "undo", "read"), (6, 1, 1))[0]
        outcome = self.rng.choice(("a", "a", "b", "tie", "skip")) if kind == "vote" else ""
        began = time.monotonic()
        answer = self._ask(kind, matchup, outcome)
        known = answer is not None and answer.status_code not in {500, 503}
        reply = _reply(answer) if answer is not None and known else None
        ended = time.monotonic() if known else float("inf")
        with self.histories.lock:
            self.histories.of[matchup].append(Operation(kind, outcome, began, ended, reply))

    def _issue(self) -> None:
        answer = self._send("POST", "/api/v1/matchups", {})
        with self.histories.lock:
            if answer is None:
                self.histories.unknown_issues += 1
            elif answer.is_success:
                self.histories.issued.add(answer.json()["id"])
                self.held.append(answer.json()["id"])

    def _ask(self, kind: str, matchup: str, outcome: str) -> httpx.Response | None:
        if kind == "vote":
            return self._send("POST", f"/api/v1/matchups/{matchup}/vote", {"outcome": outcome})
        if kind == "undo":
            return self._send("DELETE", f"/api/v1/matchups/{matchup}/vote")
        return self._send("GET", f"/api/v1/matchups/{matchup}")

    def _send(self, method: str, path: str, body: object = None) -> httpx.Response | None:
        timeout = self.rng.uniform(0.0005, 0.02) if self.rng.random() < IMPATIENT else 60
        try:
            answer = self.client.request(method, path, json=body, timeout=timeout)
        except httpx.TransportError:
            return None
        with self.histories.lock:
            self.histories.statuses[answer.status_code] += 1
        return answer


def _reply(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    return answer.status_code, body["error"]["code"] if answer.is_error else body.get("outcome", "")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--database", choices=DATABASES, default="sqlite")
    arguments.add_argument("--operations", type=int, default=10_000)
    arguments.add_argument("--threads", type=int, default=8)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    with serving(options.database) as server:
        return 0 if prove(server, options.operations, options.threads, options.seed) else 1


def prove(server: Server, operations: int, threads: int, seed: int = 1) -> bool:
    """Print the figures; whether they are as they must be."""
    histories = Histories()
    voters = -(-operations // (2 * OPERATIONS_EACH))
    with ThreadPoolExecutor(threads // 2) as pool:
        visits = [pool.submit(_visit, server.url, histories, seed * 1_000_000 + v) for v in range(voters)]
    for visit in visits:
        visit.result()
    with server.database() as database:
        final, strangers, wrong_counts = _stored(database, histories)
    missing = histories.issued - final.keys()
    impossible = [m for m, history in histories.of.items() if m in final and not is_possible(history, final[m])]
    done = [operation for history in histories.of.values() for operation in history]
    unknown = sum(operation.reply is None for operation in done) + histories.unknown_issues
    print(
        f"{len(done)} operations on {len(histories.issued)} matchups of {voters} voters, {unknown} never answered"
    )
    print(f"answers {dict(sorted(histories.statuses.items()))}")
    print(f"issued and missing {len(missing)}, histories that cannot be {len(impossible)}")
    print(f"made and never told {strangers} of at most {histories.unknown_issues}, wrong counts {wrong_counts}")
    for matchup in impossible[:3]:
        print(matchup, final[matchup], *sorted(histories.of[matchup], key=lambda o: o.began), sep="\n    ")
    holds = not missing and not impossible and not wrong_counts and strangers <= histories.unknown_issues
    return server.is_sound() and holds and set(histories.statuses) <= {200, 201, 404, 409}


def _visit(url: str, histories: Histories, seed: int) -> None:
    """Act as one voter with the same cookie in two windows at once."""
    held: list[str] = []
    with httpx.Client(base_url=url, verify=False) as first, httpx.Client(base_url=url, verify=False) as second:
        matchup = first.post("/api/v1/matchups", json={}, timeout=60).raise_for_status().json()["id"]
        histories.issued.add(matchup)
        held.append(matchup)
        second.cookies.update(first.cookies)
        windows = [
            Browser(client, random.Random(seed * 2 + place), histories, held)
            for place, client in enumerate((first, second))
        ]
        threads = [threading.Thread(target=_act, args=(window,)) for window in windows]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _act(window: Browser) -> None:
    for _ in range(OPERATIONS_EACH):
        window.act()


def _stored(database: Database, histories: Histories) -> tuple[dict[str, State], int, int]:
    """Read each known matchup's state, the number of unknown ones, and voters whose count of votes is wrong."""
    told = [decode_id(matchup) for matchup in histories.issued]
    with database.reading() as session:
        voters = set(session.scalars(select(Matchup.voter_id).where(Matchup.public_id.in_(told))))
        rows = session.execute(
            select(Matchup.public_id, Matchup.voter_id, Vote.outcome, Vote.undone_at)
            .outerjoin(Vote, Vote.matchup_id == Matchup.id)
            .where(Matchup.voter_id.in_(voters))
        ).all()
        votes = session.execute(select(Voter.id, Voter.votes).where(Voter.id.in_(voters))).all()
    final = {public(row.public_id): State(row.outcome, row.undone_at is not None) for row in rows}
    standing = Counter(row.voter_id for row in rows if row.outcome not in {None, "skip"} and row.undone_at is None)
    wrong = sum(count != standing[voter] for voter, count in votes)
    strangers = sum(matchup not in histories.issued for matchup in final)
    voted_by_nobody = sum(final[matchup].outcome is not None for matchup in final.keys() - histories.of.keys())
    return final, strangers, wrong + voted_by_nobody


if __name__ == "__main__":
    sys.exit(main())
