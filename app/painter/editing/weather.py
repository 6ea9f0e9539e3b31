"""Times of day, seasons and weather over a whole picture: its sky, its light and what falls."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from app.painter.colour import RGB
from app.painter.editing.matting import find_sky, find_subject, resize_field
from app.painter.editing.skies import SKIES, Size, billows, cover, light, spot
from app.painter.noise import Field, clouds

LUMA = np.array((0.299, 0.587, 0.114), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Grade:
    """
    Describe how light changes a surface: `exposure` multiplies, `tint` scales the channels, `colour` is the part
    of the saturation that stays, `gamma` above 1 deepens the middle tones.
    """

    exposure: float = 1.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    colour: float = 1.0
    gamma: float = 1.0


@dataclass(frozen=True, slots=True)
class Weather:
    """`sky` is a key of `SKIES`, "" where the picture keeps its own; `fall` draws what is in the air."""

    sky: str
    grade: Grade
    fall: Callable[[Field, Field, np.random.Generator], Field] | None = None


def change_weather(picture: Field, name: str, rng: np.random.Generator, sky: Field | None = None) -> Field:
    """
    Return the picture (rows, columns, 3; 0 to 255) under the weather of that name in `WEATHERS`.

    `sky` says where the sky goes, 0 to 1; without it the picture itself tells.
    """
    weather = WEATHERS[name]
    size = picture.shape[1], picture.shape[0]
    where = find_sky(as_image(picture)) if sky is None else sky
    graded = regrade(picture, weather.grade)
    if weather.sky:
        graded = hang_sky(graded, SKIES[weather.sky](size, horizon_of(where), rng), where)
    changed = weather.fall(graded, where, rng) if weather.fall else graded
    return np.clip(changed, 0, 255)


def as_image(picture: Field) -> Image.Image:
    return Image.fromarray(np.clip(picture + 0.5, 0, 255).astype(np.uint8))


def horizon_of(sky: Field) -> float:
    """Return how far down the sky reaches, as a share of the height."""
    rows = np.flatnonzero(sky.mean(axis=1) > 0.12)
    return float((rows[-1] + 1) / len(sky)) if len(rows) else 0.6


def regrade(picture: Field, grade: Grade) -> Field:
    brightness = (picture @ LUMA)[:, :, None]
    kept = brightness + (picture - brightness) * grade.colour
    scaled = np.clip(kept / 255, 0, 1) ** grade.gamma if grade.gamma != 1 else kept / 255
    return np.asarray(scaled * (255 * grade.exposure * np.array(grade.tint, dtype=np.float32)), dtype=np.float32)


def hang_sky(land: Field, sky: Field, where: Field) -> Field:
    """Put the sky behind the land, with a little of its light wrapped around the land's edges."""
    size = where.shape[1], where.shape[0]
    near = Image.fromarray((255 * where).astype(np.uint8)).reduce(4) if min(size) > 16 else None
    if near is not None:
        halo = (
            np.asarray(near.filter(ImageFilter.GaussianBlur(max(size) / 220)).resize(size), dtype=np.float32) / 255
        )
        land = land + (sky - land) * (0.16 * halo * (1 - where))[:, :, None]
    return land + (sky - land) * where[:, :, None]


def _moonlight(picture: Field, sky: Field, rng: np.random.Generator) -> Field:
    """Add a moon where there is sky for it, and darken the corners on the ground."""
    size = sky.shape[1], sky.shape[0]
    x, y = float(rng.choice((0.2, 0.8))) + float(rng.uniform(-0.06, 0.06)), 0.26 * horizon_of(sky)
    disc = spot(size, x, max(0.09, y), 0.052)
    lit = light(picture, 0.5 * spot(size, x, max(0.09, y), 0.2) * sky, (150, 170, 235))
    face = np.clip((disc - 0.42) * 14, 0, 1) * np.clip(sky * 1.6 - 0.6, 0, 1)
    mottled = 0.94 + 0.06 * clouds(rng, size, min(size) / 50)
    return cover(lit, np.asarray(face * mottled), (244, 242, 226))


def _glow(picture: Field, sky: Field, _rng: np.random.Generator) -> Field:
    """Lay the light of a low sun over everything near the horizon."""
    size = sky.shape[1], sky.shape[0]
    return light(picture, 0.24 * spot(size, 0.5, horizon_of(sky), 0.6), (255, 150, 70))


