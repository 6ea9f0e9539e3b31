"""
The limits of a model as its wire contracts state them: which sizes, ratios, tiers and counts can be asked for.

A contract wins over the catalogue: what it lists is printed, what it refuses is not, and what it leaves open is
the maker's word. Of several providers the most that one of them takes is told.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from app.catalog.contracts import Contract, RatioField
from app.catalog.limits import Limits, SideRange, largest, largest_area, pixels
from app.catalog.lookup import ModelOffering
from app.gateway.normalize import kind_of
from app.gateway.shapes import fixed_sizes, size_bounds
from app.gateway.sizes import (
    LARGEST_SIDE,
    ONE_K,
    SAME_SHAPE,
    Bounds,
    Size,
    nearest_size,
    parse_ratio,
    parse_tier,
    pixel_size,
    stretch,
    write_size,
)


@dataclass(frozen=True)
class OfferedContract:
    """A contract of an offering; `known` are the maker's and the provider's limits, for what it leaves open."""

    offering: ModelOffering
    contract: Contract
    known: Limits

    @property
    def has_shape(self) -> bool:
        """Tell whether a caller can choose the size in any way."""
        return bool(self.contract.size or self.contract.ratio or self.contract.tier)


def limit_by_contracts(known: Limits, offered: Sequence[OfferedContract]) -> Limits:
    """Return a model's limits as the contracts of its offerings leave them; there must be one at least."""
    shapes = [SizeChoice(one) for one in {_shape_key(one): one for one in offered}.values()]
    texts = dict.fromkeys((*known.sizes, *(text for shape in shapes for text in shape.listed)))
    sizes = tuple(text for text in texts if text == "auto" or any(shape.makes(text) for shape in shapes))
    limits = replace(
        known,
        sizes=sizes,
        aspect_ratios=_distinct_ratios(known, shapes),
        resolutions=_resolutions(known, shapes),
        max_images=_most(map(_images, offered), known.max_images),
        max_input_images=_most(map(_inputs, offered), known.max_input_images),
        prompt_max_chars=_most(map(_characters, offered), known.prompt_max_chars),
        mask=_takes_mask(known, offered),
        output_formats=_formats(known, offered),
    )
    return _add_bounds(limits, known, shapes)


def _shape_key(one: OfferedContract) -> str:
    """Name all that decides over a shape: operations and providers often share it."""
    contract = one.contract
    return repr((contract.size, contract.ratio, contract.tier, one.offering.limits))


class SizeChoice:
    """The sizes that one contract lets a caller choose."""

    def __init__(self, one: OfferedContract) -> None:
        self.contract = one.contract
        self.known = one.known
        size = one.contract.size
        fixed = fixed_sizes(size, one.known) if size else {}
        self.listed = tuple(map(write_size, fixed))
        self.bounds = size_bounds(size, one.known) if size and not fixed else None
        self.by_words = self._by_words() if not size else frozenset()
        self.states_bounds = bool(size and (size.min or size.max or size.min_pixels or size.max_pixels))

    def makes(self, text: str) -> bool:
        """Tell whether the contract can ask for exactly this `WxH` size."""
        if self.listed:
            return text in self.listed
        if self.bounds:
            return _is_within(pixel_size(text), self.bounds)
        return text in self.by_words

    def ratios(self) -> Iterator[str]:
        """List the shapes that can be asked for, in the maker's words and then the provider's."""
        ratio = self.contract.ratio
        if ratio and not ratio.free:
            yield from ratio.words
        elif ratio or self.bounds:
            longest = Fraction(ratio.max_ratio) if ratio and ratio.max_ratio else None
            longest = longest or (self.bounds.ratio if self.bounds else None)
            words = (*self.known.aspect_ratios, *(ratio.words if ratio else ()))
            yield from (word for word in words if longest is None or _length(parse_ratio(word)) <= longest)
        else:
            shapes = [Fraction(*pixel_size(text)) for text in self.listed]
            for word in self.known.aspect_ratios:
                if any(stretch(parse_ratio(word), shape) <= SAME_SHAPE for shape in shapes):
                    yield word

    def tiers(self) -> Iterator[str]:
        """List the scales that can be asked for, in the maker's words where it has some."""
        if self.contract.tier:
            own = {parse_tier(tier): tier for tier in self.known.resolutions}
            yield from (own.get(parse_tier(word), word) for word in self.contract.tier.words)
            return
        for tier, sizes in self.known.resolutions.items():
            is_in_bounds = self.bounds and self.bounds.least <= parse_tier(tier) <= self.bounds.area
            if is_in_bounds or (self.listed and any(self.makes(size) for size in sizes)):
                yield tier

    def most(self) -> tuple[int, str | None] | None:
        """Return the most pixels that can be asked for, and the size that has them where it is a size."""
        if self.listed:
            best = max(self.listed, key=pixels)
            return pixels(best), best
        if self.bounds and self.bounds.high < LARGEST_SIDE:
            side = self.bounds.high
            is_square = self.bounds.area >= side * side
            return min(self.bounds.area, side * side), f"{side}x{side}" if is_square else None
        return (self.bounds.area, None) if self.bounds and self.bounds.area < LARGEST_SIDE**2 else None

    def _by_words(self) -> frozenset[str]:
        """List the maker's sizes that ratio and tier ask for: of each tier the nearest to each ratio."""
        ratio, in_tiers = self.contract.ratio, self.known.resolutions
        if ratio is None:
            return frozenset()
        asked = {parse_tier(tier): tier for tier in (self.tiers() if self.contract.tier else _usual(in_tiers))}
        pools = {area: in_tiers.get(tier) or self.known.sizes for area, tier in asked.items()}
        pools = pools or {ONE_K: self.known.sizes}
        found: set[str] = set()
        for area, texts in pools.items():
            sizes = [pixel_size(text) for text in texts if text != "auto"]
            if ratio.free:
                found |= {text for text in texts if text != "auto" and _is_within_ratio(text, ratio)}
            elif sizes:
                found |= {write_size(nearest_size(parse_ratio(word), area, sizes)) for word in ratio.words}
        return frozenset(found)


