"""Providers that take a task: submitted once, polled until its end, cancelled when nobody waits any more."""

from base64 import b64decode
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from app.gateway.errors import AllProvidersFailed, ContentPolicy, DeadlineExceeded
from app.gateway.providers.cloudflare import Cloudflare
from app.gateway.providers.comfy import Comfy
from app.gateway.providers.dashscope import DashScope
from app.gateway.providers.inference_sh import InferenceSh
from app.gateway.providers.leonardo import Leonardo
from app.gateway.providers.luma import Luma, LumaAgents
from app.gateway.providers.muapi import MuApi
from app.gateway.providers.piapi import PiApi
from app.gateway.providers.runway import Runway
from app.gateway.providers.tasks import TaskProvider
from app.gateway.providers.wavespeed import WaveSpeed
from tests.factories import hole, picture_bytes, read_catalogue
from tests.gateway.test_providers_words import at
from tests.gateway.upstream import Upstream, coded, says, sends
from tests.gateway.world import World

PNG = picture_bytes(1)
TASKS: dict[str, tuple[type[TaskProvider], str, Any, str, Any, Any, Any]] = {
    "luma": (
        Luma,
        "luma/luma-photon",
        {"id": "g-1", "state": "queued"},
        "/generations/g-1",
        {"id": "g-1", "state": "dreaming"},
        {"state": "completed", "assets": {"image": "LINK"}},
        {"state": "failed", "failure_reason": "Content moderation failed"},
    ),
    "luma-agents": (
        LumaAgents,
        "luma-agents/luma-uni-1.1",
        {"id": "g-1", "state": "queued"},
        "/generations/g-1",
        {"id": "g-1", "state": "processing"},
        {"state": "completed", "output": [{"type": "image", "url": "LINK"}]},
        {"state": "failed", "failure_code": "content_moderated"},
    ),
    "wavespeed": (
        WaveSpeed,
        "wavespeed/dreamina-3.1",
        {"data": {"id": "g-1", "status": "created", "urls": {"get": "BASE/predictions/g-1/result"}}},
        "/predictions/g-1/result",
        {"data": {"status": "processing"}},
        {"data": {"status": "completed", "outputs": ["LINK"], "has_nsfw_contents": [False]}},
        {"data": {"status": "completed", "outputs": ["LINK"], "has_nsfw_contents": [True]}},
    ),
    "muapi": (
        MuApi,
        "muapi/lucid-origin",
        {"request_id": "g-1", "status": "processing"},
        "/predictions/g-1/result",
        {"status": "processing"},
        {"status": "completed", "outputs": ["LINK"]},
        {"status": "failed", "error": "NSFW content"},
    ),
    "runway": (
        Runway,
        "runway/runway-gen-4-image",
        {"id": "g-1"},
        "/tasks/g-1",
        {"id": "g-1", "status": "THROTTLED"},
        {"id": "g-1", "status": "SUCCEEDED", "output": ["LINK"]},
        {"id": "g-1", "status": "FAILED", "failureCode": "SAFETY.INPUT.TEXT"},
    ),
    "inference.sh": (
        InferenceSh,
        "inference.sh/krea-2-large",
        {"data": {"id": "g-1", "status": 2}},
        "/tasks/g-1",
        {"data": {"id": "g-1", "status": 7}},
        {"data": {"id": "g-1", "status": 10, "output": {"images": [{"uri": "LINK"}]}}},
        {"data": {"id": "g-1", "status": 11, "error": "prompt violates the policy"}},
    ),
    "leonardo": (
        Leonardo,
        "leonardo/phoenix-1.0",
        {"sdGenerationJob": {"generationId": "g-1"}},
        "/v1/generations/g-1",
        {"generations_by_pk": {"status": "PENDING"}},
        {"generations_by_pk": {"status": "COMPLETE", "generated_images": [{"url": "LINK"}]}},
        None,
    ),
    "piapi": (
        PiApi,
        "piapi/minimax-image-01",
        {"data": {"task_id": "g-1", "status": "pending"}},
        "/task/g-1",
        {"data": {"task_id": "g-1", "status": "processing"}},
        {"data": {"status": "completed", "output": {"image_urls": ["LINK"]}}},
        {"data": {"status": "failed", "error": {"message": "sensitive content"}}},
    ),
    "dashscope": (
        DashScope,
        "dashscope/wan2.2-t2i-plus",
        {"output": {"task_id": "g-1", "task_status": "PENDING"}},
        "/tasks/g-1",
        {"output": {"task_status": "RUNNING"}},
        {"output": {"task_status": "SUCCEEDED", "results": [{"url": "LINK"}]}},
        {"output": {"task_status": "FAILED", "code": "DataInspectionFailed"}},
    ),
}
CANCELLING = {"runway": "DELETE", "inference.sh": "POST"}


