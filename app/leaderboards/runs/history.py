"""The history of boards: hourly for 48 hours, then daily; and the rule which old runs are kept."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Table,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.database.doors import UtcDateTime
from app.leaderboards.tables import Board, RatingHistory, RatingRun, Standing

HOURLY = timedelta(hours=48)
RUNS_KEPT = timedelta(minutes=10)
DAY = timedelta(days=1)
DAY_MS = 86_400_000

# Written once, for boards ask at every reading: building a statement costs several times what the query does.
_BOARDS = Board.__table__.c
_RUNS = RatingRun.__table__.c
_HOURS = RatingHistory.__table__.c
_STANDINGS = Standing.__table__.c
_LAST_RUN = (
    select(_RUNS.id, _RUNS.computed_at)
    .join(Board.__table__, _BOARDS.id == _RUNS.board_id)
    .where(_BOARDS.key == bindparam("board"), _RUNS.computed_at < bindparam("moment"))
    .order_by(_RUNS.computed_at.desc(), _RUNS.id.desc())
    .limit(1)
)
_VOTES_BEFORE = (
    select(_RUNS.votes)
    .join(Board.__table__, _BOARDS.id == _RUNS.board_id)
    .where(_BOARDS.key == bindparam("board"), _RUNS.computed_at < bindparam("moment"))
    .order_by(_RUNS.computed_at.desc(), _RUNS.id.desc())
    .limit(1)
)
_LAST_HOUR = (
    select(_HOURS.board_id, _HOURS.at)
    .join(Board.__table__, _BOARDS.id == _HOURS.board_id)
    .where(_BOARDS.key == bindparam("board"), _HOURS.at < bindparam("moment"))
    .order_by(_HOURS.at.desc())
    .limit(1)
)
_OF_HOUR = select(_HOURS.model_id, _HOURS.rating).where(
    _HOURS.board_id == bindparam("board"), _HOURS.at == bindparam("at")
)
_OF_RUN = select(_STANDINGS.model_id, _STANDINGS.rating).where(_STANDINGS.run_id == bindparam("run"))


def day_number(moment: ColumnElement[Any] | InstrumentedAttribute[datetime]) -> ColumnElement[int]:
    """Return the UTC day of a stored moment: days since 1970."""
    return type_coerce(moment, BigInteger) // DAY_MS


_THIN_RUNS = (
    delete(cast("Table", RatingRun.__table__))
    .where(_RUNS.board_id == bindparam("board"), _RUNS.id != bindparam("current"))
    .where(_RUNS.computed_at < bindparam("until"))
    .where(
        _RUNS.id.not_in(
            select(func.max(_RUNS.id))
            .where(_RUNS.board_id == bindparam("board"))
            .group_by(day_number(_RUNS.computed_at))
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


def thin_runs(session: Session, board_id: int, current_run: int, now: datetime) -> None:
    """Keep the current run, those under ten minutes old, and the last of each day."""
    session.execute(_THIN_RUNS, {"board": board_id, "current": current_run, "until": now - RUNS_KEPT})


def ratings_a_day_ago(session: Session, key: str, now: datetime) -> Mapping[int, float]:
    """Read a board's ratings 24 hours ago by model id, as near as history goes; empty for a younger board."""
    return ratings_at(session, key, now - DAY)


def votes_at(session: Session, key: str, moment: datetime) -> int:
    """Return how many votes a board counted before a moment, by the last run kept; 0 for a younger board."""
    return session.scalar(_VOTES_BEFORE, {"board": key, "moment": moment}) or 0


def ratings_at(session: Session, key: str, moment: datetime) -> Mapping[int, float]:
    """Read a board's ratings before a moment by model id: of the last run kept or the last hour stored."""
    values = {"board": key, "moment": moment}
    run, hour = session.execute(_LAST_RUN, values).first(), session.execute(_LAST_HOUR, values).first()
    if hour and (run is None or run.computed_at < hour.at):
        return dict(session.execute(_OF_HOUR, {"board": hour.board_id, "at": hour.at}).all())
    return dict(session.execute(_OF_RUN, {"run": run.id}).all()) if run else {}
