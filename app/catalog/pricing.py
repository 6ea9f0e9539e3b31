"""Prices: which are in force on a day, the lowest price of one image, and the price tiers `$` to `$$$$`."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from app.words import MODES, Mode, plural

MEGAPIXEL = 1_000_000
MICROS = 1_000_000
"""Millionths in a US dollar: amounts are stored in whole ones."""
FURTHER = "each further one"
"""The condition of a price for every megapixel beyond the first."""
CONDITIONS: dict[str, tuple[str, ...]] = {
    "mode": (), "size": (), "resolution": (), "tier": (), "area": (), "longest_side": (), "size_step": (),
    "quality": (
        "very low", "low", "medium", "high", "xhigh", "max", "ultra", "standard", "hd", "premium", "draft", "auto",
    ),
    "speed": ("turbo", "fast", "default", "balanced", "quality", "slow"),
    "output": ("raster", "vector"),
    "megapixels": (FURTHER, "first", "the first", "from"),
    "rounding": ("up",),
    "output_format": (), "steps": (), "preset": (), "variant": (), "references": (),
    "character_reference": ("true", "false"), "style_reference": ("true", "false"), "moodboard": ("true", "false"),
}  # fmt: skip
"""What a price may be for, and the words for it where they are known."""
BOUNDED = ("area", "longest_side")
"""Conditions whose value is a bound in pixels, such as `up to 1024`."""
BOUND = re.compile(r"(up to|above) ([1-9]\d*)")
TIERS = ("$", "$$", "$$$", "$$$$")


@dataclass(frozen=True)
class OfferingPrice:
    """Millionths of a US dollar for `units` of the metric, without markup."""

    metric: str
    micros: int
    units: int
    direction: str | None
    conditions: dict[str, str]
    source: str

    @property
    def usd(self) -> float:
        """Return the amount in US dollars."""
        return self.micros / MICROS


@dataclass(frozen=True)
class PriceFrom:
    """The lowest price of one image, and where and under which conditions it is to be had."""

    micros: int
    provider: str
    provider_name: str
    conditions: dict[str, str]
    metric: str = "image"

    @property
    def usd(self) -> float:
        """Return the price in US dollars."""
        return self.micros / MICROS

    @property
    def basis(self) -> str:
        """Describe what the price holds for, such as `1024 x 1024, low quality`; empty if for any image."""
        area = ("1 megapixel",) if self.metric == "megapixel" else ()
        return ", ".join((*area, *describe_conditions(self.conditions)))


def dollars(micros: int) -> str:
    """Write `$0.016`, `$0.020`, `$0.0013`: three decimals, or as many more as the price needs."""
    whole, rest = divmod(micros, MICROS)
    return f"${whole}.{f'{rest:06}'.rstrip('0').ljust(3, '0')}"


def describe_conditions(conditions: Mapping[str, str]) -> tuple[str, ...]:
    """Put each condition of a price into words: `1024 x 1024`, `low quality`, `0.5K`, `reference images 2`."""
    return tuple(_describe_condition(name, value) for name, value in conditions.items() if name != "rounding")


def _describe_condition(name: str, value: str) -> str:
    if name == "size":
        return value.replace("x", " x ")
    if name == "quality":
        return f"{value} quality"
    if name == "area" and (bound := BOUND.fullmatch(value)):
        return f"{bound[1]} {int(bound[2]) / MEGAPIXEL:.3g} megapixels"
    if name == "megapixels" and value.isdecimal():
        return plural(int(value), "megapixel")
    if name == "mode" and value in MODES:
        return Mode(value).label.lower()
    return value if name in {"resolution", "tier"} else f"{name.replace('_', ' ')} {value}"


def is_within(condition: str, amount: int) -> bool:
    """Tell whether so many pixels lie within a bound, such as `up to 1024`; what is none holds for any."""
    bound = BOUND.fullmatch(condition)
    return bound is None or (amount <= int(bound[2])) == (bound[1] == "up to")


def in_force(effective_from: date | None, effective_to: date | None, today: date) -> bool:
    """Tell whether a price holds on a day: from its first day on, and no longer on `effective_to`."""
    return (effective_from is None or effective_from <= today) and (effective_to is None or today < effective_to)


def per_image(price: OfferingPrice, area: int | None) -> int | None:
    """
    Compute millionths of a dollar for one image; None where the price does not say.

    A price per megapixel is taken for an image of one megapixel, or of `area` pixels, the model's largest image,
    where that is smaller; a model whose largest image is unknown has no per-image price by it. Where the condition
    `rounding` is `up`, every started megapixel counts whole. Prices per token have none: the tokens of an
    image are not known beforehand. A price of each further megapixel, or of input images, comes on top of another
    and buys no image.
    """
    if price.direction == "input" or price.conditions.get("megapixels") == FURTHER:
        return None
    if price.metric == "image":
        return -(-price.micros // price.units)
    if price.metric != "megapixel" or area is None:
        return None
    size = MEGAPIXEL if price.conditions.get("rounding") == "up" else min(MEGAPIXEL, area)
    return -(-size * price.micros // (MEGAPIXEL * price.units))


def lowest(candidates: Iterable[PriceFrom]) -> PriceFrom | None:
    """Pick the cheapest candidate; of equals the first."""
    return min(candidates, key=lambda price: price.micros, default=None)


def tiers(lowest_micros: Mapping[str, int]) -> dict[str, str]:
    """
    Give each model its quartile, `$` to `$$$$`, among the models given with their lowest per-image price.

    The quartile counts the share of models that are strictly cheaper, so equal prices share a tier.
    """
    prices = sorted(lowest_micros.values())
    below = {micros: index for index, micros in reversed(list(enumerate(prices)))}
    return {slug: TIERS[4 * below[micros] // len(prices)] for slug, micros in lowest_micros.items()}
