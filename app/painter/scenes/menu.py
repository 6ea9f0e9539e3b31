"""A restaurant menu: a white page, photos in a grid, a section per course, names and prices."""

import re
from dataclasses import dataclass

from app.painter.brief import Brief
from app.painter.camera import Take, one_of
from app.painter.canvas import Box, Canvas
from app.painter.colour import RGB, darker, lighter, mix
from app.painter.scenes.food import COURSES, DISHES

INK: RGB = (30, 30, 34)
MUTED: RGB = (126, 126, 132)
PAGE: RGB = (253, 253, 251)
ACCENTS: tuple[tuple[RGB, RGB, RGB], ...] = (
    ((226, 62, 50), (244, 160, 28), (52, 148, 88)),
    ((232, 84, 60), (28, 110, 150), (240, 184, 40)),
    ((206, 44, 92), (250, 140, 40), (70, 130, 180)),
    ((20, 138, 128), (238, 108, 50), (120, 70, 150)),
)
SYNONYMS = {
    "starters": "appetizers",
    "appetisers": "appetizers",
    "main": "mains",
    "entrees": "mains",
    "pizzas": "pizza",
}
PRICES = (7.5, 8.0, 9.5, 11.0, 12.5, 13.0, 14.5, 16.0, 18.5, 22.0)


@dataclass(frozen=True, slots=True)
class MenuPage:
    """
    `title` heads the page; a section is its heading as written and the dishes it may show. `tile` is how photos
    are set: on a tinted tile, on a disc of full colour, or free on the page.
    """

    title: str
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    accents: tuple[RGB, ...]
    tile: str


def draw(canvas: Canvas, brief: Brief, take: Take) -> None:
    x0, y0, x1, y1 = canvas.bounds
    canvas.rect(PAGE, x0, y0, x1, y1, outline=False)
    title = brief.quotes[0] if brief.quotes else one_of(("MENU", "MENU", "OUR MENU", "THE MENU"), take.pose)
    courses = tuple((name, tuple(take.rng.permutation(dishes).tolist())) for name, dishes in sections(brief))
    page = MenuPage(title, courses, one_of(ACCENTS, take.palette), one_of(("tile", "disc", "free"), take.pose))
    margin = 0.065
    area = (x0 + margin, y0 + margin, x1 - margin, y1 - margin)
    head, across = one_of(ARRANGEMENTS, take.layout)
    if head is side_title and area[2] - area[0] > 1.6 * (area[3] - area[1]):
        head = top_title
    body = head(canvas, page, area)
    wide = (body[2] - body[0]) / (body[3] - body[1])
    across = wide > 1.5 or (wide > 0.62 and across)
    for i, (box, section) in enumerate(
        zip(split(body, len(page.sections), across=across), page.sections, strict=True)
    ):
        with canvas.named(f"the {section[0]}"):
            course(canvas, box, section, page.accents[i % 3], page.tile, take)


