"""Animals seen from the side, facing right, each in a unit square with the ground at 1."""

import math
from dataclasses import dataclass

import numpy as np

from app.painter.canvas import Canvas
from app.painter.colour import RGB, darker, lighter, mix


@dataclass(frozen=True, slots=True)
class Build:
    """The build of an animal: the heights of `back` and where `legs` start; `head` is middle and half-size."""

    back: float
    belly: float
    thick: float
    head: tuple[float, float, float, float]
    muzzle: tuple[float, float, float, float]
    hoof: bool = True


HORSE = Build(0.4, 0.66, 0.062, (0.83, 0.22, 0.085, 0.1), (0.93, 0.29, 0.062, 0.05))
COW = Build(0.33, 0.7, 0.075, (0.84, 0.32, 0.1, 0.12), (0.91, 0.42, 0.075, 0.058))
BEAR = Build(0.3, 0.72, 0.12, (0.8, 0.33, 0.13, 0.13), (0.9, 0.38, 0.07, 0.055), hoof=False)


def quadruped(canvas: Canvas, coat: RGB, build: Build) -> None:
    """Draw far legs, tail, body, neck, near legs and head; ears and marks are the animal's own."""
    legs(canvas, darker(coat, 0.3), build, 0.05)
    body = (
        0.14, build.back + 0.1, 0.2, build.back + 0.01, 0.42, build.back + 0.03, 0.66, build.back, 0.76,
        build.back + 0.12,
        0.74, build.belly - 0.02, 0.6, build.belly + 0.02, 0.4, build.belly + 0.03, 0.2, build.belly,
    )  # fmt: skip
    canvas.blob(coat, *body, shade="fur")
    hx, hy, rx, ry = build.head
    canvas.blob(
        coat, 0.58, build.back + 0.02, hx - rx * 0.7, hy - ry * 0.5, hx + rx * 0.5, hy + ry * 0.4, 0.76,
        build.back + 0.26, 0.66, build.belly - 0.06,
        shade="fur", outline=False,
    )  # fmt: skip
    legs(canvas, coat, build, 0.0)
    canvas.oval(coat, hx, hy, rx, ry, shade="fur", tilt=20)
    mx, my, mrx, mry = build.muzzle
    canvas.oval(lighter(coat, 0.1), mx, my, mrx, mry, shade="fur", tilt=20)
    canvas.oval((30, 22, 24), mx + mrx * 0.6, my - mry * 0.1, mrx * 0.16, mry * 0.2, outline=False)
    canvas.oval((250, 248, 244), hx + rx * 0.25, hy - ry * 0.18, 0.019, outline=False)
    canvas.oval((24, 18, 20), hx + rx * 0.3, hy - ry * 0.16, 0.014, outline=False)


def legs(canvas: Canvas, coat: RGB, build: Build, shift: float) -> None:
    for x in (0.24 + shift, 0.66 + shift * 0.8):
        half = build.thick / 2
        canvas.poly(
            coat, x - half * 1.5, build.belly - 0.08, x + half * 1.5, build.belly - 0.08, x + half, 0.98,
            x - half, 0.98,
            shade="side" if build.hoof else "fur",
        )  # fmt: skip
        if build.hoof:
            canvas.poly((48, 38, 38), x - half, 0.94, x + half, 0.94, x + half * 1.25, 1.0, x - half * 1.15, 1.0)
        else:
            canvas.oval(coat, x + half * 0.3, 0.97, half * 1.35, 0.032, shade="fur")


def ear(canvas: Canvas, coat: RGB, x: float, y: float, size: float, tilt: float) -> None:
    canvas.oval(coat, x, y, size * 0.5, size, tilt=tilt, shade="fur")
    canvas.oval(mix(coat, (220, 150, 140), 0.5), x, y, size * 0.26, size * 0.66, tilt=tilt, outline=False)


