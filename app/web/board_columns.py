"""The columns of a board that a reader may choose, and keep in a link."""

from collections.abc import Iterable
from typing import NamedTuple

from app.leaderboards.views.filters import BadFilter


class Column(NamedTuple):
    """A column: its title, and the name it is sorted by; None where it has no order."""

    title: str
    sort: str | None


COLUMNS = {
    "change": Column("24 h", "change_24h"),
    "votes": Column("Votes", "votes"),
    "win_rate": Column("Win rate", "win_rate"),
    "both_bad": Column("Both bad", "both_bad_rate"),
    "borrowed": Column("Borrowed", None),
    "price": Column("Price", "price_usd"),
    "per_1000": Column("Per 1,000", "cost_usd"),
    "speed": Column("Speed", "seconds_median"),
    "licence": Column("Licence", None),
    "requests": Column("Real requests", None),
}
CHOICES = {key: column.title for key, column in COLUMNS.items() if key != "borrowed"}
"""Those of a mode's board: only a competition's borrows."""
USUAL = ("change", "votes", "win_rate", "price", "speed")
BRIEF = ("change", "votes", "win_rate")


def put_in_order(keys: Iterable[str]) -> tuple[str, ...]:
    """Put columns into the order in which boards show them."""
    asked = set(keys)
    return tuple(key for key in COLUMNS if key in asked)


def parse_columns(given: Iterable[str]) -> tuple[str, ...]:
    """Read columns asked for, as `votes,price` or one by one; the usual ones for none. Raises BadFilter."""
    asked = {name.strip() for value in given for name in value.split(",")} - {""}
    for name in sorted(asked - CHOICES.keys()):
        raise BadFilter(f"columns are some of {', '.join(CHOICES)}; {name[:40]!r} is none.", param="columns")
    return tuple(key for key in CHOICES if key in asked) or USUAL


def columns_query(columns: tuple[str, ...]) -> dict[str, str]:
    """Build the query parameter that asks for these columns; none for the usual ones."""
    return {} if columns == USUAL else {"columns": ",".join(columns)}
