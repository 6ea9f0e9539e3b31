"""
Writes the size that a caller wishes for in a provider's own fields, and says what size to expect of the image.

A contract may know a ratio, a size in pixels, a tier, or several of them. Pixels go to the field of pixels where
there is one, a ratio to the field of ratios, a tier to the field of tiers; what has no field of its own goes to
the next best.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from app.catalog.contracts import Contract, RatioField, SizeField
from app.catalog.limits import Limits
from app.gateway.sizes import (
    LARGEST_SIDE,
    ONE_K,
    Bounds,
    Size,
    SizeWish,
    bounds_of,
    clamp,
    from_shape,
    match,
    nearest_ratio,
    nearest_size,
    nearest_tier,
    parse_ratio,
    parse_tier,
    pixel_size,
    stretch,
    write_size,
)

LARGEST_DENOMINATOR = 100


@dataclass(frozen=True)
class WireShape:
    """
    The values to send for a shape, by path, and what was meant by them.

    `size` is what to expect in pixels, None where nothing is known. `sent_size`, `ratio` and `tier` are what is
    asked of the provider, None where that is not asked.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    size: Size | None = None
    sent_size: Size | None = None
    ratio: Fraction | None = None
    tier: str | None = None
    is_free: bool = False
    """Whether `sent_size` came from bounds, and not from a list of sizes."""


def shape_of(wish: SizeWish, contract: Contract, known: Limits, natural: Fraction) -> WireShape:
    """Choose the shape to send: `natural` where none is wished; `known` bounds it where the contract does not."""
    if wish.is_empty:
        return _shape_without_wish(contract, known, natural)
    if contract.size is not None and _is_for_pixels(wish, contract, contract.size):
        return _by_size(wish, contract.size, known, natural)
    values: dict[str, Any] = {}
    ratio = nearest_word(wish.shape, contract.ratio) if wish.shape and contract.ratio else None
    if ratio is not None and contract.ratio is not None:
        values[contract.ratio.field] = ratio_text(ratio, contract.ratio)
    tier = nearest_tier(wish.area, contract.tier.words) if wish.area and contract.tier else None
    if tier is not None and contract.tier is not None:
        values[contract.tier.field] = tier
    scale = tier or (contract.tier.default if contract.tier else None)
    return WireShape(values, expected(ratio or natural, scale, known, contract), None, ratio, tier)


def _shape_without_wish(contract: Contract, known: Limits, natural: Fraction) -> WireShape:
    """Send no shape, unless the provider takes no call without a size."""
    if contract.size is not None and contract.size.required:
        return _by_size(SizeWish(), contract.size, known, natural)
    default = contract.tier.default if contract.tier else None
    return WireShape(size=expected(natural, default, known, contract))


def _is_for_pixels(wish: SizeWish, contract: Contract, size: SizeField) -> bool:
    """Tell whether the size field says the wish better than ratio and tier do."""
    if contract.ratio is None and (contract.tier is None or wish.size or wish.ratio):
        return True
    if wish.size is not None:
        return size.free or write_size(wish.size) in size.words.values()
    if wish.pixels is not None and contract.tier is None:
        return size.free
    if wish.ratio is not None and contract.ratio is not None:
        return size.free and nearest_word(wish.ratio, contract.ratio) != wish.ratio
    return False


def _by_size(wish: SizeWish, size: SizeField, known: Limits, natural: Fraction) -> WireShape:
    shape, pixels = wish.shape or natural, wish.area or ONE_K
    listed = fixed_sizes(size, known)
    if listed:
        found = nearest_size(shape, pixels, list(listed))
    else:
        found = clamp(wish.size or from_shape(shape, pixels), size_bounds(size, known))
    return WireShape(size_values(found, size, listed.get(found)), found, found, None, None, is_free=not listed)


def fixed_sizes(size: SizeField, known: Limits) -> dict[Size, str | None]:
    """
    List the only sizes there are, with the provider's word for each; empty where sizes are free.

    A provider that states no bounds has the model's sizes, unless it names a size that is not among them.
    """
    if not size.free:
        return {pixel_size(text): word for word, text in size.words.items()}
    has_bounds = size.min or size.max or size.min_pixels or size.max_pixels or known.side_px
    texts = tuple(text for text in known.sizes if text != "auto")
    if has_bounds or not set(texts).issuperset(size.words.values()):
        return {}
    return {pixel_size(text): None for text in texts}


def size_bounds(size: SizeField, known: Limits) -> Bounds:
    """Return the contract's bounds, and the model's for what it does not state."""
    if not (size.min or size.max or size.min_pixels or size.max_pixels):
        model = bounds_of(known)
        return Bounds(model.low, model.high, max(size.step or 1, model.step), model.ratio, model.area)
    low, high = size.min or 1, size.max or LARGEST_SIDE
    ratio = Fraction(size.max_ratio) if size.max_ratio else Fraction(high, low)
    return Bounds(low, high, size.step or 1, ratio, size.max_pixels or high * high, size.min_pixels or 1)


def size_values(found: Size, size: SizeField, word: str | None) -> dict[str, Any]:
    """Write a size as the field does, with what must stand beside it."""
    width, height = found
    if size.form == "sides":
        return {size.fields[0]: width, size.fields[1]: height, **size.companions}
    if word is None and size.form == "object":
        return {f"{size.fields[0]}.width": width, f"{size.fields[0]}.height": height, **size.companions}
    return {size.fields[0]: word or f"{width}{size.separator}{height}", **size.companions}


def nearest_word(shape: Fraction, ratio: RatioField) -> Fraction:
    """Find the nearest ratio that the field can say."""
    if not ratio.free:
        return nearest_ratio(shape, [parse_ratio(word) for word in ratio.words])
    longest = Fraction(ratio.max_ratio).limit_denominator(LARGEST_DENOMINATOR) if ratio.max_ratio else None
    if longest and stretch(shape, Fraction(1)) > longest:
        return longest if shape > 1 else 1 / longest
    return shape.limit_denominator(LARGEST_DENOMINATOR) or Fraction(1, LARGEST_DENOMINATOR)


def ratio_text(ratio: Fraction, field_: RatioField) -> str:
    """Write a ratio as the provider does: a word of its list, else the ratio in lowest terms."""
    word = next((word for word in field_.words if parse_ratio(word) == ratio), None)
    text = word or f"{ratio.numerator}:{ratio.denominator}"
    return field_.prefix + text.replace(":", field_.separator)


def expected(shape: Fraction, tier: str | None, known: Limits, contract: Contract) -> Size | None:
    """Estimate the size that an image of this shape and tier has; None where nothing is known."""
    pixels = parse_tier(tier) if tier else None
    if pixels is None or known.sizes or known.side_px:
        size = match(SizeWish(None, shape, pixels), known)
        if size or not (contract.ratio or contract.size):
            return size
    return from_shape(shape, pixels or ONE_K)
