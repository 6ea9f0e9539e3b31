"""The rules applied to every model that this repository seeds."""

from fractions import Fraction
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalog.shapes import ModelSeed
from app.gateway.sizes import SizeWish, match, parse_tier
from app.painter.paint import check
from app.painter.painters import PAINTERS
from tests.factories import read_catalogue

tiers = st.sampled_from(["0.25", "0.5K", "1K", "2K", "4K", "8K"]).map(parse_tier)
sides = st.integers(1, 99_999)
wishes = st.one_of(
    st.builds(SizeWish, st.tuples(sides, sides)),
    st.builds(SizeWish, st.none(), st.builds(Fraction, st.integers(1, 30), st.integers(1, 30)), st.none() | tiers),
    st.builds(SizeWish, st.none(), st.none(), tiers),
    st.just(SizeWish()),
)


@cache
def models() -> dict[str, ModelSeed]:
    return {model.slug: model for model in read_catalogue().models}


@pytest.fixture(scope="module", autouse=True)
def _read_once() -> None:
    models()


@pytest.mark.parametrize("slug", sorted(PAINTERS))
@given(wish=wishes)
def test_the_painter_can_paint_whatever_its_models_are_asked(slug: str, wish: SizeWish) -> None:
    size = match(wish, models()[slug].limits)
    assert size is not None
    check(size)


@settings(max_examples=30, deadline=None)
@given(wish=wishes)
def test_every_model_answers_every_wish_within_its_limits(wish: SizeWish) -> None:
    for model in models().values():
        size = match(wish, model.limits)
        side = model.limits.side_px
        if side and size:
            assert (side.min or 1) <= min(size)
            assert max(size) <= (side.max or 99_999)


def test_every_painter_has_its_offering() -> None:
    for slug in PAINTERS:
        assert [(o.provider, o.provider_model_id) for o in models()[slug].offerings] == [("painter", slug)]
