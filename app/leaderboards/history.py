"""What boards said before: hourly for 48 hours, then daily; and which old runs are kept."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, bindparam, delete, func, insert, literal, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.db import Moment
from app.leaderboards.tables import Board, RatingHistory, RatingRun, Standing

HOURLY = timedelta(hours=48)
RUNS_KEPT = timedelta(minutes=10)
DAY = timedelta(days=1)
DAY_MS = 86_400_000

# Written once: building a statement costs several times what running it does.
_BOARDS = Board.__table__.c
_RUNS = RatingRun.__table__.c
_HOURS = RatingHistory.__table__.c
_SAID = Standing.__table__.c
_RUN_BEFORE = (
    select(_RUNS.id, _RUNS.computed_at)
    .join(Board.__table__, _BOARDS.id == _RUNS.board_id)
    .where(_BOARDS.key == bindparam("key"), _RUNS.computed_at < bindparam("moment"))
    .order_by(_RUNS.computed_at.desc(), _RUNS.id.desc())
    .limit(1)
)
_HOUR_BEFORE = (
    select(_HOURS.board_id, _HOURS.at)
    .join(Board.__table__, _BOARDS.id == _HOURS.board_id)
    .where(_BOARDS.key == bindparam("key"), _HOURS.at < bindparam("moment"))
    .order_by(_HOURS.at.desc())
    .limit(1)
)
_RUN_SAID = select(_SAID.model_id, _SAID.rating).where(_SAID.run_id == bindparam("run"))
_HOUR_SAID = select(_HOURS.model_id, _HOURS.rating).where(
    _HOURS.board_id == bindparam("board"), _HOURS.at == bindparam("at")
)


def remember(session: Session, board_id: int, run_id: int, computed_at: datetime, now: datetime) -> None:
    """Before a run is replaced: if it was the last of its hour, keep what it said, and thin what is old."""
    if computed_at.replace(minute=0, second=0, microsecond=0) == now.replace(minute=0, second=0, microsecond=0):
        return
    columns = ["board_id", "model_id", "at", "rating", "rating_low", "rating_high", "rank"]
    said = select(
        literal(board_id),
        Standing.model_id,
        literal(computed_at, Moment),
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
        .where(RatingHistory.at.not_in(last.group_by(_day(RatingHistory.at))))
        .execution_options(synchronize_session=False)
    )


def thin_runs(session: Session, board_id: int, current_run: int, now: datetime) -> None:
    """Keep the current run, those under ten minutes old, and the last of each day."""
    last = select(func.max(RatingRun.id)).where(RatingRun.board_id == board_id)
    session.execute(
        delete(RatingRun)
        .where(RatingRun.board_id == board_id, RatingRun.id != current_run)
        .where(RatingRun.computed_at < now - RUNS_KEPT)
        .where(RatingRun.id.not_in(last.group_by(_day(RatingRun.computed_at))))
        .execution_options(synchronize_session=False)
    )


def ratings_a_day_ago(session: Session, key: str, now: datetime) -> Mapping[int, float]:
    """Model id to rating on this board 24 hours ago, as near as history goes; empty for a younger board."""
    return ratings_at(session, key, now - DAY)


def ratings_at(session: Session, key: str, moment: datetime) -> Mapping[int, float]:
    """Model id to rating on a board before a moment: by the last run kept or the last hour remembered."""
    asked = {"key": key, "moment": moment}
    run, hour = (
        session.execute(_RUN_BEFORE, asked).one_or_none(),
        session.execute(_HOUR_BEFORE, asked).one_or_none(),
    )
    if hour and (run is None or run.computed_at < hour.at):
        return dict(session.execute(_HOUR_SAID, {"board": hour.board_id, "at": hour.at}).all())
    return dict(session.execute(_RUN_SAID, {"run": run.id}).all()) if run else {}


def _day(moment: InstrumentedAttribute[datetime]) -> ColumnElement[int]:
    return type_coerce(moment, BigInteger) // DAY_MS
