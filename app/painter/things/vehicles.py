"""The vehicles that move people, seen from the side facing right, each in a unit square with the ground at 1."""

import math

import numpy as np

from app.painter.canvas import Canvas
from app.painter.colour import RGB, darker, lighter

GLASS: RGB = (176, 214, 232)
RUBBER: RGB = (38, 38, 42)
STEEL: RGB = (150, 156, 166)


def wheel(canvas: Canvas, x: float, y: float, r: float, wide: float = 1.0) -> None:
    """Draw a wheel; `wide` is height over width of the box, so that wheels stay round."""
    rx = r * wide
    canvas.oval(RUBBER, x, y, rx, r, shade="round")
    canvas.oval((198, 202, 210), x, y, rx * 0.56, r * 0.56, shade="metal")
    canvas.oval((70, 72, 80), x, y, rx * 0.16, r * 0.16, outline=False)
    for i in range(5):
        a = 2 * math.pi * i / 5
        canvas.line((96, 100, 110), r * 0.12, x, y, x + rx * 0.5 * math.cos(a), y + r * 0.5 * math.sin(a))


def car(canvas: Canvas, paint: RGB, _rng: np.random.Generator) -> None:
    canvas.blob(paint, 0.2, 0.46, 0.3, 0.2, 0.42, 0.14, 0.6, 0.15, 0.72, 0.3, 0.8, 0.48, 0.5, 0.56, shade="soft")
    canvas.poly(GLASS, 0.27, 0.44, 0.335, 0.23, 0.48, 0.21, 0.48, 0.44, shade="sheen")
    canvas.poly(GLASS, 0.51, 0.44, 0.51, 0.21, 0.6, 0.225, 0.72, 0.44, shade="sheen")
    canvas.blob(
        paint, 0.02, 0.62, 0.06, 0.5, 0.22, 0.44, 0.6, 0.42, 0.8, 0.45, 0.95, 0.53, 0.98, 0.68, 0.96, 0.8,
        0.5, 0.83, 0.04, 0.8,
        shade="soft",
    )  # fmt: skip
    canvas.line(lighter(paint, 0.45), 0.01, 0.08, 0.53, 0.9, 0.53)
    for x in (0.49, 0.28, 0.74):
        canvas.line(darker(paint, 0.4), 0.006, x, 0.48, x, 0.76)
    canvas.rect(darker(paint, 0.5), 0.42, 0.56, 0.47, 0.585, r=0.01)
    canvas.rect((255, 236, 170), 0.92, 0.55, 0.975, 0.63, r=0.02)
    canvas.rect((220, 60, 50), 0.02, 0.55, 0.06, 0.64, r=0.015)
    canvas.rect(darker(paint, 0.6), 0.01, 0.75, 0.99, 0.83, r=0.03)
    for x in (0.23, 0.77):
        canvas.oval((24, 24, 28), x, 0.8, 0.105, 0.21)
        wheel(canvas, x, 0.81, 0.185, 0.5)


def bus(canvas: Canvas, paint: RGB, _rng: np.random.Generator) -> None:
    canvas.rect(paint, 0.02, 0.1, 0.98, 0.84, r=0.06, shade="soft")
    canvas.rect(lighter(paint, 0.75), 0.02, 0.56, 0.98, 0.62, outline=False)
    for i in range(6):
        canvas.rect(GLASS, 0.06 + 0.14 * i, 0.2, 0.18 + 0.14 * i, 0.47, r=0.02, shade="sheen")
    canvas.rect(GLASS, 0.91, 0.2, 0.975, 0.5, r=0.015, shade="sheen")
    canvas.rect(darker(paint, 0.3), 0.76, 0.24, 0.87, 0.82, r=0.015)
    canvas.rect(GLASS, 0.775, 0.28, 0.855, 0.66, r=0.01, shade="sheen")
    canvas.rect((24, 24, 28), 0.3, 0.125, 0.7, 0.175, r=0.01)
    canvas.rect((255, 236, 170), 0.94, 0.7, 0.98, 0.77, r=0.01)
    canvas.rect((40, 40, 46), 0.01, 0.8, 0.99, 0.86, r=0.02)
    for x in (0.2, 0.66):
        wheel(canvas, x, 0.85, 0.145, 0.5)