def _usual(tiers: Iterable[str]) -> tuple[str, ...]:
    """Return the tier that is made where none is asked for; none where the maker has no tiers."""
    near = min(tiers, key=lambda tier: (stretch(Fraction(parse_tier(tier)), Fraction(ONE_K)), tier), default=None)
    return (near,) if near else ()


def _is_within(size: Size, bounds: Bounds) -> bool:
    short, long = sorted(size)
    return (
        bounds.low <= short
        and long <= bounds.high
        and not (short % bounds.step or long % bounds.step)
        and bounds.least <= short * long <= bounds.area
        and Fraction(long, short) <= bounds.ratio
    )


def _is_within_ratio(text: str, ratio: RatioField) -> bool:
    return ratio.max_ratio is None or _length(Fraction(*pixel_size(text))) <= Fraction(ratio.max_ratio)


def _length(shape: Fraction) -> Fraction:
    return max(shape, 1 / shape)


def _distinct_ratios(known: Limits, shapes: Sequence[SizeChoice]) -> tuple[str, ...]:
    found: dict[Fraction, str] = {}
    for text in (word for shape in shapes for word in shape.ratios()):
        found.setdefault(parse_ratio(text), text)
    order = {parse_ratio(text): place for place, text in enumerate(known.aspect_ratios)}
    return tuple(found[ratio] for ratio in sorted(found, key=lambda ratio: order.get(ratio, len(order))))


def _resolutions(known: Limits, shapes: Sequence[SizeChoice]) -> dict[str, tuple[str, ...]]:
    found = {parse_tier(tier): tier for shape in reversed(shapes) for tier in shape.tiers()}
    return {
        tier: tuple(s for s in known.resolutions.get(tier, ()) if any(shape.makes(s) for shape in shapes))
        for _, tier in sorted(found.items())
    }


def _add_bounds(limits: Limits, known: Limits, shapes: Sequence[SizeChoice]) -> Limits:
    """Put in the largest image, and the bounds of free sizes: those of the widest contract that states some."""
    told = [most for shape in shapes if (most := shape.most())]
    area, size = max(told, key=lambda one: (one[0], one[1] or ""), default=(None, None))
    if area is None or area == largest_area(known):
        size, area = largest(known), known.max_pixels
    limits = replace(limits, max_resolution=size, max_pixels=None if size else area)
    if not any(shape.bounds for shape in shapes):
        return replace(limits, min_pixels=None, max_ratio=None, side_px=None)
    stated = [shape.bounds for shape in shapes if shape.bounds and shape.states_bounds]
    if not stated:
        return limits
    widest = max(stated, key=lambda bounds: (bounds.area, bounds.high, -bounds.low, -bounds.step))
    return replace(
        limits,
        min_pixels=widest.least if widest.least > widest.low**2 else None,
        max_ratio=int(widest.ratio) if widest.ratio < Fraction(widest.high, widest.low) else None,
        side_px=_sides(widest),
    )


def _sides(bounds: Bounds) -> SideRange:
    high = bounds.high if bounds.high < LARGEST_SIDE else None
    return SideRange(bounds.low if bounds.low > 1 else None, high, bounds.step if bounds.step > 1 else None)


def _most(counts: Iterable[int | None], unsaid: int | None) -> int | None:
    """Return the largest count that a contract states, else the maker's."""
    return max((count for count in counts if count is not None), default=unsaid)


def _images(one: OfferedContract) -> int | None:
    return (one.contract.n.max or one.known.max_images) if one.contract.n else 1


def _inputs(one: OfferedContract) -> int | None:
    image = one.contract.image
    return (image.max or one.known.max_input_images) if image else None


def _characters(one: OfferedContract) -> int | None:
    prompt = one.contract.prompt
    return (prompt.max_chars or one.known.prompt_max_chars) if prompt.field else None


def _takes_mask(known: Limits, offered: Iterable[OfferedContract]) -> bool | None:
    """Tell whether some edit takes a mask; the maker's word where no contract is of an edit."""
    edits = [one for one in offered if one.contract.operation == "edit"]
    if not edits:
        return known.mask
    return any(one.contract.mask is not None and one.known.mask is not False for one in edits)


def _formats(known: Limits, offered: Iterable[OfferedContract]) -> tuple[str, ...]:
    fields = [one.contract.output_format for one in offered if one.contract.output_format]
    kinds = dict.fromkeys(kind_of(word) for field in fields for word in field.words)
    return tuple(kinds) or known.output_formats
