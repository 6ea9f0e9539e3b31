"""/openai/v1 as particular clients use it: paths, headers, dialects, and defaults."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.api.gateway_server import EDITS, GENERATIONS, ONE, PNG, SMALL, Running, form, make, post, running
from tests.factories import hole
from tests.gateway.conftest import upstream
from tests.gateway.upstream import Upstream, coded, says
from tests.gateway.world import load_catalogue

__all__ = ["running", "upstream"]
pytestmark = pytest.mark.any_database
EMPTY = ("",)
"""The name of a file that a form sends where none was chosen."""


@pytest.mark.parametrize(
    ("path", "executed"),
    [
        ("/openai/v1/images/generations", "painter/poster-pro"),
        ("/openai/v1/images/generations/", "painter/poster-pro"),
        ("/v1/images/generations", "painter/poster-pro"),
        ("/v1/images/generations/", "painter/poster-pro"),
        ("/openai/v1/images/generations?api-version=preview", "painter/poster-pro"),
        ("/openai/deployments/poster-pro/images/generations?api-version=2025-04-01-preview", "painter/poster-pro"),
        ("/openai/deployments/painter/poster-pro/images/generations", "painter/poster-pro"),
        ("/openai/deployments/poster-pro/images/generations/", "painter/poster-pro"),
        ("/openai/images/generations?api-version=2025-04-01-preview", "painter/poster-pro"),
        ("/openai/v1//images/generations", "painter/poster-pro"),
        ("/v1//images//generations/", "painter/poster-pro"),
    ],
)
def test_paths(running: Running, path: str, executed: str) -> None:
    response = post(running, path, json=SMALL)
    assert response.status_code == 200
    assert response.json["metadata"]["executed_model"] == executed


def test_the_deployment_is_the_model(running: Running, upstream: Upstream) -> None:
    upstream.on("POST", "/v1/images/", says(200, ONE))
    body = {"prompt": "x", "model": "poster-pro"}
    made = post(running, "/openai/deployments/gpt-image-9/images/generations", json=body).json
    assert made["metadata"]["model"] == "gpt-image-9"
    edit = post(running, "/openai/deployments/brush-1/images/edits", data=form(image=PNG, prompt="x")).json
    assert edit["metadata"]["model"] == "brush-1"


@pytest.mark.parametrize(
    "path", ["/v1/models", "/v1/models/", "/openai/v1/models/", "/openai/models", "/v1//models"]
)
def test_the_list_of_models(running: Running, path: str) -> None:
    answer = running.app.test_client().get(path, headers={"api-key": running.secret})
    assert [model["id"] for model in answer.json["data"]] == ["brush-1", "gpt-image-9", "poster-pro", "twin-1"]


def test_models_advertise_what_can_be_asked_for(running: Running) -> None:
    headers = {"x-api-key": running.secret}
    listed = running.app.test_client().get("/v1/models", headers=headers).json["data"]
    told = {model["id"]: (model["capabilities"], model["providers"]) for model in listed}
    assert told["brush-1"] == (["text-to-image", "image-edit", "image-variation"], ["openai/brush-1"])
    assert told["poster-pro"] == (["text-to-image"], ["painter/poster-pro"])
    absent = running.app.test_client().get("/v1/models/strip-1/", headers=headers).json
    assert (absent["capabilities"], absent["providers"]) == ([], [])


@pytest.mark.parametrize("name", ["api-key", "Api-Key", "x-api-key"])
def test_keys_in_other_headers(running: Running, name: str) -> None:
    client = running.app.test_client()
    assert client.post(GENERATIONS, headers={name: running.secret}, json=SMALL).status_code == 200
    assert client.post(GENERATIONS, headers={name: "bv_wrong"}, json=SMALL).status_code == 401


@pytest.mark.parametrize("placeholder", ["Bearer", "Bearer ", "Bearer sk-placeholder", "Basic eDp5"])
def test_a_placeholder_beside_the_key(running: Running, placeholder: str) -> None:
    headers = {"Authorization": placeholder, "api-key": running.secret}
    assert running.app.test_client().post(GENERATIONS, headers=headers, json=SMALL).status_code == 200


@pytest.mark.parametrize("path", ["/v1", "/openai/v1/", "/openai/v1/chat/completions", "/v1/images"])
def test_what_is_not_there_says_what_is(running: Running, path: str) -> None:
    answer = running.app.test_client().get(path)
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "unknown_url")
    assert "/images/generations" in answer.json["error"]["message"]


def test_edits_and_openais_own_models_answer_with_both(running: Running, upstream: Upstream) -> None:
    upstream.on("POST", "/v1/images/", says(200, ONE))

    def items(path: str, **options: Any) -> set[str]:
        found: dict[str, Any] = post(running, path, **options).json["data"][0]
        return set(found)

    edit = {"image": PNG, "prompt": "x", "model": "brush-1"}
    assert items(EDITS, data=form(**edit)) == {"url", "b64_json"}
    assert items(EDITS, data=form(**edit, response_format="url")) == {"url"}
    assert items(EDITS, data=form(**edit, response_format="b64_json")) == {"b64_json"}
    assert items(GENERATIONS, json={"prompt": "x", "model": "gpt-image-9"}) == {"url", "b64_json"}
    assert items(GENERATIONS, json={"prompt": "x", "model": "openai/gpt-image-9"}) == {"url", "b64_json"}
    assert items(GENERATIONS, json={"prompt": "x", "model": "brush-1"}) == {"url"}


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        ({"quality": "auto"}, {"url", "b64_json"}),
        ({"quality": "High"}, {"url", "b64_json"}),
        ({"quality": "max"}, {"url", "b64_json"}),
        ({"background": "auto"}, {"url", "b64_json"}),
        ({"moderation": "low"}, {"url", "b64_json"}),
        ({"sample_method": "euler", "negative_prompt": ""}, {"url", "b64_json"}),
        ({"quality": "hd", "style": "vivid"}, {"url"}),
        ({"quality": ["auto"]}, {"url"}),
        ({"output_format": "webp", "user": "x"}, {"url"}),
        ({"quality": "auto", "response_format": "url"}, {"url"}),
    ],
)
def test_who_speaks_to_openais_own_models_gets_both_of_any_model(
    running: Running, values: dict[str, Any], keys: set[str]
) -> None:
    """Haystack, LibreChat and Dify's GPUStack send no response_format, and read base64 whatever the model is."""
    made = post(running, GENERATIONS, json={**SMALL, **values})
    assert made.status_code == 200
    assert set(made.json["data"][0]) == keys


