"""Draws the charts of pages from numbers of `leaderboards`, with a sentence about what each leaves out."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from app.catalog.pricing import MICROS, dollars
from app.leaderboards.views.boards import NamedModel
from app.leaderboards.views.charts import ChartPoint, HistoryPoint, Scatter, WinMatrix
from app.leaderboards.views.head_to_head import Battles
from app.web.formats import percent
from app.web.svg import Curve, CurvePoint, Plot, Spot, curve, scatter
from app.words import plural

WHOLE, TALL, LOW = 420, 290, 180
"""Pixels of what is drawn, without axes: points in a window of their own or side by side, a rating over time."""
NAMED = 12
"""Names in a chart that is about one model: its own, the frontier's and the best, as far as there is room."""
DAY = 86_400
HEAT = 10
"""Shades of the win matrix."""
SURE_FROM = (1, 2, 5, 10)
"""Votes from which on a cell is drawn one step stronger."""


@dataclass(frozen=True)
class ScatterChart:
    """Elo against something, without a drawing where there is nothing to draw. `rows` is the same as a table."""

    key: str
    title: str
    axis: str
    left_out: str
    plot: Plot | None
    rows: tuple["ScatterRow", ...]
    frontier: tuple["ScatterRow", ...] = ()
    """The rows of the frontier by rising x, as their numbers in the drawing go."""


class ScatterRow(NamedTuple):
    """A model of the chart in words."""

    href: str
    name: str
    x: str
    rating: str
    interval: str
    frontier: str
    is_marked: bool
    basis: str = ""
    """Where x comes from, such as `list price`."""


@dataclass(frozen=True)
class HistoryChart:
    """A rating over time, without a drawing for fewer than two moments."""

    curve: Curve | None
    points: tuple[HistoryPoint, ...]


class MatrixCell(NamedTuple):
    """
    Row against column: `share` of the points in per cent and its `shade`, 0 to HEAT; None before any vote.

    `sureness` is how strongly the shade is drawn for so many votes: 0 for none, 1 to 4.
    """

    votes: int
    share: int | None
    shade: int | None
    sureness: int


@dataclass(frozen=True)
class MatrixView:
    """A win matrix as a table, its cells shares or `is_counts` of votes; None on the diagonal."""

    models: tuple[NamedModel, ...]
    rows: tuple[tuple[MatrixCell | None, ...], ...]
    of: int
    is_counts: bool


def price_chart(data: Scatter, marked: str | None = None) -> ScatterChart:
    """Draw Elo against what an image costs; about one `marked` model small, else as wide as the window."""
    return _chart("price", "Elo against price", "US$ per image, log scale", data, usd_tick, marked)


def speed_chart(data: Scatter, marked: str | None = None) -> ScatterChart:
    """Draw Elo against the median time of an image; about one `marked` model small, else as wide as the window."""
    return _chart("speed", "Elo against speed", "seconds per image, log scale", data, seconds_tick, marked)


def history_chart(points: Sequence[HistoryPoint]) -> HistoryChart:
    """Draw a model's rating over time."""
    moments = [CurvePoint(p.at.timestamp(), p.rating, p.rating_low, p.rating_high) for p in points]
    if len({moment.at for moment in moments}) < 2:
        return HistoryChart(None, tuple(points))
    within_days = moments[-1].at - moments[0].at < 3 * DAY
    text = _hour if within_days else _day
    return HistoryChart(curve(moments, LOW, text), tuple(points))


def matrix_view(matrix: WinMatrix, *, is_counts: bool) -> MatrixView:
    """Shade the cells from 0, never wins, to HEAT, always wins, the stronger the more votes."""
    rows = tuple(tuple(map(_cell, row)) for row in matrix.cells)
    return MatrixView(matrix.models, rows, matrix.of, is_counts)


def usd_tick(value: float) -> str:
    """Format a price such as `$0.01`, with no more digits than it needs."""
    text = dollars(round(value * MICROS))
    whole, _, rest = text.partition(".")
    return f"{whole}.{rest.rstrip('0').ljust(2, '0')}"


def seconds_tick(value: float) -> str:
    """Format a duration such as `0.5 s`."""
    return f"{value:g}\N{NO-BREAK SPACE}s"


def _chart(
    key: str, title: str, axis: str, data: Scatter, text: Callable[[float], str], marked: str | None
) -> ScatterChart:
    rows = tuple(_row(key, p, is_marked=p.model.slug == marked) for p in data.points)
    spots = [_spot(p, row) for p, row in zip(data.points, rows, strict=True)]
    return ScatterChart(
        key,
        title,
        axis,
        _left_out(data),
        _draw(spots, text, is_whole=marked is None),
        rows,
        tuple(row for p, row in zip(data.points, rows, strict=True) if p.on_frontier),
    )


def _draw(spots: Sequence[Spot], text: Callable[[float], str], *, is_whole: bool) -> Plot | None:
    if not spots:
        return None
    return scatter(spots, WHOLE, text, is_whole=True) if is_whole else scatter(spots, TALL, text, NAMED)


def _row(key: str, p: ChartPoint, *, is_marked: bool) -> ScatterRow:
    sure = "retired" if p.is_retired else percent(p.frontier_chance)
    return ScatterRow(
        f"/models/{p.model.slug}",
        p.model.name,
        _exactly(key, p.x),
        f"{p.rating:.0f}",
        f"{p.rating_low:.0f}\N{EN DASH}{p.rating_high:.0f}",
        f"yes, {sure}" if p.on_frontier else sure,
        is_marked,
        p.basis,
    )


def _spot(p: ChartPoint, row: ScatterRow) -> Spot:
    title = f"{row.name}: {row.rating} Elo ({p.rating_low:.0f} to {p.rating_high:.0f}), {row.x}"
    title += f" ({p.basis})" if p.basis else ""
    title += ", retired" if p.is_retired else ""
    if p.on_frontier:
        title += f", on the frontier, {percent(p.frontier_chance)} sure to be there"
    values = p.x, p.rating, p.rating_low, p.rating_high
    return Spot(*values, row.name, title, row.href, p.on_frontier, row.is_marked, p.is_retired)


def _exactly(key: str, x: float) -> str:
    return dollars(round(x * MICROS)) if key == "price" else f"{x:.1f}\N{NO-BREAK SPACE}s"


def _left_out(data: Scatter) -> str:
    """Say what the chart leaves out and what it takes from lists, such as `1 model without pricing omitted`."""
    words = [f"{plural(data.omitted, 'model')} {data.reason}"] if data.omitted else []
    if data.listed:
        words.append(
            f"{data.listed} of {plural(len(data.points), 'price')} from a list, for lack of the images' own"
        )
    return "; ".join(words)


def _cell(battles: Battles | None) -> MatrixCell | None:
    if battles is None:
        return None
    score = battles.a_score
    if score is None:
        return MatrixCell(0, None, None, 0)
    sureness = bisect_right(SURE_FROM, battles.votes)
    return MatrixCell(battles.votes, round(score * 100), round(score * HEAT), sureness)


def _hour(at: float) -> str:
    when = datetime.fromtimestamp(at, UTC)
    return f"{when:%H:%M}, {when.day} {when:%b}"


def _day(at: float) -> str:
    when = datetime.fromtimestamp(at, UTC)
    return f"{when.day} {when:%b}"
