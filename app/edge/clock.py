"""The time of a request."""

from datetime import UTC, date, datetime

from flask import g


def now() -> datetime:
    """Return one instant, in UTC, for the whole request."""
    if "now" not in g:
        g.now = datetime.now(UTC)
    moment: datetime = g.now
    return moment


def today() -> date:
    """Return the UTC day of this request."""
    return now().date()
