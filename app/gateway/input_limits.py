"""Scales input images down to a provider's limits, and notes that it did."""

from collections.abc import Sequence
from math import sqrt

from PIL import Image

from app.catalog.contracts import ImageField
from app.gateway.adjustments import Adjustment
from app.gateway.formats import sniff
from app.gateway.images import INPUT, decode, encode, header_size
from app.gateway.sizes import Size, write_size


def fit_images(images: Sequence[bytes], field: ImageField | None) -> tuple[tuple[bytes, ...], list[Adjustment]]:
    """Fit images to what a provider takes; returns them with a note of each change."""
    if field is None:
        return tuple(images), []
    fitted = [fit_image(data, field) for data in images]
    changed = [adjustment for _, adjustment in fitted if adjustment]
    return tuple(data for data, _ in fitted), changed


def fit_image(data: bytes, field: ImageField) -> tuple[bytes, Adjustment | None]:
    """Convert one image to a format and a size that the provider takes."""
    kind = sniff(data) or "png"
    wanted = kind if not field.formats or kind in field.formats else field.formats[0]
    size = header_size(data)
    target = within(size, field)
    if target == size:
        return (data if wanted == kind else encode(decode(data, alpha=True, limits=INPUT), wanted)), None
    scaled = decode(data, alpha=True, limits=INPUT).resize(target, Image.Resampling.LANCZOS)
    asked, used = write_size(size), write_size(target)
    return encode(scaled, wanted), Adjustment(
        "image", asked, used, "Scaled to the provider's limit of input images."
    )


def within(size: Size, field: ImageField) -> Size:
    """Compute the largest size of this shape that keeps to both limits."""
    width, height = size
    by_side = (field.max_side or max(size)) / max(size)
    by_area = sqrt((field.max_pixels or width * height) / (width * height))
    factor = min(1.0, by_side, by_area)
    return size if factor == 1.0 else (max(1, int(width * factor)), max(1, int(height * factor)))
