"""What a rendition keeps of its original: pixels in one frame, and nothing else."""

import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from app.arena.entries import renditions
from app.gateway import images
from tests.factories import picture_bytes

SECRET = "dall-e-2"
FRAME = (96, 64)


def _marked(format_: str) -> bytes:
    """An image that says who made it in every way its format has."""
    image = Image.open(BytesIO(picture_bytes(1, (80, 80))))
    exif = Image.Exif()
    exif[0x010E] = exif[0x0131] = SECRET
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes().replace(b"sRGB", b"sRGB")
    options: dict[str, object] = {"exif": exif, "icc_profile": profile + SECRET.encode()}
    if format_ == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("prompt", SECRET)
        text.add_itxt("model", SECRET, zip=True)
        options["pnginfo"] = text
    if format_ in {"JPEG", "GIF"}:
        options["comment"] = SECRET
    if format_ in {"WEBP", "PNG", "JPEG"}:
        options["xmp"] = f"<x>{SECRET}</x>".encode()
    if format_ == "GIF":
        options = {"comment": SECRET}
    if format_ in {"WEBP", "AVIF", "JPEG"}:
        options["quality"] = 95
    buffer = BytesIO()
    image.convert("P" if format_ == "GIF" else "RGB").save(buffer, format_, **options)
    return buffer.getvalue() + SECRET.encode()


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
def test_no_metadata_survives(format_: str) -> None:
    original = _marked(format_)
    assert SECRET.encode() in original
    rendition = renditions.picture(original, FRAME).renditions.large.data
    assert _chunks(rendition) == ["VP8 "]
    assert SECRET.encode() not in rendition


def test_both_sides_have_one_size_and_inputs_are_whole() -> None:
    for size in ((96, 64), (500, 100), (64, 300), FRAME):
        made = renditions.picture(picture_bytes(3, size), FRAME).renditions
        assert Image.open(BytesIO(made.large.data)).size == FRAME
        assert Image.open(BytesIO(made.small.data)).size == FRAME
    white = BytesIO()
    Image.new("RGB", (200, 50), "white").save(white, "PNG")
    shown = Image.open(BytesIO(renditions.render_input(white.getvalue(), FRAME).large.data)).convert("L")
    assert shown.getpixel((48, 32)) > 250
    assert shown.getpixel((1, 32)) > 250
    assert shown.getpixel((48, 2)) < 150


def test_a_wide_gamut_profile_is_converted_not_dropped() -> None:
    """The same numbers in a profile with red and green swapped are another colour."""
    image = Image.new("RGB", (64, 64), (200, 30, 30))
    plain, swapped = BytesIO(), BytesIO()
    image.save(plain, "PNG")
    image.save(swapped, "PNG", icc_profile=_swapped_profile())
    shown = [images.decode(data.getvalue()).getpixel((9, 9)) for data in (plain, swapped)]
    assert shown[0] == (200, 30, 30)
    assert shown[1][1] > shown[1][0] + 50


