"""Circuit breakers: offerings that keep failing are not asked for a while. In the database, for every process."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.database.doors import insert
from app.gateway.tables import CircuitBreaker

FAILURES = 3
"""Failures in a row that open the breaker of an offering."""
FIRST_PAUSE = 30
LONGEST_PAUSE = 600
ACCOUNT_PAUSE = 300
"""Seconds for a provider that refuses our key or our payment: nothing of it will work."""


def find_open(session: Session, names: Iterable[str], now: datetime) -> frozenset[str]:
    """Return those of the names whose breaker is open now."""
    rows = session.execute(
        select(CircuitBreaker.name, CircuitBreaker.until).where(CircuitBreaker.name.in_(list(names)))
    )
    return frozenset(row.name for row in rows if is_open(row.until, now))


def is_open(until: datetime, now: datetime) -> bool:
    """Tell whether a breaker is open; a pause of more than LONGEST_PAUSE was set by a clock that was ahead."""
    return now < until <= now + timedelta(seconds=LONGEST_PAUSE)


def record_failure(
    session: Session, name: str, code: str, *, now: datetime, retry_after: float | None = None
) -> None:
    """
    Count a failure of an offering, or of a provider's account.

    The third in a row opens its breaker, each further one for twice as long; a pause the provider asks for is
    kept at once.
    """
    adding = insert(session, CircuitBreaker).values(name=name, failures=1, code=code, until=now)
    count: int = session.execute(
        adding.on_conflict_do_update(
            index_elements=[CircuitBreaker.name], set_={"failures": CircuitBreaker.failures + 1, "code": code}
        ).returning(CircuitBreaker.failures)
    ).scalar_one()
    seconds = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (count - FAILURES)) if count >= FAILURES else 0.0
    if code == "account":
        seconds = ACCOUNT_PAUSE
    seconds = max(seconds, min(retry_after or 0.0, LONGEST_PAUSE))
    row = session.get_one(CircuitBreaker, name, populate_existing=True)
    row.until = now + timedelta(seconds=seconds)


def record_success(session: Session, names: Iterable[str]) -> None:
    """Close the breakers and forget past failures."""
    session.execute(delete(CircuitBreaker).where(CircuitBreaker.name.in_(list(names))))
