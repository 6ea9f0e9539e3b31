"""A computed board becomes the current run, if its claim still stands and nothing newer is there."""

from collections.abc import Iterable
from datetime import datetime
from typing import cast

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from app.leaderboards.runs import claims, history
from app.leaderboards.runs.anchors import freeze
from app.leaderboards.runs.compute import METHOD, RatedBoard
from app.leaderboards.tables import Board, RatingRun, Standing
from app.ratings import METHOD_VERSION
from app.words import BETTER

_BOARDS, _RUNS, _STANDINGS = (cast("Table", of.__table__) for of in (Board, RatingRun, Standing))
# Written once: a pass publishes every board that had a vote, and building its statements took half of the pass.
_CURRENT_RUN = (
    select(_RUNS.c.id, _RUNS.c.computed_at, _RUNS.c.versions)
    .join(_BOARDS, _BOARDS.c.current_run_id == _RUNS.c.id)
    .where(_BOARDS.c.id == bindparam("board"))
)
_NEW_RUN = insert(_RUNS).returning(_RUNS.c.id)
_NEW_STANDING = insert(_STANDINGS)
_MAKE_CURRENT = update(_BOARDS).where(_BOARDS.c.id == bindparam("board")).values(current_run_id=bindparam("run"))


def publish(
    session: Session,
    boards: Iterable[RatedBoard],
    token: str,
    *,
    borrowed_from: int | None,
    now: datetime,
    pause_ms: int,
    question: str = BETTER,
) -> list[str]:
    """
    Store a question's pass, overall board first, and give its other claims up; returns the keys published.

    `borrowed_from` is the overall run whose τ² was used where this pass did not compute one.
    """
    published = []
    for board in boards:
        board_id = claims.settle(session, board.scope.key, token, pause_ms=pause_ms)
        if board_id is None:
            continue
        before = session.execute(_CURRENT_RUN, {"board": board_id}).one_or_none()
        # Whoever claimed before us may publish after us, from older tallies: the newer run stays.
        if before is not None and not _is_newer(board, before.versions):
            continue
        run_id = _store(session, board_id, board, borrowed_from, now)
        if before is not None:
            history.store_history(session, board_id, before.id, before.computed_at, now)
        history.thin_runs(session, board_id, run_id, now)
        if board.scope.kind == "overall":
            borrowed_from = run_id
        published.append(board.scope.key)
    claims.release(session, token, question)
    return published


def freeze_anchor(session: Session, board: RatedBoard, token: str, now: datetime) -> bool:
    """Store the anchor that this overall board froze, unless its claim fell or somebody else was first."""
    return claims.is_held(session, board.scope.key, token) and freeze(session, board.scope.mode, board.anchor, now)


def _is_newer(board: RatedBoard, versions: dict[str, int] | None) -> bool:
    fresh = {str(competition): version for competition, version in board.scope.versions.items()}
    return all(fresh.get(competition, version) >= version for competition, version in (versions or {}).items())


def _store(session: Session, board_id: int, board: RatedBoard, borrowed_from: int | None, now: datetime) -> int:
    run = {
        "board_id": board_id,
        "computed_at": now,
        "method": METHOD,
        "method_version": METHOD_VERSION,
        "versions": {str(competition): version for competition, version in board.scope.versions.items()},
        "votes": board.votes,
        "ranked": board.ranked,
        "tallies_sha256": board.tallies_sha256,
        "anchor_version": board.anchor.version,
        "interval": board.interval,
        "tau2": board.tau2,
        "overall_run_id": borrowed_from if board.scope.kind == "competition" else None,
        "components": board.components,
        "parts": board.parts,
        "seconds": board.seconds,
    }
    run_id: int = session.scalars(_NEW_RUN, run).one()
    if board.standings:
        session.execute(_NEW_STANDING, [{"run_id": run_id} | row for row in board.standings])
    session.execute(_MAKE_CURRENT, {"board": board_id, "run": run_id})
    return run_id
