"""Where names of points go in a chart: beside their point, never over another name or point."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

FONT = 12
NARROW = frozenset("fijlrtI.,:;'|!()[]- /1")
WIDE = frozenset("mwMW@%")
GAP = 9
FAR = GAP + 5
CROSSES_LINE, CROSSES_INTERVAL, NO_ROOM = 1, 2, 3
FEW = 12
"""Points of a chart where every name is worth crossing an interval for."""
RADIUS = 6
SHARE = {"start": 0.0, "middle": 0.5, "end": 1.0}
"""Of a label's width, what lies left of its anchor."""


class Box(NamedTuple):
    """A rectangle in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        """Whether they share any area."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


class Label(NamedTuple):
    """A name at its baseline; `anchor` as SVG's text-anchor. `box` is the room it takes."""

    text: str
    x: float
    y: float
    anchor: str
    box: Box


class Point(NamedTuple):
    """A point that wants its name shown; `top` and `bottom` are the ends of its interval."""

    name: str
    x: float
    y: float
    top: float
    bottom: float


Segment = tuple[tuple[float, float], tuple[float, float]]
Edges = tuple[float, float, float, float]
"""What a Box holds, where there are thousands of them."""


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
    """Pixels of a text in a usual sans serif, rather more than less."""
    ems = (0.36 if c in NARROW else 0.92 if c in WIDE else 0.72 if c.isupper() else 0.58 for c in text)
    return FONT * sum(ems)


def place(points: Sequence[Point], inside: Box, lines: Iterable[Segment] = ()) -> list[Label | None]:
    """
    A label for each point, the first points first; None where there is no room.

    Labels keep off every point and each other always, and off intervals and `lines` where they can.
    """
    names: list[Edges] = []
    placed: list[Label | None] = []
    for point, faults in zip(points, _faults(points, inside, lines) if points else (), strict=True):
        most = CROSSES_INTERVAL if not placed or len(points) <= FEW else CROSSES_LINE
        possible = [at for at in range(len(PLACES)) if faults[at] <= most]
        # Sorting is stable: of places with the same fault the nearest.
        order = sorted(possible, key=faults.__getitem__)
        found = next((at for at in order if _is_free(_box(point, at), names)), None)
        placed.append(None if found is None else _label(point, found))
        if found is not None:
            names.append(_box(point, found))
    return placed


def _faults(points: Sequence[Point], inside: Box, lines: Iterable[Segment]) -> list[list[int]]:
    """What is wrong with a label of each point at each place."""
    import numpy as np  # noqa: PLC0415 (not every page draws a chart)

    x, y, wide = np.array([(point.x, point.y, width(point.name)) for point in points]).T[:, :, None]
    right, down, share = np.array([(dx, dy, SHARE[anchor]) for dx, dy, anchor in PLACES]).T
    left, top = x + right - share * wide, y + down - FONT + 1
    end, bottom = left + wide, top + FONT + 2

    def touch(others: Iterable[Edges]) -> Any:
        starts, tops, ends, bottoms = np.array(list(others)).reshape(-1, 4).T[:, :, None, None]
        return ((left < ends) & (starts < end) & (top < bottoms) & (tops < bottom)).any(axis=0)

    is_out = (left < inside.left) | (inside.right < end) | (top < inside.top) | (inside.bottom < bottom)
    on_points = touch((p.x - RADIUS, p.y - RADIUS, p.x + RADIUS, p.y + RADIUS) for p in points)
    on_intervals = touch((p.x - 2, p.top, p.x + 2, p.bottom) for p in points)
    on_lines = touch(box for line in lines for box in _along(line))
    faults = np.select([is_out | on_points, on_intervals, on_lines], [NO_ROOM, CROSSES_INTERVAL, CROSSES_LINE])
    found: list[list[int]] = faults.tolist()
    return found


def _is_free(box: Edges, names: Iterable[Edges]) -> bool:
    left, top, right, bottom = box
    for its_left, its_top, its_right, its_bottom in names:
        if its_left < right and left < its_right and its_top < bottom and top < its_bottom:
            return False
    return True


def _box(point: Point, at: int) -> Edges:
    right, down, anchor = PLACES[at]
    wide = width(point.name)
    left, top = point.x + right - SHARE[anchor] * wide, point.y + down - FONT + 1
    return left, top, left + wide, top + FONT + 2


def _label(point: Point, at: int) -> Label:
    right, down, anchor = PLACES[at]
    return Label(point.name, round(point.x + right, 1), round(point.y + down, 1), anchor, Box(*_box(point, at)))


def _along(line: Segment) -> Iterator[Edges]:
    """Small boxes that cover a straight line."""
    (x1, y1), (x2, y2) = line
    steps = max(1, int(max(abs(x2 - x1), abs(y2 - y1)) // 6))
    for step in range(steps):
        xs = sorted((x1 + (x2 - x1) * step / steps, x1 + (x2 - x1) * (step + 1) / steps))
        ys = sorted((y1 + (y2 - y1) * step / steps, y1 + (y2 - y1) * (step + 1) / steps))
        yield xs[0] - 1, ys[0] - 1, xs[1] + 1, ys[1] + 1
