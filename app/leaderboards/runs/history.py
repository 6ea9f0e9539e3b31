"""The history of boards: hourly for 48 hours, then daily; and the rule which old runs are kept."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import (
    BigInteger,
    Table,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from app.database.columns import DAY_MS, UtcDateTime, day_number, milliseconds
from app.database.statements import PreparedStatement
from app.leaderboards.tables import Board, RatingHistory, RatingRun, Standing

HOURLY = timedelta(hours=48)
RUNS_KEPT = timedelta(minutes=10)

# Prepared, for boards ask at every reading.
_BOARDS = Board.__table__.c
_RUNS = RatingRun.__table__.c
_LATER = RatingRun.__table__.alias("later").c
_HOURS = RatingHistory.__table__.c
_STANDINGS = Standing.__table__.c
_LAST_RUN = PreparedStatement(
    lambda _: (
        select(_RUNS.id, _RUNS.computed_at, _RUNS.votes)
        .join(Board.__table__, _BOARDS.id == _RUNS.board_id)
        .where(_BOARDS.key == bindparam("board"), _RUNS.computed_at < bindparam("moment"))
        .order_by(_RUNS.computed_at.desc(), _RUNS.id.desc())
        .limit(1)
    )
)
_LAST_HOUR = PreparedStatement(
    lambda _: (
        select(_HOURS.board_id, _HOURS.at)
        .join(Board.__table__, _BOARDS.id == _HOURS.board_id)
        .where(_BOARDS.key == bindparam("board"), _HOURS.at < bindparam("moment"))
        .order_by(_HOURS.at.desc())
        .limit(1)
    )
)
_OF_HOUR = PreparedStatement(
    lambda _: select(_HOURS.model_id, _HOURS.rating).where(
        _HOURS.board_id == bindparam("board"), _HOURS.at == bindparam("at")
    )
)
_OF_RUN = PreparedStatement(
    lambda _: select(_STANDINGS.model_id, _STANDINGS.rating).where(_STANDINGS.run_id == bindparam("run"))
)
_THIN_RUNS = PreparedStatement(
    lambda _: (
        delete(cast("Table", RatingRun.__table__))
        .where(_RUNS.board_id == bindparam("board"), _RUNS.id != bindparam("current"))
        .where(_RUNS.computed_at < bindparam("until"))
        # A look at the index for each old run, instead of a day for each run that is kept.
        .where(
            exists()
            .where(_LATER.board_id == bindparam("board"), _LATER.id > _RUNS.id)
            .where(type_coerce(_LATER.computed_at, BigInteger) >= day_number(_RUNS.computed_at) * DAY_MS)
            .where(type_coerce(_LATER.computed_at, BigInteger) < (day_number(_RUNS.computed_at) + 1) * DAY_MS)
        )
    )
)


def store_history(session: Session, board_id: int, run_id: int, computed_at: datetime, now: datetime) -> None:
    """Keep what a run said before it is replaced, if it was the last of its hour, and thin what is old."""
    if computed_at.replace(minute=0, second=0, microsecond=0) == now.replace(minute=0, second=0, microsecond=0):
        return
    columns = ["board_id", "model_id", "at", "rating", "rating_low", "rating_high", "rank"]
    said = select(
        literal(board_id),
        Standing.model_id,
        literal(computed_at, UtcDateTime),
        Standing.rating,
        Standing.rating_low,
        Standing.rating_high,
        Standing.rank,
    ).where(Standing.run_id == run_id)
    session.execute(insert(RatingHistory).from_select(columns, said))
    last = select(func.max(RatingHistory.at)).where(RatingHistory.board_id == board_id)
    session.execute(
        delete(RatingHistory)
        .where(RatingHistory.board_id == board_id, RatingHistory.at < now - HOURLY)
        .where(RatingHistory.at.not_in(last.group_by(day_number(RatingHistory.at))))
        .execution_options(synchronize_session=False)
    )


def thin_runs(session: Session, current_runs: Mapping[int, int], now: datetime) -> None:
    """Keep the current run of each board, those under ten minutes old, and the last of each day."""
    until = milliseconds(now - RUNS_KEPT)
    runs = [{"board": board, "current": run, "until": until} for board, run in current_runs.items()]
    _THIN_RUNS.each(session, runs)


def votes_at(session: Session, key: str, moment: datetime) -> int:
    """Return how many votes a board counted before a moment, by the last run kept; 0 for a younger board."""
    row = _LAST_RUN.first(session, board=key, moment=milliseconds(moment))
    return row.votes if row else 0


def ratings_at(session: Session, key: str, moment: datetime) -> Mapping[int, float]:
    """Read a board's ratings before a moment by model id, of the last run kept or hour stored; {} before both."""
    before = milliseconds(moment)
    run, hour = (last.first(session, board=key, moment=before) for last in (_LAST_RUN, _LAST_HOUR))
    if hour and (run is None or run.computed_at < hour.at):
        return dict(_OF_HOUR.all(session, board=hour.board_id, at=hour.at))
    return dict(_OF_RUN.all(session, run=run.id)) if run else {}
