"""/openai/v1 as any HTTP client sees it."""

import base64
import json
import logging
import re
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from app.gateway import keys
from app.gateway.formats import sniff
from app.gateway.tables import StoredImage
from tests.api.gateway_server import Running, make, running
from tests.factories import hole, picture_bytes
from tests.gateway.conftest import upstream
from tests.gateway.upstream import Upstream, coded, garbage, html, says
from tests.gateway.world import CANARY

__all__ = ["running", "upstream"]
PNG = picture_bytes(1)
SMALL = {"prompt": "a red cube", "size": "256x256"}


@pytest.fixture
def client(running: Running) -> FlaskClient:
    return running.app.test_client()


def post(running: Running, path: str, query: str = "", **options: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {running.secret}", **options.pop("headers", {})}
    return running.app.test_client().post(f"/openai/v1/{path}{query}", headers=headers, **options)


def generate(running: Running, query: str = "", **values: Any) -> TestResponse:
    return post(running, "images/generations", query, json={**SMALL, **values})


def error(response: TestResponse) -> dict[str, Any]:
    assert set(response.json["error"]) == {"message", "type", "param", "code"}
    assert response.headers["x-request-id"].startswith("req_")
    found: dict[str, Any] = response.json["error"]
    return found


def test_a_link_by_default(running: Running, client: FlaskClient) -> None:
    response = generate(running)
    assert response.status_code == 200
    body = response.json
    told = {"created", "data", "size", "output_format", "quality", "background", "usage", "metadata"}
    assert set(body) == told
    assert (body["size"], body["output_format"], body["background"]) == ("256x256", "png", "opaque")
    assert (body["usage"]["total_tokens"], body["usage"]["generated_images"]) == (0, 1)
    assert body["metadata"]["executed_model"] == "painter/poster-pro"
    assert body["metadata"]["cost_micros"] == 24_000
    assert response.headers["X-Blindvote-Provider"] == "painter"
    assert response.headers["x-request-id"] == body["metadata"]["request_id"]
    link = body["data"][0]["url"]
    assert re.fullmatch(r"http://localhost/files/[\w-]{22}\.png", link)
    file = client.get(link)
    assert (file.status_code, file.mimetype, sniff(file.data)) == (200, "image/png", "png")
    assert file.headers["Cache-Control"] == "private, no-store"


def test_a_link_ends(running: Running, client: FlaskClient) -> None:
    link = generate(running).json["data"][0]["url"]
    past = datetime.now(UTC) - timedelta(seconds=1)
    running.database.write(lambda session: session.execute(update(StoredImage).values(expires_at=past)))
    assert client.get(link).status_code == 404
    assert client.get("/files/%00.png").status_code == 404


@pytest.mark.any_database
def test_base64_in_any_format(running: Running) -> None:
    for kind in ("png", "jpeg", "gif", "webp", "avif"):
        item = generate(running, response_format="b64_json", output_format=kind).json["data"][0]
        assert "url" not in item
        assert sniff(base64.b64decode(item["b64_json"])) == kind


@pytest.mark.any_database
def test_a_stream_has_the_final_event(running: Running) -> None:
    response = generate(running, stream=True, partial_images=2)
    assert response.mimetype == "text/event-stream"
    comment, event, last = response.text.split("\n\n")
    assert (comment[0], last) == (":", "")
    first, _, rest = event.partition("\n")
    assert first == "event: image_generation.completed"
    data = json.loads(rest.removeprefix("data: "))
    assert data["type"] == "image_generation.completed"
    assert sniff(base64.b64decode(data["b64_json"])) == "png"
    assert data["usage"]["generated_images"] == 1
    assert {"background", "quality", "output_format", "size", "created_at"} < set(data)
    changed = [(one["parameter"], one["requested"], one["used"]) for one in data["metadata"]["adjustments"]]
    assert changed == [("partial_images", 2, 0)]


def test_a_dry_run_costs_nothing(running: Running, upstream: Upstream) -> None:
    response = generate(running, "?dryRun=true", model="brush-1", n=3)
    assert response.json == {
        "estimated": True,
        "model": "brush-1",
        "provider": "openai",
        "total_cost_micros": 30_000,
        "currency": "USD",
        "components": [
            {
                "type": "output",
                "metric": "image",
                "quantity": 3,
                "billable_quantity": 3,
                "unit_price": 10_000,
                "total_cost": 30_000,
            }
        ],
        "adjustments": [],
        "defaults": [],
    }
    assert upstream.asked == []


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("?dryRun=True", {}),
        ("?dryRun=1", {}),
        ("?dryRun=%20TRUE", {}),
        ("?dryRun", {}),
        ("?dryRun=", {}),
        ("", {"dryRun": True}),
        ("", {"dryRun": "true"}),
        ("?dryRun=true", {"dryRun": False}),
    ],
)
def test_who_asks_for_a_dry_run_in_other_words_pays_nothing(
    running: Running, upstream: Upstream, query: str, values: dict[str, Any]
) -> None:
    response = generate(running, query, model="brush-1", **values)
    assert (response.json["estimated"], response.json["adjustments"]) == (True, [])
    assert upstream.asked == []


