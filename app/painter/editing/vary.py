"""`vary`: any picture in, another of the same subject and palette out."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from app.painter.camera import generator
from app.painter.editing.edit import plain_picture
from app.painter.editing.inpainting import fill
from app.painter.editing.matting import features, find_subject, likeness_to, shrink
from app.painter.editing.media import restyle
from app.painter.editing.placing import COARSE, extent
from app.painter.editing.region import Bools, fit
from app.painter.editing.skills import SKILLS
from app.painter.editing.weather import Grade, as_image, regrade
from app.painter.noise import Field, clouds, warp
from app.painter.paint import UnknownPainter
from app.painter.painters import LARGEST_RATIO, LARGEST_SIDE, PAINTERS, SMALLEST_SIDE

MOVABLE = (0.02, 0.5)
"""Shares of the picture a subject may cover to be moved before its background."""
LARGEST_SPREAD = 0.28
"""Of the ring around a subject that may look like the subject."""
CLEAR_ABOVE = 0.12
"""Of the rows under the upper border that a subject may fill."""
LEAST_OWN = 0.3
"""Of the painter's medium in a variation."""
STEADY = frozenset({"studio-xl", "poster-pro"})
"""Painters that never mirror a picture, whose lettering would read backwards."""


@dataclass(frozen=True, slots=True)
class Move:
    """The changes of a new composition: `zoom` and shifts (shares of a side) of background and subject."""

    mirrored: bool
    zoom: float
    across: float
    down: float
    subject_zoom: float
    subject_across: float
    lit_from: int


def vary(image: Image.Image, painter: str, seed: int) -> Image.Image:
    """
    Paint an RGB picture of the image's subject and palette in another composition, in the painter's medium.

    It has the image's size, or the nearest with sides of 256 to 2048 pixels and 4:1 at most. The same for the same
    arguments on one machine. Raises `UnknownPainter` or `UneditableImage`.
    """
    if painter not in PAINTERS:
        raise UnknownPainter(f"No painter is called {painter[:60]!r}.")
    plain = plain_picture(image)
    scaled = fit(on_white(plain), allowed_size(plain.size))
    rng = generator("variation", seed, painter, *scaled.size)
    picture = np.asarray(scaled, dtype=np.float32)
    move = _move(painter, rng)
    composed = _recomposed(picture, move, rng)
    lit = _lit(regrade(composed, _mood(rng)), move.lit_from)
    made = restyle(lit, PAINTERS[painter].style, rng)
    return as_image(lit + (made - lit) * max(LEAST_OWN, SKILLS[painter].own))


def on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    sheet = Image.new("RGB", picture.size, "white")
    sheet.paste(picture, mask=picture.getchannel("A"))
    return sheet