def _rain(picture: Field, sky: Field, rng: np.random.Generator) -> Field:
    """Draw slanting streaks of rain in three distances, and mist where they end."""
    size = sky.shape[1], sky.shape[0]
    picture = cover(picture, np.asarray(0.3 * _nearness_to_horizon(sky), dtype=np.float32), (176, 184, 194))
    unit = min(size) / 1024
    for count, length, width, bright in ((900, 22, 1, 80), (420, 44, 2, 110), (90, 80, 2, 120)):
        sheet = Image.new("L", size)
        draw = ImageDraw.Draw(sheet)
        for x, y in rng.random((count, 2)) * (size[0] * 1.2, size[1] * 1.1):
            reach = length * unit
            draw.line((x, y, x - 0.22 * reach, y + reach), fill=bright, width=max(1, round(width * unit)))
        streaks = sheet.filter(ImageFilter.GaussianBlur(0.7 * unit))
        picture = light(picture, np.asarray(streaks, dtype=np.float32) / 255, (214, 226, 240))
    return picture


def _nearness_to_horizon(sky: Field) -> Field:
    """Return 1 along the horizon, fading above and below."""
    y = np.linspace(0, 1, sky.shape[0], dtype=np.float32)[:, None]
    return np.broadcast_to(np.exp(-(((y - horizon_of(sky)) / 0.28) ** 2)), sky.shape)


def _fog(picture: Field, sky: Field, rng: np.random.Generator) -> Field:
    """Lay fog, thick at the horizon and above it, thin at the viewer's feet and before the subject, in drifts."""
    size = sky.shape[1], sky.shape[0]
    y = np.linspace(0, 1, size[1], dtype=np.float32)[:, None]
    horizon = horizon_of(sky)
    far = np.where(
        y < horizon, 0.62 + 0.26 * y / max(horizon, 0.01), 0.88 - 0.62 * (y - horizon) / max(0.1, 1 - horizon)
    )
    near = find_subject(as_image(picture))
    drifts = 0.78 + 0.42 * billows(rng, size, min(size) / 3, 3.5)
    amount = np.clip(np.maximum(far, 0.8 * sky) * drifts * (1 - 0.38 * near), 0, 0.94)
    return cover(picture, np.asarray(amount, dtype=np.float32), (222, 226, 230))


def _snow(picture: Field, sky: Field, rng: np.random.Generator) -> Field:
    """Lay snow on what looks up, and let flakes fall in four sizes."""
    lying = snow_cover(picture, sky, rng)
    shaded = np.clip((picture @ LUMA) / 255 * 0.5 + 0.62, 0.72, 1)[:, :, None]
    white = np.array((246, 249, 255), dtype=np.float32) * shaded
    picture = picture + (white - picture) * lying[:, :, None]
    size = sky.shape[1], sky.shape[0]
    unit = min(size) / 1024
    for count, radius, blur, bright in (
        (900, 1.2, 0.5, 200),
        (420, 2.2, 0.9, 230),
        (130, 4.2, 1.8, 235),
        (26, 9, 5, 190),
    ):
        flakes = np.asarray(_flakes(size, rng, count, radius * unit, blur * unit, bright), dtype=np.float32) / 255
        picture = cover(picture, flakes, (252, 253, 255))
    return picture


def _flakes(
    size: Size, rng: np.random.Generator, count: int, radius: float, blur: float, bright: int
) -> Image.Image:
    sheet = Image.new("L", size)
    draw = ImageDraw.Draw(sheet)
    for (x, y), grow in zip(rng.random((count, 2)) * size, rng.uniform(0.7, 1.3, count), strict=True):
        r = radius * grow
        draw.ellipse((x - r, y - r, x + r, y + r), fill=bright)
    return sheet.filter(ImageFilter.GaussianBlur(blur))


