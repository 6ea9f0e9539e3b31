"""The part of a picture that an edit may change."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

from app.painter.noise import Field

Bools = NDArray[np.bool_]
FEATHER = 0.008
"""Width of the soft edge as a share of the shorter side."""


class UnusableMask(ValueError):
    """The mask does not fit the picture or leaves nothing to edit."""

    code = "unusable_mask"


def read_mask(mask: Image.Image, shape: tuple[int, int]) -> Image.Image:
    """
    Return an "L" image of the mask's size: 255 where the picture may change,
    which is where the mask is transparent.

    A mask without transparency says it in light: white may change. Raises UnusableMask.
    """
    if mask.size != shape:
        raise UnusableMask(f"The mask has {mask.width} x {mask.height} pixels, the image {shape[0]} x {shape[1]}.")
    alpha = mask.convert("RGBA").getchannel("A") if mask.has_transparency_data else None
    if alpha is not None and alpha.getextrema() != (255, 255):
        found = alpha.point([255] + [0] * 255)
    else:
        found = mask.convert("RGB").convert("L").point([0] * 128 + [255] * 128)
    if found.getextrema()[1] == 0:
        raise UnusableMask("The mask leaves nothing to edit: make the part that may change fully transparent.")
    return found


def fit(picture: Image.Image, size: tuple[int, int], *, sharp: bool = False) -> Image.Image:
    """Crop the picture to the shape in the middle and scale it; one that has that size already stays the same."""
    if picture.size == size:
        return picture
    method = Image.Resampling.NEAREST if sharp else Image.Resampling.LANCZOS
    return ImageOps.fit(picture, size, method)


def soft_inside(region: Bools) -> Field:
    """
    Return 1 in the region, falling to nearly 0 at its border, and exactly 0 outside;
    a small region keeps a core of 1.
    """
    radius = FEATHER * min(region.shape)
    radius = min(radius, float(region.sum()) ** 0.5 / 12)
    if radius < 0.6:
        return region.astype(np.float32)
    blurred = Image.fromarray((255 * region).astype(np.uint8)).filter(ImageFilter.GaussianBlur(radius))
    weight = np.clip(np.asarray(blurred, dtype=np.float32) / 127.5 - 1, 0, 1)
    return np.asarray(weight * region, dtype=np.float32)
