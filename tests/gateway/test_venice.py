"""Venice by its own route: what it is sent, and the headers by which it refuses an image that it answers."""

import pytest

from app.gateway.errors import ContentPolicy
from app.gateway.providers.venice import Venice
from tests.factories import picture_bytes
from tests.gateway.test_providers_words import at
from tests.gateway.upstream import Upstream, coded, says, sends
from tests.gateway.world import World

PNG = picture_bytes(1)


def test_venice_is_asked_by_its_own_route(seeded_world: World, upstream: Upstream) -> None:
    at(seeded_world, Venice, upstream.base)
    upstream.on("POST", "/image/generate", says(200, {"id": "g-1", "images": [coded(PNG), coded(PNG)]}))
    made = seeded_world.ask(model="venice/chroma-v40", n=2, seed=7)
    assert upstream.calls()[0].json() == {
        "model": "chroma",
        "prompt": "a red cube",
        "variants": 2,
        "seed": 7,
        "format": "png",
        "hide_watermark": True,
    }
    assert [one.picture.data for one in made.drawn] == [PNG, PNG]


def test_an_edit_has_a_route_and_a_model_of_its_own(seeded_world: World, upstream: Upstream) -> None:
    at(seeded_world, Venice, upstream.base)
    upstream.on("POST", "/image/edit", sends(PNG))
    made = seeded_world.ask(operation="edit", model="venice/flux.2-max", images=(PNG,), aspect_ratio="16:9")
    sent = upstream.calls()[0].json()
    assert sent.pop("image").startswith("iVBORw0KGgo")
    assert sent == {"model": "flux-2-max-edit", "prompt": "a red cube", "aspect_ratio": "16:9"}
    assert made.drawn[0].picture.data == PNG
    assert made.cost_micros == 120_000


def test_an_edit_of_several_images(seeded_world: World, upstream: Upstream) -> None:
    at(seeded_world, Venice, upstream.base)
    upstream.on("POST", "/image/multi-edit", sends(PNG))
    seeded_world.ask(operation="edit", model="venice/ideogram-v4.6", images=(PNG, PNG))
    sent = upstream.calls()[0].json()
    assert (sent["modelId"], len(sent["images"])) == ("ideogram-v4-6-edit", 2)


def test_a_tier_and_a_quality_with_prices_of_their_own(seeded_world: World, upstream: Upstream) -> None:
    at(seeded_world, Venice, upstream.base)
    upstream.on("POST", "/image/generate", says(200, {"images": [coded(PNG)]}))
    made = seeded_world.ask(model="venice/ideogram-v4.6", resolution="4K", quality="medium")
    sent = upstream.calls()[0].json()
    assert (sent["resolution"], sent["quality"]) == ("4K", "medium")
    assert made.cost_micros == 150_000


@pytest.mark.parametrize("header", ["x-venice-is-blurred", "X-Venice-Is-Content-Violation"])
def test_venice_blurs_what_it_filters(seeded_world: World, upstream: Upstream, header: str) -> None:
    at(seeded_world, Venice, upstream.base)
    upstream.on("POST", "/image/generate", says(200, {"images": [coded(PNG)]}, {header: "true"}))
    with pytest.raises(ContentPolicy):
        seeded_world.ask(model="venice/chroma-v40")