def allowed_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return the nearest size that painters can draw."""
    long, short = max(size), min(size)
    short = max(short, round(long / LARGEST_RATIO))
    factor = min(max(1.0, SMALLEST_SIDE / short), LARGEST_SIDE / long)
    factor = max(factor, SMALLEST_SIDE / short)
    sides = min(LARGEST_SIDE, round(long * factor)), min(LARGEST_SIDE, round(short * factor))
    return sides if size[0] >= size[1] else (sides[1], sides[0])


def _move(painter: str, rng: np.random.Generator) -> Move:
    side = 1 if rng.random() < 0.5 else -1
    return Move(
        mirrored=bool(painter not in STEADY and rng.random() < 0.5),
        zoom=float(rng.uniform(1.06, 1.26)),
        across=float(rng.uniform(-1, 1)),
        down=float(rng.uniform(-1, 1)),
        subject_zoom=float(rng.uniform(0.8, 1.16)),
        subject_across=side * float(rng.uniform(0.05, 0.16)),
        lit_from=side,
    )


def _recomposed(picture: Field, move: Move, rng: np.random.Generator) -> Field:
    """Move the subject before a shifted background, or show another view of the whole where nothing stands out."""
    share = find_subject(as_image(picture))
    if not is_movable(picture, share):
        return _another_view(picture, move, rng)
    behind = _viewed(fill(picture, _widened(share), rng), move, 1.0)
    return _with_subject(behind, picture, share, move)


def is_movable(picture: Field, share: Field) -> bool:
    """Tell whether the subject is of a middling size, whole, and clear of the upper border."""
    height = len(share)
    top = float(share[round(0.07 * height) : round(0.14 * height) + 1].mean())
    fitting = MOVABLE[0] < float(share.mean()) < MOVABLE[1] and top < CLEAR_ABOVE
    return fitting and spread_beyond(picture, share) < LARGEST_SPREAD


def spread_beyond(picture: Field, share: Field) -> float:
    """Return the share, 0 to 1, of the ring around a part that looks more like it than like the rest."""
    small = shrink(as_image(picture), COARSE)
    colours = features(small)
    part = np.asarray(shrink(Image.fromarray((255 * share).astype(np.uint8)), COARSE))
    grown = [np.asarray(Image.fromarray(part).filter(ImageFilter.MaxFilter(width))) > 40 for width in (3, 9, 15)]
    ring, far = grown[1] & ~grown[0], ~grown[2]
    if not ring.any() or not far.any():
        return 1.0
    like_part, like_rest = likeness_to(colours, part > 200), likeness_to(colours, far)
    return float((like_part > like_rest)[ring].mean()) if (part > 200).any() else 1.0


def _widened(share: Field) -> Bools:
    return np.asarray(share > 0.08)


def _viewed(picture: Field, move: Move, strength: float) -> Field:
    """Enlarge a window of the picture to the picture's size, mirrored if wished."""
    height, width = picture.shape[:2]
    zoom = 1 + (move.zoom - 1) * strength
    wide, tall = width / zoom, height / zoom
    left, top = (width - wide) * (move.across + 1) / 2, (height - tall) * (move.down + 1) / 2
    box = (left, top, left + wide, top + tall)
    seen = as_image(picture).resize((width, height), Image.Resampling.BICUBIC, box=box)
    seen = seen.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if move.mirrored else seen
    return np.asarray(seen, dtype=np.float32)


def _another_view(picture: Field, move: Move, rng: np.random.Generator) -> Field:
    """View the picture nearer, from aside, and with its outlines redrawn a little."""
    seen = _viewed(picture, move, 1.5)
    height, width = seen.shape[:2]
    reach, cell = min(width, height) / 60, min(width, height) / 2.5
    bent = warp(
        as_image(seen), clouds(rng, (width, height), cell) * reach, clouds(rng, (width, height), cell) * reach
    )
    return np.asarray(bent, dtype=np.float32)


def _with_subject(behind: Field, picture: Field, share: Field, move: Move) -> Field:
    """Scale the subject about its foot and move it aside; one that is cut by a border stays at that border."""
    height, width = share.shape
    x0, y0, x1, y1 = (round(value) for value in extent(share > 0.12))
    layer = as_image(picture[y0:y1, x0:x1])
    layer.putalpha(Image.fromarray((255 * share[y0:y1, x0:x1]).astype(np.uint8)))
    if move.mirrored:
        layer = layer.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        x0, x1 = width - x1, width - x0
    zoom = max(1.0, move.subject_zoom) if y1 >= height - 2 else move.subject_zoom
    layer = layer.resize(
        (max(1, round(layer.width * zoom)), max(1, round(layer.height * zoom))), Image.Resampling.BICUBIC
    )
    left = round((x0 + x1) / 2 + _shift(x0, x1, width, move) * width - layer.width / 2)
    sheet = as_image(behind)
    sheet.paste(layer, (left, y1 - layer.height), layer)
    return np.asarray(sheet, dtype=np.float32)


def _shift(x0: int, x1: int, width: int, move: Move) -> float:
    """Shift the subject to the side with more room; not at all where it leaves the picture on a side."""
    if x0 <= 2 or x1 >= width - 2:
        return 0.0
    room_left, room_right = x0 / width, 1 - x1 / width
    wished = abs(move.subject_across)
    return -min(wished, room_left) if room_left > room_right else min(wished, room_right)


def _mood(rng: np.random.Generator) -> Grade:
    """Make the picture barely warmer or cooler: the palette stays."""
    warmth = float(rng.uniform(-0.035, 0.035))
    return Grade(float(rng.uniform(0.96, 1.04)), (1 + warmth, 1.0, 1 - warmth), float(rng.uniform(0.95, 1.12)))


def _lit(picture: Field, side: int) -> Field:
    fall = np.linspace(1.07, 0.93, picture.shape[1], dtype=np.float32)[::side]
    return picture * fall[None, :, None]
