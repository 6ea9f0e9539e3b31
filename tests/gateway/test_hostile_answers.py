"""Answers that fit no description: a provider's file turns anything into images or into its one error."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr

from app.catalog.contracts import Contract, Replies
from app.catalog.limits import Limits
from app.gateway.providers import OWN, bfl, fal, replicate
from app.gateway.providers.base import ProviderError, ProviderRequest
from app.gateway.providers.fal import Fal
from app.gateway.providers.gemini import Gemini
from app.gateway.providers.openai import OpenAI
from app.gateway.providers.replicate import Replicate
from app.gateway.providers.runware import Runware
from app.gateway.providers.tasks import TaskProvider, read_task
from app.gateway.transport import Client, HttpAnswer, HttpSession, TransportError
from tests.gateway.world import CANARY

WORDS = [
    *("data", "b64_json", "url", "revised_prompt", "usage", "output_tokens", "input_tokens_details"),
    *("status", "succeeded", "failed", "output", "error", "urls", "get", "code", "param", "detail", "type"),
    *("images", "image", "has_nsfw_concepts", "status_url", "response_url", "COMPLETED", "error_type"),
    *("candidates", "content", "parts", "inlineData", "finishReason", "promptFeedback", "blockReason"),
    *("polling_url", "result", "sample", "Ready", "state", "assets", "id", "imageURL", "errors", "finish_reason"),
    *("output", "choices", "message", "finish_reasons", "cost", "usageMetadata", "promptTokensDetails"),
    *("predictions", "bytesBase64Encoded", "aGVsbG8=", "https://example.org/x.png"),
]
REPLIES = Replies(
    ("succeeded", "COMPLETED", "Ready"), ("failed",), ("Moderated",), ("code",), ("detail",), ("quota",)
)
CONTRACT = Contract("p", "acme/m", "generation", ("page",), date(2026, 11, 20), path="{model}", replies=REPLIES)
words = st.sampled_from(WORDS)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | words | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(words, values, max_size=5)


@example(found={"finish_reasons": True})
@given(found=objects)
def test_any_object_is_images_or_an_error_of_every_provider(found: dict[str, Any]) -> None:
    for provider in OWN:
        with suppress(ProviderError):
            assert provider(SecretStr(CANARY)).read_object(found, REPLIES).images, provider.slug


@given(found=objects)
def test_the_end_of_a_task_is_images_or_an_error(found: dict[str, Any]) -> None:
    for read in (replicate.read_prediction, bfl.read_result):
        with suppress(ProviderError):
            assert read(found, REPLIES).images
    for kind in (kind for kind in OWN if issubclass(kind, TaskProvider)):
        with suppress(ProviderError):
            assert read_task(found, REPLIES, kind.api).images
    with suppress(ProviderError):
        assert fal.read_result(found).images


class Replaying(HttpSession):
    """Answers every request with the same thing, and lets no time pass."""

    answer: HttpAnswer

    def send(self, request: object) -> HttpAnswer:  # noqa: ARG002
        return self.answer

    def wait(self, seconds: float) -> None:  # noqa: ARG002
        raise TransportError("deadline", is_timeout=True)


JOB = ProviderRequest("acme/m", "generation", "x", 2, Limits(), CONTRACT)


def replaying(status: int, found: Any, after: str = "7") -> Replaying:
    base = Client().open_session(seconds=60, max_bytes=10**6)
    line = Replaying(base.client, base.deadline, base.allowance, "https://example.org")
    object.__setattr__(line, "answer", HttpAnswer(status, {"retry-after": after}, json.dumps(found).encode()))
    return line


@given(
    found=objects | values,
    status=st.sampled_from([200, 202, 400, 401, 422, 429, 500]),
    after=words | st.just("7"),
    model_id=st.sampled_from(["acme/m", "imagen-4"]),
)
def test_any_answer_at_any_status_is_understood_by_every_provider(
    found: Any, status: int, after: str, model_id: str
) -> None:
    job = replace(JOB, model_id=model_id)
    for kind in OWN:
        provider = kind(SecretStr(CANARY), "https://example.org")
        with suppress(ProviderError):
            assert provider.make(job, replaying(status, found, after)).images, kind.slug


@pytest.mark.parametrize(
    ("provider", "status", "found"),
    [
        (Replicate, 200, {"status": ["succeeded"]}),
        (Gemini, 200, {"candidates": [{"finishReason": ["STOP"]}]}),
        (OpenAI, 400, {"error": {"code": ["x"]}}),
        (OpenAI, 200, {"data": [{"b64_json": ["x"]}]}),
        (Fal, 422, {"detail": [{"type": ["x"]}]}),
    ],
)
def test_lists_where_words_belong(provider: Any, status: int, found: Any) -> None:
    with pytest.raises(ProviderError):
        provider(SecretStr(CANARY), "https://example.org").make(JOB, replaying(status, found))


@given(text=st.text(max_size=20) | st.text(max_size=10).map(lambda tail: f"https://{tail}"))
def test_any_link_is_fetched_or_fails(text: str) -> None:
    def nobody(_host: str, _port: int) -> list[str]:
        raise OSError("no network here")

    line = Client(resolve=nobody).open_session(seconds=1, max_bytes=10).to("https://api.example", seconds=1)
    with pytest.raises(TransportError):
        line.fetch(text)


@given(content=st.binary(max_size=40), status=st.sampled_from([200, 400]))
def test_any_bytes(content: bytes, status: int) -> None:
    try:
        found = OpenAI(SecretStr(CANARY)).read(HttpAnswer(status, {}, content), REPLIES)
    except ProviderError as error:
        found = error
    assert isinstance(found, ProviderError)


@pytest.mark.parametrize(
    ("costs", "micros"), [([0.01, 0.02], 30_000), ([float("nan")], None), ([-5, 0.01], 10_000), ([10**400], None)]
)
def test_a_cost_that_is_none_loses_no_image(costs: list[float], micros: int | None) -> None:
    """A provider's own figure is booked; a negative one would give the key money back."""
    found = {"data": [{"imageURL": "https://example.org/x.png", "cost": cost} for cost in costs]}
    reply = Runware(SecretStr("key")).read_object(found, Replies())
    assert len(reply.images) == len(costs)
    assert (reply.usage.cost_micros if reply.usage else None) == micros
