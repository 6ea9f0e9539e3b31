"""Any picture in another medium: those of the eight painters, and three that belong to none of them."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageChops, ImageEnhance, ImageFilter

from app.painter import finishes
from app.painter.editing.weather import as_image
from app.painter.noise import Field, clouds, grain

Medium = Callable[[Image.Image, np.random.Generator], Image.Image]


def photograph(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Light the picture as a studio does: more contrast, spill around highlights, darker corners, fine grain."""
    return finishes.studio(ImageEnhance.Contrast(picture).enhance(1.06), rng)


def poster(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Print the picture in a dozen and a half flat inks with clean edges."""
    flat = smoothed(ImageEnhance.Color(picture).enhance(1.35))
    inks = flat.reduce(4).quantize(18, method=Image.Quantize.MEDIANCUT, kmeans=1)
    printed = flat.quantize(palette=inks, dither=Image.Dither.NONE).convert("RGB")
    return finishes.poster(printed.filter(ImageFilter.ModeFilter(5)) if max(picture.size) <= 400 else printed, rng)


def watercolour(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Wash colours over a light pencil drawing."""
    pale = Image.blend(picture, Image.new("RGB", picture.size, (255, 252, 244)), 0.12)
    drawn = ImageChops.multiply(pale, contours(picture, 0.55).convert("RGB"))
    return finishes.aquarelle(drawn, rng, torn=False)


def low_poly(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    return finishes.lowpoly(ImageEnhance.Color(picture).enhance(1.15), rng)


def neon(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Draw the outlines as glowing tubes in the colours beside them, and leave the rest in the dark."""
    lines = np.asarray(ImageChops.invert(contours(picture, 1.0, fine=True)), dtype=np.float32)[:, :, None] / 255
    colours = np.asarray(ImageEnhance.Color(smoothed(picture)).enhance(2.6), dtype=np.float32)
    peak = colours.max(axis=2, keepdims=True)
    tubes = np.minimum(255, colours * (255 / np.maximum(40, peak)) + 26)
    dark = np.asarray(picture, dtype=np.float32) * 0.24 + np.array((8, 5, 20), dtype=np.float32)
    return finishes.neon(as_image(dark + (tubes - dark) * lines), rng)


def halftone(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    inked = ImageChops.multiply(ImageEnhance.Color(picture).enhance(1.3), contours(picture, 0.9).convert("RGB"))
    return finishes.halftone(inked, rng)


def oil(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Paint in thick short strokes: the picture moved along a flowing field, flattened, and lit from the side."""
    side = min(picture.size)
    half = ImageEnhance.Color(picture).enhance(1.25).reduce(2) if side > 64 else picture
    flat = half.filter(ImageFilter.MedianFilter(5)).filter(
        ImageFilter.ModeFilter(5) if side < 600 else ImageFilter.MedianFilter(3)
    )
    grown = np.asarray(flat.resize(picture.size, Image.Resampling.BICUBIC), dtype=np.float32)
    bristles = (
        clouds(rng, picture.size, max(2.0, side / 300)) * 0.6
        + clouds(rng, picture.size, max(3.0, side / 120)) * 0.4
    )
    relief = np.roll(bristles, 1, axis=0) - np.roll(bristles, -1, axis=1)
    edges = np.asarray(flat.convert("L").resize(picture.size), dtype=np.float32)
    relief += (np.roll(edges, 2, axis=0) - np.roll(edges, -2, axis=1)) / 90
    return as_image(grown * (1 + 0.16 * np.clip(relief, -1, 1))[:, :, None])


def pencil(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Draw in graphite on paper: contours, and hatching where it is dark."""
    grey = picture.convert("L")
    inverted = ImageChops.invert(finishes.softened(grey, max(2.0, min(picture.size) / 90)))
    base = np.asarray(grey, dtype=np.float32)
    dodged = np.clip(base * 255 / np.maximum(255 - np.asarray(inverted, dtype=np.float32), 1), 0, 255)
    shade = np.clip(1.12 - (255 - base) / 255 * 0.42, 0, 1)
    tooth = 1 + 0.1 * grain(rng, picture.size) * np.clip((250 - base) / 140, 0.15, 1)
    paper = np.array((250, 248, 242), dtype=np.float32)
    return as_image((dodged / 255 * shade * tooth)[:, :, None] * paper)


def cartoon(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    return ImageChops.multiply(poster(picture, rng), contours(picture, 1.0).convert("RGB"))


def contours(picture: Image.Image, strength: float, *, fine: bool = False) -> Image.Image:
    """Draw dark lines on white where brightness changes, a difference of two blurs; `fine` shows faint ones."""
    side = min(picture.size)
    grey = picture.convert("L")
    near = np.asarray(grey.filter(ImageFilter.BoxBlur(max(0.6, side / 900))), dtype=np.float32)
    wide = np.asarray(grey.filter(ImageFilter.BoxBlur(max(1.2, side / 330))), dtype=np.float32)
    line = np.clip((wide - near - 1.5) / (5 if fine else 11), 0, 1) * strength
    return Image.fromarray((255 * (1 - line)).astype(np.uint8))


def smoothed(picture: Image.Image) -> Image.Image:
    """Remove fine texture and keep edges: a median of 3 x 3 pixels at a third of the size."""
    if min(picture.size) < 64:
        return picture
    third = picture.reduce(3).filter(ImageFilter.MedianFilter(3))
    return third.resize(picture.size, Image.Resampling.BICUBIC)


MEDIA: dict[str, Medium] = {
    "studio": photograph,
    "poster": poster,
    "aquarelle": watercolour,
    "lowpoly": low_poly,
    "neon": neon,
    "halftone": halftone,
    "pixel": finishes.pixel,
    "legacy": finishes.legacy,
    "oil": oil,
    "pencil": pencil,
    "cartoon": cartoon,
}


def restyle(picture: Field, medium: str, rng: np.random.Generator) -> Field:
    """Render the picture (rows, columns, 3; 0 to 255) in a medium, which is a key of `MEDIA`."""
    return np.asarray(MEDIA[medium](as_image(picture), rng), dtype=np.float32)
