"""
What the columns of tables hold: the base of all tables, long keys, and times.

A time is stored as milliseconds since 1970, in UTC; its day as days since 1970.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, MetaData, type_coerce
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute
from sqlalchemy.types import TypeDecorator

DAY_MS = 86_400_000
EPOCH = date(1970, 1, 1)


class Base(DeclarativeBase):
    """Every table; constraint names follow one convention so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


LongKey = BigInteger().with_variant(Integer, "sqlite")
"""The type of keys that may outgrow 32 bits; SQLite's INTEGER has 64, and only it numbers rows itself."""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant in UTC, stored as integer milliseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Refuse a naive datetime: its meaning would depend on the machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return milliseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the UTC time of stored milliseconds."""
        return None if value is None else moment_of(value)


def milliseconds(moment: datetime) -> int:
    """Give a time as the database holds it: integer milliseconds since 1970, in UTC."""
    return round(moment.timestamp() * 1000)


def moment_of(stored: int) -> datetime:
    """Give the UTC time that the database holds as milliseconds since 1970."""
    return datetime.fromtimestamp(stored / 1000, UTC)


def day_number(moment: ColumnElement[Any] | InstrumentedAttribute[datetime]) -> ColumnElement[int]:
    """Return the UTC day of a stored moment as a column: days since 1970."""
    return type_coerce(moment, BigInteger) // DAY_MS


def date_of(number: int) -> date:
    """Return the date of a day's number."""
    return EPOCH + timedelta(days=number)
