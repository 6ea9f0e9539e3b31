"""A still life: a glass cube on a table with a ball inside, a book on top, a plant behind, light from a window."""

import math
from dataclasses import dataclass

from app.painter.brief import Brief
from app.painter.camera import Take, one_of
from app.painter.canvas import Canvas, Point
from app.painter.colour import NAMED, RGB, darker, lighter, mix

Solid = tuple[float, float, float]
FACES = (
    (0, 1, 3, 2),
    (4, 5, 7, 6),
    (0, 1, 5, 4),
    (2, 3, 7, 6),
    (0, 2, 6, 4),
    (1, 3, 7, 5),
)  # left right foot top front back
NORMALS: tuple[Solid, ...] = ((-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1))
WALLS: tuple[tuple[RGB, RGB, RGB], ...] = (
    ((226, 218, 204), (198, 186, 168), (150, 98, 58)),
    ((206, 214, 212), (168, 178, 178), (172, 122, 78)),
    ((232, 212, 186), (206, 176, 144), (122, 78, 50)),
    ((186, 194, 206), (142, 150, 166), (140, 96, 62)),
)


@dataclass(frozen=True, slots=True)
class Stage:
    """Perspective with y up, the table at y = 0 and lengths in cube sides; `yaw` and `pitch` in radians."""

    yaw: float
    pitch: float
    foot: Point = (0.5, 0.74)
    scale: float = 0.335

    def see(self, point: Solid) -> Point:
        x, y, z = self.turned(point)
        near = 6.2 / (6.2 + z)
        return self.foot[0] + x * near * self.scale, self.foot[1] - y * near * self.scale

    def turned(self, point: Solid) -> Solid:
        x, y, z = point
        x, z = x * math.cos(self.yaw) - z * math.sin(self.yaw), x * math.sin(self.yaw) + z * math.cos(self.yaw)
        return (
            x,
            y * math.cos(self.pitch) + z * math.sin(self.pitch),
            z * math.cos(self.pitch) - y * math.sin(self.pitch),
        )

    def world(self, across: float, away: float) -> Solid:
        """Locate the point of the table so far to the right of the middle and so far behind it, as seen."""
        cos, sin = math.cos(self.yaw), math.sin(self.yaw)
        return across * cos + away * sin, 0.0, away * cos - across * sin

    def faces(self, foot: Solid, sides: Solid, spin: float = 0.0) -> list[tuple[int, bool, list[Point]]]:
        """List the faces of a block whose base has its middle at `foot`: number, whether it faces us, corners."""
        corners = [self._corner(foot, sides, spin, i) for i in range(8)]
        out = []
        for number, face in enumerate(FACES):
            points = [self.see(corners[i]) for i in face]
            nx, ny, nz = NORMALS[number]
            normal = (nx * math.cos(spin) - nz * math.sin(spin), ny, nx * math.sin(spin) + nz * math.cos(spin))
            out.append((number, self.turned(normal)[2] < -0.02, points))
        return out

    def _corner(self, foot: Solid, sides: Solid, spin: float, i: int) -> Solid:
        """Return corner i of a block: bit 2 is x, bit 1 is y, bit 0 is z."""
        x, z = sides[0] * ((i >> 2 & 1) - 0.5), sides[2] * ((i & 1) - 0.5)
        x, z = x * math.cos(spin) - z * math.sin(spin), x * math.sin(spin) + z * math.cos(spin)
        return foot[0] + x, foot[1] + sides[1] * (i >> 1 & 1), foot[2] + z


def draw(canvas: Canvas, brief: Brief, take: Take) -> None:
    stage = Stage(yaw=math.radians(16 + 56 * take.layout), pitch=math.radians(17 + 12 * take.pose))
    wall, shade, wood = one_of(WALLS, take.palette)
    room(canvas, wall, shade, take)
    table(canvas, brief.colour_of("table", "desk") or wood, take)
    with canvas.named("the plant"):
        plant(canvas, stage, brief.colour_of("plant", "fern", "leaves") or (64, 132, 70), take)
    canvas.defocus(0.0045)
    cast(canvas, stage, take)
    glass(canvas, stage, take, behind=True)
    with canvas.named("the ball"):
        ball(canvas, stage, brief.colour_of("sphere", "ball", "orb", "marble", "globe") or NAMED["blue"], take)
    glass(canvas, stage, take, behind=False)
    with canvas.named("the book"):
        book(canvas, stage, brief.colour_of("book", "volume", "novel") or NAMED["red"], take)


def room(canvas: Canvas, wall: RGB, shade: RGB, take: Take) -> None:
    x0, y0, x1, y1 = canvas.bounds
    canvas.rect(wall, x0, y0, x1, y1, fade=shade, outline=False)
    side = take.lamp
    edge = x0 if side < 0 else x1
    canvas.glow((255, 246, 222), edge, 0.2, 1.15, 0.75)
    lean = 0.2 * -side
    for column in range(2):
        for row in range(2):
            x, y = 0.5 - side * (0.02 + 0.19 * column) + 0.02, 0.06 + 0.235 * row
            left, right = x - 0.085, x + 0.085
            canvas.poly(
                lighter(wall, 0.55),
                left, y, right, y + lean * 0.17, right, y + 0.215 + lean * 0.17, left, y + 0.215,
                alpha=0.55, outline=False,
            )  # fmt: skip
    frame(canvas, edge, side)


