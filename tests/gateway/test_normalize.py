"""What a request becomes at an offering, and what is said about it."""

from datetime import date

import pytest

from app.catalog.contracts import CONTRACT, Contract
from app.catalog.limits import Limits, SideRange
from app.catalog.lookup import ModelOffering, ModelPage
from app.catalog.pricing import OfferingPrice
from app.catalog.shapes import Prose
from app.gateway.errors import InvalidParameter
from app.gateway.images import header_size
from app.gateway.normalize import ChosenDefault, RequestPlan, merge_limits, plan
from app.gateway.providers.base import ImageProvider
from app.gateway.providers.openai import OpenAI
from app.gateway.providers.painter import LocalPainter
from app.gateway.request import read_request
from tests.factories import hole, picture_bytes
from tests.gateway.world import CANARY

SIZED = Limits(sizes=("512x512", "1024x1024", "1536x1024"), max_images=4)


def offering(limits: Limits = Limits(), *prices: OfferingPrice) -> ModelOffering:  # noqa: B008
    return ModelOffering(
        "openai/m", "openai", "OpenAI", "m", ("text-to-image",), False, limits, prices, (), "page"
    )


def page(limits: Limits) -> ModelPage:
    return ModelPage(
        id=1,
        slug="m",
        name="M",
        creator=None,
        family=None,
        tagline=None,
        status="active",
        released=None,
        deprecated_on=None,
        sunset=date(2030, 1, 1),
        tags=(),
        modes=("text-to-image",),
        demo=False,
        stub=False,
        limits=limits,
        max_resolution=None,
        max_images=None,
        price_tier=None,
        price_from=None,
        offerings=(),
        aliases=(),
        parameters=(),
        prose=Prose(),
        sources=(),
    )


def contract(**terms: object) -> Contract:
    """What a provider takes: sizes of `SIZED` unless the terms say otherwise."""
    known = {"provider": "openai", "model": "m", "operation": "generation", "sources": ["page"]}
    return CONTRACT.validate_python({**known, "checked": "2026-11-20", "n": {"field": "n"}, **terms})


WORDS = contract(size={"fields": ["size"], "words": {size: size for size in SIZED.sizes}})


def planned(
    limits: Limits,
    terms: Contract = WORDS,
    *,
    narrower: Limits = Limits(),  # noqa: B008
    prices: tuple[OfferingPrice, ...] = (),
    provider: ImageProvider | None = None,
    **values: object,
) -> RequestPlan:
    from pydantic import SecretStr

    request = read_request("generation", {"prompt": "x", **values})
    upstream = provider or OpenAI(SecretStr(CANARY), "http://localhost/v1")
    return plan(request, page(limits), offering(narrower, *prices), upstream, terms)


def said(made: RequestPlan) -> list[tuple[str, object, object]]:
    return [(change.parameter, change.requested, change.used) for change in made.adjustments]


def test_a_size_there_is_changes_nothing() -> None:
    made = planned(SIZED, size="1536x1024")
    assert (made.job.size, made.job.sized, said(made)) == ((1536, 1024), True, [])


def test_no_size_asks_for_none() -> None:
    assert planned(SIZED).job.sized is False
    assert planned(SIZED, size="auto").job.sized is False


def test_the_nearest_size_is_said() -> None:
    assert said(planned(SIZED, size="1500x1000")) == [("size", "1500x1000", "1536x1024")]


def test_a_ratio_as_size_means_the_ratio() -> None:
    by_size, by_ratio = planned(SIZED, size="16:9"), planned(SIZED, aspect_ratio="16:9")
    assert by_size.job == by_ratio.job
    assert said(by_size) == [("size", "16:9", "1536x1024")]
    assert said(by_ratio) == [("aspect_ratio", "16:9", "1536x1024")]


TIERED = contract(
    ratio={"field": "aspect_ratio", "words": ["1:1", "16:9"]}, tier={"field": "resolution", "words": ["1K", "2K"]}
)
NOTHING = contract()
FREE = contract(size={"fields": ["width", "height"], "form": "sides", "free": True, "max": 2048, "step": 8})


def test_what_was_not_asked_for_is_left_to_the_model() -> None:
    def words(**asked: object) -> dict[str, object]:
        return dict(planned(Limits(), TIERED, **asked).job.values)  # type: ignore[arg-type]

    assert words() == {}
    assert words(aspect_ratio="16:9") == {"aspect_ratio": "16:9"}
    assert words(resolution="2K") == {"resolution": "2K"}
    assert words(size="2048x1152") == {"aspect_ratio": "16:9", "resolution": "2K"}


