"""Places for things to be: each draws itself to the borders and leaves the ground free."""

from collections.abc import Callable
from itertools import product

from app.painter.brief import Brief
from app.painter.camera import Take, one_of
from app.painter.canvas import Canvas, smooth
from app.painter.colour import RGB, darker, lighter, mix
from app.painter.scenes.meadow import hills, sky, sprinkle

GROUND = 0.9
"""Where things stand."""
WALLS: tuple[tuple[RGB, RGB], ...] = (
    ((236, 224, 204), (168, 116, 74)),
    ((204, 220, 222), (150, 112, 84)),
    ((232, 206, 196), (140, 96, 70)),
    ((214, 222, 200), (176, 130, 88)),
    ((222, 214, 232), (128, 98, 84)),
)


def room(canvas: Canvas, take: Take) -> None:
    wall, wood = one_of(WALLS, take.palette)
    x0, y0, x1, y1 = canvas.bounds
    canvas.rect(lighter(wall, 0.25), x0, y0, x1, 0.76, fade=darker(wall, 0.1), outline=False)
    canvas.glow((255, 250, 236), 0.5 + take.lamp * 0.42, 0.12, 0.8, 0.6)
    lean = 0.16 * -take.lamp
    for i in range(2):
        x = 0.5 + take.lamp * (0.06 - 0.2 * i)
        canvas.poly(
            lighter(wall, 0.6), x, 0.08, x + 0.15, 0.08, x + 0.15 + lean, 0.46, x + lean, 0.46,
            alpha=0.5, outline=False,
        )  # fmt: skip
    canvas.rect(lighter(wood, 0.12), x0, 0.76, x1, y1, fade=darker(wood, 0.28))
    canvas.rect(lighter(wall, 0.45), x0, 0.735, x1, 0.762)
    for i in range(1, 5):
        y = 0.76 + (y1 - 0.76) * (i / 5) ** 1.5
        canvas.line(darker(wood, 0.4), 0.003, x0, y, x1, y, alpha=0.7)
    canvas.glow((255, 240, 208), 0.5 + take.lamp * 0.2, 0.88, 0.55, 0.4, ry=0.12)


def studio(canvas: Canvas, take: Take) -> None:
    """Draw a paper sweep in one colour."""
    tone = one_of(
        ((238, 226, 206), (206, 222, 226), (240, 212, 204), (216, 224, 206), (226, 216, 236)), take.palette
    )
    x0, y0, x1, y1 = canvas.bounds
    canvas.rect(darker(tone, 0.06), x0, y0, x1, y1, fade=lighter(tone, 0.3), outline=False)
    canvas.glow((255, 255, 250), 0.5 + take.lamp * 0.2, 0.4, 0.9, 0.6)
    canvas.rect(lighter(tone, 0.12), x0, 0.8, x1, y1, fade=darker(tone, 0.08), outline=False)


def meadow(canvas: Canvas, take: Take) -> None:
    high, low, grass = one_of(
        (
            ((120, 182, 232), (226, 242, 250), (108, 170, 84)),
            ((250, 196, 132), (255, 240, 212), (126, 168, 78)),
            ((150, 200, 226), (250, 244, 224), (140, 176, 80)),
            ((226, 170, 170), (255, 236, 210), (110, 156, 90)),
        ),
        take.palette,
    )
    sky(canvas, high, low, (0.5 + take.lamp * 0.33, 0.16), take)
    hills(canvas, grass, take)
    sprinkle(canvas, take, 0.66, canvas.bounds[3], 90, 0.009)


def street(canvas: Canvas, take: Take) -> None:
    high, low = one_of(
        (
            ((126, 184, 230), (232, 242, 248)),
            ((246, 190, 150), (252, 234, 214)),
            ((150, 176, 206), (222, 226, 232)),
        ),
        take.palette,
    )
    x0, y0, x1, y1 = canvas.bounds
    canvas.rect(high, x0, y0, x1, 0.74, fade=low, outline=False)
    towers(canvas, mix(low, (110, 120, 150), 0.35), (250, 240, 206), 0.25, take)
    canvas.rect((196, 192, 186), x0, 0.7, x1, 0.79, fade=(176, 172, 168))
    canvas.rect((96, 98, 106), x0, 0.79, x1, y1, fade=(66, 68, 76))
    canvas.rect((216, 214, 208), x0, 0.785, x1, 0.8)
    for i in range(round((x1 - x0) / 0.24) + 1):
        canvas.poly(
            (240, 226, 160), x0 + 0.24 * i, 0.955, x0 + 0.24 * i + 0.13, 0.955, x0 + 0.24 * i + 0.12,
            0.972, x0 + 0.24 * i - 0.01, 0.972,
        )  # fmt: skip


