"""Seeded textures, at the size of a picture."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.floating[Any]]


def clouds(rng: np.random.Generator, size: tuple[int, int], cell: float) -> Field:
    """Make smooth noise, about -1 to 1, whose lumps are `cell` pixels wide."""
    columns, rows = max(2, round(size[0] / cell) + 1), max(2, round(size[1] / cell) + 1)
    coarse = Image.fromarray(rng.integers(0, 256, (rows, columns), dtype=np.uint8))
    smooth = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC), dtype=np.float32)
    return (smooth - 127.5) / 127.5


def grain(rng: np.random.Generator, size: tuple[int, int]) -> Field:
    """Make independent pixels, -1 to 1, from one repeated tile of 256 x 256, which no eye notices in grain."""
    tile = rng.integers(-127, 128, (256, 256), dtype=np.int16).astype(np.float32) / 127
    rows, columns = -(-size[1] // 256), -(-size[0] // 256)
    return np.tile(tile, (rows, columns))[: size[1], : size[0]]


def warp(image: Image.Image, across: Field, down: Field) -> Image.Image:
    """Move each pixel by that many pixels; what leaves the picture repeats its border."""
    width, height = image.size
    # Clipped to the picture, since an index past its end would fail and one below 0 would wrap around.
    x = np.clip(np.arange(width, dtype=np.int32) + across.astype(np.int32), 0, width - 1)
    y = np.clip(np.arange(height, dtype=np.int32)[:, None] + down.astype(np.int32), 0, height - 1)
    return Image.fromarray(np.asarray(image)[y, x])