def test_what_the_provider_tells_is_told(running: Running, upstream: Upstream) -> None:
    usage = {
        "output_tokens": 900,
        "input_tokens": 60,
        "input_tokens_details": {"text_tokens": 10, "image_tokens": 50},
    }
    told = {**ONE, "usage": usage, "quality": "high", "background": "transparent"}
    upstream.on("POST", "/v1/images/", says(200, told))
    made = post(running, GENERATIONS, json={"prompt": "x", "model": "gpt-image-9"}).json
    assert made["usage"] == {
        "input_tokens": 60,
        "input_tokens_details": {"text_tokens": 10, "image_tokens": 50},
        "output_tokens": 900,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": 900},
        "total_tokens": 960,
        "generated_images": 1,
    }
    assert (made["quality"], made["background"]) == ("high", "transparent")


def test_an_edit_without_a_model_goes_to_one_that_edits(running: Running, upstream: Upstream) -> None:
    upstream.on("POST", "/v1/images/", says(200, ONE))
    made = post(running, EDITS, data=form(image=PNG, prompt="hat"))
    assert made.status_code == 200
    assert made.json["metadata"]["executed_model"] == "openai/brush-1", "the cheaper of two that edit"
    masked = post(running, EDITS, data=form(image=PNG, mask=hole(), prompt="hat"))
    assert masked.status_code == 200
    varied = post(running, "/openai/v1/images/variations", data=form(image=PNG))
    assert varied.json["metadata"]["executed_model"] == "openai/brush-1"