def truck(canvas: Canvas, paint: RGB, _rng: np.random.Generator) -> None:
    canvas.rect((236, 236, 232), 0.02, 0.08, 0.64, 0.76, r=0.015, shade="soft")
    for i in range(5):
        canvas.line((200, 200, 198), 0.006, 0.12 + 0.105 * i, 0.1, 0.12 + 0.105 * i, 0.74)
    canvas.rect((58, 60, 66), 0.02, 0.74, 0.96, 0.83)
    canvas.blob(
        paint, 0.67, 0.8, 0.67, 0.26, 0.74, 0.24, 0.85, 0.26, 0.92, 0.48, 0.98, 0.54, 0.98, 0.8, shade="soft"
    )
    canvas.poly(GLASS, 0.73, 0.5, 0.73, 0.31, 0.83, 0.31, 0.895, 0.5, shade="sheen")
    canvas.rect((255, 236, 170), 0.93, 0.6, 0.98, 0.67, r=0.01)
    canvas.line(STEEL, 0.02, 0.655, 0.14, 0.655, 0.7)
    for x in (0.15, 0.31, 0.82):
        wheel(canvas, x, 0.84, 0.155, 0.56)


def train(canvas: Canvas, paint: RGB, _rng: np.random.Generator) -> None:
    canvas.line((96, 88, 84), 0.022, 0.0, 0.98, 1.0, 0.98)
    canvas.rect(darker(paint, 0.2), 0.04, 0.18, 0.36, 0.78, r=0.02, shade="soft")
    canvas.rect(GLASS, 0.09, 0.26, 0.31, 0.48, r=0.02, shade="sheen")
    canvas.rect((44, 42, 48), 0.01, 0.1, 0.4, 0.19, r=0.02)
    canvas.rect(paint, 0.34, 0.36, 0.9, 0.74, r=0.1, shade="side")
    canvas.oval((50, 48, 54), 0.89, 0.55, 0.05, 0.19, shade="metal")
    canvas.poly((44, 42, 48), 0.74, 0.38, 0.72, 0.14, 0.69, 0.08, 0.85, 0.08, 0.82, 0.14, 0.8, 0.38, shade="side")
    canvas.rect((222, 176, 74), 0.52, 0.26, 0.6, 0.38, r=0.03, shade="metal")
    for x, y, r in ((0.76, 0.02, 0.05), (0.68, -0.04, 0.065), (0.58, -0.08, 0.08)):
        canvas.oval((226, 226, 230), x, y, r, r, alpha=0.8, outline=False)
    canvas.rect((60, 58, 64), 0.04, 0.72, 0.94, 0.8)
    canvas.poly((60, 58, 64), 0.9, 0.78, 1.0, 0.95, 0.86, 0.95)
    for x, r in ((0.2, 0.16), (0.48, 0.13), (0.64, 0.13), (0.8, 0.13)):
        wheel(canvas, x, 0.97 - r, r, 0.6)
    canvas.line((200, 80, 60), 0.018, 0.2, 0.83, 0.8, 0.85)


def bicycle(canvas: Canvas, paint: RGB, _rng: np.random.Generator) -> None:
    for x in (0.22, 0.78):
        canvas.hoop(RUBBER, 0.03, x, 0.7, 0.2, 0.29)
        canvas.hoop(STEEL, 0.008, x, 0.7, 0.18, 0.262)
        for i in range(12):
            a = math.pi * i / 6
            canvas.line(STEEL, 0.004, x, 0.7, x + 0.18 * math.cos(a), 0.7 + 0.262 * math.sin(a))
    for line in (
        (0.22, 0.7, 0.38, 0.34, 0.68, 0.3),
        (0.22, 0.7, 0.47, 0.72, 0.68, 0.34),
        (0.47, 0.72, 0.36, 0.26),
        (0.78, 0.7, 0.67, 0.22),
    ):
        canvas.line(paint, 0.032, *line)
    canvas.blob((48, 40, 40), 0.27, 0.22, 0.36, 0.19, 0.46, 0.23, 0.37, 0.27)
    canvas.bow((48, 40, 40), 0.028, 0.67, 0.22, 0.72, 0.14, 0.8, 0.16, 0.8, 0.24)
    canvas.oval(STEEL, 0.47, 0.72, 0.052, 0.075, shade="metal")
    canvas.line((60, 60, 66), 0.018, 0.44, 0.62, 0.5, 0.83)
    for x, y in ((0.42, 0.615), (0.52, 0.835)):
        canvas.rect(RUBBER, x - 0.04, y - 0.012, x + 0.04, y + 0.012)


def motorcycle(canvas: Canvas, paint: RGB, _rng: np.random.Generator) -> None:
    canvas.line(STEEL, 0.035, 0.8, 0.74, 0.66, 0.24)
    wheel(canvas, 0.2, 0.74, 0.25, 0.7)
    wheel(canvas, 0.8, 0.74, 0.25, 0.7)
    canvas.blob((70, 72, 80), 0.36, 0.6, 0.62, 0.58, 0.62, 0.82, 0.38, 0.84, shade="metal")
    canvas.line(STEEL, 0.035, 0.14, 0.86, 0.5, 0.84)
    canvas.blob(paint, 0.42, 0.42, 0.56, 0.3, 0.7, 0.36, 0.68, 0.52, 0.46, 0.54, shade="round")
    canvas.blob((44, 38, 40), 0.1, 0.38, 0.28, 0.4, 0.46, 0.44, 0.44, 0.54, 0.2, 0.5, shade="soft")
    canvas.blob(paint, 0.08, 0.48, 0.24, 0.42, 0.36, 0.56, 0.22, 0.54, shade="soft")
    canvas.bow((48, 44, 46), 0.03, 0.66, 0.24, 0.62, 0.18, 0.54, 0.2)
    canvas.oval((255, 240, 186), 0.72, 0.31, 0.045, 0.06, shade="round")


