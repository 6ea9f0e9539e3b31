"""A weathered face in torchlight, from the front, in picture coordinates."""

import math
from dataclasses import dataclass

from app.painter.camera import Take
from app.painter.canvas import Canvas, smooth
from app.painter.colour import RGB, darker, lighter, mix


@dataclass(frozen=True, slots=True)
class Looks:
    skin: RGB
    hair: RGB
    iris: RGB
    cloth: RGB
    dusk: RGB
    beard: bool


LOOKS: tuple[Looks, ...] = (
    Looks((206, 152, 118), (92, 54, 32), (86, 132, 168), (122, 30, 34), (30, 20, 20), beard=False),
    Looks((142, 94, 66), (40, 28, 26), (112, 78, 40), (30, 58, 104), (18, 18, 30), beard=False),
    Looks((222, 174, 142), (186, 128, 62), (92, 128, 96), (44, 82, 66), (26, 18, 14), beard=True),
    Looks((182, 128, 96), (58, 36, 28), (110, 92, 50), (92, 44, 96), (24, 14, 24), beard=False),
    Looks((214, 164, 134), (150, 150, 156), (104, 134, 160), (96, 84, 60), (20, 22, 28), beard=True),
)


def back_hair(canvas: Canvas, looks: Looks) -> None:
    canvas.blob(
        darker(looks.hair, 0.25),
        0.5, 0.075, 0.63, 0.11, 0.7, 0.23, 0.705, 0.4, 0.685, 0.56, 0.6, 0.64, 0.4, 0.64, 0.315, 0.56,
        0.295, 0.4, 0.3, 0.23, 0.37, 0.11,
        shade="round",
    )  # fmt: skip


def neck(canvas: Canvas, looks: Looks) -> None:
    canvas.poly(darker(looks.skin, 0.3), 0.415, 0.5, 0.585, 0.5, 0.61, 0.72, 0.39, 0.72, shade="side")
    canvas.blob(
        darker(looks.skin, 0.5), 0.42, 0.52, 0.58, 0.52, 0.56, 0.6, 0.5, 0.625, 0.44, 0.6, alpha=0.6, outline=False
    )


def face(canvas: Canvas, looks: Looks, turn: float, take: Take, *, worn: bool) -> None:
    skin = looks.skin
    canvas.blob(
        skin,
        0.5, 0.135, 0.6, 0.165, 0.652, 0.26, 0.655, 0.37, 0.63, 0.475, 0.575, 0.56, 0.5, 0.592,
        0.425, 0.56, 0.37, 0.475, 0.345, 0.37, 0.348, 0.26, 0.4, 0.165,
        shade="round",
    )  # fmt: skip
    shade_side(canvas, take)
    x = 0.5 + turn
    for side in (-1, 1):
        cheek = x + side * 0.085
        canvas.oval((206, 96, 74), cheek + side * 0.01, 0.435, 0.042, 0.03, alpha=0.17, outline=False)
        canvas.bow(
            darker(skin, 0.28), 0.004, cheek + side * 0.052, 0.42, cheek + side * 0.02, 0.47,
            cheek - side * 0.012, 0.505,
            alpha=0.6,
        )  # fmt: skip
        with canvas.named(f"eye {side}"):
            eye(canvas, looks, x + side * 0.076, 0.352, side)
    nose(canvas, skin, x, turn, take)
    mouth(canvas, looks, x)
    if worn:
        wear(canvas, looks, x, take)


def shade_side(canvas: Canvas, take: Take) -> None:
    """Light one half of the face with a torch and leave shadow on the other."""
    far, near = -take.lamp, take.lamp
    canvas.shadow(0.5 + far * 0.155, 0.4, 0.12, 0.26, 0.85)
    canvas.shadow(0.5 + far * 0.07, 0.56, 0.13, 0.07, 0.6)
    canvas.glow((255, 190, 110), 0.5 + near * 0.1, 0.36, 0.13, 0.34, ry=0.19)


def eye(canvas: Canvas, looks: Looks, x: float, y: float, side: int) -> None:
    canvas.oval(darker(looks.skin, 0.4), x, y - 0.004, 0.05, 0.031, alpha=0.55, outline=False)
    canvas.blob(
        (238, 230, 222), x - 0.041, y + 0.003, x - 0.02, y - 0.017, x + 0.006, y - 0.02, x + 0.04, y - 0.002,
        x + 0.018, y + 0.014, x - 0.018, y + 0.015,
    )  # fmt: skip
    iris(canvas, looks, x, y)
    lids_and_brow(canvas, looks, x, y, side)


