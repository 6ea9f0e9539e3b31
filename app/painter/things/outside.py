"""Nature, streets and sport, each in a unit square that stands at 1."""

import math

import numpy as np

from app.painter.canvas import Canvas
from app.painter.colour import RGB, darker, lighter, mix

STEEL: RGB = (150, 156, 166)
BARK: RGB = (116, 80, 54)


def tree(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.blob(BARK, 0.44, 0.5, 0.56, 0.5, 0.57, 0.86, 0.66, 0.99, 0.34, 0.99, 0.43, 0.86, shade="side")
    canvas.line(BARK, 0.04, 0.5, 0.64, 0.66, 0.48)
    for i, (x, y, r) in enumerate(
        (
            (0.3, 0.46, 0.2),
            (0.7, 0.46, 0.2),
            (0.5, 0.5, 0.2),
            (0.36, 0.27, 0.19),
            (0.64, 0.27, 0.19),
            (0.5, 0.18, 0.17),
        )
    ):
        canvas.oval(lighter(tone, 0.05 * (i % 3)), x, y, r, shade="round")
    for i in range(26):
        a, r = i * 2.4, 0.34 * math.sqrt(i / 26)
        canvas.oval(
            lighter(tone, 0.3) if i % 2 else darker(tone, 0.2),
            0.5 + r * math.cos(a),
            0.34 + 0.8 * r * math.sin(a),
            0.028,
            0.02,
            alpha=0.6,
            outline=False,
        )


def house(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.rect((150, 96, 80), 0.68, 0.06, 0.78, 0.36, shade="side")
    canvas.rect(tone, 0.1, 0.42, 0.9, 0.98, shade="soft")
    canvas.poly((164, 74, 60), 0.5, 0.06, 0.99, 0.46, 0.01, 0.46, shade="soft")
    canvas.rect((110, 72, 48), 0.42, 0.64, 0.58, 0.98, r=0.01, shade="side")
    canvas.oval((240, 206, 110), 0.55, 0.82, 0.015)
    for x in (0.18, 0.66):
        canvas.rect((250, 248, 240), x - 0.015, 0.545, x + 0.175, 0.785)
        canvas.rect((150, 204, 236), x, 0.56, x + 0.16, 0.77, shade="sheen")
        canvas.line((250, 248, 240), 0.018, x + 0.08, 0.56, x + 0.08, 0.77)
        canvas.line((250, 248, 240), 0.018, x, 0.665, x + 0.16, 0.665)


def mountain(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.poly(lighter(tone, 0.25), 0.5, 0.98, 0.76, 0.32, 1.0, 0.98)
    canvas.poly(tone, 0.0, 0.98, 0.42, 0.06, 0.82, 0.98)
    canvas.poly(darker(tone, 0.25), 0.42, 0.06, 0.82, 0.98, 0.5, 0.98, 0.46, 0.6, 0.38, 0.4, outline=False)
    canvas.poly(
        (248, 250, 252), 0.42, 0.06, 0.55, 0.355, 0.49, 0.33, 0.44, 0.42, 0.38, 0.33, 0.31, 0.38, 0.29, 0.345
    )
    canvas.poly((248, 250, 252), 0.76, 0.32, 0.83, 0.5, 0.77, 0.46, 0.71, 0.5, 0.695, 0.485)


def sun(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.glow(lighter(tone, 0.4), 0.5, 0.5, 0.8, 0.6)
    for i in range(12):
        a = math.pi * i / 6
        canvas.poly(
            tone, 0.5 + 0.34 * math.cos(a - 0.13), 0.5 + 0.34 * math.sin(a - 0.13),
            0.5 + 0.49 * math.cos(a), 0.5 + 0.49 * math.sin(a), 0.5 + 0.34 * math.cos(a + 0.13),
            0.5 + 0.34 * math.sin(a + 0.13),
        )  # fmt: skip
    canvas.oval(tone, 0.5, 0.5, 0.29, shade="soft")


def moon(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.glow(tone, 0.5, 0.5, 0.75, 0.4)
    canvas.oval(tone, 0.5, 0.5, 0.42, shade="round")
    for x, y, r in ((0.4, 0.36, 0.1), (0.62, 0.56, 0.08), (0.4, 0.66, 0.065), (0.64, 0.33, 0.045)):
        canvas.oval(darker(tone, 0.2), x, y, r, r * 0.9, outline=False)


def star(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    points = [
        (
            0.5 + (0.48 if i % 2 == 0 else 0.2) * math.sin(math.pi * i / 5),
            0.52 - (0.48 if i % 2 == 0 else 0.2) * math.cos(math.pi * i / 5),
        )
        for i in range(10)
    ]
    canvas.area(tone, points, shade="soft")


def cloud(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    for x, y, r in (
        (0.2, 0.66, 0.18),
        (0.8, 0.66, 0.18),
        (0.38, 0.46, 0.22),
        (0.62, 0.44, 0.24),
        (0.5, 0.66, 0.24),
    ):
        canvas.oval(tone, x, y, r, shade="fur", outline=False)


def flower(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.bow((76, 138, 64), 0.035, 0.5, 0.34, 0.53, 0.66, 0.5, 0.98)
    for side, y in ((-1, 0.72), (1, 0.8)):
        canvas.blob(
            (96, 160, 76), 0.51, y, 0.51 + side * 0.14, y - 0.14, 0.51 + side * 0.3, y - 0.12,
            0.51 + side * 0.16, y - 0.01,
            shade="soft",
        )  # fmt: skip
    for i in range(9):
        a = 2 * math.pi * i / 9
        canvas.oval(
            tone, 0.5 + 0.17 * math.cos(a), 0.27 + 0.17 * math.sin(a), 0.125, 0.07, tilt=40 * i, shade="soft"
        )
    canvas.oval(
        (244, 196, 60) if tone[2] < 200 or tone[0] > 200 else (180, 120, 60), 0.5, 0.27, 0.095, shade="round"
    )


def stop_sign(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.rect(STEEL, 0.47, 0.5, 0.53, 1.0, shade="side")
    for r, colour in ((0.42, (248, 248, 246)), (0.385, tone)):
        canvas.area(
            colour,
            [
                (
                    0.5 + r * math.cos(math.radians(22.5 + 45 * i)),
                    0.36 + 0.84 * r * math.sin(math.radians(22.5 + 45 * i)),
                )
                for i in range(8)
            ],
            shade="soft" if r < 0.4 else "",
        )
    canvas.text("STOP", 0.5, 0.36, 0.23, (250, 250, 248), weight=0.05, tracking=0.02)


def traffic_light(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.rect(STEEL, 0.42, 0.76, 0.58, 1.0, shade="side")
    canvas.rect(tone, 0.12, 0.01, 0.88, 0.8, r=0.12, shade="soft")
    for i, lamp in enumerate(((226, 54, 46), (246, 186, 50), (70, 190, 96))):
        y = 0.15 + 0.252 * i
        canvas.oval((18, 18, 22), 0.5, y, 0.25, 0.112)
        canvas.oval(lamp, 0.5, y, 0.215, 0.096, shade="round")


def fire_hydrant(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.rect(darker(tone, 0.2), 0.18, 0.9, 0.82, 0.99, r=0.02, shade="side")
    for side in (-1, 1):
        canvas.rect(
            darker(tone, 0.1), 0.5 + side * 0.36 - 0.1, 0.42, 0.5 + side * 0.36 + 0.1, 0.6, r=0.03, shade="soft"
        )
    canvas.rect(tone, 0.26, 0.28, 0.74, 0.92, r=0.03, shade="side")
    canvas.blob(tone, 0.25, 0.3, 0.3, 0.14, 0.5, 0.07, 0.7, 0.14, 0.75, 0.3, shade="side")
    canvas.rect(darker(tone, 0.2), 0.2, 0.27, 0.8, 0.34, r=0.02, shade="side")
    canvas.rect(darker(tone, 0.15), 0.45, 0.01, 0.55, 0.09, r=0.01, shade="side")
    canvas.oval(darker(tone, 0.25), 0.5, 0.53, 0.16, 0.115, shade="soft")
    canvas.oval(lighter(tone, 0.15), 0.5, 0.53, 0.095, 0.068, shade="metal")


def parking_meter(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.rect(STEEL, 0.42, 0.46, 0.58, 1.0, shade="side")
    canvas.blob(tone, 0.14, 0.5, 0.14, 0.2, 0.3, 0.04, 0.7, 0.04, 0.86, 0.2, 0.86, 0.5, 0.5, 0.56, shade="soft")
    canvas.rect((206, 232, 226), 0.26, 0.12, 0.74, 0.28, r=0.03)
    canvas.text("2:00", 0.5, 0.2, 0.17, (40, 70, 60))
    canvas.rect((30, 30, 36), 0.44, 0.34, 0.56, 0.46, r=0.02)


def sports_ball(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.oval(tone, 0.5, 0.5, 0.46, shade="round")
    patch = (40, 40, 46) if max(tone) > 160 else (246, 246, 242)

    def pentagon(x: float, y: float, r: float, turn: float) -> None:
        canvas.area(
            patch,
            [(x + r * math.cos(turn + 1.2566 * i), y + r * math.sin(turn + 1.2566 * i)) for i in range(5)],
            shade="soft",
        )

    for i in range(5):
        a = -math.pi / 2 + 1.2566 * i
        canvas.line(
            patch, 0.014, 0.5 + 0.15 * math.cos(a), 0.5 + 0.15 * math.sin(a), 0.5 + 0.3 * math.cos(a),
            0.5 + 0.3 * math.sin(a),
        )  # fmt: skip
        pentagon(0.5 + 0.355 * math.cos(a), 0.5 + 0.355 * math.sin(a), 0.1, a + math.pi)
    pentagon(0.5, 0.5, 0.15, -math.pi / 2)


def frisbee(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.oval(darker(tone, 0.3), 0.5, 0.56, 0.48, 0.32)
    canvas.oval(tone, 0.5, 0.47, 0.48, 0.32, shade="soft")
    canvas.hoop(lighter(tone, 0.4), 0.018, 0.5, 0.46, 0.36, 0.23)
    canvas.oval(lighter(tone, 0.25), 0.5, 0.455, 0.2, 0.125, shade="soft")


def baseball_bat(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.blob(
        tone, 0.13, 0.9, 0.1, 0.87, 0.46, 0.5, 0.7, 0.2, 0.84, 0.06, 0.93, 0.07, 0.94, 0.16, 0.8, 0.3, 0.5,
        0.54,
        shade="soft",
    )  # fmt: skip
    canvas.line((56, 46, 46), 0.055, 0.13, 0.875, 0.3, 0.695)
    canvas.oval(darker(tone, 0.2), 0.11, 0.895, 0.055, 0.04, tilt=45, shade="soft")


def baseball_glove(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    for x0, x1, y in ((0.3, 0.26, 0.1), (0.46, 0.45, 0.03), (0.62, 0.65, 0.06), (0.76, 0.83, 0.16)):
        canvas.bow(tone, 0.15, 0.5, 0.66, (x0 + 0.5) / 2 + (x0 - 0.5) * 0.4, 0.36, x1, y + 0.06)
        canvas.bow(darker(tone, 0.4), 0.01, x0 + 0.06, 0.4, x1 + 0.07, y + 0.1)
    canvas.bow(tone, 0.17, 0.4, 0.74, 0.2, 0.6, 0.1, 0.42)
    canvas.blob(tone, 0.2, 0.6, 0.32, 0.42, 0.72, 0.4, 0.86, 0.56, 0.8, 0.86, 0.56, 0.97, 0.34, 0.9, shade="round")
    canvas.oval((248, 246, 240), 0.5, 0.56, 0.16, shade="round")
    for side in (-1, 1):
        canvas.hoop(
            (206, 60, 54), 0.014, 0.5 + side * 0.14, 0.56, 0.09, 0.14,
            start=120 if side > 0 else -60, end=240 if side > 0 else 60,
        )  # fmt: skip


def skateboard(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    for x in (0.25, 0.75):
        canvas.rect(STEEL, x - 0.06, 0.6, x + 0.06, 0.72, shade="metal")
        canvas.oval((246, 240, 226), x, 0.78, 0.075, 0.16, shade="round")
        canvas.oval((90, 92, 100), x, 0.78, 0.026, 0.056)
    canvas.blob(
        tone, 0.01, 0.3, 0.06, 0.28, 0.16, 0.48, 0.5, 0.51, 0.84, 0.48, 0.94, 0.28, 0.99, 0.3, 0.88, 0.6,
        0.5, 0.635, 0.12, 0.6,
        shade="soft",
    )  # fmt: skip
    canvas.bow((50, 48, 52), 0.03, 0.05, 0.31, 0.16, 0.48, 0.5, 0.505, 0.84, 0.48, 0.95, 0.31)


def board(canvas: Canvas, tone: RGB, *, fin: bool) -> None:
    """Draw a snowboard or a surfboard standing on end."""
    if fin:
        canvas.blob(
            tone, 0.5, 0.01, 0.72, 0.22, 0.8, 0.5, 0.7, 0.84, 0.5, 0.99, 0.3, 0.84, 0.2, 0.5, 0.28, 0.22,
            shade="soft",
        )  # fmt: skip
        canvas.line(darker(tone, 0.35), 0.02, 0.5, 0.03, 0.5, 0.97)
        canvas.blob(lighter(tone, 0.55), 0.25, 0.34, 0.5, 0.3, 0.75, 0.34, 0.79, 0.46, 0.5, 0.42, 0.21, 0.46)
        canvas.poly(darker(tone, 0.4), 0.44, 0.86, 0.56, 0.86, 0.5, 0.76)
        return
    canvas.rect(tone, 0.2, 0.01, 0.8, 0.99, r=0.3, shade="soft")
    canvas.poly(lighter(tone, 0.5), 0.2, 0.2, 0.8, 0.1, 0.8, 0.2, 0.2, 0.3, outline=False)
    canvas.poly(darker(tone, 0.35), 0.2, 0.8, 0.8, 0.7, 0.8, 0.8, 0.2, 0.9, outline=False)
    for y in (0.36, 0.62):
        canvas.rect((44, 46, 54), 0.3, y, 0.7, y + 0.07, r=0.02, shade="metal")
        canvas.rect((80, 84, 94), 0.4, y - 0.04, 0.6, y + 0.11, r=0.02, shade="soft")


def snowboard(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    board(canvas, tone, fin=False)


def surfboard(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    board(canvas, tone, fin=True)


def skis(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    for x in (0.3, 0.56):
        canvas.blob(
            tone, x, 0.1, x + 0.06, 0.01, x + 0.13, 0.04, x + 0.12, 0.5, x + 0.13, 0.99, x, 0.99, x + 0.01,
            0.5,
            shade="soft",
        )  # fmt: skip
        canvas.rect((50, 52, 60), x, 0.5, x + 0.13, 0.64, r=0.02, shade="metal")
        canvas.rect(lighter(tone, 0.6), x + 0.02, 0.2, x + 0.11, 0.28, outline=False)
    for x in (0.12, 0.88):
        canvas.line((60, 62, 70), 0.03, x, 0.08, x, 0.97)
        canvas.oval((90, 94, 104), x, 0.88, 0.07, 0.02)
        canvas.rect((40, 40, 46), x - 0.03, 0.04, x + 0.03, 0.18, r=0.02)


def kite(canvas: Canvas, tone: RGB, _rng: np.random.Generator) -> None:
    canvas.bow((90, 90, 96), 0.012, 0.5, 0.7, 0.6, 0.8, 0.42, 0.9, 0.52, 1.0)
    for x, y in ((0.56, 0.78), (0.45, 0.88)):
        canvas.poly(
            mix(tone, (250, 210, 80), 0.6), x - 0.07, y - 0.03, x + 0.07, y + 0.03, x + 0.07, y - 0.03,
            x - 0.07, y + 0.03,
        )  # fmt: skip
    canvas.poly(tone, 0.5, 0.02, 0.84, 0.28, 0.5, 0.72, 0.16, 0.28, shade="soft")
    canvas.poly(lighter(tone, 0.5), 0.5, 0.02, 0.5, 0.28, 0.16, 0.28, outline=False)
    canvas.poly(lighter(tone, 0.5), 0.5, 0.72, 0.5, 0.28, 0.84, 0.28, outline=False)
