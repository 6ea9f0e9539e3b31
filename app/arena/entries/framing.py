"""
Puts pictures of other shapes into a competition's frame so that their shape tells as little as may be.

Even bars that were delivered with a picture are taken off where that helps. A picture of nearly the frame's shape
is cut to it, in the middle; one that would lose more than MOST_CUT is letterboxed, since what a model drew is
judged whole.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

Size = tuple[int, int]
Bars = tuple[int, int, int, int]
"""Pixels at the left, top, right and bottom."""
Pixels = npt.NDArray[np.uint8]

SURROUND = (128, 127, 123)
MOST_CUT = 0.06
"""Of a picture's area: as much as makers' nearest sizes differ for one ratio, such as 832 x 1216 for 2:3."""
EVEN = 8
"""Levels of 255 by which the pixels of a bar differ at most, as JPEG and WebP leave them."""
SHARP = 0.8
"""Of the first row inside, so much differs from the bar: beside a thing on white it is less."""
STEP = 32
"""Levels of 255 between the bar and half of that row: what begins more gently is a shade of the picture."""
BLOCK = 16
"""Rows between bar and picture in which encoding may mix both: WebP's macroblock, of few rows a sixteenth."""
THINNEST = 0.01
"""Of a side: what is narrower is a line of the picture."""
LEAST_SIDE = 64
"""Pixels of a frame."""
UNLIKE = 2
"""Pixels by which opposite bars differ in width at most."""


def fit(image: Image.Image, frame: Size) -> Image.Image:
    """Scale a picture to touch the frame, letterboxed: both pictures of a pair have one size."""
    factor = min(frame[0] / image.width, frame[1] / image.height)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    if max(abs(size[0] - frame[0]), abs(size[1] - frame[1])) <= 1:
        size = frame  # no bar of a pixel, which rounding would leave
    scaled = image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)
    if size == frame and scaled.mode == "RGB":
        return scaled
    framed = Image.new("RGB", frame, SURROUND)
    framed.paste(scaled, ((frame[0] - size[0]) // 2, (frame[1] - size[1]) // 2))
    return framed


def shape_alike(image: Image.Image, frame: Size) -> Image.Image:
    """Trim a picture's even bars where the rest can be cut to the frame's shape, and cut what can be."""
    trimmed = trim_bars(image)
    return cut(trimmed if _outside(trimmed.size, frame) <= MOST_CUT else image, frame)


def cut(image: Image.Image, frame: Size) -> Image.Image:
    """Cut a picture to the frame's shape around its middle, where it loses MOST_CUT of its area at most."""
    width, height = cut_size(image.size, frame)
    if (width, height) == image.size:
        return image
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def cut_size(size: Size, frame: Size) -> Size:
    """Return the size in pixels that `cut` leaves of a picture."""
    if _outside(size, frame) > MOST_CUT:
        return size
    shape = frame[0] / frame[1]
    return min(size[0], max(1, round(size[1] * shape))), min(size[1], max(1, round(size[0] / shape)))


def _outside(size: Size, frame: Size) -> float:
    """Return the part of a picture, 0 to 1, outside of the frame's shape; so much of the frame would be empty."""
    shape, wanted = size[0] / size[1], frame[0] / frame[1]
    return 1 - min(shape, wanted) / max(shape, wanted)


def common_frame(sizes: Sequence[Size], longest: int) -> Size:
    """
    Return the frame for pictures of these sizes: the shape that letterboxes the fewest and cuts the least.

    It is as large as the largest of them fills, up to `longest` pixels a side, and at least LEAST_SIDE.
    """
    kinds = sorted(Counter(sizes).items(), reverse=True)
    width, height = min((size for size, _ in kinds), key=lambda frame: _cost(kinds, frame))
    filled = max(min(size[0] / width, size[1] / height) for size, _ in kinds)
    scale = min(max(filled, LEAST_SIDE / min(width, height)), longest / max(width, height))
    return max(LEAST_SIDE, round(width * scale)), max(LEAST_SIDE, round(height * scale))


def _cost(kinds: Iterable[tuple[Size, int]], frame: Size) -> tuple[int, float]:
    """Return how many pictures a frame letterboxes, and how much it cuts off the others, in whole pictures."""
    outside = [(_outside(size, frame), count) for size, count in kinds]
    letterboxed = sum(count for part, count in outside if part > MOST_CUT)
    return letterboxed, round(sum(part * count for part, count in outside if part <= MOST_CUT), 6)


def trim_bars(image: Image.Image) -> Image.Image:
    """Take off the even bars that a picture came with; a picture without any is returned as it is."""
    left, top, right, bottom = find_bars(np.asarray(image.convert("RGB")))
    if not any((left, top, right, bottom)):
        return image
    return image.crop((left, top, image.width - right, image.height - bottom))


def find_bars(pixels: Pixels) -> Bars:
    """
    Find bars of one colour, equally wide, at two opposite sides of (height, width, 3) pixels, with sharp edges.

    What stands on an even ground has such margins too, but not equally wide ones where a whole row ends at once. A
    border at all four sides is none.
    """
    left, right = _find_pair(pixels.transpose(1, 0, 2))
    top, bottom = _find_pair(pixels)
    is_border = left and top  # as of a poster or an instant photograph: it belongs to the picture
    return (0, 0, 0, 0) if is_border else (left, top, right, bottom)


def _find_pair(rows: Pixels) -> tuple[int, int]:
    """Return the widths of two bars before and after the others of these rows, or twice 0."""
    first = _bar(rows)
    last = _bar(rows[::-1]) if first else 0
    is_pair = first and last and abs(first - last) <= UNLIKE and first + last < len(rows) / 1.25
    if not is_pair or np.abs(_colour(rows[0]) - _colour(rows[-1])).max() > EVEN:
        return 0, 0
    return first, last


def _bar(rows: Pixels) -> int:
    """Count the rows before the first that is mostly of another colour; 0 where that edge is not sharp."""
    if np.ptp(rows[0], axis=0).max() > 2 * EVEN:
        return 0
    colour, blurred = _colour(rows[0]), 0
    # Row by row: nearly all pictures end this at the first few.
    for at, row in enumerate(rows):
        off = np.abs(row.astype(np.int16) - colour).max(axis=1)
        other = float((off > EVEN).mean())
        if other >= SHARP and np.median(off) >= STEP:
            return at if at - blurred >= max(2, THINNEST * len(rows)) else 0
        blurred += other > 0
        if blurred > min(BLOCK, len(rows) // BLOCK):
            return 0
    return 0


def _colour(row: Pixels) -> npt.NDArray[np.int16]:
    middle: npt.NDArray[np.int16] = np.median(row, axis=0).astype(np.int16)
    return middle
