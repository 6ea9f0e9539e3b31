"""
Size, aspect ratio and resolution tier: read, and matched to what a model can do.

The rules are the gateway's published ones: a size in pixels sets shape and scale and wins over both; a ratio sets
the shape alone, a tier the scale alone; what a model lacks becomes the nearest thing it has, shape before scale.
Distances are ratios of ratios, the exponential of |ln(a/b)|: the logarithm alone treats 4:1 and 1:4 alike
(a linear distance calls 1330x1000 square and 1000x1330 9:16), and fractions leave ties exact.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt, sqrt

from app.catalog.limits import Limits

Size = tuple[int, int]

PIXELS = re.compile(r"([0-9]{1,5})[xX]([0-9]{1,5})")
RATIO = re.compile(r"([0-9]{1,5}(?:\.[0-9]{1,4})?):([0-9]{1,5}(?:\.[0-9]{1,4})?)")
VIDEO_SHAPE = Fraction(16, 9)
TIER = re.compile(r"([0-9]{1,5}(?:\.[0-9]{1,4})?) ?(K|k|MP|mp|sq|p)?")
ONE_K = 1024 * 1024
SQUARE = Fraction(1)
LEAST_SIDE = 64
LARGEST_SIDE = 99_999
"""Pixels of a side where nobody states a limit: no size is written with more than five digits."""
SAME_SHAPE = Fraction(102, 100)
"""Sizes whose shapes differ by less were rounded from one ratio: 1365x768 and 2048x1152 are both 16:9."""
SAME_SCALE = 2
"""Tiers lie a factor of four apart in pixels."""


class BadSize(ValueError):
    """Text that is no size, ratio or tier; safe to show."""


@dataclass(frozen=True)
class SizeWish:
    """The size that a request wishes for; None where it says nothing. `pixels` is the area of a tier."""

    size: Size | None = None
    ratio: Fraction | None = None
    pixels: int | None = None

    @property
    def shape(self) -> Fraction | None:
        """Return the width over the height that is wished for, in whichever way."""
        return Fraction(*self.size) if self.size else self.ratio

    @property
    def area(self) -> int | None:
        """Return the pixels in all that are wished for, in whichever way."""
        return self.size[0] * self.size[1] if self.size else self.pixels

    @property
    def is_empty(self) -> bool:
        return self.size is None and self.ratio is None and self.pixels is None


@dataclass(frozen=True)
class Bounds:
    """Limits of a free size, in pixels: of each side, of long over short, of the area at most and at least."""

    low: int
    high: int
    step: int
    ratio: Fraction
    area: int
    least: int = 1


def parse_size(text: str) -> Size | Fraction | None:
    """Parse `1024x768` as a size, `16:9` as a ratio and `auto` as None. Raises BadSize."""
    if text == "auto":
        return None
    found = PIXELS.fullmatch(text)
    if not found:
        return parse_ratio(text)
    width, height = int(found[1]), int(found[2])
    if not width or not height:
        raise BadSize("A side can't have 0 pixels.")
    return width, height


def pixel_size(text: str) -> Size:
    """Read a `WxH` size that is known to be one, of the catalogue or a contract."""
    width, _, height = text.partition("x")
    return int(width), int(height)


def write_size(size: Size) -> str:
    """Write a size as `1024x768`."""
    return f"{size[0]}x{size[1]}"


def parse_ratio(text: str) -> Fraction:
    """Parse a ratio such as `16:9` or `19.5:9`. Raises BadSize."""
    found = RATIO.fullmatch(text)
    if not found or not Fraction(found[1]) or not Fraction(found[2]):
        raise BadSize("Write pixels as 1024x768, a ratio as 16:9; at most five digits, none of them 0 alone.")
    return Fraction(found[1]) / Fraction(found[2])


def parse_tier(text: str) -> int:
    """
    Read a tier as pixels: `2K` is (1024 * 2)², `512` and `768sq` are sides, `0.25` and `1 MP` megapixels of 1024².

    `720p` is what video calls so, 1280x720. A number of `LEAST_SIDE` or more is a side: nobody asks for 512
    megapixels. Raises BadSize.
    """
    found = TIER.fullmatch(text)
    amount = Fraction(found[1]) if found else Fraction(0)
    if not found or not amount:
        raise BadSize("Write a tier as 512, 720p, 1K, 2K, 4K, or in megapixels as 0.25 or 1.")
    unit = (found[2] or "").upper()
    if unit == "P":
        return int(amount**2 * VIDEO_SHAPE)
    if unit == "SQ" or (not unit and amount >= LEAST_SIDE):
        return int(amount**2)
    return int(ONE_K * (amount**2 if unit == "K" else amount))


def stretch(one: Fraction, other: Fraction) -> Fraction:
    """Return the exponential of |ln(one/other)|: 1 when equal, the same both ways round."""
    return max(one / other, other / one)


def nearest_ratio(target: Fraction, options: Iterable[Fraction]) -> Fraction:
    """
    Find the nearest shape: of 4:1 and 8:1, the second for 7:1.

    Of equally near ones the one of the same orientation, then the squarer one.
    """
    return min(options, key=lambda o: (stretch(target, o), not _same_way(target, o), stretch(o, SQUARE), o))


def nearest_size(shape: Fraction, pixels: int, sizes: Sequence[Size]) -> Size:
    """
    Find the nearest of the sizes that a model lists, of which there must be one: in shape first, then in area.

    Of equally near ones the same orientation, then the smaller area.
    """
    best = min(stretch(shape, Fraction(*size)) for size in sizes)
    alike = [size for size in sizes if stretch(shape, Fraction(*size)) <= best * SAME_SHAPE]
    return min(
        alike,
        key=lambda size: (
            stretch(Fraction(pixels), Fraction(size[0] * size[1])),
            not _same_way(shape, Fraction(*size)),
            size[0] * size[1],
            stretch(shape, Fraction(*size)),
        ),
    )


def clamp(size: Size, bounds: Bounds) -> Size:
    """
    Scale a size as a whole until it fits the bounds, so that its shape stays.

    A shape longer than the bounds allow has its ratio capped: 4096x512 in 256 to 1024 becomes 1024x256.
    """
    turned = size[0] < size[1]
    long, short = Fraction(max(size)), Fraction(min(size))
    short = max(short, long / bounds.ratio)
    # The square root is taken down to a ten-thousandth, so that the area never comes out above its bound.
    by_area = Fraction(isqrt(10**8 * bounds.area * 10**6 // int(long * short * 10**6)), 10**4)
    down = min(Fraction(1), bounds.high / long, by_area)
    factor = max(down, bounds.low / short, _up(long * short * down**2, bounds) * down)
    width, height = _round_to_step(long * factor, short * factor, bounds)
    return (height, width) if turned else (width, height)


def _up(area: Fraction, bounds: Bounds) -> Fraction:
    """Return by how much to scale up for the least area; the step below is allowed for."""
    if area >= bounds.least:
        return Fraction(1)
    wanted = bounds.least * (1 + Fraction(bounds.step * 2, max(isqrt(bounds.least), 1)))
    return Fraction(isqrt(int(wanted / area * 10**8)) + 1, 10**4)


def from_shape(ratio: Fraction, pixels: int) -> Size:
    """Return whole pixels of this ratio and of about this area."""
    height = sqrt(pixels / ratio)
    return max(1, round(height * ratio)), max(1, round(height))


def bounds_of(limits: Limits) -> Bounds:
    """Read a model's bounds; where it states no largest side, its largest image bounds side and area."""
    side = limits.side_px
    largest = pixel_size(limits.max_resolution) if limits.max_resolution else None
    high = (side.max if side else None) or (max(largest) if largest else LARGEST_SIDE)
    low = (side.min if side else None) or 1
    ratios = [Fraction(high, low), Fraction(limits.max_ratio or LARGEST_SIDE)]
    area = limits.max_pixels or (largest[0] * largest[1] if largest else high * high)
    return Bounds(low, high, (side.step if side else None) or 1, min(ratios), area)


