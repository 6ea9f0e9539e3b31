"""
The cells of a board that are numbers, as markup.

A template takes four times as long for them, and a board has hundreds.
"""

from collections.abc import Callable, Iterable
from html import escape
from operator import attrgetter
from typing import Any

from markupsafe import Markup

from app.leaderboards.views.boards import BoardStanding
from app.leaderboards.views.certainty import describe_ranks, is_decided, rank_span
from app.web.board_columns import COLUMNS
from app.web.boards import Axis, Interval
from app.web.formats import UNKNOWN, count, elo, per_1000, percent, seconds, signed, usd

VALUES: dict[str, tuple[Callable[[BoardStanding], Any], Callable[[Any], str]]] = {
    "change": (attrgetter("change_24h"), signed),
    "votes": (attrgetter("votes"), count),
    "win_rate": (attrgetter("win_rate"), percent),
    "both_bad": (attrgetter("both_bad_rate"), percent),
    "borrowed": (attrgetter("borrowed"), percent),
    "price": (attrgetter("price_usd"), usd),
    "per_1000": (attrgetter("cost_usd"), per_1000),
    "speed": (attrgetter("seconds_median"), seconds),
    "licence": (attrgetter("model.licence"), escape),
}
"""How a column's value is read and written; `requests` are more than a value."""


def write_rank(row: BoardStanding) -> Markup:
    """Write a row's rank: decided in bold, else as the range that the votes allow."""
    if is_decided(row):
        return Markup(f'<td role="cell" class="rank"><b>{row.rank}</b></td>')  # noqa: S704 (a number)
    words = f'<span title="{describe_ranks(row)}">{rank_span(row)}</span>'
    return Markup(f'<td role="cell" class="rank">{words}</td>')  # noqa: S704 (numbers and our own words)


def write_numbers(row: BoardStanding, axis: Axis, keys: Iterable[str]) -> Markup:
    """Write a row's rating, its interval and the columns of these keys, in their order."""
    rating = f'<b>{elo(row.rating)}</b> <span class="quiet">±{elo((row.rating_high - row.rating_low) / 2)}</span>'
    cells = [
        f'<td role="cell" class="number rating">{rating}</td>',
        f'<td role="cell" class="drawn">{write_interval(row, axis)}</td>',
        *(_write_cell(row, key) for key in keys if key in VALUES),
    ]
    return Markup("\n".join(cells))  # noqa: S704 (what is no number is escaped)


def write_interval(row: Interval, axis: Axis) -> Markup:
    """Draw an interval on a board's axis."""
    start, width = axis.bar(row)
    anchor = axis.anchor
    fixed = f'<line class="rail" x1="{anchor}" x2="{anchor}" y1="0" y2="18"/>' if anchor else ""
    return Markup(  # noqa: S704 (all of it is numbers)
        '<svg class="interval" width="168" height="18" viewBox="0 0 168 18" preserveAspectRatio="none" role="img"'
        f' aria-label="{elo(row.rating_low)} to {elo(row.rating_high)}">'
        f'<line class="rail" x1="0" x2="168" y1="9" y2="9"/>{fixed}'
        f'<rect class="range" x="{start}" width="{width}" y="5" height="8" rx="2"/>'
        f'<rect class="mark" x="{axis.x(row.rating) - 1}" width="2" y="3" height="12"/></svg>'
    )


def _write_cell(row: BoardStanding, key: str) -> str:
    read, write = VALUES[key]
    value = read(row)
    kind = "licence" if key == "licence" else "number"
    unknown = " data-unknown" if value is None else ""
    text = UNKNOWN if value is None else write(value)
    if key == "per_1000" and row.cost and not row.cost.images:
        text += ' <span class="quiet">list</span>'
    return f'<td role="cell" class="{kind}" data-label="{COLUMNS[key].title}"{unknown}>{text}</td>'
