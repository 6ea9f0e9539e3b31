"""Young animals with big eyes and tufted fur, sitting or on their backs, each in a unit square."""

import math
from dataclasses import dataclass

import numpy as np

from app.painter.canvas import Canvas, Point
from app.painter.colour import RGB, darker, lighter


@dataclass(frozen=True, slots=True)
class Coat:
    """The looks of one young animal: words that name it, colours, and ears (flop, point, tall or wedge)."""

    words: frozenset[str]
    fur: RGB
    belly: RGB
    ears: str
    inner: RGB
    eyes: RGB
    nose: RGB = (52, 36, 36)
    stripes: RGB | None = None


COATS: dict[str, Coat] = {
    "puppy": Coat(
        frozenset({"puppy", "puppies", "dog", "retriever", "pup", "labrador"}),
        (226, 164, 88), (250, 226, 180), "flop", (184, 116, 56), (70, 40, 22),
    ),
    "kitten": Coat(
        frozenset({"kitten", "kittens", "cat", "tabby"}),
        (164, 146, 128), (240, 232, 220), "point", (236, 168, 164), (96, 150, 78), (214, 122, 120),
        (104, 86, 74),
    ),
    "bunny": Coat(
        frozenset({"bunny", "bunnies", "rabbit", "hare"}),
        (240, 232, 224), (255, 252, 248), "tall", (246, 184, 186), (84, 56, 60), (226, 134, 140),
    ),
    "fox": Coat(
        frozenset({"fox", "foxes"}), (226, 108, 44), (252, 242, 230), "wedge", (70, 44, 40), (120, 72, 26)
    ),
}  # fmt: skip


def sitting(canvas: Canvas, coat: Coat, rng: np.random.Generator) -> None:
    """Draw a sitting animal in a unit square: tail, body, paws, head."""
    tail(canvas, coat)
    furred(canvas, coat.fur, 0.5, 0.77, 0.265, 0.23, rng)
    canvas.oval(coat.belly, 0.5, 0.8, 0.145, 0.165, shade="fur", outline=False)
    for x in (0.32, 0.68):
        canvas.oval(darker(coat.fur, 0.06), x, 0.93, 0.115, 0.062, shade="fur")
    for x in (0.42, 0.58):
        canvas.rect(lighter(coat.fur, 0.05), x - 0.062, 0.7, x + 0.062, 0.975, r=0.06, shade="fur", outline=False)
        canvas.oval(coat.belly if coat.ears != "wedge" else coat.inner, x, 0.955, 0.07, 0.04, shade="fur")
    head(canvas, coat, 0.5, 0.4, rng)


def roly(canvas: Canvas, coat: Coat, rng: np.random.Generator) -> None:
    """Draw an animal on its back with all four paws in the air."""
    tail(canvas, coat)
    furred(canvas, coat.fur, 0.52, 0.78, 0.33, 0.19, rng)
    canvas.oval(coat.belly, 0.54, 0.73, 0.22, 0.11, shade="fur", outline=False)
    for x, lean in ((0.36, -0.05), (0.5, 0.0), (0.64, 0.05), (0.76, 0.1)):
        canvas.rect(coat.fur, x - 0.05 + lean, 0.5, x + 0.05 + lean, 0.74, r=0.05, shade="fur")
        canvas.oval(
            coat.inner if coat.ears in ("wedge", "tall", "point") else coat.belly, x + lean, 0.53, 0.034, 0.03
        )
    with canvas.inside(-0.16, 0.28, 0.82, 0.72, turn=-62):
        head(canvas, coat, 0.5, 0.5, rng)


def furred(canvas: Canvas, fur: RGB, x: float, y: float, rx: float, ry: float, rng: np.random.Generator) -> None:
    """Draw a round body whose rim is tufted with short hairs."""
    tufts(canvas, darker(fur, 0.12), x, y, rx, ry, rng, 46)
    canvas.oval(fur, x, y, rx, ry, shade="round")
    for _ in range(26):
        angle, out = float(rng.uniform(0, 6.28)), float(rng.uniform(0.3, 0.9))
        px, py = x + rx * out * math.cos(angle), y + ry * out * math.sin(angle)
        tone = lighter(fur, 0.3) if py < y else darker(fur, 0.16)
        canvas.line(tone, 0.006, px, py, px + rx * 0.07 * math.cos(angle), py + 0.04, alpha=0.55)