@pytest.mark.any_database
def test_a_switch_is_on_or_off(running: Running, client: FlaskClient, upstream: Upstream) -> None:
    upstream.on("POST", "/v1/images/", says(200, {"data": [{"b64_json": coded(PNG)}]}))
    for query in ("?dryRun=false", "?dryRun=0", "?strict=0"):
        assert "created" in generate(running, query, model="brush-1").json
    for query, name in (("?dryRun=maybe", "dryRun"), ("?strict=maybe", "strict")):
        response = generate(running, query, model="brush-1")
        assert (response.status_code, error(response)["param"]) == (400, name)
    assert len(upstream.asked) == 3
    headers = {"Authorization": f"Bearer {running.secret}"}
    for query, status in (("?schema=True", 200), ("?schema", 200), ("?schema=all", 400)):
        answer = client.get(f"/openai/v1/models/poster-pro{query}", headers=headers)
        assert (answer.status_code, "parameters" in answer.json) == (status, status == 200)


def test_the_answer_says_what_was_chosen_by_whom_and_what_it_cost(running: Running) -> None:
    dry = generate(running, "?dryRun=true", model=None).json
    made = generate(running, model=None).json
    chosen = {"parameter": "model", "value": dry["model"], "chosen_by": "blindvote"}
    assert dry["defaults"] == [{**chosen, "image_cost_micros": dry["total_cost_micros"]}]
    assert made["metadata"]["defaults"] == dry["defaults"]
    assert made["metadata"]["cost_micros"] == dry["total_cost_micros"] > 0


