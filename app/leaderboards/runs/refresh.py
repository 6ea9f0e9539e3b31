"""
Keeps boards fresh without a worker: whoever finds a stale one computes it, the others serve what stands.

numpy is imported with the first board that has to be computed.
"""

import json
import secrets
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import Session

from app import metrics
from app.database.doors import Database, DatabaseBusy
from app.database.engines import BUSY_SECONDS
from app.database.statements import PackedStatement
from app.leaderboards.runs import claims
from app.leaderboards.runs.scopes import Scope, read_scopes
from app.leaderboards.tables import Board, ModeAnchor, RatingRun
from app.malloc import reusing_large_blocks
from app.words import BETTER

BUDGET_SECONDS = 5.0
"""Half of a claim: what a pass does not get to is left for the next reader."""
PATIENCE_SECONDS = 0.2
"""Seconds to wait for a claim: a reader waits for no writer, and is served the run that stands."""
SHARE = 6
"""A pass and the rest after it last six times its CPU time at least: a sixth of a core for all modes together."""
LEAST_REST = 3
"""Times its CPU that a rest lasts however slow others made the pass on the clock: requests come before boards."""
PASSES = 3
"""What a vote waits for beside the rest: the pass that missed it and the next one, each half as slow again."""

# Asked at every request while votes come in: whether a board is stale.
_IN_FORCE = select(func.max(ModeAnchor.version)).where(ModeAnchor.mode == bindparam("mode")).scalar_subquery()
_CURRENT = PackedStatement(
    lambda _: (
        select(
            Board.key,
            RatingRun.versions,
            RatingRun.method_version,
            RatingRun.anchor_version,
            _IN_FORCE.label("in_force"),
            claims.held_ms().label("held_ms"),
            claims.rest_ms(bindparam("mode")).label("rest_ms"),
            claims.own_ms().label("own_ms"),
        )
        .outerjoin(RatingRun, RatingRun.id == Board.current_run_id)
        .where(Board.mode == bindparam("mode"))
    )
)


@dataclass(frozen=True)
class StaleBoard:
    """
    A board whose run is not of today's votes, anchor and method; `wait_ms` until it may be claimed.

    It waits for whatever pass is under way, and while its mode rests; a first run waits for no rest.
    """

    scope: Scope
    wait_ms: int

    @property
    def due(self) -> bool:
        """Tell whether the board may be claimed now."""
        return self.wait_ms <= 0


def find_stale(session: Session, mode: str) -> list[StaleBoard]:
    """Find the boards whose versions differ from their runs': three small queries, whatever the votes."""
    rows = _CURRENT.all(session, mode=mode)
    known, held = {row.key: row for row in rows}, rows[0].held_ms if rows else 0
    boards = []
    for scope in read_scopes(session, mode):
        row = known.get(scope.key)
        if row is None:
            boards.append(StaleBoard(scope, held))
        elif row.versions is None:
            boards.append(StaleBoard(scope, max(held, row.own_ms)))
        elif not _is_current(row, scope):
            boards.append(StaleBoard(scope, max(held, row.rest_ms)))
    return boards


def plan_rest(refresh_seconds: float, *, waited: float, worked: float) -> tuple[float, float]:
    """
    Return for how many seconds a mode rests after a pass over it, and every other mode of the database.

    A vote that this pass just missed is on its board within `refresh_seconds`, if the next one takes at most twice
    as long on the clock; this one took `waited` seconds there. All rest until pass and rest were SHARE times its
    CPU (`worked` seconds), and for LEAST_REST times that at least: as one pass is made at a time, all modes,
    questions and processes of a database take a sixth of a core together.
    """
    least = max(SHARE * worked - waited, LEAST_REST * worked)
    return max(refresh_seconds - PASSES * waited, least), least


def refresh(
    database: Database, mode: str, *, now: datetime, refresh_seconds: float = 1, by_force: bool = False
) -> list[str]:
    """
    Compute this mode's stale boards, unless boards are being computed anywhere; returns the keys published.

    Never waits for others. A vote is on its boards within `refresh_seconds`; where that would take more than a
    sixth of a core, modes rest for longer. By force it is done though the mode rests, and over whoever holds a
    claim.
    """
    turn = _Turn(database, mode, now, refresh_seconds)
    with turn.working(), database.reading() as session:
        wanted = [board.scope for board in find_stale(session, mode) if board.due or by_force]
    if not wanted:
        return []
    # The claim is a write of its own: the board is computed between two transactions, with no lock held meanwhile.
    try:
        claimed = turn.claim(wanted, patience=PATIENCE_SECONDS, by_force=by_force)
    except DatabaseBusy:  # somebody else is claiming them, or votes come in
        return []
    if not claimed:
        return []
    try:
        with metrics.timing("refresh_seconds", mode):
            return turn.rate(claimed)
    except Exception:
        with suppress(DatabaseBusy):
            turn.give_up()
        raise
    finally:
        metrics.count("refresh_cpu_seconds_total", mode, by=turn.worked)


def rebuild(database: Database, mode: str, *, now: datetime) -> list[str]:
    """Compute every board of the mode, stale or not, over whoever holds its claim; returns the keys."""
    with database.reading() as session:
        left = read_scopes(session, mode)
    done: list[str] = []
    while left:
        turn = _Turn(database, mode, now, refresh_seconds=0, anew=True)
        published = turn.rate(turn.claim(left, by_force=True))
        if not published:
            break
        done += published
        left = [scope for scope in left if scope.key not in published]
    return done


