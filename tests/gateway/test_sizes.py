"""Sizes, ratios and tiers: the published examples, and what holds for all of them."""

from fractions import Fraction
from math import log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.limits import Limits, SideRange
from app.gateway.sizes import (
    SAME_SHAPE,
    BadSize,
    Bounds,
    Size,
    SizeWish,
    clamp,
    from_shape,
    match,
    nearest_ratio,
    nearest_size,
    nearest_tier,
    parse_ratio,
    parse_size,
    parse_tier,
    stretch,
)

DALL_E_2 = Limits(
    max_resolution="1024x1024",
    sizes=("256x256", "512x512", "1024x1024"),
    aspect_ratios=("1:1",),
    resolutions={"0.5K": ("512x512", "256x256"), "1K": ("1024x1024",)},
    side_px=SideRange(256, 1024),
)
LISTED = ("1024x1024", "1536x1024", "1024x1536", "2048x2048", "1365x768", "768x1365")
sides = st.integers(1, 99_999)
sizes = st.tuples(sides, sides)
ratios = st.builds(Fraction, st.integers(1, 99), st.integers(1, 99))


def turned(size: Size) -> Size:
    return size[1], size[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1024x768", (1024, 768)),
        ("1024X768", (1024, 768)),
        ("16:9", Fraction(16, 9)),
        ("19.5:9", Fraction(39, 18)),
        ("auto", None),
    ],
)
def test_sizes_are_read(text: str, expected: object) -> None:
    assert parse_size(text) == expected


@pytest.mark.parametrize(
    "text",
    ["0x5", "5x0", "0:1", "1:0", "-1x5", "123456x1", "1x", "x", "", "big", "1 x 1", "1e3:1", "\uff11x\uff11"],
)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(BadSize):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "side"),
    [
        *[("0.5K", 512), ("1K", 1024), ("2k", 2048), ("4K", 4096), ("0.25", 512), ("1MP", 1024), ("16", 4096)],
        *[("64", 64), ("512", 512), ("768sq", 768), ("32sq", 32)],
    ],
)
def test_tiers_are_squares(text: str, side: int) -> None:
    """Count 1024 pixels a side for each K, else the side that is named."""
    assert parse_tier(text) == side**2


def test_a_tier_of_video_calls_is_wide() -> None:
    assert parse_tier("720p") == 1280 * 720


@pytest.mark.parametrize("said", [{"size": (8, 8)}, {"ratio": Fraction(1)}, {"pixels": 64}])
def test_one_word_is_a_wish(said: dict[str, Any]) -> None:
    assert SizeWish().is_empty
    assert not SizeWish(**said).is_empty


@pytest.mark.parametrize("text", ["0K", "K", "-1K", "1G", "", "1.2.3K"])
def test_what_is_no_tier_is_refused(text: str) -> None:
    with pytest.raises(BadSize):
        parse_tier(text)


def test_seven_to_one_becomes_eight_to_one() -> None:
    assert nearest_ratio(Fraction(7), [Fraction(4), Fraction(8)]) == 8
    assert match(SizeWish(ratio=Fraction(7)), Limits(aspect_ratios=("4:1", "8:1"))) == (2896, 362)


def test_a_square_of_half_a_k_is_512() -> None:
    half = parse_tier("0.5K")
    assert match(SizeWish(ratio=Fraction(1), pixels=half), DALL_E_2) == (512, 512)
    assert nearest_tier(half, DALL_E_2.resolutions) == "0.5K"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ((4096, 512), (1024, 256)),
        ((512, 4096), (256, 1024)),
        ((2048, 1024), (1024, 512)),
        ((64, 64), (256, 256)),
        ((640, 480), (640, 480)),
        ((100, 200), (256, 512)),
    ],
)
def test_256_to_1024_a_side(asked: Size, expected: Size) -> None:
    assert match(SizeWish(size=asked), DALL_E_2) == expected


def test_a_size_wins_over_ratio_and_tier() -> None:
    found = match(SizeWish(size=(512, 512), ratio=Fraction(16, 9), pixels=parse_tier("4K")), DALL_E_2)
    assert found == (512, 512)


def test_a_ratio_alone_has_the_default_scale_and_a_tier_alone_is_square() -> None:
    free = Limits(side_px=SideRange(64, 4096))
    assert match(SizeWish(ratio=Fraction(2)), free) == (1448, 724)
    assert match(SizeWish(ratio=Fraction(2), pixels=parse_tier("2K")), free) == (2896, 1448)
    assert match(SizeWish(pixels=parse_tier("2K")), free) == (2048, 2048)


def test_any_tier_becomes_the_nearest_there_is() -> None:
    limits = Limits(aspect_ratios=("1:1",), resolutions={"1K": (), "2K": ()})
    assert nearest_tier(parse_tier("4K"), limits.resolutions) == "2K"
    assert nearest_tier(parse_tier("0.25"), limits.resolutions) == "1K"
    assert match(SizeWish(pixels=parse_tier("4K")), limits) == (2048, 2048)