def sections(brief: Brief) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the sections listed after "sections for", else those whose course the prompt names, else three."""
    found = re.search(
        r"(?:sections?|columns?) (?:for|of|:) ([\w\s/,&-]{3,80}?)(?: with|[.;:]|$|, bold|, clean)",
        brief.prompt,
        re.IGNORECASE,
    )
    listed = [part.strip() for part in re.split(r"/|,|&|\band\b", found[1])] if found else []
    names = [part for part in listed if part and len(part) <= 18][:4]
    if len(names) < 2:
        names = [name for name in COURSES if brief.has(name, *[a for a, b in SYNONYMS.items() if b == name])][:4]
    if len(names) < 2:
        names = ["appetizers", "pizza", "mains"]
    return tuple(
        (name, COURSES.get(SYNONYMS.get(name.casefold(), name.casefold()), tuple(DISHES)[2 * i :]))
        for i, name in enumerate(names)
    )


def top_title(canvas: Canvas, page: MenuPage, area: Box) -> Box:
    x0, y0, x1, _ = area
    width = canvas.text(page.title, x0, y0 + 0.035, 0.092, INK, weight=0.03, align="left", fit=(x1 - x0) * 0.6)
    canvas.rect(page.accents[0], x0, y0 + 0.098, x0 + width, y0 + 0.106)
    canvas.text("fresh every day", x1, y0 + 0.02, 0.026, MUTED, align="right")
    for i, accent in enumerate(page.accents):
        canvas.oval(accent, x1 - 0.012 - 0.04 * i, y0 + 0.068, 0.0125)
    return x0, y0 + 0.15, x1, area[3]


def centred_title(canvas: Canvas, page: MenuPage, area: Box) -> Box:
    """Draw the title between two rules in the middle, and return the area that is left."""
    x0, y0, x1, _ = area
    middle = (x0 + x1) / 2
    width = canvas.text(page.title, middle, y0 + 0.03, 0.088, INK, weight=0.03, tracking=0.18, fit=(x1 - x0) * 0.6)
    for left, right in ((x0, middle - width / 2 - 0.04), (middle + width / 2 + 0.04, x1)):
        canvas.rect(page.accents[0], left, y0 + 0.026, right, y0 + 0.034)
    canvas.text("fresh every day", middle, y0 + 0.098, 0.026, MUTED, tracking=0.1)
    return x0, y0 + 0.14, x1, area[3]


def side_title(canvas: Canvas, page: MenuPage, area: Box) -> Box:
    """Draw a coloured band down the left with the title turned, and return the area that is left."""
    x0, y0, x1, y1 = area
    left = canvas.bounds[0]
    canvas.rect(page.accents[0], left, canvas.bounds[1], x0 + 0.06, canvas.bounds[3], outline=False)
    canvas.text(
        page.title,
        (max(left, x0 - 0.08) + x0 + 0.06) / 2 + 0.005,
        (y0 + y1) / 2,
        0.082,
        PAGE,
        weight=0.035,
        angle=-90,
        tracking=0.16,
        fit=(y1 - y0) * 0.9,
    )
    for i, accent in enumerate(page.accents[1:]):
        canvas.oval(accent, x0, y0 + 0.02 + 0.05 * i, 0.014)
    return x0 + 0.11, y0 - 0.01, x1, y1


# How the page is headed, and whether the courses stand side by side.
ARRANGEMENTS = (
    (top_title, True),
    (side_title, False),
    (centred_title, True),
    (top_title, False),
    (centred_title, False),
)


def split(box: Box, count: int, *, across: bool) -> list[Box]:
    x0, y0, x1, y1 = box
    gap = 0.035
    if across:
        step = (x1 - x0 + gap) / count
        return [(x0 + i * step, y0, x0 + (i + 1) * step - gap, y1) for i in range(count)]
    step = (y1 - y0 + gap) / count
    return [(x0, y0 + i * step, x1, y0 + (i + 1) * step - gap) for i in range(count)]


def course(
    canvas: Canvas, box: Box, section: tuple[str, tuple[str, ...]], accent: RGB, tile: str, take: Take
) -> None:
    x0, y0, x1, y1 = box
    name, dishes = section
    canvas.rect(accent, x0, y0, x1, y0 + 0.046, r=0.008)
    canvas.text(
        name.upper(),
        x0 + 0.018,
        y0 + 0.0235,
        0.0265,
        PAGE,
        weight=0.032,
        tracking=0.07,
        align="left",
        fit=x1 - x0 - 0.03,
    )
    area = (x0, y0 + 0.062, x1, y1)
    columns, rows = grid(area, len(dishes))
    width, height = (x1 - x0 + 0.02) / columns, (y1 - area[1] + 0.012) / rows
    for i in range(columns * rows):
        left, top = x0 + (i % columns) * width, area[1] + (i // columns) * height
        cell(
            canvas,
            (left, top, left + width - 0.02, top + height - 0.012),
            dishes[i % len(dishes)],
            accent,
            tile,
            take,
        )


def grid(box: Box, most: int) -> tuple[int, int]:
    """Lay out columns and rows of cells a little taller than wide, at most `most` of them."""
    width, height = box[2] - box[0], box[3] - box[1]
    options = [(c, r) for c in range(1, most + 1) for r in range(1, most // c + 1)]
    return min(
        options, key=lambda cr: abs((width / cr[0]) / (height / cr[1]) - 0.8) + 0.05 * (most - cr[0] * cr[1])
    )


def cell(canvas: Canvas, box: Box, dish: str, accent: RGB, tile: str, take: Take) -> None:
    x0, y0, x1, y1 = box
    label, paint = DISHES[dish]
    price = PRICES[int(take.rng.integers(len(PRICES)))]
    if x1 - x0 > 1.15 * (y1 - y0):
        photo = (x0, y0, x0 + 0.98 * (y1 - y0), y1)
        beside(canvas, (photo[2] + 0.016, y0, x1, y1), label, price, accent)
    else:
        photo = (x0, y0, x1, y1 - 0.082)
        caption(canvas, (x0, y1 - 0.082, x1, y1), label, price, accent)
    ground(canvas, photo, accent, tile)
    side = (0.88 if tile == "tile" else 0.96) * min(photo[2] - photo[0], photo[3] - photo[1])
    with canvas.inside((photo[0] + photo[2] - side) / 2, (photo[1] + photo[3] - side) / 2, side):
        paint(canvas, take)


def ground(canvas: Canvas, box: Box, accent: RGB, tile: str) -> None:
    """Draw the tile, disc or other ground that a photo lies on."""
    x0, y0, x1, y1 = box
    if tile == "tile":
        canvas.rect(mix(PAGE, accent, 0.2), x0, y0, x1, y1, r=0.018, outline=False)
    elif tile == "disc":
        r = 0.46 * min(x1 - x0, y1 - y0)
        canvas.oval(mix(PAGE, accent, 0.72), (x0 + x1) / 2 + 0.16 * r, (y0 + y1) / 2 + 0.1 * r, r, outline=False)


def caption(canvas: Canvas, box: Box, label: str, price: float, accent: RGB) -> None:
    x0, y0, x1, _ = box
    width = x1 - x0
    canvas.text(label, x0, y0 + 0.023, 0.0235, INK, weight=0.024, align="left", fit=width * 0.7)
    tone = darker(accent, 0.22)
    canvas.text(f"${price:.2f}", x1, y0 + 0.023, 0.0235, tone, weight=0.03, align="right", fit=width * 0.28)
    for i, share in enumerate((0.82, 0.56)):
        y = y0 + 0.049 + 0.015 * i
        canvas.line(lighter(MUTED, 0.45), 0.0035, x0, y, x0 + width * share, y)


def beside(canvas: Canvas, box: Box, label: str, price: float, accent: RGB) -> None:
    """Write a caption to the right of its photo: a word to a line, then the price."""
    x0, y0, x1, y1 = box
    words, y = label.split(), (y0 + y1) / 2 - 0.04
    for i, word in enumerate(words[:2]):
        canvas.text(word, x0, y + 0.03 * i, 0.0255, INK, weight=0.024, align="left", fit=x1 - x0)
    y += 0.03 * len(words[:2]) + 0.006
    canvas.text(f"${price:.2f}", x0, y, 0.0255, darker(accent, 0.22), weight=0.03, align="left", fit=x1 - x0)
    for i, share in enumerate((0.95, 0.7)):
        canvas.line(
            lighter(MUTED, 0.45), 0.0035, x0, y + 0.027 + 0.014 * i, x0 + (x1 - x0) * share, y + 0.027 + 0.014 * i
        )
