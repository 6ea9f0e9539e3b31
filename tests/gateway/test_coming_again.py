"""After how many seconds a provider may be asked again, as each of them says it."""

import json
from typing import Any

import pytest

from app.gateway.errors import RateLimited
from app.gateway.providers.base import refusal
from app.gateway.transport import HttpAnswer
from tests.gateway.upstream import Upstream, says
from tests.gateway.world import World

DATE = {"date": "Sun, 22 Nov 2026 12:00:00 GMT"}
GOOGLE = {
    "error": {
        "code": 429,
        "status": "RESOURCE_EXHAUSTED",
        "details": [
            {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaValue": "5"}]},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "17.25s"},
        ],
    }
}
REPLICATE = {"detail": "Request was throttled. Your rate limit resets in ~4s.", "status": 429, "retry_after": 4}
OPENROUTER = {"error": {"code": 429, "metadata": {"headers": {"X-RateLimit-Reset": "1795348830000"}}}}


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "7"}, {}, 7),
        ({"retry-after": "1.5"}, {}, 1.5),
        ({"retry-after": " 604800 "}, {}, 604800),
        ({"retry-after": "0"}, {}, 0),
        ({"retry-after-ms": "350", "retry-after": "1"}, {}, 0.35),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:45 GMT"} | DATE, {}, 45),
        ({"retry-after": "Sunday, 22-Nov-26 12:00:45 GMT"} | DATE, {}, 45),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"} | DATE, {}, 0),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:45 GMT"}, {}, None),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:45 GMT", "date": "yesterday"}, {}, None),
        ({"retry-after": "Sun, 99 Nov 99999 12:00:45 GMT"} | DATE, {}, None),
        ({"retry-after": "-5"}, {}, None),
        ({"retry-after": "nan"}, {}, None),
        ({"retry-after": "1e9"}, {}, None),
        ({"retry-after": "9" * 400}, {}, None),
        ({"retry-after": "\u0667"}, {}, None),
        ({}, GOOGLE, 17.25),
        ({"retry-after": "3"}, GOOGLE, 3),
        ({}, REPLICATE, 4),
        ({}, {"detail": "Request was throttled. Your rate limit resets in ~30s."}, 30),
        (DATE, OPENROUTER, 30),
        ({}, OPENROUTER, None),
        ({}, {"error": {"details": [{"retryDelay": ["x"]}]}}, None),
        ({}, {"retry_after": "soon"}, None),
        ({}, {"error": "no: 'retry_after': 9, \"retry_after\": 9, resets in ~9s"}, None),
        ({}, {}, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_pause_is_read(headers: dict[str, str], body: Any, seconds: float | None, status: int) -> None:
    assert refusal(HttpAnswer(status, headers, json.dumps(body).encode())).retry_after == seconds


@pytest.mark.parametrize("status", [301, 408, 425, 500, 502, 503, 504, 520, 529])
def test_a_bad_moment_of_the_provider_is_no_fault_of_the_caller(status: int) -> None:
    assert refusal(HttpAnswer(status, {}, b"<html>busy</html>")).code == "unavailable"


@pytest.mark.parametrize(("told", "seconds"), [("0.2", 1), ("6.1", 7), ("86400", 60)])
def test_callers_are_told_whole_seconds(world: World, upstream: Upstream, told: str, seconds: int) -> None:
    world.at("openai", upstream.base)
    upstream.on("POST", "/v1/images/generations", says(429, {}, {"retry-after": told}))
    with pytest.raises(RateLimited) as caught:
        world.ask(model="brush-1")
    assert caught.value.retry_after == seconds


def test_the_first_of_several_providers_to_be_free_counts(world: World, upstream: Upstream) -> None:
    world.at("openai", upstream.base)
    world.at("replicate", upstream.base)
    upstream.on("POST", "/v1/images/generations", says(429, {}, {"retry-after": "50"}))
    upstream.on("POST", "/r/models/", says(429, REPLICATE))
    with pytest.raises(RateLimited) as caught:
        world.ask(model="twin-1")
    assert caught.value.retry_after == 4