def frame(canvas: Canvas, edge: float, side: int) -> None:
    """Draw the window itself, seen at the border of the picture."""
    inward = -side
    canvas.rect((250, 250, 246), edge, -0.06, edge + inward * 0.1, 0.5, outline=True)
    for row in range(3):
        top = -0.04 + row * 0.18
        canvas.rect((214, 232, 244), edge, top, edge + inward * 0.078, top + 0.16, fade=(248, 246, 226))
    canvas.rect((236, 232, 222), edge, 0.49, edge + inward * 0.13, 0.515, shade="soft")


def table(canvas: Canvas, wood: RGB, take: Take) -> None:
    x0, _, x1, y1 = canvas.bounds
    top = 0.565
    canvas.rect(lighter(wood, 0.16), x0, top, x1, y1, fade=darker(wood, 0.25))
    for i in range(1, 6):
        y = top + (y1 - top) * (i / 6) ** 1.7
        canvas.line(darker(wood, 0.42), 0.0022 + 0.0006 * i, x0, y, x1, y, alpha=0.75)
    for _ in range(46):
        y = top + 0.012 + (y1 - top) * take.rng.random() ** 1.4
        x, length = take.rng.uniform(x0, x1), take.rng.uniform(0.05, 0.3)
        tone = darker(wood, 0.3) if take.rng.random() < 0.6 else lighter(wood, 0.25)
        canvas.bow(
            tone, 0.0016, x, y, x + length / 2, y + take.rng.uniform(-0.004, 0.004), x + length, y, alpha=0.5
        )
    canvas.glow((255, 236, 196), 0.5 + take.lamp * 0.36, 0.7, 0.5, 0.5, ry=0.16)


def plant(canvas: Canvas, stage: Stage, green: RGB, take: Take) -> None:
    x, y = stage.see(stage.world(0.46 if take.pose < 0.5 else -0.42, 1.12))
    canvas.shadow(x - take.lamp * 0.05, y + 0.005, 0.17, 0.035, 0.5)
    for i in range(13):
        spread = (i - 6) / 6
        reach = 0.27 + 0.14 * take.rng.random() - 0.07 * abs(spread)
        lean = spread * 0.27 + take.rng.uniform(-0.03, 0.03)
        leaf(
            canvas,
            (x, y - 0.12),
            (x + lean, y - 0.12 - reach + 0.12 * abs(spread) ** 2),
            mix(green, lighter(green, 0.35), take.rng.random()),
        )
    canvas.poly((196, 112, 78), x - 0.085, y - 0.135, x + 0.085, y - 0.135, x + 0.06, y, x - 0.06, y, shade="side")
    canvas.rect((206, 124, 88), x - 0.094, y - 0.155, x + 0.094, y - 0.115, r=0.008, shade="side")


def leaf(canvas: Canvas, foot: Point, tip: Point, green: RGB) -> None:
    """Draw a blade that bends outwards, with its midrib."""
    dx, dy = tip[0] - foot[0], tip[1] - foot[1]
    length = math.hypot(dx, dy)
    wx, wy = -dy / length * 0.026, dx / length * 0.026
    mx, my = foot[0] + dx * 0.42, foot[1] + dy * 0.62
    canvas.blob(
        green,
        foot[0], foot[1], mx + wx, my + wy, tip[0], tip[1], mx - wx, my - wy,
        shade="soft",
    )  # fmt: skip
    canvas.bow(darker(green, 0.3), 0.0025, *foot, mx, my, *tip)


def cast(canvas: Canvas, stage: Stage, take: Take) -> None:
    """Cast the cube's shadow away from the window, with a bright caustic in it."""
    away = -take.lamp
    base = [stage.see(point) for point in ((-0.5, 0, -0.5), (0.5, 0, -0.5), (0.5, 0, 0.5), (-0.5, 0, 0.5))]
    middle = sum(x for x, _ in base) / 4
    far = [(x + away * 0.2, y + 0.015) for x, y in base]
    low, high = max(y for _, y in base), min(y for _, y in base)
    edge = max(base, key=lambda point: away * point[0])
    tip = max(far, key=lambda point: away * point[0])
    near = min(base, key=lambda point: away * point[0])
    canvas.poly((40, 24, 18), *near, middle, low, *tip, middle + away * 0.2, high, alpha=0.34, outline=False)
    canvas.shadow(middle, (low + high) / 2 + 0.01, 0.25, 0.075, 0.55)
    canvas.glow((190, 216, 255), (edge[0] + tip[0]) / 2, tip[1] + 0.005, 0.085, 0.75, ry=0.024)


