"""Input images: every dialect in which clients send them, sizes and colours that telephones and scanners make."""

import base64
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from app.gateway.errors import InvalidParameter
from app.gateway.images import clean
from app.gateway.inputs import clean_inputs, open_image_session, read_linked, read_source
from app.gateway.request import read_request
from app.gateway.transport import Client, HttpSession
from tests.factories import picture_bytes
from tests.gateway.upstream import Upstream, sends

PNG = picture_bytes(1)
B64 = base64.b64encode(PNG).decode()
DATA_URL = f"data:image/png;base64,{B64}"


@pytest.fixture
def http() -> HttpSession:
    return open_image_session(Client())


@pytest.mark.parametrize(
    "source",
    [
        B64,
        f" {B64[:40]}\r\n{B64[40:]}\n",
        B64.rstrip("="),
        base64.urlsafe_b64encode(PNG).decode(),
        DATA_URL,
        DATA_URL.replace("image/png", "application/octet-stream"),
        f"DATA:image/png;name=a.png;base64,{B64}",
        {"image_url": DATA_URL},
        {"type": "image_url", "image_url": {"url": DATA_URL, "detail": "high"}},
        {"b64_json": B64},
        {"url": DATA_URL},
    ],
)
def test_dialects(http: HttpSession, source: Any) -> None:
    assert read_source(source, "image", http) == PNG


def test_where_a_body_has_its_images(http: HttpSession) -> None:
    assert read_linked({"image": DATA_URL}, http) == ((PNG,), None)
    assert read_linked({"image": [B64, B64], "mask": ""}, http) == ((PNG, PNG), None)
    assert read_linked({"images": [{"image_url": DATA_URL}], "mask": {"image_url": B64}}, http) == ((PNG,), PNG)


@pytest.mark.parametrize(
    "source",
    [
        "not base64!",
        5,
        ["x"],
        {},
        {"file_id": "file-1"},
        {"image_url": {}},
        "data:image/png;base64,???",
        "file:///x",
    ],
)
def test_what_is_no_image_is_named(http: HttpSession, source: Any) -> None:
    with pytest.raises(InvalidParameter) as caught:
        read_source(source, "mask", http)
    assert caught.value.param == "mask"


@pytest.mark.parametrize(
    "link",
    [
        "http://example.org/x.png",
        "https://127.0.0.1/x.png",
        "https://[::1]/x.png",
        "https://localhost/",
        "https://",
    ],
)
def test_only_public_https_is_followed(http: HttpSession, link: str) -> None:
    with pytest.raises(InvalidParameter, match="could not be fetched"):
        read_source(link, "image", http)


def test_a_link_is_fetched_and_redirects_are_followed(upstream: Upstream, http: HttpSession) -> None:
    local = http.to(upstream.base, seconds=10)  # of a provider on loopback, which may link to loopback
    upstream.on("GET", "/a.png", sends(PNG))
    upstream.on("GET", "/moved", lambda handler: handler.reply(302, b"", headers={"location": "/a.png"}))
    upstream.on("GET", "/round", lambda handler: handler.reply(302, b"", headers={"location": "/round"}))
    upstream.on("GET", "/away", lambda handler: handler.reply(302, b"", headers={"location": "http://10.0.0.1/"}))
    assert read_source(f"{upstream.base}/a.png", "image", local) == PNG
    assert read_source(f"{upstream.base}/moved", "image", local) == PNG
    for path, words in (("round", "too many redirects"), ("away", "not"), ("missing", "answered 404")):
        with pytest.raises(InvalidParameter, match=words):
            read_source(f"{upstream.base}/{path}", "image", local)


def saved(image: Image.Image, format_: str = "PNG", **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def ramp16() -> Image.Image:
    image = Image.new("I;16", (256, 256))
    image.putdata(range(65536))
    return image


def test_sixteen_bits_keep_their_grey() -> None:
    levels = opened(clean(saved(ramp16())).data).convert("L").histogram()
    assert all(100 < count < 300 for count in levels), "a ramp of 256 levels, not black and white"
    assert sum(levels) == 65536


def test_a_palette_keeps_its_colours_and_its_holes() -> None:
    image = Image.new("P", (4, 1))
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])
    image.putdata([0, 1, 2, 3])
    cleaned = opened(clean(saved(image, transparency=3)).data).convert("RGBA")
    assert [cleaned.getpixel((x, 0)) for x in range(3)] == [(255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255)]
    assert cleaned.getpixel((3, 0))[3] == 0  # type: ignore[index]


def test_cmyk_keeps_its_colours() -> None:
    cleaned = opened(clean(saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG")).data)
    red, green, blue = cleaned.convert("RGB").getpixel((5, 5))  # type: ignore[misc]
    assert (cleaned.mode, red > 240, green < 15, blue < 15) == ("RGB", True, True, True)


def test_a_photograph_of_24_megapixels_is_scaled_and_reported() -> None:
    photo = saved(Image.effect_noise((600, 400), 60).convert("RGB").resize((6000, 4000)), "JPEG", quality=80)
    asked = read_request("edit", {"prompt": "x"}, images=(photo,))
    cleaned, natural, changed = clean_inputs(asked)
    width, height = opened(cleaned.images[0]).size
    assert 16_000_000 < width * height <= 4096 * 4096
    assert abs(float(natural) - 1.5) < 0.001
    assert [(one.parameter, one.requested, one.used) for one in changed] == [
        ("image", "6000x4000", f"{width}x{height}")
    ]
    with pytest.raises(InvalidParameter) as caught:
        clean_inputs(read_request("edit", {"prompt": "x", "strict": True}, images=(photo,)))
    assert caught.value.param == "image"
