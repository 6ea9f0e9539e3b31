"""
What once went wrong between a caller's words and a provider's, each as a kind.

The requests go through the repository's own catalogue to a provider on loopback, and what arrived is looked at.
"""

from base64 import b64decode
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image
from pydantic import SecretStr

from app.catalog.contracts import ImageField, MaskField
from app.gateway.errors import (
    AllProvidersFailed,
    ContentPolicy,
    DeadlineExceeded,
    InvalidParameter,
    ModelUnavailable,
    ProviderRejected,
    UnsupportedMode,
)
from app.gateway.generate import Generation, estimate
from app.gateway.input_limits import fit_images
from app.gateway.masks import convert_mask
from app.gateway.providers.bfl import BlackForestLabs
from app.gateway.providers.http import HttpProvider
from app.gateway.providers.ideogram import Ideogram
from app.gateway.providers.openai import OpenAI
from app.gateway.providers.stability import Stability
from app.gateway.request import read_request
from app.gateway.transport import Client
from tests.factories import hole, picture_bytes
from tests.gateway.oracle import values_of
from tests.gateway.upstream import Asked, Upstream, coded, says, sends
from tests.gateway.world import CANARY, World

PNG = picture_bytes(1)
SIZE = (64, 64)


def fal(world: World, upstream: Upstream) -> None:
    """A queue that is done at once, whatever the app."""
    world.client = Client(sleep=lambda _seconds: None)
    world.at("fal", upstream.base)
    links = {name: f"{upstream.base}/q/{name}" for name in ("status_url", "response_url")}
    upstream.on("POST", "/q/", says(200, links))
    upstream.on("GET", "/q/status_url", says(200, {"status": "COMPLETED"}))
    upstream.on("GET", "/q/response_url", says(200, {"images": [{"url": f"{upstream.base}/1.png"}]}))
    upstream.on("GET", "/1.png", sends(PNG))


def replicate(world: World, upstream: Upstream) -> None:
    world.at("replicate", upstream.base)
    upstream.on("POST", "/r/", says(201, {"status": "succeeded", "output": f"{upstream.base}/1.png"}))
    upstream.on("GET", "/1.png", sends(PNG))


def gemini(world: World, upstream: Upstream, *parts: dict[str, Any]) -> None:
    """Gemini's answer for every model, and Imagen's."""
    world.at("gemini", upstream.base)
    part = {"inlineData": {"mimeType": "image/png", "data": coded(PNG)}}
    candidate = {"content": {"parts": list(parts) or [part]}, "finishReason": "STOP"}
    answer = {"candidates": [candidate], "predictions": [{"bytesBase64Encoded": coded(PNG)}]}
    if parts:
        del answer["predictions"]
    upstream.on("POST", "/g/models/imagen", says(200, {"predictions": answer.get("predictions")}))
    upstream.on("POST", "/g/models/gemini", says(200, {"candidates": [candidate]}))


def told(made: Generation) -> dict[str, Any]:
    return {change.parameter: change.used for change in made.adjustments}


def asked(upstream: Upstream) -> Asked:
    return upstream.calls()[0]


def mask_of(asked_: Asked, name: str) -> Image.Image:
    """The mask as the provider got it: a data URL in a JSON body."""
    return Image.open(BytesIO(b64decode(asked_.json()[name].partition(",")[2])))


# Shape and scale


@pytest.mark.parametrize("strict", [True, False])
def test_a_ratio_reaches_an_app_that_takes_ratios(seeded_world: World, upstream: Upstream, strict: bool) -> None:
    fal(seeded_world, upstream)
    made = seeded_world.ask(model="fal/flux1.1-pro-ultra", aspect_ratio="9:16", strict=strict)
    assert asked(upstream).json() == {"prompt": "a red cube", "aspect_ratio": "9:16"}
    assert "aspect_ratio" not in {c.parameter for c in made.adjustments if c.used is None}


def test_pixels_become_the_ratio_an_app_takes(seeded_world: World, upstream: Upstream) -> None:
    fal(seeded_world, upstream)
    seeded_world.ask(model="fal/flux1.1-pro-ultra", size="1024x1792")
    ratio = asked(upstream).json()["aspect_ratio"]
    assert ratio in {"9:16", "4:7"}


