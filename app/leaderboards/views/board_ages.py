"""The ages of the boards and the number that wait for a refresh, for an operator to watch."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.leaderboards.runs import refresh
from app.leaderboards.tables import Board, RatingRun


@dataclass(frozen=True)
class ModeAge:
    """The age of one mode's boards: seconds since the oldest current run, and how many have newer votes."""

    mode: str
    seconds: float
    stale: int


def read_board_ages(session: Session, now: datetime) -> list[ModeAge]:
    """Read the age of every mode that has a rated board."""
    oldest = (
        select(Board.mode, func.min(RatingRun.computed_at))
        .join(RatingRun, RatingRun.id == Board.current_run_id)
        .group_by(Board.mode)
        .order_by(Board.mode)
    )
    return [
        ModeAge(mode, max(0.0, (now - computed_at).total_seconds()), len(refresh.find_stale(session, mode)))
        for mode, computed_at in session.execute(oldest)
    ]
