"""
What a scene draws on: a list of marks in picture coordinates, rendered later by a style.

The middle square of a picture is (0, 0) to (1, 1), x to the right and y down; a wide picture shows more to the
sides, a tall one more above and below. A `Canvas` knows the camera and the box it draws in, so that a thing is
drawn once, in its own unit square.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from app.painter.colour import RGB, WHITE
from app.painter.lettering import legible, width_of

Point = tuple[float, float]
Affine = tuple[float, float, float, float, float, float]
"""x' = a x + b y + c, y' = d x + e y + f."""
Box = tuple[float, float, float, float]
"""A box as x0, y0, x1, y1."""
IDENTITY: Affine = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class Fill:
    """
    A closed area. `shade` names a light map of `shading.MAPS`, "" for none; `fade` is the colour at the foot
    of its box when it runs from one to another.
    """

    points: tuple[Point, ...]
    colour: RGB
    shade: str = ""
    fade: RGB | None = None
    alpha: float = 1.0
    outline: bool = True
    part: str = ""


@dataclass(frozen=True, slots=True)
class Stroke:
    """An open line; `width` is a share of the picture's shorter side."""

    points: tuple[Point, ...]
    width: float
    colour: RGB
    alpha: float = 1.0
    part: str = ""


@dataclass(frozen=True, slots=True)
class Glow:
    """A soft spot that brightens (a lamp) or, when `dark`, dims (a shadow)."""

    centre: Point
    radii: Point
    colour: RGB
    strength: float
    dark: bool = False
    hard: bool = False
    part: str = ""


@dataclass(frozen=True, slots=True)
class Lettering:
    """
    One line of text around `centre`; `size` is the font's em as a share of the shorter side, `angle` is in
    degrees clockwise, `weight` thickens the strokes by a share of the em.
    """

    text: str
    centre: Point
    size: float
    colour: RGB
    weight: float = 0.0
    tracking: float = 0.0
    angle: float = 0.0
    part: str = ""


@dataclass(frozen=True, slots=True)
class Defocus:
    """A mark that puts all before it out of focus, by `radius` as a share of the shorter side."""

    radius: float
    part: str = ""


Mark = Fill | Stroke | Glow | Lettering | Defocus


def compose(outer: Affine, inner: Affine) -> Affine:
    a, b, c, d, e, f = outer
    g, h, i, j, k, m = inner
    return a * g + b * j, a * h + b * k, a * i + b * m + c, d * g + e * j, d * h + e * k, d * i + e * m + f


def inverse(matrix: Affine) -> Affine:
    a, b, c, d, e, f = matrix
    det = a * e - b * d
    return e / det, -b / det, (b * f - c * e) / det, -d / det, a / det, (c * d - a * f) / det


def smooth(points: Sequence[Point], *, closed: bool = True, steps: int = 6) -> list[Point]:
    """Draw a Catmull-Rom curve through the points."""
    n = len(points)
    out: list[Point] = []
    for i in range(n if closed else n - 1):
        p0, p1, p2, p3 = (_at(points, i + k, closed=closed) for k in (-1, 0, 1, 2))
        out += [_between(p0, p1, p2, p3, step / steps) for step in range(steps)]
    return out if closed else [*out, points[-1]]


def _at(points: Sequence[Point], i: int, *, closed: bool) -> Point:
    return points[i % len(points)] if closed else points[min(max(i, 0), len(points) - 1)]


def _between(p0: Point, p1: Point, p2: Point, p3: Point, t: float) -> Point:
    weights = (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, -(t**2) + t**3)
    x = sum(w * p[0] for w, p in zip(weights, (p0, p1, p2, p3), strict=True)) / 2
    y = sum(w * p[1] for w, p in zip(weights, (p0, p1, p2, p3), strict=True)) / 2
    return x, y


def ring(centre: Point, radii: Point, *, start: float = 0.0, end: float = 360.0, tilt: float = 0.0) -> list[Point]:
    """List points on an ellipse; degrees run clockwise from the right."""
    steps = max(8, min(72, round(14 + 130 * max(abs(radii[0]), abs(radii[1]))))) * (end - start) / 360
    count = max(4, round(steps))
    last = count - 1 if end - start >= 360 else count
    cos, sin = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
    out = []
    for i in range(last + 1):
        angle = math.radians(start + (end - start) * i / count)
        x, y = radii[0] * math.cos(angle), radii[1] * math.sin(angle)
        out.append((centre[0] + x * cos - y * sin, centre[1] + x * sin + y * cos))
    return out


