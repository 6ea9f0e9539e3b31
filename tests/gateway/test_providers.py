"""What goes over the wire to each provider, and what is made of its answers."""

import base64
import random
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from app.gateway.attempts import split
from app.gateway.errors import AllProvidersFailed, ContentPolicy
from app.gateway.images import decode
from app.gateway.providers.base import Usage, data_url
from app.gateway.transport import Client
from tests.factories import hole, picture_bytes
from tests.gateway.upstream import Upstream, coded, says, sends
from tests.gateway.world import CANARY, World

PNG = picture_bytes(1)
JPEG = picture_bytes(2, format_="JPEG")


def openai_answer(*images: bytes, **more: Any) -> dict[str, Any]:
    return {"created": 1, "data": [{"b64_json": coded(image)} for image in images], **more}


def test_openai_generation(world: World, upstream: Upstream) -> None:
    world.at("openai", upstream.base)
    upstream.on("POST", "/v1/images/generations", says(200, openai_answer(PNG, JPEG)))
    made = world.ask(model="brush-1", n=2, size="512x512", quality="standard", style="odd", nested={"a": [1]})
    sent = upstream.calls()[0]
    assert sent.headers["authorization"] == f"Bearer {CANARY}"
    assert sent.json() == {
        "model": "brush-1",
        "prompt": "a red cube",
        "n": 2,
        "size": "512x512",
        "response_format": "b64_json",
        "quality": "standard",
        "style": "odd",
        "nested": {"a": [1]},
    }
    assert [drawn.picture.format for drawn in made.drawn] == ["png", "jpeg"]
    assert made.drawn[0].picture.data == PNG
    assert made.cost_micros == 40_000


def test_openai_gpt_image_is_asked_in_its_own_words(world: World, upstream: Upstream) -> None:
    world.at("openai", upstream.base)
    usage = {
        "output_tokens": 1000,
        "input_tokens": 60,
        "input_tokens_details": {"text_tokens": 10, "image_tokens": 50},
    }
    upstream.on("POST", "/v1/images/generations", says(200, openai_answer(JPEG, usage=usage)))
    made = world.ask(model="gpt-image-9", size="1010x1010", output_format="jpeg")
    assert upstream.calls()[0].json() == {
        "model": "gpt-image-9",
        "prompt": "a red cube",
        "size": "1008x1008",
        "output_format": "jpeg",
    }
    assert made.cost_micros == 1000 * 40 + 10 * 5 + 50 * 10
    assert [change.used for change in made.adjustments] == ["1008x1008", "64x64"]
    assert (made.linked, made.inline) == (True, True), (
        "ids of gpt-image get base64, too, unless a link is asked for"
    )
    assert made.usage == Usage(1000, 10, 50)


def test_openai_edit_sends_files_and_mask(world: World, upstream: Upstream) -> None:
    world.at("openai", upstream.base)
    upstream.on("POST", "/v1/images/edits", says(200, openai_answer(PNG)))
    world.ask(operation="edit", model="gpt-image-9", images=(PNG, JPEG), mask=hole(), n=1, background="opaque")
    body = upstream.calls()[0].body
    assert body.count(b'name="image[]"') == 2
    assert body.count(b'name="mask"') == 1
    assert b"image/png" in body
    assert b"image/jpeg" in body
    assert b'name="background"\r\n\r\nopaque' in body


def test_one_image_is_named_image(world: World, upstream: Upstream) -> None:
    world.at("openai", upstream.base)
    upstream.on("POST", "/v1/images/variations", says(200, openai_answer(PNG)))
    made = world.ask(operation="variation", model="brush-1", images=(JPEG,))
    body = upstream.calls()[0].body
    assert body.count(b'name="image"') == 1
    assert b'name="model"\r\n\r\nbrush-1' in body
    assert made.provider == "openai"


def test_openai_links_are_fetched(world: World, upstream: Upstream) -> None:
    world.at("openai", upstream.base)
    answer = {"data": [{"url": f"{upstream.base}/out.png", "revised_prompt": "a very red cube"}]}
    upstream.on("POST", "/v1/images/generations", says(200, answer))
    upstream.on("GET", "/out.png", sends(PNG, "text/plain"))
    made = world.ask(model="brush-1")
    assert made.drawn[0].picture.data == PNG
    assert made.drawn[0].picture.revised_prompt == "a very red cube"
    assert "authorization" not in upstream.calls("GET")[0].headers


