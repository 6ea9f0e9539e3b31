"""Venice by its own route: what it is sent, and the headers by which it refuses an image that it answers."""

import pytest

from app.gateway.errors import ContentPolicy
from app.gateway.providers.venice import Venice
from tests.factories import picture_bytes
from tests.gateway.test_providers_words import at
from tests.gateway.upstream import Upstream, coded, says
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


@pytest.mark.parametrize("header", ["x-venice-is-blurred", "X-Venice-Is-Content-Violation"])
def test_venice_blurs_what_it_filters(seeded_world: World, upstream: Upstream, header: str) -> None:
    at(seeded_world, Venice, upstream.base)
    upstream.on("POST", "/image/generate", says(200, {"images": [coded(PNG)]}, {header: "true"}))
    with pytest.raises(ContentPolicy):
        seeded_world.ask(model="venice/chroma-v40")