def test_a_size_is_not_poured_into_a_schema_without_sides(seeded_world: World, upstream: Upstream) -> None:
    replicate(seeded_world, upstream)
    made = seeded_world.ask(model="replicate/ideogram-v2", size="1024x1792")
    assert asked(upstream).json()["input"] == {"prompt": "a red cube", "aspect_ratio": "9:16"}
    assert "size" in told(made)


def test_an_app_with_a_word_for_pixels_gets_them(seeded_world: World, upstream: Upstream) -> None:
    fal(seeded_world, upstream)
    seeded_world.ask(model="fal/qwen-image", size="1024x768", strict=True, fit="exact")
    assert asked(upstream).json()["image_size"] == {"width": 1024, "height": 768}


@pytest.mark.parametrize(
    ("wished", "word"),
    [("512", "512"), ("0.5K", "512"), ("0.25", "512"), ("1024", "1K"), ("2048", "2K"), ("4K", "4K")],
)
def test_a_tier_is_said_in_the_providers_word(
    seeded_world: World, upstream: Upstream, wished: str, word: str
) -> None:
    gemini(seeded_world, upstream)
    made = seeded_world.ask(model="gemini/gemini-3.1-flash-image", resolution=wished)
    assert asked(upstream).json()["generationConfig"]["imageConfig"] == {"imageSize": word}
    assert told(made) == {}


def test_native_ratios_are_not_refused(seeded_world: World, upstream: Upstream) -> None:
    gemini(seeded_world, upstream)
    for model, ratio in (("imagen-4.0-generate-001", "16:9"), ("gemini-3.1-flash-image", "8:1")):
        seeded_world.ask(model=f"gemini/{model}", aspect_ratio=ratio, strict=True)
    sent = upstream.calls()
    assert sent[0].json()["parameters"]["aspectRatio"] == "16:9"
    assert sent[1].json()["generationConfig"]["imageConfig"]["aspectRatio"] == "8:1"


# Fields


@pytest.mark.parametrize(
    ("model", "place"), [("gemini-2.5-flash-image", "generationConfig"), ("imagen-4.0-generate-001", "parameters")]
)
def test_openais_words_stay_out_of_googles_schema(
    seeded_world: World, upstream: Upstream, model: str, place: str
) -> None:
    gemini(seeded_world, upstream)
    openai = {"quality": "auto", "background": "auto", "moderation": "auto", "user": "u", "style": "vivid"}
    made = seeded_world.ask(model=f"gemini/{model}", **openai)
    assert set(asked(upstream).json()[place]) <= {"responseModalities", "sampleCount"}
    assert told(made) == dict.fromkeys(openai)
    with pytest.raises(InvalidParameter):
        seeded_world.ask(model=f"gemini/{model}", strict=True, **openai)


def test_a_default_that_costs_is_named(seeded_world: World, upstream: Upstream) -> None:
    fal(seeded_world, upstream)

    def cost(**values: Any) -> int:
        request = read_request("generation", {"prompt": "x", "model": "fal/gpt-image-2", **values})
        found = estimate(seeded_world.database, request, seeded_world.config, now=seeded_world.now).cost
        assert found
        return found.micros

    assert cost() == cost(quality="high") > cost(quality="low"), "fal makes high quality unless told otherwise"


# Edits and masks


def test_an_edit_goes_to_the_app_that_edits(seeded_world: World, upstream: Upstream) -> None:
    fal(seeded_world, upstream)
    seeded_world.ask(operation="edit", model="fal/gpt-image-2", images=(PNG,))
    sent = asked(upstream)
    assert sent.path == "/q/openai/gpt-image-2/edit"
    assert [type(link) for link in sent.json()["image_urls"]] == [str]
    assert "image_url" not in sent.json()


