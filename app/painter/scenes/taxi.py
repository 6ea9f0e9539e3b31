"""Inside a yellow taxi at night: an animal at the wheel, a bored passenger behind, the city out of focus."""

import math
from itertools import product

from app.painter.brief import Brief
from app.painter.camera import Take, one_of
from app.painter.canvas import Canvas, Point, smooth
from app.painter.colour import RGB, darker, lighter, mix
from app.painter.scenes.driver import DRIVERS, YELLOW, Driver, driver

SEAT: RGB = (46, 42, 48)
TRIM: RGB = (26, 24, 30)
NIGHTS: tuple[tuple[RGB, RGB], ...] = (
    ((14, 16, 44), (88, 54, 96)),
    ((10, 22, 42), (40, 84, 112)),
    ((26, 14, 40), (140, 62, 70)),
    ((12, 14, 30), (66, 64, 122)),
)
LAMPS: tuple[RGB, ...] = (
    (255, 196, 92),
    (255, 120, 70),
    (240, 70, 90),
    (110, 190, 255),
    (250, 236, 190),
    (120, 240, 190),
    (210, 120, 255),
)


def draw(canvas: Canvas, brief: Brief, take: Take) -> None:
    low, high = one_of(NIGHTS, take.palette)
    kind = next((name for name in DRIVERS if brief.has(name)), "capybara")
    wheel = 0.335 + 0.03 * math.sin(6.3 * take.pose)
    city(canvas, low, high, take)
    canvas.defocus(0.009)
    lights(canvas, take)
    body(canvas)
    with canvas.named("the passenger"):
        passenger(canvas, 0.73, take, phone=brief.has("phone", "smartphone", "cell"))
    seat(canvas, wheel)
    with canvas.named("the driver"):
        driver(canvas, DRIVERS[kind], brief, wheel, take)
    dashboard(canvas, take)
    with canvas.named("wheel"):
        steering(canvas, DRIVERS[kind], wheel)
    mirror(canvas)
    reflections(canvas, take)


def city(canvas: Canvas, low: RGB, high: RGB, take: Take) -> None:
    """Draw towers with lit windows, seen through the glass."""
    x0, y0, x1, _ = canvas.bounds
    canvas.rect(low, x0, y0, x1, 0.75, fade=high, outline=False)
    x = x0
    while x < x1:
        width, top = float(take.rng.uniform(0.07, 0.15)), float(take.rng.uniform(0.02, 0.34))
        tone = mix(darker(low, 0.3), high, float(take.rng.uniform(0.05, 0.3)))
        canvas.rect(tone, x, top, x + width, 0.8)
        for column, row in product(range(int(width / 0.022)), range(int((0.7 - top) / 0.03))):
            if take.rng.random() < 0.36:
                px, py = x + 0.008 + 0.022 * column, top + 0.016 + 0.03 * row
                lit = mix((255, 214, 130), LAMPS[3], 0.3 * float(take.rng.random()))
                canvas.rect(lit, px, py, px + 0.011, py + 0.016, outline=False)
        x += width + float(take.rng.uniform(0.0, 0.02))
    for i in range(5):
        x = x0 + (x1 - x0) * (i + 0.5) / 5
        canvas.glow(LAMPS[i], x, 0.62, 0.2, 0.6, ry=0.12)


def lights(canvas: Canvas, take: Take) -> None:
    x0, _, x1, _ = canvas.bounds
    for _ in range(round(52 * min(3.0, x1 - x0))):
        x, y = float(take.rng.uniform(x0, x1)), float(take.rng.uniform(0.16, 0.64))
        canvas.bokeh(
            LAMPS[int(take.rng.integers(len(LAMPS)))],
            x,
            y,
            float(take.rng.uniform(0.012, 0.044)),
            float(take.rng.uniform(0.25, 0.65)),
        )


