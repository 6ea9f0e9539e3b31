"""
Keeps boards fresh without a worker: whoever finds a stale one computes it, the others serve what stands.

numpy is imported with the first board that has to be computed.
"""

import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import Session

from app import metrics
from app.database.doors import Database, DatabaseBusy
from app.database.statements import PreparedStatement
from app.leaderboards.runs import claims
from app.leaderboards.runs.scopes import Scope, read_scopes
from app.leaderboards.tables import Board, ModeAnchor, RatingRun, from_json
from app.words import BETTER

BUDGET_SECONDS = 5.0
"""Half of a claim: what a pass does not get to is left for the next reader."""
PATIENCE_SECONDS = 0.2
"""Seconds to wait for a claim: a reader waits for no writer, and is served the run that stands."""
REST = 5
"""A board rests at least five times the CPU time of its last pass."""
PASSES = 3
"""What a vote may wait for beside the rest: the pass that missed it, the one that has it, and both commits."""

# Asked at every request while votes come in: whether a board is stale.
_IN_FORCE = select(func.max(ModeAnchor.version)).where(ModeAnchor.mode == bindparam("mode")).scalar_subquery()
_CURRENT = PreparedStatement(
    lambda _: (
        select(
            Board.key,
            RatingRun.versions,
            RatingRun.method_version,
            RatingRun.anchor_version,
            _IN_FORCE.label("in_force"),
            claims.wait_ms().label("wait_ms"),
        )
        .outerjoin(RatingRun, RatingRun.id == Board.current_run_id)
        .where(Board.mode == bindparam("mode"))
    )
)


@dataclass(frozen=True)
class StaleBoard:
    """A board whose run is not of today's votes, anchor and method; `wait_ms` until it may be claimed."""

    scope: Scope
    wait_ms: int

    @property
    def due(self) -> bool:
        """Tell whether the board may be claimed now."""
        return self.wait_ms <= 0


def find_stale(session: Session, mode: str) -> list[StaleBoard]:
    """Find the boards whose versions differ from their runs': three small queries, whatever the votes."""
    runs = {row.key: row for row in _CURRENT.all(session, mode=mode)}
    boards = []
    for scope in read_scopes(session, mode):
        run = runs.get(scope.key)
        if run is None or not _is_current(run, scope):
            boards.append(StaleBoard(scope, 0 if run is None else run.wait_ms))
    return boards


def refresh(database: Database, mode: str, *, now: datetime, refresh_seconds: float = 1) -> list[str]:
    """
    Compute this mode's stale boards that nobody else is computing; returns the keys published.

    Never waits for others. A vote is on its boards within `refresh_seconds`; where that would take more than a
    sixth of a core, a board rests for five times the CPU time of this.
    """
    with database.reading() as session:
        wanted = [board.scope for board in find_stale(session, mode) if board.due]
    if not wanted:
        return []
    token = secrets.token_hex(16)
    # The claim is a write of its own: the board is computed between two transactions, with no lock held meanwhile.
    try:
        claimed = database.write(lambda session: claims.claim(session, wanted, token), patience=PATIENCE_SECONDS)
    except DatabaseBusy:  # somebody else is claiming them, or votes come in
        return []
    if not claimed:
        return []
    with metrics.timing("refresh_seconds", mode):
        return _rate_claimed(database, mode, claimed, token, now, refresh_seconds)


def rebuild(database: Database, mode: str, *, now: datetime) -> list[str]:
    """Compute every board of the mode, stale or not, over whoever holds its claim; returns the keys."""
    with database.reading() as session:
        left = read_scopes(session, mode)
    done: list[str] = []
    while left:
        token = secrets.token_hex(16)
        wanted = left
        claimed = database.write(lambda session: claims.claim(session, wanted, token, by_force=True))  # noqa: B023
        published = _rate_claimed(database, mode, claimed, token, now, 0)
        if not published:
            break
        done += published
        left = [scope for scope in left if scope.key not in published]
    return done


def _rate_claimed(
    database: Database, mode: str, claimed: Collection[str], token: str, now: datetime, refresh_seconds: float
) -> list[str]:
    """Rate claimed boards question by question, `better` first, since the others borrow from what it publishes."""
    questions = {(name.partition("?question=")[2] or BETTER) for name in claimed}
    published = []
    for question in sorted(questions, key=lambda slug: (slug != BETTER, slug)):
        published += _pass(database, mode, question, claimed, token, now, refresh_seconds)
    return published


def _pass(
    database: Database,
    mode: str,
    question: str,
    claimed: Collection[str],
    token: str,
    now: datetime,
    refresh_seconds: float,
) -> list[str]:
    """Take one snapshot, rate the claimed boards outside any door, and publish them together."""
    from app.leaderboards.runs import compute, publish, snapshot, voters  # noqa: PLC0415 (numpy)
    from app.leaderboards.runs.question_boards import rate_boards  # noqa: PLC0415 (numpy)
    from app.leaderboards.runs.shared import read_shared  # noqa: PLC0415 (numpy)

    started, worked = time.perf_counter(), time.thread_time()
    with database.reading() as session:
        seen = snapshot.read(session, mode, question=question)
        # Who voted takes long to read from a large log: only when votes have grown (docs/decisions.md 21).
        renewed = snapshot.aggregate_voters(session, seen, now) if snapshot.is_outgrown(seen) else None
    seen = seen if renewed is None else replace(seen, voters=renewed)
    boards, frozen = [], None
    ours = [scope for scope in seen.scopes if scope.key in claimed]
    if mode in seen.lent:
        boards = list(rate_boards(seen, ours, until=started + BUDGET_SECONDS))
    elif ours and ours[0].kind == "overall":
        board, anchor = compute.rate_overall(seen)
        frozen = board if anchor != seen.anchor else None
        boards, seen = [board], replace(seen, anchor=anchor, shared=read_shared(board.parts))
    if mode not in seen.lent and (boards or seen.overall_run is not None):
        # The overall board comes first: the others borrow its level and its variances.
        rest = [scope for scope in ours if scope.kind != "overall"]
        boards += compute.rate_others(seen, rest, until=started + BUDGET_SECONDS)
    # A mode that takes long to rate is rated less often, so that refreshing takes a sixth of a core at most.
    waited, worked = time.perf_counter() - started, time.thread_time() - worked
    pause_ms = round(1000 * max(refresh_seconds - PASSES * waited, REST * worked))

    def work(session: Session) -> list[str]:
        if renewed is not None:
            voters.store(session, mode, renewed, question)
        if frozen is not None and not publish.freeze_anchor(session, frozen, token, now):
            claims.release(session, token, question)
            return []
        return publish.publish(
            session,
            boards,
            token,
            question=question,
            borrowed_from=seen.overall_run,
            now=now,
            pause_ms=pause_ms,
        )

    return database.write(work)


def _is_current(run: Row[tuple[Any, ...]], scope: Scope) -> bool:
    """Tell whether a run is of these versions, of the anchor in force, and by today's method."""
    from app.ratings import METHOD_VERSION  # noqa: PLC0415 (numpy)

    of_now = (run.method_version, run.anchor_version) == (METHOD_VERSION, run.in_force or 0)
    return of_now and from_json(run.versions) == {
        str(number): version for number, version in scope.versions.items()
    }