def test_a_mask_is_drawn_as_the_provider_reads_it(seeded_world: World, upstream: Upstream) -> None:
    fal(seeded_world, upstream)
    seeded_world.ask(operation="edit", model="fal/gpt-image-2", images=(PNG,), mask=hole(SIZE))
    mask = mask_of(asked(upstream), "mask_url")
    assert (mask.mode, mask.getpixel((5, 5)), mask.getpixel((60, 5))) == ("L", 255, 0), "white is edited"


def test_openais_own_mask_stays_transparent(seeded_world: World, upstream: Upstream) -> None:
    seeded_world.at("openai", upstream.base)
    upstream.on("POST", "/v1/images/edits", says(200, {"data": [{"b64_json": coded(PNG)}]}))
    seeded_world.ask(operation="edit", model="openai/gpt-image-2", images=(PNG,), mask=hole(SIZE))
    body = asked(upstream).body
    start = body.index(b"\x89PNG", body.index(b'name="mask"'))
    mask = Image.open(BytesIO(body[start:]))
    assert (mask.mode, mask.getpixel((5, 5))[3], mask.getpixel((60, 5))[3]) == ("RGBA", 0, 255)  # type: ignore[index]


def test_black_means_edit_at_ideogram() -> None:
    made = Image.open(BytesIO(convert_mask(hole(SIZE), PNG, MaskField("mask", "black")).data))
    assert (made.getpixel((5, 5)), made.getpixel((60, 5))) == (0, 255)


def test_a_mask_of_another_size_is_scaled_and_told(seeded_world: World, upstream: Upstream) -> None:
    fal(seeded_world, upstream)
    made = seeded_world.ask(operation="edit", model="fal/gpt-image-2", images=(PNG,), mask=hole((32, 32)))
    assert mask_of(asked(upstream), "mask_url").size == SIZE
    assert told(made)["mask"] == "64x64"


@pytest.mark.parametrize("mask", ["flat", "opaque", "other shape"])
def test_a_mask_that_says_nothing_is_refused(seeded_world: World, upstream: Upstream, mask: str) -> None:
    fal(seeded_world, upstream)
    buffer = BytesIO()
    Image.new("L" if mask == "flat" else "RGBA", SIZE, 255 if mask == "flat" else (0, 0, 0, 255)).save(
        buffer, "PNG"
    )
    given = hole((64, 32)) if mask == "other shape" else buffer.getvalue()
    with pytest.raises(InvalidParameter, match=r"transparen|shape") as refused:
        seeded_world.ask(operation="edit", model="fal/gpt-image-2", images=(PNG,), mask=given)
    assert refused.value.param == "mask"
    assert upstream.asked == []


def test_whoever_takes_no_mask_is_not_chosen(seeded_world: World, upstream: Upstream) -> None:
    gemini(seeded_world, upstream)
    with pytest.raises(InvalidParameter, match="no mask"):
        seeded_world.ask(operation="edit", model="gemini/gemini-3-pro-image", images=(PNG,), mask=hole(SIZE))
    assert upstream.asked == []


@pytest.mark.parametrize("model", ["reve-1", "recraft-v3"])
def test_what_nobody_serves_is_not_promised(seeded_world: World, upstream: Upstream, model: str) -> None:
    replicate(seeded_world, upstream)
    with pytest.raises((UnsupportedMode, ModelUnavailable)) as refused:
        seeded_world.ask(operation="edit", model=model, images=(PNG,))
    assert "image-edit" not in str(refused.value).partition("Supported modes:")[2]


# Answers


def test_a_refused_mode_is_not_among_those_that_are_told(seeded_world: World, upstream: Upstream) -> None:
    """The painter's contracts hold for all of its models, and not each of them edits."""
    seeded_world.at("painter", upstream.base)
    with pytest.raises(UnsupportedMode, match=r"Supported modes: text-to-image\.$"):
        seeded_world.ask(operation="edit", model="lowpoly-3", images=(PNG,))


def test_a_thought_is_no_result(seeded_world: World, upstream: Upstream) -> None:
    draft, final = picture_bytes(2), picture_bytes(3)

    def image(data: bytes, **more: Any) -> dict[str, Any]:
        return {"inlineData": {"mimeType": "image/png", "data": coded(data)}, **more}

    gemini(seeded_world, upstream, {"text": "Hm.", "thought": True}, image(draft, thought=True), image(final))
    made = seeded_world.ask(model="gemini/gemini-3-pro-image")
    assert [drawn.picture.data for drawn in made.drawn] == [final]


