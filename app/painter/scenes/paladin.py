"""A close portrait of a battle-worn paladin in engraved plate, by torchlight."""

import math

from app.painter.brief import Brief
from app.painter.camera import Take, one_of
from app.painter.canvas import Canvas, Point, smooth
from app.painter.colour import RGB, darker, lighter, mix
from app.painter.scenes.face import LOOKS, Looks, back_hair, face, front_hair, neck

STEEL: RGB = (132, 138, 150)
GOLD: RGB = (214, 168, 78)
LEATHER: RGB = (104, 62, 34)
TORCH: RGB = (255, 176, 82)


def draw(canvas: Canvas, brief: Brief, take: Take) -> None:
    looks = one_of(LOOKS, take.palette)
    if brief.has("woman", "female", "she", "her", "swordswoman"):
        looks = LOOKS[0]
    turn = 0.05 * (take.pose - 0.5) * 2
    torch = 0.5 + take.lamp * 0.43, 0.3
    hall(canvas, looks, torch, take)
    canvas.defocus(0.016)
    sparks(canvas, torch, take)
    back_hair(canvas, looks)
    with canvas.named("the armour"):
        shoulders(canvas, looks)
    neck(canvas, looks)
    face(canvas, looks, turn, take, worn=True)
    gorget(canvas)
    front_hair(canvas, looks, turn)
    for side in (-1, 1):
        braid(canvas, looks.hair, side, take)
    rim(canvas, take)
    embers(canvas, take)


def hall(canvas: Canvas, looks: Looks, torch: Point, take: Take) -> None:
    x0, y0, x1, y1 = canvas.bounds
    canvas.rect(lighter(looks.dusk, 0.07), x0, y0, x1, y1, fade=darker(looks.dusk, 0.5), outline=False)
    for i in range(5):
        x = x0 + (x1 - x0) * (i + 0.5) / 5 + take.rng.uniform(-0.03, 0.03)
        canvas.rect(
            mix(looks.dusk, (110, 76, 50), 0.24), x - 0.055, y0, x + 0.055, y1, shade="side", outline=False
        )
    canvas.glow((226, 128, 48), *torch, 0.75, 0.7)
    canvas.glow((255, 206, 120), *torch, 0.3, 0.9)
    x, y = torch
    canvas.poly((66, 42, 26), x - 0.016, y + 0.08, x + 0.016, y + 0.08, x + 0.012, y + 0.42, x - 0.012, y + 0.42)
    canvas.blob(
        (250, 150, 44), x - 0.06, y + 0.08, x - 0.052, y - 0.03, x + 0.008, y - 0.17, x + 0.054, y - 0.02,
        x + 0.056, y + 0.08,
    )  # fmt: skip
    canvas.blob(
        (255, 232, 150), x - 0.03, y + 0.07, x - 0.022, y, x + 0.006, y - 0.08, x + 0.028, y + 0.01,
        x + 0.026, y + 0.07,
    )  # fmt: skip


def sparks(canvas: Canvas, torch: Point, take: Take) -> None:
    x0, y0, x1, _ = canvas.bounds
    for _ in range(round(26 * min(3.0, x1 - x0))):
        x, y = float(take.rng.uniform(x0, x1)), float(take.rng.uniform(y0, 0.8))
        near = max(0.15, 1 - math.hypot(x - torch[0], y - torch[1]))
        canvas.bokeh(
            mix((236, 110, 40), (255, 214, 130), float(take.rng.random())),
            x,
            y,
            float(take.rng.uniform(0.008, 0.034)),
            0.25 + 0.45 * near,
        )


def embers(canvas: Canvas, take: Take) -> None:
    x0, _, x1, y1 = canvas.bounds
    for _ in range(14):
        x, y = float(take.rng.uniform(x0, x1)), float(take.rng.uniform(0.3, y1))
        canvas.glow((255, 190, 90), x, y, 0.014, 0.85)
        canvas.oval((255, 236, 180), x, y, 0.0022, outline=False)