def horse(canvas: Canvas, coat: RGB, _rng: np.random.Generator) -> None:
    mane = darker(coat, 0.6)
    canvas.bow(mane, 0.07, 0.16, 0.45, 0.08, 0.54, 0.1, 0.68, 0.06, 0.8)
    quadruped(canvas, coat, HORSE)
    canvas.blob(mane, 0.77, 0.1, 0.83, 0.12, 0.72, 0.34, 0.62, 0.46, 0.57, 0.42, 0.66, 0.3, 0.7, 0.18)
    ear(canvas, coat, 0.8, 0.115, 0.045, -12)
    canvas.blob((246, 240, 232), 0.85, 0.14, 0.88, 0.18, 0.91, 0.26, 0.885, 0.25, outline=False)


def zebra(canvas: Canvas, coat: RGB, _rng: np.random.Generator) -> None:
    white = mix(coat, (246, 244, 238), 0.95) if max(coat) < 240 else coat
    stripe = (36, 32, 36)
    canvas.bow(white, 0.04, 0.16, 0.45, 0.09, 0.56, 0.09, 0.7)
    quadruped(canvas, white, HORSE)
    for i in range(9):
        x = 0.19 + 0.057 * i
        canvas.blob(
            stripe, x, 0.4 + 0.015 * abs(i - 4) / 4, x + 0.026, 0.41, x + 0.012, 0.54, x + 0.004, 0.645,
            x - 0.004, 0.54,
            outline=False,
        )  # fmt: skip
    for i in range(5):
        x, y = 0.64 + 0.034 * i, 0.4 - 0.052 * i
        canvas.line(stripe, 0.02, x - 0.02, y - 0.05, x + 0.08, y + 0.05)
    for x in (0.24, 0.66):
        for y in (0.7, 0.77, 0.84):
            canvas.line(stripe, 0.018, x - 0.034, y, x + 0.034, y + 0.01)
    for i in range(6):
        canvas.poly(
            stripe, 0.6 + 0.034 * i, 0.39 - 0.052 * i, 0.63 + 0.034 * i, 0.34 - 0.052 * i,
            0.565 + 0.034 * i, 0.33 - 0.052 * i,
        )  # fmt: skip
    for i in range(2):
        canvas.line(stripe, 0.014, 0.82 + 0.035 * i, 0.14 + 0.04 * i, 0.79 + 0.04 * i, 0.29 + 0.02 * i)
    canvas.oval(stripe, 0.945, 0.3, 0.045, 0.042, shade="soft")
    ear(canvas, white, 0.8, 0.115, 0.045, -12)


def cow(canvas: Canvas, coat: RGB, _rng: np.random.Generator) -> None:
    canvas.bow(coat, 0.028, 0.15, 0.4, 0.08, 0.5, 0.09, 0.72)
    canvas.oval((60, 44, 40), 0.09, 0.76, 0.024, 0.046)
    quadruped(canvas, coat, COW)
    patch = (52, 44, 46) if max(coat) > 150 else (240, 236, 228)
    canvas.blob(patch, 0.24, 0.36, 0.4, 0.35, 0.42, 0.5, 0.3, 0.58, 0.22, 0.48, outline=False)
    canvas.blob(patch, 0.52, 0.44, 0.64, 0.4, 0.68, 0.54, 0.58, 0.64, outline=False)
    canvas.oval((236, 168, 164), 0.915, 0.425, 0.07, 0.056, tilt=20, shade="fur")
    canvas.oval((90, 50, 50), 0.95, 0.42, 0.01, 0.013, outline=False)
    canvas.blob((236, 168, 164), 0.3, 0.7, 0.42, 0.7, 0.36, 0.79)
    for side in (-1, 1):
        canvas.bow(
            (232, 222, 200), 0.03, 0.83 + side * 0.04, 0.22, 0.83 + side * 0.09, 0.18, 0.83 + side * 0.08, 0.12
        )
    ear(canvas, coat, 0.74, 0.27, 0.05, -70)


