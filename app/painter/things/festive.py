"""The festive things that people like to put into a picture, each in a unit square that stands at 1."""

import math

import numpy as np

from app.painter.canvas import Canvas
from app.painter.colour import RGB, darker, lighter


def balloon(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.bow((120, 112, 108), 0.012, 0.5, 0.68, 0.46, 0.78, 0.53, 0.88, 0.49, 0.99)
    canvas.blob(
        tone, 0.5, 0.02, 0.76, 0.09, 0.86, 0.3, 0.75, 0.52, 0.5, 0.67, 0.25, 0.52, 0.14, 0.3, 0.24, 0.09,
        shade="round",
    )  # fmt: skip
    canvas.poly(darker(tone, 0.2), 0.5, 0.65, 0.555, 0.715, 0.445, 0.715)
    canvas.oval(lighter(tone, 0.75), 0.35, 0.22, 0.05, 0.1, tilt=28, alpha=0.7, outline=False)


def hot_air_balloon(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    for x in (0.4, 0.47, 0.53, 0.6):
        canvas.line((110, 84, 60), 0.008, x + (x - 0.5) * 0.6, 0.66, x, 0.85)
    canvas.blob(
        tone, 0.5, 0.02, 0.8, 0.12, 0.92, 0.34, 0.78, 0.56, 0.6, 0.7, 0.4, 0.7, 0.22, 0.56, 0.08, 0.34, 0.2,
        0.12, shade="round",
    )  # fmt: skip
    canvas.blob(
        (250, 236, 206), 0.5, 0.02, 0.62, 0.14, 0.67, 0.34, 0.62, 0.56, 0.55, 0.7, 0.45, 0.7, 0.38, 0.56, 0.33,
        0.34, 0.38, 0.14, alpha=0.85, outline=False, shade="round",
    )  # fmt: skip
    canvas.blob(
        tone, 0.5, 0.02, 0.55, 0.14, 0.57, 0.34, 0.55, 0.56, 0.52, 0.7, 0.48, 0.7, 0.45, 0.56, 0.43, 0.34, 0.45,
        0.14, outline=False, shade="round",
    )  # fmt: skip
    canvas.rect((150, 98, 56), 0.4, 0.85, 0.6, 0.98, r=0.02, shade="side")


def crown(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.poly(
        tone, 0.06, 0.28, 0.27, 0.56, 0.5, 0.12, 0.73, 0.56, 0.94, 0.28, 0.86, 0.95, 0.14, 0.95, shade="metal"
    )
    canvas.rect(darker(tone, 0.16), 0.14, 0.82, 0.86, 0.96, r=0.03, shade="side")
    for x, y, gem in ((0.06, 0.26, tone), (0.5, 0.1, tone), (0.94, 0.26, tone)):
        canvas.oval(lighter(gem, 0.2), x, y, 0.055, shade="round")
    for x, gem in ((0.28, (60, 120, 210)), (0.5, (206, 44, 60)), (0.72, (60, 120, 210))):
        canvas.oval(gem, x, 0.89, 0.045, 0.05, shade="round")


def heart(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    points = []
    for i in range(48):
        t = 2 * math.pi * i / 48
        x = 16 * math.sin(t) ** 3
        y = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
        points.append((0.5 + 0.0285 * x, 0.46 - 0.0285 * y))
    canvas.area(tone, points, shade="round")
    canvas.oval(lighter(tone, 0.7), 0.29, 0.27, 0.05, 0.09, tilt=35, alpha=0.7, outline=False)


RAINBOW: tuple[RGB, ...] = (
    (226, 60, 60), (242, 146, 50), (250, 216, 70), (90, 180, 90), (64, 130, 220), (126, 84, 190),
)  # fmt: skip


def rainbow(canvas: Canvas, _tone: RGB, _rng: np.random.Generator) -> None:
    for i, band in enumerate(RAINBOW):
        canvas.hoop(band, 0.05, 0.5, 0.98, 0.47 - 0.046 * i, 0.92 - 0.092 * i, start=180, end=360, alpha=0.62)


def snowman(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    for x, side in ((0.2, -1), (0.8, 1)):
        canvas.line((96, 66, 44), 0.022, 0.5 + side * 0.18, 0.5, x - side * 0.12, 0.36)
        canvas.line((96, 66, 44), 0.014, x - side * 0.06, 0.385, x - side * 0.07, 0.3)
    for y, r in ((0.79, 0.25), (0.5, 0.19), (0.27, 0.135)):
        canvas.oval(tone, 0.5, y, r, r * 0.84, shade="round")
    canvas.rect((40, 38, 46), 0.4, 0.02, 0.6, 0.15, r=0.01, shade="side")
    canvas.rect((40, 38, 46), 0.33, 0.14, 0.67, 0.175, r=0.01)
    canvas.rect((190, 44, 52), 0.385, 0.355, 0.615, 0.4, r=0.02, shade="soft")
    for x in (0.445, 0.555):
        canvas.oval((34, 32, 40), x, 0.235, 0.017)
    canvas.poly((238, 128, 44), 0.49, 0.26, 0.63, 0.295, 0.49, 0.3)
    for y in (0.46, 0.54, 0.7):
        canvas.oval((34, 32, 40), 0.5, y, 0.018)


def sunglasses(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.bow(tone, 0.03, 0.4, 0.36, 0.5, 0.28, 0.6, 0.36)
    for side in (-1, 1):
        x = 0.5 + side * 0.255
        canvas.blob(
            tone, x - 0.2, 0.18, x + 0.2, 0.18, x + 0.2, 0.5, x + 0.05, 0.86, x - 0.1, 0.84, x - 0.2, 0.5,
            shade="sheen",
        )  # fmt: skip
        canvas.line(lighter(tone, 0.75), 0.02, x - 0.08, 0.34, x - 0.13, 0.56, alpha=0.6)


def pumpkin(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.blob((96, 120, 60), 0.46, 0.3, 0.44, 0.12, 0.56, 0.06, 0.58, 0.14, 0.53, 0.3, shade="side")
    for x, r in ((0.2, 0.18), (0.8, 0.18), (0.34, 0.2), (0.66, 0.2), (0.5, 0.19)):
        canvas.oval(tone, x, 0.62, r, 0.36, shade="round")
