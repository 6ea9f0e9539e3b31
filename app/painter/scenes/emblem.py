"""A vintage house mark: a cloche with steam, a ribbon with the year, the name in or under a ring."""

import math
from dataclasses import dataclass

from app.painter.brief import Brief
from app.painter.camera import Take, one_of
from app.painter.canvas import Canvas, Point, ring, smooth
from app.painter.colour import RGB, darker, lighter, mix


@dataclass(frozen=True, slots=True)
class Tones:
    ink: RGB
    paper: RGB
    warm: RGB


TONES: tuple[Tones, ...] = (
    Tones((84, 46, 28), (246, 234, 208), (150, 96, 54)),
    Tones((64, 38, 26), (240, 224, 196), (168, 110, 62)),
    Tones((110, 58, 34), (250, 240, 220), (184, 126, 74)),
    Tones((72, 50, 36), (236, 220, 186), (140, 92, 48)),
    Tones((244, 230, 202), (78, 44, 28), (206, 156, 98)),
)


def draw(canvas: Canvas, brief: Brief, take: Take) -> None:
    tones = one_of(TONES, take.palette)
    paper(canvas, tones, take)
    name, year = words(brief)
    arrangement = one_of((ringed, arched, plate, sunburst), take.layout)
    arrangement(canvas, tones, name, year, take)


def words(brief: Brief) -> tuple[str, str]:
    """Return the name and the ribbon's line: the first quote with a year, else one of a year of founding."""
    years = [quote for quote in brief.quotes if any(sign.isdigit() for sign in quote)]
    names = [quote for quote in brief.quotes if quote not in years]
    return (names[0] if names else "Maison"), (years[0] if years else names[1] if len(names) > 1 else "Est. 1920")


def paper(canvas: Canvas, tones: Tones, take: Take) -> None:
    x0, y0, x1, y1 = canvas.bounds
    canvas.rect(lighter(tones.paper, 0.12), x0, y0, x1, y1, fade=darker(tones.paper, 0.06), outline=False)
    for _ in range(round(420 * min(3.0, (x1 - x0) * (y1 - y0)))):
        x, y = float(take.rng.uniform(x0, x1)), float(take.rng.uniform(y0, y1))
        r, a = float(take.rng.uniform(0.0008, 0.0022)), float(take.rng.uniform(0, 3.1))
        canvas.line(
            mix(tones.paper, tones.ink, 0.2), r, x, y, x + 4 * r * math.cos(a), y + 4 * r * math.sin(a), alpha=0.55
        )


def ringed(canvas: Canvas, tones: Tones, name: str, year: str, _take: Take) -> None:
    """Draw a double ring of dots with the ribbon across its foot and the name below."""
    double_ring(canvas, tones, 0.5, 0.42, 0.345)
    dots(canvas, tones, 0.5, 0.42, 0.326, 44)
    with canvas.inside(0.25, 0.13, 0.5):
        cloche(canvas, tones)
    ribbon(canvas, tones, year, 0.5, 0.645, 0.52, 0.082)
    canvas.text(name, 0.5, 0.865, 0.118, tones.ink, fit=0.78, weight=0.012)
    flourish(canvas, tones, 0.5, 0.95, 0.3)


def arched(canvas: Canvas, tones: Tones, name: str, year: str, _take: Take) -> None:
    """Draw the name along the inside of a scalloped seal."""
    scallop(canvas, tones.ink, 0.5, 0.5, 0.445, 40)
    canvas.oval(tones.paper, 0.5, 0.5, 0.418)
    canvas.hoop(tones.ink, 0.006, 0.5, 0.5, 0.402)
    canvas.hoop(tones.ink, 0.004, 0.5, 0.5, 0.272, start=158, end=382)
    canvas.arch(name, 0.5, 0.5, 0.328, min(0.098, 1.05 / max(6, len(name))), tones.ink, weight=0.014)
    with canvas.inside(0.305, 0.27, 0.39):
        cloche(canvas, tones)
    ribbon(canvas, tones, year, 0.5, 0.685, 0.62, 0.088)
    for side in (-1, 1):
        star(canvas, tones.ink, 0.5 + side * 0.335, 0.53, 0.022)
        cutlery(canvas, tones, 0.5, 0.81, side)


def plate(canvas: Canvas, tones: Tones, name: str, year: str, _take: Take) -> None:
    """Draw a framed label: cloche above, name in the middle between rules, laurels at the foot."""
    for inset, width in ((0.075, 0.009), (0.095, 0.0035)):
        canvas.trace(tones.ink, width, notched(inset))
    with canvas.inside(0.285, 0.105, 0.43):
        cloche(canvas, tones)
    for y in (0.575, 0.755):
        rule(canvas, tones, y, 0.35)
    canvas.text(name, 0.5, 0.665, 0.128, tones.ink, fit=0.72, weight=0.02)
    ribbon(canvas, tones, year, 0.5, 0.842, 0.4, 0.07)
    for side in (-1, 1):
        laurel(canvas, tones, 0.5 + side * 0.225, 0.47, side)


