"""
Finds what keeps a picture out of a blind vote: it is blank, or it bears the mark of the service that made it.

Two marks are known by shape and searched for in the lower right corner. DALL-E 2's site signed with five
squares side by side, yellow, turquoise, green, orange and blue, each 16 pixels of 1024, flush with the corner;
no source that we found gives the colours in numbers, hence the wide tolerance. Gemini's app blends in a white
star with four points and hollow sides, 48 pixels wide and 32 from both edges, on larger pictures 96 and 64;
sources disagree from which size on, so both are looked for at every size
(github.com/allenk/GeminiWatermarkTool, pilio.ai/blog/gemini-watermark-how-it-works). Signatures, letters and
other marks are not found here. `scripts/bench/marks.py` measures all of this.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Floats = NDArray[np.float32]

SMALLEST_SIDE = 32
"""Pixels: half of the smallest frame's side."""
PLAIN_SIDE = 32
PLAIN_DEVIATION = 2.0
"""Levels of 255 between the 32 x 32 blocks of a picture: below it there are no shapes, whatever the grain."""
INK_DIFFERENCE = 12
LEAST_INK = 0.004
"""
Of all pixels, those of another colour than the commonest. A card with a line of small text has 0.1 to 0.4 %, the
emptiest picture of a model that shows anything 0.5 %, a logo on white several per cent.
"""

BAR = np.array([(255, 255, 102), (66, 255, 255), (81, 218, 76), (255, 110, 60), (60, 70, 255)], dtype=np.float32)
BAR_DIFFERENCE = 60
"""Levels by which the mean of a square's inside may differ in each channel."""
BAR_SIZES = np.geomspace(0.75, 1.35, 7) * 16 / 1024
"""Sides of a square in parts of the picture's shorter side."""
CELL = 6
"""Pixels of a square once its corner is scaled."""

STAR_SIZES = np.geomspace(0.027, 0.1, 15)
"""Widths of the star in parts of the longer side. Steps of a tenth, as the search finds it a twentieth off."""
STAR_MARGIN = 2 / 3
"""Space between star and edge in parts of the star's width: 32 to 48 as 64 to 96."""
SMALLEST_STAR = 20
"""Pixels: below it a bright digit looks the same."""
STAR = 28
"""Pixels of the star once its corner is scaled."""
AROUND = 5
REACH = 4
"""Pixels it may stand off its place, to each side."""
STAR_CORNER = round(STAR * (1 + STAR_MARGIN)) + AROUND + REACH
"""Pixels of the corner that holds it, wherever it stands."""
BESIDE = 2 * STAR
FAINTEST_EDGE = 6.0
GLOW = 0.5
"""Weight with which slopes towards the middle, off the outline, lower the likeness."""
OUTSTANDING = 0.9
STAR_LIKENESS = 0.65
"""Measured: see docs/security.md."""


@dataclass(frozen=True)
class Flaw:
    """A reason why a picture cannot be entered; `found` goes on after "it"."""

    kind: Literal["tiny", "blank", "bar", "sparkle"]
    found: str


def flaw(image: Image.Image) -> Flaw | None:
    """Return the first flaw of an upright RGB picture, or None. It takes about 20 ms of a core at 1024 pixels."""
    if min(image.size) < SMALLEST_SIDE:
        return Flaw("tiny", f"is {image.width} x {image.height} pixels, too small to be judged")
    if _blank(image):
        return Flaw("blank", "is blank, or nearly: one colour and next to nothing on it, as when a maker refuses")
    if _bar(image):
        return Flaw("bar", "has five coloured squares in its lower right corner, the mark of DALL-E 2's site")
    if _star(image):
        return Flaw("sparkle", "has a star with four points in its lower right corner, the mark of Gemini's app")
    return None


def _blank(image: Image.Image) -> bool:
    blocks = np.asarray(image.resize((PLAIN_SIDE, PLAIN_SIDE), Image.Resampling.BOX), dtype=np.float32)
    if blocks.std(axis=(0, 1)).max() < PLAIN_DEVIATION:
        return True
    counts = np.array(image.histogram()).reshape(3, 256)
    ink = max(1 - _near_mode(channel) / (image.width * image.height) for channel in counts)
    return bool(ink < LEAST_INK)


def _near_mode(counts: NDArray[np.int_]) -> int:
    mode = int(counts.argmax())
    return int(counts[max(0, mode - INK_DIFFERENCE) : mode + INK_DIFFERENCE + 1].sum())


def _bar(image: Image.Image) -> bool:
    """Tell whether all five squares have their colours, in this order, in the corner at one of the scales."""
    scales = BAR_SIZES * min(image.size) / CELL
    corners = np.stack([_corner(image, scale, 7 * CELL, 3 * CELL) for scale in scales])
    means = _window_means(corners, CELL - 2)
    places = means.shape[2] - (len(BAR) - 1) * CELL
    right = np.ones((*means.shape[:2], places), dtype=bool)
    for turn, colour in enumerate(BAR):
        off = np.abs(means[:, :, turn * CELL : turn * CELL + places] - colour)
        right &= (off < BAR_DIFFERENCE).all(axis=3)
        if not right.any():
            return False
    return True


