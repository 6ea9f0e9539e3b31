"""UTC days of stored moments, as numbers: days since 1970."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, type_coerce
from sqlalchemy.orm import InstrumentedAttribute

DAY_MS = 86_400_000
EPOCH = date(1970, 1, 1)


def day_number(moment: ColumnElement[Any] | InstrumentedAttribute[datetime]) -> ColumnElement[int]:
    """Return the UTC day of a stored moment as a column: days since 1970."""
    return type_coerce(moment, BigInteger) // DAY_MS


def date_of(number: int) -> date:
    """Return the date of a day's number."""
    return EPOCH + timedelta(days=number)