def sunburst(canvas: Canvas, tones: Tones, name: str, year: str, _take: Take) -> None:
    """Draw rays rising behind the cloche over a wide ribbon, with the name large below."""
    for i in range(25):
        angle = math.radians(180 + 7.5 * i)
        inner, outer = 0.3, 0.375 + (0.035 if i % 2 else 0.0)
        canvas.line(
            tones.warm if i % 2 else tones.ink, 0.0055,
            0.5 + inner * math.cos(angle), 0.5 + inner * math.sin(angle),
            0.5 + outer * math.cos(angle), 0.5 + outer * math.sin(angle),
        )  # fmt: skip
    canvas.hoop(tones.ink, 0.005, 0.5, 0.5, 0.285, start=180, end=360)
    with canvas.inside(0.29, 0.165, 0.42):
        cloche(canvas, tones)
    ribbon(canvas, tones, year, 0.5, 0.585, 0.66, 0.095)
    canvas.text(name, 0.5, 0.775, 0.142, tones.ink, fit=0.86, weight=0.016)
    for side in (-1, 1):
        canvas.line(tones.ink, 0.004, 0.5 + side * 0.045, 0.905, 0.5 + side * 0.26, 0.905)
        canvas.oval(tones.warm, 0.5 + side * 0.275, 0.905, 0.007)
    star(canvas, tones.ink, 0.5, 0.905, 0.02)


def double_ring(canvas: Canvas, tones: Tones, x: float, y: float, r: float) -> None:
    canvas.oval(tones.ink, x, y, r)
    canvas.oval(lighter(tones.paper, 0.1), x, y, r - 0.009)
    canvas.hoop(tones.ink, 0.0032, x, y, r - 0.036)


def dots(canvas: Canvas, tones: Tones, x: float, y: float, r: float, count: int) -> None:
    for i in range(count):
        angle = 2 * math.pi * i / count
        canvas.oval(tones.ink, x + r * math.cos(angle), y + r * math.sin(angle), 0.0045, outline=False)


def scallop(canvas: Canvas, colour: RGB, x: float, y: float, r: float, count: int) -> None:
    points = [
        (
            x + (r + 0.012 * math.cos(i * math.pi)) * math.cos(math.pi * i / count),
            y + (r + 0.012 * math.cos(i * math.pi)) * math.sin(math.pi * i / count),
        )
        for i in range(2 * count)
    ]
    canvas.area(colour, smooth(points, steps=4))


def notched(inset: float) -> list[Point]:
    """Return the points of a closed frame with concave corners."""
    low, high, r = inset, 1 - inset, 0.06
    points: list[Point] = []
    for cx, cy, start in ((low, low, 90), (high, low, 180), (high, high, 270), (low, high, 360)):
        points += [
            (cx + r * math.cos(math.radians(start - 15 * i)), cy + r * math.sin(math.radians(start - 15 * i)))
            for i in range(7)
        ]
    return [*points, points[0]]


def cloche(canvas: Canvas, tones: Tones) -> None:
    """Draw a cloche in a unit square: steam, knob, dome with a highlight, tray."""
    body = tones.ink
    for i, x in enumerate((0.36, 0.5, 0.64)):
        lift = 0.03 if i == 1 else 0.0
        canvas.bow(
            tones.warm, 0.02, x, 0.31 - lift, x - 0.045, 0.245 - lift, x + 0.03, 0.17 - lift, x - 0.02,
            0.09 - lift, x + 0.02, 0.03 - lift,
        )  # fmt: skip
    canvas.oval(body, 0.5, 0.39, 0.042, 0.042)
    canvas.rect(body, 0.475, 0.42, 0.525, 0.46)
    dome = ring((0.5, 0.79), (0.37, 0.35), start=180, end=360)
    canvas.area(body, dome)
    inner = ring((0.5, 0.79), (0.325, 0.305), start=180, end=360)
    canvas.area(tones.warm, inner, shade="round")
    canvas.hoop(
        lighter(tones.paper, 0.3) if tones.paper[0] > 120 else tones.ink, 0.02, 0.5, 0.79, 0.255, 0.235,
        start=200, end=252,
    )  # fmt: skip
    for i in range(9):
        angle = math.radians(290 + 8 * i)
        canvas.line(
            body, 0.006,
            0.5 + 0.31 * math.cos(angle), 0.79 + 0.29 * math.sin(angle),
            0.5 + 0.27 * math.cos(angle), 0.79 + 0.25 * math.sin(angle),
        )  # fmt: skip
    canvas.rect(body, 0.07, 0.805, 0.93, 0.855, r=0.025)
    canvas.rect(body, 0.2, 0.872, 0.8, 0.892, r=0.01)


