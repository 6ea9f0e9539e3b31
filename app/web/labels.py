"""The places of names in a chart: each beside its point, never over another name or point."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

FONT = 12
HEIGHT = FONT + 2
NARROW = frozenset("fijlrtI.,:;'|!()[]- /1")
WIDE = frozenset("mwMW@%")
GAP = 9
FAR = GAP + 5
CROSSES_LINE, CROSSES_INTERVAL, NO_ROOM = 1, 2, 3
FEW = 12
"""Points of a chart where every name is worth crossing an interval for."""
RADIUS, HALF_INTERVAL = 6, 2
SHARE = {"start": 0.0, "middle": 0.5, "end": 1.0}
"""The part of a label's width that lies left of its anchor."""


class Box(NamedTuple):
    """A rectangle in pixels."""

    left: float
    top: float
    right: float
    bottom: float


class Label(NamedTuple):
    """A name; `x` and `y` from its point to its baseline, `anchor` as SVG's text-anchor."""

    text: str
    x: float
    y: float
    anchor: str


class Point(NamedTuple):
    """A point that has a name; `top` and `bottom` are the ends of its interval."""

    name: str
    x: float
    y: float
    top: float
    bottom: float


class Room(NamedTuple):
    """The room that a label takes up: from `left` to `right` of its point at `x`, and down from `top`."""

    x: float
    left: float
    right: float
    top: float


Segment = tuple[tuple[float, float], tuple[float, float]]
Array = Any
"""numpy's, which is not imported to name it."""


def _places() -> Iterator[tuple[float, float, str]]:
    for gap in (GAP, FAR):
        yield gap, 4, "start"
        yield -gap, 4, "end"
        for up in (-gap - 1, gap + 10, -gap - 14, gap + 23):
            yield 0, up, "middle"
            yield gap - 3, up + 3, "start"
            yield 3 - gap, up + 3, "end"


PLACES = tuple(_places())
"""Baseline from the point, and anchor: right, left, above, below, then the corners, the nearest first."""


@lru_cache(maxsize=4096)
def width(text: str) -> float:
    """Estimate the pixels of a text in a usual sans serif, rather more than less."""
    ems = (0.36 if c in NARROW else 0.92 if c in WIDE else 0.72 if c.isupper() else 0.58 for c in text)
    return FONT * sum(ems)


def place(
    points: Sequence[Point], named: int, inside: Box, lines: Iterable[Segment] = (), stretch: float = 1
) -> list[Label | None]:
    """
    Place a label for each of the first `named` points, the first first; None where there is no room.

    Labels keep off every point and each other always, and off intervals and `lines` where they can: here, and
    however far the points are drawn apart sideways, up to `stretch` times.
    """
    if not points:
        return []
    faults = _faults(points, named, inside, lines, stretch)
    # A stable order: of places with the same fault the nearest.
    orders = faults.argsort(axis=1, kind="stable").tolist()
    fair, passable = ((faults <= most).sum(axis=1).tolist() for most in (CROSSES_LINE, CROSSES_INTERVAL))
    rooms: list[Room] = []
    placed: list[Label | None] = []
    for point, order, few, many in zip(points, orders, fair, passable, strict=False):
        possible = order[: many if not placed or len(points) <= FEW else few]
        found = next((at for at in possible if _is_free(_room(point, at), rooms, stretch)), None)
        placed.append(None if found is None else Label(point.name, *PLACES[found]))
        if found is not None:
            rooms.append(_room(point, found))
    return placed + [None] * (len(points) - len(placed))


def _room(point: Point, at: int) -> Room:
    """Return the room that the label of this point takes up at this place."""
    right, down, anchor = PLACES[at]
    wide = width(point.name)
    start = right - SHARE[anchor] * wide
    return Room(point.x, start, start + wide, point.y + down - FONT + 1)


def _is_free(wanted: Room, rooms: Iterable[Room], stretch: float) -> bool:
    """Tell whether the wanted room is clear of these others, however far apart their points are drawn."""
    x, left, right, top = wanted
    for its_x, its_left, its_right, its_top in rooms:
        if -HEIGHT < its_top - top < HEIGHT:
            near = its_x - x
            far = near * stretch
            if near > far:
                near, far = far, near
            if near + its_left < right and left < far + its_right:
                return False
    return True


def _faults(points: Sequence[Point], named: int, inside: Box, lines: Iterable[Segment], stretch: float) -> Array:
    """Return (named points, places): what is wrong with a label there."""
    import numpy as np  # noqa: PLC0415 (not every page draws a chart)

    wide = np.array([min(width(point.name), inside.right) for point in points[:named]])[:, None]
    x, y = np.array([(point.x, point.y) for point in points[:named]]).T[:, :, None]
    right, down, share = np.array([(dx, dy, SHARE[anchor]) for dx, dy, anchor in PLACES]).T
    start, top = right - share * wide, y + down - FONT + 1
    left, end = x + start, x + start + wide
    is_out = (left < inside.left) | (inside.right < end) | (top < inside.top) | (inside.bottom < top + HEIGHT)

    dots = [(p.x, RADIUS, p.y - RADIUS, p.y + RADIUS) for p in points]
    intervals = [(p.x, HALF_INTERVAL, p.top, p.bottom) for p in points]
    pieces = [piece for line in lines for piece in _along(line, stretch)]
    centre, half, its_top, its_bottom = np.array([*dots, *intervals, *pieces]).T[:, :, None, None]
    near = centre - x
    far = near * stretch
    hit = (its_top < top + HEIGHT) & (top < its_bottom)
    hit &= np.minimum(near, far) - half < start + wide
    hit &= np.maximum(near, far) + half > start
    many = len(points)
    on_points, on_intervals, on_lines = (
        part.any(axis=0) for part in (hit[:many], hit[many : 2 * many], hit[2 * many :])
    )
    crosses = np.where(on_intervals, CROSSES_INTERVAL, np.where(on_lines, CROSSES_LINE, 0))
    return np.where(is_out | on_points, NO_ROOM, crosses)


def _along(line: Segment, stretch: float) -> Iterator[tuple[float, float, float, float]]:
    """Cut a straight line into pieces that cover it: centre, half of the width, top and bottom."""
    (x1, y1), (x2, y2) = line
    steps = max(1, int(max(abs(x2 - x1), abs(y2 - y1)) // 6))
    wide, high = (x2 - x1) / steps, (y2 - y1) / steps
    for step in range(steps):
        x, y = x1 + wide * (step + 0.5), y1 + high * (step + 0.5)
        yield x, abs(wide) / 2 * stretch + 1, y - abs(high) / 2 - 1, y + abs(high) / 2 + 1
