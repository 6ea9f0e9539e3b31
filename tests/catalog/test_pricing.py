"""Prices per image, the lowest of them, and their tiers."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.pricing import (
    TIERS,
    OfferingPrice,
    PriceFrom,
    describe_conditions,
    dollars,
    in_force,
    lowest,
    per_image,
    tiers,
)


def price(metric: str, micros: int, units: int = 1, **conditions: str) -> OfferingPrice:
    return OfferingPrice(metric, micros, units, None, conditions, "page")


@pytest.mark.parametrize(
    ("given_price", "area", "expected"),
    [
        (price("image", 16_000), None, 16_000),
        (price("image", 100_000, 3), None, 33_334),
        (price("megapixel", 25_000), 2048 * 2048, 25_000),
        (price("megapixel", 25_000), 500 * 500, 6_250),
        (price("megapixel", 25_000, rounding="up"), 500 * 500, 25_000),
        (price("megapixel", 25_000), None, None),
        (price("image_token", 30_000_000, 1_000_000), 1024 * 1024, None),
    ],
)
def test_price_of_one_image(given_price: OfferingPrice, area: int | None, expected: int | None) -> None:
    assert per_image(given_price, area) == expected


def test_a_further_megapixel_is_no_image() -> None:
    assert per_image(price("megapixel", 15_000, megapixels="each further one"), 4_000_000) is None


def test_a_price_of_inputs_buys_no_image() -> None:
    for metric in ("megapixel", "image"):
        assert per_image(replace(price(metric, 15_000), direction="input"), 4_000_000) is None
    assert per_image(price("image", 30_000, megapixels="first"), 4_000_000) == 30_000


@pytest.mark.parametrize(
    ("conditions", "told"),
    [
        ({"area": "up to 2601123"}, ("up to 2.6 megapixels",)),
        ({"area": "above 2359296", "quality": "low"}, ("above 2.36 megapixels", "low quality")),
        ({"longest_side": "above 1024"}, ("longest side above 1024",)),
    ],
)
def test_bounds_are_put_into_words(conditions: dict[str, str], told: tuple[str, ...]) -> None:
    assert describe_conditions(conditions) == told


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (16_000, "$0.016"),
        (20_000, "$0.020"),
        (1_300, "$0.0013"),
        (0, "$0.000"),
        (1_250_000, "$1.250"),
        (4, "$0.000004"),
    ],
)
def test_dollars_show_every_digit_that_counts(micros: int, text: str) -> None:
    assert dollars(micros) == text


def test_a_price_holds_from_its_first_day_to_the_day_before_its_end() -> None:
    start, end = date(2026, 3, 1), date(2026, 3, 9)
    assert not in_force(start, end, date(2026, 2, 28))
    assert in_force(start, end, start)
    assert in_force(start, end, date(2026, 3, 8))
    assert not in_force(start, end, end)
    assert in_force(None, None, date(1990, 1, 1))
    assert not in_force(start, start, start)


def test_the_lowest_of_equals_is_the_first() -> None:
    offers = [PriceFrom(20, "a", "A", {}), PriceFrom(10, "b", "B", {}), PriceFrom(10, "c", "C", {})]
    assert lowest(offers) == offers[1]
    assert lowest([]) is None


def test_tiers_are_quartiles() -> None:
    assert tiers({slug: micros for micros, slug in enumerate("abcdefgh")}) == dict(
        zip("abcdefgh", [tier for tier in TIERS for _ in range(2)], strict=True)
    )
    assert tiers({"only": 5}) == {"only": "$"}
    assert tiers({}) == {}


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 10), max_size=30))
def test_tiers_follow_the_price(prices: dict[str, int]) -> None:
    found = tiers(prices)
    assert set(found) == set(prices)
    by_price = sorted(prices, key=lambda slug: prices[slug])
    ranks = [TIERS.index(found[slug]) for slug in by_price]
    assert ranks == sorted(ranks)
    assert all(found[a] == found[b] for a in prices for b in prices if prices[a] == prices[b])