@pytest.mark.parametrize(
    "parts",
    [
        {"mask": ""},
        {"mask": EMPTY},
        {"mask": ("mask.png",)},
        {"image[]": EMPTY},
        {"size": "", "n": "", "quality": ""},
        {"n": "1.0", "response_format": "URL"},
        {"mask": "null", "n": "null", "size": "undefined"},
    ],
)
def test_empty_and_odd_parts_of_a_form(running: Running, upstream: Upstream, parts: dict[str, Any]) -> None:
    upstream.on("POST", "/v1/images/", says(200, ONE))
    empty = {name: (BytesIO(b""), *part) if isinstance(part, tuple) else part for name, part in parts.items()}
    response = post(running, EDITS, data={**form(image=PNG, prompt="x", model="brush-1"), **empty})
    assert response.status_code == 200
    sent = upstream.calls()[0].body
    assert (sent.count(b'name="image"'), sent.count(b'name="mask"')) == (1, 0)


@pytest.mark.parametrize("name", ["images", "images[]", "image[0]"])
def test_other_names_of_the_part_with_the_image(running: Running, upstream: Upstream, name: str) -> None:
    upstream.on("POST", "/v1/images/", says(200, ONE))
    parts = {name: (BytesIO(PNG), "a.png"), "prompt": "x", "model": "brush-1"}
    assert post(running, EDITS, data=parts).status_code == 200
    body = {name.replace("0", ""): [coded(PNG)], "prompt": "x", "model": "brush-1"}
    assert post(running, EDITS, json=body).status_code == 200
    assert post(running, GENERATIONS, json=body).status_code == 400, "a generation must not lose it"


def test_one_mask_alone(running: Running, upstream: Upstream) -> None:
    masks = [(BytesIO(hole()), "a.png"), (BytesIO(hole()), "b.png")]
    parts = {**form(image=PNG, prompt="x", model="brush-1"), "mask": masks}
    response = post(running, EDITS, data=parts)
    assert (response.status_code, response.json["error"]["param"]) == (400, "mask")


def test_who_is_refused_before_his_body_is_read_must_connect_anew(running: Running) -> None:
    refused = post(running, GENERATIONS, json={**SMALL, "user": "x" * 1_100_000})
    assert (refused.status_code, refused.headers["Connection"]) == (413, "close")
    assert "Connection" not in post(running, GENERATIONS, json={}).headers


def test_images_in_json(running: Running, upstream: Upstream) -> None:
    upstream.on("POST", "/v1/images/", says(200, ONE))
    link, mask = (f"data:image/png;base64,{coded(data)}" for data in (PNG, hole()))
    for image in (coded(PNG), link, [link], [{"image_url": link}], {"image_url": {"url": link}}):
        body = {"prompt": "x", "model": "brush-1", "image": image, "mask": mask}
        assert post(running, EDITS, json=body).status_code == 200
    bad = post(running, EDITS, json={"prompt": "x", "image": "https://169.254.169.254/latest/meta-data"})
    assert (bad.status_code, bad.json["error"]["param"]) == (400, "image")


def test_a_variation_with_a_mask_is_refused(running: Running, upstream: Upstream) -> None:
    parts = {"image": PNG, "mask": hole(), "model": "brush-1"}
    response = post(running, "/openai/v1/images/variations", data=form(**parts))
    assert (response.status_code, response.json["error"]["param"]) == (400, "mask")
    image, mask = coded(PNG), coded(hole())
    response = post(running, "/v1/images/variations", json={"image": image, "mask": mask, "model": "brush-1"})
    assert (response.status_code, response.json["error"]["param"]) == (400, "mask")
    assert upstream.calls() == []


@pytest.mark.parametrize(
    ("values", "size"),
    [
        ({"size": " 256 x 256 "}, "256x256"),
        ({"size": "256*256"}, "256x256"),
        ({"size": "256\u00d7256"}, "256x256"),
        ({"size": "0.25K"}, "256x256"),
        ({"aspect_ratio": "2x1", "resolution": 512}, "724x362"),
        ({"aspect_ratio": "2/1", "resolution": 0.25}, "724x362"),
        ({"aspect_ratio": "match_input_image", "resolution": "0.25k"}, "256x256"),
        ({"size": "256x256", "output_format": "image/png"}, "256x256"),
        ({"size": "256x256", "seed": "7"}, "256x256"),
        ({"size": "256x256", "seed": 7.0}, "256x256"),
    ],
)
def test_shapes_and_numbers_as_other_clients_write_them(
    running: Running, values: dict[str, Any], size: str
) -> None:
    made = post(running, GENERATIONS, json={"prompt": "a red cube", **values})
    assert made.status_code == 200, made.json
    assert (made.json["size"], made.json["metadata"]["adjustments"]) == (size, [])


