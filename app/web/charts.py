"""The charts of the pages: what a room counted, drawn, with the sentence about what is left out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from app.catalog.pricing import dollars
from app.leaderboards.charts import ChartPoint, HistoryPoint, MatrixCell, Scatter, WinMatrix
from app.web.formats import percent, plural
from app.web.svg import Curve, Frame, Moment, Plot, Spot, curve, scatter

WIDE = Frame(620, 380)
NARROW = Frame(340, 330, left=36, right=8)
DAY = 86_400
HEAT = 10
"""Shades of the win matrix."""


@dataclass(frozen=True)
class ScatterChart:
    """Elo against something; drawn twice, for wide and for narrow windows. `rows` is the same as a table."""

    key: str
    title: str
    axis: str
    left_out: str
    plots: tuple[Plot, ...]
    rows: tuple["ScatterRow", ...]


class ScatterRow(NamedTuple):
    """A model of the chart in words; `x` as it is read."""

    point: ChartPoint
    x: str
    is_marked: bool


@dataclass(frozen=True)
class HistoryChart:
    """A rating over time."""

    curves: tuple[Curve, ...]
    points: tuple[HistoryPoint, ...]


@dataclass(frozen=True)
class MatrixView:
    """A win matrix as table rows of (cell, shade); the shade is None on the diagonal and where nobody voted."""

    matrix: WinMatrix
    rows: tuple[tuple[tuple[MatrixCell | None, int | None], ...], ...]


def price_chart(data: Scatter, marked: str | None = None) -> ScatterChart:
    """Elo against the lowest price of an image."""
    return _chart("price", "Elo against price", "US$ per image, log scale", data, usd_tick, marked)


def speed_chart(data: Scatter, marked: str | None = None) -> ScatterChart:
    """Elo against the median time of an image."""
    return _chart("speed", "Elo against speed", "seconds per image, log scale", data, seconds_tick, marked)


def history_chart(points: Sequence[HistoryPoint]) -> HistoryChart:
    """A model's rating over time; without drawings for fewer than two points."""
    moments = [Moment(p.at.timestamp(), p.rating, p.rating_low, p.rating_high) for p in points]
    if len({moment.at for moment in moments}) < 2:
        return HistoryChart((), tuple(points))
    within_days = moments[-1].at - moments[0].at < 3 * DAY
    text = _hour if within_days else _day
    frames = (Frame(620, 260), Frame(340, 240, left=36, right=8))
    return HistoryChart(tuple(curve(moments, frame, text) for frame in frames), tuple(points))


def matrix_view(matrix: WinMatrix) -> MatrixView:
    """Cells with a shade from 0, never wins, to HEAT, always wins."""
    return MatrixView(matrix, tuple(tuple((cell, _shade(cell)) for cell in row) for row in matrix.cells))


def usd_tick(value: float) -> str:
    """`$0.01`: no more digits than it needs."""
    text = dollars(round(value * 1_000_000))
    whole, _, rest = text.partition(".")
    return f"{whole}.{rest.rstrip('0').ljust(2, '0')}"


def seconds_tick(value: float) -> str:
    """`0.5 s`."""
    return f"{value:g}\N{NO-BREAK SPACE}s"


def _chart(
    key: str, title: str, axis: str, data: Scatter, text: Callable[[float], str], marked: str | None
) -> ScatterChart:
    rows = tuple(ScatterRow(p, _exactly(key, p.x), p.model.slug == marked) for p in data.points)
    spots = [_spot(row) for row in rows]
    return ScatterChart(
        key,
        title,
        axis,
        _left_out(data),
        tuple(scatter(spots, frame, text) for frame in (WIDE, NARROW)) if spots else (),
        rows,
    )


def _spot(row: ScatterRow) -> Spot:
    p = row.point
    place = ", on the frontier" if p.on_frontier else ""
    sure = f"{percent(p.frontier_chance)} sure to be there" if p.on_frontier else ""
    title = f"{p.model.name}: {p.rating:.0f} Elo ({p.rating_low:.0f} to {p.rating_high:.0f}), {row.x}{place}"
    return Spot(
        x=p.x,
        y=p.rating,
        low=p.rating_low,
        high=p.rating_high,
        name=p.model.name,
        title=f"{title}, {sure}" if sure else title,
        href=f"/models/{p.model.slug}",
        is_on_frontier=p.on_frontier,
        is_marked=row.is_marked,
    )


def _exactly(key: str, x: float) -> str:
    return dollars(round(x * 1_000_000)) if key == "price" else f"{x:.1f}\N{NO-BREAK SPACE}s"


def _left_out(data: Scatter) -> str:
    """`1 model without pricing omitted`, `24 models waiting for enough speed data`; empty for none."""
    return f"{plural(data.omitted, 'model')} {data.reason}" if data.omitted else ""


def _shade(cell: MatrixCell | None) -> int | None:
    if cell is None or cell.battles.a_score is None:
        return None
    return round(cell.battles.a_score * HEAT)


def _hour(at: float) -> str:
    when = datetime.fromtimestamp(at, UTC)
    return f"{when:%H:%M}, {when.day} {when:%b}"


def _day(at: float) -> str:
    when = datetime.fromtimestamp(at, UTC)
    return f"{when.day} {when:%b}"
