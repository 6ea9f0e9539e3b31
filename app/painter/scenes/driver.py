"""An animal in a jacket and a cap, from the front, in picture coordinates."""

import math
from dataclasses import dataclass

from app.painter.brief import Brief
from app.painter.camera import Take
from app.painter.canvas import Canvas
from app.painter.colour import NAMED, RGB, darker, lighter

YELLOW: RGB = (248, 196, 36)


@dataclass(frozen=True, slots=True)
class Driver:
    """Fur, muzzle and nose of who drives; ears: round, flop or point."""

    fur: RGB
    muzzle: RGB
    nose: RGB
    ears: str
    long: bool


DRIVERS: dict[str, Driver] = {
    "capybara": Driver((150, 104, 66), (126, 84, 54), (70, 46, 36), "round", long=True),
    "bear": Driver((110, 76, 52), (176, 134, 94), (40, 30, 30), "round", long=False),
    "dog": Driver((206, 152, 88), (238, 208, 160), (40, 30, 30), "flop", long=False),
    "cat": Driver((150, 144, 146), (232, 226, 222), (214, 130, 130), "point", long=False),
}


def driver(canvas: Canvas, kind: Driver, brief: Brief, x: float, take: Take) -> None:
    jacket = brief.colour_of("jacket") or (40, 44, 62)
    canvas.blob(
        jacket, x - 0.09, 0.58, x + 0.09, 0.58, x + 0.2, 0.66, x + 0.25, 0.86, x + 0.26, 1.06, x - 0.26,
        1.06, x - 0.25, 0.86, x - 0.2, 0.66,
        shade="fur",
    )  # fmt: skip
    canvas.poly((232, 230, 226), x - 0.07, 0.585, x + 0.07, 0.585, x, 0.74)
    canvas.poly(
        (142, 36, 44), x - 0.018, 0.615, x + 0.018, 0.615, x + 0.024, 0.72, x, 0.76, x - 0.024, 0.72, shade="soft"
    )
    for side in (-1, 1):
        canvas.poly(
            lighter(jacket, 0.12), x + side * 0.055, 0.57, x + side * 0.13, 0.61, x + side * 0.1, 0.68,
            x + side * 0.12, 0.7, x + side * 0.005, 0.82,
        )  # fmt: skip
    ears(canvas, kind, x)
    if kind.long:
        capybara(canvas, kind, x, take)
    else:
        canvas.oval(kind.fur, x, 0.475, 0.15, 0.14, shade="round")
        canvas.oval(kind.muzzle, x, 0.535, 0.08, 0.062, shade="round")
        snout(canvas, kind, x, 0.505, 0.034)
        for side in (-1, 1):
            gaze(canvas, x + side * 0.066, 0.45, 0.0175)
    cap(canvas, brief, x, 0.35)


def ears(canvas: Canvas, kind: Driver, x: float) -> None:
    for side in (-1, 1):
        if kind.ears == "round":
            canvas.oval(darker(kind.fur, 0.12), x + side * 0.137, 0.375, 0.034, 0.041, tilt=side * 24, shade="fur")
            canvas.oval(
                darker(kind.fur, 0.45), x + side * 0.139, 0.379, 0.017, 0.023, tilt=side * 24, outline=False
            )
        elif kind.ears == "point":
            canvas.poly(
                kind.fur, x + side * 0.06, 0.37, x + side * 0.16, 0.28, x + side * 0.155, 0.44, shade="fur"
            )
        else:
            canvas.blob(
                darker(kind.fur, 0.25), x + side * 0.1, 0.39, x + side * 0.19, 0.42, x + side * 0.19, 0.55,
                x + side * 0.14, 0.55,
                shade="fur",
            )  # fmt: skip