def body(canvas: Canvas) -> None:
    """Draw roof, pillars and doors around the windows: what is not glass."""
    x0, y0, x1, y1 = canvas.bounds
    canvas.area(
        (52, 46, 48),
        [(x0, y0), (x1, y0), (x1, 0.1), (0.9, 0.135), (0.5, 0.12), (0.1, 0.135), (x0, 0.1)],
        fade=(30, 27, 32),
    )
    canvas.rect((250, 232, 180), 0.43, 0.035, 0.57, 0.075, r=0.012)
    canvas.glow((255, 230, 170), 0.5, 0.06, 0.3, 0.34, ry=0.14)
    for side in (-1, 1):
        x = 0.5 + side * 0.36
        canvas.poly(
            TRIM, x - 0.022, 0.11, x + 0.022, 0.11, x + side * 0.055 + 0.026, 0.64, x + side * 0.055 - 0.026, 0.64
        )
        canvas.line((96, 88, 84), 0.003, x - side * 0.02, 0.13, x + side * 0.03, 0.62)
    canvas.area(TRIM, [(x0, 0.6), (0.1, 0.57), (0.9, 0.57), (x1, 0.6), (x1, y1), (x0, y1)])
    canvas.line(YELLOW, 0.012, x0, 0.592, 0.1, 0.562, 0.9, 0.562, x1, 0.592)
    canvas.blob(SEAT, 0.1, 0.66, 0.2, 0.56, 0.5, 0.545, 0.8, 0.56, 0.94, 0.66, 0.97, 1.0, 0.05, 1.0, shade="soft")
    for i in range(7):
        x = 0.18 + 0.11 * i
        canvas.bow(darker(SEAT, 0.4), 0.004, x, 0.575, x + 0.005, 0.7, x - 0.004, 0.85)


def passenger(canvas: Canvas, x: float, take: Take, *, phone: bool) -> None:
    skin, hair, coat = one_of(
        (
            ((226, 178, 148), (62, 40, 32), (186, 152, 112)),
            ((152, 104, 76), (28, 22, 24), (120, 128, 148)),
            ((238, 196, 168), (176, 116, 60), (128, 62, 66)),
            ((204, 154, 118), (34, 28, 30), (84, 104, 96)),
        ),
        take.pose,
    )
    canvas.blob(
        hair, x - 0.093, 0.4, x - 0.08, 0.31, x, 0.268, x + 0.08, 0.31, x + 0.093, 0.4, x + 0.1, 0.53, x,
        0.56, x - 0.1, 0.53,
        shade="fur",
    )  # fmt: skip
    dress(canvas, x, skin, coat)
    bored_face(canvas, x, skin, hair)
    if phone:
        handset(canvas, x - 0.055, 0.665, skin, coat)


def dress(canvas: Canvas, x: float, skin: RGB, coat: RGB) -> None:
    """Draw a coat with its lapels, and the neck above it."""
    canvas.blob(
        coat, x - 0.05, 0.51, x + 0.05, 0.51, x + 0.155, 0.57, x + 0.19, 0.72, x + 0.2, 1.02, x - 0.2, 1.02,
        x - 0.19, 0.72, x - 0.155, 0.57,
        shade="fur",
    )  # fmt: skip
    canvas.poly((240, 238, 234), x - 0.045, 0.52, x + 0.045, 0.52, x, 0.63)
    canvas.rect(darker(skin, 0.16), x - 0.032, 0.45, x + 0.032, 0.55, r=0.02)
    for side in (-1, 1):
        canvas.poly(
            darker(coat, 0.26), x + side * 0.036, 0.5, x + side * 0.1, 0.54, x + side * 0.075, 0.6,
            x + side * 0.09, 0.62, x, 0.75,
        )  # fmt: skip