def filled(answer: Any, base: str) -> Any:
    """Replace the stand-ins for addresses, wherever they stand."""
    if isinstance(answer, dict):
        return {name: filled(value, base) for name, value in answer.items()}
    if isinstance(answer, list):
        return [filled(value, base) for value in answer]
    return answer.replace("LINK", f"{base}/1.png").replace("BASE", base) if isinstance(answer, str) else answer


def prepare(world: World, upstream: Upstream, name: str, *looks: Any) -> str:
    """Set up a provider whose task answers these looks in turn; return the model to ask for."""
    kind, model, submitted, path, *_ = TASKS[name]
    at(world, kind, upstream.base)
    upstream.on("POST", "/", says(200, filled(submitted, upstream.base)))
    upstream.on("GET", path, *(says(200, filled(look, upstream.base)) for look in looks))
    upstream.on("GET", "/1.png", sends(PNG))
    return model


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_polled_to_its_image(seeded_world: World, upstream: Upstream, name: str) -> None:
    running, done = TASKS[name][4:6]
    model = prepare(seeded_world, upstream, name, running, running, done)
    made = seeded_world.ask(model=model)
    assert made.provider == TASKS[name][0].slug
    assert len(upstream.calls("POST")) == 1, "a task is submitted once"
    assert len([call for call in upstream.calls("GET") if call.path == TASKS[name][3]]) == 3


def test_a_fraction_of_a_contract_is_sent_as_a_number(seeded_world: World, upstream: Upstream) -> None:
    model = prepare(seeded_world, upstream, "leonardo", *TASKS["leonardo"][5:6])
    seeded_world.ask(model=model)
    assert upstream.calls("POST")[0].json()["contrast"] == 3.5


@pytest.mark.parametrize("name", [name for name, case in TASKS.items() if case[6] is not None])
def test_a_refused_task_is_a_matter_of_content(seeded_world: World, upstream: Upstream, name: str) -> None:
    model = prepare(seeded_world, upstream, name, TASKS[name][6])
    with pytest.raises(ContentPolicy):
        seeded_world.ask(model=model)


@pytest.mark.parametrize("name", TASKS)
def test_every_state_that_ends_a_task_ends_it(seeded_world: World, upstream: Upstream, name: str) -> None:
    """A state nobody knows to be the last would be polled until the deadline."""
    slug = TASKS[name][0].slug
    failed = sorted(
        {state for one in read_catalogue().contracts if one.provider == slug for state in one.replies.failed}
    )
    assert failed
    state = TASKS[name][0].api.state.split(".")
    for word in failed:
        look: Any = word
        for part in reversed(state):
            look = {part: look}
        model = prepare(seeded_world, upstream, name, look)
        with pytest.raises(AllProvidersFailed):
            seeded_world.ask(model=model)


@pytest.mark.parametrize("name", CANCELLING)
def test_a_task_nobody_waits_for_is_cancelled(seeded_world: World, upstream: Upstream, name: str) -> None:
    model = prepare(seeded_world, upstream, name, TASKS[name][4])
    upstream.on("DELETE", "/tasks/g-1", says(200, {}))
    upstream.on("POST", "/tasks/g-1/cancel", says(200, {}))
    seeded_world.seconds = 2
    with pytest.raises(DeadlineExceeded):
        seeded_world.ask(model=model)
    stopped = [call for call in upstream.asked if call.method == CANCELLING[name] and "g-1" in call.path]
    assert len(stopped) == 1


def test_a_prediction_of_replicate_is_cancelled(seeded_world: World, upstream: Upstream) -> None:
    seeded_world.at("replicate", upstream.base)
    seeded_world.seconds = 2
    links = {"get": f"{upstream.base}/r/p/1", "cancel": f"{upstream.base}/r/p/1/cancel"}
    upstream.on("POST", "/r/models/", says(201, {"id": "1", "status": "starting", "urls": links}))
    upstream.on("GET", "/r/p/1", says(200, {"id": "1", "status": "processing", "urls": links}))
    upstream.on("POST", "/r/p/1/cancel", says(200, {"id": "1", "status": "canceled"}))
    with pytest.raises(DeadlineExceeded):
        seeded_world.ask(model="replicate/flux.1-dev")
    assert [call.path for call in upstream.calls("POST")][-1] == "/r/p/1/cancel"