def snow_cover(picture: Field, sky: Field, rng: np.random.Generator) -> Field:
    """Return where snow lies: on bright upper edges, under the sky, over the ground, less on the subject."""
    size = sky.shape[1], sky.shape[0]
    small = as_image(picture).convert("L").reduce(4) if min(size) > 32 else as_image(picture).convert("L")
    levels = np.asarray(small.filter(ImageFilter.GaussianBlur(1.5)), dtype=np.float32)
    rise = levels - np.roll(levels, 2, axis=0)
    rise[:2] = 0
    upward = resize_field(np.clip((np.abs(rise) - 6) / 40, 0, 1), size)
    depth = max(2, min(size) // 46)
    caps = np.clip(np.roll(sky, depth, axis=0) - sky, 0, 1)
    caps[:depth] = 0
    y = np.linspace(0, 1, size[1], dtype=np.float32)[:, None]
    below = np.clip((y - horizon_of(sky) + 0.06) / 0.14, 0, 1) * (1 - sky)
    subject = find_subject(as_image(picture))
    drift = 0.72 + 0.3 * billows(rng, size, min(size) / 9, 1.6)
    blanket = below * (1 - 0.96 * subject) * drift
    dusted = 0.5 * upward * (1 - sky) * (1 - 0.6 * subject)
    return np.asarray(np.clip(0.95 * caps + 0.94 * blanket + dusted, 0, 0.96))


def _autumn(picture: Field, sky: Field, rng: np.random.Generator) -> Field:
    """Turn greens to rust and gold and lawns to straw, and let leaves fall."""
    size = sky.shape[1], sky.shape[0]
    brightness = picture @ LUMA
    green = np.clip((picture[:, :, 1] - 0.5 * (picture[:, :, 0] + picture[:, :, 2])) / 34, 0, 1) * (1 - sky)
    patch = np.clip(0.5 + 0.4 * clouds(rng, size, min(size) / 20) + 0.5 * clouds(rng, size, min(size) / 60), 0, 1)
    tone = brightness[:, :, None] / 128
    rust, gold = np.array((176, 74, 30), dtype=np.float32), np.array((226, 158, 52), dtype=np.float32)
    leaves = np.clip((rust + (gold - rust) * patch[:, :, None]) * (0.35 + 0.65 * tone), 0, 255)
    picture = picture + (leaves - picture) * (0.95 * green)[:, :, None]
    return _falling_leaves(picture, rng)


LEAVES: tuple[RGB, ...] = ((196, 82, 32), (222, 140, 44), (160, 52, 34), (236, 182, 70))


def _falling_leaves(picture: Field, rng: np.random.Generator) -> Field:
    """Draw some two dozen falling leaves, each a pointed oval with a rib."""
    drawn = as_image(picture)
    draw = ImageDraw.Draw(drawn)
    unit = min(drawn.size)
    for x, y, turn, grow in rng.random((26, 4)):
        reach, angle = unit * (0.008 + 0.014 * grow), turn * 2 * np.pi
        points = _leaf(x * drawn.width, y * drawn.height, reach, float(angle))
        colour = LEAVES[int(turn * 4)]
        draw.polygon(points, fill=colour)
        draw.line((points[0], points[len(points) // 2]), fill=tuple(round(0.7 * part) for part in colour))
    return np.asarray(drawn, dtype=np.float32)


def _leaf(x: float, y: float, reach: float, angle: float) -> list[tuple[float, float]]:
    steps = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    along, wide = np.cos(steps) * reach, np.sin(steps) * reach * 0.42 * (1 - 0.35 * np.cos(steps))
    cos, sin = np.cos(angle), np.sin(angle)
    return [(float(x + a * cos - w * sin), float(y + a * sin + w * cos)) for a, w in zip(along, wide, strict=True)]


NIGHT = Grade(0.62, (0.58, 0.72, 1.06), 0.68, 1.12)
WEATHERS: dict[str, Weather] = {
    "night": Weather("night", NIGHT),
    "moonlight": Weather("night", NIGHT, _moonlight),
    "aurora": Weather("aurora", Grade(0.5, (0.5, 0.82, 0.92), 0.6, 1.15)),
    "space": Weather("space", Grade(0.66, (0.8, 0.74, 1.1), 0.8, 1.1)),
    "sunset": Weather("sunset", Grade(0.84, (1.1, 0.84, 0.68), 0.95, 1.12), _glow),
    "day": Weather("day", Grade(1.08, (1.02, 1.01, 0.98), 1.1)),
    "overcast": Weather("overcast", Grade(0.88, (0.96, 0.99, 1.02), 0.65)),
    "storm": Weather("storm", Grade(0.58, (0.86, 0.94, 1.06), 0.6, 1.1), _rain),
    "rain": Weather("overcast", Grade(0.72, (0.9, 0.97, 1.04), 0.62, 1.05), _rain),
    "fog": Weather("", Grade(0.98, (0.99, 1.0, 1.01), 0.7), _fog),
    "snow": Weather("overcast", Grade(1.02, (0.95, 0.99, 1.05), 0.7), _snow),
    "autumn": Weather("", Grade(1.0, (1.05, 0.99, 0.9), 1.0), _autumn),
}
