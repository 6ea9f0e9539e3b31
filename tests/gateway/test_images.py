"""Formats, conversion and inputs."""

from io import BytesIO

import pytest
from PIL import Image

from app.gateway.formats import sniff
from app.gateway.images import InvalidImage, clean, decode, render
from tests.factories import picture_bytes
from tests.gateway.test_hostile_masks import png_claiming

FORMATS = ["png", "jpeg", "gif", "webp", "avif"]


def with_hole(format_: str = "PNG") -> bytes:
    image = Image.new("RGBA", (40, 20), (200, 30, 30, 255))
    image.paste((0, 0, 0, 0), (0, 0, 20, 20))
    buffer = BytesIO()
    image.save(buffer, format_)
    return buffer.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("target", FORMATS)
def test_every_format_becomes_every_other(source: str, target: str) -> None:
    data, size = render(picture_bytes(1, format_=source.upper()), target)
    assert sniff(data) == target
    assert size == opened(data).size == (64, 64)


def test_what_is_right_already_stays_as_it_is() -> None:
    data = picture_bytes(1, format_="JPEG")
    assert render(data, "jpeg")[0] is data


@pytest.mark.parametrize("format_", ["png", "webp", "avif", "gif"])
def test_transparency_survives_where_it_can(format_: str) -> None:
    data, _ = render(with_hole("WEBP"), format_)
    assert opened(data).convert("RGBA").getpixel((5, 5))[3] == 0  # type: ignore[index]


def test_transparency_becomes_white_in_a_jpeg() -> None:
    data, _ = render(with_hole(), "jpeg")
    assert min(opened(data).getpixel((5, 5))) > 245  # type: ignore[arg-type]


def test_an_exact_size_is_cropped_and_scaled() -> None:
    data, size = render(picture_bytes(1, (100, 50)), "png", size=(30, 30))
    assert size == opened(data).size == (30, 30)


def test_inputs_lose_their_metadata_and_keep_their_mask() -> None:
    buffer = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "LEAK"
    Image.new("RGB", (30, 20), "red").save(buffer, "JPEG", exif=exif, comment=b"LEAK")
    made = clean(buffer.getvalue())
    assert (sniff(made.data), made.size, b"LEAK" in made.data) == ("jpeg", (30, 20), False)
    mask = clean(with_hole("WEBP")).data
    assert sniff(mask) == "png"
    assert opened(mask).getpixel((5, 5))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize("data", [b"", b"<svg/>", picture_bytes(1)[:100], b"GIF89a", b"RIFF....WEBP"])
def test_what_is_no_image_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidImage):
        render(data, "png")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "It is empty."),
        (b"<!DOCTYPE html><title>404", "It is a web page; open its address"),
        (b"version https://git-lfs.github.com/spec/v1", "fetch the file by `git lfs pull`."),
        (png_claiming(30_000, 30_000), "more than 89,478,485 pixels; at most 8192 a side and 20,000,000 in all."),
        (png_claiming(12_000, 12_000), "more than 89,478,485 pixels; at most 8192 a side and 20,000,000 in all."),
        (png_claiming(9_000, 100), "9000 x 100 pixels; at most 8192 a side and 20,000,000 in all."),
    ],
)
def test_a_refusal_says_what_a_file_is_and_what_to_do(data: bytes, told: str) -> None:
    with pytest.raises(InvalidImage) as refusal:
        decode(data)
    assert told in str(refusal.value)


def test_only_known_formats_are_sniffed() -> None:
    assert [sniff(picture_bytes(1, format_=f.upper())) for f in FORMATS] == FORMATS
    assert [sniff(picture_bytes(1, format_=f)) for f in ("BMP", "TIFF")] == [None, None]


def test_decoding_flattens_unless_asked_not_to() -> None:
    assert decode(with_hole()).mode == "RGB"
    assert decode(with_hole(), alpha=True).mode == "RGBA"
    assert decode(picture_bytes(1), alpha=True).mode == "RGB"
