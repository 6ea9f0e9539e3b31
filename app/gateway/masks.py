"""
Draws masks as a provider reads them. In OpenAI's API, and so in ours, the transparent part is what may change.

A mask without any transparency is refused: it marks nothing, and what was meant would be a guess.
"""

from dataclasses import dataclass
from fractions import Fraction

from PIL import Image

from app.catalog.contracts import MaskField
from app.gateway.errors import InvalidParameter
from app.gateway.images import INPUT, InvalidImage, decode, encode, header_size
from app.gateway.sizes import Size, stretch

HALF = 128
NEAR_SHAPE = Fraction(101, 100)
NO_TRANSPARENCY = (
    "The mask has no transparency. Make the area to edit fully transparent (alpha 0), "
    "in a PNG or WebP of the size of the image."
)


@dataclass(frozen=True)
class WireMask:
    """A PNG for the provider; `scaled_from` is the caller's size where it was another than the image's."""

    data: bytes
    scaled_from: Size | None
    size: Size


def convert_mask(mask: bytes, image: bytes, field: MaskField) -> WireMask:
    """Convert the mask of the first image. Raises InvalidParameter for one that marks nothing or does not fit."""
    try:
        kept = decode(mask, alpha=True, limits=INPUT)
    except InvalidImage as error:
        raise InvalidParameter("mask", str(error)) from error
    if kept.mode != "RGBA":
        raise InvalidParameter("mask", NO_TRANSPARENCY)
    alpha = kept.getchannel("A")
    if alpha.getextrema()[0] >= HALF:  # type: ignore[operator]
        raise InvalidParameter("mask", NO_TRANSPARENCY)
    size = header_size(image)
    scaled = fit(alpha, size)
    return WireMask(encode(draw(scaled, field), "png"), alpha.size if alpha.size != size else None, size)


def fit(alpha: Image.Image, size: Size) -> Image.Image:
    """Scale a mask to its image's size. Raises InvalidParameter for another shape: no part of it is sure."""
    if alpha.size == size:
        return alpha
    if stretch(Fraction(*alpha.size), Fraction(*size)) > NEAR_SHAPE:
        message = (
            f"The mask is {alpha.size[0]}x{alpha.size[1]}, the image {size[0]}x{size[1]}: give both one shape."
        )
        raise InvalidParameter("mask", message)
    return alpha.resize(size, Image.Resampling.NEAREST)


def draw(alpha: Image.Image, field: MaskField) -> Image.Image:
    """Draw the mask as the provider reads it: opaque black with a hole, or one grey channel."""
    kept = alpha if field.grey else alpha.point(lambda value: 255 if value >= HALF else 0)
    if field.edit == "transparent":
        black = Image.new("RGB", alpha.size)
        black.putalpha(kept)
        return black
    return kept if field.edit == "black" else kept.point(lambda value: 255 - value)
