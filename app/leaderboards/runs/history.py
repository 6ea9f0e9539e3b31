"""What boards said before: hourly for 48 hours, then daily; and which old runs are kept."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, bindparam, delete, func, insert, literal, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.database.doors import Moment, milliseconds
from app.database.statements import Prepared
from app.leaderboards.tables import Board, RatingHistory, RatingRun, Standing

HOURLY = timedelta(hours=48)
RUNS_KEPT = timedelta(minutes=10)
DAY = timedelta(days=1)
DAY_MS = 86_400_000


def _day(moment: ColumnElement[Any] | InstrumentedAttribute[datetime]) -> ColumnElement[int]:
    return type_coerce(moment, BigInteger) // DAY_MS


# Written once: building a statement costs several times what running it does.
_BOARDS = Board.__table__.c
_RUNS = RatingRun.__table__.c
_HOURS = RatingHistory.__table__.c
_SAID = Standing.__table__.c
_RUN_BEFORE = Prepared(
    lambda _: (
        select(_RUNS.id, _RUNS.computed_at)
        .join(Board.__table__, _BOARDS.id == _RUNS.board_id)
        .where(_BOARDS.key == bindparam("key"), _RUNS.computed_at < bindparam("moment"))
        .order_by(_RUNS.computed_at.desc(), _RUNS.id.desc())
        .limit(1)
    )
)
_HOUR_BEFORE = Prepared(
    lambda _: (
        select(_HOURS.board_id, _HOURS.at)
        .join(Board.__table__, _BOARDS.id == _HOURS.board_id)
        .where(_BOARDS.key == bindparam("key"), _HOURS.at < bindparam("moment"))
        .order_by(_HOURS.at.desc())
        .limit(1)
    )
)
_RUN_SAID = Prepared(lambda _: select(_SAID.model_id, _SAID.rating).where(_SAID.run_id == bindparam("run")))
_HOUR_SAID = Prepared(
    lambda _: select(_HOURS.model_id, _HOURS.rating).where(
        _HOURS.board_id == bindparam("board"), _HOURS.at == bindparam("at")
    )
)
_LAST_RUN_OF_A_DAY = (
    select(func.max(_RUNS.id)).where(_RUNS.board_id == bindparam("board")).group_by(_day(_RUNS.computed_at))
)
_THIN_RUNS = Prepared(
    lambda _: (
        delete(RatingRun)
        .where(RatingRun.board_id == bindparam("board"), RatingRun.id != bindparam("current"))
        .where(RatingRun.computed_at < bindparam("old"), RatingRun.id.not_in(_LAST_RUN_OF_A_DAY))
    )
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
    _THIN_RUNS.change(session, board=board_id, current=current_run, old=milliseconds(now - RUNS_KEPT))


def ratings_a_day_ago(session: Session, key: str, now: datetime) -> Mapping[int, float]:
    """Model id to rating on this board 24 hours ago, as near as history goes; empty for a younger board."""
    return ratings_at(session, key, now - DAY)


def ratings_at(session: Session, key: str, moment: datetime) -> Mapping[int, float]:
    """Model id to rating on a board before a moment: by the last run kept or the last hour remembered."""
    run, hour = (said.first(session, key=key, moment=milliseconds(moment)) for said in (_RUN_BEFORE, _HOUR_BEFORE))
    if hour and (run is None or run.computed_at < hour.at):
        return dict(_HOUR_SAID.all(session, board=hour.board_id, at=hour.at))
    return dict(_RUN_SAID.all(session, run=run.id)) if run else {}