def ribbon(
    canvas: Canvas, tones: Tones, words_on_it: str, x: float, y: float, width: float, height: float
) -> None:
    half, h = width / 2, height / 2
    fold, tail = darker(tones.ink, 0.35) if tones.ink[0] < 140 else darker(tones.ink, 0.28), width * 0.16
    for side in (-1, 1):
        end = x + side * (half + tail)
        canvas.poly(
            fold,
            x + side * (half - 0.05), y - h + 0.022, end, y - h + 0.022, end - side * tail * 0.45,
            y + 0.022, end, y + h + 0.022,
            x + side * (half - 0.05), y + h + 0.022,
        )  # fmt: skip
        canvas.poly(
            darker(fold, 0.4), x + side * half, y + h, x + side * (half - 0.05), y + h,
            x + side * (half - 0.05), y + h + 0.022,
        )  # fmt: skip
    canvas.rect(tones.ink, x - half, y - h, x + half, y + h)
    for edge in (-1, 1):
        canvas.line(
            tones.paper, 0.003, x - half + 0.014, y + edge * (h - 0.011), x + half - 0.014, y + edge * (h - 0.011)
        )
    canvas.text(words_on_it, x, y, height * 0.56, tones.paper, fit=width * 0.84, tracking=0.06, weight=0.01)


def flourish(canvas: Canvas, tones: Tones, x: float, y: float, reach: float) -> None:
    for side in (-1, 1):
        canvas.line(tones.ink, 0.0035, x + side * 0.03, y, x + side * reach, y)
        canvas.oval(tones.ink, x + side * (reach + 0.012), y, 0.006)
    canvas.poly(tones.ink, x, y - 0.016, x + 0.016, y, x, y + 0.016, x - 0.016, y)


def rule(canvas: Canvas, tones: Tones, y: float, reach: float) -> None:
    canvas.line(tones.ink, 0.006, 0.5 - reach, y, 0.5 + reach, y)
    canvas.line(tones.ink, 0.002, 0.5 - reach, y + 0.012, 0.5 + reach, y + 0.012)


def star(canvas: Canvas, colour: RGB, x: float, y: float, r: float) -> None:
    points = [
        (
            x + (r if i % 2 == 0 else r * 0.42) * math.sin(math.pi * i / 5),
            y - (r if i % 2 == 0 else r * 0.42) * math.cos(math.pi * i / 5),
        )
        for i in range(10)
    ]
    canvas.area(colour, points)


def laurel(canvas: Canvas, tones: Tones, x: float, y: float, side: int) -> None:
    """Draw a twig of leaves that curves upwards and outwards."""
    with canvas.inside(x - 0.09, y - 0.09, 0.18, flip=side < 0):
        stem = [(0.1, 0.95), (0.5, 0.8), (0.75, 0.5), (0.8, 0.1)]
        canvas.trace(tones.ink, 0.025, smooth(stem, closed=False))
        for i in range(6):
            u = 0.12 + 0.15 * i
            px, py = _along(stem, u)
            for way in (-1, 1):
                canvas.oval(
                    tones.warm if way > 0 else tones.ink,
                    px + way * 0.09,
                    py - 0.06 - 0.02 * way,
                    0.095,
                    0.038,
                    tilt=-62 + way * (38 - 6 * i) + 8 * i,
                )


def _along(points: list[Point], share: float) -> Point:
    curve = smooth(points, closed=False, steps=12)
    return curve[min(len(curve) - 1, int(share * len(curve)))]


def cutlery(canvas: Canvas, tones: Tones, x: float, y: float, side: int) -> None:
    """Draw one of two crossed pieces: a fork on one side, a knife on the other."""
    with canvas.inside(x - 0.07, y - 0.07, 0.14, turn=side * 42):
        canvas.rect(tones.ink, 0.46, 0.3, 0.54, 1.0, r=0.04)
        if side < 0:
            for dx in (-0.1, 0.0, 0.1):
                canvas.rect(tones.ink, 0.475 + dx, 0.0, 0.525 + dx, 0.24, r=0.02)
            canvas.rect(tones.ink, 0.375, 0.2, 0.625, 0.32, r=0.06)
        else:
            canvas.blob(tones.ink, 0.46, 0.4, 0.45, 0.1, 0.5, 0.0, 0.58, 0.12, 0.56, 0.4)