def test_native_words_are_no_adjustment() -> None:
    odd = Limits(sizes=("1408x768", "1024x1024"))
    assert said(planned(odd, TIERED, aspect_ratio="16:9")) == []
    assert said(planned(odd, TIERED, resolution="2K")) == []
    assert said(planned(odd, TIERED, size="16:9")) == []


@pytest.mark.parametrize(
    ("text", "word"), [("512", "512"), ("0.5K", "512"), ("768", "1K"), ("1024", "1K"), ("2048", "2K")]
)
def test_a_bare_number_is_a_side_in_pixels(text: str, word: str) -> None:
    tiers = contract(tier={"field": "imageSize", "words": ["512", "1K", "2K", "4K"]})
    assert planned(Limits(), tiers, resolution=text).job.values == {"imageSize": word}


def test_a_shape_nobody_takes_is_told() -> None:
    asked = planned(Limits(), NOTHING, aspect_ratio="9:16", resolution="2K")
    assert said(asked) == [("aspect_ratio", "9:16", None), ("resolution", "2K", None)]
    assert said(planned(Limits(), NOTHING, size="512x512")) == [("size", "512x512", None)]


def test_a_size_becomes_the_ratio_where_there_is_no_size() -> None:
    made = planned(Limits(), contract(ratio={"field": "aspect_ratio", "words": ["1:1", "9:16"]}), size="1024x1792")
    assert made.job.values == {"aspect_ratio": "9:16"}
    assert said(made) == [("size", "1024x1792", "9:16")]


def test_ratios_are_written_as_the_provider_writes_them() -> None:
    x = contract(ratio={"field": "aspect_ratio", "words": ["1:1", "16:9"], "separator": "x"})
    legacy = contract(
        ratio={"field": "image_request.aspect_ratio", "words": ["16:9"], "separator": "_", "prefix": "ASPECT_"}
    )
    free = contract(ratio={"field": "aspect_ratio", "free": True, "max_ratio": 7 / 3})
    assert planned(Limits(), x, aspect_ratio="16:9").job.values == {"aspect_ratio": "16x9"}
    assert planned(Limits(), legacy, aspect_ratio="16:9").job.values == {
        "image_request.aspect_ratio": "ASPECT_16_9"
    }
    assert planned(Limits(), free, aspect_ratio="32:18").job.values == {"aspect_ratio": "16:9"}
    assert said(planned(Limits(), free, aspect_ratio="4:1")) == [("aspect_ratio", "4:1", "7:3")]


def test_sides_stay_within_their_bounds() -> None:
    assert planned(Limits(), FREE, size="1024x768").job.values == {"width": 1024, "height": 768}
    made = planned(Limits(), FREE, size="4096x2048")
    assert (made.job.values, said(made)) == ({"width": 2048, "height": 1024}, [("size", "4096x2048", "2048x1024")])
    least = contract(size={"fields": ["size"], "free": True, "step": 16, "min_pixels": 655_360})
    assert planned(Limits(), least, size="512x512").job.values == {"size": "832x832"}


def test_values_go_out_in_the_providers_words() -> None:
    terms = contract(
        accepts={
            "quality": {"field": "rendering_speed", "type": "string", "words": {"low": "TURBO", "TURBO": "TURBO"}},
            "seed": {"field": "generationConfig.seed", "type": "integer"},
            "strength": {"type": "number", "min": 0, "max": 1},
            "raw": {"type": "boolean"},
        }
    )
    made = planned(Limits(), terms, quality="low", seed="7", strength="0.5", raw="true")
    assert made.job.values == {
        "rendering_speed": "TURBO",
        "generationConfig.seed": 7,
        "strength": 0.5,
        "raw": True,
    }
    assert said(made) == []
    assert planned(Limits(), terms, rendering_speed="turbo").job.values == {"rendering_speed": "TURBO"}
    assert said(planned(Limits(), terms, quality="ultra")) == [("quality", "ultra", None)]
    assert said(planned(Limits(), terms, strength=3)) == [("strength", 3, 1)]
    with pytest.raises(InvalidParameter, match="seed must be an integer"):
        planned(Limits(), terms, seed="seven")


def test_what_the_caller_left_open_is_told_with_its_price() -> None:
    dear = contract(
        accepts={"quality": {"type": "string", "words": {"low": "low", "high": "high"}, "default": "high"}},
        tier={"field": "resolution", "words": ["1K", "4K"], "default": "4K"},
    )
    assert planned(Limits(), dear).choices == (
        ChosenDefault("quality", "high", "openai"),
        ChosenDefault("resolution", "4K", "openai"),
    )
    assert planned(Limits(), dear, quality="low", resolution="1K").choices == ()


