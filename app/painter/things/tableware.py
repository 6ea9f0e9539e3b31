"""The tableware that stands on tables and shelves, each piece in a unit square."""

import math

import numpy as np

from app.painter.canvas import Canvas
from app.painter.colour import RGB, darker, lighter

STEEL: RGB = (176, 182, 192)
CLEAR: RGB = (206, 228, 236)


def bottle(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.blob(
        tone, 0.4, 0.1, 0.6, 0.1, 0.6, 0.32, 0.76, 0.46, 0.78, 0.6, 0.78, 0.96, 0.5, 0.985, 0.22, 0.96,
        0.22, 0.6, 0.24, 0.46, 0.4, 0.32,
        shade="side",
    )  # fmt: skip
    canvas.rect((150, 58, 50), 0.38, 0.02, 0.62, 0.13, r=0.02, shade="side")
    canvas.rect((244, 236, 214), 0.22, 0.58, 0.78, 0.84, shade="side")
    canvas.line(darker(tone, 0.3), 0.014, 0.32, 0.66, 0.68, 0.66)
    canvas.line((170, 140, 90), 0.01, 0.36, 0.73, 0.64, 0.73)


def bowl(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.rect(darker(tone, 0.2), 0.36, 0.84, 0.64, 0.95, r=0.03, shade="side")
    canvas.blob(
        tone, 0.04, 0.36, 0.1, 0.62, 0.28, 0.84, 0.5, 0.89, 0.72, 0.84, 0.9, 0.62, 0.96, 0.36, 0.5, 0.42,
        shade="side",
    )  # fmt: skip
    canvas.oval(lighter(tone, 0.25), 0.5, 0.36, 0.465, 0.13, shade="soft")
    canvas.oval(darker(tone, 0.32), 0.5, 0.375, 0.405, 0.098, shade="soft")
    canvas.bow(lighter(tone, 0.6), 0.016, 0.12, 0.6, 0.3, 0.7, 0.5, 0.73, 0.7, 0.7, 0.88, 0.6)


def cup(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.hoop(tone, 0.075, 0.76, 0.54, 0.16, 0.18, start=-95, end=110)
    canvas.blob(
        tone, 0.1, 0.24, 0.13, 0.6, 0.17, 0.88, 0.26, 0.94, 0.6, 0.94, 0.69, 0.88, 0.73, 0.6, 0.76, 0.24,
        0.43, 0.3,
        shade="side",
    )  # fmt: skip
    canvas.oval(lighter(tone, 0.35), 0.43, 0.24, 0.332, 0.095, shade="soft")
    canvas.oval((92, 56, 36), 0.43, 0.25, 0.28, 0.07, shade="soft")
    for x in (0.34, 0.5):
        canvas.bow((226, 226, 228), 0.02, x, 0.17, x + 0.04, 0.11, x - 0.02, 0.06, x + 0.02, 0.0, alpha=0.7)


def wine_glass(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.oval(CLEAR, 0.5, 0.94, 0.3, 0.045, shade="soft")
    canvas.rect(CLEAR, 0.475, 0.52, 0.525, 0.93, shade="side")
    canvas.blob(
        CLEAR, 0.26, 0.04, 0.22, 0.26, 0.3, 0.46, 0.5, 0.55, 0.7, 0.46, 0.78, 0.26, 0.74, 0.04,
        shade="side", alpha=0.75,
    )  # fmt: skip
    canvas.blob(tone, 0.235, 0.24, 0.3, 0.44, 0.5, 0.53, 0.7, 0.44, 0.765, 0.24, 0.5, 0.27, shade="round")
    canvas.oval(lighter(tone, 0.25), 0.5, 0.245, 0.262, 0.04, outline=False)
    canvas.oval(CLEAR, 0.5, 0.045, 0.24, 0.032, alpha=0.6)
    canvas.bow((255, 255, 255), 0.026, 0.31, 0.1, 0.29, 0.24, 0.34, 0.38, alpha=0.75)


def vase(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    petals = ((236, 96, 110), (250, 204, 80), (240, 150, 190))
    for i, (x, y) in enumerate(((0.34, 0.16), (0.52, 0.09), (0.69, 0.18))):
        canvas.bow((84, 140, 70), 0.018, 0.5, 0.5, (0.5 + x) / 2, 0.34, x, y)
        for j in range(5):
            canvas.oval(
                petals[i], x + 0.06 * (j - 2) / 2, y + (0.03 if j % 2 else -0.02), 0.046, 0.038, shade="soft"
            )
        canvas.oval((196, 130, 50), x, y, 0.025)
    canvas.blob(
        tone, 0.38, 0.4, 0.62, 0.4, 0.58, 0.48, 0.76, 0.62, 0.77, 0.76, 0.64, 0.97, 0.36, 0.97, 0.23, 0.76,
        0.24, 0.62, 0.42, 0.48,
        shade="side",
    )  # fmt: skip
    canvas.oval(darker(tone, 0.4), 0.5, 0.405, 0.115, 0.026)
    canvas.bow(lighter(tone, 0.6), 0.02, 0.25, 0.7, 0.4, 0.75, 0.6, 0.75, 0.75, 0.7)


def potted_plant(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    for i, lean in enumerate((-0.4, 0.4, -0.26, 0.27, -0.1, 0.12, 0.0)):
        tip = 0.32 - 0.34 * (1 - abs(lean) * 1.7)
        green = lighter(tone, 0.08 * (i % 4))
        canvas.blob(
            green, 0.5, 0.66, 0.5 + lean * 0.34 - 0.07, 0.42 + abs(lean) * 0.2, 0.5 + lean, max(0.01, tip),
            0.5 + lean * 0.6 + 0.075, 0.42 + abs(lean) * 0.1,
            shade="soft",
        )  # fmt: skip
        canvas.bow(
            darker(green, 0.3), 0.009, 0.5, 0.66, 0.5 + lean * 0.45, 0.42, 0.5 + lean * 0.94, max(0.04, tip + 0.04)
        )
    canvas.poly((194, 108, 72), 0.26, 0.68, 0.74, 0.68, 0.66, 0.98, 0.34, 0.98, shade="side")
    canvas.rect((208, 124, 86), 0.22, 0.62, 0.78, 0.72, r=0.015, shade="side")


def book(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.poly(darker(tone, 0.3), 0.08, 0.86, 0.72, 0.96, 0.98, 0.84, 0.34, 0.76)
    canvas.poly((242, 234, 212), 0.11, 0.74, 0.73, 0.84, 0.73, 0.93, 0.11, 0.84)
    canvas.poly((226, 214, 186), 0.73, 0.84, 0.955, 0.74, 0.955, 0.83, 0.73, 0.93)
    for i in range(4):
        canvas.line((204, 192, 162), 0.006, 0.12, 0.76 + 0.022 * i, 0.73, 0.858 + 0.02 * i)
    canvas.poly(tone, 0.07, 0.72, 0.73, 0.825, 0.985, 0.715, 0.33, 0.62, shade="soft")
    canvas.poly(lighter(tone, 0.3), 0.3, 0.7, 0.66, 0.755, 0.77, 0.71, 0.41, 0.655, outline=False)


def clock(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.oval(tone, 0.5, 0.5, 0.48, shade="metal")
    canvas.oval((250, 249, 244), 0.5, 0.5, 0.4, shade="soft")
    for i in range(12):
        a = math.pi * i / 6
        inner = 0.31 if i % 3 == 0 else 0.345
        canvas.line(
            (40, 40, 46), 0.026 if i % 3 == 0 else 0.012, 0.5 + inner * math.sin(a),
            0.5 - inner * math.cos(a), 0.5 + 0.375 * math.sin(a), 0.5 - 0.375 * math.cos(a),
        )  # fmt: skip
    canvas.line((36, 36, 42), 0.036, 0.5, 0.5, 0.36, 0.36)
    canvas.line((36, 36, 42), 0.026, 0.5, 0.5, 0.63, 0.22)
    canvas.line((206, 50, 44), 0.012, 0.46, 0.56, 0.68, 0.72)
    canvas.oval((206, 50, 44), 0.5, 0.5, 0.032)


def lamp(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.glow((255, 232, 170), 0.5, 0.4, 0.62, 0.4)
    canvas.oval((110, 84, 60), 0.5, 0.94, 0.2, 0.05, shade="soft")
    canvas.rect((130, 98, 68), 0.47, 0.46, 0.53, 0.93, shade="side")
    canvas.poly(tone, 0.34, 0.06, 0.66, 0.06, 0.84, 0.5, 0.16, 0.5, shade="side")


def candle(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.glow((255, 220, 140), 0.5, 0.2, 0.5, 0.5)
    canvas.oval((196, 170, 110), 0.5, 0.94, 0.3, 0.05, shade="metal")
    canvas.rect(tone, 0.38, 0.4, 0.62, 0.93, r=0.03, shade="side")
    canvas.line((50, 40, 36), 0.014, 0.5, 0.41, 0.5, 0.34)
    canvas.blob((255, 176, 60), 0.5, 0.1, 0.57, 0.26, 0.5, 0.36, 0.43, 0.26)
    canvas.blob((255, 240, 180), 0.5, 0.2, 0.53, 0.28, 0.5, 0.34, 0.47, 0.28, outline=False)


def cutlery(canvas: Canvas, tone: RGB, kind: str) -> None:
    canvas.rect(tone, 0.46, 0.4, 0.54, 0.98, r=0.035, shade="metal")
    if kind == "fork":
        for x in (0.4, 0.47, 0.53, 0.6):
            canvas.rect(tone, x - 0.018, 0.03, x + 0.018, 0.28, r=0.015, shade="metal")
        canvas.rect(tone, 0.382, 0.23, 0.618, 0.42, r=0.08, shade="metal")
    elif kind == "spoon":
        canvas.oval(tone, 0.5, 0.2, 0.13, 0.19, shade="metal")
    else:
        canvas.blob(tone, 0.45, 0.55, 0.44, 0.2, 0.48, 0.02, 0.58, 0.2, 0.57, 0.55, shade="metal")


def fork(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    cutlery(canvas, tone, "fork")


def spoon(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    cutlery(canvas, tone, "spoon")


def knife(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    cutlery(canvas, tone, "knife")


def scissors(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    for side in (-1, 1):
        canvas.poly(STEEL, 0.5 - side * 0.03, 0.58, 0.5 + side * 0.03, 0.56, 0.5 + side * 0.2, 0.04, shade="metal")
        canvas.hoop(tone, 0.07, 0.5 - side * 0.17, 0.8, 0.13, 0.15)
        canvas.line(tone, 0.06, 0.5, 0.58, 0.5 - side * 0.12, 0.68)
    canvas.oval((90, 96, 106), 0.5, 0.56, 0.026)


def toothbrush(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.bow(tone, 0.075, 0.06, 0.64, 0.34, 0.6, 0.62, 0.53, 0.94, 0.5)
    canvas.line(lighter(tone, 0.6), 0.02, 0.1, 0.632, 0.34, 0.6)
    for i in range(7):
        canvas.rect(
            ((250, 252, 252), (150, 206, 236))[i % 2], 0.7 + 0.033 * i, 0.36, 0.73 + 0.033 * i, 0.5, r=0.008
        )


def teddy_bear(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    for side in (-1, 1):
        canvas.oval(tone, 0.5 + side * 0.23, 0.13, 0.095, shade="fur")
        canvas.oval(lighter(tone, 0.4), 0.5 + side * 0.23, 0.14, 0.052, outline=False)
        canvas.oval(tone, 0.5 + side * 0.3, 0.6, 0.095, 0.165, tilt=side * -28, shade="fur")
    canvas.oval(tone, 0.5, 0.7, 0.27, 0.25, shade="round")
    canvas.oval(lighter(tone, 0.35), 0.5, 0.71, 0.165, 0.165, shade="fur", outline=False)
    for side in (-1, 1):
        canvas.oval(tone, 0.5 + side * 0.24, 0.89, 0.135, 0.105, shade="fur")
        canvas.oval(lighter(tone, 0.4), 0.5 + side * 0.26, 0.9, 0.075, 0.065, outline=False)
    canvas.oval(tone, 0.5, 0.28, 0.28, 0.235, shade="round")
    canvas.oval(lighter(tone, 0.4), 0.5, 0.36, 0.125, 0.095, shade="fur")
    canvas.oval((48, 34, 34), 0.5, 0.32, 0.048, 0.034, shade="round")
    canvas.bow((48, 34, 34), 0.013, 0.43, 0.38, 0.5, 0.41, 0.57, 0.38)
    for side in (-1, 1):
        canvas.oval((30, 22, 24), 0.5 + side * 0.115, 0.25, 0.032, shade="round")
        canvas.poly((206, 50, 54), 0.5, 0.5, 0.5 + side * 0.15, 0.44, 0.5 + side * 0.15, 0.57)
    canvas.oval((176, 36, 42), 0.5, 0.505, 0.038)


def tie(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.poly(tone, 0.43, 0.14, 0.57, 0.14, 0.68, 0.8, 0.5, 0.99, 0.32, 0.8, shade="soft")
    for i in range(6):
        y, half = 0.24 + 0.11 * i, 0.08 + 0.02 * i
        canvas.poly(
            lighter(tone, 0.5), 0.5 - half * 0.82, y + 0.03, 0.5 + half * 0.8, y - 0.03, 0.5 + half * 0.84,
            y, 0.5 - half * 0.86, y + 0.062,
            outline=False,
        )  # fmt: skip
    canvas.poly(darker(tone, 0.12), 0.36, 0.01, 0.64, 0.01, 0.575, 0.16, 0.425, 0.16, shade="soft")


def hat(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.oval(darker(tone, 0.1), 0.5, 0.74, 0.48, 0.13, shade="soft")
    canvas.blob(
        tone, 0.24, 0.74, 0.26, 0.4, 0.36, 0.24, 0.5, 0.3, 0.64, 0.24, 0.74, 0.4, 0.76, 0.74, 0.5, 0.8,
        shade="round",
    )  # fmt: skip
    canvas.blob((44, 38, 42), 0.245, 0.64, 0.5, 0.7, 0.755, 0.64, 0.76, 0.73, 0.5, 0.79, 0.24, 0.73)


def cube(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.poly(lighter(tone, 0.25), 0.5, 0.04, 0.94, 0.26, 0.5, 0.48, 0.06, 0.26, shade="soft")
    canvas.poly(tone, 0.06, 0.26, 0.5, 0.48, 0.5, 0.98, 0.06, 0.76, shade="soft")
    canvas.poly(darker(tone, 0.25), 0.94, 0.26, 0.5, 0.48, 0.5, 0.98, 0.94, 0.76, shade="soft")
