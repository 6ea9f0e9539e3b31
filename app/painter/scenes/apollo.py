"""An infographic poster of a flight to the Moon: numbered steps with icons, the crew, the landing site."""

import re
from collections.abc import Callable

from app.painter.brief import Brief
from app.painter.camera import Take, one_of
from app.painter.canvas import Canvas, Point, smooth
from app.painter.colour import RGB, darker, lighter, mix

NAVIES: tuple[RGB, ...] = ((18, 34, 78), (14, 28, 66), (24, 44, 92), (16, 24, 56))
PALE: RGB = (236, 238, 242)
GREY: RGB = (168, 176, 190)
RED: RGB = (204, 72, 62)
BLUE: RGB = (62, 122, 200)
LAND: RGB = (104, 160, 110)
MOON: RGB = (198, 202, 210)
STEPS = ("Launch", "Earth Orbit", "Translunar", "Lunar Orbit", "Descent", "Landing")


def draw(canvas: Canvas, brief: Brief, take: Take) -> None:
    navy = one_of(NAVIES, take.palette)
    x0, y0, x1, y1 = canvas.bounds
    canvas.rect(lighter(navy, 0.06), x0, y0, x1, y1, fade=darker(navy, 0.35), outline=False)
    stars(canvas, take)
    steps = brief.steps or STEPS
    crew = brief.names or ("Armstrong", "Aldrin", "Collins")
    places = [quote for quote in brief.quotes if quote.split()[0].istitle()]
    pin = places[-1] if places else ("Tranquility" if brief.has("tranquility", "marker", "pin") else "")
    arrangement = one_of((rows, journey, columns), take.layout)
    wide = (x1 - x0) / (y1 - y0)
    if wide > 1.45:
        arrangement = strip
    elif wide < 0.7:
        arrangement = ladder
    arrangement(canvas, title(brief), steps, crew, pin, take)


def title(brief: Brief) -> str:
    named = re.search(r"\b(apollo|artemis|gemini|luna|mercury)\s+(\d{1,2}|[ivx]+)\b", brief.prompt, re.IGNORECASE)
    if named:
        return f"{named[1].upper()} {named[2].upper()}"
    return "APOLLO 11" if brief.has("apollo") else "MISSION TO THE MOON"


def stars(canvas: Canvas, take: Take) -> None:
    x0, y0, x1, y1 = canvas.bounds
    for _ in range(round(110 * min(4.0, (x1 - x0) * (y1 - y0)))):
        x, y = float(take.rng.uniform(x0, x1)), float(take.rng.uniform(y0, y1))
        canvas.oval(
            mix(GREY, PALE, float(take.rng.random())),
            x,
            y,
            float(take.rng.uniform(0.0009, 0.0026)),
            alpha=0.8,
            outline=False,
        )


