"""Computes charts in pixels: scales with round ticks, and the parts that a template draws as SVG."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from app.web.labels import Box, Label, Point, place

ACROSS = 100
"""Places across a drawing are per cent of its width, which is the window's affair; those down it are pixels."""
NARROWEST, WIDEST = 224, 700
"""Pixels of that width, the first in a window of 320: names that are free there stay so up to the widest."""
WHOLE = 630, 1144
"""Pixels of a drawing that has a window of 769 or more for itself; in narrower ones numbers stand for names."""
HEADROOM, BESIDE = 22, 12
"""Pixels above and to the right of a drawing where names may stand."""
LINEAR_STEPS = (1, 2, 2.5, 5, 10)
LOG_TICKS = ((1, 2, 3, 5), (1, 2, 5), (1, 3), (1,))
TALL = 1.0
"""Intervals are drawn to at most this many spreads of the ratings beyond them."""
LEAST_SPREAD = 60.0


class Tick(NamedTuple):
    """A place on an axis and what stands there."""

    at: float
    text: str


@dataclass(frozen=True)
class Scale:
    """Values to places, from `start` to `end`; by their logarithm where `is_log`."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def at(self, values: Sequence[float]) -> list[float]:
        """Place each value, never outside the scale."""
        import numpy as np  # noqa: PLC0415 (not every page draws a chart)

        wanted = np.maximum([self.low, self.high, *values], self.low)
        places = np.log(wanted) if self.is_log else wanted
        shares = np.minimum((places[2:] - places[0]) / (places[1] - places[0]), 1)
        found: list[float] = (self.start + (self.end - self.start) * shares).round(1).tolist()
        return found

    def ticks(self, text: Callable[[float], str], most: int) -> tuple[Tick, ...]:
        """Choose round values, at most so many."""
        values = log_ticks(self.low, self.high, most) if self.is_log else linear_ticks(self.low, self.high, most)
        return tuple(Tick(at, text(value)) for at, value in zip(self.at(values), values, strict=True))


class Spot(NamedTuple):
    """A point to draw, in values; `name` labels it, `title` says all."""

    x: float
    y: float
    low: float
    high: float
    name: str
    title: str
    href: str
    is_on_frontier: bool = False
    is_marked: bool = False
    is_retired: bool = False


class Mark(NamedTuple):
    """
    A point in its place; `top` and `bottom` are the ends of its interval.

    `tag` is its number on the frontier, for windows where names have no room; None in a chart with one layout.
    """

    x: float
    y: float
    top: float
    bottom: float
    spot: Spot
    label: Label | None
    tag: Label | None = None


@dataclass(frozen=True)
class Plot:
    """A scatter plot: everything a template needs, and nothing to compute."""

    height: int
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]
    frontier: str
    """Points of the polyline through the frontier; empty for fewer than two."""
    whiskers: str
    """The intervals as one path; `own_whisker` is that of the marked point, empty where none is."""
    own_whisker: str
    is_whole: bool = False

    @property
    def numbered(self) -> tuple[Mark, ...]:
        """List the marks of the frontier whose names had no room, by their numbers."""
        marks = [mark for mark in self.marks if mark.label and mark.label.text != mark.spot.name]
        numbered = [mark for mark in marks if mark.label and mark.label.text.isdigit()]
        return tuple(sorted(numbered, key=lambda mark: (mark.spot.x, mark.spot.y)))


class CurvePoint(NamedTuple):
    """A value in time; `at` in seconds."""

    at: float
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """A value over time with the band of its interval."""

    height: int
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    line: str
    band: str
    dots: tuple[tuple[float, float], ...]


def linear_ticks(low: float, high: float, most: int) -> list[float]:
    """Choose round values from low to high."""
    if high <= low:
        return [low]
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    for step in (s * power * tens for tens in (1, 10) for s in LINEAR_STEPS):
        first = math.ceil(round(low / step, 9))
        values = [n * step for n in range(first, math.floor(round(high / step, 9)) + 1)]
        if len(values) <= most:
            return [round(value, 10) for value in values]
    return [low]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Choose round values from low to high, such as 0.005, 0.01, 0.02."""
    for leads in LOG_TICKS:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        values = [round(lead * 10.0**power, 10) for power in powers for lead in leads]
        inside = [value for value in values if low <= value <= high]
        if len(inside) <= most:
            return inside or [low, high]
    return [low, high]


def scatter(
    spots: Sequence[Spot],
    height: int,
    x_text: Callable[[float], str],
    named: int | None = None,
    *,
    is_whole: bool = False,
    is_log: bool = True,
) -> Plot:
    """
    Plot points on a logarithmic x, or an even one; at least one.

    An x of 0 stands at the left edge. The marked point and the frontier are always named, by numbers where names
    have no room; the others by rating, up to `named` in all, where there is room. A drawing that `is_whole` has
    the window's width for itself, and a layout of numbers for narrow windows.
    """
    x = (_log_scale if is_log else _even_scale)([s.x for s in spots])
    y = _rating_scale(spots, height)
    order = sorted(spots, key=lambda s: (not s.is_marked, not s.is_on_frontier, -s.y, s.name))
    down = y.at([value for s in order for value in (s.y, s.high, s.low)])
    places = list(zip(x.at([s.x for s in order]), down[::3], down[1::3], down[2::3], strict=True))
    labels, tags = _labels(order, places, height, named, is_whole=is_whole)
    marks = [Mark(*at, s, label, tag) for at, s, label, tag in zip(places, order, labels, tags, strict=True)]
    marks.sort(key=lambda mark: (mark.spot.is_marked, mark.spot.is_on_frontier, mark.x, mark.y))
    edge = sorted((mark.x, mark.y) for mark in marks if mark.spot.is_on_frontier)
    return Plot(
        height,
        x.ticks(x_text, 5),
        y.ticks(lambda value: f"{value:.0f}", 6),
        tuple(marks),
        path(edge) if len(edge) > 1 else "",
        _whiskers(mark for mark in marks if not mark.spot.is_marked),
        _whiskers(mark for mark in marks if mark.spot.is_marked),
        is_whole,
    )