def night(canvas: Canvas, take: Take) -> None:
    x0, y0, x1, y1 = canvas.bounds
    low, high = one_of(
        (((12, 14, 40), (86, 52, 100)), ((10, 20, 44), (38, 86, 118)), ((24, 14, 42), (140, 60, 84))), take.palette
    )
    canvas.rect(low, x0, y0, x1, 0.78, fade=high, outline=False)
    stars(canvas, take, 0.5)
    towers(canvas, darker(low, 0.1), (255, 214, 128), 0.55, take)
    canvas.rect((34, 32, 48), x0, 0.76, x1, y1, fade=(18, 17, 28))
    for _ in range(9):
        x = float(take.rng.uniform(x0, x1))
        canvas.glow(
            ((255, 170, 90), (120, 200, 255), (240, 110, 190))[int(take.rng.integers(3))],
            x,
            0.84,
            0.12,
            0.4,
            ry=0.05,
        )


def towers(canvas: Canvas, tone: RGB, lit: RGB, share: float, take: Take) -> None:
    x0, _, x1, _ = canvas.bounds
    x = x0
    while x < x1:
        width, top = float(take.rng.uniform(0.09, 0.19)), float(take.rng.uniform(0.16, 0.5))
        canvas.rect(
            mix(tone, (20, 20, 40), float(take.rng.uniform(0, 0.2))), x, top, x + width, 0.77, shade="soft"
        )
        for column, row in product(range(int((width - 0.02) / 0.03)), range(int((0.7 - top) / 0.045))):
            if take.rng.random() < share:
                px, py = x + 0.014 + 0.03 * column, top + 0.022 + 0.045 * row
                canvas.rect(lit, px, py, px + 0.015, py + 0.022, outline=False)
        x += width + 0.006


def stars(canvas: Canvas, take: Take, foot: float) -> None:
    x0, y0, x1, _ = canvas.bounds
    for _ in range(round(90 * min(4.0, x1 - x0))):
        x, y = float(take.rng.uniform(x0, x1)), float(take.rng.uniform(y0, foot))
        canvas.oval((240, 240, 255), x, y, float(take.rng.uniform(0.001, 0.0032)), alpha=0.9, outline=False)


def beach(canvas: Canvas, take: Take) -> None:
    x0, y0, x1, y1 = canvas.bounds
    high, low = one_of(
        (
            ((90, 176, 232), (220, 242, 250)),
            ((250, 170, 120), (255, 232, 190)),
            ((150, 196, 220), (246, 238, 220)),
        ),
        take.palette,
    )
    canvas.rect(high, x0, y0, x1, 0.5, fade=low, outline=False)
    canvas.glow((255, 244, 206), 0.5 + take.lamp * 0.32, 0.18, 0.5, 0.8)
    canvas.oval((255, 250, 226), 0.5 + take.lamp * 0.32, 0.18, 0.055)
    canvas.rect((52, 140, 178), x0, 0.48, x1, 0.72, fade=(116, 204, 206))
    for i in range(14):
        x, y = float(take.rng.uniform(x0, x1)), 0.5 + 0.2 * (i / 14)
        canvas.bow((214, 242, 244), 0.003, x, y, x + 0.05, y - 0.006, x + 0.1, y, x + 0.15, y + 0.004)
    shore = smooth([(x0 - 0.1, 0.74), (0.2, 0.7), (0.5, 0.735), (0.8, 0.7), (x1 + 0.1, 0.74)], closed=False)
    canvas.area((240, 250, 248), [*shore, (x1, y1), (x0, y1)], outline=False)
    canvas.area((240, 214, 160), [*[(x, y + 0.018) for x, y in shore], (x1, y1), (x0, y1)], fade=(216, 180, 124))


