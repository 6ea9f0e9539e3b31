"""
Input images of image-edit competitions, and the masks that say where they may change.

A competition's row names the input alone: where it has a mask, the input's key ends in `-masked.webp`, and the
mask and its outline stand beside it. A mask is never changed in place, as an input is not.
"""

import hashlib
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter
from sqlalchemy import exists, select

from app.arena.entries import renditions
from app.arena.entries.competitions import CompetitionFile
from app.arena.tables import Competition
from app.database.doors import Database
from app.gateway import images
from app.gateway.images import InvalidImage
from app.gateway.storage import Storage
from app.painter.editing.region import UnusableMask, read_mask

MASKED = "-masked.webp"
OUTLINE_SHARE = 200
"""A line of the outline is this part of the longer side, at least two pixels wide."""


def store_input(storage: Storage, path: Path, mask: Path | None, frame: tuple[int, int]) -> str:
    """
    Store the renditions of an input image, with its mask where it has one; the same files get the same key.

    Raises InvalidImage, OSError.
    """
    return store_images(storage, path.read_bytes(), mask.read_bytes() if mask else None, frame)


def store_beside(storage: Storage, folder: Path, spec: CompetitionFile) -> str | None:
    """Store the images that a competition file names, from its folder; None where it names none."""
    if spec.input is None:
        return None
    return store_input(storage, folder / spec.input, folder / spec.mask if spec.mask else None, spec.frame)


def store_images(storage: Storage, original: bytes, mask: bytes | None, frame: tuple[int, int]) -> str:
    """Store an input image and perhaps its mask, given as files' bytes. Raises InvalidImage."""
    digest = hashlib.sha256(original + (mask or b"") + repr(frame).encode()).hexdigest()[:32]
    key = f"inputs/{digest}{MASKED if mask is not None else '.webp'}"
    made = renditions.render_input(original, frame)
    if mask is not None:
        region = _fit_mask(mask, images.decode(original).size, renditions.scale(frame, made.side))
        storage.put(f"inputs/{digest}-mask.png", _png(_as_alpha(region)))
        storage.put(f"inputs/{digest}-outline.png", _png(_draw_outline(region)))
    renditions.store(storage, key, made)
    return key


def delete_unused(database: Database, storage: Storage, key: str | None) -> None:
    """Delete an input and its mask unless a competition has it; nothing where there is none."""
    with database.reading() as session:
        is_used = session.scalars(select(exists().where(Competition.input_key == key))).one()
    for one in () if key is None or is_used else list_keys(key):
        storage.delete(one)


def mask_key(input_key: str | None) -> str | None:
    """Return the storage key of the mask of an input; None where the whole picture may change."""
    return _beside(input_key, "-mask.png")


def outline_key(input_key: str | None) -> str | None:
    """Return the storage key of a mask's outline, a picture to lay over the input; None without a mask."""
    return _beside(input_key, "-outline.png")


def list_keys(input_key: str) -> tuple[str, ...]:
    """List the keys of all files that belong to an input."""
    others = (mask_key(input_key), outline_key(input_key))
    return (*renditions.list_keys(input_key), *(key for key in others if key is not None))


def _beside(input_key: str | None, suffix: str) -> str | None:
    has_mask = input_key is not None and input_key.endswith(MASKED)
    return input_key.removesuffix(MASKED) + suffix if input_key and has_mask else None


def _fit_mask(data: bytes, shape: tuple[int, int], frame: tuple[int, int]) -> Image.Image:
    """Return an "L" image as large as the input's rendition, 255 where it may change. Raises InvalidImage."""
    try:
        region = read_mask(images.decode(data, alpha=True), shape)
    except UnusableMask as error:
        raise InvalidImage(str(error)) from error
    factor = min(frame[0] / shape[0], frame[1] / shape[1])
    size = (max(1, round(shape[0] * factor)), max(1, round(shape[1] * factor)))
    framed = Image.new("L", frame, 0)
    scaled = region.resize(size, Image.Resampling.NEAREST)
    framed.paste(scaled, ((frame[0] - size[0]) // 2, (frame[1] - size[1]) // 2))
    return framed


def _as_alpha(region: Image.Image) -> Image.Image:
    """Return the mask as OpenAI's API wants it: fully transparent where the picture may change."""
    mask = Image.new("RGBA", region.size)
    mask.putalpha(ImageChops.invert(region))
    return mask


def _draw_outline(region: Image.Image) -> Image.Image:
    """Draw a white line inside the mask's border and a black one outside, so that it shows on any picture."""
    width = 2 * max(2, max(region.size) // OUTLINE_SHARE) + 1
    inside = ImageChops.subtract(region, region.filter(ImageFilter.MinFilter(width)))
    outside = ImageChops.subtract(region.filter(ImageFilter.MaxFilter(width)), region)
    drawn = Image.merge("LA", (inside, ImageChops.lighter(inside, outside)))
    return drawn.convert("RGBA")


def _png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