def tufts(
    canvas: Canvas, fur: RGB, x: float, y: float, rx: float, ry: float, rng: np.random.Generator, count: int
) -> None:
    points: list[Point] = []
    for i in range(2 * count):
        angle = math.pi * i / count
        out = 1.0 if i % 2 else 1.055 + 0.045 * float(rng.random())
        points.append((x + rx * out * math.cos(angle + 0.03), y + ry * out * math.sin(angle + 0.03)))
    canvas.area(fur, points, shade="fur", outline=False)


def tail(canvas: Canvas, coat: Coat) -> None:
    if coat.ears == "wedge":
        canvas.blob(coat.fur, 0.68, 0.93, 0.86, 0.86, 0.95, 0.68, 0.9, 0.56, 0.8, 0.66, 0.76, 0.78, shade="fur")
        canvas.blob(coat.belly, 0.945, 0.7, 0.93, 0.6, 0.9, 0.56, 0.83, 0.62, 0.86, 0.7)
    elif coat.ears == "tall":
        canvas.oval(lighter(coat.fur, 0.5), 0.76, 0.86, 0.085, 0.075, shade="fur")
    else:
        canvas.bow(coat.fur, 0.075, 0.7, 0.9, 0.86, 0.86, 0.9, 0.7, 0.84, 0.62)
        if coat.stripes:
            canvas.line(coat.stripes, 0.076, 0.9, 0.72, 0.885, 0.67)


def head(canvas: Canvas, coat: Coat, x: float, y: float, rng: np.random.Generator) -> None:
    back_ears(canvas, coat, x, y)
    tufts(canvas, darker(coat.fur, 0.1), x, y, 0.3, 0.245, rng, 40)
    canvas.oval(coat.fur, x, y, 0.3, 0.245, shade="round")
    markings(canvas, coat, x, y)
    for side in (-1, 1):
        eye(canvas, coat, x + side * 0.135, y + 0.015, side)
        canvas.oval((244, 150, 140), x + side * 0.2, y + 0.11, 0.05, 0.03, alpha=0.35, outline=False)
    muzzle(canvas, coat, x, y + 0.125)
    if coat.ears == "flop":
        for side in (-1, 1):
            canvas.blob(
                coat.inner,
                x + side * 0.2, y - 0.2, x + side * 0.31, y - 0.14, x + side * 0.36, y + 0.06,
                x + side * 0.3, y + 0.15,
                x + side * 0.235, y + 0.04, x + side * 0.23, y - 0.1,
                shade="fur",
            )  # fmt: skip


def back_ears(canvas: Canvas, coat: Coat, x: float, y: float) -> None:
    for side in (-1, 1):
        if coat.ears == "tall":
            tilt = side * (9 if side < 0 else 16)
            lean = math.radians(tilt)
            cx, cy = x + side * 0.1 + 0.2 * math.sin(lean), y - 0.36
            canvas.oval(coat.fur, cx, cy, 0.075, 0.225, tilt=tilt, shade="fur")
            canvas.oval(coat.inner, cx, cy + 0.02, 0.042, 0.17, tilt=tilt, outline=False)
        elif coat.ears in ("point", "wedge"):
            tall = 0.34 if coat.ears == "point" else 0.38
            tip = (x + side * 0.27, y - tall)
            canvas.blob(coat.fur, x + side * 0.06, y - 0.2, *tip, x + side * 0.3, y - 0.06, shade="fur")
            canvas.poly(
                coat.inner, x + side * 0.13, y - 0.2, x + side * 0.255, y - tall + 0.06, x + side * 0.27, y - 0.1
            )