def bored_face(canvas: Canvas, x: float, skin: RGB, hair: RGB) -> None:
    """Draw a bored face: eyes cast down, mouth straight."""
    canvas.blob(
        skin, x, 0.3, x + 0.058, 0.325, x + 0.068, 0.395, x + 0.05, 0.46, x, 0.492, x - 0.05, 0.46,
        x - 0.068, 0.395, x - 0.058, 0.325,
        shade="fur",
    )  # fmt: skip
    canvas.blob(
        hair, x - 0.075, 0.4, x - 0.07, 0.31, x - 0.01, 0.28, x + 0.066, 0.306, x + 0.076, 0.4, x + 0.056,
        0.345, x + 0.005, 0.316, x - 0.05, 0.345,
        shade="soft",
    )  # fmt: skip
    for side in (-1, 1):
        ex = x + side * 0.028 - 0.004
        canvas.oval((244, 240, 236), ex, 0.4, 0.0155, 0.008)
        canvas.oval((54, 40, 34), ex - 0.003, 0.4035, 0.0062, outline=False)
        canvas.area(
            darker(skin, 0.1),
            smooth([(ex - 0.019, 0.4), (ex, 0.389), (ex + 0.019, 0.4), (ex, 0.401)]),
            outline=False,
        )
        canvas.bow((40, 28, 28), 0.0032, ex - 0.018, 0.4015, ex, 0.403, ex + 0.018, 0.4005)
        canvas.bow(hair, 0.0048, ex - 0.02, 0.377, ex, 0.3735, ex + 0.02, 0.3775)
    canvas.bow(darker(skin, 0.36), 0.0034, x - 0.003, 0.4, x - 0.012, 0.432, x + 0.002, 0.437)
    canvas.line((168, 74, 74), 0.0075, x - 0.02, 0.4605, x + 0.017, 0.459)
    canvas.line(darker((168, 74, 74), 0.4), 0.002, x - 0.02, 0.4605, x + 0.017, 0.459)


def handset(canvas: Canvas, x: float, y: float, skin: RGB, coat: RGB) -> None:
    canvas.glow((150, 200, 255), x + 0.02, y - 0.13, 0.15, 0.45)
    canvas.bow(darker(coat, 0.18), 0.066, x + 0.2, y + 0.2, x + 0.12, y + 0.15, x + 0.03, y + 0.075)
    with canvas.inside(x - 0.036, y - 0.085, 0.072, 0.14, turn=-9):
        canvas.rect((20, 20, 26), 0, 0, 1, 1, r=0.14)
        canvas.rect((170, 214, 255), 0.09, 0.06, 0.91, 0.94, r=0.06, fade=(96, 140, 232))
        for i in range(4):
            canvas.rect(PAPER, 0.2, 0.16 + 0.17 * i, 0.5 + 0.3 * ((i * 7) % 3) / 2, 0.23 + 0.17 * i, outline=False)
    canvas.blob(
        skin, x - 0.045, y + 0.02, x - 0.02, y + 0.012, x + 0.042, y + 0.03, x + 0.052, y + 0.075,
        x + 0.01, y + 0.1, x - 0.035, y + 0.075,
        shade="fur",
    )  # fmt: skip
    for i in range(3):
        canvas.line(
            darker(skin, 0.2), 0.0024, x - 0.036 + 0.005 * i, y + 0.035 + 0.016 * i, x - 0.006,
            y + 0.038 + 0.016 * i,
        )  # fmt: skip


PAPER: RGB = (244, 248, 255)


def seat(canvas: Canvas, x: float) -> None:
    """Draw the driver's seat back and headrest, behind the driver."""
    canvas.rect(lighter(SEAT, 0.1), x - 0.105, 0.325, x + 0.105, 0.5, r=0.05, shade="soft")
    canvas.blob(
        lighter(SEAT, 0.05), x - 0.2, 0.62, x - 0.16, 0.5, x, 0.47, x + 0.16, 0.5, x + 0.2, 0.62, x + 0.23,
        1.0, x - 0.23, 1.0,
        shade="soft",
    )  # fmt: skip


