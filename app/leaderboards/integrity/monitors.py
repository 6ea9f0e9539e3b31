"""Days on which the votes look unlike the rest. They tell an admin to look, and change nothing."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.arena.battles import LEFT, RIGHT, select_battles
from app.arena.tables import Competition, Matchup, Vote
from app.database.columns import date_of, day_number
from app.ratings.bradley_terry import Design, VirtualGames, fit
from app.ratings.suspicion_days import day_monitor
from app.ratings.tallies import Index, Tallies
from app.words import BETTER, JUDGEMENTS


@dataclass(frozen=True, eq=False)
class ByDay:
    """Counted votes with days, numbered from `first`, where competitions stand."""

    first: date
    tallies: Tallies


def count_by_day(session: Session, model_ids: Index, mode: str) -> ByDay:
    """Tally a mode's counted votes by UTC day, over the board's models (ids, ascending)."""
    votes = (
        select_battles(
            day_number(Vote.cast_at).label("day"),
            LEFT.model_id.label("left_model"),
            RIGHT.model_id.label("right_model"),
            Vote.outcome,
        )
        .where(Competition.mode == mode, Matchup.question == BETTER, Vote.counted)
        .subquery()
    )
    place = (votes.c.day, votes.c.left_model, votes.c.right_model)
    sums = [func.sum(case((votes.c.outcome == kind, 1), else_=0)) for kind in JUDGEMENTS]
    counts = session.execute(select(*place, *sums).group_by(*place))
    rows = np.array([tuple(row) for row in counts], dtype=np.int64).reshape(-1, 3 + len(JUDGEMENTS))
    first = int(rows[:, 0].min()) if rows.size else 0
    sides = (np.searchsorted(model_ids, rows[:, side]) for side in (1, 2))
    tallies = Tallies(model_ids.size, rows[:, 0] - first, *sides, *rows[:, 3:].T)
    return ByDay(date_of(first), tallies)


def find_alarms(days: ByDay, board: Tallies, slugs: list[str]) -> dict[str, Any]:
    """Find days on which a model did far better or worse than its rating, and days of many votes, for JSON."""
    monitor = day_monitor(days.tallies, fit(Design(board.pairs(), board.models, side=False), VirtualGames()))
    odd = zip(monitor.alarm_day.tolist(), monitor.alarm_model.tolist(), strict=True)
    return {
        "models": [
            {"day": _day(days, day), "model": slugs[model], "z": round(float(monitor.z[day, model]), 1)}
            for day, model in odd
        ],
        "volume": [
            {"day": _day(days, day), "votes": int(monitor.volume[day])}
            for day in np.flatnonzero(monitor.volume_alarm).tolist()
        ],
    }


def _day(days: ByDay, number: int) -> str:
    return (days.first + timedelta(days=number)).isoformat()
