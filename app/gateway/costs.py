"""Computes the cost of a request at an offering, in millionths of a dollar: estimated before it, billed after."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from app.catalog.limits import pixels
from app.catalog.lookup import ModelOffering
from app.catalog.pricing import BOUNDED, FURTHER, MEGAPIXEL, OfferingPrice, is_within
from app.gateway.providers.base import Usage
from app.gateway.sizes import ONE_K, BadSize, Size, parse_tier, stretch
from app.words import Mode

# Output tokens of one image of 1024 x 1024 by quality; a token price times these is the per-image price that the
# catalogue's files list for gpt-image-1 ($40 a million tokens: $0.011, $0.042 and $0.167). Other sizes by area.
IMAGE_TOKENS = {"low": 272, "medium": 1056, "high": 4160}
CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True)
class Component:
    """
    One line of a bill; `unit_micros` is for one unit of the metric.

    `quantity` is what is used, `billable_quantity` what is charged for, such as whole megapixels.
    """

    type: str
    metric: str
    quantity: Fraction
    billable_quantity: Fraction
    unit_micros: Fraction

    @property
    def micros(self) -> int:
        return ceil(self.billable_quantity * self.unit_micros)


@dataclass(frozen=True)
class Cost:
    """The estimated or final cost of a request."""

    components: tuple[Component, ...]

    @property
    def micros(self) -> int:
        return sum(component.micros for component in self.components)


def estimate(
    offering: ModelOffering,
    *,
    n: int,
    size: Size | None,
    known: Mapping[str, str | None],
    characters: int,
    inputs: Sequence[Size] = (),
) -> Cost | None:
    """
    Estimate the bill for n images made of `inputs`; None where the prices do not say.

    A price whose condition the request leaves open (no quality named) may apply, and of those that may the highest
    is taken: an estimate is never below the bill. A size without a price of its own costs what the nearest does.
    """
    rows = [price for price in offering.prices if price.metric in {"image", "megapixel"}]
    added = [price for price in rows if _is_added(price)]
    if rows := [price for price in rows if not _is_added(price)]:
        price = _price(rows, size, known)
        first = _by_area(price, n, size) if price.metric == "megapixel" else _by_image(price, n)
        is_input_in = price.conditions.get("mode") == Mode.IMAGE_EDIT
        beside = (_by_addition(row, n, size, inputs, first=1 + is_input_in) for row in added)
        return Cost((first, *(part for part in beside if part.billable_quantity)))
    return _by_tokens(offering.prices, n, size, known, characters)


def compute_bill(offering: ModelOffering, estimated: Cost | None, *, n: int, of: int, usage: Usage | None) -> int:
    """
    Compute what n images cost, in millionths of a dollar: from an estimate for `of` images, or from tokens.

    What a provider itself says a call cost is what it cost. What brought no image costs its caller nothing.
    """
    if not n:
        return 0
    if usage and usage.cost_micros is not None:
        return usage.cost_micros
    per_token = {_token_kind(price): Fraction(price.micros, price.units) for price in offering.prices}
    if usage and estimated and all(part.metric.endswith("_token") for part in estimated.components):
        counted = {
            "output": usage.output,
            "input text": usage.input_text,
            "input image": usage.input_image,
        }
        return ceil(sum(per_token.get(kind, Fraction(0)) * count for kind, count in counted.items()))
    return ceil(Fraction(estimated.micros * n, of)) if estimated else 0


def _price(rows: Iterable[OfferingPrice], size: Size | None, known: Mapping[str, str | None]) -> OfferingPrice:
    possible = [row for row in rows if _may_apply(row, known)] or list(rows)
    if size and any("size" in row.conditions for row in possible):
        area = Fraction(size[0] * size[1])
        possible.sort(key=lambda row: stretch(area, Fraction(_area(row))))
        nearest = stretch(area, Fraction(_area(possible[0])))
        possible = [row for row in possible if stretch(area, Fraction(_area(row))) == nearest]
    return max(possible, key=lambda row: Fraction(row.micros, row.units))


def _may_apply(row: OfferingPrice, known: Mapping[str, str | None]) -> bool:
    told = {name: value for name, value in known.items() if value is not None and value != "auto"}
    return all(name not in told or _is_same(name, told[name], value) for name, value in row.conditions.items())


def _is_same(name: str, told: str, condition: str) -> bool:
    """Tell whether a value meets a condition: `512` at Google is `0.5K` elsewhere, and pixels have bounds."""
    if name in BOUNDED:
        return is_within(condition, int(told))
    if told == condition or name != "resolution":
        return told == condition
    try:
        return parse_tier(told) == parse_tier(condition)
    except BadSize:
        return False


def _area(row: OfferingPrice) -> int:
    return pixels(row.conditions.get("size", "")) or ONE_K


def _by_image(price: OfferingPrice, n: int) -> Component:
    return Component("output", "image", Fraction(n), Fraction(n), Fraction(price.micros, price.units))


def _by_area(price: OfferingPrice, n: int, size: Size | None) -> Component:
    return _charge(price, n, "output", [size[0] * size[1] if size else ONE_K])


def _is_added(price: OfferingPrice) -> bool:
    """Tell whether a price comes on top of another: for further megapixels, or for those of input images."""
    return price.metric == "megapixel" and (
        price.direction == "input" or price.conditions.get("megapixels") == FURTHER
    )


def _by_addition(
    price: OfferingPrice, n: int, size: Size | None, inputs: Sequence[Size], *, first: int
) -> Component:
    """Charge for the inputs' area, or for each started megapixel of image and inputs beyond the `first`."""
    given = [width * height for width, height in inputs]
    if price.direction == "input":
        return _charge(price, n, "input", given)
    image = size[0] * size[1] if size else ONE_K
    count = Fraction(max(0, sum(_started(area) for area in (image, *given)) - first))
    return Component("output", "megapixel", n * count, n * count, Fraction(price.micros, price.units))


