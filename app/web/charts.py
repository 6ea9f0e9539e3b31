"""The charts of the pages: what a room counted, drawn, with the sentence about what is left out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from app.catalog.pricing import dollars
from app.leaderboards.views.boards import NamedModel
from app.leaderboards.views.charts import ChartPoint, HistoryPoint, Scatter, WinMatrix
from app.leaderboards.views.head_to_head import Battles
from app.web.formats import percent, plural
from app.web.svg import Curve, CurvePoint, Plot, Spot, curve, scatter

TALL, LOW = 290, 180
"""Pixels of what is drawn, without axes: points, and a rating over time."""
NAMED = 12
"""Names in a chart that is about one model: its own, the frontier's and the best, as far as there is room."""
DAY = 86_400
HEAT = 10
"""Shades of the win matrix."""


@dataclass(frozen=True)
class ScatterChart:
    """Elo against something, without a drawing where there is nothing to draw. `rows` is the same as a table."""

    key: str
    title: str
    axis: str
    left_out: str
    plot: Plot | None
    rows: tuple["ScatterRow", ...]


class ScatterRow(NamedTuple):
    """A model of the chart in words."""

    href: str
    name: str
    x: str
    rating: str
    interval: str
    frontier: str
    is_marked: bool


@dataclass(frozen=True)
class HistoryChart:
    """A rating over time, without a drawing for fewer than two moments."""

    curve: Curve | None
    points: tuple[HistoryPoint, ...]


class MatrixCell(NamedTuple):
    """Row against column: `share` of the points in per cent and its `shade`, 0 to HEAT; None before any vote."""

    votes: int
    share: int | None
    shade: int | None


@dataclass(frozen=True)
class MatrixView:
    """A win matrix as a table; None on the diagonal."""

    models: tuple[NamedModel, ...]
    rows: tuple[tuple[MatrixCell | None, ...], ...]


def price_chart(data: Scatter, marked: str | None = None) -> ScatterChart:
    """Draw Elo against the lowest price of an image."""
    return _chart("price", "Elo against price", "US$ per image, log scale", data, usd_tick, marked)


def speed_chart(data: Scatter, marked: str | None = None) -> ScatterChart:
    """Draw Elo against the median time of an image."""
    return _chart("speed", "Elo against speed", "seconds per image, log scale", data, seconds_tick, marked)


def history_chart(points: Sequence[HistoryPoint]) -> HistoryChart:
    """Draw a model's rating over time."""
    moments = [CurvePoint(p.at.timestamp(), p.rating, p.rating_low, p.rating_high) for p in points]
    if len({moment.at for moment in moments}) < 2:
        return HistoryChart(None, tuple(points))
    within_days = moments[-1].at - moments[0].at < 3 * DAY
    text = _hour if within_days else _day
    return HistoryChart(curve(moments, LOW, text), tuple(points))


def matrix_view(matrix: WinMatrix) -> MatrixView:
    """Shade the cells from 0, never wins, to HEAT, always wins."""
    return MatrixView(matrix.models, tuple(tuple(map(_cell, row)) for row in matrix.cells))


def usd_tick(value: float) -> str:
    """Format a price such as `$0.01`, with no more digits than it needs."""
    text = dollars(round(value * 1_000_000))
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
        scatter(spots, TALL, text, NAMED if marked else None) if spots else None,
        rows,
    )


def _row(key: str, p: ChartPoint, *, is_marked: bool) -> ScatterRow:
    sure = percent(p.frontier_chance)
    return ScatterRow(
        f"/models/{p.model.slug}",
        p.model.name,
        _exactly(key, p.x),
        f"{p.rating:.0f}",
        f"{p.rating_low:.0f}\N{EN DASH}{p.rating_high:.0f}",
        f"yes, {sure}" if p.on_frontier else sure,
        is_marked,
    )


def _spot(p: ChartPoint, row: ScatterRow) -> Spot:
    title = f"{row.name}: {row.rating} Elo ({p.rating_low:.0f} to {p.rating_high:.0f}), {row.x}"
    if p.on_frontier:
        title += f", on the frontier, {percent(p.frontier_chance)} sure to be there"
    return Spot(
        p.x, p.rating, p.rating_low, p.rating_high, row.name, title, row.href, p.on_frontier, row.is_marked
    )


def _exactly(key: str, x: float) -> str:
    return dollars(round(x * 1_000_000)) if key == "price" else f"{x:.1f}\N{NO-BREAK SPACE}s"


def _left_out(data: Scatter) -> str:
    """Say what the chart leaves out, such as `1 model without pricing omitted`; empty for nothing."""
    return f"{plural(data.omitted, 'model')} {data.reason}" if data.omitted else ""


def _cell(battles: Battles | None) -> MatrixCell | None:
    if battles is None:
        return None
    score = battles.a_score
    if score is None:
        return MatrixCell(0, None, None)
    return MatrixCell(battles.votes, round(score * 100), round(score * HEAT))


def _hour(at: float) -> str:
    when = datetime.fromtimestamp(at, UTC)
    return f"{when:%H:%M}, {when.day} {when:%b}"


def _day(at: float) -> str:
    when = datetime.fromtimestamp(at, UTC)
    return f"{when.day} {when:%b}"