def pairs(numbers: Sequence[float]) -> list[Point]:
    return list(zip(numbers[::2], numbers[1::2], strict=True))


@dataclass(slots=True)
class Canvas:
    """`frame` is the visible box in picture coordinates."""

    frame: Box
    view: Affine = IDENTITY
    marks: list[Mark] = field(default_factory=list)
    part: str = ""

    @property
    def bounds(self) -> Box:
        """Return the visible box in the coordinates drawn in now, with a little to spare."""
        x0, y0, x1, y1 = self.frame
        a, b, c, d, e, f = inverse(self.view)
        corners = [(a * x + b * y + c, d * x + e * y + f) for x in (x0, x1) for y in (y0, y1)]
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        pad = 0.02
        return min(xs) - pad, min(ys) - pad, max(xs) + pad, max(ys) + pad

    @property
    def scale(self) -> float:
        a, b, _, d, e, _ = self.view
        return math.sqrt(abs(a * e - b * d))

    @contextmanager
    def named(self, part: str) -> Iterator[None]:
        """Give marks made inside this name; a nested name goes below the outer one, joined by a slash."""
        before = self.part
        self.part = f"{before}/{part}" if before else part
        yield
        self.part = before

    @contextmanager
    def inside(
        self,
        x: float,
        y: float,
        width: float,
        height: float | None = None,
        *,
        flip: bool = False,
        turn: float = 0.0,
    ) -> Iterator[None]:
        """Draw in the unit square of the box at (x, y); `turn` is in degrees clockwise about its centre."""
        before, h = self.view, width if height is None else height
        box: Affine = (-width, 0, x + width, 0, h, y) if flip else (width, 0, x, 0, h, y)
        cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        cx, cy = x + width / 2, y + h / 2
        about: Affine = (cos, -sin, cx - cos * cx + sin * cy, sin, cos, cy - sin * cx - cos * cy)
        self.view = compose(before, compose(about, box))
        yield
        self.view = before

    def _see(self, points: Sequence[Point]) -> tuple[Point, ...]:
        a, b, c, d, e, f = self.view
        return tuple((a * x + b * y + c, d * x + e * y + f) for x, y in points)

    def area(
        self,
        colour: RGB,
        points: Sequence[Point],
        *,
        shade: str = "",
        fade: RGB | None = None,
        alpha: float = 1.0,
        outline: bool = True,
    ) -> None:
        self.marks.append(Fill(self._see(points), colour, shade, fade, alpha, outline, self.part))

    def poly(
        self, colour: RGB, *numbers: float, shade: str = "", alpha: float = 1.0, outline: bool = True
    ) -> None:
        self.area(colour, pairs(numbers), shade=shade, alpha=alpha, outline=outline)

    def blob(
        self, colour: RGB, *numbers: float, shade: str = "", alpha: float = 1.0, outline: bool = True
    ) -> None:
        """Add a smooth closed shape through the given points."""
        self.area(colour, smooth(pairs(numbers)), shade=shade, alpha=alpha, outline=outline)

    def oval(
        self,
        colour: RGB,
        x: float,
        y: float,
        rx: float,
        ry: float | None = None,
        *,
        shade: str = "",
        tilt: float = 0.0,
        alpha: float = 1.0,
        outline: bool = True,
    ) -> None:
        points = ring((x, y), (rx, rx if ry is None else ry), tilt=tilt)
        self.area(colour, points, shade=shade, alpha=alpha, outline=outline)

    def rect(
        self,
        colour: RGB,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        *,
        r: float = 0.0,
        shade: str = "",
        fade: RGB | None = None,
        outline: bool = True,
    ) -> None:
        self.area(colour, rounded(x0, y0, x1, y1, r), shade=shade, fade=fade, outline=outline)

    def line(self, colour: RGB, width: float, *numbers: float, alpha: float = 1.0) -> None:
        self.trace(colour, width, pairs(numbers), alpha=alpha)

    def bow(self, colour: RGB, width: float, *numbers: float, alpha: float = 1.0) -> None:
        """Add a smooth open line through the given points."""
        self.trace(colour, width, smooth(pairs(numbers), closed=False), alpha=alpha)

    def trace(self, colour: RGB, width: float, points: Sequence[Point], *, alpha: float = 1.0) -> None:
        self.marks.append(Stroke(self._see(points), width * self.scale, colour, alpha, self.part))

    def hoop(
        self,
        colour: RGB,
        width: float,
        x: float,
        y: float,
        rx: float,
        ry: float | None = None,
        *,
        start: float = 0.0,
        end: float = 360.0,
        tilt: float = 0.0,
        alpha: float = 1.0,
    ) -> None:
        points = ring((x, y), (rx, rx if ry is None else ry), start=start, end=end, tilt=tilt)
        self.trace(colour, width, [*points, points[0]] if end - start >= 360 else points, alpha=alpha)

    def glow(
        self, colour: RGB, x: float, y: float, r: float, strength: float = 0.7, *, ry: float | None = None
    ) -> None:
        self._spot(colour, (x, y), (r, r if ry is None else ry), strength)

    def bokeh(self, colour: RGB, x: float, y: float, r: float, strength: float = 0.5) -> None:
        """Add an unfocused point of light: a disc, brighter at its rim."""
        self._spot(colour, (x, y), (r, r), strength, hard=True)

    def shadow(self, x: float, y: float, rx: float, ry: float, strength: float = 0.5) -> None:
        self._spot((14, 10, 24), (x, y), (rx, ry), strength, dark=True)

    def _spot(
        self, colour: RGB, at: Point, radii: Point, strength: float, *, dark: bool = False, hard: bool = False
    ) -> None:
        (centre,) = self._see([at])
        a, b, _, d, e, _ = self.view
        scaled = (math.hypot(a, d) * radii[0], math.hypot(b, e) * radii[1])
        self.marks.append(Glow(centre, scaled, colour, strength, dark, hard, self.part))

    def text(
        self,
        words: str,
        x: float,
        y: float,
        size: float,
        colour: RGB = WHITE,
        *,
        fit: float | None = None,
        weight: float = 0.0,
        tracking: float = 0.0,
        align: str = "middle",
        angle: float = 0.0,
    ) -> float:
        """
        Write a line of text and return the width taken; it shrinks to `fit` when that is narrower.
        `align` is where x lies: left, middle or right. Mirrored views turn the place of a text, never its letters.
        """
        shown = legible(words)
        if not shown:
            return 0.0
        natural = width_of(shown, tracking) * size
        size *= min(1.0, fit / natural) if fit is not None else 1.0
        width = width_of(shown, tracking) * size
        x += {"left": width / 2, "middle": 0.0, "right": -width / 2}[align]
        (centre,) = self._see([(x, y)])
        a, _, _, d, _, _ = self.view
        slope = math.degrees(math.atan2(d, a)) if a >= 0 else math.degrees(math.atan2(-d, -a))
        self.marks.append(
            Lettering(shown, centre, size * self.scale, colour, weight, tracking, angle + slope, self.part)
        )
        return width

    def arch(
        self, words: str, x: float, y: float, radius: float, size: float, colour: RGB, *, weight: float = 0.0
    ) -> None:
        """Write text along the top of a circle around (x, y)."""
        shown, gap = legible(words), 0.12
        turn = math.degrees(size / radius)
        angle = -width_of(shown, gap) * turn / 2
        for letter in shown:
            step = (width_of(letter, 0.0) + gap) * turn
            where = math.radians(angle + step / 2)
            self.text(
                letter,
                x + radius * math.sin(where),
                y - radius * math.cos(where),
                size,
                colour,
                weight=weight,
                angle=angle + step / 2,
            )
            angle += step

    def defocus(self, radius: float) -> None:
        self.marks.append(Defocus(radius * self.scale, self.part))


def rounded(x0: float, y0: float, x1: float, y1: float, r: float) -> list[Point]:
    r = min(r, abs(x1 - x0) / 2, abs(y1 - y0) / 2)
    if r <= 0:
        return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    out: list[Point] = []
    for cx, cy, start in ((x1 - r, y0 + r, 270), (x1 - r, y1 - r, 0), (x0 + r, y1 - r, 90), (x0 + r, y0 + r, 180)):
        out += [
            (cx + r * math.cos(math.radians(start + 15 * i)), cy + r * math.sin(math.radians(start + 15 * i)))
            for i in range(7)
        ]
    return out
