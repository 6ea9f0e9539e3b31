"""Votes by UTC day and by what became of them, kept so that a page never scans the log."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from itertools import islice

from sqlalchemy import and_, case, delete, func, select
from sqlalchemy.orm import Session

from app.arena.tables import Competition, Matchup, Vote, VoteDay
from app.database.columns import date_of, day_number
from app.database.doors import Database, insert

COUNTED = "counted"
ROWS = 500

Place = tuple[str, date, str]
"""Mode, day, reason."""


def rebuild(database: Database) -> int:
    """Make the day ledger what the log says, 500 rows a write; returns how many rows changed."""
    with database.reading() as session:
        kept, counted = _kept(session), _counted(session)
    changed = {place: votes for place, votes in counted.items() if kept.get(place) != votes}
    gone = [place for place in kept if place not in counted]
    rows = iter(changed.items())
    while part := list(islice(rows, ROWS)):
        database.write(partial(_store, rows=part))
    for place in gone:
        database.write(partial(_drop, place=place))
    return len(changed) + len(gone)


def _kept(session: Session) -> dict[Place, int]:
    rows = session.execute(select(VoteDay.mode, VoteDay.day, VoteDay.reason, VoteDay.votes))
    return {(mode, day, reason): votes for mode, day, reason, votes in rows}


def _counted(session: Session) -> dict[Place, int]:
    """Count the log's votes by the day each was cast on, whenever it was excluded."""
    votes = (
        select(
            Competition.mode,
            day_number(Vote.cast_at).label("day"),
            case((Vote.counted, COUNTED), else_=func.coalesce(Vote.reason, "unknown")).label("reason"),
        )
        .select_from(Vote)
        .join(Matchup, Matchup.id == Vote.matchup_id)
        .join(Competition, Competition.id == Matchup.competition_id)
        .subquery()
    )
    place = (votes.c.mode, votes.c.day, votes.c.reason)
    rows = session.execute(select(*place, func.count()).group_by(*place))
    return {(mode, date_of(number), why): votes for mode, number, why, votes in rows}


def _store(session: Session, *, rows: Sequence[tuple[Place, int]]) -> None:
    values = [{"mode": mode, "day": day, "reason": reason, "votes": votes} for (mode, day, reason), votes in rows]
    adding = insert(session, VoteDay).values(values)
    key = ["mode", "day", "reason"]
    session.execute(adding.on_conflict_do_update(index_elements=key, set_={"votes": adding.excluded.votes}))


def _drop(session: Session, *, place: Place) -> None:
    mode, day, reason = place
    session.execute(
        delete(VoteDay).where(and_(VoteDay.mode == mode, VoteDay.day == day, VoteDay.reason == reason))
    )