def markings(canvas: Canvas, coat: Coat, x: float, y: float) -> None:
    if coat.stripes:
        for dx, top in ((-0.07, -0.2), (0.0, -0.215), (0.07, -0.2)):
            canvas.line(coat.stripes, 0.022, x + dx, y + top, x + dx * 0.75, y - 0.11)
        for side in (-1, 1):
            for row in (0.02, 0.075):
                canvas.line(coat.stripes, 0.017, x + side * 0.285, y + row, x + side * 0.22, y + row + 0.012)
    if coat.ears == "wedge":
        for side in (-1, 1):
            canvas.blob(
                coat.belly,
                x, y + 0.05, x + side * 0.14, y + 0.075, x + side * 0.28, y + 0.05, x + side * 0.2,
                y + 0.19, x, y + 0.235,
                outline=False,
            )  # fmt: skip


def eye(canvas: Canvas, coat: Coat, x: float, y: float, side: int) -> None:
    canvas.oval((250, 248, 244), x, y, 0.072, 0.082)
    canvas.oval(coat.eyes, x - side * 0.006, y + 0.004, 0.065, 0.076, shade="soft", outline=False)
    canvas.oval((22, 16, 20), x - side * 0.006, y + 0.004, 0.046, 0.057, outline=False)
    canvas.oval((255, 255, 255), x - 0.024, y - 0.027, 0.022, 0.024, outline=False)
    canvas.oval((255, 255, 255), x + 0.022, y + 0.03, 0.011, 0.012, outline=False)
    canvas.bow(darker(coat.fur, 0.6), 0.012, x - 0.072, y - 0.035, x, y - 0.086, x + 0.072, y - 0.035)


def muzzle(canvas: Canvas, coat: Coat, x: float, y: float) -> None:
    for side in (-1, 1):
        canvas.oval(coat.belly, x + side * 0.045, y, 0.075, 0.06, shade="fur", outline=False)
    canvas.oval(coat.belly, x, y + 0.035, 0.05, 0.045, outline=False)
    canvas.blob(coat.nose, x - 0.045, y - 0.055, x, y - 0.065, x + 0.045, y - 0.055, x, y - 0.015)
    canvas.oval(lighter(coat.nose, 0.6), x - 0.014, y - 0.05, 0.011, 0.006, outline=False)
    canvas.line(darker(coat.nose, 0.2), 0.009, x, y - 0.018, x, y + 0.018)
    for side in (-1, 1):
        canvas.bow(
            darker(coat.nose, 0.2), 0.01, x, y + 0.018, x + side * 0.035, y + 0.038, x + side * 0.07, y + 0.015
        )
        if coat.ears in ("point", "tall"):
            for lift in (-0.012, 0.018):
                canvas.line((250, 246, 238), 0.004, x + side * 0.09, y + lift, x + side * 0.25, y + lift * 2.4)
    if coat.ears == "flop":
        canvas.blob(
            (236, 124, 128), x - 0.024, y + 0.034, x + 0.024, y + 0.034, x + 0.02, y + 0.075, x - 0.02, y + 0.075
        )


def butterfly(canvas: Canvas, wing: RGB) -> None:
    for side in (-1, 1):
        canvas.blob(
            wing, 0.5, 0.5, 0.5 + side * 0.2, 0.1, 0.5 + side * 0.48, 0.08, 0.5 + side * 0.44, 0.42, shade="soft"
        )
        canvas.blob(
            lighter(wing, 0.25), 0.5, 0.52, 0.5 + side * 0.36, 0.5, 0.5 + side * 0.34, 0.84,
            0.5 + side * 0.12, 0.86,
        )  # fmt: skip
        canvas.oval(lighter(wing, 0.6), 0.5 + side * 0.31, 0.25, 0.07, outline=False)
        canvas.bow((50, 36, 36), 0.03, 0.5, 0.26, 0.5 + side * 0.06, 0.12, 0.5 + side * 0.13, 0.06)
    canvas.oval((50, 36, 36), 0.5, 0.52, 0.045, 0.28)