@pytest.mark.parametrize(
    ("model", "answer"),
    [
        ("comfy/flux.2-pro", {"id": "1", "status": "Ready", "result": {"sample": "LINK"}}),
        ("comfy/ideogram-v4", {"created": "now", "data": [{"url": "LINK", "is_image_safe": True}]}),
        ("comfy/krea-3", {"status": "completed", "result": {"urls": ["LINK"]}}),
        ("comfy/kling-image-o1", {"data": {"task_result": {"images": [{"index": 0, "url": "LINK"}]}}}),
        (
            "comfy/qwen-image-3.0-pro",
            {"output": {"choices": [{"message": {"content": [{"image": "LINK"}]}}]}},
        ),
        ("comfy/stable-image-ultra", {"finish_reason": "SUCCESS", "image": "LINK", "seed": 1}),
    ],
)
def test_comfy_answers_in_each_makers_words(
    seeded_world: World, upstream: Upstream, model: str, answer: dict[str, Any]
) -> None:
    at(seeded_world, Comfy, upstream.base)
    upstream.on("POST", "/models/", says(200, filled(answer, upstream.base)))
    upstream.on("GET", "/1.png", sends(PNG))
    assert seeded_world.ask(model=model).provider == "comfy"


def test_cloudflare_answers_with_bytes_or_base64(seeded_world: World, upstream: Upstream) -> None:
    at(seeded_world, Cloudflare, upstream.base)
    upstream.on("POST", "/run/@cf/leonardo/phoenix-1.0", sends(PNG))
    upstream.on(
        "POST", "/run/@cf/leonardo/lucid-origin", says(200, {"result": {"image": coded(PNG)}, "success": True})
    )
    for model in ("cloudflare/phoenix-1.0", "cloudflare/lucid-origin"):
        assert seeded_world.ask(model=model).provider == "cloudflare"


@pytest.mark.parametrize(
    "answer",
    [
        {"state": "Completed", "result": {"images": ["BASE/1.png"]}, "gatewayMetadata": {"keySource": "Unified"}},
        {"success": True, "result": {"state": "Completed", "result": {"images": ["BASE/1.png"]}}},
        {"success": True, "result": {"image": "BASE/1.png"}},
    ],
)
def test_cloudflare_answers_for_third_parties(seeded_world: World, upstream: Upstream, answer: Any) -> None:
    at(seeded_world, Cloudflare, upstream.base)
    upstream.on("POST", "/run", says(200, filled(answer, upstream.base)))
    upstream.on("GET", "/1.png", sends(PNG))
    made = seeded_world.ask(model="cloudflare/seedream-5.0-pro", size="1536x864", strict=True)
    assert upstream.calls()[0].json() == {
        "model": "bytedance/seedream-5-pro",
        "input": {"prompt": "a red cube", "size": "1536x864"},
    }
    assert made.drawn[0].picture.data == PNG


def test_cloudflare_edits_for_third_parties(seeded_world: World, upstream: Upstream) -> None:
    at(seeded_world, Cloudflare, upstream.base)
    answer = {"state": "Completed", "result": {"images": ["BASE/1.png"]}}
    upstream.on("POST", "/run", says(200, filled(answer, upstream.base)))
    upstream.on("GET", "/1.png", sends(PNG))
    seeded_world.ask(operation="edit", model="cloudflare/seedream-5.0-pro", images=(PNG,), seed="7")
    sent = upstream.calls()[0].json()
    assert sorted(sent["input"]) == ["image", "prompt"]
    assert sent["input"]["image"][0].startswith("data:image/png;base64,")


def opened(coded_image: str) -> Image.Image:
    return Image.open(BytesIO(b64decode(coded_image)))


def test_comfy_edits_by_kling_and_bria(seeded_world: World, upstream: Upstream) -> None:
    at(seeded_world, Comfy, upstream.base)
    kling = {"data": {"task_result": {"images": [{"url": "BASE/1.png"}]}}}
    upstream.on("POST", "/models/kling/kling-image-o1", says(200, filled(kling, upstream.base)))
    bria = {"status": "COMPLETED", "result": {"image_url": "BASE/1.png"}}
    upstream.on("POST", "/models/bria/fibo", says(200, filled(bria, upstream.base)))
    upstream.on("GET", "/1.png", sends(PNG))
    seeded_world.ask(operation="edit", model="comfy/kling-image-o1", images=(PNG,))
    assert opened(upstream.calls()[0].json()["image_list"][0]["image"]).size == (64, 64)
    seeded_world.ask(operation="edit", model="comfy/bria-fibo", images=(PNG,), mask=hole(), steps=30)
    sent = next(call.json() for call in upstream.calls() if "bria" in call.path)
    assert (sent["instruction"], len(sent["images"]), sent["steps_num"]) == ("a red cube", 1, 30)
    assert opened(sent["mask"]).convert("L").getextrema() == (0, 255)