@pytest.mark.parametrize("state", ["failed", "canceled", "aborted"])
def test_every_end_of_a_prediction_is_an_end(seeded_world: World, upstream: Upstream, state: str) -> None:
    seeded_world.at("replicate", upstream.base)
    upstream.on("POST", "/r/", says(201, {"status": state, "urls": {"get": f"{upstream.base}/r/x"}}))
    with pytest.raises(AllProvidersFailed):
        seeded_world.ask(model="replicate/flux.1-dev")
    assert upstream.calls("GET") == []


@pytest.mark.parametrize("dialect", ["data:image/png;base64,{}", "{}\n", "lines"])
def test_every_dialect_of_base64_is_read(seeded_world: World, upstream: Upstream, dialect: str) -> None:
    seeded_world.at("openai", upstream.base)
    text = coded(PNG)
    lines = "\r\n".join(text[start : start + 76] for start in range(0, len(text), 76))
    sent = lines if dialect == "lines" else dialect.format(text)
    upstream.on("POST", "/v1/images/generations", says(200, {"data": [{"b64_json": sent}]}))
    made = seeded_world.ask(model="openai/gpt-image-2")
    assert made.drawn[0].picture.data == PNG


def test_a_redirect_within_the_providers_origin_is_followed(seeded_world: World, upstream: Upstream) -> None:
    replicate(seeded_world, upstream)
    upstream.on("GET", "/1.png", lambda handler: handler.reply(302, b"", headers={"location": "/moved.png"}))
    upstream.on("GET", "/moved.png", sends(PNG))
    assert seeded_world.ask(model="replicate/flux.1-dev").drawn[0].picture.data == PNG


@pytest.mark.parametrize("target", ["http://127.0.0.2:9/x.png", "http://[::1", "//[x/y.png", "http://a:b/"])
def test_a_redirect_elsewhere_is_not(seeded_world: World, upstream: Upstream, target: str) -> None:
    replicate(seeded_world, upstream)
    away = {"location": target}
    upstream.on("GET", "/1.png", lambda handler: handler.reply(302, b"", headers=away))
    with pytest.raises(AllProvidersFailed):
        seeded_world.ask(model="replicate/flux.1-dev")


# Providers with a file of their own


def at(world: World, provider: type[HttpProvider], base: str) -> None:
    world.client = Client(sleep=lambda _seconds: None)
    world.providers[provider.slug] = provider(SecretStr(CANARY), base)


def test_bfl_is_polled_where_it_says(seeded_world: World, upstream: Upstream) -> None:
    at(seeded_world, BlackForestLabs, upstream.base)
    upstream.on(
        "POST", "/v1/flux-pro-1.1-ultra", says(200, {"polling_url": f"{upstream.base}/poll?id=1", "cost": 6})
    )
    upstream.on(
        "GET",
        "/poll",
        says(404, {"status": "Task not found"}),
        says(200, {"status": "Pending"}),
        says(200, {"status": "Ready", "result": {"sample": f"{upstream.base}/1.png"}}),
    )
    upstream.on("GET", "/1.png", sends(PNG))
    made = seeded_world.ask(model="bfl/flux1.1-pro-ultra", aspect_ratio="21:9", seed="7", strict=True)
    assert asked(upstream).headers["x-key"] == CANARY
    assert asked(upstream).json() == {"prompt": "a red cube", "aspect_ratio": "7:3", "seed": 7}
    assert made.cost_micros == 60_000


@pytest.mark.parametrize("state", ["Request Moderated", "Content Moderated"])
def test_bfl_says_what_it_moderates(seeded_world: World, upstream: Upstream, state: str) -> None:
    at(seeded_world, BlackForestLabs, upstream.base)
    upstream.on("POST", "/v1/", says(200, {"polling_url": f"{upstream.base}/poll"}))
    upstream.on("GET", "/poll", says(200, {"status": state}))
    with pytest.raises(ContentPolicy):
        seeded_world.ask(model="bfl/flux1.1-pro")


