"""Skies at the size of a picture: a gradient down to a horizon, and what hangs in it."""

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from app.painter.colour import RGB
from app.painter.noise import Field, clouds

Size = tuple[int, int]
Sky = Callable[
    [Size, float, np.random.Generator], Field
]  # (size, horizon as a share of the height, rng) to pixels


def gradient(size: Size, horizon: float, stops: Sequence[tuple[float, RGB]]) -> Field:
    """Return (rows, 1, 3) colours; a stop is a colour and a share of the way from top, 0, to horizon, 1."""
    way = np.linspace(0, 1, size[1], dtype=np.float32) / max(0.15, horizon)
    places = [place for place, _ in stops]
    columns = [np.interp(way, places, [colour[i] for _, colour in stops]) for i in range(3)]
    return np.stack(columns, axis=1).astype(np.float32)[:, None, :]


def spread(size: Size, horizon: float, stops: Sequence[tuple[float, RGB]]) -> Field:
    """Spread the sky's gradient over the whole width."""
    return np.repeat(gradient(size, horizon, stops), size[0], axis=1)


def light(base: Field, amount: Field, colour: RGB) -> Field:
    """Screen that colour over the base by an amount of 0 to 1 a pixel."""
    lit = amount[:, :, None] * (np.array(colour, dtype=np.float32) / 255)
    return 255 - (255 - base) * (1 - np.clip(lit, 0, 1))


def cover(base: Field, amount: Field, colour: RGB) -> Field:
    """Lay that colour over the base by an amount of 0 to 1 a pixel."""
    return base + (np.array(colour, dtype=np.float32) - base) * amount[:, :, None]


def billows(rng: np.random.Generator, size: Size, cell: float, flat: float = 2.2) -> Field:
    """Sum noise of four scales, wider than high by `flat`, about 0 to 1."""
    total = np.zeros((size[1], size[0]), dtype=np.float32)
    for octave in range(4):
        lumps = cell / 2**octave
        squeezed = clouds(rng, (max(2, round(size[0] / flat)), size[1]), lumps)
        wide = Image.fromarray(squeezed).resize(size, Image.Resampling.BILINEAR)
        total += np.asarray(wide) * 0.55**octave
    return np.asarray(np.clip(0.5 + total / 2.4, 0, 1))


def spot(size: Size, x: float, y: float, radius: float) -> Field:
    """
    Return a spot: 1 at the middle, a third at the radius,
    which is a share of the shorter side as x and y are of theirs.
    """
    unit = radius * min(size)
    across = (np.arange(size[0], dtype=np.float32) - x * size[0]) / unit
    down = (np.arange(size[1], dtype=np.float32)[:, None] - y * size[1]) / unit
    return np.asarray(np.exp(-(across * across + down * down)))


def night(size: Size, horizon: float, rng: np.random.Generator) -> Field:
    """Paint deep blue with a band of far stars, near stars of every brightness, and a glow at the horizon."""
    sky = spread(size, horizon, ((0, (7, 10, 34)), (0.45, (16, 26, 74)), (0.8, (44, 52, 118)), (1, (92, 78, 140))))
    sky = light(sky, milky_way(size, rng), (150, 150, 225))
    return light(sky, stars(size, rng), (250, 248, 255))


def milky_way(size: Size, rng: np.random.Generator) -> Field:
    """Paint a slanting band of stars, torn by dark lanes."""
    slope, lift = float(rng.uniform(0.45, 0.8)) * (1 if rng.random() < 0.5 else -1), float(rng.uniform(0.2, 0.4))
    x = np.linspace(-0.5, 0.5, size[0], dtype=np.float32)
    y = np.linspace(0, 1, size[1], dtype=np.float32)[:, None]
    torn = billows(rng, size, min(size) / 5, 1.0)
    off = (y - lift - slope * x + 0.16 * (torn - 0.5)) / 0.15
    return np.asarray(np.exp(-off * off) * (0.16 + 0.5 * np.clip(torn - 0.3, 0, 1)), dtype=np.float32)


def stars(size: Size, rng: np.random.Generator, density: float = 1.0) -> Field:
    """Scatter many faint and few bright stars with crossed rays; return each pixel's light, 0 to 1."""
    unit, area = min(size) / 1024, size[0] * size[1] / 2**20
    count = round(1500 * density * min(4.0, max(0.2, area)))
    field = Image.new("L", size)
    draw = ImageDraw.Draw(field)
    places = rng.random((count, 2)) * size
    for (x, y), power in zip(places, rng.power(0.35, count), strict=True):
        bright, radius = round(70 + 185 * power), (0.35 + 1.5 * power**3) * unit
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=bright)
    for x, y in places[: round(9 * density)]:
        _ray(draw, float(x), float(y), float(rng.uniform(5, 10)) * unit, unit)
    soft = np.asarray(field.filter(ImageFilter.GaussianBlur(max(0.4, 0.55 * unit))), dtype=np.float32)
    halo = np.asarray(field.reduce(2).filter(ImageFilter.GaussianBlur(2.5 * unit)).resize(size), dtype=np.float32)
    return np.clip((soft * 1.7 + halo * 1.2) / 255, 0, 1)


def _ray(draw: ImageDraw.ImageDraw, x: float, y: float, reach: float, unit: float) -> None:
    draw.line((x - reach, y, x + reach, y), fill=150, width=max(1, round(unit)))
    draw.line((x, y - reach, x, y + reach), fill=150, width=max(1, round(unit)))
    core = 2.4 * unit
    draw.ellipse((x - core, y - core, x + core, y + core), fill=255)


