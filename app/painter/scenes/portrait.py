"""A head and shoulders of the person a prompt describes, in front of soft lights."""

from dataclasses import replace

from app.painter.brief import Brief
from app.painter.camera import Take, one_of
from app.painter.canvas import Canvas, smooth
from app.painter.colour import RGB, darker, lighter, mix
from app.painter.scenes.face import LOOKS, Looks, back_hair, face, front_hair, neck

WOMEN = ("woman", "girl", "lady", "she", "her", "queen", "actress", "businesswoman")
OLD = ("old", "elderly", "grandmother", "grandfather", "aged")
CLOTHES = ("shirt", "dress", "coat", "jacket", "sweater", "suit", "hoodie", "scarf", "blouse")
DUSKS: tuple[tuple[RGB, RGB], ...] = (
    ((58, 74, 96), (208, 150, 120)),
    ((70, 52, 84), (216, 128, 120)),
    ((44, 84, 88), (214, 186, 134)),
    ((84, 66, 58), (228, 178, 128)),
    ((50, 54, 70), (150, 160, 190)),
)


def draw(canvas: Canvas, brief: Brief, take: Take) -> None:
    looks = described(brief, one_of(LOOKS, take.pose))
    turn = 0.1 * (take.layout - 0.5)
    lights(canvas, take)
    canvas.defocus(0.014)
    back_hair(canvas, looks)
    if brief.has(*WOMEN):
        long_hair(canvas, looks)
    clothes(canvas, looks)
    neck(canvas, looks)
    face(canvas, looks, turn, take, worn=False)
    front_hair(canvas, looks, turn)
    jewellery(canvas, brief, turn)


def described(brief: Brief, looks: Looks) -> Looks:
    """Return these looks with the colours that the prompt gives, and without a beard for a woman."""
    hair: RGB = (196, 196, 200) if brief.has(*OLD) else looks.hair
    return replace(
        looks,
        hair=brief.colour_of("hair", "hairstyle", "hairs") or hair,
        iris=brief.colour_of("eyes", "eyed") or looks.iris,
        cloth=brief.colour_of(*CLOTHES) or looks.cloth,
        beard=brief.has("beard", "bearded") or (looks.beard and not brief.has(*WOMEN)),
    )


def lights(canvas: Canvas, take: Take) -> None:
    x0, y0, x1, y1 = canvas.bounds
    high, low = one_of(DUSKS, take.palette)
    canvas.rect(high, x0, y0, x1, y1, fade=mix(high, low, 0.6), outline=False)
    canvas.glow(low, 0.5 + take.lamp * 0.42, 0.25, 0.9, 0.8)
    for _ in range(round(24 * min(3.0, x1 - x0))):
        x, y = float(take.rng.uniform(x0, x1)), float(take.rng.uniform(y0, y1))
        tone = mix(low, (255, 244, 220), float(take.rng.random()))
        canvas.bokeh(tone, x, y, float(take.rng.uniform(0.015, 0.06)), float(take.rng.uniform(0.15, 0.45)))


def long_hair(canvas: Canvas, looks: Looks) -> None:
    """Draw locks that fall to the shoulders on both sides."""
    for side in (-1, 1):
        numbers = (0.1, 0.12, 0.21, 0.2, 0.225, 0.42, 0.26, 0.66, 0.2, 0.86, 0.12, 0.82, 0.13, 0.5)
        points = [(0.5 + side * x, y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
        canvas.area(looks.hair, smooth(points), shade="soft")
        for i in range(6):
            x = 0.15 + 0.017 * i
            canvas.bow(
                lighter(looks.hair, 0.25) if i % 2 else darker(looks.hair, 0.3), 0.003,
                0.5 + side * x, 0.3, 0.5 + side * (x + 0.012), 0.52, 0.5 + side * (x - 0.006), 0.8,
                alpha=0.8,
            )  # fmt: skip


def clothes(canvas: Canvas, looks: Looks) -> None:
    low = max(1.0, canvas.bounds[3]) + 0.1
    half = [(0.0, 0.72), (0.1, 0.69), (0.24, 0.755), (0.37, 0.83), (0.43, 1.0), (0.45, low)]
    outline = [(0.5 - x, y) for x, y in half] + [(0.5 + x, y) for x, y in reversed(half)]
    canvas.area(looks.cloth, smooth(outline), shade="fur")
    for side in (-1, 1):
        canvas.blob(
            lighter(looks.cloth, 0.16), 0.5 + side * 0.085, 0.66, 0.5 + side * 0.15, 0.705,
            0.5 + side * 0.1, 0.8, 0.5 + side * 0.01, 0.86, 0.5 + side * 0.02, 0.78, shade="soft",
        )  # fmt: skip
        for i in range(3):
            x = 0.17 + 0.075 * i
            canvas.bow(
                darker(looks.cloth, 0.35), 0.004,
                0.5 + side * x, 0.8 + 0.03 * i, 0.5 + side * (x + 0.02), 0.88, 0.5 + side * x, 0.98,
                alpha=0.6,
            )  # fmt: skip


def jewellery(canvas: Canvas, brief: Brief, turn: float) -> None:
    metal: RGB = (222, 190, 110)
    if brief.has("ring", "piercing"):
        canvas.hoop(metal, 0.0045, 0.5 + turn + 0.03, 0.468, 0.0115, start=-60, end=240)
    if brief.has("glasses", "spectacles", "sunglasses"):
        for side in (-1, 1):
            canvas.hoop((34, 32, 38), 0.0065, 0.5 + turn + side * 0.078, 0.355, 0.058, 0.046)
        canvas.line((34, 32, 38), 0.0065, 0.48 + turn, 0.35, 0.52 + turn, 0.35)
    if brief.has("earring", "earrings"):
        for side in (-1, 1):
            canvas.oval(metal, 0.5 + side * 0.165, 0.47, 0.012, shade="metal")
