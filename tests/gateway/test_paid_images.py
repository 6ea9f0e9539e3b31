"""What a provider made and was paid for is handed out, whatever our own limits are."""

from io import BytesIO

import pytest
from PIL import Image

from app.gateway.errors import AllProvidersFailed
from tests.factories import picture_bytes
from tests.gateway.upstream import Upstream, coded, says
from tests.gateway.world import World

OPENAI = "/v1/images/generations"


def png(width: int, height: int) -> bytes:
    buffer = BytesIO()
    Image.new("L", (width, height), 90).save(buffer, "PNG")
    return buffer.getvalue()


def answers(upstream: Upstream, data: bytes) -> None:
    upstream.on("POST", OPENAI, says(200, {"data": [{"b64_json": coded(data)}]}))


@pytest.mark.parametrize("output_format", [None, "jpeg"])
def test_wide_images_of_4k_tiers(world: World, upstream: Upstream, output_format: str | None) -> None:
    world.at("openai", upstream.base)
    answers(upstream, png(12288, 1536))
    made = world.ask(model="twin-1", output_format=output_format)
    assert made.drawn[0].picture.size == (12288, 1536)
    assert made.drawn[0].picture.format == (output_format or "png")


def test_an_image_too_large_to_be_decoded_goes_out_as_it_came(world: World, upstream: Upstream) -> None:
    world.at("openai", upstream.base)
    data = png(20_000, 64)
    answers(upstream, data)
    made = world.ask(model="twin-1", output_format="webp")
    [delivered] = made.drawn
    assert (delivered.picture.data, delivered.picture.format, delivered.picture.size) == (
        data,
        "png",
        (20_000, 64),
    )
    told = [(one.parameter, one.requested, one.used) for one in made.adjustments]
    assert ("output_format", "webp", "png") in told


def test_half_an_image_is_none(world: World, upstream: Upstream) -> None:
    world.at("openai", upstream.base)
    answers(upstream, picture_bytes(1, (256, 256))[:400])
    with pytest.raises(AllProvidersFailed):
        world.ask(model="twin-1")
