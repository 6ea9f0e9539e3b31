"""Where names of points go in a chart: beside their point, never over another name or point."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

FONT = 12
NARROW = frozenset("fijlrtI.,:;'|!()[]- /1")
WIDE = frozenset("mwMW@%")
GAP = 9
FAR = GAP + 5
FEW = 12
"""Points of a chart where every name is worth crossing an interval for."""
RADIUS = 6
SHARE = {"start": 0.0, "middle": 0.5, "end": 1.0}
"""Of a label's width, what lies left of its anchor."""


@dataclass(frozen=True)
class Box:
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


@dataclass(frozen=True)
class Label:
    """A name at its baseline; `anchor` as SVG's text-anchor. `box` is the room it takes."""

    text: str
    x: float
    y: float
    anchor: str
    box: Box


@dataclass(frozen=True)
class Point:
    """A point that wants its name shown; `top` and `bottom` are the ends of its interval."""

    name: str
    x: float
    y: float
    top: float
    bottom: float


Segment = tuple[tuple[float, float], tuple[float, float]]


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
    marks = [box for point in points for box in _marks(point)]
    whiskers = [Box(point.x - 2, point.top, point.x + 2, point.bottom) for point in points]
    crossed = [box for line in lines for box in _along(line)]
    placed: list[Label | None] = []
    for point in points:
        reach = _reach(point)
        taken = [box for box in (*marks, *(label.box for label in placed if label)) if reach.overlaps(box)]
        near = [box for box in whiskers if reach.overlaps(box)]
        on_lines = [box for box in crossed if reach.overlaps(box)]
        placed.append(
            _first_free(point, inside, [*taken, *near, *on_lines])
            or (_first_free(point, inside, [*taken, *near]) if on_lines else None)
            or (_first_free(point, inside, taken) if not placed or len(points) <= FEW else None)
        )
    return placed


def _reach(point: Point) -> Box:
    """All that any label of this point could touch; what lies outside need not be compared."""
    wide = width(point.name) + FAR
    return Box(point.x - wide, point.y - FAR - 14 - FONT, point.x + wide, point.y + FAR + 29)


def _first_free(point: Point, inside: Box, taken: Sequence[Box]) -> Label | None:
    wide = width(point.name)
    for x, y, anchor in _candidates(point):
        left, top, bottom = x - SHARE[anchor] * wide, y - FONT + 1, y + 3
        right = left + wide
        if not (inside.left <= left and right <= inside.right and inside.top <= top and bottom <= inside.bottom):
            continue
        for box in taken:
            if left < box.right and box.left < right and top < box.bottom and box.top < bottom:
                break
        else:
            return Label(point.name, round(x, 1), round(y, 1), anchor, Box(left, top, right, bottom))
    return None


def _candidates(point: Point) -> Iterator[tuple[float, float, str]]:
    """Baseline and anchor: right, left, above, below, then the corners, the nearest first."""
    for gap in (GAP, FAR):
        yield point.x + gap, point.y + 4, "start"
        yield point.x - gap, point.y + 4, "end"
        for up in (-gap - 1, gap + 10, -gap - 14, gap + 23):
            yield point.x, point.y + up, "middle"
            yield point.x + gap - 3, point.y + up + 3, "start"
            yield point.x - gap + 3, point.y + up + 3, "end"


def _marks(point: Point) -> Iterator[Box]:
    yield Box(point.x - RADIUS, point.y - RADIUS, point.x + RADIUS, point.y + RADIUS)


def _along(line: Segment) -> Iterator[Box]:
    """Small boxes that cover a straight line."""
    (x1, y1), (x2, y2) = line
    steps = max(1, int(max(abs(x2 - x1), abs(y2 - y1)) // 6))
    for step in range(steps):
        xs = sorted((x1 + (x2 - x1) * step / steps, x1 + (x2 - x1) * (step + 1) / steps))
        ys = sorted((y1 + (y2 - y1) * step / steps, y1 + (y2 - y1) * (step + 1) / steps))
        yield Box(xs[0] - 1, ys[0] - 1, xs[1] + 1, ys[1] + 1)
