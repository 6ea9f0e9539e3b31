"""The real `openai` package against a running server; left out where it is not installed."""

import base64
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from app.gateway.formats import sniff
from tests.api.gateway_server import Running, make, served
from tests.factories import hole, picture_bytes
from tests.gateway.conftest import upstream
from tests.gateway.upstream import Upstream, coded, says

__all__ = ["upstream"]
PNG = picture_bytes(1)
ONE = {"data": [{"b64_json": coded(PNG)}]}


@pytest.fixture(scope="module")
def openai() -> Any:
    """The package, which takes longer to import than most files of tests take to run."""
    return pytest.importorskip("openai")


@pytest.fixture
def running(sqlite_template: Path, tmp_path: Path, upstream: Upstream) -> Iterator[Running]:
    path = tmp_path / "sdk.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    made = make(f"sqlite:///{path}", tmp_path, upstream)
    with served(made):
        yield made
    made.database.close()


@pytest.fixture
def sdk(openai: Any, running: Running) -> Iterator[Any]:
    with openai.OpenAI(api_key=running.secret, base_url=running.base) as client:
        yield client


def test_generate(sdk: Any) -> None:
    made = sdk.images.generate(prompt="a red cube", size="256x256")
    assert made.metadata["executed_model"] == "painter/poster-pro"
    assert made._request_id == made.metadata["request_id"]
    with urllib.request.urlopen(made.data[0].url) as file:
        assert sniff(file.read()) == "png"


def test_ten_images(sdk: Any) -> None:
    made = sdk.images.generate(prompt="a red cube", model="poster-pro", size="256x256", n=10)
    assert len({item.url for item in made.data}) == 10


def test_extra_body_and_query(sdk: Any) -> None:
    wanted = {"aspect_ratio": "2:1", "resolution": "0.5K", "output_format": "avif"}
    made = sdk.images.generate(prompt="x", response_format="b64_json", extra_body=wanted)
    assert sniff(base64.b64decode(made.data[0].b64_json)) == "avif"
    assert made.size == "724x362"
    dry = sdk.images.generate(prompt="x", extra_query={"dryRun": "true"})
    assert (dry.estimated, dry.total_cost_micros) == (True, 24_000)


def test_raw_headers(sdk: Any) -> None:
    raw = sdk.images.with_raw_response.generate(prompt="x", size="256x256")
    assert raw.headers["x-blindvote-provider"] == "painter"
    assert raw.parse().data[0].url


def test_streaming(sdk: Any) -> None:
    events = list(sdk.images.generate(prompt="x", size="256x256", stream=True, partial_images=2))
    assert [event.type for event in events] == ["image_generation.completed"]
    assert sniff(base64.b64decode(events[0].b64_json)) == "png"


@pytest.mark.parametrize(
    "image",
    [PNG, [PNG], [PNG, PNG], BytesIO(PNG), ("one.png", PNG, "image/png")],
    ids=["bytes", "list of one", "list of two", "stream", "tuple"],
)
def test_edits(sdk: Any, upstream: Upstream, image: Any) -> None:
    upstream.on("POST", "/v1/images/edits", says(200, ONE))
    made = sdk.images.edit(image=image, mask=hole(), prompt="bluer", model="gpt-image-9")
    assert base64.b64decode(made.data[0].b64_json) == PNG


def test_an_edit_streams_too(sdk: Any, upstream: Upstream) -> None:
    upstream.on("POST", "/v1/images/edits", says(200, ONE))
    events = list(sdk.images.edit(image=PNG, prompt="bluer", model="gpt-image-9", stream=True))
    assert [event.type for event in events] == ["image_edit.completed"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_variations(sdk: Any, upstream: Upstream) -> None:
    upstream.on("POST", "/v1/images/variations", says(200, ONE))
    made = sdk.images.create_variation(image=PNG, model="brush-1", n=1, size="512x512")
    assert made.data[0].url


def test_models(sdk: Any) -> None:
    assert "poster-pro" in [model.id for model in sdk.models.list()]
    assert sdk.models.retrieve("openai/brush-1").owned_by == "Acme"


def unwell(status: int, **headers: str) -> Callable[[Upstream], None]:
    return lambda upstream: upstream.on("POST", "/v1/", says(status, {}, headers))


@pytest.mark.parametrize(
    ("values", "prepare", "error", "requests"),
    [
        ({"n": 99}, None, "BadRequestError", 1),
        ({"model": "old-1"}, None, "NotFoundError", 1),
        ({"model": "nothing"}, None, "NotFoundError", 1),
        ({"model": "brush-1"}, unwell(500), "InternalServerError", 1),
        ({"model": "brush-1"}, unwell(401), "InternalServerError", 1),
        ({"model": "brush-1"}, unwell(429, **{"retry-after": "1"}), "RateLimitError", 3),
    ],
)
def test_errors_and_how_often_they_are_tried(
    openai: Any,
    sdk: Any,
    running: Running,
    upstream: Upstream,
    values: dict[str, Any],
    prepare: Callable[[Upstream], None] | None,
    error: str,
    requests: int,
) -> None:
    if prepare:
        prepare(upstream)
    with pytest.raises(getattr(openai, error)) as caught:
        sdk.images.generate(prompt="x", **values)
    assert caught.value.code
    assert running.asked == requests


def test_a_wrong_key(openai: Any, running: Running) -> None:
    with (
        openai.OpenAI(api_key="bv_wrong", base_url=running.base) as client,
        pytest.raises(openai.AuthenticationError) as caught,
    ):
        client.images.generate(prompt="x")
    assert (caught.value.code, running.asked) == ("invalid_api_key", 1)


def test_a_link_after_its_time(openai: Any, sqlite_template: Path, tmp_path: Path, upstream: Upstream) -> None:
    path = tmp_path / "sdk.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    with served(make(f"sqlite:///{path}", tmp_path, upstream, file_url_seconds=1)) as running:
        with openai.OpenAI(api_key=running.secret, base_url=running.base) as client:
            link = client.images.generate(prompt="x", size="256x256").data[0].url
        urllib.request.urlopen(link).close()
        time.sleep(1.1)
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(link)
        assert caught.value.code == 404
        caught.value.close()
