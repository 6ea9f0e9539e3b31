"""Prices to bills."""

from fractions import Fraction

import pytest

from app.catalog.lookup import ModelOffering
from app.catalog.pricing import OfferingPrice
from app.gateway.costs import compute_bill, estimate
from app.gateway.providers.base import Usage


def price(
    micros: int, metric: str = "image", units: int = 1, direction: str | None = None, **conditions: str
) -> OfferingPrice:
    return OfferingPrice(metric, micros, units, direction, conditions, "page")


def offering(*prices: OfferingPrice) -> ModelOffering:
    from app.catalog.limits import Limits

    return ModelOffering("p/m", "p", "P", "m", (), False, Limits(), prices, (), "page")


BY_SIZE = offering(price(20_000, size="1024x1024"), price(16_000, size="256x256"), price(18_000, size="512x512"))
BY_QUALITY = offering(
    *(price(m, quality=q, size=s) for q, s, m in (
        ("low", "1024x1024", 11_000), ("high", "1024x1024", 167_000),
        ("low", "1536x1024", 16_000), ("high", "1536x1024", 250_000),
    ))
)  # fmt: skip
BY_TOKEN = offering(
    price(40_000_000, "image_token", 1_000_000, "output"),
    price(5_000_000, "text_token", 1_000_000, "input"),
    price(10_000_000, "image_token", 1_000_000, "input"),
)


def micros(
    at: ModelOffering, size: tuple[int, int] | None = None, n: int = 1, characters: int = 0, **known: str
) -> int | None:
    found = estimate(at, n=n, size=size, known=known, characters=characters)
    return found.micros if found else None


def test_a_price_by_size() -> None:
    assert [micros(BY_SIZE, (s, s)) for s in (256, 512, 1024)] == [16_000, 18_000, 20_000]
    assert micros(BY_SIZE, (512, 512), n=3) == 54_000
    assert micros(BY_SIZE, (300, 300)) == 16_000, "the nearest size with a price"
    assert micros(BY_SIZE) == 20_000, "unknown: the highest that may apply"


def test_a_price_by_quality() -> None:
    assert micros(BY_QUALITY, (1024, 1024), quality="low") == 11_000
    assert micros(BY_QUALITY, (1536, 1024), quality="high") == 250_000
    assert micros(BY_QUALITY, (1024, 1024)) == micros(BY_QUALITY, (1024, 1024), quality="auto") == 167_000
    assert micros(BY_QUALITY, (1024, 1024), quality="odd") == 167_000


def test_a_price_by_the_area_of_the_image() -> None:
    at = offering(price(45_000, area="up to 2359296"), price(90_000, area="above 2359296"))
    assert [micros(at, area=str(side * side)) for side in (1024, 1536, 1537)] == [45_000, 45_000, 90_000]
    assert micros(at) == 90_000, "unknown: the highest that may apply"


def test_a_price_by_megapixel() -> None:
    assert micros(offering(price(25_000, "megapixel")), (2000, 1000)) == 50_000
    assert micros(offering(price(25_000, "megapixel", rounding="up")), (1024, 1024), n=2) == 50_000
    found = estimate(
        offering(price(25_000, "megapixel", rounding="up")), n=1, size=(1025, 1024), known={}, characters=0
    )
    assert found is not None
    assert found.components[0].quantity == Fraction(1_049_600, 1_000_000)
    assert found.components[0].billable_quantity == 2


def test_megapixels_of_inputs_have_a_price_of_their_own() -> None:
    at = offering(
        price(10_000, "megapixel", direction="output"),
        price(20_000, "megapixel", direction="input", rounding="up"),
    )
    found = estimate(at, n=2, size=(1000, 1000), known={}, characters=0, inputs=[(1024, 1024), (100, 100)])
    assert found is not None
    assert [(part.type, part.micros) for part in found.components] == [("output", 20_000), ("input", 80_000)]
    assert micros(at, (1000, 1000)) == 10_000


BY_FURTHER = offering(price(70_000, megapixels="first"), price(30_000, "megapixel", megapixels="each further one"))
BY_MODE = offering(
    price(30_000, mode="text-to-image", megapixels="first"),
    price(45_000, mode="image-edit", megapixels="from"),
    price(15_000, "megapixel", megapixels="each further one"),
)


@pytest.mark.parametrize(
    ("size", "cents"), [(None, 7), ((512, 512), 7), ((1024, 1024), 7), ((1920, 1080), 10), ((2048, 2048), 16)]
)
def test_each_further_megapixel_adds_its_price(size: tuple[int, int] | None, cents: int) -> None:
    assert micros(BY_FURTHER, size) == cents * 10_000
    assert micros(BY_FURTHER, size, n=3) == 3 * cents * 10_000


def test_megapixels_of_inputs_are_further_ones() -> None:
    def edit(at: ModelOffering, *inputs: tuple[int, int]) -> int:
        known = {"mode": "image-edit"}
        found = estimate(at, n=1, size=(1024, 1024), known=known, characters=0, inputs=inputs)
        return found.micros if found else 0

    assert edit(BY_FURTHER, (1024, 1024)) == 100_000
    assert edit(BY_MODE, (1024, 1024)) == 45_000
    assert edit(BY_MODE, (1024, 1024), (1920, 1080)) == 75_000
    assert micros(BY_MODE, (1920, 1080), mode="text-to-image") == 45_000


def test_a_price_by_token() -> None:
    assert micros(BY_TOKEN, (1024, 1024), quality="low") == 272 * 40
    assert micros(BY_TOKEN, (1024, 1024), n=2, characters=9) == 2 * 4160 * 40 + 3 * 5


def test_no_price_is_no_estimate() -> None:
    assert micros(offering()) is None
    assert micros(offering(price(5, "text_token", 1, "input"))) is None


def test_images_made_are_billed() -> None:
    whole = estimate(BY_SIZE, n=4, size=(512, 512), known={}, characters=0)
    assert compute_bill(BY_SIZE, whole, n=3, of=4, usage=None) == 54_000
    assert compute_bill(BY_SIZE, whole, n=0, of=4, usage=None) == 0
    assert compute_bill(BY_SIZE, whole, n=3, of=4, usage=Usage(output=9)) == 54_000
    assert compute_bill(offering(), None, n=3, of=4, usage=None) == 0


def test_counted_tokens_are_billed() -> None:
    whole = estimate(BY_TOKEN, n=1, size=None, known={}, characters=0)
    usage = Usage(output=100, input_text=10, input_image=20)
    assert compute_bill(BY_TOKEN, whole, n=1, of=1, usage=usage) == 100 * 40 + 10 * 5 + 20 * 10
    assert compute_bill(BY_TOKEN, whole, n=0, of=1, usage=usage) == 0


@pytest.mark.parametrize("n", range(1, 11))
def test_money_is_whole(n: int) -> None:
    found = micros(offering(price(10_000, "image", 3)), n=n)
    assert isinstance(found, int)
    assert found >= n * 10_000 / 3