def test_shape_comes_before_scale() -> None:
    sizes_ = [(1024, 1024), (1536, 1024), (2048, 2048)]
    assert nearest_size(Fraction(3, 2), 2048 * 2048, sizes_) == (1536, 1024)
    assert nearest_size(Fraction(1), 2048 * 2048, sizes_) == (2048, 2048)


def test_ties_keep_the_orientation_then_the_smaller_area() -> None:
    both = [Fraction(16, 9), Fraction(9, 16)]
    assert nearest_ratio(Fraction(1), both) == nearest_ratio(Fraction(1), both[::-1])
    wide_or_square = [Fraction(1), Fraction(4)]
    assert nearest_ratio(Fraction(2), wide_or_square) == 4
    assert nearest_size(Fraction(1), 2048 * 1024, [(2048, 2048), (1024, 1024)]) == (1024, 1024)


@pytest.mark.parametrize("target", [Fraction(5, 4), Fraction(3, 2), Fraction(2), Fraction(3)])
def test_of_a_square_and_a_shape_as_near_the_same_orientation_wins(target: Fraction) -> None:
    for wish in (target, 1 / target):
        assert nearest_ratio(wish, [Fraction(1), wish**2]) == wish**2


def test_the_least_area_is_reached_and_hardly_passed() -> None:
    for step in (1, 16):
        width, height = clamp((100, 100), Bounds(1, 4096, step, Fraction(16), 4096**2, 512**2))
        assert width == height
        assert 512 <= width <= 512 + 2 * step


def test_nothing_known_changes_nothing() -> None:
    assert match(SizeWish(size=(333, 777)), Limits()) == (333, 777)
    assert match(SizeWish(), Limits()) is None


def test_auto_in_a_list_is_no_size() -> None:
    assert match(SizeWish(size=(900, 900)), Limits(sizes=("auto", "1024x1024"))) == (1024, 1024)


@given(ratios, ratios)
def test_stretch_is_the_distance_of_logarithms(one: Fraction, other: Fraction) -> None:
    assert stretch(one, other) == stretch(other, one) == stretch(1 / one, 1 / other)
    assert log(stretch(one, other)) == pytest.approx(abs(log(one) - log(other)), abs=1e-9)


@given(ratios, st.lists(ratios, min_size=1, max_size=6))
def test_the_nearest_ratio_is_one_of_them_and_none_is_nearer(target: Fraction, options: list[Fraction]) -> None:
    chosen = nearest_ratio(target, options)
    assert chosen in options
    assert stretch(target, chosen) == min(stretch(target, option) for option in options)


@given(sizes)
def test_turning_the_request_turns_the_answer(asked: Size) -> None:
    for limits in (DALL_E_2, Limits(sizes=LISTED), Limits(side_px=SideRange(step=16), max_resolution="3840x2160")):
        upright, lying = match(SizeWish(size=asked), limits), match(SizeWish(size=turned(asked)), limits)
        assert upright is not None
        assert lying == turned(upright) or asked[0] == asked[1]


bounds = st.builds(
    lambda low, width, step, ratio: Bounds(
        low, low * width, step, min(Fraction(width), Fraction(ratio)), (low * width) ** 2
    ),
    st.sampled_from([64, 90, 128, 256]),
    st.integers(2, 16),
    st.sampled_from([1, 8, 16, 64]),
    st.integers(2, 20),
)


@given(sizes, bounds)
def test_clamped_sizes_fit(asked: Size, within: Bounds) -> None:
    width, height = clamp(asked, within)
    assert within.low <= min(width, height)
    assert max(width, height) <= within.high
    assert max(width, height) <= within.ratio * min(width, height)
    assert width % within.step == height % within.step == 0
    assert width * height <= within.area


@given(sizes, bounds)
def test_clamping_twice_is_clamping_once(asked: Size, within: Bounds) -> None:
    once = clamp(asked, within)
    assert clamp(once, within) == once


@given(st.integers(256, 4096), st.integers(256, 4096))
def test_clamping_keeps_the_shape_where_it_can(width: int, height: int) -> None:
    within = Bounds(64, 1024, 1, Fraction(16), 1024**2)
    found = clamp((width, height), within)
    assert stretch(Fraction(*found), Fraction(width, height)) < SAME_SHAPE


@given(sizes)
def test_what_fits_stays(asked: Size) -> None:
    width, height = 256 + asked[0] % 700, 256 + asked[1] % 700
    assert clamp((width, height), Bounds(256, 1024, 1, Fraction(4), 1024**2)) == (width, height)


@given(ratios, st.sampled_from([512**2, 1024**2, 2048**2]))
def test_a_shape_gets_its_ratio_and_area(ratio: Fraction, pixels: int) -> None:
    width, height = from_shape(ratio, pixels)
    assert stretch(Fraction(width, height), ratio) < Fraction(108, 100)
    assert stretch(Fraction(width * height), Fraction(pixels)) < Fraction(108, 100)


def test_a_ratio_is_its_own_inverse_turned() -> None:
    assert parse_ratio("16:9") * parse_ratio("9:16") == 1