def iris(canvas: Canvas, looks: Looks, x: float, y: float) -> None:
    """Draw the iris with its rays, the pupil, and two lights in it."""
    canvas.oval(darker(looks.iris, 0.35), x, y - 0.003, 0.0172, outline=False)
    canvas.oval(looks.iris, x, y - 0.002, 0.0148, shade="round", outline=False)
    for i in range(10):
        angle = math.radians(36 * i)
        canvas.line(
            lighter(looks.iris, 0.42), 0.0009, x + 0.007 * math.cos(angle),
            y - 0.002 + 0.007 * math.sin(angle), x + 0.013 * math.cos(angle),
            y - 0.002 + 0.013 * math.sin(angle),
        )  # fmt: skip
    canvas.oval((16, 10, 12), x, y - 0.002, 0.0072, outline=False)
    canvas.oval((255, 250, 240), x + 0.0056, y - 0.0085, 0.0042, outline=False)
    canvas.oval((255, 214, 150), x - 0.0056, y + 0.0055, 0.0022, outline=False)


def lids_and_brow(canvas: Canvas, looks: Looks, x: float, y: float, side: int) -> None:
    dark = darker(looks.skin, 0.62)
    canvas.bow(
        dark, 0.0062, x - 0.043, y + 0.004, x - 0.02, y - 0.0175, x + 0.006, y - 0.021, x + 0.042, y - 0.003
    )
    canvas.bow(darker(looks.skin, 0.34), 0.0028, x - 0.03, y + 0.013, x, y + 0.02, x + 0.033, y + 0.01)
    canvas.bow(darker(looks.skin, 0.3), 0.003, x - 0.036, y - 0.022, x, y - 0.034, x + 0.038, y - 0.018)
    brow = darker(looks.hair, 0.3)
    canvas.blob(
        brow, x - side * 0.05, y - 0.044, x, y - 0.062, x + side * 0.052, y - 0.047, x + side * 0.02,
        y - 0.05, x - side * 0.046, y - 0.034,
    )  # fmt: skip


def nose(canvas: Canvas, skin: RGB, x: float, turn: float, take: Take) -> None:
    far = -take.lamp
    canvas.blob(
        darker(skin, 0.4), x + far * 0.014, 0.335, x + far * 0.03, 0.43, x + far * 0.036, 0.456,
        x + far * 0.012, 0.462, x + far * 0.01, 0.4,
        alpha=0.42, outline=False,
    )  # fmt: skip
    canvas.bow(
        lighter(skin, 0.45), 0.007, x - far * 0.003, 0.345, x - far * 0.005 + turn * 0.1, 0.4,
        x - far * 0.003 + turn * 0.16, 0.44,
        alpha=0.4,
    )  # fmt: skip
    canvas.oval(lighter(skin, 0.2), x + turn * 0.16, 0.446, 0.021, 0.017, alpha=0.55, outline=False)
    for side in (-1, 1):
        canvas.bow(
            darker(skin, 0.42), 0.0042, x + side * 0.024, 0.44, x + side * 0.036, 0.456, x + side * 0.024, 0.467
        )
        canvas.oval(darker(skin, 0.68), x + side * 0.015, 0.4655, 0.0085, 0.0038, outline=False)


def mouth(canvas: Canvas, looks: Looks, x: float) -> None:
    if looks.beard:
        beard(canvas, looks, x)
    lip = mix(looks.skin, (150, 54, 50), 0.5)
    canvas.blob(
        darker(lip, 0.12), x - 0.054, 0.513, x - 0.017, 0.5, x, 0.504, x + 0.017, 0.5, x + 0.054, 0.513, x, 0.518
    )
    canvas.blob(lighter(lip, 0.07), x - 0.05, 0.515, x, 0.519, x + 0.05, 0.515, x + 0.02, 0.535, x - 0.02, 0.535)
    canvas.bow(
        darker(lip, 0.62), 0.0036, x - 0.056, 0.512, x - 0.02, 0.517, x, 0.515, x + 0.02, 0.517, x + 0.056, 0.512
    )
    canvas.bow(lighter(lip, 0.4), 0.003, x - 0.016, 0.526, x, 0.528, x + 0.016, 0.526, alpha=0.6)
    canvas.bow(darker(looks.skin, 0.35), 0.004, x - 0.025, 0.548, x, 0.553, x + 0.025, 0.548, alpha=0.5)


