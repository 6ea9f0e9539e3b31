"""Baby animals in a wildflower meadow at sunrise, with butterflies."""

import math

from app.painter.brief import Brief
from app.painter.camera import Take, one_of
from app.painter.canvas import Canvas, Point
from app.painter.colour import RGB, darker, lighter, mix
from app.painter.things.pets import COATS, Coat, butterfly, roly, sitting

SKIES: tuple[tuple[RGB, RGB, RGB], ...] = (
    ((250, 196, 122), (255, 238, 204), (118, 168, 82)),
    ((240, 168, 140), (255, 232, 196), (132, 170, 78)),
    ((170, 204, 226), (255, 240, 206), (104, 164, 88)),
    ((246, 210, 130), (255, 246, 220), (146, 178, 74)),
)
PETALS: tuple[RGB, ...] = (
    (250, 248, 240), (246, 196, 52), (232, 92, 110), (150, 100, 214), (244, 140, 62), (110, 150, 232),
    (240, 150, 190)
)  # fmt: skip


def draw(canvas: Canvas, brief: Brief, take: Take) -> None:
    high, low, grass = one_of(SKIES, take.palette)
    sun = 0.5 + take.lamp * take.rng.uniform(0.22, 0.36), take.rng.uniform(0.13, 0.25)
    sky(canvas, high, low, sun, take)
    hills(canvas, grass, take)
    canvas.defocus(0.005)
    sprinkle(canvas, take, 0.56, 0.78, 150, 0.0075)
    crowd(canvas, list(asked_for(brief).items()), take)
    blades(canvas, grass, take)
    sprinkle(canvas, take, 0.9, canvas.bounds[3], 75, 0.017)
    butterflies(canvas, take)


def asked_for(brief: Brief) -> dict[str, Coat]:
    """Return the animals that are named, or all four for a prompt that only says animals."""
    named = {name: coat for name, coat in COATS.items() if brief.has(*coat.words)}
    return named if len(named) > 1 else COATS


def sky(canvas: Canvas, high: RGB, low: RGB, sun: Point, take: Take) -> None:
    x0, y0, x1, _ = canvas.bounds
    canvas.rect(high, x0, y0, x1, 0.6, fade=low, outline=False)
    canvas.glow((255, 244, 206), *sun, 0.62, 0.85)
    for i in range(9):
        angle = math.radians(20 + 17 * i + take.rng.uniform(-4, 4))
        width = math.radians(take.rng.uniform(1.6, 4))
        reach = 1.7
        canvas.poly(
            (255, 250, 226),
            *sun,
            sun[0] + reach * math.cos(angle - width), sun[1] + reach * math.sin(angle - width),
            sun[0] + reach * math.cos(angle + width), sun[1] + reach * math.sin(angle + width),
            alpha=0.2, outline=False,
        )  # fmt: skip
    canvas.oval((255, 252, 236), *sun, 0.062)


def hills(canvas: Canvas, grass: RGB, take: Take) -> None:
    x0, _, x1, y1 = canvas.bounds
    for layer, (base, swell) in enumerate(((0.455, 0.05), (0.51, 0.042), (0.575, 0.022))):
        phase = take.rng.uniform(0, 6)
        ridge = [
            (x0 + (x1 - x0) * i / 26, base + swell * math.sin(phase + (x0 + (x1 - x0) * i / 26) * (3.2 + layer)))
            for i in range(27)
        ]
        tone = mix(grass, (250, 236, 190), 0.5 - 0.22 * layer)
        if layer < 2:
            treeline(canvas, ridge, tone, take)
        canvas.area(tone, [*ridge, (x1, y1), (x0, y1)], fade=darker(grass, 0.34) if layer == 2 else tone)


def treeline(canvas: Canvas, ridge: list[Point], tone: RGB, take: Take) -> None:
    for x, y in ridge[:: 3 - int(take.rng.integers(2))]:
        if take.rng.random() < 0.55:
            size = take.rng.uniform(0.018, 0.04)
            canvas.oval(darker(tone, 0.22), x, y - size * 0.5, size, size * 1.15, shade="fur")


