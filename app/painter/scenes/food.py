"""Dishes on plates seen from above, each in a unit square."""

import math
from collections.abc import Callable

from app.painter.camera import Take
from app.painter.canvas import Canvas
from app.painter.colour import RGB, darker, lighter, mix


def plate(canvas: Canvas, rim: RGB = (250, 249, 246)) -> None:
    canvas.shadow(0.53, 0.56, 0.55, 0.53, 0.42)
    canvas.oval(rim, 0.5, 0.5, 0.46, shade="soft")
    canvas.oval(darker(rim, 0.07), 0.5, 0.5, 0.35, outline=False)
    canvas.oval(lighter(rim, 0.2), 0.505, 0.507, 0.34, outline=False)


def scatter(take: Take, count: int, reach: float) -> list[tuple[float, float, float]]:
    """Scatter places around the middle as (x, y, degrees), well spread."""
    turn = float(take.rng.uniform(0, 6.28))
    out = []
    for i in range(count):
        r, a = reach * math.sqrt((i + 0.5) / count), turn + i * 2.39996
        out.append((0.5 + r * math.cos(a), 0.5 + r * math.sin(a), float(take.rng.uniform(0, 360))))
    return out


def leafy(canvas: Canvas, x: float, y: float, size: float, tilt: float, green: RGB) -> None:
    canvas.oval(green, x, y, size, size * 0.48, tilt=tilt, shade="soft")
    lean = math.radians(tilt)
    dx, dy = size * 0.8 * math.cos(lean), size * 0.8 * math.sin(lean)
    canvas.line(lighter(green, 0.35), 0.007, x - dx, y - dy, x + dx, y + dy)


def salad(canvas: Canvas, take: Take) -> None:
    plate(canvas)
    greens: tuple[RGB, ...] = ((86, 150, 62), (122, 178, 74), (58, 122, 58))
    for i, (x, y, tilt) in enumerate(scatter(take, 26, 0.27)):
        leafy(canvas, x, y, 0.105, tilt, greens[i % 3])
    for x, y, _ in scatter(take, 6, 0.22):
        canvas.oval((214, 52, 42), x, y, 0.056, shade="round")
        canvas.oval((240, 120, 96), x, y, 0.034, outline=False)
    for x, y, tilt in scatter(take, 7, 0.24):
        canvas.oval((252, 248, 236), x, y, 0.036, 0.03, tilt=tilt, shade="round")


def bruschetta(canvas: Canvas, _take: Take) -> None:
    canvas.shadow(0.53, 0.56, 0.5, 0.46, 0.4)
    canvas.rect((152, 104, 66), 0.06, 0.16, 0.94, 0.84, r=0.08, shade="soft")
    for i in range(3):
        x = 0.22 + 0.28 * i
        canvas.oval((196, 136, 74), x, 0.5, 0.125, 0.27, tilt=8 * (i - 1), shade="soft")
        canvas.oval((236, 200, 138), x, 0.5, 0.1, 0.235, tilt=8 * (i - 1), outline=False)
        for j in range(11):
            y = 0.32 + 0.036 * j
            canvas.oval(
                (212, 58, 42) if j % 3 else (240, 104, 74),
                x + 0.045 * math.sin(j * 2.1 + i),
                y,
                0.038,
                0.031,
                shade="round",
                outline=j % 2 == 0,
            )
        leafy(canvas, x, 0.47, 0.07, 40 * i - 30, (74, 140, 62))
        leafy(canvas, x + 0.02, 0.58, 0.055, 130, (96, 160, 74))


def soup(canvas: Canvas, take: Take) -> None:
    plate(canvas, (232, 236, 238))
    canvas.oval((226, 128, 48), 0.5, 0.5, 0.3, shade="soft")
    canvas.hoop((250, 222, 180), 0.022, 0.5, 0.5, 0.16, start=20, end=320)
    canvas.hoop((250, 222, 180), 0.018, 0.5, 0.5, 0.085, start=200, end=480)
    for x, y, tilt in scatter(take, 7, 0.22):
        leafy(canvas, x, y, 0.036, tilt, (70, 132, 60))