def glass(canvas: Canvas, stage: Stage, take: Take, *, behind: bool) -> None:
    """Draw a glass block: back faces tint what is behind, front faces reflect the window and have bright edges."""
    lit = 0 if take.lamp < 0 else 1
    for number, facing, points in stage.faces((0, 0, 0), (1, 1, 1)):
        if facing == behind:
            continue
        tint = (206, 232, 230) if number != 2 else (176, 206, 206)
        canvas.area(tint, points, alpha=0.17 if behind else 0.1, outline=False)
        if not behind and number in (lit, 4):
            reflection(canvas, points)
        outline = [*points, points[0]]
        canvas.trace(
            (236, 250, 248) if not behind else (176, 206, 204),
            0.0052 if not behind else 0.003,
            outline,
            alpha=0.92 if not behind else 0.7,
        )
        if not behind:
            canvas.trace((104, 150, 150), 0.0014, outline, alpha=0.8)


def reflection(canvas: Canvas, face: list[Point]) -> None:
    """Draw two slanted streaks inside a face, given by its corners in order."""

    def at(u: float, v: float) -> Point:
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = face
        top = ax + (bx - ax) * u, ay + (by - ay) * u
        foot = dx + (cx - dx) * u, dy + (cy - dy) * u
        return top[0] + (foot[0] - top[0]) * v, top[1] + (foot[1] - top[1]) * v

    for start, width in ((0.16, 0.13), (0.36, 0.05)):
        canvas.area(
            (255, 255, 255),
            [at(start, 0.06), at(start + width, 0.06), at(start + width + 0.22, 0.94), at(start + 0.22, 0.94)],
            alpha=0.3,
            outline=False,
        )


def ball(canvas: Canvas, stage: Stage, colour: RGB, take: Take) -> None:
    x, y = stage.see((0.02, 0.235, 0.0))
    foot = stage.see((0.02, 0.0, 0.0))
    r = 0.235 * stage.scale
    canvas.shadow(foot[0] - take.lamp * 0.03, foot[1] + 0.006, r * 1.25, r * 0.42, 0.85)
    canvas.oval(colour, x, y, r, shade="round")
    canvas.poly(
        (255, 255, 255),
        x + take.lamp * r * 0.52, y - r * 0.62, x + take.lamp * r * 0.24, y - r * 0.68,
        x + take.lamp * r * 0.22, y - r * 0.4, x + take.lamp * r * 0.5, y - r * 0.34,
        alpha=0.75, outline=False,
    )  # fmt: skip


def book(canvas: Canvas, stage: Stage, colour: RGB, take: Take) -> None:
    spin = math.radians(-18 + 36 * take.pose)
    size = (0.94, 0.15, 0.72)
    light = {
        3: colour,
        4: darker(colour, 0.22),
        0: darker(colour, 0.12),
        1: darker(colour, 0.38),
        5: darker(colour, 0.4),
    }
    spine = 4
    for number, facing, points in stage.faces((0.0, 1.0, 0.0), size, spin):
        if not facing:
            continue
        if number in (spine, 3):
            canvas.area(light[number], points, shade="soft" if number == 3 else "")
        else:
            pages(canvas, points, darker(colour, 0.25))
        if number == spine:
            band(canvas, points)
        if number == 3:
            canvas.trace(
                mix(colour, (240, 204, 120), 0.7), 0.003, [*shrunk(points, 0.14), shrunk(points, 0.14)[0]]
            )


def pages(canvas: Canvas, points: list[Point], cover: RGB) -> None:
    canvas.area(cover, points)
    inner = shrunk(points, 0.03, 0.2)
    canvas.area((240, 230, 206), inner)
    for i in range(1, 5):
        left = (
            blend(inner[0], inner[3], i / 5)
            if abs(inner[0][1] - inner[3][1]) > abs(inner[0][1] - inner[1][1])
            else blend(inner[0], inner[1], i / 5)
        )
        right = (
            blend(inner[1], inner[2], i / 5)
            if abs(inner[0][1] - inner[3][1]) > abs(inner[0][1] - inner[1][1])
            else blend(inner[3], inner[2], i / 5)
        )
        canvas.line((196, 182, 152), 0.0014, *left, *right)


def band(canvas: Canvas, points: list[Point]) -> None:
    """Draw two gilt lines across the spine."""
    for share in (0.1, 0.16, 0.84, 0.9):
        along = abs(points[0][0] - points[1][0]) > abs(points[0][0] - points[3][0])
        a, b = (
            (blend(points[0], points[1], share), blend(points[3], points[2], share))
            if along
            else (blend(points[0], points[3], share), blend(points[1], points[2], share))
        )
        canvas.line((236, 200, 112), 0.003, *a, *b)


def blend(one: Point, other: Point, share: float) -> Point:
    return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share


def shrunk(points: list[Point], across: float, down: float | None = None) -> list[Point]:
    """Shrink points towards the middle by that share, `down` by another vertically."""
    cx, cy = sum(x for x, _ in points) / 4, sum(y for _, y in points) / 4
    keep = 1 - (across if down is None else down)
    return [(cx + (x - cx) * (1 - across), cy + (y - cy) * keep) for x, y in points]