def capybara(canvas: Canvas, kind: Driver, x: float, take: Take) -> None:
    """Draw a capybara: a blunt, deep muzzle, small eyes set high, cheeks that hang a little."""
    canvas.blob(
        kind.fur,
        x - 0.085, 0.335, x + 0.085, 0.335, x + 0.138, 0.39, x + 0.152, 0.48, x + 0.148, 0.575,
        x + 0.095, 0.632, x, 0.645,
        x - 0.095, 0.632, x - 0.148, 0.575, x - 0.152, 0.48, x - 0.138, 0.39,
        shade="round",
    )  # fmt: skip
    hairs(canvas, kind, x, take)
    canvas.blob(
        kind.muzzle,
        x - 0.062, 0.475, x, 0.458, x + 0.062, 0.475, x + 0.108, 0.54, x + 0.098, 0.598, x + 0.045,
        0.628, x, 0.63,
        x - 0.045, 0.628, x - 0.098, 0.598, x - 0.108, 0.54,
        shade="fur",
    )  # fmt: skip
    canvas.blob(
        kind.nose, x - 0.06, 0.498, x - 0.03, 0.478, x + 0.03, 0.478, x + 0.06, 0.498, x + 0.04, 0.53, x,
        0.54, x - 0.04, 0.53,
        shade="soft",
    )  # fmt: skip
    for side in (-1, 1):
        canvas.oval((22, 16, 18), x + side * 0.03, 0.507, 0.0125, 0.0085, tilt=side * 28, outline=False)
        gaze(canvas, x + side * 0.096, 0.449, 0.0175)
        for i in range(4):
            canvas.bow(
                (212, 190, 160), 0.0016, x + side * 0.06, 0.55 + 0.011 * i, x + side * 0.12,
                0.548 + 0.018 * i, x + side * 0.172, 0.56 + 0.026 * i,
                alpha=0.7,
            )  # fmt: skip
    canvas.line(darker(kind.nose, 0.3), 0.0038, x, 0.54, x, 0.583)
    canvas.bow(
        darker(kind.nose, 0.3), 0.0046, x - 0.064, 0.579, x - 0.034, 0.589, x, 0.583, x + 0.034, 0.589,
        x + 0.064, 0.579,
    )  # fmt: skip


def hairs(canvas: Canvas, kind: Driver, x: float, take: Take) -> None:
    """Draw coarse hair that grows outwards from the brow."""
    for _ in range(190):
        a, r = float(take.rng.uniform(0, 6.283)), math.sqrt(float(take.rng.uniform(0.04, 1.0)))
        px, py = x + 0.146 * r * math.cos(a), 0.487 + 0.15 * r * math.sin(a)
        tone = lighter(kind.fur, 0.24) if take.rng.random() < 0.5 else darker(kind.fur, 0.3)
        dx, dy = 0.017 * math.cos(a), 0.008 + 0.012 * abs(math.sin(a))
        canvas.line(tone, 0.0022, px, py, px + dx, py + dy, alpha=0.6)


def gaze(canvas: Canvas, x: float, y: float, r: float) -> None:
    """Draw a calm eye with a little of the upper lid over it."""
    canvas.oval((60, 38, 28), x, y, r * 1.18, r, outline=False)
    canvas.oval((14, 10, 12), x, y, r * 0.86, outline=False)
    canvas.oval((255, 250, 236), x + r * 0.3, y - r * 0.34, r * 0.27, outline=False)
    canvas.bow((44, 28, 24), 0.0052, x - r * 1.3, y - r * 0.45, x, y - r * 1.0, x + r * 1.3, y - r * 0.45)


def snout(canvas: Canvas, kind: Driver, x: float, y: float, r: float) -> None:
    canvas.oval(kind.nose, x, y, r, r * 0.7, shade="round")
    canvas.line(darker(kind.nose, 0.3), 0.004, x, y + r * 0.7, x, y + r * 1.5)
    canvas.bow(darker(kind.nose, 0.3), 0.0042, x - r * 1.1, y + r * 1.7, x, y + r * 1.5, x + r * 1.1, y + r * 1.7)


def cap(canvas: Canvas, brief: Brief, x: float, y: float) -> None:
    """Draw a driver's cap with a chequered band and a peak."""
    colour = brief.colour_of("cap", "hat") or NAMED["yellow"]
    canvas.blob(
        colour,
        x - 0.15, y - 0.012, x - 0.178, y - 0.075, x - 0.11, y - 0.13, x, y - 0.145, x + 0.11, y - 0.13,
        x + 0.178, y - 0.075, x + 0.15, y - 0.012,
        x, y + 0.004,
        shade="round",
    )  # fmt: skip
    band = [(x + 0.148 * u, y - 0.008 + 0.016 * (1 - u * u)) for u in (i / 8 for i in range(-8, 9))]
    canvas.area((28, 26, 30), [*band, *[(px, py + 0.034) for px, py in reversed(band)]])
    for i in range(16):
        (ax, ay), (bx, by) = band[i], band[i + 1]
        drop = 0.004 if i % 2 else 0.018
        canvas.poly(
            YELLOW, ax, ay + drop, bx, by + drop, bx, by + drop + 0.013, ax, ay + drop + 0.013, outline=False
        )
    canvas.blob(
        (34, 32, 38), x - 0.13, y + 0.032, x, y + 0.05, x + 0.13, y + 0.032, x + 0.095, y + 0.064, x,
        y + 0.078, x - 0.095, y + 0.064,
        shade="soft",
    )  # fmt: skip
    canvas.text("TAXI", x, y - 0.07, 0.05, (34, 30, 30), weight=0.045, tracking=0.06)
