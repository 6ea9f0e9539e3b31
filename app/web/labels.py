"""Places the names in a chart: each beside its point, never over another name or point."""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

FONT = 12
HEIGHT = FONT + 2
NARROW = frozenset("fijlrtI.,:;'|!()[]- /1")
WIDE = frozenset("mwMW@%")
GAP = 9
FAR = GAP + 5
CLEAR, CROSSES_LINE, CROSSES_INTERVAL, ON_POINT, OUTSIDE = range(5)
PENALTIES = (0.0, 2.0, 7.0, 30.0)
"""How much each fault weighs against distance: a ring further away weighs 3."""
RINGS = (24, 38, 54, 74, 98, 128)
"""Pixels from a point to a name that is led to it by a line."""
ANGLES = (90, 60, 120, 30, 150, 0, 180, -30, -150, -60, -120, -90)
LONGEST = 24
"""Letters beyond which a name may be cut where it has no room."""
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
    """
    A name; `x` and `y` from its point to its baseline, `anchor` as SVG's text-anchor.

    `leader` is the end of the line from the point to a name that stands far off; None beside the point.
    """

    text: str
    x: float
    y: float
    anchor: str
    leader: tuple[float, float] | None = None


class Point(NamedTuple):
    """
    A point that has a name; `top` and `bottom` are the ends of its interval.

    `mark` is a number that stands for the name where it has no room.
    """

    name: str
    x: float
    y: float
    top: float
    bottom: float
    mark: str = ""


class Room(NamedTuple):
    """The room that a label takes up: from `left` to `right` of its point at `x`, and down from `top`."""

    x: float
    left: float
    right: float
    top: float


Segment = tuple[tuple[float, float], tuple[float, float]]
Array = Any
"""numpy's, which is not imported to name it."""


class LabelPlace(NamedTuple):
    """A place of a name beside its point: its baseline, its anchor, and how far from ideal it is."""

    x: float
    y: float
    anchor: str
    cost: float
    leader: tuple[float, float] | None = None


def _beside() -> Iterator[LabelPlace]:
    """List places beside a point: right, left, above, below, then the corners, the nearest first."""
    offsets: list[tuple[float, float, str]] = []
    for gap in (GAP, FAR):
        offsets += [(gap, 4, "start"), (-gap, 4, "end")]
        for up in (-gap - 1, gap + 10, -gap - 14, gap + 23):
            offsets += [(0, up, "middle"), (gap - 3, up + 3, "start"), (3 - gap, up + 3, "end")]
    return (LabelPlace(*offset, number / 10) for number, offset in enumerate(offsets))


def _around() -> Iterator[LabelPlace]:
    """List places further off, in rings; above is best, where no dot of a frontier lies."""
    for ring, away in enumerate(RINGS):
        for turn, angle in enumerate(ANGLES):
            x, y = away * math.cos(math.radians(angle)), -away * math.sin(math.radians(angle))
            anchor = "middle" if abs(x) < away / 4 else "start" if x > 0 else "end"
            ends = round(x, 1), round(y, 1)
            down = -3 if y < -away / 4 else FONT if y > away / 4 else 4
            aside = {"start": 3, "middle": 0, "end": -3}[anchor]
            yield LabelPlace(ends[0] + aside, ends[1] + down, anchor, 4 + 3 * ring + turn / 10, ends)


BESIDE = tuple(_beside())
ANYWHERE = (*BESIDE, *_around())


# A chart's names are asked for again and again; badges and ratings are new texts with every run of a board.
@lru_cache(maxsize=512)
def width(text: str) -> float:
    """Estimate the pixels of a text in a usual sans serif, rather more than less."""
    ems = (0.36 if c in NARROW else 0.92 if c in WIDE else 0.72 if c.isupper() else 0.58 for c in text)
    return FONT * sum(ems)


def place(
    points: Sequence[Point],
    named: int,
    inside: Box,
    lines: Iterable[Segment] = (),
    stretch: float = 1,
    sure: int = 0,
) -> list[Label | None]:
    """
    Place a label for each of the first `named` points, the first first; None where there is no room.

    The first `sure` points are labelled in any case that leaves room for their marks: by name, further off on a
    line if need be, else by a shortened name, else by their mark. Labels keep off each other always, off points
    but for those marks, and off intervals and `lines` where they can: here, and however far the points are drawn
    apart sideways, up to `stretch` times.
    """
    if not points:
        return []
    drawn = _Drawing(inside, _obstacles(points, lines, stretch), stretch, [])
    first = points[:sure]
    faults = drawn.faults(first, [point.name for point in first], anywhere=True)
    placed = [drawn.insist(point, found) for point, found in zip(first, faults, strict=True)]
    few, rest = len(points) <= FEW, points[sure:named]
    faults = drawn.faults(rest, [point.name for point in rest])
    for point, found in zip(rest, faults, strict=True):
        most = CROSSES_INTERVAL if few or not drawn.rooms else CROSSES_LINE
        placed.append(drawn.put(point, point.name, BESIDE, found, most))
    return placed + [None] * (len(points) - len(placed))


class Obstacles(NamedTuple):
    """List what labels keep off: centre, half the width, top, bottom of each, (4, all); `kinds` is its fault."""

    boxes: Array
    kinds: Array


