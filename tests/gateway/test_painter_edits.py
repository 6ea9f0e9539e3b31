"""The painters' edits and variations through the gateway, with the limits that the seeded catalogue states."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from app.catalog.contracts import Contract
from app.catalog.limits import Limits
from app.catalog.shapes import ModelSeed
from app.gateway.errors import GatewayError, InvalidParameter, ProviderRejected
from app.gateway.images import decode
from app.gateway.planning import estimate
from app.gateway.providers.base import ProviderRequest
from app.gateway.providers.painter import LocalPainter
from app.gateway.request import Operation, read_request
from app.gateway.sizes import SQUARE, SizeWish, match
from app.gateway.transport import Client
from app.painter.paint import paint
from app.painter.painters import PAINTERS
from tests.factories import read_catalogue
from tests.gateway.world import World, load_catalogue

SEEDS = {model.slug: model for model in read_catalogue().models}
SIZE = (320, 256)
CONTRACT = Contract("painter", "*", "edit", ("page",), date(2026, 11, 28))


def saved(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def drawing(size: tuple[int, int] = SIZE) -> Image.Image:
    return _paint_once(size).copy()


@cache
def _paint_once(size: tuple[int, int]) -> Image.Image:
    return paint("a house in a meadow", "poster-pro", 3, size)


def mask(size: tuple[int, int] = SIZE) -> bytes:
    found = Image.new("RGBA", size, (0, 0, 0, 255))
    ImageDraw.Draw(found).rectangle((20, 20, 120, 120), fill=(0, 0, 0, 0))
    return saved(found)


def offering(slug: str) -> ModelSeed:
    return SEEDS[slug]


EDITING = [slug for slug in PAINTERS if "image-edit" in offering(slug).modes]
VARYING = [slug for slug in PAINTERS if any(one.variations for one in offering(slug).offerings)]
MASKING = [slug for slug in EDITING if offering(slug).limits.mask]


def test_the_catalogue_offers_edits_and_variations_with_limits_that_differ() -> None:
    assert len(EDITING) >= 6
    assert len(VARYING) >= 4
    assert 0 < len(MASKING) < len(EDITING)
    assert {offering(slug).limits.max_input_images for slug in EDITING} >= {1, 2, 4}


def job(slug: str, *images: bytes, **changes: object) -> ProviderRequest:
    limits: Limits = offering(slug).limits
    natural = Fraction(*Image.open(BytesIO(images[0])).size) if images else SQUARE
    size = match(SizeWish(ratio=natural), limits)
    made = ProviderRequest(
        slug, "edit", "a starry night sky", 1, limits, CONTRACT, size=size, images=images, values={"seed": 5}
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def make(asked: ProviderRequest) -> list[Image.Image]:
    reply = LocalPainter().make(asked, Client().open_session(seconds=60, max_bytes=1000))
    return [decode(made.data or b"", alpha=True) for made in reply.images]


@pytest.mark.parametrize("slug", EDITING)
def test_every_editing_painter_edits(slug: str) -> None:
    picture = drawing((256, 256))
    (found,) = make(job(slug, saved(picture)))
    assert found.size == (256, 256)
    assert found.tobytes() != picture.tobytes()


@pytest.mark.parametrize("slug", VARYING)
def test_every_varying_painter_varies_and_no_two_are_alike(slug: str) -> None:
    found = make(job(slug, saved(drawing((256, 256))), operation="variation", prompt="", n=2))
    assert [one.size for one in found] == [(256, 256)] * 2
    assert found[0].tobytes() != found[1].tobytes()


def test_the_input_size_is_kept_where_no_other_is_asked_for() -> None:
    assert make(job("studio-xl", saved(drawing())))[0].size == SIZE
    assert make(job("studio-xl", saved(drawing()), size=(300, 512), sized=True))[0].size == (300, 512)
    tiny = saved(Image.new("RGB", (8, 8)))
    assert make(job("studio-xl", tiny))[0].size == (1024, 1024)


def test_one_painter_draws_three_sizes_alone() -> None:
    assert make(job("legacy-2", saved(drawing((512, 512)))))[0].size == (512, 512)
    assert make(job("legacy-2", saved(drawing((300, 300)))))[0].size == (1024, 1024)


def test_a_jpeg_painter_flattens_what_is_transparent() -> None:
    clear = drawing((256, 256))
    clear.putalpha(100)
    (found,) = make(job("halftone-1", saved(clear), prompt="in sepia"))
    assert found.mode == "RGB"


@pytest.fixture
def arena(world: World, tmp_path: Path) -> World:
    """A world whose poster-pro edits and varies, as the seeded one does."""
    text = """
creator = "Blindvote demo"
demo = true
modes = ["text-to-image", "image-edit"]

