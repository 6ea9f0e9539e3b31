"""Everything a provider can do wrong: each ends in the documented error, in time, and without the key."""

import logging
import resource
import socket
import time

import pytest
from sqlalchemy import select

from app.gateway import errors
from app.gateway.tables import GenerationRow
from tests.factories import picture_bytes
from tests.gateway import upstream as up
from tests.gateway.upstream import Answerer, Handler, Upstream, coded, says, sends
from tests.gateway.world import CANARY, World

PNG = picture_bytes(1)
SECONDS = 1.0
GENERATIONS = "/v1/images/generations"


def echo_key(status: int) -> Answerer:
    """As providers do: the key comes back inside the message."""

    def answer(handler: Handler) -> None:
        text = f"Incorrect API key provided: {handler.headers['authorization']}"
        says(status, {"error": {"message": text, "param": CANARY}})(handler)

    return answer


def error_code(status: int, code: str) -> Answerer:
    return says(status, {"error": {"message": f"refused {CANARY}", "code": code}})


BEHAVIOURS: dict[str, tuple[Answerer, str]] = {
    "reset": (up.reset, "all_providers_failed"),
    "429 with Retry-After": (says(429, {}, {"retry-after": "7"}), "rate_limited"),
    "429 without": (says(429, {}), "rate_limited"),
    "500": (echo_key(500), "all_providers_failed"),
    "HTML 502": (up.html(502), "all_providers_failed"),
    "HTML 200": (up.html(200), "all_providers_failed"),
    "garbage": (up.garbage, "all_providers_failed"),
    "short body": (up.short_body, "all_providers_failed"),
    "slow headers": (up.drip_headers, "deadline_exceeded"),
    "slow body": (up.drip_body, "deadline_exceeded"),
    "gzip bomb": (up.gzip_bomb, "all_providers_failed"),
    "endless body": (up.endless, "all_providers_failed"),
    "moderation": (error_code(400, "moderation_blocked"), "content_policy_violation"),
    "bad parameter": (echo_key(400), "provider_rejected"),
    "bad key": (echo_key(401), "provider_unavailable"),
    "unpaid": (error_code(429, "insufficient_quota"), "provider_unavailable"),
    "unknown model": (says(404, {}), "provider_unavailable"),
    "unknown model by a code": (error_code(400, "model_not_found"), "provider_unavailable"),
    "redirect": (says(302, {}, {"location": "http://127.0.0.1/"}), "all_providers_failed"),
    "no image": (says(200, {"created": 1, "data": []}), "all_providers_failed"),
    "wrong shape": (says(200, {"data": {"b64_json": 5}}), "all_providers_failed"),
    "a list": (says(200, [1, 2]), "all_providers_failed"),
    "deep nesting": (sends(b"[" * 200_000, "application/json"), "all_providers_failed"),
    "no base64": (says(200, {"data": [{"b64_json": "%%%"}]}), "all_providers_failed"),
    "wrong bytes": (says(200, {"data": [{"b64_json": coded(b"%PDF-1.7")}]}), "all_providers_failed"),
    "a drawing": (says(200, {"data": [{"b64_json": coded(b"<svg></svg>")}]}), "provider_rejected"),
    "half an image": (says(200, {"data": [{"b64_json": coded(PNG[: len(PNG) // 2])}]}), "all_providers_failed"),
    "dead link": (says(200, {"data": [{"url": "BASE/gone.png"}]}), "all_providers_failed"),
    "no link": (says(200, {"data": [{"url": "http://["}]}), "all_providers_failed"),
    "file link": (says(200, {"data": [{"url": "file:///etc/passwd"}]}), "all_providers_failed"),
    "link elsewhere": (says(200, {"data": [{"url": "http://10.0.0.1/x.png"}]}), "all_providers_failed"),
}


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_every_failure_is_an_error_of_ours(
    world: World, upstream: Upstream, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answerer, code = BEHAVIOURS[name]
    world.at("openai", upstream.base)
    world.seconds = SECONDS if name.startswith("slow") else 10
    upstream.on("POST", GENERATIONS, answerer)
    started = time.monotonic()
    with pytest.raises(errors.GatewayError) as caught:
        world.ask(model="brush-1")
    assert caught.value.code == code
    assert time.monotonic() - started < world.seconds + 10  # a drip goes on for minutes
    assert CANARY not in f"{caught.value!r} {caught.value} {vars(caught.value)} {caplog.text}"
    with world.database.reading() as session:
        row = session.scalars(select(GenerationRow)).one()
    assert (row.outcome, row.images, row.cost_micros) == (code, 0, 0)
    assert CANARY not in str(row.attempts)


def test_a_model_that_the_provider_has_not_is_said_so(world: World, upstream: Upstream) -> None:
    """The account is not to blame, and the provider's other models are not rested."""
    world.at("openai", upstream.base)
    upstream.on("POST", GENERATIONS, error_code(400, "model_not_found"))
    with pytest.raises(errors.ProviderUnavailable, match="no such model"):
        world.ask(model="brush-1")
    upstream.on("POST", GENERATIONS, says(200, {"data": [{"b64_json": coded(PNG)}]}))
    assert world.ask(model="brush-1").drawn


def test_refused_connections(world: World) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        world.at("openai", f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(errors.AllProvidersFailed, match="unavailable"):
            world.ask(model="brush-1")


def test_a_name_that_is_none(world: World) -> None:
    def nowhere(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    world.client = type(world.client)(resolve=nowhere)
    world.at("openai", "http://no-such-host.invalid")
    with pytest.raises(errors.AllProvidersFailed):
        world.ask(model="brush-1")


@pytest.mark.parametrize("answerer", [up.gzip_bomb, up.endless])
def test_memory_stays_bounded(world: World, upstream: Upstream, answerer: Answerer) -> None:
    world.at("openai", upstream.base)
    upstream.on("POST", GENERATIONS, answerer)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(errors.AllProvidersFailed):
        world.ask(model="brush-1")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


def test_retry_after_is_passed_on_but_never_above_a_minute(world: World, upstream: Upstream) -> None:
    world.at("openai", upstream.base)
    upstream.on("POST", GENERATIONS, says(429, {}, {"retry-after": "7"}))
    with pytest.raises(errors.RateLimited) as caught:
        world.ask(model="brush-1")
    assert caught.value.retry_after == 7
    upstream.on("POST", GENERATIONS, says(429, {}, {"retry-after": "86400"}))
    with pytest.raises(errors.RateLimited) as caught:
        world.ask(model="brush-1")
    assert caught.value.retry_after == 60


def test_a_refused_parameter_is_named_when_it_is_the_callers(world: World, upstream: Upstream) -> None:
    world.at("openai", upstream.base)
    upstream.on("POST", GENERATIONS, says(400, {"error": {"message": "no", "param": "style"}}))
    with pytest.raises(errors.ProviderRejected) as caught:
        world.ask(model="brush-1", style="odd")
    assert caught.value.param == "style"


def replicate_says(**prediction: object) -> Answerer:
    return says(201, prediction)


def fal_refuses(kind: str) -> Answerer:
    return says(422, {"detail": [{"loc": ["body"], "type": kind}]})


def candidate(reason: str) -> Answerer:
    return says(200, {"candidates": [{"finishReason": reason}]})


ELSEWHERE = {"get": "https://evil.example/"}
BAD_KEY = says(400, {"error": {"details": [{"reason": "API_KEY_INVALID"}]}})
OWN_WAYS: list[tuple[str, Answerer, str]] = [
    ("replicate", replicate_says(status="failed", error="NSFW content"), "content_policy_violation"),
    ("replicate", replicate_says(status="failed", error=f"CUDA {CANARY}"), "all_providers_failed"),
    ("replicate", replicate_says(status="canceled"), "all_providers_failed"),
    ("replicate", replicate_says(status="succeeded", output=None), "all_providers_failed"),
    ("replicate", says(422, {"title": "bad", "detail": CANARY}), "provider_rejected"),
    ("replicate", replicate_says(status="starting", urls=ELSEWHERE), "all_providers_failed"),
    ("replicate", replicate_says(status="starting"), "all_providers_failed"),
    ("replicate", up.html(502), "all_providers_failed"),
    ("fal", fal_refuses("content_policy_violation"), "content_policy_violation"),
    ("fal", fal_refuses("missing"), "provider_rejected"),
    ("fal", says(200, {"status_url": "http://127.0.0.1:9/x"}), "all_providers_failed"),
    ("fal", up.short_body, "all_providers_failed"),
    ("gemini", says(200, {"promptFeedback": {"blockReason": "SAFETY"}}), "content_policy_violation"),
    ("gemini", candidate("NO_IMAGE"), "all_providers_failed"),
    ("gemini", candidate("PROHIBITED_CONTENT"), "content_policy_violation"),
    ("gemini", BAD_KEY, "provider_unavailable"),
    ("gemini", up.drip_body, "deadline_exceeded"),
]
PLACES = {"replicate": ("/r/", "brush-1"), "fal": ("/q/", "strip-1"), "gemini": ("/g/", "strip-1")}


@pytest.mark.parametrize(("slug", "answer", "code"), OWN_WAYS)
def test_each_providers_own_ways_to_fail(
    world: World, upstream: Upstream, slug: str, answer: Answerer, code: str
) -> None:
    path, model = PLACES[slug]
    world.at(slug, upstream.base)
    world.seconds = SECONDS if answer is up.drip_body else 10
    upstream.on("POST", path, answer)
    with pytest.raises(errors.GatewayError) as caught:
        world.ask(model=model)
    assert caught.value.code == code
    assert CANARY not in str(caught.value)


def test_a_prediction_nobody_waits_for_is_cancelled(world: World, upstream: Upstream) -> None:
    world.at("replicate", upstream.base)
    world.seconds = 4
    links = {name: f"{upstream.base}/r/predictions/x/{name}" for name in ("get", "cancel")}
    running = {"status": "processing", "urls": links}
    upstream.on("POST", "/r/models/", says(201, running))
    upstream.on("GET", "/r/predictions/x/get", says(200, running))
    upstream.on("POST", "/r/predictions/x/cancel", says(200, {}))
    with pytest.raises(errors.DeadlineExceeded):
        world.ask(model="replicate/brush-1")
    assert upstream.calls()[-1].path == "/r/predictions/x/cancel"


def test_a_fal_run_that_never_ends(world: World, upstream: Upstream) -> None:
    world.at("fal", upstream.base)
    world.seconds = SECONDS
    upstream.on("POST", "/q/", says(200, {"status_url": f"{upstream.base}/q/s"}))
    upstream.on("GET", "/q/s", says(202, {"status": "IN_PROGRESS"}))
    with pytest.raises(errors.DeadlineExceeded):
        world.ask(model="strip-1")