class _Drawing(NamedTuple):
    """A drawing with the labels that it has so far."""

    inside: Box
    obstacles: Obstacles
    stretch: float
    rooms: list[Room]

    def insist(self, point: Point, faults: Sequence[int]) -> Label | None:
        """Label a point by its name, whose faults anywhere these are, by what fits of it, or by its mark."""
        label = self.put(point, point.name, ANYWHERE, faults, CROSSES_INTERVAL) if point.name else None
        return label or self._shorten(point)

    def _shorten(self, point: Point) -> Label | None:
        """Label a point whose name has no room by what fits of it, else by its mark."""
        short = f"{point.name[: LONGEST - 4].rstrip()}\N{HORIZONTAL ELLIPSIS}" if len(point.name) > LONGEST else ""
        for text, most in ((short, CROSSES_INTERVAL), (point.mark, ON_POINT)):
            if text:
                (found,) = self.faults([point], [text], anywhere=True)
                label = self.put(point, text, ANYWHERE, found, most)
                if label:
                    return label
        return self._squeeze(point) if point.mark else None

    def put(
        self, point: Point, text: str, places: Sequence[LabelPlace], faults: Sequence[int], most: int
    ) -> Label | None:
        """Put a text at the best free place with no worse a fault."""
        costs = [(places[at].cost + PENALTIES[fault], at) for at, fault in enumerate(faults) if fault <= most]
        for _, at in sorted(costs):
            room = _room(point, text, places[at])
            if _is_free(room, self.rooms, self.stretch):
                self.rooms.append(room)
                return Label(text, *places[at][:3], places[at].leader)
        return None

    def _squeeze(self, point: Point) -> Label | None:
        """Put a mark at the nearest spot of the drawing that no other label takes."""
        wide = width(point.mark)
        spots = [
            (self.inside.left + wide / 2 + column * (wide + 2) - point.x, row * HEIGHT + HEIGHT - point.y)
            for column in range(int((self.inside.right - self.inside.left) // (wide + 2)))
            for row in range(int(self.inside.bottom // HEIGHT))
        ]
        spots.sort(key=lambda spot: math.hypot(*spot))
        places = [
            LabelPlace(round(x, 1), round(y, 1), "middle", number, (x, y)) for number, (x, y) in enumerate(spots)
        ]
        return self.put(point, point.mark, places, [CLEAR] * len(places), CLEAR)

    def faults(self, points: Sequence[Point], texts: Sequence[str], *, anywhere: bool = False) -> list[list[int]]:
        """Return what is wrong with each text at each place of its point, BESIDE or ANYWHERE: (points, places)."""
        import numpy as np  # noqa: PLC0415 (not every page draws a chart)

        if not points:
            return []
        wide = np.array([width(text) for text in texts])[:, None]
        x, y = np.array([(point.x, point.y) for point in points]).T[:, :, None]
        right, down, share = _offsets(anywhere)
        start, top = right - share * wide, y + down - FONT + 1
        left, end, inside = x + start, x + start + wide, self.inside
        out = (left < inside.left) | (inside.right < end) | (top < inside.top) | (inside.bottom < top + HEIGHT)
        centre, half, its_top, its_bottom = self.obstacles.boxes[:, :, None, None]
        near = centre - x
        far = near * self.stretch
        hit = (its_top < top + HEIGHT) & (top < its_bottom)
        hit &= np.minimum(near, far) - half < start + wide
        hit &= np.maximum(near, far) + half > start
        worst = (hit * self.obstacles.kinds[:, None, None]).max(axis=0)
        found: list[list[int]] = np.where(out, OUTSIDE, worst).tolist()
        return found


@lru_cache(maxsize=2)
def _offsets(anywhere: bool) -> Array:
    """Return the places as numbers, (3, places): across, down, and the part of a label left of its anchor."""
    import numpy as np  # noqa: PLC0415 (not every page draws a chart)

    return np.array([(at.x, at.y, SHARE[at.anchor]) for at in (ANYWHERE if anywhere else BESIDE)]).T


def _room(point: Point, text: str, at: LabelPlace) -> Room:
    """Return the room that this text takes up at this place of a point."""
    wide = width(text)
    start = at.x - SHARE[at.anchor] * wide
    return Room(point.x, start, start + wide, point.y + at.y - FONT + 1)


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


def _obstacles(points: Sequence[Point], lines: Iterable[Segment], stretch: float) -> Obstacles:
    import numpy as np  # noqa: PLC0415 (not every page draws a chart)

    dots = [(p.x, RADIUS, p.y - RADIUS, p.y + RADIUS) for p in points]
    intervals = [(p.x, HALF_INTERVAL, p.top, p.bottom) for p in points]
    pieces = [piece for line in lines for piece in _along(line, stretch)]
    kinds = [ON_POINT] * len(dots) + [CROSSES_INTERVAL] * len(intervals) + [CROSSES_LINE] * len(pieces)
    return Obstacles(np.array([*dots, *intervals, *pieces]).T, np.array(kinds, dtype=np.uint8))


def _along(line: Segment, stretch: float) -> Iterator[tuple[float, float, float, float]]:
    """Cut a straight line into pieces that cover it: centre, half of the width, top and bottom."""
    (x1, y1), (x2, y2) = line
    steps = max(1, int(max(abs(x2 - x1), abs(y2 - y1)) // 6))
    wide, high = (x2 - x1) / steps, (y2 - y1) / steps
    for step in range(steps):
        x, y = x1 + wide * (step + 0.5), y1 + high * (step + 0.5)
        yield x, abs(wide) / 2 * stretch + 1, y - abs(high) / 2 - 1, y + abs(high) / 2 + 1