def sheep(canvas: Canvas, coat: RGB, _rng: np.random.Generator) -> None:
    dark = (70, 60, 62) if max(coat) > 120 else (40, 36, 38)
    legs(canvas, dark, Build(0.3, 0.76, 0.062, (0, 0, 0, 0), (0, 0, 0, 0)), 0.06)
    legs(canvas, dark, Build(0.3, 0.76, 0.062, (0, 0, 0, 0), (0, 0, 0, 0)), 0.0)
    for i in range(20):
        angle = 2 * math.pi * i / 20
        canvas.oval(coat, 0.45 + 0.29 * math.cos(angle), 0.52 + 0.215 * math.sin(angle), 0.082, 0.078, shade="fur")
    canvas.oval(coat, 0.45, 0.52, 0.31, 0.235, shade="round", outline=False)
    for i in range(16):
        angle, r = i * 2.4, 0.24 * math.sqrt(i / 16)
        x, y = 0.45 + r * 1.05 * math.cos(angle), 0.51 + r * 0.75 * math.sin(angle)
        canvas.hoop(darker(coat, 0.16), 0.01, x, y, 0.042, 0.038, start=i * 50, end=i * 50 + 210)
    canvas.blob(dark, 0.76, 0.26, 0.86, 0.26, 0.93, 0.42, 0.9, 0.54, 0.82, 0.55, 0.75, 0.42, shade="fur")
    ear(canvas, dark, 0.74, 0.34, 0.045, 66)
    ear(canvas, dark, 0.91, 0.33, 0.04, -60)
    for x in (0.79, 0.86):
        canvas.oval((252, 250, 246), x, 0.37, 0.02)
        canvas.oval((20, 16, 18), x + 0.004, 0.375, 0.011, outline=False)
    canvas.line((30, 24, 26), 0.01, 0.85, 0.5, 0.885, 0.495)
    for i in range(5):
        canvas.oval(coat, 0.755 + 0.032 * i, 0.25 - 0.014 * (2 - abs(i - 2)), 0.042, shade="fur")


def bear(canvas: Canvas, coat: RGB, _rng: np.random.Generator) -> None:
    canvas.oval(coat, 0.13, 0.44, 0.04, 0.035, shade="fur")
    for x in (0.72, 0.86):
        canvas.oval(darker(coat, 0.1), x, 0.215, 0.045, shade="fur")
        canvas.oval(darker(coat, 0.45), x, 0.22, 0.022, outline=False)
    quadruped(canvas, coat, BEAR)
    canvas.oval(lighter(coat, 0.35), 0.9, 0.385, 0.065, 0.05, shade="fur")
    canvas.oval((34, 26, 28), 0.945, 0.362, 0.024, 0.018)


def elephant(canvas: Canvas, coat: RGB, _rng: np.random.Generator) -> None:
    build = Build(0.24, 0.72, 0.14, (0, 0, 0, 0), (0, 0, 0, 0), hoof=False)
    canvas.bow(coat, 0.022, 0.13, 0.4, 0.07, 0.52, 0.09, 0.64)
    legs(canvas, darker(coat, 0.25), build, 0.09)
    canvas.blob(
        coat, 0.1, 0.42, 0.2, 0.22, 0.45, 0.18, 0.66, 0.24, 0.72, 0.5, 0.62, 0.74, 0.4, 0.77, 0.18, 0.74,
        shade="fur",
    )  # fmt: skip
    legs(canvas, coat, build, 0.0)
    for x in (0.21, 0.27, 0.63, 0.69):
        canvas.oval((238, 230, 218), x, 0.98, 0.022, 0.014, outline=False)
    canvas.blob(
        coat, 0.62, 0.24, 0.76, 0.16, 0.88, 0.24, 0.92, 0.42, 0.94, 0.62, 0.97, 0.78, 0.9, 0.82, 0.85,
        0.64, 0.8, 0.52, 0.68, 0.5,
        shade="fur",
    )  # fmt: skip
    canvas.bow((250, 244, 230), 0.034, 0.84, 0.53, 0.9, 0.6, 0.99, 0.58)
    canvas.blob(
        darker(coat, 0.12), 0.52, 0.22, 0.66, 0.2, 0.74, 0.32, 0.7, 0.52, 0.58, 0.58, 0.49, 0.42, shade="soft"
    )
    canvas.blob(
        mix(coat, (230, 170, 170), 0.35), 0.56, 0.27, 0.65, 0.26, 0.69, 0.35, 0.65, 0.48, 0.58, 0.5, outline=False
    )
    canvas.oval((26, 22, 26), 0.81, 0.34, 0.017, outline=False)
    canvas.oval((255, 255, 255), 0.815, 0.334, 0.006, outline=False)
    for i in range(4):
        canvas.bow(
            darker(coat, 0.3), 0.006, 0.9 + 0.012 * i, 0.56 + 0.06 * i, 0.925 + 0.012 * i, 0.57 + 0.06 * i,
            0.945 + 0.008 * i, 0.555 + 0.06 * i,
        )  # fmt: skip