@pytest.mark.any_database
@pytest.mark.parametrize("path", ["images/generations", "images/edits", "images/variations"])
def test_nobody_gets_in_without_a_key(client: FlaskClient, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer nope"}, {"Authorization": "Basic x"}, {"X-Api-Key": "x"}):
        response = client.post(f"/openai/v1/{path}", headers=headers, data=b"not json")
        assert response.status_code == 401
        assert error(response)["code"] == "invalid_api_key"
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_scopes_and_caps(running: Running, client: FlaskClient) -> None:
    def key(**options: Any) -> dict[str, str]:
        made = running.database.write(
            lambda session: keys.create_key(session, "k", now=datetime.now(UTC), **options)
        )
        return {"Authorization": f"Bearer {made[1]}"}

    response = client.post("/openai/v1/images/generations", headers=key(scopes=["models"]), json=SMALL)
    assert (response.status_code, error(response)["code"]) == (403, "insufficient_scope")
    response = client.get("/openai/v1/models", headers=key(scopes=["generate"]))
    assert response.status_code == 403
    response = client.post("/openai/v1/images/generations", headers=key(cap_micros=10), json=SMALL)
    assert (response.status_code, error(response)["code"]) == (402, "insufficient_quota")
    assert error(response)["type"] == "insufficient_quota"


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("values", "status", "code", "param"),
    [
        ({"model": "old-1"}, 404, "model_retired", "model"),
        ({"model": "old"}, 404, "model_retired", "model"),
        ({"model": "openai/old-1"}, 404, "model_retired", "model"),
        ({"model": "nothing"}, 404, "model_not_found", "model"),
        ({"model": "x\u202e/ü"}, 404, "model_not_found", "model"),
        ({"model": "strip-1"}, 404, "model_unavailable", "model"),
        ({"prompt": ""}, 400, "invalid_request", "prompt"),
        ({"n": 11}, 400, "invalid_request", "n"),
        ({"size": "0x0"}, 400, "invalid_request", "size"),
        ({"size": "4096x256", "strict": True}, 400, "invalid_request", "size"),
        ({"image": "x"}, 400, "invalid_request", "image"),
        ({"seed": "x"}, 400, "invalid_request", "seed"),
    ],
)
def test_bad_requests(running: Running, values: dict[str, Any], status: int, code: str, param: str) -> None:
    response = generate(running, **values)
    assert response.status_code == status
    found = error(response)
    assert (found["code"], found["param"], found["type"]) == (code, param, "invalid_request_error")
    assert response.headers["x-should-retry"] == "false"


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("answer", "status", "code", "retry"),
    [
        (says(429, {}, {"retry-after": "9"}), 429, "rate_limited", "9"),
        (says(500, {"error": CANARY}), 502, "all_providers_failed", None),
        (html(502), 502, "all_providers_failed", None),
        (garbage, 502, "all_providers_failed", None),
        (says(401, {"error": CANARY}), 503, "provider_unavailable", None),
        (says(400, {"error": {"code": "moderation_blocked"}}), 400, "content_policy_violation", None),
    ],
)
def test_a_providers_failure(
    running: Running,
    upstream: Upstream,
    caplog: pytest.LogCaptureFixture,
    answer: Any,
    status: int,
    code: str,
    retry: str | None,
) -> None:
    caplog.set_level(logging.DEBUG)
    upstream.on("POST", "/v1/", answer)
    response = generate(running, model="brush-1")
    assert (response.status_code, error(response)["code"]) == (status, code)
    assert response.headers.get("Retry-After") == retry
    assert (response.headers.get("x-should-retry") is None) is (retry is not None)
    assert CANARY not in response.text + str(response.headers) + caplog.text


@pytest.mark.any_database
def test_the_deadline_is_the_requests(database_url: str, tmp_path: Path, upstream: Upstream) -> None:
    from tests.gateway.upstream import drip_body

    running = make(database_url, tmp_path, upstream, gateway_seconds=1)
    upstream.on("POST", "/v1/", drip_body)
    response = generate(running, model="brush-1")
    assert (response.status_code, error(response)["code"]) == (504, "deadline_exceeded")
    assert response.headers["x-should-retry"] == "false"


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("method", "path", "options", "status", "code"),
    [
        ("GET", "images/generations", {}, 405, "method_not_allowed"),
        ("POST", "images/nothing", {"json": {}}, 404, "unknown_url"),
        ("POST", "images/generations", {"data": "{", "content_type": "application/json"}, 400, "invalid_request"),
        ("POST", "images/generations", {"json": [1]}, 400, "invalid_request"),
        ("POST", "images/generations", {"data": {"prompt": "x"}}, 415, "unsupported_media_type"),
        ("POST", "images/edits", {"data": "x", "content_type": "text/plain"}, 415, "unsupported_media_type"),
        ("POST", "images/generations", {"json": {"prompt": "x" * 2_000_000}}, 413, "request_too_large"),
        ("POST", "images/edits", {"data": b"x", "content_type": "multipart/form-data"}, 400, "invalid_request"),
    ],
)
def test_every_status_is_json(
    running: Running, method: str, path: str, options: dict[str, Any], status: int, code: str
) -> None:
    headers = {"Authorization": f"Bearer {running.secret}"}
    response = running.app.test_client().open(f"/openai/v1/{path}", method=method, headers=headers, **options)
    assert (response.status_code, error(response)["code"]) == (status, code)


