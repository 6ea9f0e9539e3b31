"""Matting: it tells from pixels alone which part of a picture is sky or backdrop and which is its subject."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from app.painter.noise import Field

WORKING_SIDE = 120
"""Pixels of the longer side while parts are told apart."""
SKY_IS_CERTAIN = 0.9
RIM = 0.07
"""Share of a side that counts as border, so that a paper's margin does not hide it."""
STEP_COST = 0.35
"""Of one pixel of way where nothing changes."""
FAR = np.float32(1e6)
LOOKS_ALIKE = 13.0
"""How far apart two colours may be and still belong to one surface."""
REFINED_SIDE = 512
"""Pixels of the longer side at which an edge is fitted to the picture."""
WINDOW_SHARE = 0.012
"""Of the longer side: how far the filter that fits edges looks around each pixel."""
EPSILON = 2e-4
"""Variance of brightness, on 0 to 1, below which a guided edge counts as texture."""


Seeds = tuple[Field, Field]


def find_sky(picture: Image.Image) -> Field:
    """Return the share of sky, or of what stands behind all else, in each pixel of an RGB picture, 0 to 1."""
    return _matte(picture, sky_seeds)


def find_subject(picture: Image.Image) -> Field:
    """Return the share of what stands out from borders and sky in each pixel of an RGB picture, 0 to 1."""
    standing = 1 - _matte(picture, backdrop_seeds)
    return np.asarray(np.minimum(standing, 1 - SKY_IS_CERTAIN * find_sky(picture)))


def _matte(picture: Image.Image, seeds: Callable[[Field], Seeds]) -> Field:
    colours = features(shrink(picture, WORKING_SIDE))
    starts = seeds(colours)
    share = connected(_share(colours, *starts), starts[0])
    return fit_to(shrink(picture, REFINED_SIDE).convert("L"), share, picture.size)


def shrink(picture: Image.Image, side: int) -> Image.Image:
    """Shrink the picture to at most `side` pixels a side; a smaller one stays as it is."""
    factor = min(1.0, side / max(picture.size))
    size = max(1, round(picture.width * factor)), max(1, round(picture.height * factor))
    return picture if size == picture.size else picture.resize(size, Image.Resampling.BOX, reducing_gap=2.0)


def features(small: Image.Image) -> Field:
    """Return the brightness and doubled colour of each pixel, less its fine texture."""
    plain = (
        small.convert("RGB").filter(ImageFilter.MedianFilter(3)) if min(small.size) > 3 else small.convert("RGB")
    )
    found = np.asarray(plain.convert("YCbCr"), dtype=np.float32)
    return (found - (0, 128, 128)) * np.array((1.0, 1.8, 1.8), dtype=np.float32)


def step_costs(colours: Field) -> Field:
    """Return the cost of entering each pixel: little inside an even area, much across an edge."""
    padded = np.pad(colours, ((1, 1), (1, 1), (0, 0)), mode="edge")
    across = np.abs(padded[1:-1, 2:] - padded[1:-1, :-2]).sum(axis=2)
    down = np.abs(padded[2:, 1:-1] - padded[:-2, 1:-1]).sum(axis=2)
    return np.asarray(STEP_COST + np.maximum(0, np.hypot(across, down) / 2 - 3), dtype=np.float32)


def ways(cost: Field, *starts: Field, rounds: int = 2) -> list[Field]:
    """Sweep, for each start, for the cheapest way to each pixel from any other, whose own value in it is added."""
    found = np.stack(starts, axis=1).astype(np.float32)
    for _ in range(2 * rounds):
        _sweep(found, cost)
        _sweep(found[::-1], cost[::-1])
        found, cost = found.T, cost.T
    return list(np.moveaxis(found, 1, 0))


def _sweep(found: Field, cost: Field) -> None:
    """Sweep row by row, each from the row before and its two diagonals."""
    rows = np.pad(found, ((0, 0), (0, 0), (1, 1)), constant_values=np.inf)
    inner = rows[..., 1:-1]
    for row, entry in enumerate(np.ascontiguousarray(cost[1:]), 1):
        best = np.minimum(rows[row - 1, :, :-2], rows[row - 1, :, 2:])
        best += 0.2
        np.minimum(best, inner[row - 1], out=best)
        best += entry
        np.minimum(inner[row], best, out=inner[row])
    found[:] = inner


def sky_seeds(colours: Field) -> Seeds:
    """Return the costs of starting as sky, least in the upper corners, and as ground, least at the foot."""
    x, y = _grid(colours.shape)
    top = y < RIM
    sky = np.where(top, 60 * np.clip(0.75 - np.abs(x), 0, None), FAR)
    middle = np.hypot(x / 0.5, (y - 0.65) / 0.27) < 1
    above = ((y < 0.14) & (np.abs(x) > 0.3)) | ((y < 0.32) & (np.abs(x) > 0.8))
    ground = np.where(y > 0.94, 0, np.where(middle, 15 + 170 * likeness_to(colours, above), FAR))
    return sky.astype(np.float32), ground.astype(np.float32)