def pizza(canvas: Canvas, take: Take, kind: int = 0) -> None:
    canvas.shadow(0.53, 0.56, 0.53, 0.51, 0.42)
    canvas.oval((206, 142, 72), 0.5, 0.5, 0.455, shade="round")
    for i in range(22):
        a = 2 * math.pi * i / 22
        canvas.oval(
            (176, 106, 50) if i % 3 else (120, 66, 36),
            0.5 + 0.415 * math.cos(a),
            0.5 + 0.415 * math.sin(a),
            0.026,
            0.018,
            alpha=0.6,
            outline=False,
        )
    canvas.oval((196, 64, 36), 0.5, 0.5, 0.37, outline=False)
    canvas.oval((246, 206, 108), 0.5, 0.5, 0.345, shade="soft")
    for x, y, tilt in scatter(take, 12, 0.29):
        canvas.oval((255, 238, 186), x, y, 0.065, 0.046, tilt=tilt, outline=False)
    (margherita, diavola, funghi)[kind % 3](canvas, take)
    for i in range(4):
        a = math.radians(22 + 45 * i)
        dx, dy = 0.45 * math.cos(a), 0.45 * math.sin(a)
        canvas.line((188, 120, 60), 0.009, 0.5 - dx, 0.5 - dy, 0.5 + dx, 0.5 + dy)


def margherita(canvas: Canvas, take: Take) -> None:
    for x, y, _ in scatter(take, 6, 0.24):
        canvas.oval((255, 250, 236), x, y, 0.064, shade="round")
    for x, y, tilt in scatter(take, 7, 0.26):
        leafy(canvas, x, y, 0.068, tilt, (66, 136, 58))


def diavola(canvas: Canvas, take: Take) -> None:
    for x, y, _ in scatter(take, 11, 0.27):
        canvas.oval((192, 52, 38), x, y, 0.064, shade="round")
        canvas.oval((222, 96, 72), x - 0.01, y - 0.012, 0.018, outline=False)
    for x, y, tilt in scatter(take, 6, 0.25):
        canvas.oval((52, 44, 46), x, y, 0.026, 0.022, tilt=tilt)


def funghi(canvas: Canvas, take: Take) -> None:
    for x, y, tilt in scatter(take, 9, 0.26):
        canvas.oval((226, 206, 176), x, y, 0.064, 0.044, tilt=tilt, shade="soft")
        canvas.oval((170, 142, 112), x, y, 0.034, 0.012, tilt=tilt, outline=False)
    for x, y, tilt in scatter(take, 8, 0.27):
        leafy(canvas, x, y, 0.044, tilt, (84, 128, 54))


def steak(canvas: Canvas, _take: Take) -> None:
    plate(canvas, (58, 58, 64))
    for i in range(9):
        canvas.rect(
            (238, 188, 84), 0.62 + 0.022 * (i % 3), 0.26 + 0.05 * i, 0.82, 0.295 + 0.05 * i, r=0.01, shade="soft"
        )
    canvas.blob(
        (104, 52, 34), 0.2, 0.46, 0.28, 0.28, 0.46, 0.24, 0.6, 0.36, 0.62, 0.56, 0.5, 0.74, 0.32, 0.72,
        0.22, 0.6,
        shade="round",
    )  # fmt: skip
    for i in range(5):
        y = 0.36 + 0.075 * i
        canvas.line((52, 26, 20), 0.02, 0.25 + 0.012 * abs(i - 2), y + 0.05, 0.57 - 0.012 * abs(i - 2), y - 0.05)
    canvas.rect((250, 226, 140), 0.36, 0.4, 0.48, 0.5, r=0.02, shade="soft")
    leafy(canvas, 0.3, 0.78, 0.1, 20, (70, 134, 62))


