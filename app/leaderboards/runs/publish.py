"""A computed board becomes the current run, if its claim still stands and nothing newer is there."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.database.doors import execute
from app.leaderboards.runs import claims, history
from app.leaderboards.runs.anchors import freeze
from app.leaderboards.runs.compute import METHOD, RatedBoard
from app.leaderboards.tables import Board, RatingRun, Standing
from app.ratings import METHOD_VERSION
from app.words import BETTER


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
        before = session.execute(
            select(RatingRun.id, RatingRun.computed_at, RatingRun.versions)
            .join(Board, Board.current_run_id == RatingRun.id)
            .where(Board.id == board_id)
        ).one_or_none()
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
    run_id = session.scalars(insert(RatingRun).values(run).returning(RatingRun.id)).one()
    if board.standings:
        session.execute(insert(Standing.__table__), [{"run_id": run_id} | row for row in board.standings])
    execute(session, update(Board).where(Board.id == board_id).values(current_run_id=run_id))
    return run_id