@dataclass
class _Turn:
    """One process's turn at a mode's boards, and the seconds of CPU that it has worked so far."""

    database: Database
    mode: str
    now: datetime
    refresh_seconds: float
    anew: bool = False
    """Whether who voted is read from the log, whatever this process knows of it."""
    worked: float = 0.0
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    started: float = field(default_factory=time.perf_counter)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Add the CPU of a block to what this turn has worked."""
        began = time.thread_time()
        try:
            yield
        finally:
            self.worked += time.thread_time() - began

    def claim(self, scopes: list[Scope], *, patience: float = BUSY_SECONDS, by_force: bool = False) -> set[str]:
        """Claim these boards; returns the keys of those that are ours now. Raises DatabaseBusy."""
        with self.working():
            return self.database.write(
                lambda session: claims.claim(session, scopes, self.token, by_force=by_force), patience=patience
            )

    def rate(self, claimed: Collection[str]) -> list[str]:
        """Rate claimed boards by question, `better` first, since the others borrow from what it publishes."""
        questions = {(name.partition("?question=")[2] or BETTER) for name in claimed}
        published = []
        for question in sorted(questions, key=lambda slug: (slug != BETTER, slug)):
            with self.working(), reusing_large_blocks():
                found = self._compute(question, claimed)
            published += self._publish(question, found)
        return published

    def give_up(self) -> None:
        """Give the claims up after an error: others go on, and this mode is tried again once they had ended."""
        others_ms = round(1000 * SHARE * self.worked)

        def work(session: Session) -> None:
            claims.hold(session)
            claims.give_up(session, self.token)
            claims.rest(session, self.mode, own_ms=claims.CLAIM_MS, others_ms=others_ms)

        self.database.write(work)

    def _compute(self, question: str, claimed: Collection[str]) -> "_Pass":
        """Take one snapshot, and rate the claimed boards of a question outside any door."""
        from app.leaderboards.runs import compute, snapshot  # noqa: PLC0415 (numpy)
        from app.leaderboards.runs.question_boards import rate_boards  # noqa: PLC0415 (numpy)
        from app.leaderboards.runs.shared import read_shared  # noqa: PLC0415 (numpy)

        until = time.perf_counter() + BUDGET_SECONDS
        with self.database.reading() as session:
            # The overall board of `better`, where it is claimed, makes what the others borrow anew.
            shares = question != BETTER or self.mode not in claimed
            seen = snapshot.read(session, self.mode, question=question, anew=self.anew, shares=shares)
            # Who voted takes long to read from a large log: only when votes have grown (docs/decisions.md 21).
            renewed = snapshot.aggregate_voters(session, seen, self.now) if snapshot.is_outgrown(seen) else None
        seen = seen if renewed is None else replace(seen, voters=renewed)
        ours = [scope for scope in seen.scopes if scope.key in claimed]
        if self.mode in seen.lent:
            return _Pass(list(rate_boards(seen, ours, until=until)), None, renewed, seen.overall_run)
        boards, frozen = [], None
        if ours and ours[0].kind == "overall":
            board, anchor = compute.rate_overall(seen)
            frozen = board if anchor != seen.anchor else None
            shared, near = read_shared(board.parts), compute.read_strengths(board)
            boards, seen = [board], replace(seen, anchor=anchor, shared=shared, near=near)
        if boards or seen.overall_run is not None:
            # The overall board comes first: the others borrow its level and its variances.
            rest = [scope for scope in ours if scope.kind != "overall"]
            boards += compute.rate_others(seen, rest, until=until)
        return _Pass(boards, frozen, renewed, seen.overall_run)

    def _publish(self, question: str, found: "_Pass") -> list[str]:
        """Publish what was rated, and have all modes rest as this turn has worked; returns the keys published."""
        published, self.worked = self.database.write(lambda session: self._store(session, question, found))
        return published

    def _store(self, session: Session, question: str, found: "_Pass") -> tuple[list[str], float]:
        from app.leaderboards.runs import publish, voters  # noqa: PLC0415 (numpy)

        # By this thread's clock: writes that come together are made by one thread for all.
        began = time.thread_time()
        claims.hold(session)
        if found.renewed is not None:
            voters.store(session, self.mode, found.renewed, question)
        published: list[str] = []
        if found.frozen is None or publish.freeze_anchor(session, found.frozen, self.token, self.now):
            published = publish.publish(
                session, found.boards, self.token, borrowed_from=found.overall_run, now=self.now
            )
        claims.release(session, self.token, question)
        worked = self.worked + time.thread_time() - began
        waited = time.perf_counter() - self.started
        own, others = plan_rest(self.refresh_seconds, waited=waited, worked=worked)
        claims.rest(session, self.mode, own_ms=round(1000 * own), others_ms=round(1000 * others))
        return published, worked


@dataclass(frozen=True, eq=False)
class _Pass:
    """A question's rated boards, the one that froze the anchor, a new aggregate of voters, the overall run."""

    boards: list[Any]
    frozen: Any
    renewed: Any
    overall_run: int | None


def _is_current(run: Row[tuple[Any, ...]], scope: Scope) -> bool:
    """Tell whether a run is of these versions, of the anchor in force, and by today's method."""
    from app.ratings import METHOD_VERSION  # noqa: PLC0415 (numpy)

    of_now = (run.method_version, run.anchor_version) == (METHOD_VERSION, run.in_force or 0)
    return of_now and _read_versions(run.versions) == scope.versions


def _read_versions(stored: Any) -> dict[int, int]:
    """Read a run's versions by the competition's id: SQLite holds text, PostgreSQL's driver has parsed it."""
    if isinstance(stored, str):
        return _parse_versions(stored)
    return {int(number): version for number, version in stored.items()}


@lru_cache(maxsize=1024)
def _parse_versions(stored: str) -> dict[int, int]:
    """Parse the versions of a run, of which most are the same at the next look; nobody may change them."""
    return {int(number): version for number, version in json.loads(stored).items()}
