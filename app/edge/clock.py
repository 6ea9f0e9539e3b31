"""The time of a request."""

from datetime import UTC, date, datetime

from flask import g


def read_clock() -> datetime:
    """Read the clock, in UTC. Whatever a request does is done at a time from here."""
    return datetime.now(UTC)


def now() -> datetime:
    """Return one instant, in UTC, for the whole request."""
    if "now" not in g:
        g.now = read_clock()
    moment: datetime = g.now
    return moment


def today() -> date:
    """Return the UTC day of this request."""
    return now().date()