def salmon(canvas: Canvas, _take: Take) -> None:
    plate(canvas)
    canvas.blob((240, 138, 98), 0.22, 0.4, 0.5, 0.28, 0.76, 0.36, 0.78, 0.5, 0.5, 0.58, 0.24, 0.54, shade="soft")
    for i in range(6):
        x = 0.3 + 0.08 * i
        canvas.bow((252, 190, 158), 0.012, x, 0.35, x + 0.03, 0.44, x, 0.54)
    for i in range(6):
        canvas.line((86, 150, 72), 0.026, 0.28 + 0.07 * i, 0.64, 0.34 + 0.07 * i, 0.76)
    canvas.oval((250, 222, 92), 0.7, 0.66, 0.08, shade="soft")
    canvas.oval((255, 244, 176), 0.7, 0.66, 0.056, outline=False)


def pasta(canvas: Canvas, take: Take) -> None:
    plate(canvas, (240, 240, 236))
    canvas.oval((236, 192, 104), 0.5, 0.5, 0.27, shade="round")
    for i in range(26):
        r = 0.07 + 0.19 * ((i * 0.618) % 1)
        start = float(take.rng.uniform(0, 360))
        tone = mix((250, 216, 132), (214, 156, 66), (i * 0.37) % 1)
        canvas.hoop(
            tone, 0.019, 0.5 + 0.03 * math.cos(i), 0.5 + 0.03 * math.sin(i), r, r * 0.8,
            start=start, end=start + 140, tilt=i * 40,
        )  # fmt: skip
    canvas.blob((186, 48, 34), 0.4, 0.42, 0.52, 0.37, 0.62, 0.46, 0.58, 0.58, 0.45, 0.58, shade="round")
    for x, y, tilt in ((0.46, 0.46, 20), (0.55, 0.44, 130), (0.52, 0.54, 70)):
        leafy(canvas, x, y, 0.06, tilt, (72, 140, 64))


def burger(canvas: Canvas, take: Take) -> None:
    canvas.shadow(0.52, 0.84, 0.44, 0.1, 0.5)
    canvas.rect((214, 148, 76), 0.2, 0.7, 0.8, 0.83, r=0.06, shade="soft")
    canvas.rect((92, 52, 34), 0.16, 0.6, 0.84, 0.72, r=0.05, shade="soft")
    canvas.poly((250, 190, 60), 0.15, 0.575, 0.85, 0.575, 0.74, 0.66, 0.62, 0.61, 0.4, 0.6, 0.28, 0.65)
    canvas.blob(
        (108, 172, 66), 0.12, 0.56, 0.3, 0.53, 0.5, 0.55, 0.7, 0.53, 0.88, 0.56, 0.76, 0.6, 0.62, 0.575,
        0.5, 0.6, 0.36, 0.575, 0.24, 0.6,
    )  # fmt: skip
    canvas.rect((208, 60, 46), 0.19, 0.49, 0.81, 0.55, r=0.03)
    canvas.blob((222, 150, 74), 0.17, 0.5, 0.2, 0.33, 0.36, 0.2, 0.64, 0.2, 0.8, 0.33, 0.83, 0.5, shade="round")
    for x, y, _ in scatter(take, 12, 0.2):
        if y < 0.55:
            canvas.oval((252, 236, 196), x, y - 0.16, 0.018, 0.011, outline=False)


DISHES: dict[str, tuple[str, Callable[[Canvas, Take], None]]] = {
    "salad": ("Garden Salad", salad),
    "bruschetta": ("Bruschetta", bruschetta),
    "soup": ("Pumpkin Soup", soup),
    "margherita": ("Margherita", lambda canvas, take: pizza(canvas, take, 0)),
    "diavola": ("Diavola", lambda canvas, take: pizza(canvas, take, 1)),
    "funghi": ("Funghi", lambda canvas, take: pizza(canvas, take, 2)),
    "steak": ("Steak Frites", steak),
    "salmon": ("Grilled Salmon", salmon),
    "pasta": ("Spaghetti", pasta),
    "burger": ("House Burger", burger),
}
COURSES: dict[str, tuple[str, ...]] = {
    "appetizers": ("salad", "bruschetta", "soup"),
    "pizza": ("margherita", "diavola", "funghi"),
    "mains": ("steak", "salmon", "pasta"),
    "burgers": ("burger", "steak", "salad"),
    "pasta": ("pasta", "soup", "bruschetta"),
}
