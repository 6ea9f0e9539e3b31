"""OpenAI's newer models as their contracts have them: free sizes, and formats that are previews there."""

import pytest

from app.gateway.providers.openai import OpenAI
from tests.factories import picture_bytes
from tests.gateway.test_providers_words import at
from tests.gateway.upstream import Upstream, coded, says
from tests.gateway.world import World

ANSWER = says(200, {"data": [{"b64_json": coded(picture_bytes(1))}]})


@pytest.mark.parametrize("model", ["gpt-image-2.6-sunburst", "gpt-image-2.6-flare"])
def test_a_size_is_sent_as_it_is(seeded_world: World, upstream: Upstream, model: str) -> None:
    at(seeded_world, OpenAI, upstream.base)
    upstream.on("POST", "/images/generations", ANSWER)
    seeded_world.ask(model=f"openai/{model}", size="2048x1152", complexity="low")
    sent = upstream.calls()[0].json()
    assert (sent["size"], sent["complexity"]) == ("2048x1152", "low")


@pytest.mark.parametrize("model", ["gpt-image-2.5-flare", "gpt-image-2.6-flare"])
def test_a_gif_is_made_here_since_few_accounts_may_ask_for_one(
    seeded_world: World, upstream: Upstream, model: str
) -> None:
    at(seeded_world, OpenAI, upstream.base)
    upstream.on("POST", "/images/generations", ANSWER)
    made = seeded_world.ask(model=f"openai/{model}", output_format="gif")
    assert "output_format" not in upstream.calls()[0].json()
    assert made.drawn[0].picture.format == "gif"
