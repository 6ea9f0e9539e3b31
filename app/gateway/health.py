"""Offerings that keep failing rest for a while. In the database, so that every process knows."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.database.doors import insert
from app.gateway.tables import Rest

FAILURES = 3
"""In a row, before an offering rests."""
FIRST_REST = 30
LONGEST_REST = 600
ACCOUNT_REST = 300
"""Seconds for a provider that refuses our key or our payment: nothing of it will work."""


def resting(session: Session, names: Iterable[str], now: datetime) -> frozenset[str]:
    """Those of the names that rest now."""
    rows = session.scalars(select(Rest.name).where(Rest.name.in_(list(names)), Rest.until > now))
    return frozenset(rows)


def failed(session: Session, name: str, code: str, *, now: datetime, retry_after: float | None = None) -> None:
    """
    Count a failure of an offering, or of a provider's account.

    From the third in a row on it rests, each time twice as long; a pause the provider asks for is kept at once.
    """
    adding = insert(session, Rest).values(name=name, failures=1, code=code, until=now)
    count: int = session.execute(
        adding.on_conflict_do_update(
            index_elements=[Rest.name], set_={"failures": Rest.failures + 1, "code": code}
        ).returning(Rest.failures)
    ).scalar_one()
    seconds = min(LONGEST_REST, FIRST_REST * 2 ** (count - FAILURES)) if count >= FAILURES else 0.0
    if code == "account":
        seconds = ACCOUNT_REST
    seconds = max(seconds, min(retry_after or 0.0, LONGEST_REST))
    row = session.get_one(Rest, name, populate_existing=True)
    row.until = now + timedelta(seconds=seconds)


def worked(session: Session, names: Iterable[str]) -> None:
    """Forget past failures."""
    session.execute(delete(Rest).where(Rest.name.in_(list(names))))