def _swapped_profile() -> bytes:
    """SRGB with its red and green primaries exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", profile[128:132])[0]
    tags = {bytes(profile[132 + 12 * i : 136 + 12 * i]): 132 + 12 * i for i in range(count)}
    red, green = tags[b"rXYZ"], tags[b"gXYZ"]
    profile[red + 4 : red + 12], profile[green + 4 : green + 12] = (
        profile[green + 4 : green + 12],
        profile[red + 4 : red + 12],
    )
    return bytes(profile)


def test_orientation_is_applied() -> None:
    image = Image.new("RGB", (60, 20), "black")
    image.paste("white", (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = BytesIO()
    image.save(buffer, "JPEG", exif=exif, quality=95)
    upright = images.decode(buffer.getvalue())
    assert upright.size == (20, 60)
    assert upright.convert("L").getpixel((10, 5)) > 200


def test_transparency_lies_on_white() -> None:
    buffer = BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(buffer, "PNG")
    assert images.decode(buffer.getvalue()).getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.parametrize("seed", range(5))
def test_every_file_of_a_competition_has_one_length(seed: int) -> None:
    rendition = renditions.picture(picture_bytes(seed, (200, 200)), (200, 200)).renditions.large.data
    length = renditions.file_bytes(len(rendition))
    once, again = renditions.padded(rendition, length), renditions.padded(rendition, length)
    assert len(once) == len(again) == length
    assert length % renditions.STEP_BYTES == 0
    assert once != again
    assert _chunks(once) == ["VP8 ", "PADD"]
    assert images.decode(once).tobytes() == images.decode(rendition).tobytes()


def test_a_file_too_long_for_its_length_is_refused() -> None:
    rendition = renditions.picture(picture_bytes(1), (64, 64)).renditions.large.data
    with pytest.raises(ValueError, match="cannot be padded"):
        renditions.padded(rendition, len(rendition) - 2)


def test_perceptual_hashes_tell_pictures_apart() -> None:
    original = picture_bytes(1, (256, 256))
    image = Image.open(BytesIO(original)).convert("RGB")
    smaller, worse = BytesIO(), BytesIO()
    image.resize((120, 120)).save(smaller, "PNG")
    image.save(worse, "JPEG", quality=40)
    same = [
        renditions.picture(data, FRAME).perceptual_hash
        for data in (original, smaller.getvalue(), worse.getvalue())
    ]
    assert all(renditions.alike(one, renditions.hashes(same)).tolist() == [0, 1, 2] for one in same)
    others = [renditions.picture(picture_bytes(seed), FRAME).perceptual_hash for seed in range(2, 40)]
    assert renditions.alike(same[0], renditions.hashes(others)).tolist() == []
    assert all(-(2**63) <= value < 2**63 for value in [*same, *others])


@given(st.integers(-(2**63), 2**63 - 1), st.lists(st.sets(st.integers(0, 63)), max_size=6))
def test_pictures_are_the_same_within_eight_bits(one: int, flipped: list[set[int]]) -> None:
    """The figure by which the security tests look for named copies."""
    others = [(one % 2**64) ^ sum(1 << bit for bit in bits) for bits in flipped]
    signed = renditions.hashes(other - 2**64 if other >= 2**63 else other for other in others)
    expected = [place for place, bits in enumerate(flipped) if len(bits) <= 8]
    assert renditions.alike(one, signed).tolist() == expected


@given(st.data())
def test_damaged_files_are_refused_never_raised(data: st.DataObject) -> None:
    format_ = data.draw(st.sampled_from(["PNG", "JPEG", "WEBP", "GIF", "AVIF"]))
    original = bytearray(SAMPLES[format_])
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(original) - 1))
        original[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(original)))
    try:
        mode = images.decode(bytes(original[:cut])).mode
    except images.InvalidImage:
        mode = None
    assert mode in {None, "RGB"}


SAMPLES = {format_: picture_bytes(5, (48, 48), format_) for format_ in ("PNG", "JPEG", "WEBP", "GIF", "AVIF")}


def test_bombs_are_refused_before_they_are_decoded() -> None:
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    bomb += struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    for data in (bomb, b"", b"GIF89a", b"<svg/>", b"\0" * (images.IMPORTED.max_bytes + 1)):
        with pytest.raises(images.InvalidImage):
            images.decode(data)
    wide = BytesIO()
    Image.new("L", (9000, 1)).save(wide, "PNG")
    with pytest.raises(images.InvalidImage, match="8192"):
        images.decode(wide.getvalue())


def _chunks(webp: bytes) -> list[str]:
    assert webp[:4] == b"RIFF"
    assert webp[8:12] == b"WEBP"
    assert struct.unpack("<I", webp[4:8])[0] == len(webp) - 8
    names, place = [], 12
    while place < len(webp):
        names.append(webp[place : place + 4].decode())
        size = struct.unpack("<I", webp[place + 4 : place + 8])[0]
        place += 8 + size + size % 2
    return names