def test_strict_and_partial_images(running: Running) -> None:
    response = post(running, GENERATIONS, json={**SMALL, "stream": True, "partial_images": 1, "strict": True})
    assert (response.status_code, response.json["error"]["param"]) == (400, "partial_images")


@pytest.mark.parametrize("origins", [["https://app.example"], ["*"]])
def test_pages_of_permitted_sites(
    database_url: str, tmp_path: Path, upstream: Upstream, origins: list[str]
) -> None:
    running = make(database_url, tmp_path, upstream, gateway_cors_origins=tuple(origins))
    client = running.app.test_client()
    asking = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-stainless-lang",
    }
    for path in (GENERATIONS, "/v1/images/edits", "/openai/deployments/x/images/edits", "/v1/models"):
        preflight = client.options(path, headers=asking)
        assert preflight.status_code == 204
        assert preflight.headers["Access-Control-Allow-Origin"] == "https://app.example"
        assert "x-stainless-lang" in preflight.headers["Access-Control-Allow-Headers"]
    answer = post(running, GENERATIONS, {"Origin": "https://app.example"}, json=SMALL)
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"
    file = client.get(answer.json["data"][0]["url"], headers={"Origin": "https://app.example"})
    assert file.headers["Access-Control-Allow-Origin"] == "https://app.example"
    refused = client.post(GENERATIONS, headers={"Origin": "https://app.example"}, json=SMALL)
    assert (refused.status_code, "Access-Control-Allow-Origin" in refused.headers) == (401, True)
    absent = client.get("/v1/nothing", headers={"Origin": "https://app.example"})
    assert (absent.status_code, "Access-Control-Allow-Origin" in absent.headers) == (404, True)
    if "*" not in origins:
        other = client.options(GENERATIONS, headers={**asking, "Origin": "https://evil.example"})
        assert (other.status_code, "Access-Control-Allow-Origin" in other.headers) == (401, False)
    running.database.close()


def test_no_other_page_without_the_setting(running: Running) -> None:
    answer = post(running, GENERATIONS, {"Origin": "https://app.example"}, json=SMALL)
    assert "Access-Control-Allow-Origin" not in answer.headers


HALF_SERVED = """
modes = ["text-to-image", "image-edit"]
[[offerings]]
provider = "openai"
provider_model_id = "half-1"
modes = ["text-to-image"]
source = "page"
[[offerings]]
provider = "replicate"
provider_model_id = "acme/half-1"
modes = ["image-edit"]
source = "page"
"""


HALF_CONTRACTS = {
    "openai": """
[[contracts]]
model = "half-1"
operation = "generation"
path = "images/generations"
fixed = { model = "{model}" }
""",
    "replicate": """
[[contracts]]
model = "acme/half-1"
operation = "edit"
path = "{model}"
image = { field = "image" }
""",
}


def test_list_page_and_call_agree_on_what_a_model_can_do(running: Running, tmp_path: Path) -> None:
    """Its edits are at a provider that is not set up here."""
    load_catalogue(running.database, tmp_path / "more", {"half-1": HALF_SERVED}, HALF_CONTRACTS)
    client = running.app.test_client()
    listed = client.get("/v1/models", headers={"api-key": running.secret}).json["data"]
    assert [model["capabilities"] for model in listed if model["id"] == "half-1"] == [["text-to-image"]]
    page = client.get("/models/half-1").text
    assert "/openai/v1/images/generations" in page
    assert "/openai/v1/images/edits" not in page
    edit = post(running, EDITS, data=form(image=PNG, prompt="x", model="half-1"))
    assert (edit.status_code, edit.json["error"]["code"]) == (404, "model_unavailable")