def match(wish: SizeWish, limits: Limits) -> Size | None:
    """
    Find the nearest size that a model can make; None where nothing is known of its sizes and no size is wished.

    A ratio alone means the default scale, 1K; a tier alone means a square.
    """
    shape, pixels = wish.shape or SQUARE, wish.area or ONE_K
    ratios = [parse_ratio(text) for text in limits.aspect_ratios]
    near = nearest_ratio(shape, ratios) if ratios else shape
    tier = nearest_tier(pixels, limits.resolutions)
    listed = [pixel_size(text) for text in limits.sizes if text != "auto"]
    if limits.side_px is not None:
        return clamp(wish.size or from_shape(near, parse_tier(tier) if tier else pixels), bounds_of(limits))
    if listed:
        return nearest_size(shape, pixels, listed)
    if ratios or tier:
        return clamp(from_shape(near, parse_tier(tier) if tier else ONE_K), bounds_of(limits))
    return wish.size


def nearest_tier(pixels: int, tiers: Iterable[str]) -> str | None:
    """Find the tier that is nearest in area, the smaller of two equally near; None where there are no tiers."""
    area = Fraction(pixels)
    return min(
        tiers,
        key=lambda tier: (stretch(area, Fraction(parse_tier(tier))), parse_tier(tier)),
        default=None,
    )


def _round_to_step(long: Fraction, short: Fraction, bounds: Bounds) -> Size:
    """Round to multiples of the step inside the bounds; the long side gives way where rounding would break one."""
    step = bounds.step
    low, high = -(-bounds.low // step) * step, bounds.high // step * step
    sides = [min(max(round(side / step) * step, low), high) for side in (long, short)]
    narrow = sides[1]
    longest = min(int(bounds.ratio * narrow), max(bounds.area // narrow, narrow)) // step * step
    return max(min(sides[0], longest), narrow), narrow


def _same_way(one: Fraction, other: Fraction) -> bool:
    """Tell whether both are wide, both tall, or both square."""
    return (one > 1) == (other > 1) and (one < 1) == (other < 1)
