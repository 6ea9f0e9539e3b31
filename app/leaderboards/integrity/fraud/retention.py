"""
Retention of personal data: what is forgotten, and when.

A matchup's network key is dropped by the first sweep after its window of 30 days, once the tests have used it;
kept are keys of networks that a flag stands against, whose salt is gone like the others'. Counters and salts go
with their windows.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import Integer, and_, cast, delete, or_, select, update
from sqlalchemy.orm import Session

from app.arena.people import policy
from app.arena.people.networks import LONG_DAYS
from app.arena.tables import Flag, Matchup, NetworkSalt
from app.database.doors import Database, execute

MATCHUPS = 500
"""Matchups that one write makes forget their network."""


def forget(database: Database, *, now: datetime) -> int:
    """Drop what has had its time; returns how many matchups no longer know their network."""
    database.write(partial(_forget_windows, now=now))
    forgotten, last = 0, 0
    while ids := _next(database, last, now):
        forgotten += database.write(partial(_forget_networks, ids=ids))
        last = ids[-1]
    return forgotten


def window_start(now: datetime) -> datetime:
    """Compute when the present window of 30 days began."""
    window = timedelta(days=LONG_DAYS)
    return now - (now - datetime.fromtimestamp(0, UTC)) % window


def _forget_windows(session: Session, *, now: datetime) -> None:
    policy.forget_counts(session, now=now)
    present = int(now.timestamp()) // (cast(NetworkSalt.days, Integer) * policy.DAY_SECONDS)
    session.execute(delete(NetworkSalt).where(NetworkSalt.window < present))


def _next(database: Database, last: int, now: datetime) -> Sequence[int]:
    """Find the matchups after this one that are to forget their network: one pass, however large the table."""
    standing = select(Flag.network_key).where(Flag.status == "quarantined", Flag.network_key.is_not(None))
    over = or_(Matchup.closed_at.is_not(None), Matchup.expires_at <= now)
    old = and_(Matchup.network_key.is_not(None), Matchup.issued_at < window_start(now), over)
    # Votes of a quarantined network are kept out by its key; without it they would count again.
    which = select(Matchup.id).where(Matchup.id > last, old, Matchup.network_key.not_in(standing))
    with database.reading() as session:
        return session.scalars(which.order_by(Matchup.id).limit(MATCHUPS)).all()


def _forget_networks(session: Session, *, ids: Sequence[int]) -> int:
    return execute(session, update(Matchup).where(Matchup.id.in_(ids)).values(network_key=None))