def beard(canvas: Canvas, looks: Looks, x: float) -> None:
    canvas.blob(
        looks.hair,
        x - 0.135, 0.43, x - 0.075, 0.485, x - 0.03, 0.486, x, 0.483, x + 0.03, 0.486, x + 0.075, 0.485,
        x + 0.135, 0.43,
        x + 0.12, 0.53, x + 0.07, 0.61, x, 0.655, x - 0.07, 0.61, x - 0.12, 0.53,
        shade="round",
    )  # fmt: skip
    for i in range(24):
        u = -1 + 2 * i / 23
        canvas.bow(
            lighter(looks.hair, 0.2 if i % 2 else -0.0) if i % 3 else darker(looks.hair, 0.3), 0.003,
            x + 0.1 * u, 0.51 + 0.01 * (i % 3), x + 0.085 * u, 0.57, x + 0.05 * u, 0.63 - 0.035 * abs(u),
        )  # fmt: skip


def wear(canvas: Canvas, looks: Looks, x: float, take: Take) -> None:
    """Add scars, dirt and a few freckles, placed by the seed."""
    scar = mix(looks.skin, (150, 52, 52), 0.55)
    side = -1 if take.rng.random() < 0.5 else 1
    cut = [(x + side * 0.1, 0.262), (x + side * 0.088, 0.31), (x + side * 0.1, 0.4), (x + side * 0.112, 0.44)]
    canvas.trace(darker(scar, 0.2), 0.0052, smooth(cut, closed=False))
    canvas.trace(lighter(scar, 0.35), 0.002, smooth([(px + 0.002, py) for px, py in cut], closed=False))
    canvas.line(scar, 0.004, x - side * 0.11, 0.455, x - side * 0.068, 0.49)
    for share in (0.25, 0.5, 0.75):
        px, py = x - side * (0.11 - 0.042 * share), 0.455 + 0.035 * share
        canvas.line(scar, 0.0024, px - 0.007, py + 0.007, px + 0.007, py - 0.007)
    for _ in range(46):
        px, py = x + float(take.rng.normal(0, 0.075)), float(take.rng.uniform(0.2, 0.56))
        if ((px - x) / 0.13) ** 2 + ((py - 0.37) / 0.2) ** 2 < 1:
            r = float(take.rng.uniform(0.0008, 0.0034))
            canvas.oval((62, 40, 30), px, py, r, r * 0.8, alpha=0.5, outline=False)
    for px, py, rx in (
        (x - side * 0.05, 0.235, 0.06),
        (x + side * 0.09, 0.5, 0.045),
        (x - side * 0.1, 0.41, 0.04),
    ):
        canvas.shadow(px, py, rx, rx * 0.45, 0.3)


def front_hair(canvas: Canvas, looks: Looks, turn: float) -> None:
    part = 0.5 + turn
    for side in (-1, 1):
        canvas.blob(
            looks.hair,
            part, 0.09, part + side * 0.1, 0.1, 0.5 + side * 0.185, 0.19, 0.5 + side * 0.195, 0.33,
            0.5 + side * 0.178, 0.43,
            0.5 + side * 0.155, 0.33, 0.5 + side * 0.12, 0.24, part + side * 0.04, 0.18, part, 0.165,
            shade="soft",
        )  # fmt: skip
        for i in range(9):
            u = i / 8
            tone = lighter(looks.hair, 0.24) if i % 2 else darker(looks.hair, 0.34)
            canvas.bow(
                tone, 0.0026,
                part + side * 0.006, 0.1 + 0.06 * u, part + side * (0.07 + 0.03 * (1 - u)), 0.125 + 0.07 * u,
                0.5 + side * (0.135 + 0.045 * (1 - u)), 0.22 + 0.05 * u,
                0.5 + side * (0.163 + 0.025 * (1 - u)), 0.36,
                alpha=0.8,
            )  # fmt: skip