def sprinkle(canvas: Canvas, take: Take, top: float, foot: float, count: int, size: float) -> None:
    """Sprinkle flowers between two heights, larger the nearer."""
    x0, _, x1, _ = canvas.bounds
    places = sorted(float(take.rng.uniform(top, foot)) for _ in range(round(count * min(3.0, x1 - x0))))
    for y in places:
        x = float(take.rng.uniform(x0, x1))
        grown = size * (0.6 + 0.9 * (y - top) / max(0.01, foot - top))
        blossom(canvas, x, y, grown, PETALS[int(take.rng.integers(len(PETALS)))])


def blossom(canvas: Canvas, x: float, y: float, size: float, petal: RGB) -> None:
    if size > 0.006:
        canvas.line((70, 122, 52), size * 0.2, x, y, x + size * 0.3, y + size * 2.6)
    if size < 0.011:
        canvas.oval(petal, x, y, size, size * 0.8, outline=size > 0.008)
    else:
        for i in range(6):
            angle = math.radians(60 * i + 14)
            canvas.oval(
                petal,
                x + size * 0.72 * math.cos(angle),
                y + size * 0.62 * math.sin(angle),
                size * 0.48,
                size * 0.42,
                outline=i % 2 == 0,
            )
    canvas.oval((250, 214, 82) if petal != PETALS[1] else (150, 90, 40), x, y, size * 0.36, outline=False)


def blades(canvas: Canvas, grass: RGB, take: Take) -> None:
    x0, _, x1, y1 = canvas.bounds
    for _ in range(round(120 * min(3.0, x1 - x0))):
        x, foot = float(take.rng.uniform(x0, x1)), float(take.rng.uniform(0.93, max(1.02, y1)))
        tall, lean = float(take.rng.uniform(0.04, 0.13)), float(take.rng.uniform(-0.03, 0.03))
        tone = mix(darker(grass, 0.35), lighter(grass, 0.28), float(take.rng.random()))
        canvas.poly(tone, x - 0.004, foot, x + lean, foot - tall, x + 0.004, foot, outline=False)
        if take.rng.random() < 0.14:
            canvas.glow((255, 255, 246), x + lean, foot - tall, 0.011, 0.95)


def crowd(canvas: Canvas, animals: list[tuple[str, Coat]], take: Take) -> None:
    """Arrange the animals: a row, a bow, a tumble with one on its back, or a chase along a slope."""
    order = [animals[int(i)] for i in take.rng.permutation(len(animals))]
    count = len(order)
    style = one_of(("row", "bow", "tumble", "chase"), take.layout)
    step = min(0.228, 0.9 / count)
    placed = []
    for i, (name, coat) in enumerate(order):
        along = i - (count - 1) / 2
        x = 0.5 + along * step + take.rng.uniform(-0.012, 0.012)
        lift = {
            "row": 0.02 * (-1) ** i,
            "bow": 0.09 - 0.06 * along**2,
            "tumble": 0.07 * (i % 2),
            "chase": 0.045 * along,
        }[style]
        turn = {"row": 4 * (-1) ** i, "bow": 5 * along, "tumble": (-14, 9, 22, -8)[i % 4], "chase": -6 + 3 * i}[
            style
        ]
        placed.append((0.905 - lift, x, turn, name, coat, style == "tumble" and i == count - 2))
    for foot, x, turn, name, coat, rolled in sorted(placed, key=lambda item: (item[3] == "fox", item[0])):
        with canvas.named(f"the {name}"):
            size = (0.34 + 0.1 * (foot - 0.85)) * (1.0 if count < 5 else 0.85)
            canvas.shadow(x - take.lamp * 0.02, foot - 0.005, size * 0.42, 0.034, 0.55)
            with canvas.inside(
                x - size / 2, foot - size * 1.25, size, size * 1.25, turn=turn, flip=take.rng.random() < 0.5
            ):
                (roly if rolled else sitting)(canvas, coat, take.rng)


def butterflies(canvas: Canvas, take: Take) -> None:
    for i in range(6):
        x = (i + 0.5) / 6 + float(take.rng.uniform(-0.06, 0.06))
        y = 0.19 + 0.22 * float(take.rng.random())
        wing = PETALS[1 + int(take.rng.integers(len(PETALS) - 1))]
        size = float(take.rng.uniform(0.05, 0.085))
        with canvas.named("butterfly"), canvas.inside(x, y, size, turn=float(take.rng.uniform(-35, 35))):
            butterfly(canvas, wing)