def _window_means(corners: Floats, side: int) -> Floats:
    """Return the mean of each square window of this side, by adding slices: far faster than numpy's mean."""
    height, width = corners.shape[1] - side + 1, corners.shape[2] - side + 1
    rows = sum((corners[:, row : row + height] for row in range(1, side)), corners[:, :height])
    windows = sum((rows[:, :, column : column + width] for column in range(1, side)), rows[:, :, :width])
    return np.asarray(windows / side**2, dtype=np.float32)


def _star(image: Image.Image) -> bool:
    widths = max(image.size) * STAR_SIZES
    fitting = widths[(widths >= SMALLEST_STAR) & (widths * STAR_CORNER / STAR <= min(image.size))]
    return any(_has_star(image, width / STAR) for width in fitting)


def _has_star(image: Image.Image, scale: float) -> bool:
    """Tell whether the star is in its place, and not beside it too: the gaps in a halftone are such stars."""
    places = 2 * REACH + 1
    window = STAR + 2 * AROUND
    corner = _corner(image, scale, STAR_CORNER, STAR_CORNER)[: window + places - 1, : window + places - 1]
    here = _likeness(corner).max()
    if here < STAR_LIKENESS:
        return False
    beside = STAR_CORNER + BESIDE
    likeness = _likeness(_corner(image, scale, beside, beside))
    likeness[BESIDE - REACH : BESIDE + places + REACH, BESIDE - REACH : BESIDE + places + REACH] = 0
    return bool(likeness.max() < OUTSTANDING * here)


def _likeness(corner: Floats) -> Floats:
    """
    Return at each place the mean cosine between the slopes along the star's outline and what they should be.

    Directions alone count, however strong a slope, so that what the star lies on hardly disturbs: C. Steger,
    "Occlusion, clutter, and illumination invariant object recognition", 2002, eq. 6. Faint slopes count less.
    """
    # On colours the darkest channel shows white best, on greys it is as good as any.
    found = []
    for brightness in (corner.mean(axis=2), corner.min(axis=2)):
        slopes = _slopes(brightness)
        slopes = slopes / np.sqrt((slopes**2).sum(axis=0) + FAINTEST_EDGE**2)
        windows = sliding_window_view(slopes, _OUTLINE.shape[1:], axis=(1, 2)).transpose(1, 2, 0, 3, 4)
        found.append((windows.reshape(-1, _OUTLINE.size) @ _OUTLINE.ravel()).reshape(windows.shape[:2]))
    return np.maximum(*found)


def _slopes(brightness: Floats) -> Floats:
    """Return the slopes across and down, between pixels: one row and column less."""
    falling, rising = brightness[1:, 1:] - brightness[:-1, :-1], brightness[:-1, 1:] - brightness[1:, :-1]
    return np.stack([falling + rising, falling - rising])


def _corner(image: Image.Image, scale: float, width: int, height: int) -> Floats:
    """Cut out the lower right corner: width x height pixels, after the picture shrank by the scale."""
    box = (max(0.0, image.width - width * scale), max(0.0, image.height - height * scale), *image.size)
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR, box=box), dtype=np.float32)


def star(side: int) -> Floats:
    """Draw how much of each pixel the star covers, 0 to 1: a square less four quarter circles at its corners."""
    fine = 8
    across = (1 - np.abs((np.arange(side * fine) + 0.5) * 2 / (side * fine) - 1)) ** 2
    inside = across[:, None] + across >= 1
    return np.asarray(inside.reshape(side, fine, side, fine).mean(axis=(1, 3)), dtype=np.float32)


def _outline() -> Floats:
    """Return unit slopes where the star's edge is steep, outward ones where it is flat: glows slope inwards."""
    drawn = Image.fromarray((np.pad(star(STAR), AROUND) * 255).astype(np.uint8))
    slopes = _slopes(np.asarray(drawn.filter(ImageFilter.GaussianBlur(0.6)), dtype=np.float32))
    steepness = np.sqrt((slopes**2).sum(axis=0))
    middle = (slopes.shape[1] - 1) / 2
    away = np.mgrid[-middle : middle + 1, -middle : middle + 1][::-1]
    distance = np.sqrt((away**2).sum(axis=0))
    edge, flat = steepness > 0.45 * steepness.max(), (steepness < 1) & (distance < STAR / 2)
    wanted = edge * slopes / np.maximum(steepness, 1) / edge.sum()
    unwanted = GLOW * flat * away / np.maximum(distance, 1) / flat.sum()
    return np.asarray(wanted + unwanted, dtype=np.float32)


_OUTLINE = _outline()
