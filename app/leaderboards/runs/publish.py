"""A computed board becomes the current run, if its claim still stands and nothing newer is there."""

from collections.abc import Iterable
from datetime import datetime
from typing import cast

from pydantic_core import to_json
from sqlalchemy import Insert, Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from app.database.columns import milliseconds, moment_of
from app.database.statements import PreparedStatement, read_json
from app.leaderboards.runs import claims, history
from app.leaderboards.runs.anchors import freeze
from app.leaderboards.runs.compute import METHOD, RatedBoard
from app.leaderboards.tables import Board, RatingRun, Standing
from app.ratings import METHOD_VERSION

_BOARDS, _RUNS, _STANDINGS = (cast("Table", of.__table__) for of in (Board, RatingRun, Standing))


def _insert(table: Table, *without: str) -> Insert:
    """Insert a row with a value for every column but these."""
    return insert(table).values({one.name: bindparam(one.name) for one in table.c if one.name not in without})


# Prepared, as a pass publishes every board that had a vote: building the statements took half of it.
_CURRENT_RUN = PreparedStatement(
    lambda _: (
        select(_RUNS.c.id, _RUNS.c.computed_at, _RUNS.c.versions)
        .join(_BOARDS, _BOARDS.c.current_run_id == _RUNS.c.id)
        .where(_BOARDS.c.id == bindparam("board"))
    )
)
_NEW_RUN = PreparedStatement(lambda _: _insert(_RUNS, "id").returning(_RUNS.c.id))
_NEW_STANDING = PreparedStatement(lambda _: _insert(_STANDINGS))
_MAKE_CURRENT = PreparedStatement(
    lambda _: update(_BOARDS).where(_BOARDS.c.id == bindparam("board")).values(current_run_id=bindparam("run"))
)


def publish(
    session: Session,
    boards: Iterable[RatedBoard],
    token: str,
    *,
    borrowed_from: int | None,
    now: datetime,
) -> list[str]:
    """
    Store a pass over a question, overall board first, and give the claims on its boards up; returns their keys.

    `borrowed_from` is the overall run whose τ² was used where this pass did not compute one.
    """
    made: dict[int, tuple[RatedBoard, int]] = {}
    for board in boards:
        board_id = claims.settle(session, board.scope.key, token)
        if board_id is None:
            continue
        before = _CURRENT_RUN.first(session, board=board_id)
        # Whoever claimed before us may publish after us, from older tallies: the newer run stays.
        if before is not None and not _is_newer(board, read_json(before.versions)):
            continue
        run_id = _store_run(session, board_id, board, borrowed_from, now)
        if before is not None:
            history.store_history(session, board_id, before.id, moment_of(before.computed_at), now)
        if board.scope.kind == "overall":
            borrowed_from = run_id
        made[board_id] = board, run_id
    rows: dict[str, list[object]] = {one.name: [] for one in _STANDINGS.c}
    for board, run in made.values():
        rows["run_id"] += [run] * len(board.standings["model_id"])
        for name, column in board.standings.items():
            rows[name] += column
    _NEW_STANDING.each_row(session, rows)
    _MAKE_CURRENT.each(session, [{"board": board_id, "run": run} for board_id, (_, run) in made.items()])
    history.thin_runs(session, {board_id: run for board_id, (_, run) in made.items()}, now)
    return [board.scope.key for board, _ in made.values()]


def freeze_anchor(session: Session, board: RatedBoard, token: str, now: datetime) -> bool:
    """Store the anchor that this overall board froze, unless its claim fell or somebody else was first."""
    return claims.is_held(session, board.scope.key, token) and freeze(session, board.scope.mode, board.anchor, now)


def _is_newer(board: RatedBoard, versions: dict[str, int] | None) -> bool:
    fresh = {str(competition): version for competition, version in board.scope.versions.items()}
    return all(fresh.get(competition, version) >= version for competition, version in (versions or {}).items())


def _store_run(
    session: Session, board_id: int, board: RatedBoard, borrowed_from: int | None, now: datetime
) -> int:
    versions = {str(competition): version for competition, version in board.scope.versions.items()}
    run = {
        "board_id": board_id,
        "computed_at": milliseconds(now),
        "method": METHOD,
        "method_version": METHOD_VERSION,
        "versions": _as_text(versions),
        "votes": board.votes,
        "ranked": board.ranked,
        "tallies_sha256": board.tallies_sha256,
        "anchor_version": board.anchor.version,
        "interval": board.interval,
        "tau2": board.tau2,
        "overall_run_id": borrowed_from if board.scope.kind == "competition" else None,
        "components": _as_text(board.components),
        "parts": _as_text(board.parts),
        "seconds": board.seconds,
    }
    run_id: int = _NEW_RUN.first(session, **run).id
    return run_id


def _as_text(value: object) -> str:
    """Write JSON at a fifth of what the standard library takes."""
    return to_json(value).decode()