def aurora(size: Size, horizon: float, rng: np.random.Generator) -> Field:
    """Paint green and violet curtains over a night sky."""
    sky = night(size, horizon, rng)
    x, y = np.arange(size[0], dtype=np.float32) / size[0], np.linspace(0, 1, size[1], dtype=np.float32)[:, None]
    pleats = 0.55 + 0.45 * clouds(rng, (size[0], 2), min(size) / 60)[:1]
    for hue, foot, tall in (((70, 255, 160), 0.66, 0.32), ((140, 90, 255), 0.5, 0.4)):
        phase, waves = float(rng.uniform(0, 6)), float(rng.uniform(5, 8))
        line = (foot + 0.09 * np.sin(x * waves + phase) + 0.04 * np.sin(x * 2.7 * waves)) * horizon
        up = (line - y) / (tall * horizon)
        curtain = np.where(up > 0, np.exp(-2.6 * up) * np.clip(up * 9, 0, 1), 0) * pleats
        sky = light(sky, np.asarray(curtain * 0.85, dtype=np.float32), hue)
    return sky


def sunset(size: Size, horizon: float, rng: np.random.Generator) -> Field:
    """Paint violet above, gold below, lit streaks of cloud and the sun just above the horizon."""
    stops = (
        (0, (58, 62, 124)),
        (0.4, (168, 92, 128)),
        (0.7, (246, 132, 92)),
        (0.92, (255, 190, 104)),
        (1, (255, 220, 150)),
    )
    sky = spread(size, horizon, stops)
    streaks = np.clip((billows(rng, size, min(size) / 6, 5.0) - 0.5) * 2.6, 0, 1)
    way = np.linspace(0, 1, size[1], dtype=np.float32)[:, None] / max(0.15, horizon)
    sky = cover(sky, np.asarray(streaks * np.clip(0.75 - 0.4 * way, 0, 1)), (122, 66, 112))
    sky = light(sky, np.asarray(np.roll(streaks, -size[1] // 70, axis=0) * 0.4), (255, 140, 90))
    return _sun(sky, size, float(rng.uniform(0.3, 0.7)), 0.88 * horizon, (255, 190, 110))


def _sun(sky: Field, size: Size, x: float, y: float, tint: RGB) -> Field:
    sky = light(sky, 0.8 * spot(size, x, y, 0.3), tint)
    sky = light(sky, 0.9 * spot(size, x, y, 0.09), (255, 236, 190))
    disc = np.clip((spot(size, x, y, 0.05) - 0.4) * 12, 0, 1)
    return cover(sky, np.asarray(disc), (255, 248, 226))


def day(size: Size, horizon: float, rng: np.random.Generator) -> Field:
    """Paint a clear blue sky with heaped clouds, shaded below."""
    sky = spread(size, horizon, ((0, (52, 122, 206)), (0.6, (126, 184, 236)), (1, (214, 234, 248))))
    heaps = np.clip((billows(rng, size, min(size) / 4.5, 2.0) - 0.52) * 5, 0, 1)
    shade = np.clip(heaps - np.roll(heaps, size[1] // 40, axis=0) * 0.8, 0, 1)
    sky = cover(sky, heaps * 0.92, (206, 216, 230))
    return cover(sky, shade * 0.9, (255, 255, 255))


def overcast(size: Size, horizon: float, rng: np.random.Generator) -> Field:
    """Paint a lid of grey cloud over the whole sky."""
    sky = spread(size, horizon, ((0, (128, 136, 148)), (0.7, (176, 184, 192)), (1, (206, 210, 214))))
    return cover(sky, billows(rng, size, min(size) / 4, 2.6) * 0.75, (98, 106, 120))


def storm(size: Size, horizon: float, rng: np.random.Generator) -> Field:
    """Paint dark cloud with one bolt of lightning."""
    sky = spread(size, horizon, ((0, (40, 46, 60)), (0.7, (84, 92, 108)), (1, (140, 142, 146))))
    sky = cover(sky, billows(rng, size, min(size) / 3.5, 2.0) * 0.85, (24, 28, 40))
    x = float(rng.uniform(0.2, 0.8))
    bolt = Image.new("L", size)
    ImageDraw.Draw(bolt).line(_bolt(size, x, horizon, rng), fill=255, width=max(1, round(min(size) / 260)))
    glow = np.asarray(
        bolt.reduce(2).filter(ImageFilter.GaussianBlur(min(size) / 90)).resize(size), dtype=np.float32
    )
    sky = light(sky, 0.4 * spot(size, x, 0.2 * horizon, 0.35) + np.clip(glow / 40, 0, 1) * 0.7, (150, 160, 255))
    return light(sky, np.asarray(bolt, dtype=np.float32) / 255, (245, 245, 255))


def _bolt(size: Size, x: float, horizon: float, rng: np.random.Generator) -> list[tuple[float, float]]:
    shifts = np.cumsum(rng.uniform(-0.045, 0.045, 14))
    return [((x + float(shift)) * size[0], horizon * size[1] * i / 13) for i, shift in enumerate(shifts)]


def space(size: Size, horizon: float, rng: np.random.Generator) -> Field:
    """Paint nebulae in violet, blue and rose among many stars."""
    sky = spread(size, horizon, ((0, (8, 6, 24)), (1, (20, 12, 44))))
    for hue in ((118, 60, 210), (40, 110, 220), (220, 70, 150)):
        mist = np.clip((billows(rng, size, min(size) / 3, 1.0) - 0.45) * 2.2, 0, 1)
        sky = light(sky, mist * float(rng.uniform(0.35, 0.6)), hue)
    return light(sky, stars(size, rng, 1.4), (250, 248, 255))


SKIES: dict[str, Sky] = {
    "night": night,
    "aurora": aurora,
    "sunset": sunset,
    "day": day,
    "overcast": overcast,
    "storm": storm,
    "space": space,
}