def rows(canvas: Canvas, head: str, steps: tuple[str, ...], crew: tuple[str, ...], pin: str, _take: Take) -> None:
    """Draw three stations to a row under a centred title."""
    heading(canvas, head, 0.5, 0.115, 0.105)
    across = 3 if len(steps) > 4 else 2
    lines = -(-len(steps) // across)
    step_y = 0.5 / lines
    for i, label in enumerate(steps):
        in_row = min(across, len(steps) - (i // across) * across)
        x = 0.5 + (i % across - (in_row - 1) / 2) * 0.29
        y = 0.3 + (i // across) * step_y
        station(canvas, label, i, x, y, min(0.096, step_y * 0.37))
    foot(canvas, crew, pin, 0.815)


def journey(
    canvas: Canvas, head: str, steps: tuple[str, ...], crew: tuple[str, ...], pin: str, take: Take
) -> None:
    """Draw the stations on one curve from the Earth at the foot to a large Moon at the head."""
    with canvas.inside(0.66, -0.16, 0.56):
        moon(canvas)
    with canvas.inside(-0.36, 0.7, 0.6):
        earth(canvas)
    heading(canvas, head, 0.33, 0.1, 0.088)
    count = len(steps)
    stops: list[Point] = []
    for i in range(count):
        u = i / max(1, count - 1)
        stops.append((0.19 + 0.3 * (i % 2) + 0.34 * u, 0.735 - 0.5 * u + (0.02 if i % 2 else -0.02)))
    canvas.trace(RED, 0.005, smooth([(0.1, 0.86), *stops], closed=False, steps=10))
    for i, (label, (x, y)) in enumerate(zip(steps, stops, strict=True)):
        station(canvas, label, i, x, y, min(0.078, 0.42 / count), plate=darker(one_of(NAVIES, take.palette), 0.1))
    foot(canvas, crew, pin, 0.86, left=0.44, size=0.8)


def columns(
    canvas: Canvas, head: str, steps: tuple[str, ...], crew: tuple[str, ...], pin: str, take: Take
) -> None:
    """Draw two columns joined by a thread, with large labels beside their icons."""
    heading(canvas, head, 0.5, 0.11, 0.1)
    half = -(-len(steps) // 2)
    gap = 0.53 / half
    r = min(0.082, gap * 0.43)
    for side, x in ((0, 0.15), (1, 0.585)):
        canvas.line(GREY, 0.004, x, 0.275, x, 0.275 + gap * (half - 1))
        for row in range(half):
            i = side * half + row
            if i < len(steps):
                y = 0.275 + gap * row
                station(
                    canvas, "", i, x, y, r,
                    icon=icon_for(steps[i], i), plate=darker(one_of(NAVIES, take.palette), 0.1),
                )  # fmt: skip
                canvas.text(steps[i], x + r + 0.028, y, 0.042, PALE, align="left", fit=0.425 - 2 * r, weight=0.012)
    foot(canvas, crew, pin, 0.84)


def ladder(canvas: Canvas, head: str, steps: tuple[str, ...], crew: tuple[str, ...], pin: str, take: Take) -> None:
    """Draw a vertical time line in the whole height of the page, with large labels beside their icons."""
    _, y0, _, y1 = canvas.bounds
    heading(canvas, head, 0.5, y0 + 0.105, 0.092)
    top, bottom = y0 + 0.31, y1 - 0.34
    gap = (bottom - top) / max(1, len(steps) - 1)
    r = min(0.115, gap * 0.42)
    canvas.line(GREY, 0.004, 0.27, top, 0.27, bottom)
    for i, label in enumerate(steps):
        y = top + gap * i
        station(
            canvas, "", i, 0.27, y, r, icon=icon_for(label, i), plate=darker(one_of(NAVIES, take.palette), 0.1)
        )
        canvas.text(
            label, 0.27 + r + 0.045, y, min(0.062, gap * 0.42), PALE, align="left", fit=0.62 - r, weight=0.012
        )
    foot(canvas, crew, pin, y1 - 0.16, size=0.9)


def strip(canvas: Canvas, head: str, steps: tuple[str, ...], crew: tuple[str, ...], pin: str, take: Take) -> None:
    """Draw everything in one line, for wide pictures."""
    x0, _, x1, _ = canvas.bounds
    heading(canvas, head, 0.5, 0.15, 0.12)
    gap = (x1 - x0 - 0.2) / len(steps)
    r = min(0.125, gap * 0.34)
    canvas.line(GREY, 0.004, x0 + 0.1 + gap / 2, 0.43, x1 - 0.1 - gap / 2, 0.43)
    for i, label in enumerate(steps):
        station(
            canvas, label, i, x0 + 0.1 + gap * (i + 0.5), 0.43, r, plate=darker(one_of(NAVIES, take.palette), 0.1)
        )
    foot(canvas, crew, pin, 0.81)


def heading(canvas: Canvas, words: str, x: float, y: float, size: float) -> None:
    width = canvas.text(words, x, y, size, PALE, weight=0.026, tracking=0.08, fit=0.8 if x == 0.5 else 0.56)
    canvas.rect(RED, x - width / 2, y + size * 0.56, x + width / 2, y + size * 0.56 + 0.007)


def station(
    canvas: Canvas,
    label: str,
    number: int,
    x: float,
    y: float,
    r: float,
    *,
    icon: str = "",
    plate: RGB | None = None,
) -> None:
    """Draw a numbered disc with its icon; the label stands below."""
    with canvas.named(f"the step {number + 1}"):
        if plate:
            canvas.oval(plate, x, y, r * 1.1, outline=False)
        canvas.oval((30, 54, 110), x, y, r)
        canvas.hoop(PALE, 0.0052, x, y, r)
        side = r * 1.42
        with canvas.inside(x - side / 2, y - side / 2, side):
            ICONS[icon or icon_for(label, number)](canvas)
        canvas.oval(RED, x - r * 0.76, y - r * 0.76, r * 0.27)
        canvas.text(str(number + 1), x - r * 0.76, y - r * 0.76, r * 0.36, PALE, weight=0.03)
        canvas.text(label, x, y + r + 0.034, 0.0345, PALE, fit=r * 2.7, weight=0.008)


def icon_for(label: str, number: int) -> str:
    words = label.casefold()
    for icon, keys in KEYWORDS.items():
        if all(key in words for key in keys.split("+")):
            return icon
    return tuple(ICONS)[number % len(ICONS)]


def foot(
    canvas: Canvas, crew: tuple[str, ...], pin: str, y: float, *, left: float = 0.0, size: float = 1.0
) -> None:
    """Draw the crew strip, and the Moon with the landing site's pin when the prompt names one."""
    middle = (0.36 if pin else 0.5) + left * 0.42
    gap = min(0.17, 0.52 / len(crew)) * size
    canvas.line(
        GREY, 0.0025, middle - gap * len(crew) / 2, y - 0.052 * size, middle + gap * len(crew) / 2,
        y - 0.052 * size,
    )  # fmt: skip
    for i, name in enumerate(crew):
        x = middle + (i - (len(crew) - 1) / 2) * gap
        with canvas.inside(x - 0.045 * size, y - 0.035 * size, 0.09 * size):
            astronaut(canvas)
        canvas.text(name, x, y + 0.088 * size, 0.029 * size, PALE, fit=gap * 0.92)
    if pin:
        x = 0.79 + left * 0.2
        with canvas.inside(x - 0.06 * size, y - 0.06 * size, 0.12 * size):
            moon(canvas)
            marker(canvas)
        canvas.text(pin, x, y + 0.088 * size, 0.031 * size, PALE, fit=0.26, weight=0.012)


def astronaut(canvas: Canvas) -> None:
    canvas.blob(PALE, 0.08, 0.98, 0.12, 0.72, 0.3, 0.6, 0.7, 0.6, 0.88, 0.72, 0.92, 0.98)
    canvas.oval(PALE, 0.5, 0.34, 0.235, 0.245)
    canvas.rect((44, 70, 126), 0.34, 0.22, 0.66, 0.46, r=0.12)
    canvas.bow(GREY, 0.03, 0.39, 0.3, 0.43, 0.26, 0.49, 0.25)
    canvas.rect(RED, 0.28, 0.74, 0.44, 0.8)


def rocket(canvas: Canvas) -> None:
    for x, y, r in ((0.34, 0.95, 0.1), (0.5, 0.98, 0.12), (0.66, 0.95, 0.1)):
        canvas.oval(GREY, x, y, r, outline=False)
    canvas.blob((246, 176, 66), 0.42, 0.8, 0.58, 0.8, 0.54, 0.94, 0.5, 1.02, 0.46, 0.94)
    canvas.poly(RED, 0.4, 0.7, 0.3, 0.84, 0.42, 0.82)
    canvas.poly(RED, 0.6, 0.7, 0.7, 0.84, 0.58, 0.82)
    canvas.rect(PALE, 0.41, 0.3, 0.59, 0.82)
    canvas.rect((40, 44, 60), 0.41, 0.5, 0.5, 0.58)
    canvas.rect((40, 44, 60), 0.5, 0.58, 0.59, 0.66)
    canvas.rect((40, 44, 60), 0.41, 0.42, 0.59, 0.45)
    canvas.poly(PALE, 0.41, 0.3, 0.59, 0.3, 0.55, 0.2, 0.45, 0.2)
    canvas.poly(GREY, 0.45, 0.2, 0.55, 0.2, 0.515, 0.08, 0.485, 0.08)
    canvas.line(RED, 0.02, 0.5, 0.08, 0.5, -0.02)


def earth(canvas: Canvas) -> None:
    canvas.oval(BLUE, 0.5, 0.5, 0.36, shade="round")
    canvas.blob(
        LAND, 0.3, 0.34, 0.42, 0.26, 0.54, 0.3, 0.5, 0.42, 0.42, 0.46, 0.4, 0.58, 0.32, 0.48, outline=False
    )
    canvas.blob(LAND, 0.56, 0.5, 0.68, 0.44, 0.76, 0.52, 0.68, 0.7, 0.58, 0.66, outline=False)
    canvas.bow(PALE, 0.025, 0.27, 0.56, 0.4, 0.62, 0.54, 0.58)
    canvas.bow(PALE, 0.02, 0.56, 0.32, 0.66, 0.36, 0.74, 0.34)


def moon(canvas: Canvas) -> None:
    canvas.oval(MOON, 0.5, 0.5, 0.36, shade="round")
    for x, y, r in (
        (0.4, 0.38, 0.085),
        (0.6, 0.55, 0.065),
        (0.42, 0.64, 0.055),
        (0.63, 0.35, 0.035),
        (0.52, 0.72, 0.03),
    ):
        canvas.oval(darker(MOON, 0.24), x, y, r, outline=False)
        canvas.oval(darker(MOON, 0.12), x + r * 0.14, y + r * 0.14, r * 0.82, outline=False)


def orbit(canvas: Canvas, body: Callable[[Canvas], None]) -> None:
    """Draw a tilted ring that passes behind and in front of the body, with a craft on it."""
    canvas.hoop(RED, 0.028, 0.5, 0.5, 0.52, 0.17, start=180, end=360, tilt=-20)
    body(canvas)
    canvas.hoop(RED, 0.028, 0.5, 0.5, 0.52, 0.17, start=0, end=180, tilt=-20)
    canvas.oval(PALE, 0.94, 0.4, 0.062)
    canvas.rect(GREY, 0.86, 0.38, 0.94, 0.42)


def translunar(canvas: Canvas) -> None:
    with canvas.inside(-0.08, 0.5, 0.52):
        earth(canvas)
    with canvas.inside(0.66, 0.0, 0.36):
        moon(canvas)
    arc = smooth([(0.24, 0.58), (0.3, 0.3), (0.55, 0.12), (0.8, 0.1)], closed=False, steps=10)
    for i in range(0, len(arc) - 2, 3):
        canvas.trace(PALE, 0.024, arc[i : i + 3])
    canvas.poly(RED, 0.5, 0.06, 0.62, 0.11, 0.51, 0.19)


def lander(canvas: Canvas) -> None:
    """Draw the lunar module: a gilt descent stage on four legs and a grey ascent stage."""
    gilt = (222, 176, 82)
    for side in (-1, 1):
        canvas.line(GREY, 0.045, 0.5 + side * 0.2, 0.62, 0.5 + side * 0.36, 0.86)
        canvas.line(GREY, 0.03, 0.5 + side * 0.2, 0.76, 0.5 + side * 0.32, 0.78)
        canvas.rect(GREY, 0.5 + side * 0.36 - 0.08, 0.85, 0.5 + side * 0.36 + 0.08, 0.9, r=0.02)
    canvas.poly(gilt, 0.28, 0.55, 0.72, 0.55, 0.76, 0.62, 0.72, 0.78, 0.28, 0.78, 0.24, 0.62, shade="soft")
    canvas.poly(GREY, 0.44, 0.78, 0.56, 0.78, 0.6, 0.86, 0.4, 0.86)
    canvas.poly(PALE, 0.34, 0.55, 0.66, 0.55, 0.7, 0.42, 0.62, 0.28, 0.38, 0.28, 0.3, 0.42, shade="soft")
    canvas.poly((44, 70, 126), 0.38, 0.38, 0.47, 0.38, 0.45, 0.47)
    canvas.poly((44, 70, 126), 0.62, 0.38, 0.53, 0.38, 0.55, 0.47)
    canvas.line(PALE, 0.025, 0.5, 0.28, 0.5, 0.18)
    canvas.oval(PALE, 0.5, 0.17, 0.04)


def descent(canvas: Canvas) -> None:
    ground(canvas, 0.93)
    with canvas.inside(0.14, -0.02, 0.72):
        canvas.blob((246, 176, 66), 0.43, 0.86, 0.57, 0.86, 0.53, 1.0, 0.5, 1.12, 0.47, 1.0)
        lander(canvas)
    for x in (0.12, 0.88):
        canvas.line(RED, 0.03, x, 0.32, x, 0.56)
        canvas.poly(RED, x - 0.055, 0.54, x + 0.055, 0.54, x, 0.64)


def landing(canvas: Canvas) -> None:
    ground(canvas, 0.84)
    with canvas.inside(0.06, 0.03, 0.88):
        lander(canvas)
    canvas.line(PALE, 0.02, 0.95, 0.86, 0.95, 0.5)
    canvas.rect(RED, 0.95, 0.5, 1.08, 0.6)


def ground(canvas: Canvas, y: float) -> None:
    """Draw the Moon's limb inside the disc of a station."""
    half = 0.62 if y > 0.9 else 0.66
    canvas.blob(
        MOON, 0.5 - half * 0.86, y, 0.5, y - 0.06, 0.5 + half * 0.86, y, 0.5 + half * 0.4, 1.14,
        0.5 - half * 0.4, 1.14,
    )  # fmt: skip
    for x, dy in ((0.3, 0.08), (0.66, 0.1)):
        canvas.oval(darker(MOON, 0.22), x, y + dy, 0.07, 0.022, outline=False)


def marker(canvas: Canvas) -> None:
    canvas.blob(RED, 0.62, 0.5, 0.52, 0.3, 0.55, 0.16, 0.62, 0.12, 0.69, 0.16, 0.72, 0.3)
    canvas.oval(PALE, 0.62, 0.26, 0.045)


ICONS: dict[str, Callable[[Canvas], None]] = {
    "launch": rocket,
    "earth orbit": lambda canvas: orbit(canvas, earth),
    "translunar": translunar,
    "lunar orbit": lambda canvas: orbit(canvas, moon),
    "descent": descent,
    "landing": landing,
}
KEYWORDS = {
    "launch": "launch", "earth orbit": "earth+orbit", "lunar orbit": "orbit", "translunar": "trans",
    "descent": "descent", "landing": "landing",
}  # fmt: skip
