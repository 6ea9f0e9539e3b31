"""Any other prompt: the things it names, where it says, in a place that suits them, with its words on a sign."""

from app.painter.brief import Brief
from app.painter.camera import Take
from app.painter.canvas import Box, Canvas
from app.painter.colour import RGB, darker
from app.painter.layout import Placement, arrange
from app.painter.scenes.backdrops import BACKDROPS, GROUND, backdrop
from app.painter.things import THINGS

BOARD: RGB = (250, 246, 234)


def draw(canvas: Canvas, brief: Brief, take: Take) -> None:
    place = backdrop(brief, [THINGS[want.noun].place for want in brief.wanted], take)
    BACKDROPS[place][1](canvas, take)
    canvas.defocus(0.006)
    written = lines(brief)
    held = bool(brief.wanted) and brief.has("holding", "holds", "carrying", "sign") and not brief.has("neon")
    if written and not held:
        sign(canvas, written, canvas.frame[1] + 0.07, glowing=brief.has("neon", "glowing"))
    placed = placements(canvas, brief)
    for left, right, foot in shelves(placed):
        shelf(canvas, left, right, foot, hung=place not in ("room", "studio"))
    for placement in placed:
        put(canvas, brief, placement, take)
    if written and held:
        board(canvas, written, canvas.frame[3] - 0.27)


def lines(brief: Brief) -> list[str]:
    """List the words that are to be read in the picture, at most six lines."""
    steps = [f"{i}. {step}" for i, step in enumerate(brief.steps, 1)]
    return [*brief.quotes, *steps, *brief.names][:6]


def placements(canvas: Canvas, brief: Brief) -> list[Placement]:
    return arrange(brief.wanted, brief.relations, area(canvas, brief)) if brief.wanted else []


def area(canvas: Canvas, brief: Brief) -> Box:
    """Return the part of the picture for things: above the ground's front edge and below a sign."""
    x0, y0, x1, y1 = canvas.frame
    top = y0 + 0.05 + (0.24 if lines(brief) else 0.0)
    return x0 + 0.06, top, x1 - 0.06, max(GROUND, y1 - 0.12)


def put(canvas: Canvas, brief: Brief, placement: Placement, take: Take) -> None:
    thing = THINGS[placement.noun]
    x, y, w, h = placement.x, placement.y, placement.width, placement.height
    kind = brief.wanted[placement.kind]
    with canvas.named(f"the {placement.noun} {placement.kind}" if kind.colour else f"the {placement.noun}"):
        is_worn = any(one.side == "worn" and one.one == placement.kind for one in brief.relations)
        if thing.place != "sky" and not is_worn:
            canvas.shadow(x + w / 2 - take.lamp * 0.06 * w, y + h, 0.56 * w, 0.05 * min(w, h) + 0.012, 0.6)
        flip = take.rng.random() < 0.5 and not brief.names_side and thing.draw.__name__ in TURNABLE
        with canvas.inside(x, y, w, h, flip=flip):
            thing.draw(canvas, placement.colour, take.rng)


TURNABLE = {
    "car",
    "bus",
    "truck",
    "horse",
    "zebra",
    "cow",
    "sheep",
    "bear",
    "elephant",
    "giraffe",
    "bird",
    "fish",
    "boat",
    "bicycle",
}


def shelves(placed: list[Placement]) -> list[tuple[float, float, float]]:
    """List left, right and height of a shelf for every kind that needs one."""
    out = []
    for kind in {placement.kind for placement in placed if placement.shelf}:
        group = [placement for placement in placed if placement.kind == kind]
        left, right = min(p.x for p in group), max(p.x + p.width for p in group)
        out.append((left - 0.04, right + 0.04, max(p.y + p.height for p in group)))
    return out


def shelf(canvas: Canvas, left: float, right: float, y: float, *, hung: bool) -> None:
    """Draw a board on two brackets, or outdoors one that hangs on ropes."""
    wood: RGB = (146, 98, 62)
    if hung:
        for x in (left + 0.015, right - 0.015):
            canvas.line((214, 186, 140), 0.006, x, canvas.bounds[1], x, y + 0.01)
    else:
        canvas.shadow((left + right) / 2, y + 0.035, 0.55 * (right - left), 0.03, 0.35)
        for x in (left + 0.05, right - 0.05):
            canvas.poly(
                darker(wood, 0.3), x - 0.009, y + 0.02, x + 0.009, y + 0.02, x + 0.005, y + 0.058,
                x - 0.005, y + 0.058,
            )  # fmt: skip
    canvas.rect(wood, left, y, right, y + 0.024, r=0.004, shade="soft")


def sign(canvas: Canvas, written: list[str], top: float, *, glowing: bool) -> None:
    """Draw a hanging sign with these lines, or tubes of light."""
    height = 0.2
    back: RGB = (26, 20, 46) if glowing else BOARD
    ink: RGB = (255, 120, 200) if glowing else (46, 40, 44)
    if glowing:
        canvas.glow((255, 90, 190), 0.5, top + height / 2, 0.6, 0.5, ry=0.26)
    canvas.rect(back, 0.1, top, 0.9, top + height, r=0.02, shade="soft")
    canvas.trace(
        ink if glowing else (176, 132, 84),
        0.006,
        [
            (0.12, top + 0.02),
            (0.88, top + 0.02),
            (0.88, top + height - 0.02),
            (0.12, top + height - 0.02),
            (0.12, top + 0.02),
        ],
    )
    write(canvas, written, top, height, 0.68, ink)


def board(canvas: Canvas, written: list[str], top: float) -> None:
    """Draw a card with these lines, held in front of the thing."""
    canvas.shadow(0.5, top + 0.22, 0.34, 0.03, 0.5)
    canvas.rect(BOARD, 0.2, top, 0.8, top + 0.21, r=0.012, shade="soft")
    write(canvas, written, top, 0.21, 0.54, (46, 40, 44))


def write(canvas: Canvas, written: list[str], top: float, height: float, width: float, ink: RGB) -> None:
    step = height / (len(written) + 0.4)
    for i, line in enumerate(written):
        canvas.text(line, 0.5, top + step * (i + 0.7), min(0.1, 0.78 * step), ink, fit=width, weight=0.02)