def form(**parts: Any) -> dict[str, Any]:
    return {name: (BytesIO(part), "x.bin") if isinstance(part, bytes) else part for name, part in parts.items()}


@pytest.mark.any_database
@pytest.mark.parametrize("name", ["image", "image[]", "image[0]"])
def test_an_edit_by_form(running: Running, upstream: Upstream, name: str) -> None:
    upstream.on("POST", "/v1/images/edits", says(200, {"data": [{"b64_json": coded(PNG)}]}))
    parts = form(**{name: PNG, "mask": hole(), "prompt": "bluer", "model": "brush-1", "n": "1", "nest[a]": "1"})
    response = post(running, "images/edits", data=parts)
    assert response.status_code == 200
    sent = upstream.calls()[0].body
    assert sent.count(b'name="mask"') == sent.count(b'name="image"') == 1
    assert b'{"a": "1"}' in sent


@pytest.mark.any_database
def test_an_edit_by_json(running: Running, upstream: Upstream) -> None:
    upstream.on("POST", "/v1/images/edits", says(200, {"data": [{"b64_json": coded(PNG)}]}))
    link = f"data:image/png;base64,{coded(PNG)}"
    body = {"prompt": "bluer", "model": "brush-1", "images": [{"image_url": link}]}
    assert post(running, "images/edits", json=body).status_code == 200
    body["images"] = [{"image_url": "https://example.org/x.png"}]
    response = post(running, "images/edits", json=body)
    assert (response.status_code, error(response)["param"]) == (400, "image")


@pytest.mark.any_database
def test_gpt_image_ids_get_base64_unless_they_ask_for_a_link(running: Running, upstream: Upstream) -> None:
    upstream.on("POST", "/v1/images/", says(200, {"data": [{"b64_json": coded(PNG)}]}))
    assert "b64_json" in generate(running, model="gpt-image-9").json["data"][0]
    assert "url" in generate(running, model="gpt-image-9", response_format="url").json["data"][0]
    edit = post(running, "images/edits", data=form(image=PNG, prompt="x", model="gpt-image-9"))
    assert "b64_json" in edit.json["data"][0]


@pytest.mark.any_database
def test_a_file_where_text_stands_is_named(running: Running) -> None:
    response = post(
        running, "images/edits", data={"image": "text", "prompt": "x"}, content_type="multipart/form-data"
    )
    assert (response.status_code, error(response)["param"]) == (400, "image")
    response = post(running, "images/edits", data=form(image=b"not an image", prompt="x", model="brush-1"))
    assert (response.status_code, error(response)["param"]) == (400, "image")


def test_models(running: Running, client: FlaskClient) -> None:
    headers = {"Authorization": f"Bearer {running.secret}"}
    listed = client.get("/openai/v1/models", headers=headers).json
    assert [model["id"] for model in listed["data"]] == ["brush-1", "gpt-image-9", "poster-pro", "twin-1"]
    one = client.get("/openai/v1/models/openai%2Fbrush-1?schema=true", headers=headers).json
    assert (one["id"], one["object"], one["owned_by"]) == ("openai/brush-1", "model", "Acme")
    assert one["starting_price"] == 0.001
    assert one["parameters"]["openai:user"]["behaviour"] == "passthrough"
    old = client.get("/openai/v1/models/old-1", headers=headers).json
    assert (old["model_status"], old["shutdown_date"]) == ("retired", "2026-05-12")
    assert client.get("/openai/v1/models/x%00y", headers=headers).status_code == 404


@pytest.mark.any_database
def test_a_foreign_page_may_use_a_key_it_has(running: Running) -> None:
    response = post(running, "images/generations", json=SMALL, headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 200