def braid(canvas: Canvas, hair: RGB, side: int, take: Take) -> None:
    """Draw plaited lobes that lean left and right in turn, with small beads between them."""
    beads = ((212, 170, 80), (96, 150, 170), (170, 60, 50))
    for i in range(18):
        y, way = 0.365 + 0.0235 * i, (-1) ** i
        x = _plait(i, side) + 0.0085 * way
        thick = 0.031 - 0.0006 * i
        canvas.oval(mix(hair, lighter(hair, 0.3), 0.4 * (i % 2)), x, y, thick, 0.0165, tilt=-40 * way, shade="fur")
        for strand in (-0.35, 0.2):
            dy = thick * 0.5 * strand
            canvas.line(
                darker(hair, 0.38),
                0.0018,
                x - 0.018,
                y + dy + 0.012 * way,
                x + 0.016,
                y + dy - 0.011 * way,
                alpha=0.7,
            )
        if i in (5, 9, 13):
            bead = beads[(i // 4 + int(take.palette * 3)) % 3]
            canvas.rect(bead, x - 0.017, y + 0.002, x + 0.017, y + 0.024, r=0.009, shade="metal")
    x = _plait(18, side)
    canvas.poly(hair, x - 0.016, 0.8, x + 0.016, 0.8, x + 0.006, 0.865, x - 0.008, 0.86, shade="side")
    canvas.rect(GOLD, x - 0.02, 0.778, x + 0.02, 0.805, r=0.007, shade="metal")


def _plait(i: int, side: int) -> float:
    return 0.5 + side * (0.188 + 0.02 * math.sin(0.32 * i))


def shoulders(canvas: Canvas, looks: Looks) -> None:
    low = max(1.0, canvas.bounds[3])
    canvas.blob(looks.cloth, 0.22, 0.74, 0.5, 0.66, 0.78, 0.74, 0.84, low + 0.1, 0.16, low + 0.1, shade="fur")
    for i in range(7):
        x = 0.3 + 0.066 * i
        canvas.bow(darker(looks.cloth, 0.4), 0.004, x, 0.7, x + 0.012, 0.76, x - 0.005, 0.84)
    chest = smooth(
        [
            (0.3, 0.79),
            (0.4, 0.765),
            (0.5, 0.79),
            (0.6, 0.765),
            (0.7, 0.79),
            (0.76, 0.92),
            (0.75, low + 0.2),
            (0.25, low + 0.2),
            (0.24, 0.92),
        ]
    )
    canvas.area(STEEL, chest, shade="metal")
    canvas.line(darker(STEEL, 0.5), 0.004, 0.5, 0.8, 0.5, low)
    scrolls(canvas, 0.5, 0.9, 0.062)
    for side in (-1, 1):
        for layer in range(3, -1, -1):
            pauldron(canvas, side, layer)
        strap(canvas, side, low)


def pauldron(canvas: Canvas, side: int, layer: int) -> None:
    """Draw one lame of the shoulder; 0 is the topmost."""
    x, y = 0.5 + side * (0.335 + 0.022 * layer), 0.815 + 0.062 * layer
    rx, ry = 0.195 + 0.012 * layer, 0.135
    plate = [(x - side * rx, y + 0.075)]
    plate += [
        (x + rx * math.cos(a) * side, y - ry * math.sin(a))
        for a in [math.radians(180 - 15 * i) for i in range(13)]
    ]
    plate += [(x + side * rx, y + 0.08), (x, y + 0.04)]
    canvas.area(darker(STEEL, 0.06 * layer), plate, shade="metal")
    rim_line = [
        (x + rx * 0.985 * math.cos(a) * side, y - (ry * 0.9) * math.sin(a) + 0.012)
        for a in [math.radians(172 - 14 * i) for i in range(12)]
    ]
    canvas.trace(GOLD, 0.0055, rim_line)
    canvas.trace(darker(GOLD, 0.5), 0.0018, [(px, py + 0.006) for px, py in rim_line])
    if layer == 0:
        for dx, r in ((-0.085, 0.026), (-0.005, 0.034), (0.075, 0.026)):
            curl(canvas, x + dx, y - 0.028, r, 1 if dx < 0 else -1)
    for i in range(4):
        a = math.radians(150 - 40 * i)
        canvas.oval(
            lighter(GOLD, 0.1),
            x + rx * 0.9 * math.cos(a),
            y - ry * 0.66 * math.sin(a) + 0.02,
            0.0065,
            shade="round",
            outline=False,
        )


def curl(canvas: Canvas, x: float, y: float, r: float, way: int) -> None:
    """Draw an engraved spiral: a dark cut with a gilt edge."""
    points = [
        (x + way * r * (1 - i / 26) * math.cos(0.48 * i), y + r * (1 - i / 26) * math.sin(0.48 * i))
        for i in range(24)
    ]
    canvas.trace(darker(STEEL, 0.6), 0.005, [(px + 0.0015, py + 0.002) for px, py in points])
    canvas.trace(lighter(GOLD, 0.15), 0.0028, points)


def scrolls(canvas: Canvas, x: float, y: float, reach: float) -> None:
    for side in (-1, 1):
        curl(canvas, x + side * reach * 0.62, y, reach * 0.42, side)
        curl(canvas, x + side * reach * 0.5, y + reach * 0.9, reach * 0.3, -side)
    canvas.poly(GOLD, x, y - 0.05, x + 0.018, y, x, y + 0.06, x - 0.018, y, shade="metal")


def strap(canvas: Canvas, side: int, low: float) -> None:
    top, foot = 0.5 + side * 0.105, 0.5 + side * 0.125
    canvas.poly(
        LEATHER, top - 0.024, 0.76, top + 0.024, 0.76, foot + 0.026, low + 0.1, foot - 0.026, low + 0.1,
        shade="side",
    )  # fmt: skip
    for i in range(9):
        y = 0.775 + 0.028 * i
        x = top + (foot - top) * (y - 0.76) / (low + 0.1 - 0.76)
        for edge in (-0.018, 0.018):
            canvas.line((206, 164, 112), 0.0024, x + edge, y, x + edge, y + 0.013)
    y = 0.9
    x = top + (foot - top) * (y - 0.76) / (low + 0.1 - 0.76)
    canvas.rect(GOLD, x - 0.036, y - 0.026, x + 0.036, y + 0.026, r=0.008, shade="metal")
    canvas.rect(darker(LEATHER, 0.4), x - 0.022, y - 0.014, x + 0.022, y + 0.014, r=0.003)
    canvas.line(lighter(GOLD, 0.3), 0.006, x, y - 0.018, x, y + 0.018)


def gorget(canvas: Canvas) -> None:
    """Draw the collar of plate: two rings round the neck."""
    for lift, wide in ((0.0, 0.185), (-0.045, 0.15)):
        y = 0.735 + lift
        points = [
            (0.5 - wide, y - 0.045),
            (0.5 - wide * 0.5, y - 0.012),
            (0.5, y),
            (0.5 + wide * 0.5, y - 0.012),
            (0.5 + wide, y - 0.045),
        ]
        band = smooth(points, closed=False)
        canvas.area(STEEL, [*band, *[(px, py + 0.068) for px, py in reversed(band)]], shade="metal")
        canvas.trace(GOLD, 0.0052, band)
        canvas.trace(darker(STEEL, 0.55), 0.003, [(px, py + 0.066) for px, py in band])
    for i in range(5):
        canvas.oval(GOLD, 0.36 + 0.07 * i, 0.752 - 0.03 * ((i - 2) / 2) ** 2, 0.007, shade="round", outline=False)


def rim(canvas: Canvas, take: Take) -> None:
    """Draw warm light along the edges that face the torch."""
    side = take.lamp
    canvas.bow(
        TORCH, 0.005, 0.5 + side * 0.09, 0.088, 0.5 + side * 0.17, 0.14, 0.5 + side * 0.2, 0.25,
        0.5 + side * 0.203, 0.36,
        alpha=0.8,
    )  # fmt: skip
    x = 0.5 + side * 0.335
    points = [
        (x + 0.195 * math.cos(a), 0.815 - 0.135 * math.sin(a))
        for a in [math.radians(100 - side * 6 * i) for i in range(12)]
    ]
    canvas.trace((255, 214, 150), 0.006, points, alpha=0.75)
    canvas.glow(TORCH, 0.5 + side * 0.42, 0.72, 0.2, 0.4)