def _started(area: int) -> int:
    """
    Count the megapixels begun, of 1024 x 1024 pixels, as those count who charge whole ones.

    Black Forest Labs tell 1920 x 1080 as 1.98 and charge two; fal charges 1024 x 1024 as one.
    """
    return ceil(Fraction(area, ONE_K))


def _charge(price: OfferingPrice, n: int, kind: str, areas: Sequence[int]) -> Component:
    area = Fraction(sum(areas), MEGAPIXEL)
    is_whole = price.conditions.get("rounding") == "up"
    charged = Fraction(sum(map(_started, areas))) if is_whole else area
    return Component(kind, "megapixel", n * area, n * charged, Fraction(price.micros, price.units))


def _by_tokens(
    prices: Iterable[OfferingPrice], n: int, size: Size | None, known: Mapping[str, str | None], characters: int
) -> Cost | None:
    by_kind = {_token_kind(price): Fraction(price.micros, price.units) for price in prices}
    if "output" not in by_kind:
        return None
    area = Fraction(size[0] * size[1] if size else ONE_K, ONE_K)
    per_image = IMAGE_TOKENS.get(known.get("quality") or "high", IMAGE_TOKENS["high"])
    tokens = Fraction(n * ceil(per_image * area))
    bill = [Component("output", "image_token", tokens, tokens, by_kind["output"])]
    if "input text" in by_kind:
        words = Fraction(ceil(characters / CHARACTERS_PER_TOKEN))
        bill.append(Component("input", "text_token", words, words, by_kind["input text"]))
    return Cost(tuple(bill))


def _token_kind(price: OfferingPrice) -> str:
    """Name the kind of token a price is for: `output`, `input text` or `input image`; empty for other prices."""
    if price.metric not in {"image_token", "text_token"}:
        return ""
    if price.direction == "output":
        return "output" if price.metric == "image_token" else ""
    return "input text" if price.metric == "text_token" else "input image"