def test_a_key_goes_to_no_other_host(seeded_world: World, upstream: Upstream) -> None:
    at(seeded_world, BlackForestLabs, upstream.base)
    upstream.on("POST", "/v1/", says(200, {"polling_url": "https://bfl.ai.evil.example/poll"}))
    with pytest.raises(AllProvidersFailed):
        seeded_world.ask(model="bfl/flux1.1-pro")


def test_stability_blurs_what_it_filters(seeded_world: World, upstream: Upstream) -> None:
    at(seeded_world, Stability, upstream.base)
    answer = {"image": coded(PNG), "finish_reason": "CONTENT_FILTERED"}
    upstream.on("POST", "/v2beta/stable-image/generate/core", says(200, answer))
    with pytest.raises(ContentPolicy):
        seeded_world.ask(model="stability/stable-image-core")
    fields = form_of(asked(upstream))
    assert fields["prompt"] == "a red cube"


def test_glm_image_keeps_to_whole_32_pixels(seeded_world: World, upstream: Upstream) -> None:
    seeded_world.providers["zai"] = OpenAI(SecretStr(CANARY), upstream.base, "zai")
    upstream.on("POST", "/", says(200, {"data": [{"b64_json": coded(PNG)}]}))
    for wished in ("2048x2048", "1056x1568", "1040x1040"):
        seeded_world.ask(model="zai/glm-image", size=wished)
    assert [one.json()["size"] for one in upstream.calls()] == ["2048x2048", "1056x1568", "1024x1024"]


def test_ideograms_legacy_words(seeded_world: World, upstream: Upstream) -> None:
    at(seeded_world, Ideogram, upstream.base)
    upstream.on("POST", "/generate", says(200, {"data": [{"url": None, "is_image_safe": False}]}))
    with pytest.raises(ContentPolicy):
        seeded_world.ask(model="ideogram/ideogram-v2", aspect_ratio="16:9", strict=True)
    assert asked(upstream).json() == {
        "image_request": {"prompt": "a red cube", "aspect_ratio": "ASPECT_16_9", "model": "V_2"}
    }


def form_of(one: Asked) -> dict[str, Any]:
    return values_of(httpx.Request("POST", "http://x", headers=dict(one.headers.items()), content=one.body))


def test_inputs_keep_to_the_providers_limits() -> None:
    field = ImageField("image", transport="file", max_pixels=1000, max_side=50, formats=("png",))
    (fitted,), changed = fit_images([picture_bytes(1, format_="JPEG")], field)
    image = Image.open(BytesIO(fitted))
    assert (image.format, image.size) == ("PNG", (31, 31))
    assert [(change.parameter, change.requested, change.used) for change in changed] == [
        ("image", "64x64", "31x31")
    ]
    same, untouched = fit_images([PNG], ImageField("image"))
    assert (same, untouched) == ((PNG,), [])


def test_a_run_nobody_waits_for_is_cancelled(seeded_world: World, upstream: Upstream) -> None:
    seeded_world.at("fal", upstream.base)
    seeded_world.seconds = 2
    links = {name: f"{upstream.base}/q/{name}" for name in ("status_url", "response_url", "cancel_url")}
    upstream.on("POST", "/q/", says(200, links))
    upstream.on("GET", "/q/status_url", says(202, {"status": "IN_QUEUE"}))
    upstream.on("PUT", "/q/cancel_url", says(202, {"status": "CANCELLATION_REQUESTED"}))
    with pytest.raises(DeadlineExceeded):
        seeded_world.ask(model="fal/qwen-image")
    assert len(upstream.calls("PUT")) == 1


def test_a_wrong_parameter_is_no_moderation(seeded_world: World, upstream: Upstream) -> None:
    seeded_world.at("replicate", upstream.base)
    upstream.on("POST", "/r/", says(422, {"detail": "input.disable_safety_checker: not a boolean"}))
    with pytest.raises(ProviderRejected):
        seeded_world.ask(model="replicate/flux.1-dev")
