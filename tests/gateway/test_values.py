"""Values that are passed on: at the nearer bound, one for a field, and every change told."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from app.catalog.contracts import Contract, ValueField
from app.gateway.errors import AllProvidersFailed, ContentPolicy, InvalidParameter, ProviderUnavailable
from app.gateway.providers.openai import OpenAI
from app.gateway.providers.venice import Venice
from app.gateway.values import pass_values
from tests.factories import picture_bytes
from tests.gateway.upstream import Upstream, coded, says
from tests.gateway.world import CANARY, World

SPEEDS = {"TURBO": "TURBO", "QUALITY": "QUALITY", "low": "TURBO", "high": "QUALITY"}
CONTRACT = Contract(
    provider="acme",
    model="brush",
    operation="generation",
    sources=("page",),
    checked=datetime(2026, 11, 29, tzinfo=UTC).date(),
    accepts={
        "guidance": ValueField(type="number", min=1.5, max=10),
        "steps": ValueField(field="num_steps", type="integer", min=1, max=50),
        "quality": ValueField(field="rendering_speed", words=SPEEDS),
        "rendering_speed": ValueField(words=SPEEDS),
    },
)


def with_steps(field_: ValueField) -> Contract:
    return replace(CONTRACT, accepts={"steps": field_})


@pytest.mark.parametrize(
    ("given", "used"),
    [(1, 1.5), (1.0, 1.5), ("1", 1.5), (0.2, 1.5), (2, 2), (11, 10), ("10.5", 10), (1.5, 1.5), (10, 10)],
)
def test_a_bound_is_kept_to_the_fraction(given: Any, used: float) -> None:
    passed = pass_values({"guidance": given}, CONTRACT)
    assert passed.wire == {"guidance": used}
    is_same = float(given) == used
    assert [(one.parameter, one.used) for one in passed.adjustments] == ([] if is_same else [("guidance", used)])


def test_whole_numbers_stay_whole() -> None:
    passed = pass_values({"steps": "500"}, CONTRACT)
    assert (passed.wire, type(passed.wire["num_steps"])) == ({"num_steps": 50}, int)
    assert passed.adjustments[0].reason.endswith("takes steps from 1 to 50.")


@pytest.mark.parametrize(
    ("field_", "told"),
    [
        (ValueField(type="integer", min=0, max=50), "acme takes steps from 0 to 50."),
        (ValueField(type="number", min=0.5, max=50), "acme takes steps from 0.5 to 50."),
        (ValueField(type="number", max=50), "acme takes steps of at most 50."),
    ],
)
def test_bounds_are_told_as_people_write_them(field_: ValueField, told: str) -> None:
    passed = pass_values({"steps": 10**400 if field_.type == "integer" else 500}, with_steps(field_))
    assert [(one.used, one.reason) for one in passed.adjustments] == [(50, told)]


@pytest.mark.parametrize("field_", [ValueField(type="number"), ValueField(type="number", max=9)])
def test_an_integer_too_large_for_a_number_is_refused(field_: ValueField) -> None:
    with pytest.raises(InvalidParameter, match="steps must be a number"):
        pass_values({"steps": 10**400}, with_steps(field_))
    assert pass_values({"steps": 10**400}, with_steps(ValueField(type="integer"))).wire == {"steps": 10**400}


@pytest.mark.parametrize("order", [("quality", "rendering_speed"), ("rendering_speed", "quality")])
def test_two_names_for_one_field_are_told(order: tuple[str, str]) -> None:
    said = {"quality": "high", "rendering_speed": "turbo"}
    passed = pass_values({name: said[name] for name in order}, CONTRACT)
    assert passed.wire == {"rendering_speed": "TURBO"}, "the provider's own word for it"
    assert [(one.parameter, one.requested, one.used) for one in passed.adjustments] == [
        ("quality", "high", "TURBO")
    ]


def test_two_names_that_say_the_same_are_one() -> None:
    passed = pass_values({"quality": "low", "rendering_speed": "TURBO"}, CONTRACT)
    assert (passed.wire, passed.adjustments) == ({"rendering_speed": "TURBO"}, [])


def test_the_name_of_another_parameter_and_the_providers_own(seeded_world: World) -> None:
    passed = pass_values({"steps": 20, "num_steps": 30}, CONTRACT)
    assert passed.wire == {"num_steps": 30}
    assert [(one.parameter, one.used) for one in passed.adjustments] == [("steps", 30)]


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        ({"code": "content_policy_violation", "message": "No."}, ContentPolicy),
        ({"code": "moderation_blocked", "message": "No."}, ContentPolicy),
        ({"code": 502, "message": "The model is down."}, AllProvidersFailed),
    ],
)
def test_a_refusal_hidden_in_a_good_status_is_one(
    seeded_world: World, upstream: Upstream, error: dict[str, Any], raised: type[Exception]
) -> None:
    seeded_world.at("openai", upstream.base)
    upstream.on("POST", "/v1/images/generations", says(200, {"error": error}))
    with pytest.raises(raised):
        seeded_world.ask(model="openai/gpt-image-2")


@pytest.mark.parametrize(
    ("status", "answer", "raised"),
    [
        (400, {"error": {"code": "InputTextSensitiveContentDetected"}}, ContentPolicy),
        (200, {"data": [{"error": {"code": "OutputImageSensitiveContentDetected"}}]}, ContentPolicy),
        (200, {"data": [{"error": {"code": "InternalServiceError"}}]}, AllProvidersFailed),
        (429, {"error": {"code": "SetLimitExceeded"}}, ProviderUnavailable),
    ],
)
def test_modelark_refuses_in_its_own_words(
    seeded_world: World, upstream: Upstream, status: int, answer: dict[str, Any], raised: type[Exception]
) -> None:
    seeded_world.providers["byteplus"] = OpenAI(SecretStr(CANARY), upstream.base, "byteplus")
    upstream.on("POST", "/images/generations", says(status, answer))
    with pytest.raises(raised):
        seeded_world.ask(model="byteplus/seedream-4")


@pytest.mark.parametrize(
    ("model", "size", "sent", "micros"),
    [
        ("byteplus/seedream-5.0-pro", "1024x1024", {"size": "1024x1024"}, 45_000),
        ("byteplus/seedream-5.0-pro", "2048x2048", {"size": "2048x2048"}, 90_000),
        ("byteplus/seedream-5.5", "1024x1024", {"size": "1024x1024"}, 20_000),
        ("venice/flux-3-image", "16:9", {"aspect_ratio": "16:9"}, 120_000),
        ("aiml/luma-uni-1.1-max", "16:9", {"aspect_ratio": "16:9"}, None),
    ],
)
def test_an_id_leads_to_its_own_contract_and_price(
    seeded_world: World, upstream: Upstream, model: str, size: str, sent: dict[str, str], micros: int | None
) -> None:
    slug, png = model.partition("/")[0], coded(picture_bytes(1))
    kind = Venice if slug == "venice" else OpenAI
    seeded_world.providers[slug] = kind(SecretStr(CANARY), upstream.base, slug)
    upstream.on("POST", "/image", says(200, {"data": [{"b64_json": png}], "images": [png]}))
    made = seeded_world.ask(model=model, size=size)
    assert sent.items() <= upstream.calls()[0].json().items()
    assert made.cost_micros == micros