def curve(moments: Sequence[CurvePoint], height: int, x_text: Callable[[float], str]) -> Curve:
    """Plot a line through at least two moments, oldest first, with its interval as a band."""
    times, values, lows, highs = zip(*moments, strict=True)
    x = Scale(times[0], max(times[-1], times[0] + 1), 0, ACROSS)
    y = _rating_scale([Spot(*moment, "", "", "") for moment in moments], height)
    across = x.at(times)
    upper, middle, lower = (list(zip(across, y.at(those), strict=True)) for those in (highs, values, lows))
    ticks = [x.low, (x.low + x.high) / 2, x.high]
    return Curve(
        height,
        tuple(Tick(at, x_text(time)) for at, time in zip(x.at(ticks), ticks, strict=True)),
        y.ticks(lambda value: f"{value:.0f}", 6),
        path(middle),
        path([*upper, *reversed(lower)]),
        tuple(middle) if len(middle) <= 60 else (),
    )


def path(points: Iterable[tuple[float, float]]) -> str:
    """Write points as the `points` of a polyline."""
    return " ".join(f"{x:g},{y:g}" for x, y in points)


def _whiskers(marks: Iterable[Mark]) -> str:
    return "".join(f"M{mark.x:g} {mark.top:g}V{mark.bottom:g}" for mark in marks)


def _labels(
    order: Sequence[Spot], places: Sequence[tuple[float, ...]], height: int, named: int | None, *, is_whole: bool
) -> tuple[list[Label | None], list[Label | None]]:
    """Place names and, in a drawing that is whole, the frontier's numbers for narrow windows."""
    number = _numbers(order)
    sure = sum(s.is_on_frontier or s.is_marked for s in order)
    names = [(s.name, number.get(s, "")) for s in order]
    labels = _place(names, order, places, height, WHOLE if is_whole else (NARROWEST, WIDEST), sure, named)
    if not is_whole:
        return labels, [None] * len(order)
    marks = [(number.get(s, ""),) * 2 for s in order]
    return labels, _place(marks, order, places, height, (NARROWEST, WIDEST), sure, sure)


def _numbers(spots: Sequence[Spot]) -> dict[Spot, str]:
    """Give each spot on the frontier its number by rising x, from 1."""
    frontier = sorted((s for s in spots if s.is_on_frontier), key=lambda s: (s.x, s.y))
    return {s: str(number) for number, s in enumerate(frontier, 1)}


def _place(
    texts: Sequence[tuple[str, str]],
    order: Sequence[Spot],
    places: Sequence[tuple[float, ...]],
    height: int,
    span: tuple[int, int],
    sure: int,
    named: int | None,
) -> list[Label | None]:
    """Place names, and the marks that stand for them, where a drawing is `span` pixels wide."""
    unit, stretch = span[0] / ACROSS, span[1] / span[0]
    points = [
        Point(name, x * unit, y, top, bottom, mark)
        for (name, mark), (x, y, top, bottom) in zip(texts, places, strict=True)
    ]
    edge = sorted((p.x, p.y) for p, s in zip(points, order, strict=True) if s.is_on_frontier)
    room = Box(2, -HEADROOM, span[0] + BESIDE, height - 2)
    most = len(points) if named is None else max(named, sure)
    return place(points, most, room, pairwise(edge), stretch, sure)


def _log_scale(values: Sequence[float]) -> Scale:
    above = [value for value in values if value > 0] or [1.0]
    # Room for at least a factor of three, so that two near values do not look far apart.
    spare = max(1.18, math.sqrt(3 / (max(above) / min(above))))
    free = 2 if min(values) <= 0 else 1
    # And room for a name to the right of the dearest.
    return Scale(min(above) / spare / free, max(above) * spare * 1.15, 0, ACROSS, is_log=True)


def _even_scale(values: Sequence[float]) -> Scale:
    low, high = min(values), max(values)
    pad = max((high - low) * 0.08, 15)
    # Room for a name to the right of the last.
    return Scale(low - pad, high + 2 * pad, 0, ACROSS)


def _rating_scale(spots: Sequence[Spot], height: int) -> Scale:
    """Fit a scale to the intervals, unless they are so long that nothing else could be seen."""
    low, high = min(s.y for s in spots), max(s.y for s in spots)
    reach = max((high - low) * TALL, LEAST_SPREAD)
    bottom = max(min(s.low for s in spots), low - reach)
    top = min(max(s.high for s in spots), high + reach)
    pad = max((top - bottom) * 0.04, 8)
    return Scale(min(bottom, low) - pad, max(top, high) + pad, height, 0)