def dashboard(canvas: Canvas, take: Take) -> None:
    x0, _, x1, y1 = canvas.bounds
    top: list[Point] = smooth(
        [(x0 - 0.1, 0.87), (0.15, 0.815), (0.5, 0.8), (0.85, 0.815), (x1 + 0.1, 0.87)], closed=False
    )
    canvas.area((34, 32, 38), [*top, (x1, y1 + 0.1), (x0, y1 + 0.1)], fade=(16, 15, 20))
    canvas.trace((104, 94, 88), 0.004, top)
    fare = f"${5 + 55 * float(take.rng.random()):.2f}"
    canvas.rect((12, 12, 14), 0.66, 0.856, 0.9, 0.945, r=0.014, shade="soft")
    canvas.rect((40, 10, 10), 0.675, 0.868, 0.885, 0.933, r=0.006)
    canvas.glow((255, 60, 40), 0.78, 0.9, 0.13, 0.32, ry=0.06)
    canvas.text(fare, 0.78, 0.901, 0.058, (255, 92, 62), weight=0.025, tracking=0.05)
    for i in range(3):
        canvas.oval((70, 68, 74), 0.56 + 0.03 * i, 0.905, 0.0095, shade="round")


def steering(canvas: Canvas, kind: Driver, x: float) -> None:
    """Draw the wheel's upper arc, and a paw on either side of it."""
    y, rx, ry = 0.965, 0.215, 0.2
    canvas.hoop((18, 17, 21), 0.044, x, y, rx, ry, start=170, end=370)
    canvas.hoop((74, 70, 76), 0.006, x, y - 0.008, rx, ry, start=190, end=350)
    canvas.poly(
        (28, 26, 32), x - 0.2, y - 0.005, x - 0.06, y - 0.05, x + 0.06, y - 0.05, x + 0.2, y - 0.005,
        x + 0.2, y + 0.035, x - 0.2, y + 0.035,
    )  # fmt: skip
    canvas.oval((36, 34, 40), x, y, 0.085, 0.07, shade="round")
    canvas.text("TAXI", x, y - 0.01, 0.03, YELLOW, weight=0.03)
    sleeve = (44, 48, 66)
    for side in (-1, 1):
        px, py = x + side * 0.168, 0.84
        canvas.bow(sleeve, 0.095, x + side * 0.262, 1.0, x + side * 0.245, 0.93, px + side * 0.022, py + 0.035)
        canvas.oval(kind.fur, px, py, 0.05, 0.041, tilt=side * 24, shade="round")
        for i in range(4):
            fx = px - side * (0.035 - 0.023 * i)
            canvas.oval(darker(kind.fur, 0.1), fx, py + 0.016, 0.0125, 0.022, shade="fur")
            canvas.oval((50, 38, 34), fx, py + 0.034, 0.007, 0.008, outline=False)


def mirror(canvas: Canvas) -> None:
    canvas.line((40, 38, 42), 0.01, 0.5, 0.08, 0.5, 0.16)
    canvas.rect((22, 21, 26), 0.4, 0.15, 0.6, 0.212, r=0.022)
    canvas.rect((72, 78, 108), 0.41, 0.158, 0.59, 0.204, r=0.016, fade=(34, 36, 60))
    for i, x in enumerate((0.44, 0.49, 0.55)):
        canvas.bokeh(LAMPS[i], x, 0.182, 0.011, 0.8)


def reflections(canvas: Canvas, take: Take) -> None:
    """Draw street light on the windscreen between the viewer and the riders."""
    _, _, x1, _ = canvas.bounds
    for i in range(3):
        x = 0.12 + 0.3 * i + float(take.rng.uniform(-0.05, 0.05))
        canvas.poly(
            (255, 232, 200), x, 0.12, x + 0.03, 0.12, x + 0.2, 0.8, x + 0.12, 0.8, alpha=0.045, outline=False
        )
    canvas.glow((255, 150, 70), x1, 0.5, 0.34, 0.22)