def test_replicate_waits_then_polls(world: World, upstream: Upstream) -> None:
    world.client = Client(sleep=lambda _seconds: None)
    world.at("replicate", upstream.base)
    prediction = {"id": "x", "status": "starting", "urls": {"get": f"{upstream.base}/r/predictions/x"}}
    done = {**prediction, "status": "succeeded", "output": [f"{upstream.base}/1.png"]}
    upstream.on("POST", "/r/models/acme/brush-1/predictions", says(201, prediction))
    upstream.on("GET", "/r/predictions/x", says(200, {**prediction, "status": "processing"}), says(200, done))
    upstream.on("GET", "/1.png", sends(PNG))
    made = world.ask(model="replicate/brush-1", seed=7)
    sent = upstream.calls()[0]
    assert sent.headers["prefer"].startswith("wait=")
    assert sent.headers["authorization"] == f"Bearer {CANARY}"
    assert sent.json() == {"input": {"prompt": "a red cube", "seed": 7}}
    assert made.provider == "replicate"
    assert made.cost_micros == 15_000
    assert "authorization" not in upstream.calls("GET")[-1].headers


def test_replicate_answers_within_the_wait(world: World, upstream: Upstream) -> None:
    world.at("replicate", upstream.base)
    output = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    upstream.on("POST", "/r/models/", says(201, {"status": "succeeded", "output": output}))
    assert world.ask(model="replicate/brush-1").drawn[0].picture.data == PNG


def test_replicate_gets_a_large_picture_as_a_file_and_a_small_one_as_a_data_url(
    seeded_world: World, upstream: Upstream
) -> None:
    """Its data URLs hold 256 kB (replicate.com/docs/topics/predictions/input-files)."""
    seeded_world.at("replicate", upstream.base)
    large = noise()
    at = "https://api.replicate.com/v1/files/abc"
    upstream.on("POST", "/r/files", says(201, {"id": "abc", "urls": {"get": at}}))
    upstream.on("POST", "/r/models/", says(201, {"status": "succeeded", "output": data_url(PNG, "image/png")}))
    seeded_world.ask(operation="edit", model="replicate/flux.2-pro", images=(large, PNG))
    upload, run = upstream.calls()
    assert (upload.path, upload.headers["authorization"]) == ("/r/files", f"Bearer {CANARY}")
    assert b'name="content"; filename="image.png"' in upload.body
    sent = upload.body.partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0]
    assert decode(sent).tobytes() == decode(large).tobytes()
    first, second = run.json()["input"]["input_images"]
    assert (first, second[:22]) == (at, "data:image/png;base64,")


@pytest.mark.parametrize("answer", [{}, {"urls": None}, {"urls": {"get": 3}}])
def test_an_upload_without_a_link_is_no_picture(
    seeded_world: World, upstream: Upstream, answer: dict[str, Any]
) -> None:
    seeded_world.at("replicate", upstream.base)
    upstream.on("POST", "/r/files", says(201, answer))
    with pytest.raises(AllProvidersFailed):
        seeded_world.ask(operation="edit", model="replicate/flux.2-pro", images=(noise(),))
    assert [one.path for one in upstream.calls()] == ["/r/files"], "no run is asked for that nobody could read"


def noise() -> bytes:
    """A picture that no encoder makes smaller than a data URL may be."""
    file = BytesIO()
    Image.frombytes("RGB", (400, 300), random.Random(1).randbytes(360_000)).save(file, "PNG")
    return file.getvalue()


def test_fal_queue_follows_the_links_it_is_given(world: World, upstream: Upstream) -> None:
    world.client = Client(sleep=lambda _seconds: None)
    world.at("fal", upstream.base)
    links = {name: f"{upstream.base}/q/odd/{name}" for name in ("status_url", "response_url", "cancel_url")}
    upstream.on("POST", "/q/acme/strip", says(200, {"request_id": "x", **links}))
    upstream.on(
        "GET",
        "/q/odd/status_url",
        says(202, {"status": "IN_QUEUE", "queue_position": 1}),
        says(202, {"status": "IN_PROGRESS"}),
        says(200, {"status": "COMPLETED"}),
    )
    upstream.on(
        "GET", "/q/odd/response_url", says(200, {"images": [{"url": f"{upstream.base}/1.png"}], "seed": 1})
    )
    upstream.on("GET", "/1.png", sends(PNG))
    made = world.ask(model="strip-1", aspect_ratio="7:1", resolution="2K")
    sent = upstream.calls()[0]
    assert sent.headers["authorization"] == f"Key {CANARY}"
    assert sent.json() == {"prompt": "a red cube", "aspect_ratio": "8:1", "resolution": "2K"}
    assert made.provider == "fal"


def test_fal_marks_what_it_hides(world: World, upstream: Upstream) -> None:
    world.at("fal", upstream.base)
    links = {name: f"{upstream.base}/q/{name}" for name in ("status_url", "response_url")}
    result = {"images": [{"url": f"{upstream.base}/black.png"}], "has_nsfw_concepts": [True]}
    upstream.on("POST", "/q/acme/strip", says(200, links))
    upstream.on("GET", "/q/status_url", says(200, {"status": "COMPLETED"}))
    upstream.on("GET", "/q/response_url", says(200, result))
    with pytest.raises(ContentPolicy):
        world.ask(model="strip-1")


