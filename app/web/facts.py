"""A model's facts in the words of its page: dates, sizes, limits, prices, and where they are from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from app.catalog.limits import LIMITS, Limits, describe_largest, pixels
from app.catalog.lookup import FactSource, ModelOffering, ModelPage, ModelSummary
from app.catalog.model_checks import STALE_AFTER
from app.catalog.parameters import ParameterRow
from app.catalog.pricing import OfferingPrice, describe_conditions, dollars
from app.gateway.sizes import SizeWish, match, parse_ratio, parse_tier, write_size
from app.words import Mode

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
BEHAVIOURS = {
    "passthrough": "Sent to the provider as it is",
    "renamed": "The same value, under the provider's own field name",
    "converted": "Turned into the provider's own form",
    "emulated": "Done here, where the provider has no such thing",
}
LIMIT_NAMES = {
    "max_resolution": "Maximum resolution",
    "sizes": "Sizes",
    "aspect_ratios": "Aspect ratios",
    "resolutions": "Resolution tiers",
    "side_px": "Pixels per side",
    "min_pixels": "Fewest pixels of an image",
    "max_pixels": "Most pixels of an image",
    "max_ratio": "Longest side over shortest",
    "max_images": "Images per request",
    "max_input_images": "Input images",
    "prompt_max_chars": "Characters of a prompt",
    "prompt_max_tokens": "Tokens of a prompt",
    "mask": "Masks",
    "output_formats": "Formats the model itself returns",
}
METRICS = {
    "image": "per image",
    "megapixel": "per megapixel",
    "image_token": "image tokens",
    "text_token": "text tokens",
}


@dataclass(frozen=True)
class SizeRow:
    """One size a model makes, and the two ways to ask for it; `gives` is what the second one really makes."""

    size: str
    ratio: str | None
    tier: str | None
    gives: str | None


@dataclass(frozen=True)
class SizeTable:
    """The sizes of one tier; `tier` is None where the model names none."""

    tier: str | None
    rows: tuple[SizeRow, ...]


@dataclass(frozen=True)
class PriceRow:
    """A price as it is read."""

    what: str
    amount: str
    unit: str


def day(when: date) -> str:
    """Write a day as `May 12, 2026`."""
    return f"{MONTHS[when.month - 1]} {when.day}, {when.year}"


def released(stated: str | None) -> str | None:
    """Write a release as `2022`, `April 2022` or `April 13, 2022`, as exact as it is known."""
    if stated is None:
        return None
    parts = [int(part) for part in stated.split("-")]
    if len(parts) == 3:
        return day(date(*parts))
    return f"{MONTHS[parts[1] - 1]} {parts[0]}" if len(parts) == 2 else stated


def cents(micros: int) -> str:
    """Write a price in cents: `1.6¢`, `13.4¢`, `0.13¢`."""
    return f"{micros / 10_000:.3g}¢"


def spaced(size: str) -> str:
    """Write a size as `1024 x 1024`."""
    return size.replace("x", " x ")


def iso_day(stated: str) -> str:
    """Write an ISO day, such as `2026-05-12`, as `May 12, 2026`."""
    return day(date.fromisoformat(stated))


def maximum(limits: Limits) -> str | None:
    """Write the largest image as `1024 x 1024`, or as `2 megapixels` where an area is the limit."""
    words = describe_largest(limits)
    return words.removesuffix(" pixels") if words else None


def parameters(count: int) -> str:
    """Write a number of parameters as `12 billion`, `860 million`."""
    if count >= 1_000_000_000:
        return f"{count / 1_000_000_000:.3g} billion"
    return f"{count / 1_000_000:.3g} million"


def host(address: str) -> str:
    """Name whose address it is: `arxiv.org` of `https://arxiv.org/abs/2112.10752`."""
    return urlsplit(address).netloc.removeprefix("www.")


def checked(model: ModelPage, fact: str) -> str:
    """Write `checked on May 12, 2026` for a fact whose source says when it was read; else nothing."""
    days = [source.checked_on for source in model.sources if fact in source.facts and source.checked_on]
    return f"checked on {iso_day(max(days))}" if days else ""


def stale_days(model: ModelPage, today: date) -> frozenset[str]:
    """List the ISO days on which sources were read that are too long ago."""
    days = {source.checked_on for source in model.sources if source.checked_on}
    return frozenset(one for one in days if today - date.fromisoformat(one) > STALE_AFTER)


def offering_status(offering: ModelOffering) -> str:
    """Write what the provider says of its service: `Preview`, `Deprecated, ends on December 1, 2026`."""
    word = (offering.status or "").capitalize()
    end = f"{'served' if word == 'Retired' else 'ends'} {'until' if word == 'Retired' else 'on'}"
    return ", ".join(
        part for part in (word, f"{end} {day(offering.ended_on)}" if offering.ended_on else "") if part
    )


def size_tables(limits: Limits) -> tuple[SizeTable, ...]:
    """List every size under its tier, with the ratio and tier that ask for the same by the gateway's rules."""
    return _size_tables(LIMITS.dump_json(limits))


@lru_cache(maxsize=512)
def _size_tables(stated: bytes) -> tuple[SizeTable, ...]:
    # Kept, for a page is rendered anew after votes: matching thirty sizes takes longer than the rest of the page.
    limits = LIMITS.validate_json(stated)
    in_tiers = {size for sizes in limits.resolutions.values() for size in sizes}
    tables = [
        SizeTable(tier, _size_rows(sizes, tier, limits)) for tier, sizes in limits.resolutions.items() if sizes
    ]
    rest = [size for size in limits.sizes if pixels(size) and size not in in_tiers]
    if rest:
        tables.append(SizeTable(None, _size_rows(rest, None, limits)))
    return tuple(tables)