[limits]
max_resolution = "2048x2048"
side_px = { min = 256, max = 2048 }
max_images = 4
max_input_images = 2
mask = true
[[offerings]]
provider = "painter"
provider_model_id = "poster-pro"
modes = ["text-to-image", "image-edit"]
variations = true
source = "page"
prices = [{ usd = 0.024 }]
"""
    load_catalogue(world.database, tmp_path / "editing", {"poster-pro": text})
    world.at("painter", "")
    return world


FILES = {
    "png": lambda: saved(drawing()),
    "jpeg": lambda: saved(drawing(), "JPEG", quality=88),
    "webp": lambda: saved(drawing(), "WEBP", quality=80),
    "palette": lambda: saved(drawing().quantize(40)),
    "grey": lambda: saved(drawing().convert("L")),
    "grey with alpha": lambda: saved(drawing().convert("LA")),
    "sixteen bits": lambda: saved(Image.fromarray(np.asarray(drawing().convert("L"), dtype=np.uint16) * 257)),
}


@pytest.mark.parametrize("kind", FILES)
def test_outside_of_the_mask_the_answer_equals_the_upload(arena: World, kind: str) -> None:
    data = FILES[kind]()
    made = arena.ask(operation="edit", model="poster-pro", images=(data,), mask=mask(), seed=4)
    before, after = decode(data, alpha=True), decode(made.drawn[0].picture.data, alpha=True)
    outside = np.asarray(decode(mask(), alpha=True).getchannel("A")) == 255
    assert after.size == SIZE
    assert (np.asarray(after)[outside] == np.asarray(before)[outside]).all()
    assert (np.asarray(after)[~outside] != np.asarray(before)[~outside]).any()


@pytest.mark.parametrize("orientation", [3, 6])
def test_a_turned_photograph_is_masked_as_it_is_seen(arena: World, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(drawing(), "JPEG", exif=exif)
    upright = decode(data)
    made = arena.ask(operation="edit", model="poster-pro", images=(data,), mask=mask(upright.size), seed=4)
    outside = np.asarray(decode(mask(upright.size), alpha=True).getchannel("A")) == 255
    assert (np.asarray(decode(made.drawn[0].picture.data))[outside] == np.asarray(upright)[outside]).all()


def test_n_variations_come_back(arena: World) -> None:
    made = arena.ask(operation="variation", model="poster-pro", images=(saved(drawing()),), prompt="", n=3)
    assert len({drawn.picture.data for drawn in made.drawn}) == 3
    assert made.cost_micros == 72_000


@pytest.mark.parametrize(
    "given",
    [
        saved(Image.new("RGBA", (10, 10))),
        saved(Image.new("RGBA", SIZE, (0, 0, 0, 255))),
        b"\x89PNG\r\n\x1a\n no image",
    ],
)
def test_an_unusable_mask_is_a_clear_error(arena: World, given: bytes) -> None:
    with pytest.raises((InvalidParameter, ProviderRejected)) as caught:
        arena.ask(operation="edit", model="poster-pro", images=(saved(drawing()),), mask=given)
    assert isinstance(caught.value, GatewayError)
    assert caught.value.param == "mask"


@pytest.mark.parametrize("operation", ["edit", "variation"])
def test_a_painter_of_squares_refuses_another_shape_before_it_draws(
    seeded_world: World, operation: Operation
) -> None:
    seeded_world.at("painter", "")
    told = "legacy-2 takes square images alone; this one has 320x256 pixels."
    wide = (saved(drawing()),)
    with pytest.raises(InvalidParameter, match=told) as caught:
        seeded_world.ask(operation=operation, model="legacy-2", images=wide)
    assert caught.value.param == "image"
    asked = read_request(operation, {"prompt": "night", "model": "legacy-2"}, images=wide)
    with pytest.raises(InvalidParameter, match=told):
        estimate(seeded_world.database, asked, seeded_world.config, now=seeded_world.now)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_painter_of_squares_takes_any_format(seeded_world: World, kind: str) -> None:
    seeded_world.at("painter", "")
    made = seeded_world.ask(operation="edit", model="legacy-2", images=(saved(drawing((256, 256)), kind),))
    assert made.drawn[0].picture.size == (256, 256)


def test_more_images_than_the_model_takes_are_refused(arena: World) -> None:
    with pytest.raises(InvalidParameter, match="2 input"):
        arena.ask(operation="edit", model="poster-pro", images=(saved(drawing()),) * 3)


def test_what_a_prompt_asks_in_vain_is_told(arena: World) -> None:
    made = arena.ask(
        operation="edit", model="poster-pro", prompt="make it night, make her smile", images=(saved(drawing()),)
    )
    assert [(change.parameter, change.requested, change.used) for change in made.adjustments] == [
        ("prompt", "make her smile", None)
    ]
    drawn = arena.ask(model="poster-pro", prompt="20 balloons", size="256x256")
    assert [(change.parameter, change.used) for change in drawn.adjustments] == [("prompt", "9 balloons")]


def test_a_second_image_is_used_as_the_prompt_says(arena: World) -> None:
    images = (saved(drawing()), saved(drawing((256, 256))))
    wish = {"operation": "edit", "model": "poster-pro", "prompt": "in the style of the second image"}
    assert arena.ask(**wish, images=images, strict=True).adjustments == ()


def test_an_images_own_hole_is_a_mask_for_what_is_told(arena: World) -> None:
    picture = drawing().convert("RGBA")
    picture.paste((0, 0, 0, 0), (20, 20, 120, 120))
    wish = {"operation": "edit", "model": "poster-pro", "prompt": "make the shirt green"}
    assert arena.ask(**wish, images=(saved(picture),)).adjustments == ()
    whole = arena.ask(**wish, images=(saved(drawing()),))
    assert [change.requested for change in whole.adjustments] == ["make the shirt green"]


def test_strict_refuses_what_the_painters_would_leave_out(arena: World) -> None:
    with pytest.raises(InvalidParameter, match="make her smile"):
        arena.ask(
            operation="edit",
            model="poster-pro",
            prompt="make her smile, make it night",
            images=(saved(drawing()),),
            strict=True,
        )