def giraffe(canvas: Canvas, coat: RGB, _rng: np.random.Generator) -> None:
    build = Build(0.52, 0.7, 0.05, (0.84, 0.1, 0.07, 0.055), (0.91, 0.13, 0.05, 0.036))
    canvas.bow(coat, 0.02, 0.15, 0.58, 0.1, 0.68, 0.11, 0.78)
    quadruped(canvas, coat, build)
    for i in range(24):
        u = (i * 0.618) % 1
        x, y = (
            (0.2 + 0.5 * u, 0.56 + 0.12 * ((i * 0.37) % 1))
            if i < 14
            else (0.63 + 0.16 * u, 0.5 - 0.36 * u + 0.03 * (i % 2))
        )
        canvas.oval((150, 92, 48), x, y, 0.028, 0.024, tilt=i * 40, outline=False)
    for x in (0.81, 0.85):
        canvas.line((120, 80, 50), 0.014, x, 0.06, x - 0.006, 0.01)
        canvas.oval((90, 60, 40), x - 0.006, 0.01, 0.013)


def bird(canvas: Canvas, coat: RGB, _rng: np.random.Generator) -> None:
    for x in (0.46, 0.56):
        canvas.line((226, 150, 60), 0.022, x, 0.78, x + 0.01, 0.97, x + 0.07, 0.98)
    canvas.blob(darker(coat, 0.25), 0.3, 0.6, 0.02, 0.72, 0.06, 0.82, 0.36, 0.76, shade="soft")
    canvas.blob(
        coat, 0.2, 0.62, 0.34, 0.44, 0.52, 0.36, 0.58, 0.2, 0.74, 0.13, 0.86, 0.22, 0.86, 0.4, 0.78, 0.66,
        0.6, 0.82, 0.36, 0.8,
        shade="round",
    )  # fmt: skip
    canvas.blob(lighter(coat, 0.55), 0.6, 0.5, 0.76, 0.42, 0.76, 0.64, 0.6, 0.79, 0.48, 0.74, outline=False)
    canvas.blob(darker(coat, 0.28), 0.28, 0.6, 0.42, 0.46, 0.6, 0.52, 0.54, 0.68, 0.36, 0.74, shade="fur")
    canvas.poly((240, 168, 50), 0.85, 0.24, 0.99, 0.3, 0.85, 0.35)
    canvas.oval((250, 250, 246), 0.745, 0.26, 0.038)
    canvas.oval((20, 18, 20), 0.753, 0.262, 0.023, outline=False)


