"""The lowest price of an image of each size that has a price of its own or that a model lists."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from app.catalog.limits import pixels
from app.catalog.lookup import ModelOffering, ModelSummary
from app.catalog.pricing import is_within, per_image

MOST = 6


@dataclass(frozen=True)
class SizePrice:
    """The lowest price of one image of a size, in millionths of a dollar, and where it is to be had."""

    size: str
    micros: int
    provider: str
    provider_name: str


def list_size_prices(model: ModelSummary) -> tuple[SizePrice, ...]:
    """List at most six sizes with their lowest prices, the smallest first, without sizes nobody prices."""
    priced = (found for size in _sizes(model) if (found := _lowest(model, size)))
    return tuple(sorted(islice(priced, MOST), key=lambda found: (pixels(found.size), found.size)))


def _sizes(model: ModelSummary) -> list[str]:
    """List priced sizes first, then listed ones, each once."""
    stated = (price.conditions.get("size", "") for o in model.offerings for price in o.prices)
    return [size for size in dict.fromkeys((*stated, *model.limits.sizes)) if pixels(size)]


def _lowest(model: ModelSummary, size: str) -> SizePrice | None:
    found = (
        SizePrice(size, micros, offering.provider, offering.provider_name)
        for offering in model.offerings
        for micros in _prices(offering, size)
    )
    return min(found, key=lambda price: price.micros, default=None)


def _prices(offering: ModelOffering, size: str) -> Iterator[int]:
    """Find the prices of this very size, else those that hold for any, where a size may be asked for."""
    exact = [price for price in offering.prices if price.conditions.get("size") == size]
    takes_sizes = not offering.limits.parameters or "size" in offering.limits.parameters
    area = pixels(size) or 0
    general = [
        price
        for price in offering.prices
        if not {"size", "resolution"} & set(price.conditions) and is_within(price.conditions.get("area", ""), area)
    ]
    for price in exact or (general if takes_sizes else []):
        micros = per_image(price, pixels(size))
        if micros is not None:
            yield micros