def snow(canvas: Canvas, take: Take) -> None:
    x0, y0, x1, y1 = canvas.bounds
    canvas.rect((140, 176, 212), x0, y0, x1, 0.7, fade=(232, 240, 248), outline=False)
    for layer in range(2):
        for i in range(4):
            x, y = x0 + (x1 - x0) * (i + 0.5 * layer) / 3.4, 0.34 + 0.12 * layer
            canvas.poly(
                mix((110, 130, 164), (226, 234, 244), 0.5 - 0.3 * layer), x - 0.3, 0.76, x, y - 0.1, x + 0.3, 0.76
            )
            canvas.poly(
                (250, 252, 255), x - 0.09, y + 0.03, x, y - 0.1, x + 0.09, y + 0.03, x + 0.03, y, x - 0.03,
                y + 0.02,
            )  # fmt: skip
    canvas.blob(
        (246, 250, 254), x0 - 0.2, 0.72, 0.2, 0.68, 0.5, 0.71, 0.8, 0.67, x1 + 0.2, 0.72, x1 + 0.2,
        y1 + 0.2, x0 - 0.2, y1 + 0.2,
        shade="soft",
    )  # fmt: skip
    for _ in range(70):
        canvas.oval(
            (255, 255, 255),
            float(take.rng.uniform(x0, x1)),
            float(take.rng.uniform(y0, 0.7)),
            0.0045,
            outline=False,
        )


def space(canvas: Canvas, take: Take) -> None:
    x0, y0, x1, y1 = canvas.bounds
    canvas.rect((12, 12, 34), x0, y0, x1, y1, fade=(46, 26, 74), outline=False)
    for i in range(5):
        canvas.glow(
            ((120, 80, 200), (60, 120, 210), (220, 90, 150))[i % 3],
            float(take.rng.uniform(x0, x1)),
            float(take.rng.uniform(y0, 0.8)),
            0.4,
            0.3,
        )
    stars(canvas, take, y1)
    canvas.oval((150, 140, 170), 0.5, 1.62, 0.84, shade="round")


def forest(canvas: Canvas, take: Take) -> None:
    x0, y0, x1, y1 = canvas.bounds
    tone = one_of(((150, 196, 160), (206, 216, 160), (160, 196, 200)), take.palette)
    canvas.rect(lighter(tone, 0.4), x0, y0, x1, 0.8, fade=tone, outline=False)
    for layer in range(3):
        for _ in range(round(9 * min(3.0, x1 - x0))):
            x, tall = float(take.rng.uniform(x0, x1)), float(take.rng.uniform(0.3, 0.55)) * (0.7 + 0.25 * layer)
            green = mix(tone, (34, 84, 60), 0.25 + 0.25 * layer)
            canvas.rect(darker(green, 0.4), x - 0.01, 0.7, x + 0.01, 0.78)
            for step in range(3):
                half, foot = tall * (0.16 + 0.07 * step), 0.76 - tall * (0.62 - 0.28 * step)
                canvas.poly(green, x - half, foot, x, foot - tall * 0.42, x + half, foot, shade="soft")
    canvas.rect((96, 140, 80), x0, 0.76, x1, y1, fade=(58, 92, 56))


BACKDROPS: dict[str, tuple[tuple[str, ...], Callable[[Canvas, Take], None]]] = {
    "space": (("space", "galaxy", "planet", "cosmic", "orbit"), space),
    "night": (("night", "neon", "midnight", "futuristic", "cyberpunk"), night),
    "beach": (("beach", "sea", "ocean", "shore", "sand", "coast", "lake", "island"), beach),
    "snow": (("snow", "snowy", "winter", "ice", "arctic", "glacier"), snow),
    "forest": (("forest", "woods", "jungle", "woodland"), forest),
    "street": (("street", "city", "road", "town", "square", "urban", "highway"), street),
    "meadow": (("meadow", "field", "grass", "garden", "park", "farm", "hill", "countryside", "lawn"), meadow),
    "room": (("room", "kitchen", "table", "indoors", "bedroom", "office", "floor", "shelf"), room),
    "studio": (("studio", "plain", "product", "white"), studio),
}


def words_for(place: str) -> frozenset[str]:
    """Return the words for what a place shows: the night's is a city."""
    return frozenset(BACKDROPS[place][0] + (BACKDROPS["street"][0] if place == "night" else ()))


def backdrop_named(brief: Brief) -> str | None:
    """Return the place that the prompt names; of several the first of the table."""
    return next((name for name, (words, _) in BACKDROPS.items() if brief.has(*words)), None)


def backdrop(brief: Brief, at_home: list[str], take: Take) -> str:
    """Choose the place the prompt names, else one where most of the things are at home."""
    if named := backdrop_named(brief):
        return named
    outside = sum(place != "room" for place in at_home) * 2 > len(at_home)
    wheels = {"car", "bus", "truck", "motorcycle", "traffic light", "stop sign", "fire hydrant", "parking meter"}
    if outside or not at_home:
        return (
            "street"
            if any(want.noun in wheels for want in brief.wanted)
            else one_of(("meadow", "meadow", "beach", "forest"), take.layout)
        )
    return one_of(("room", "studio"), take.layout)
