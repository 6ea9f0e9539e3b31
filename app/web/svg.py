"""Numbers to pixels: scales with round ticks, and the parts of a chart that a template draws as SVG."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from app.web.labels import Box, Label, Point, place

LINEAR_STEPS = (1, 2, 2.5, 5, 10)
LOG_TICKS = ((1, 2, 3, 5), (1, 2, 5), (1, 3), (1,))
TALL = 1.0
"""Intervals are drawn to at most this many spreads of the ratings beyond them."""
LEAST_SPREAD = 60.0


class Tick(NamedTuple):
    """A place on an axis, in pixels, and what stands there."""

    at: float
    text: str


@dataclass(frozen=True)
class Scale:
    """Values to pixels, from `start` to `end`; by their logarithm where `is_log`."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def at(self, value: float) -> float:
        """Pixels, never outside the scale."""
        low, length = self._ends
        share = (self._place(value) - low) / length
        inside = 0.0 if share < 0 else 1.0 if share > 1 else share
        return round(self.start + (self.end - self.start) * inside, 1)

    def ticks(self, text: Callable[[float], str], most: int) -> tuple[Tick, ...]:
        """Round values, at most so many."""
        values = log_ticks(self.low, self.high, most) if self.is_log else linear_ticks(self.low, self.high, most)
        return tuple(Tick(self.at(value), text(value)) for value in values)

    @cached_property
    def _ends(self) -> tuple[float, float]:
        low = self._place(self.low)
        return low, self._place(self.high) - low

    def _place(self, value: float) -> float:
        return math.log(max(value, self.low)) if self.is_log else value


@dataclass(frozen=True)
class Frame:
    """The size of a drawing and the room its axes take, in pixels."""

    width: int
    height: int
    left: int = 44
    right: int = 16
    top: int = 26
    bottom: int = 44

    @property
    def inner(self) -> Box:
        """Where points go."""
        return Box(self.left, self.top, self.width - self.right, self.height - self.bottom)


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


class Mark(NamedTuple):
    """A point in pixels; `top` and `bottom` are the ends of its interval."""

    x: float
    y: float
    top: float
    bottom: float
    spot: Spot
    label: Label | None


@dataclass(frozen=True)
class Plot:
    """A scatter plot: everything a template needs, and nothing to compute."""

    frame: Frame
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]
    frontier: str
    """Points of the polyline through the frontier; empty for fewer than two."""
    whiskers: str
    """The intervals as one path; `own_whisker` is that of the marked point, empty where none is."""
    own_whisker: str


class Moment(NamedTuple):
    """A value in time; `at` in seconds."""

    at: float
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """A value over time with the band of its interval."""

    frame: Frame
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    line: str
    band: str
    dots: tuple[tuple[float, float], ...]


def linear_ticks(low: float, high: float, most: int) -> list[float]:
    """Round values from low to high."""
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
    """Round values from low to high, such as 0.005, 0.01, 0.02."""
    for leads in LOG_TICKS:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        values = [round(lead * 10.0**power, 10) for power in powers for lead in leads]
        inside = [value for value in values if low <= value <= high]
        if len(inside) <= most:
            return inside or [low, high]
    return [low, high]


def scatter(spots: Sequence[Spot], frame: Frame, x_text: Callable[[float], str]) -> Plot:
    """
    Points on a logarithmic x; at least one.

    An x of 0 stands at the left edge. Names go to the marked point first, then to the frontier, then by rating.
    """
    inner = frame.inner
    x, y = _log_scale([s.x for s in spots], inner), _rating_scale(spots, inner)
    order = sorted(spots, key=lambda s: (not s.is_marked, not s.is_on_frontier, -s.y, s.name))
    points = [Point(s.name, x.at(s.x), y.at(s.y), y.at(s.high), y.at(s.low)) for s in order]
    edge = sorted((x.at(s.x), y.at(s.y)) for s in spots if s.is_on_frontier)
    room = Box(inner.left + 2, 4, frame.width - 2, inner.bottom - 2)
    labels = place(points, room, list(pairwise(edge)))
    marks = [Mark(p.x, p.y, p.top, p.bottom, s, label) for p, s, label in zip(points, order, labels, strict=True)]
    marks.sort(key=lambda mark: (mark.spot.is_marked, mark.x, mark.y))
    return Plot(
        frame,
        x.ticks(x_text, 4 + frame.width // 240),
        y.ticks(lambda value: f"{value:.0f}", 6),
        tuple(marks),
        path(edge) if len(edge) > 1 else "",
        _whiskers(mark for mark in marks if not mark.spot.is_marked),
        _whiskers(mark for mark in marks if mark.spot.is_marked),
    )


def curve(moments: Sequence[Moment], frame: Frame, x_text: Callable[[float], str]) -> Curve:
    """A line through at least two moments, oldest first, with its interval as a band."""
    inner = frame.inner
    x = Scale(moments[0].at, max(moments[-1].at, moments[0].at + 1), inner.left, inner.right)
    spots = [Spot(m.at, m.value, m.low, m.high, "", "", "") for m in moments]
    y = _rating_scale(spots, inner)
    upper = [(x.at(m.at), y.at(m.high)) for m in moments]
    lower = [(x.at(m.at), y.at(m.low)) for m in reversed(moments)]
    middle = [(x.at(m.at), y.at(m.value)) for m in moments]
    most = 2 + frame.width // 160
    times = [x.low + (x.high - x.low) * n / (most - 1) for n in range(most)]
    return Curve(
        frame,
        tuple(Tick(x.at(time), x_text(time)) for time in times),
        y.ticks(lambda value: f"{value:.0f}", 6),
        path(middle),
        path([*upper, *lower]),
        tuple(middle) if len(middle) <= 60 else (),
    )


def path(points: Iterable[tuple[float, float]]) -> str:
    """As the `points` of a polyline."""
    return " ".join(f"{x:g},{y:g}" for x, y in points)


def _whiskers(marks: Iterable[Mark]) -> str:
    return "".join(f"M{mark.x:g} {mark.top:g}V{mark.bottom:g}" for mark in marks)


def _log_scale(values: Sequence[float], inner: Box) -> Scale:
    above = [value for value in values if value > 0] or [1.0]
    # Room for at least a factor of three, so that two near values do not look far apart.
    spare = max(1.18, math.sqrt(3 / (max(above) / min(above))))
    free = 2 if min(values) <= 0 else 1
    # And room for a name to the right of the dearest.
    return Scale(min(above) / spare / free, max(above) * spare * 1.15, inner.left, inner.right, is_log=True)


def _rating_scale(spots: Sequence[Spot], inner: Box) -> Scale:
    """Holds the intervals, unless they are so long that nothing else could be seen."""
    low, high = min(s.y for s in spots), max(s.y for s in spots)
    reach = max((high - low) * TALL, LEAST_SPREAD)
    bottom = max(min(s.low for s in spots), low - reach)
    top = min(max(s.high for s in spots), high + reach)
    pad = max((top - bottom) * 0.04, 8)
    return Scale(min(bottom, low) - pad, max(top, high) + pad, inner.bottom, inner.top)
