"""
The other half of a style: what happens to a rendered picture as a whole.

A finish takes the picture at its final size and a seeded generator, and returns a picture of that size.
"""

from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter

from app.painter.noise import Field, clouds, grain, warp

Pixels = NDArray[np.floating[Any]]  # rows, columns, three channels


def floats(image: Image.Image) -> Pixels:
    return np.asarray(image).astype(np.float32)


def to_image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def softened(image: Image.Image, radius: float, step: int = 4) -> Image.Image:
    """Blur widely, made cheap by working on every fourth pixel."""
    small = image.reduce(step).filter(ImageFilter.GaussianBlur(radius / step))
    return small.resize(image.size, Image.Resampling.BILINEAR)


FILM_GRAIN = 3.0
"""Amplitude in levels of 255; noise of half as much again takes three times the bytes at the same likeness."""


def studio(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Finish as a lens does: light spills around highlights, the corners fall off, the film has grain."""
    side = min(image.size)
    bright = image.reduce(4).point([max(0, round((level - 190) * 2.2)) for level in range(256)] * 3)
    spill = bright.filter(ImageFilter.GaussianBlur(side / 90)).resize(image.size, Image.Resampling.BILINEAR)
    pixels = floats(ImageChops.screen(image, spill.point([round(level * 0.55) for level in range(256)] * 3)))
    pixels *= falloff(image.size)[:, :, None]
    pixels += (grain(rng, image.size) * FILM_GRAIN)[:, :, None]
    return to_image(pixels)


@lru_cache(maxsize=4)
def falloff(size: tuple[int, int]) -> Field:
    x = np.linspace(-1, 1, size[0], dtype=np.float32)
    y = np.linspace(-1, 1, size[1], dtype=np.float32)[:, None]
    return np.asarray(1.02 - 0.115 * (x * x + y * y) ** 1.5, dtype=np.float32)


def poster(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Print the picture in ink on good paper, with nothing but the faintest tooth."""
    return to_image(floats(image) + (grain(rng, image.size) * 1.6)[:, :, None])


def aquarelle(image: Image.Image, rng: np.random.Generator, *, torn: bool = True) -> Image.Image:
    """Paint washes on rough paper: wavering edges, pigment pooled there, granulation, perhaps a torn margin."""
    side, size = min(image.size), image.size
    reach = side / 290
    across, down = _inward(size, side * 0.026 if torn else 0.0)
    image = warp(image, clouds(rng, size, side / 24) * reach + across, clouds(rng, size, side / 24) * reach + down)
    image = image.filter(ImageFilter.ModeFilter(5)) if side < 400 else _brushed(image)
    pixels = floats(image)
    light = image.convert("L")
    pooled = np.clip(floats(softened(light, side / 110)) - floats(light), -40, 40)
    pixels -= np.clip(pooled * 0.9, -8, 34)[:, :, None]
    tooth = grain(rng, size) * 0.4 + clouds(rng, size, max(2.5, side / 260)) * 0.6
    thickness = 0.72 + 0.16 * clouds(rng, size, side / 6) + 0.09 * clouds(rng, size, side / 22) + 0.05 * tooth
    paper = np.array([252, 249, 241], dtype=np.float32) + (tooth * 3.5)[:, :, None]
    shown = np.clip(thickness + 0.14, 0, 1) * (_torn(rng, size) if torn else 1)
    return to_image(paper - (paper - pixels * 1.04) * shown[:, :, None])


def _inward(size: tuple[int, int], inset: float) -> tuple[Field, Field]:
    """Return moves that draw the picture together, so that the margin covers little of it."""
    across = np.linspace(-inset, inset, size[0], dtype=np.float32)
    down = np.linspace(-inset, inset, size[1], dtype=np.float32)[:, None]
    return across, down


def _brushed(image: Image.Image) -> Image.Image:
    half = image.reduce(2).filter(ImageFilter.MedianFilter(5)).resize(image.size, Image.Resampling.BICUBIC)
    return Image.blend(half, image, 0.35)


def _torn(rng: np.random.Generator, size: tuple[int, int]) -> Field:
    """Return 1 inside, 0 on the margin of bare paper."""
    side = min(size)
    x = np.minimum(np.arange(size[0]), np.arange(size[0])[::-1]).astype(np.float32)
    y = np.minimum(np.arange(size[1]), np.arange(size[1])[::-1]).astype(np.float32)[:, None]
    inset = np.minimum(x, y) - side * 0.036
    ragged = clouds(rng, size, side / 16) * side * 0.012 + clouds(rng, size, side / 70) * side * 0.006
    return np.clip((inset + ragged) / (side * 0.006), 0, 1)


def lowpoly(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Rebuild the picture as a mesh of triangles with corners on edges: fine in detail, coarse elsewhere."""
    side = min(image.size)
    cell = max(6, side // 64)
    edges = np.asarray(image.convert("L").filter(ImageFilter.FIND_EDGES)).astype(np.float32)
    columns, rows = image.width // cell, image.height // cell
    corners = _corners(edges, rng, cell, columns, rows)
    busy = _block_max(edges, cell, columns, rows) > 26
    return _mesh(image, corners, busy, rng)


def _block_max(edges: Field, cell: int, columns: int, rows: int) -> Field:
    blocks = edges[: rows * cell, : columns * cell].reshape(rows, cell, columns, cell)
    return np.asarray(blocks.max(axis=(1, 3)))


def _corners(
    edges: Field,
    rng: np.random.Generator,
    cell: int,
    columns: int,
    rows: int,
) -> Pixels:
    """Choose a point per cell: its strongest edge pixel, or any; the outermost lie on the picture's border."""
    noisy = (
        edges[: rows * cell, : columns * cell] + rng.random((rows * cell, columns * cell), dtype=np.float32) * 12
    )
    flat = noisy.reshape(rows, cell, columns, cell).transpose(0, 2, 1, 3).reshape(rows, columns, cell * cell)
    best = flat.argmax(axis=2)
    x = best % cell + np.arange(columns)[None, :] * cell
    y = best // cell + np.arange(rows)[:, None] * cell
    height, width = edges.shape
    x[:, 0], x[:, -1], y[0, :], y[-1, :] = 0, width, 0, height
    return np.stack([x, y], axis=2).astype(np.float32)


def _mesh(
    image: Image.Image,
    corners: Pixels,
    busy: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Image.Image:
    rows, columns = corners.shape[:2]
    out = Image.new("RGB", image.size)
    draw = ImageDraw.Draw(out)
    pixels = np.asarray(image.filter(ImageFilter.BoxBlur(1)))
    tint = rng.integers(-9, 10, 997)
    for step in (1, 3):
        for r, c in product(range(0, rows - 1, step), range(0, columns - 1, step)):
            r1, c1 = min(r + step, rows - 1), min(c + step, columns - 1)
            if step > 1 and busy[r : r1 + 1, c : c1 + 1].any():
                continue
            quad = [corners[r, c], corners[r, c1], corners[r1, c1], corners[r1, c]]
            halves = ((0, 1, 2), (0, 2, 3)) if (r * 7 + c * 3) % 2 else ((0, 1, 3), (1, 2, 3))
            for n, half in enumerate(halves):
                shift = int(tint[(r * 131 + c * 17 + n * 7) % 997])
                _facet(draw, pixels, [quad[i] for i in half], shift)
    return out


def _facet(
    draw: ImageDraw.ImageDraw,
    pixels: NDArray[np.uint8],
    points: list[Field],
    shift: int,
) -> None:
    (x0, y0), (x1, y1), (x2, y2) = ((float(p[0]), float(p[1])) for p in points)
    column = min(int((x0 + x1 + x2) / 3), pixels.shape[1] - 1)
    row = min(int((y0 + y1 + y2) / 3), pixels.shape[0] - 1)
    r, g, b = pixels[row, column].tolist()
    draw.polygon((x0, y0, x1, y1, x2, y2), fill=(r + shift, g + shift, b + shift))


def neon(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Light the air around bright lines."""
    side = min(image.size)
    lit = image.reduce(2).point([max(0, round((level - 70) * 1.45)) for level in range(256)] * 3)
    near = lit.filter(ImageFilter.BoxBlur(side / 260)).filter(ImageFilter.BoxBlur(side / 400))
    far = lit.reduce(4).filter(ImageFilter.GaussianBlur(side / 190)).resize(image.size, Image.Resampling.BILINEAR)
    glow = ImageChops.screen(near.resize(image.size, Image.Resampling.BILINEAR), far)
    core = image.point([min(255, round(level * 1.12)) for level in range(256)] * 3)
    return to_image(floats(ImageChops.screen(core, glow)) + (grain(rng, image.size) * 2.5)[:, :, None])


# Each ink with what light it lets through and how much of it black replaces; yellow gives way most, so that dark
# blues stay blue.
INKS = (("C", (0.14, 0.66, 0.9), 0.25), ("M", (0.9, 0.24, 0.5), 0.42), ("Y", (0.99, 0.87, 0.2), 0.75))
SOFTNESS = 80
"""Levels of 255 over which a dot's rim fades: hard rims weigh in any encoder."""
DOTS_PER_SIDE = 40
SCREEN = 0.16
"""Share of a tone that is printed as dots; hard dots alone weigh four times as much in any encoder."""
SCREEN_ANGLES = {"C": (4, 1), "M": (1, 4), "Y": (1, 0), "K": (1, 1)}
"""A turn as whole steps, so that tiles repeat."""


def halftone(image: Image.Image, _rng: np.random.Generator) -> Image.Image:
    """Print cyan, magenta, yellow and black screens at four angles on warm stock; near-black prints solid."""
    side = min(image.size)
    pitch = max(4, round(side / DOTS_PER_SIDE))
    ink = 255 - np.asarray(image)
    key = ink.min(axis=2)
    paper = np.empty((image.height, image.width, 3), dtype=np.float32)
    paper[:] = (247, 239, 220)
    for channel, (name, keep, under) in enumerate(INKS):
        amount = np.clip(ink[:, :, channel] * np.float32(1.08) - key * np.float32(under), 0, 255)
        dots = _screened(amount, name, pitch)
        paper *= 1 - dots[:, :, None] * (1 - np.array(keep, dtype=np.float32))
    black = np.maximum(_screened(np.clip(key * np.float32(1.4) - 125, 0, 255), "K", pitch), key > 214)
    paper *= 1 - 0.86 * black[:, :, None]
    return to_image(paper)


def _screened(amount: Field, name: str, pitch: int) -> Field:
    """Return the coverage by dots over a tint of the same tone, 0 to 1 with soft rims; `amount` is 0 to 255."""
    tile = _tile(name, pitch)
    height, width = amount.shape
    rows, columns = -(-height // tile.shape[0]), -(-width // tile.shape[1])
    threshold = np.tile(tile, (rows, columns))[:height, :width]
    dots = np.clip((amount - threshold) / SOFTNESS + 0.5, 0, 1)
    return np.asarray(SCREEN * dots + (1 - SCREEN) * amount / 255, dtype=np.float32)


@lru_cache(maxsize=32)
def _tile(name: str, pitch: int) -> Field:
    """Return the thresholds of one period: round dots that meet and turn into round holes past the half tone."""
    across, down = SCREEN_ANGLES[name]
    turns = across * across + down * down
    period = round(pitch * turns / np.hypot(across, down))
    axis = np.arange(period, dtype=np.float32) * (2 * np.pi / period)
    x, y = axis[None, :], axis[:, None]
    wave = (np.cos(across * x + down * y) + np.cos(-down * x + across * y)) / 4 + 0.5
    order = np.sort(wave.ravel())
    share = np.searchsorted(order, wave) / order.size  # so that the inked share equals the tone
    return np.asarray(255 * share, dtype=np.float32)


BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], dtype=np.float32) / 16 - 0.47


def pixel(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Rebuild the picture as a small grid in two dozen colours, with an ordered dither between them."""
    grid = PIXEL_GRID
    factor = grid / min(image.size)
    width, height = max(8, round(image.width * factor)), max(8, round(image.height * factor))
    small = ImageEnhance.Color(image.resize((width, height), Image.Resampling.BOX)).enhance(1.25)
    rows, columns = -(-height // 4), -(-width // 4)
    dither = np.tile(BAYER, (rows, columns))[:height, :width, None] * (14 + 4 * rng.random())
    coded = to_image(floats(small) + dither)
    palette = small.quantize(24, method=Image.Quantize.MEDIANCUT, kmeans=1)
    flat = coded.quantize(palette=palette, dither=Image.Dither.NONE).convert("RGB")
    return flat.resize(image.size, Image.Resampling.NEAREST)


PIXEL_GRID = 144


def legacy(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Finish like an early diffusion model with a small decoder: melted outlines, smears, ringing."""
    side, size = min(image.size), image.size
    bend = side / 46
    image = warp(image, clouds(rng, size, side / 7) * bend, clouds(rng, size, side / 7) * bend)
    image = warp(image, clouds(rng, size, side / 30) * bend / 2.6, clouds(rng, size, side / 30) * bend / 2.6)
    factor = 168 / side
    small = image.resize((max(8, round(size[0] * factor)), max(8, round(size[1] * factor))), Image.Resampling.BOX)
    small = small.filter(ImageFilter.MedianFilter(3)).filter(ImageFilter.UnsharpMask(1.4, 160, 0))
    pixels = floats(small.resize(size, Image.Resampling.BICUBIC))
    pixels = 126 + (pixels - 126) * 0.86 + np.array([5, 2, -4], dtype=np.float32)
    pixels += (clouds(rng, size, side / 40) * 5 + clouds(rng, size, side / 9) * 6)[:, :, None]
    return to_image(pixels)
