"""
What answers tell of a pair that nobody has judged: every public answer is read before and after one is opened or
skipped, with a sweep in between, and compared byte for byte. Nothing may move.

Read is all that links lead to, without a cookie: pages, API, feeds, exports, badges, cards, sitemaps, galleries of
showcases with every picture in every size, headers and lengths. Two comparisons must find something: the counts of
integrity with open pairs in them, or without batches. In `local` the sheets of open competitions are compared.

    python scripts/faults/public_answers.py [--models 8]

Exit 1 where an answer moves, or a comparison that must find something finds nothing. It takes some forty seconds.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal, cast
from unittest.mock import patch

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.arena import questions
from app.arena.people.policy import PUBLIC
from app.arena.tables import Entry, Matchup
from app.arena.voting.pool import REBUILD_SECONDS
from app.database.doors import Database
from app.edge import clock
from app.leaderboards.integrity import audit
from app.leaderboards.integrity.exposure import ExposureCounts
from app.leaderboards.integrity.fraud.sweep import sweep
from app.leaderboards.runs.refresh import rebuild
from app.ratings.tallies import Index
from scripts.faults.application import application, populate
from scripts.faults.voters import OUTCOMES
from tests.security.crawling import NONCE, Got, crawl

MODE = "text-to-image"
STARTS = (
    *("/", "/sitemap.xml", "/robots.txt", "/api/v1/openapi.json", "/integrity", "/api/v1/integrity", "/votes"),
    *(
        "/models",
        "/leaderboards/text-to-image?question=prompt",
        "/api/v1/leaderboards/text-to-image?question=prompt",
    ),
)
UNSTABLE = {"date", "expires", "x-request-id"}
"""Header fields that are fresh for every answer, like its nonce."""
TOTALS = {"/integrity", "/api/v1/integrity"}
"""Answers that tell how many votes of a day were skips, of all models and competitions together."""
SECONDS_LOOKED = 3
VOTERS, VOTES_EACH = 12, 4
MOST_REPORTERS = 60
WORDS = "Which picture shows more of what was asked for?"
Answers = dict[str, tuple[object, ...]]


def read_public(app: Flask) -> Answers:
    """Read everything that a stranger can follow links to."""
    answers = crawl(app.test_client(), STARTS, variants=3)
    return {path: describe(one) for path, one in answers.items()}


def describe(one: Got) -> tuple[object, ...]:
    """Describe an answer without what is fresh for each; a sheet's picture, filled up by chance, by its pixels."""
    image = one.picture() if one.path.startswith("/sheets/") else None
    body = image.tobytes() if image else NONCE.sub(b"", one.body)
    return one.status, sorted(_stable(one.headers)), len(one.body), body


def _stable(headers: Iterable[tuple[str, str]]) -> Iterator[tuple[str, bytes]]:
    return ((name, NONCE.sub(b"", text.encode())) for name, text in headers if name.lower() not in UNSTABLE)


def moved(before: Answers, after: Answers) -> list[str]:
    """List the addresses whose answers differ, or that came or went."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


class Observer:
    """Reads all public answers around what one voter does."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        # Boards and the chances of pairs may be a second older than the votes; what they catch up is no act's.
        time.sleep(2 * REBUILD_SECONDS)
        rebuild(app.extensions["blindvote"].database, MODE, now=clock.datetime.now(UTC))
        run_sweep(app)
        self._known = read_public(app)

    def see(self, act: Callable[[], None]) -> list[str]:
        """Let somebody act, sweep, and list what moved since the last time."""
        act()
        # What the act does to the chances of pairs may be told a second later.
        time.sleep(2 * REBUILD_SECONDS)
        run_sweep(self._app)
        before, self._known = self._known, read_public(self._app)
        return moved(before, self._known)

    @property
    def answers(self) -> int:
        """Count the answers read each time."""
        return len(self._known)


