"""Finds rows whose times are still to come: traces of a clock that was ahead, which `arena doctor` tells."""

from datetime import datetime

from sqlalchemy import func, select

from app.arena.people.policy import CLOCK_LEEWAY
from app.arena.tables import AdminSession, Matchup, Vote
from app.database.doors import Database
from app.leaderboards.runs.claims import LONGEST_REST_MS, DatabaseClock
from app.leaderboards.tables import Board

LATEST = 1000
"""How many of the newest votes and pairs are looked at: they were stored last, whatever their times say."""


def find_future_times(database: Database, now: datetime) -> str:
    """Say how many votes, pairs, sign-ins and boards bear a time far ahead; empty where none does."""
    soon = now + CLOCK_LEEWAY
    rested = DatabaseClock() + LONGEST_REST_MS  # boards are timed by the database
    votes = select(Vote.cast_at.label("at")).order_by(Vote.id.desc()).limit(LATEST).subquery()
    pairs = select(Matchup.issued_at.label("at")).order_by(Matchup.id.desc()).limit(LATEST).subquery()
    counts = {
        "votes": select(func.count()).select_from(votes).where(votes.c.at > soon),
        "pairs": select(func.count()).select_from(pairs).where(pairs.c.at > soon),
        "sign-ins": select(func.count()).select_from(AdminSession).where(AdminSession.created_at > soon),
        "boards": select(func.count()).select_from(Board).where(Board.next_refresh_at > rested),
    }
    with database.reading() as session:
        found = {name: session.scalar(query) for name, query in counts.items()}
    return ", ".join(f"{count} {name}" for name, count in found.items() if count)
