"""Bodies sent to /openai/v1: nothing in them is lost in silence, and what can't be read is named."""

from io import BytesIO
from random import Random

import pytest
from PIL import Image

from tests.api.gateway_server import EDITS, GENERATIONS, ONE, PNG, SMALL, Running, form, post, running
from tests.factories import hole
from tests.gateway.conftest import upstream
from tests.gateway.upstream import Upstream, coded, says

__all__ = ["running", "upstream"]
pytestmark = pytest.mark.any_database
BOUNDARY = "multipart/form-data; boundary=b"
PROMPT_PART = b'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n%b\r\n'


@pytest.mark.parametrize("name", ["markup", "image1", "image_2", "Image", "file", "masks"])
def test_a_file_that_nothing_is_done_with_is_refused(running: Running, upstream: Upstream, name: str) -> None:
    """OpenAI's own package sends `markup`, a drawing over the image, as a file."""
    parts = {**form(image=PNG, prompt="x", model="brush-1"), name: (BytesIO(PNG), "a.png")}
    response = post(running, EDITS, data=parts)
    assert (response.status_code, response.json["error"]["param"]) == (400, name)
    assert upstream.calls() == []
    upstream.on("POST", "/v1/images/", says(200, ONE))
    parts = {**form(image=PNG, prompt="x", model="brush-1"), name: (BytesIO(b""), "")}
    assert post(running, EDITS, data=parts).status_code == 200, "an empty file says that there is none"


@pytest.mark.parametrize("names", [("image", "images"), ("image", "image[]"), ("images", "images[]")])
def test_images_under_two_names_are_all_sent(running: Running, upstream: Upstream, names: tuple[str, str]) -> None:
    upstream.on("POST", "/v1/images/", says(200, ONE))
    body = {"prompt": "x", "model": "brush-1", names[0]: coded(PNG), names[1]: [coded(PNG)]}
    assert post(running, EDITS, json=body).status_code == 200
    assert upstream.calls()[0].body.count(b'name="image[]"') == 2
    body = {"prompt": "x", "image": coded(PNG), "mask": coded(hole()), "mask[]": [coded(hole())]}
    twice = post(running, EDITS, json=body)
    assert (twice.status_code, twice.json["error"]["param"]) == (400, "mask")


@pytest.mark.parametrize(
    ("body", "media_type", "told"),
    [
        (PROMPT_PART % b"x" + b"--b--\r\n", "multipart/form-data", "boundary"),
        (PROMPT_PART % b"x" + b"--b--\r\n", "multipart/form-data; boundary=other", "boundary"),
        (PROMPT_PART % b"x", BOUNDARY, "no whole form"),
        (PROMPT_PART % b"nuit \xe9toil\xe9e" + b"--b--\r\n", BOUNDARY, "UTF-8"),
        (PROMPT_PART.replace(b"prompt", b"image") % PNG + b"--b--\r\n", BOUNDARY, "needs a filename"),
    ],
)
def test_a_form_that_cannot_be_read_is_no_empty_form(
    running: Running, body: bytes, media_type: str, told: str
) -> None:
    answer = post(running, EDITS, data=body, content_type=media_type)
    assert (answer.status_code, answer.json["error"]["param"]) == (400, None)
    assert told in answer.json["error"]["message"]


@pytest.mark.parametrize("path", [EDITS, "/v1/images/variations"])
def test_a_large_image_as_text_of_a_form(running: Running, upstream: Upstream, path: str) -> None:
    upstream.on("POST", "/v1/images/", says(200, ONE))
    noise = BytesIO()
    Image.frombytes("RGB", (420, 420), Random(1).randbytes(420 * 420 * 3)).save(noise, "PNG")
    parts = {"image": f"data:image/png;base64,{coded(noise.getvalue())}", "prompt": "x", "model": "brush-1"}
    assert len(parts["image"]) > 500_000, "more than the parser takes for text unless it is told"
    assert post(running, path, data=parts, content_type="multipart/form-data").status_code == 200


@pytest.mark.parametrize("path", [GENERATIONS, EDITS])
@pytest.mark.parametrize("media_type", ["application/json", BOUNDARY])
def test_compressed_bodies_are_refused_as_such(running: Running, path: str, media_type: str) -> None:
    headers = {"Content-Encoding": "gzip"}
    answer = post(running, path, headers, data=b"\x1f\x8b\x08\x00rest", content_type=media_type)
    assert (answer.status_code, answer.json["error"]["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("coding", ["identity", "utf-8", ""])
def test_bodies_that_are_not_compressed_are_read_whatever_is_said_of_them(running: Running, coding: str) -> None:
    assert post(running, GENERATIONS, {"Content-Encoding": coding}, json=SMALL).status_code == 200


@pytest.mark.parametrize("value", ["1e400", "-1e400", "[1e400]", '{"x": 1e999}'])
def test_a_number_too_large_for_json_is_refused(running: Running, value: str) -> None:
    body = f'{{"prompt": "x", "size": "256x256", "unknown": {value}}}'
    answer = post(running, GENERATIONS, data=body, content_type="application/json")
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "name", ["n", "resolution", "size", "seed", "quality", "output_compression", "partial_images", "unknown"]
)
def test_an_integer_of_any_length(running: Running, name: str) -> None:
    answer = post(running, GENERATIONS, json={"prompt": "x", "resolution": "0.25K", name: 10**400})
    assert answer.status_code in {200, 400}


def test_what_is_told_of_a_long_value_is_its_beginning(running: Running) -> None:
    body = {**SMALL, "markup": {"image_url": "x" * 5000}, "text": "y" * 5000}
    told = post(running, GENERATIONS, json=body).json["metadata"]["adjustments"]
    assert [(one["parameter"], one["used"], len(one["requested"])) for one in told] == [
        ("markup", None, 501),
        ("text", None, 501),
    ]