def run_sweep(app: Flask) -> None:
    """Sweep as the timer does: what is stored then is what is told until the next one."""
    database: Database = app.extensions["blindvote"].database
    sweep(database, now=clock.datetime.now(UTC), policy=PUBLIC, is_report=False, progress=lambda *_: None)


def issue(client: FlaskClient) -> str:
    """Open a pair and fetch its pictures, so that it is charged."""
    matchup: str = client.post("/api/v1/matchups", json={}).get_json()["id"]
    for side in ("a", "b"):
        client.get(f"/m/{matchup}/{side}.webp")
    return matchup


def judge(client: FlaskClient, outcome: str) -> None:
    """Open a pair, look at it for a while and answer it."""
    matchup = issue(client)
    cast("StandingClock", clock.datetime).moment += timedelta(seconds=SECONDS_LOOKED)
    answer = client.post(f"/api/v1/matchups/{matchup}/vote", json={"outcome": outcome})
    if answer.status_code != 200 or not answer.get_json()["counted"]:
        raise RuntimeError(f"A vote was answered {answer.status_code}: {answer.get_data(as_text=True)}")


@dataclass
class StandingClock:
    """Stands for `datetime` where requests take their time from: it moves only when somebody judges."""

    moment: datetime

    def now(self, _zone: object) -> datetime:
        """Tell the time."""
        return self.moment


def count_open_too(session: Session, model_ids: Index, _mode: str, *, until: int) -> ExposureCounts:
    """Count exposure as it must not be: with pairs that are open or were skipped."""
    counts = np.zeros(model_ids.size)
    for side in (Matchup.left_entry_id, Matchup.right_entry_id):
        query = select(Entry.model_id, func.count()).join(Matchup, side == Entry.id).group_by(Entry.model_id)
        for model, shown in session.execute(query):
            counts[model_ids == model] += shown
    return ExposureCounts(until, counts, 0 * counts, 0 * counts)


def count_to_the_end(_session: Session, _mode: str, *, after: int, last: int) -> int:  # noqa: ARG001
    """Batch exposure as it must not be: up to the last vote."""
    return last


@contextmanager
def arena(folder: Path, models: int, profile: Literal["local", "public"] = "public") -> Iterator[Flask]:
    """Serve an arena with votes of a dozen people, two of four prompts held back, at a clock that stands still."""
    began = datetime.now(UTC) - timedelta(seconds=SECONDS_LOOKED * VOTERS * (VOTES_EACH + 1))
    with application(folder, profile=profile) as app, patch.object(clock, "datetime", StandingClock(began)):
        populate(app.extensions["blindvote"].database, folder, 4, models, shown=2)
        ask_more(app.extensions["blindvote"].database)
        rng = random.Random(3)
        for _ in range(VOTERS):
            client = app.test_client()
            for _ in range(VOTES_EACH):
                judge(client, rng.choice(OUTCOMES))
        yield app


def ask_more(database: Database) -> None:
    """Ask a second question from now on, which has boards of its own."""
    ask = partial(questions.add_question, slug="prompt", now=clock.datetime.now(UTC), words=WORDS)
    database.write(lambda session: ask(session) and None)


def prove(app: Flask, *, is_short: bool = False, show: Callable[[str], None] = print) -> bool:
    """Print what moved with each act; returns whether nothing moved that must not, and the rest did."""
    observer, client = Observer(app), app.test_client()
    opened: list[str] = []
    models = _models(app)
    acts: list[tuple[str, Callable[[], None]]] = [
        ("nothing happens", lambda: None),
        ("a pair is opened", lambda: opened.append(issue(client))),
        ("it is skipped", lambda: _answer(client, opened.pop(), "skip")),
        ("a second one is opened", lambda: opened.append(issue(client))),
        ("and a third beside it", lambda: opened.append(issue(client))),
        ("a picture rests that voters reported", lambda: _let_rest(app)),
    ]
    holds = True
    for name, act in [*acts[1:3], acts[-1]] if is_short else acts:
        changed = observer.see(act)
        telling = set(changed) - (TOTALS if "skip" in name else set())
        holds = holds and not telling and _models(app) == models
        show(f"{name:<44}{len(changed):>4} of {observer.answers} answers moved  {' '.join(changed[:6])}")
    return holds and (is_short or _shows_without(app, show))