def backdrop_seeds(colours: Field) -> Seeds:
    """Return the costs of starting as backdrop, least at borders, and as subject, least where colours differ."""
    x, y = _grid(colours.shape)
    top, side, foot = y < RIM, np.abs(x) > 1 - 2 * RIM, y > 0.97
    like_sides = likeness_to(colours, side & (y > 0.6))
    start = np.where(foot, 12 + 70 * (1 - like_sides), 0) + 40 * top * np.clip(0.5 - np.abs(x), 0, None)
    backdrop = np.where(top | side | foot, start, FAR)
    middle = np.hypot(x / 0.62, (y - 0.55) / 0.36) < 1
    rim = (top & (np.abs(x) > 0.3)) | (side & (y < 0.9))
    subject = np.where(middle, 150 * likeness_to(colours, rim), FAR)
    return backdrop.astype(np.float32), subject.astype(np.float32)


def likeness_to(colours: Field, where: NDArray[np.bool_]) -> Field:
    """Return 1 where a pixel has the colour of one there, towards 0 the more it differs from all of them."""
    samples = colours[where]
    samples = samples[:: max(1, len(samples) // 48)]
    nearest = np.full(colours.shape[:2], FAR, dtype=np.float32)
    planes = np.ascontiguousarray(np.moveaxis(colours, 2, 0))
    for sample in samples:
        light, blue, red = np.square(planes - sample[:, None, None])
        np.minimum(nearest, light + blue + red, out=nearest)
    return np.asarray(np.exp(-np.sqrt(nearest) / LOOKS_ALIKE), dtype=np.float32)


def _grid(shape: tuple[int, ...]) -> tuple[Field, Field]:
    """Return the grids of x from -1 to 1 and y from 0 to 1."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    return x / max(1, shape[1] - 1) * 2 - 1, y / max(1, shape[0] - 1)


def _share(colours: Field, one: Field, other: Field) -> Field:
    """Return how much each pixel belongs to the parts that start at `one` rather than at `other`, 0 to 1."""
    cost = step_costs(colours)
    near, far = ways(cost, one, other)
    balance = (far - near) / (far + near + 12) + 0.5 * _likeness(colours, near < far)
    return np.asarray(np.clip(0.5 + 2.4 * balance, 0, 1), dtype=np.float32)


def connected(share: Field, start: Field) -> Field:
    """Drop what a bridge as thin as a pixel cuts off from where the part may start."""
    core = Image.fromarray((255 * share).astype(np.uint8))
    passable = np.asarray(core.filter(ImageFilter.MinFilter(3))) > 110
    cost = np.where(passable, 0.01, 50).astype(np.float32)
    (way,) = ways(cost, np.where(start < FAR, 0, FAR).astype(np.float32))
    near = Image.fromarray((way < 40).astype(np.uint8)).filter(ImageFilter.MaxFilter(5))
    return np.asarray(share * np.asarray(near), dtype=np.float32)


def _likeness(colours: Field, inside: NDArray[np.bool_]) -> Field:
    """Return from -1 to 1 how much more usual a pixel's colour is inside than outside, by two histograms."""
    codes = _codes(colours)
    here = np.bincount(codes[inside], minlength=4096) / max(1, int(inside.sum()))
    there = np.bincount(codes[~inside], minlength=4096) / max(1, int((~inside).sum()))
    both = here + there
    return np.asarray(((here - there) / np.where(both > 0, both, 1))[codes], dtype=np.float32)


def _codes(colours: Field) -> NDArray[np.int64]:
    levels = np.clip(
        (colours + np.array((0, 230, 230), dtype=np.float32)) * (16 / 256, 16 / 460, 16 / 460), 0, 15
    ).astype(np.int64)
    return np.asarray(levels[..., 0] * 256 + levels[..., 1] * 16 + levels[..., 2])


def fit_to(guide: Image.Image, share: Field, size: tuple[int, int]) -> Field:
    """
    Enlarge a coarse share so that its edges follow those of `guide`, which is an "L" image.

    A guided filter: share = a * brightness + b in every window. He, Sun and Tang, Guided Image Filtering (2010).
    """
    light = np.asarray(guide, dtype=np.float32) / 255
    coarse = resize_field(share, guide.size)
    window = max(2, round(WINDOW_SHARE * max(guide.size)))
    mean, mean_share = box_mean(light, window), box_mean(coarse, window)
    spread = box_mean(light * light, window) - mean * mean
    slope = (box_mean(light * coarse, window) - mean * mean_share) / (spread + EPSILON)
    fitted = box_mean(slope, window) * light + box_mean(mean_share - slope * mean, window)
    return np.clip(resize_field(np.clip(1.25 * fitted - 0.125, 0, 1), size), 0, 1)


def resize_field(field: Field, size: tuple[int, int]) -> Field:
    """Resize a field by bilinear interpolation; `size` is (width, height)."""
    if field.shape == size[::-1]:
        return field
    return np.asarray(Image.fromarray(field.astype(np.float32)).resize(size, Image.Resampling.BILINEAR))


def box_mean(field: Field, radius: int) -> Field:
    """Average the square of 2 * radius + 1 pixels a side around each pixel; the border repeats."""
    for _ in range(2):
        # Each turn averages down the rows and transposes, so that the second one averages along them.
        padded = np.pad(field, ((radius + 1, radius), (0, 0)), mode="edge")
        sums = np.cumsum(padded, axis=0, dtype=np.float64)
        field = ((sums[2 * radius + 1 :] - sums[: -2 * radius - 1]) / (2 * radius + 1)).astype(np.float32).T
    return field