def test_the_tier_that_is_made_is_the_one_that_is_paid() -> None:
    """Take the tier that was asked for, else the provider's own, else the one nearest to the size."""
    prices = tuple(
        OfferingPrice("image", micros, 1, None, {"resolution": tier}, "page")
        for tier, micros in (("1K", 1), ("2K", 4))
    )
    own = contract(tier={"field": "resolution", "words": ["1K", "2K"], "default": "2K"})
    both = Limits(resolutions={"1K": (), "2K": ()})
    for terms, asked, micros in (
        (TIERED, {"resolution": "2K"}, 4),
        (TIERED, {"resolution": "1K"}, 1),
        (own, {}, 4),
        (TIERED, {}, 1),
    ):
        cost = planned(both, terms, prices=prices, **asked).cost  # type: ignore[arg-type]
        assert cost is not None
        assert cost.micros == micros


def test_size_wins_and_says_what_it_overrode() -> None:
    made = planned(SIZED, size="512x512", aspect_ratio="16:9", resolution="4K")
    assert made.job.size == (512, 512)
    assert said(made) == [("aspect_ratio", "16:9", None), ("resolution", "4K", None)]
    assert said(planned(SIZED, size="512x512", aspect_ratio="1:1", resolution="0.5K")) == []


def test_a_tier_there_is_none_of_is_said() -> None:
    assert said(planned(SIZED, resolution="4K")) == [("resolution", "4K", "1024x1024")]
    assert said(planned(Limits(), contract(ratio={"field": "r", "words": ["1:1"]}), resolution="4K")) == [
        ("resolution", "4K", None)
    ]


def test_what_the_contract_does_not_list_is_not_sent() -> None:
    made = planned(SIZED, guidance=7.5, nested={"a": 1}, user="u")
    assert made.job.values == {}
    assert [change.used for change in made.adjustments] == [None, None, None]


def test_an_open_contract_passes_on_what_it_does_not_know() -> None:
    made = planned(Limits(), contract(open=True), guidance=7.5, nested={"a": 1})
    assert (made.job.values, said(made)) == ({"guidance": 7.5, "nested": {"a": 1}}, [])


def test_the_painter_gets_a_seed_and_nothing_else() -> None:
    terms = contract(accepts={"seed": {"type": "integer"}})
    made = planned(
        Limits(side_px=SideRange(256, 2048)), terms, provider=LocalPainter(), prompt="a cat", seed=1, style="x"
    )
    assert (made.job.extra, said(made)) == ({"seed": 1}, [("style", "x", None)])


def test_lossless_formats_have_no_compression() -> None:
    assert said(planned(SIZED, output_format="png", output_compression=5)) == [("output_compression", 5, None)]
    assert said(planned(SIZED, output_format="webp", output_compression=5)) == []


def test_a_call_never_asks_for_more_than_the_provider_makes() -> None:
    assert [planned(SIZED, n=n).job.n for n in (1, 4, 10)] == [1, 4, 4]
    assert planned(Limits(), NOTHING, n=10).job.n == 1
    assert planned(Limits(), contract(n={"field": "n", "max": 3}), n=10).job.n == 3


def test_who_takes_no_number_is_asked_for_one_image_a_call() -> None:
    assert planned(Limits(max_images=4), contract(n=None), n=2).job.n == 1


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        *[({"output_format": "jpeg"}, "jpg"), ({"output_format": "webp"}, None), ({}, None)],
        ({"output_format": "jpeg", "output_compression": 50}, None),
    ],
)
def test_a_format_is_asked_for_by_the_providers_word(asked: dict[str, object], word: str | None) -> None:
    """Send a word only where the provider has one, and nobody compresses what it makes."""
    made = planned(Limits(), contract(output_format={"field": "format", "words": ["jpg", "png"]}), **asked)
    assert made.job.values.get("format") == word


def test_an_offering_narrows_its_model() -> None:
    found = merge_limits(SIZED, Limits(max_images=1, sizes=("256x256",)))
    assert (found.max_images, found.sizes, found.prompt_max_chars) == (1, ("256x256",), None)


def test_a_mask_follows_its_image_to_the_size_a_provider_takes() -> None:
    terms = contract(
        operation="edit",
        image={"field": "image", "transport": "file", "max_side": 32},
        mask={"field": "mask", "edit": "transparent", "transport": "file"},
    )
    request = read_request("edit", {"prompt": "a cat"}, images=(picture_bytes(1),), mask=hole())
    made = plan(request, page(Limits()), offering(Limits()), LocalPainter(), terms)
    assert made.job.mask is not None
    assert header_size(made.job.images[0]) == header_size(made.job.mask) == (32, 32)
    assert said(made) == [("mask", "64x64", "32x32"), ("image", "64x64", "32x32")]