def fish(canvas: Canvas, coat: RGB, _rng: np.random.Generator) -> None:
    canvas.blob(darker(coat, 0.1), 0.26, 0.5, 0.02, 0.24, 0.1, 0.5, 0.02, 0.78, shade="soft")
    canvas.blob(darker(coat, 0.15), 0.4, 0.3, 0.52, 0.12, 0.68, 0.26)
    canvas.blob(coat, 0.2, 0.5, 0.42, 0.27, 0.7, 0.25, 0.97, 0.5, 0.7, 0.75, 0.42, 0.73, shade="round")
    for i in range(11):
        x, y = 0.36 + 0.1 * (i % 4), 0.38 + 0.09 * (i // 4) + 0.04 * (i % 2)
        canvas.hoop(lighter(coat, 0.35), 0.012, x, y, 0.05, start=-70, end=70)
    canvas.oval((252, 252, 250), 0.83, 0.44, 0.05)
    canvas.oval((20, 20, 24), 0.84, 0.44, 0.027, outline=False)
    canvas.blob(darker(coat, 0.2), 0.56, 0.55, 0.66, 0.58, 0.56, 0.72)


def person(canvas: Canvas, coat: RGB, rng: np.random.Generator) -> None:
    skin = ((232, 186, 152), (150, 104, 76), (206, 156, 120))[int(rng.integers(3))]
    hair = ((60, 40, 30), (32, 26, 28), (168, 112, 56))[int(rng.integers(3))]
    for side in (-1, 1):
        canvas.poly(
            (58, 66, 92), 0.5 + side * 0.01, 0.58, 0.5 + side * 0.19, 0.58, 0.5 + side * 0.17, 0.96,
            0.5 + side * 0.05, 0.96,
            shade="side",
        )  # fmt: skip
        canvas.rect((44, 38, 40), 0.5 + side * 0.12 - 0.1, 0.95, 0.5 + side * 0.12 + 0.1, 1.0, r=0.02)
        canvas.bow(coat, 0.095, 0.5 + side * 0.18, 0.3, 0.5 + side * 0.26, 0.43, 0.5 + side * 0.25, 0.54)
        canvas.oval(skin, 0.5 + side * 0.25, 0.58, 0.05, 0.032)
    canvas.blob(
        coat, 0.34, 0.26, 0.5, 0.235, 0.66, 0.26, 0.7, 0.44, 0.69, 0.61, 0.31, 0.61, 0.3, 0.44, shade="fur"
    )
    canvas.rect(darker(skin, 0.15), 0.44, 0.19, 0.56, 0.27, r=0.03)
    canvas.oval(hair, 0.5, 0.115, 0.155, 0.112)
    canvas.oval(skin, 0.5, 0.135, 0.125, 0.098, shade="fur")
    canvas.blob(hair, 0.36, 0.13, 0.38, 0.04, 0.5, 0.01, 0.62, 0.04, 0.64, 0.13, 0.56, 0.075, 0.44, 0.08)
    for side in (-1, 1):
        canvas.oval((30, 24, 26), 0.5 + side * 0.05, 0.14, 0.016, 0.011, outline=False)
    canvas.bow((168, 74, 70), 0.012, 0.45, 0.185, 0.5, 0.196, 0.55, 0.185)


def robot(canvas: Canvas, coat: RGB, _rng: np.random.Generator) -> None:
    for side in (-1, 1):
        canvas.rect(
            darker(coat, 0.3), 0.5 + side * 0.14 - 0.07, 0.76, 0.5 + side * 0.14 + 0.07, 0.96, r=0.02, shade="side"
        )
        canvas.rect((60, 64, 74), 0.5 + side * 0.15 - 0.11, 0.94, 0.5 + side * 0.15 + 0.11, 1.0, r=0.02)
        canvas.bow(darker(coat, 0.2), 0.075, 0.5 + side * 0.3, 0.5, 0.5 + side * 0.4, 0.6, 0.5 + side * 0.37, 0.73)
        canvas.oval((90, 96, 108), 0.5 + side * 0.37, 0.76, 0.055, shade="metal")
    canvas.rect(coat, 0.22, 0.43, 0.78, 0.8, r=0.08, shade="metal")
    canvas.rect((36, 44, 58), 0.34, 0.52, 0.66, 0.68, r=0.03)
    for i, lamp in enumerate(((240, 90, 80), (250, 204, 80), (110, 220, 140))):
        canvas.oval(lamp, 0.42 + 0.08 * i, 0.6, 0.027, shade="round")
    canvas.line((90, 96, 108), 0.025, 0.5, 0.12, 0.5, 0.03)
    canvas.oval((240, 90, 80), 0.5, 0.03, 0.035, shade="round")
    canvas.rect(coat, 0.25, 0.11, 0.75, 0.41, r=0.1, shade="metal")
    canvas.rect((36, 44, 58), 0.31, 0.17, 0.69, 0.34, r=0.07)
    for x in (0.41, 0.59):
        canvas.oval((120, 230, 255), x, 0.25, 0.05, 0.058, shade="round")
    canvas.bow((120, 230, 255), 0.012, 0.44, 0.31, 0.5, 0.325, 0.56, 0.31)