def prove_sheets(app: Flask, show: Callable[[str], None] = print) -> bool:
    """Print what moved on sheets with each act of a voter; returns whether there are any and none moved."""
    client = app.test_client()
    opened: list[str] = []
    acts: list[tuple[str, Callable[[], None]]] = [
        ("a pair is opened", lambda: opened.append(issue(client))),
        ("it is judged", lambda: _answer(client, opened.pop(), "a")),
    ]
    known = _read_sheets(app)
    holds = bool(known)
    for name, act in acts:
        act()
        changed = moved(known, _read_sheets(app))
        holds = holds and not changed
        show(f"{name + ', local':<44}{len(changed):>4} of {len(known)} pictures of sheets moved")
    return holds


def _read_sheets(app: Flask) -> Answers:
    """Read every picture of a sheet; one that is filled up by chance by its pixels."""
    answers = crawl(app.test_client(), STARTS, variants=3)
    return {path: describe(one) for path, one in answers.items() if path.startswith("/sheets/")}


def _shows_without(app: Flask, show: Callable[[str], None]) -> bool:
    """Take the two rules of the public counts out: now a pair, and a vote, must show in them."""
    with patch.object(audit, "count_exposure", count_open_too):
        told = Observer(app).see(lambda: _open(app.test_client()))
    show(
        f"{'without leaving open pairs out: one is opened':<44}{len(told):>4} answers moved  {' '.join(told[:6])}"
    )
    held = _counts_move_with(app, app.test_client())
    show(f"{'one more vote moves counts of exposure':<44}{'yes' if held else 'no':>4}")
    with patch.object(audit, "find_batch_end", count_to_the_end):
        batchless = _counts_move_with(app, app.test_client())
    show(f"{'and without batches':<44}{'yes' if batchless else 'no':>4}")
    return bool(told) and not held and batchless


def _counts_move_with(app: Flask, client: FlaskClient) -> bool:
    """Tell whether the public counts of judged matchups change with one vote of this voter."""
    run_sweep(app)
    before = [one["issued"] for one in _models(app)]
    judge(client, "a")
    run_sweep(app)
    return [one["issued"] for one in _models(app)] != before


def _let_rest(app: Flask) -> None:
    """Report what is shown, each pair from a network of its own, until a picture rests."""
    database: Database = app.extensions["blindvote"].database
    for number in range(MOST_REPORTERS):
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = f"198.51.{number}.7"
        matchup = issue(client)
        for side in ("a", "b"):
            body = {"picture": side, "reason": "broken"}
            client.post(f"/api/v1/matchups/{matchup}/report", json=body)
        with database.reading() as session:
            if session.scalar(select(func.count()).where(Entry.rested_at.is_not(None))):
                return
    raise RuntimeError(f"{MOST_REPORTERS} reporters let no picture rest.")


def _models(app: Flask) -> list[dict[str, object]]:
    """Read what /api/v1/integrity tells of each model."""
    modes = app.test_client().get("/api/v1/integrity").get_json()["modes"]
    return [model for mode in modes for model in mode["models"]]


def _open(client: FlaskClient) -> None:
    issue(client)


def _answer(client: FlaskClient, matchup: str, outcome: str) -> None:
    client.post(f"/api/v1/matchups/{matchup}/vote", json={"outcome": outcome})


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--models", type=int, default=8)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, arena(Path(folder), options.models) as app:
        holds = prove(app)
    with tempfile.TemporaryDirectory() as folder, arena(Path(folder), options.models, "local") as app:
        return 0 if prove_sheets(app) and holds else 1


if __name__ == "__main__":
    sys.exit(main())
