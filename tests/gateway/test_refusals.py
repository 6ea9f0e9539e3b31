"""Whose fault a refused call is, in each provider's own words: the content's, the account's, or the request's."""

import base64
import json
from typing import Any

import pytest
from pydantic import SecretStr

from app.catalog.limits import Limits
from app.gateway.providers import OWN
from app.gateway.providers.base import ProviderError, ProviderRequest
from app.gateway.providers.fal import Fal
from app.gateway.providers.luma import Luma, LumaAgents
from app.gateway.providers.openai import ADDRESSES, OpenAI
from app.gateway.providers.tasks import TaskProvider, read_task
from app.gateway.transport import Client
from tests.factories import picture_bytes, read_catalogue
from tests.gateway.upstream import Upstream, says
from tests.gateway.world import CANARY

CONTRACTS = tuple(read_catalogue().contracts)
BLURRED = base64.b64encode(picture_bytes(1)).decode()
OPENAI = {"error": {"message": "No.", "type": "image_generation_user_error", "code": "moderation_blocked"}}
AS_TEXT = {"error": {"message": f"Error code: 400 - {OPENAI!r}", "type": None, "param": None, "code": "400"}}
ESCAPED = {"error": {"message": json.dumps(OPENAI), "code": 400}}
FLAGGED = {"error": {"code": 403, "message": "No.", "metadata": {"reasons": ["violence"], "flagged_input": "x"}}}
XAI = "Client specified an invalid argument"
NO_CREDITS = "Your team t-1 has either used all available credits or reached its monthly spending limit."
SUSPENDED = "Account x is suspended, possibly due to reaching the monthly spending limit."
UNVERIFIED = "Your organization must be verified to use the model `gpt-image-2`."
SENTENCES = (
    "The prompt could not be submitted. This prompt contains sensitive words that violate Google's practices.",
    "Unable to show generated images. All images were filtered out because they violated the usage guidelines.",
    "Image generation failed with the following error: The response is blocked, as it may violate our policies.",
    "This request has been blocked by our content filters. Please adjust your text prompt.",
    "Your request was rejected by the safety system. If you believe this is an error, contact us.",
    "Your request was rejected as a result of our safety system.",
)
"""What makers say of a refused prompt without a code, and others pass on."""
CASES: list[tuple[str, int, Any, str]] = [
    ("azure-ai", 400, {"error": {"code": "content_filter", "inner_error": {}}}, "moderated"),
    ("openai-compatible", 400, AS_TEXT, "moderated"),
    ("openai-compatible", 400, ESCAPED, "moderated"),
    ("openai-compatible", 400, {"error": {"message": "litellm.ContentPolicyViolationError: no"}}, "moderated"),
    ("openai-compatible", 400, {"error": {"message": "content_filter is no field"}}, "rejected"),
    ("openrouter", 403, FLAGGED, "moderated"),
    ("openrouter", 200, FLAGGED, "moderated"),
    ("openrouter", 403, {"error": {"code": 403, "message": "Key limit exceeded"}}, "account"),
    ("xai", 400, {"code": XAI, "error": "Generated image rejected by content moderation."}, "moderated"),
    ("xai", 403, {"code": "x", "error": "Content violates usage guidelines."}, "moderated"),
    ("xai", 400, {"code": XAI, "error": "Incorrect API key provided: xa***."}, "account"),
    ("xai", 400, {"code": XAI, "error": "Argument not supported: size"}, "rejected"),
    ("zai", 400, {"error": {"code": "1301", "message": "x"}}, "moderated"),
    ("zai", 429, {"error": {"code": "1113", "message": "x"}}, "account"),
    ("zai", 429, {"error": {"code": "1302", "message": "1301 calls a minute"}}, "rate_limited"),
    ("minimax", 200, {"base_resp": {"status_code": 1026, "status_msg": "x"}}, "moderated"),
    ("minimax", 422, {"error": {"message": "output new_sensitive (1027)"}}, "moderated"),
    ("minimax", 200, {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, "account"),
    ("dashscope", 400, {"code": "IPInfringementSuspect", "message": "x"}, "moderated"),
    ("dashscope", 400, {"error": {"code": "data_inspection_failed", "message": "x"}}, "moderated"),
    ("dashscope", 400, {"code": "Arrearage", "message": "x"}, "account"),
    ("dashscope", 200, {"code": "Arrearage", "message": "x"}, "account"),
    ("dashscope", 429, {"code": "Throttling.RateQuota", "message": "x"}, "rate_limited"),
    ("cloudflare", 400, {"errors": [{"message": "AiError: No", "code": 3030}], "success": False}, "moderated"),
    ("cloudflare", 400, {"errors": [{"message": "8007: Input prompt contains NSFW content"}]}, "moderated"),
    ("cloudflare", 429, {"errors": [{"message": "x", "code": 3036}], "success": False}, "account"),
    ("cloudflare", 429, {"errors": [{"message": "x", "code": 3040}], "success": False}, "rate_limited"),
    ("runware", 200, {"errors": [{"code": "invalidApiKey", "message": "x"}]}, "account"),
    ("runware", 400, {"errors": [{"code": "insufficientCredits", "message": "x"}]}, "account"),
    ("runware", 200, {"errors": [{"code": "invalidProviderContent", "message": "x"}]}, "moderated"),
    ("byteplus", 400, {"error": {"code": "InputImageSensitiveContentDetected.PrivacyInformation"}}, "moderated"),
    ("gemini", 400, {"error": {"code": 400, "message": "x", "status": "FAILED_PRECONDITION"}}, "account"),
    ("gemini", 400, {"error": {"code": 400, "message": "API key not valid.", "status": "x"}}, "account"),
    ("gemini", 200, {"candidates": [{"finishReason": "IMAGE_OTHER"}]}, "no_image"),
    ("comfy", 200, {"status": "Content Moderated", "result": None}, "moderated"),
    ("comfy", 200, {"image": BLURRED, "finish_reason": "CONTENT_FILTERED"}, "moderated"),
    ("comfy", 200, {"code": "DataInspectionFailed", "message": "x"}, "moderated"),
    ("tencent", 451, {"error": {"type": "content_filter_error", "code": "451001", "message": "x"}}, "moderated"),
    ("tencent", 400, {"error": {"type": "invalid_request_error", "code": "400001"}}, "rejected"),
    ("tencent", 402, {"error": {"type": "permission_error", "code": "401007"}}, "account"),
    ("runway", 400, {"error": "You do not have enough credits to run this task."}, "account"),
    ("leonardo", 400, {"error": "not enough api tokens userId: 3aa5736c", "code": "unexpected"}, "account"),
    ("leonardo", 400, {"error": "Invalid response from authorization hook", "code": "unexpected"}, "account"),
    ("leonardo", 400, {"error": "Authentication hook unauthorized this request", "code": "x"}, "account"),
    ("leonardo", 400, {"error": "Invalid file extension", "code": "unexpected"}, "rejected"),
    ("luma", 400, {"detail": "Insufficient credits"}, "account"),
    ("fal", 400, {"detail": [{"type": "downstream_service_error", "msg": "x"}]}, "no_image"),
    ("fal", 422, {"detail": [{"type": "no_media_generated", "msg": "x"}]}, "no_image"),
    ("fal", 422, {"detail": [{"type": "image_too_small", "msg": "x"}]}, "rejected"),
    ("azure", 400, {"created": 1, "error": {"code": "contentFilter", "message": "x"}}, "moderated"),
    (
        "venice",
        422,
        {"error": "Your prompt violates the content policy of Venice.ai or the provider"},
        "moderated",
    ),
    ("venice", 422, {"error": "Image dimensions exceed the maximum allowed."}, "rejected"),
    ("openai-compatible", 400, {"error": {"message": "x", "code": "sensitive_words_detected"}}, "moderated"),
    ("openai-compatible", 400, {"code": 20012, "message": "Model does not exist.", "data": None}, "not_found"),
    ("openai-compatible", 503, {"error": {"message": "x", "code": "model_not_found"}}, "not_found"),
    ("openai", 403, {"error": {"message": UNVERIFIED, "code": None}}, "not_found"),
    ("fireworks", 412, {"error": {"message": SUSPENDED, "code": "PRECONDITION_FAILED"}}, "account"),
    ("xai", 429, {"code": "Some resource has been exhausted", "error": NO_CREDITS}, "account"),
    ("xai", 429, {"code": "Some resource has been exhausted", "error": "Too many requests."}, "rate_limited"),
    ("zai", 400, {"error": {"code": "1211", "message": "Unknown Model"}}, "not_found"),
    ("cloudflare", 400, {"errors": [{"message": "No such model @cf/x or task", "code": 5007}]}, "not_found"),
    ("dashscope", 403, {"code": "AllocationQuota.FreeTierOnly", "message": "x"}, "not_found"),
    ("dashscope", 400, {"code": "InvalidParameter.DataInspection", "message": "x"}, "rejected"),
    ("minimax", 200, {"base_resp": {"status_code": 1002, "status_msg": "rate limit"}}, "rate_limited"),
    ("minimax", 200, {"base_resp": {"status_code": 2013, "status_msg": "invalid params"}}, "rejected"),
    *(
        (slug, 400, {"error": {"code": 400, "message": sentence}}, "moderated")
        for sentence in SENTENCES
        for slug in ("gemini", "vertex", "openrouter", "bedrock")
    ),
    *((slug, 400, OPENAI, "moderated") for slug in (*ADDRESSES, "comfy", "vercel", "cloudflare", "fal")),
]


def meaning(upstream: Upstream, slug: str, status: int, told: Any, model: str = "") -> str:
    """What a call comes to when the provider answers so."""
    kind = next((one for one in OWN if one.slug == slug), OpenAI)
    contract = next(one for one in CONTRACTS if one.provider == slug and model in ("", one.model))
    request = ProviderRequest("m", contract.operation, "a fox", 1, Limits(), contract)
    upstream.on("POST", "/", says(status, told))
    http = Client().open_session(seconds=10, max_bytes=10**7)
    with pytest.raises(ProviderError) as caught:
        kind(SecretStr(CANARY), upstream.base, slug).make(request, http)
    return caught.value.code


@pytest.mark.parametrize(("slug", "status", "told", "code"), CASES)
def test_a_refusal_is_understood(upstream: Upstream, slug: str, status: int, told: Any, code: str) -> None:
    assert meaning(upstream, slug, status, told) == code


@pytest.mark.parametrize(
    ("status", "retryable", "code"),
    [(400, "true", "no_image"), (400, "false", "rejected"), (504, "true", "no_image"), (504, "false", "no_image")],
)
def test_a_run_of_fal_says_itself_whether_it_may_be_tried_again(
    upstream: Upstream, status: int, retryable: str, code: str
) -> None:
    """What the app answered is final: it is not asked for five times."""
    links = {name: f"{upstream.base}/{name}" for name in ("status_url", "response_url", "cancel_url")}
    upstream.on("POST", "/", says(200, links))
    upstream.on("GET", "/status_url", says(200, {"status": "COMPLETED"}))
    upstream.on("GET", "/response_url", says(status, {"detail": []}, {"X-Fal-Retryable": retryable}))
    contract = next(one for one in CONTRACTS if one.provider == "fal")
    request = ProviderRequest("m", contract.operation, "a fox", 1, Limits(), contract)
    with pytest.raises(ProviderError) as caught:
        Fal(SecretStr(CANARY), upstream.base).make(request, Client().open_session(seconds=10, max_bytes=10**6))
    assert caught.value.code == code
    assert len(upstream.calls("GET")) == 2


@pytest.mark.parametrize("slug", ["gemini", "vertex"])
def test_imagen_without_predictions_was_filtered(upstream: Upstream, slug: str) -> None:
    assert meaning(upstream, slug, 200, {}, "imagen-4.0-generate-001") == "moderated"


@pytest.mark.parametrize(
    ("provider", "ended", "code"),
    [
        (Luma, {"state": "failed", "failure_reason": "Contains blacklisted words"}, "moderated"),
        (Luma, {"state": "failed", "failure_reason": "Frame moderation failed"}, "moderated"),
        (Luma, {"state": "failed", "failure_reason": SENTENCES[0]}, "moderated"),
        (LumaAgents, {"state": "failed", "failure_code": "budget_exhausted"}, "account"),
        (LumaAgents, {"state": "failed", "failure_code": "generation_failed"}, "unavailable"),
    ],
)
def test_a_task_says_why_it_failed(provider: type[TaskProvider], ended: dict[str, Any], code: str) -> None:
    replies = next(one.replies for one in CONTRACTS if one.provider == provider.slug)
    with pytest.raises(ProviderError) as caught:
        read_task(ended, replies, provider.api)
    assert caught.value.code == code


def test_images_in_messages_are_read() -> None:
    """AI/ML API answers in the words of whoever made the model."""
    found = {"output": {"choices": [{"message": {"content": [{"image": "https://example.org/1.png"}]}}]}}
    replies = next(one.replies for one in CONTRACTS if one.provider == "aiml")
    made = OpenAI(SecretStr(CANARY), "https://example.org", "aiml").read_object(found, replies)
    assert [image.url for image in made.images] == ["https://example.org/1.png"]