@pytest.mark.parametrize(
    ("kind", "error"), [("content_policy_violation", ContentPolicy), ("internal_server_error", AllProvidersFailed)]
)
def test_fal_ends_a_run_in_an_error_of_a_kind(
    seeded_world: World, upstream: Upstream, kind: str, error: type[Exception]
) -> None:
    seeded_world.at("fal", upstream.base)
    links = {name: f"{upstream.base}/q/{name}" for name in ("status_url", "response_url")}
    upstream.on("POST", "/q/", says(200, links))
    upstream.on("GET", "/q/status_url", says(200, {"status": "COMPLETED", "error": "no", "error_type": kind}))
    with pytest.raises(error):
        seeded_world.ask(model="fal/cogview4")
    assert [one.path for one in upstream.calls("GET")] == ["/q/status_url"], "there is no result to be read"


def test_gemini_counts_what_was_thought_and_shown(world: World, upstream: Upstream) -> None:
    world.at("gemini", upstream.base)
    part = {"inlineData": {"mimeType": "image/png", "data": coded(PNG)}}
    told = {
        "promptTokenCount": 300,
        "candidatesTokenCount": 1290,
        "thoughtsTokenCount": 10,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 42},
            {"modality": "IMAGE", "tokenCount": 258},
        ],
    }
    answer = {"candidates": [{"content": {"parts": [part]}}], "usageMetadata": told}
    upstream.on("POST", "/g/models/strip-1:generateContent", says(200, answer))
    assert world.ask(model="strip-1").usage == Usage(1300, 42, 258)


def test_gemini_content(world: World, upstream: Upstream) -> None:
    world.at("gemini", upstream.base)
    part = {"inlineData": {"mimeType": "image/png", "data": coded(PNG)}}
    answer = {"candidates": [{"content": {"parts": [{"text": "Here."}, part]}, "finishReason": "STOP"}]}
    upstream.on("POST", "/g/models/strip-1:generateContent", says(200, answer))
    made = world.ask(model="strip-1", aspect_ratio="4:1", resolution="2K")
    sent = upstream.calls()[0]
    assert sent.headers["x-goog-api-key"] == CANARY
    assert CANARY not in sent.path
    assert sent.json() == {
        "contents": [{"role": "user", "parts": [{"text": "a red cube"}]}],
        "generationConfig": {
            "responseModalities": ["IMAGE", "TEXT"],
            "imageConfig": {"aspectRatio": "4:1", "imageSize": "2K"},
        },
    }
    assert made.cost_micros == 80_000


def test_imagen_predictions(world: World, upstream: Upstream) -> None:
    world.at("gemini", upstream.base)
    predictions = [{"bytesBase64Encoded": coded(image), "mimeType": "image/png"} for image in (PNG, PNG, JPEG)]
    upstream.on("POST", "/g/models/imagen-1:predict", says(200, {"predictions": predictions}))
    made = world.ask(model="imagen-1", n=3, size="1280x720")
    assert upstream.calls()[0].json() == {
        "instances": [{"prompt": "a red cube"}],
        "parameters": {"sampleCount": 3, "aspectRatio": "16:9"},
    }
    assert len(made.drawn) == 3
    assert made.cost_micros is None, "no price is known"


def test_an_imagen_that_leaves_everything_out_was_moderated(world: World, upstream: Upstream) -> None:
    world.at("gemini", upstream.base)
    filtered = says(200, {"predictions": [{"raiFilteredReason": "unsafe"}]})
    upstream.on("POST", "/g/models/imagen-1:predict", filtered)
    with pytest.raises(ContentPolicy):
        world.ask(model="imagen-1")


def test_the_painter_paints_its_own_models(world: World) -> None:
    world.at("painter", "")
    made = world.ask(model="poster-pro", size="512x256", seed=3, n=2)
    again = world.ask(model="poster-pro", size="512x256", seed=3)
    assert [drawn.picture.size for drawn in made.drawn] == [(512, 256)] * 2
    assert made.drawn[0].picture.data == again.drawn[0].picture.data
    assert made.drawn[0].picture.data != made.drawn[1].picture.data
    assert (made.provider, made.model, made.cost_micros) == ("painter", "poster-pro", 48_000)


def test_what_the_painter_has_no_use_for_is_said(world: World) -> None:
    world.at("painter", "")
    made = world.ask(size="256x256", guidance=7)
    assert [(change.parameter, change.used) for change in made.adjustments] == [("guidance", None)]


@pytest.mark.parametrize(
    ("n", "most", "calls"), [(1, 1, [1]), (10, 4, [4, 3, 3]), (10, 10, [10]), (3, 1, [1, 1, 1])]
)
def test_images_are_shared_out_evenly(n: int, most: int, calls: list[int]) -> None:
    assert split(n, most) == calls