def bounds(low: float | None, high: float | None) -> str:
    """Write the range of a number: `1 to 20`, `At least 0`, `At most 50`."""
    if low is None:
        return f"At most {high:.15g}"
    return f"At least {low:.15g}" if high is None else f"{low:.15g} to {high:.15g}"


def behaviours(rows: Iterable[ParameterRow]) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """List (name, what happens, parameters of this model) for each of the four behaviours."""
    known = list(rows)
    return tuple(
        (name, text, tuple(dict.fromkeys(row.name for row in known if row.behaviour == name)))
        for name, text in BEHAVIOURS.items()
    )


def abilities(model: ModelSummary, mode: str) -> tuple[str, ...]:
    """List what a model can do in a mode beyond the mode's name, as far as the catalogue states it."""
    limits = model.limits
    if mode != Mode.IMAGE_EDIT:
        return (f"up to {limits.max_images} images a request",) if (limits.max_images or 1) > 1 else ()
    inputs = limits.max_input_images or 0
    stated = (
        ("mask", limits.mask is True),
        ("no mask", limits.mask is False),
        (f"up to {inputs} input images", inputs > 1),
        ("variations", any(offering.variations for offering in model.offerings)),
    )
    return tuple(name for name, is_so in stated if is_so)


def price_rows(offering: ModelOffering) -> tuple[PriceRow, ...]:
    """List the prices of an offering, in its own order."""
    return tuple(_price_row(price) for price in offering.prices)


def limit_rows(limits: Limits) -> tuple[tuple[str, str, str], ...]:
    """List (key, name, value) of each known limit."""
    found = ((key, name, _limit(key, limits)) for key, name in LIMIT_NAMES.items())
    return tuple((key, name, value) for key, name, value in found if value)


def footnotes(model: ModelPage) -> dict[str, tuple[int, ...]]:
    """Map facts to the numbers of the sources that they are from; sources are numbered in their order."""
    found: dict[str, tuple[int, ...]] = {}
    for number, source in enumerate(model.sources, 1):
        for fact in source.facts:
            found[fact] = (*found.get(fact, ()), number)
    return found


def source_link(source: FactSource) -> str | None:
    """Return the address at which the source is published; None where it is unknown."""
    return source.url or (f"https://github.com/{source.repository}" if source.repository else None)


def _size_rows(sizes: Iterable[str], tier: str | None, limits: Limits) -> tuple[SizeRow, ...]:
    rows = []
    for size in sizes:
        ratio = _ratio(size, limits)
        gives = _gives(ratio, tier, limits) if ratio else None
        rows.append(SizeRow(size, ratio, tier, None if gives == size else gives))
    return tuple(rows)


def _ratio(size: str, limits: Limits) -> str | None:
    """Write the shape of a size in the model's own word, else in smallest numbers where they are small."""
    width, height = (int(side) for side in size.split("x"))
    shape = Fraction(width, height)
    for text in limits.aspect_ratios:
        if abs(parse_ratio(text) / shape - 1) < Fraction(2, 100):
            return text
    return f"{shape.numerator}:{shape.denominator}" if shape.denominator <= 21 else None


def _gives(ratio: str, tier: str | None, limits: Limits) -> str | None:
    size = match(SizeWish(ratio=parse_ratio(ratio), pixels=parse_tier(tier) if tier else None), limits)
    return write_size(size) if size else None


def _price_row(price: OfferingPrice) -> PriceRow:
    conditions = dict(price.conditions)
    size = conditions.pop("size", "")
    rounding = conditions.pop("rounding", "")
    words = [price.direction.capitalize() if price.direction else "", "Image" if size else "", size]
    words.append(", ".join(describe_conditions(conditions)))
    unit = METRICS[price.metric]
    if price.metric.endswith("_token"):
        unit = f"per {price.units:,} {unit}"
    elif price.units != 1:
        unit = f"{unit.replace('per ', f'per {price.units:,} ')}s"
    started = ", started ones counted whole" if rounding == "up" else ""
    return PriceRow(" ".join(word for word in words if word) or "Image", dollars(price.micros), unit + started)


def _limit(key: str, limits: Limits) -> str:
    value = getattr(limits, key)
    if key == "side_px":
        return _sides(limits)
    if value is None or value in ((), ""):
        return ""
    if key in LIMIT_WORDS:
        return LIMIT_WORDS[key](value)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return f"{value:,}" if isinstance(value, int) else ", ".join(value)


def _area(count: int) -> str:
    return f"{count:,} ({count / 1_000_000:.3g} megapixels)"


LIMIT_WORDS: dict[str, Callable[[Any], str]] = {
    "max_resolution": spaced,
    "min_pixels": _area,
    "max_pixels": _area,
    "max_ratio": lambda ratio: f"{ratio}:1 at most",
}
"""How a limit is written that is neither a number nor a list."""


def _sides(limits: Limits) -> str:
    side = limits.side_px
    if side is None:
        return ""
    ends = f"{side.min}\N{EN DASH}{side.max}" if side.min and side.max else ""
    if not ends and (side.min or side.max):
        ends = f"at least {side.min}" if side.min else f"at most {side.max}"
    step = f"multiples of {side.step}" if side.step else ""
    return ", ".join(part for part in (f"{ends} px" if ends else "", step) if part)