def airplane(canvas: Canvas, paint: RGB, _rng: np.random.Generator) -> None:
    body = (238, 240, 244) if paint == (0, 0, 0) else paint
    canvas.poly(darker(body, 0.25), 0.44, 0.46, 0.34, 0.2, 0.41, 0.2, 0.6, 0.46)
    canvas.poly((52, 96, 180), 0.1, 0.5, 0.02, 0.14, 0.12, 0.14, 0.26, 0.46, shade="soft")
    canvas.blob(
        body, 0.04, 0.5, 0.2, 0.42, 0.7, 0.38, 0.9, 0.42, 0.985, 0.52, 0.9, 0.59, 0.6, 0.62, 0.2, 0.6, shade="soft"
    )
    for i in range(9):
        canvas.oval((80, 130, 190), 0.26 + 0.062 * i, 0.47, 0.013, 0.022)
    canvas.poly((60, 90, 130), 0.87, 0.43, 0.93, 0.455, 0.92, 0.485, 0.86, 0.475)
    canvas.line((52, 96, 180), 0.014, 0.14, 0.545, 0.93, 0.545)
    canvas.poly(darker(body, 0.12), 0.5, 0.54, 0.2, 0.86, 0.3, 0.87, 0.68, 0.57, shade="soft")
    canvas.rect((96, 102, 116), 0.37, 0.66, 0.5, 0.75, r=0.04, shade="metal")
    canvas.poly(darker(body, 0.15), 0.14, 0.52, 0.01, 0.6, 0.08, 0.61, 0.24, 0.55)


def boat(canvas: Canvas, paint: RGB, _rng: np.random.Generator) -> None:
    canvas.line((110, 76, 50), 0.022, 0.5, 0.06, 0.5, 0.72)
    canvas.blob((250, 248, 240), 0.53, 0.09, 0.7, 0.3, 0.86, 0.62, 0.53, 0.64, shade="soft")
    canvas.blob((236, 232, 222), 0.47, 0.14, 0.36, 0.36, 0.2, 0.62, 0.47, 0.64, shade="soft")
    canvas.line((200, 70, 60), 0.014, 0.57, 0.36, 0.72, 0.36)
    canvas.poly((216, 60, 56), 0.5, 0.03, 0.62, 0.065, 0.5, 0.1)
    canvas.poly(paint, 0.06, 0.7, 0.95, 0.7, 0.8, 0.93, 0.2, 0.93, shade="soft")
    canvas.line(lighter(paint, 0.6), 0.02, 0.09, 0.745, 0.92, 0.745)
    for i in range(5):
        x = 0.02 + 0.2 * i
        canvas.bow((110, 170, 214), 0.024, x, 0.95, x + 0.05, 0.92, x + 0.1, 0.95, x + 0.15, 0.98, x + 0.2, 0.95)


def rocket(canvas: Canvas, paint: RGB, _rng: np.random.Generator) -> None:
    canvas.blob((252, 160, 50), 0.4, 0.8, 0.6, 0.8, 0.58, 0.92, 0.5, 1.0, 0.42, 0.92)
    canvas.blob((255, 232, 140), 0.45, 0.8, 0.55, 0.8, 0.5, 0.93)
    for side in (-1, 1):
        canvas.blob(
            paint, 0.5 + side * 0.16, 0.56, 0.5 + side * 0.36, 0.72, 0.5 + side * 0.36, 0.88,
            0.5 + side * 0.15, 0.78,
            shade="soft",
        )  # fmt: skip
    canvas.blob(
        (238, 240, 244), 0.5, 0.02, 0.64, 0.18, 0.69, 0.42, 0.64, 0.8, 0.36, 0.8, 0.31, 0.42, 0.36, 0.18,
        shade="side",
    )  # fmt: skip
    canvas.blob(paint, 0.5, 0.02, 0.61, 0.13, 0.645, 0.22, 0.5, 0.24, 0.355, 0.22, 0.39, 0.13, shade="soft")
    canvas.oval((90, 96, 108), 0.5, 0.38, 0.105, 0.075)
    canvas.oval(GLASS, 0.5, 0.38, 0.078, 0.055, shade="round")
    canvas.rect(paint, 0.345, 0.7, 0.655, 0.74, outline=False)
    canvas.rect((90, 96, 108), 0.4, 0.79, 0.6, 0.83, r=0.01)
