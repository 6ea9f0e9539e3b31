"""Colours of damaged and odd files: places of chunks, parts of profiles, EXIF; Chromium judges."""

import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageCms
from playwright.sync_api import Page

from app.gateway.colours import SRGB
from app.gateway.images import InvalidImage, decode
from app.gateway.png_chunks import SIGNATURE
from tests.gateway.test_colour_siblings import saved
from tests.gateway.test_colours import GAMMA, P3, SIZE, SWAPPED, assert_alike, chunk, colours, png
from tests.gateway.test_colours import page as page  # noqa: PLC0414 (a fixture)


def palette_png(change: Callable[[bytes, bytes, bytes], bytes], depth: int = 4) -> bytes:
    """Return a PNG where `change` makes what precedes the pixels of palette, transparency and EXIF."""
    data = saved(colours().quantize(1 << depth), "PNG")
    start, end = data.index(b"PLTE") - 4, data.index(b"IDAT") - 4
    return (
        data[:start] + change(data[start:end], chunk(b"tRNS", b"\0\0\x80\0"), chunk(b"eXIf", tiff())) + data[end:]
    )


def tiff(*, kind: int = 3, count: int = 1, magic: bytes = b"MM\0*", orientation: int = 6) -> bytes:
    """Return EXIF of one entry, an orientation."""
    return magic + struct.pack(">IHHHIHHI", 8, 1, 0x0112, kind, count, orientation, 0, 0)


def without_checksum(written_chunk: bytes) -> bytes:
    return written_chunk[:-4] + b"none"


PLACES: dict[str, Callable[[bytes, bytes, bytes], bytes]] = {
    "transparency before its palette": lambda palette, clear, _: clear + palette,
    "transparency damaged": lambda palette, clear, _: palette + without_checksum(clear),
    "transparency twice": lambda palette, clear, _: palette + clear + chunk(b"tRNS", bytes(16)),
    "EXIF damaged": lambda palette, _, exif: without_checksum(exif) + palette,
    "EXIF twice": lambda palette, _, exif: exif + palette + chunk(b"eXIf", tiff(orientation=3)),
    "EXIF with the mark of a JPEG": lambda palette, _clear, _exif: palette + chunk(b"eXIf", b"Exif\0\0" + tiff()),
    "EXIF with a long number": lambda palette, _clear, _exif: palette + chunk(b"eXIf", tiff(kind=4)),
    "cICP behind the palette": lambda palette, _clear, _exif: palette + chunk(b"cICP", bytes((9, 13, 0, 1))),
    "palette too short": lambda palette, _clear, _exif: chunk(b"PLTE", palette[8:20]),
}


@pytest.mark.parametrize("name", PLACES)
def test_chunks_count_where_browsers_look_for_them(page: Page, name: str) -> None:
    assert_alike(page, palette_png(PLACES[name]), "png")


@pytest.mark.parametrize("kind", [b"tRNS", b"eXIf"])
def test_chunks_behind_the_pixels_say_nothing(page: Page, kind: bytes) -> None:
    data = palette_png(lambda palette, _clear, _exif: palette)
    body = tiff() if kind == b"eXIf" else bytes(4)
    assert_alike(page, data[:-12] + chunk(kind, body) + data[-12:], "png")


@pytest.mark.parametrize("key", [0x8081, 0x8085, 0x8090])
def test_a_transparent_colour_of_sixteen_bits_a_channel(page: Page, key: int) -> None:
    deep = np.full((*SIZE[::-1], 3), 0x8081, dtype=">u2")
    deep[:8] = 0x8090
    lines = b"".join(b"\0" + line.tobytes() for line in deep)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", *SIZE, 16, 2, 0, 0, 0)) + chunk(
        b"tRNS", struct.pack(">3H", key, key, key)
    )
    assert_alike(page, SIGNATURE + head + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""), "png")


def test_dark_grey_of_sixteen_bits_with_a_gamma(page: Page) -> None:
    deep = np.arange(SIZE[0] * SIZE[1], dtype=">u2").reshape(SIZE[::-1]) * 20
    lines = b"".join(b"\0" + line.tobytes() for line in deep)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", *SIZE, 16, 0, 0, 0, 0)) + GAMMA["1.0"]
    assert_alike(page, SIGNATURE + head + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""), "png")


@pytest.mark.parametrize("has_transparency", [False, True])
def test_a_gif_whose_first_frame_is_smaller_than_the_picture(page: Page, has_transparency: bool) -> None:
    part = colours().crop((0, 0, 8, 8)).quantize(16)
    data = saved(part, "GIF", **({"transparency": 2} if has_transparency else {}))
    frame = data.index(b"\x2c\0\0\0\0")
    screen = data[:6] + struct.pack("<HH", *SIZE) + data[10:frame]
    assert_alike(page, screen + b"\x2c" + struct.pack("<HH", 4, 4) + data[frame + 5 :], "gif")


def with_tag(profile: bytes, name: bytes, body: bytes) -> bytes:
    """Return a profile with one tag more."""
    count, end = int.from_bytes(profile[128:132]), 132 + 12 * int.from_bytes(profile[128:132])
    entries = [struct.unpack(">4sII", profile[place : place + 12]) for place in range(132, end, 12)]
    table = b"".join(struct.pack(">4sII", tag, place + 12, length) for tag, place, length in entries)
    table += struct.pack(">4sII", name, len(profile) + 12, len(body))
    return (
        struct.pack(">I", len(profile) + 12 + len(body))
        + profile[4:128]
        + struct.pack(">I", count + 1)
        + table
        + profile[end:]
        + body
    )


CODE_POINTS = [(p, 13, 0, 1) for p in (0, 1, 2, 4, 5, 9, 10, 12, 22, 77)]
CODE_POINTS += [(12, t, 0, 1) for t in (0, 1, 2, 4, 5, 6, 7, 8, 9, 11, 14, 15, 17, 99)] + [
    (12, 13, 1, 1),
    (12, 13, 0, 0),
]


@pytest.mark.parametrize("code_points", CODE_POINTS)
def test_a_profile_that_holds_code_points(page: Page, code_points: tuple[int, ...]) -> None:
    profile = with_tag(SWAPPED, b"cicp", b"cicp\0\0\0\0" + bytes(code_points))
    assert_alike(page, png("RGB", icc=profile), "png")


@pytest.mark.parametrize("tag", [b"cicp\0\0\0\0\x0c\x0d", b"data\0\0\0\0\x0c\x0d\0\1"])
def test_damaged_code_points_take_the_word_from_their_profile(page: Page, tag: bytes) -> None:
    assert_alike(page, png("RGB", icc=with_tag(SWAPPED, b"cicp", tag)), "png")


@pytest.mark.parametrize("transfer", [16, 18])
def test_a_profile_whose_code_points_are_hdr_is_refused_by_name(transfer: int) -> None:
    profile = with_tag(SWAPPED, b"cicp", b"cicp\0\0\0\0" + bytes((9, transfer, 0, 1)))
    with pytest.raises(InvalidImage, match="HDR"):
        decode(saved(colours(), "JPEG", icc_profile=profile))


@pytest.mark.parametrize("kind", [b"scnr", b"prtr", b"spac", b"link", b"abst", b"nmcl", b"xxxx"])
def test_a_profile_counts_whatever_its_class(page: Page, kind: bytes) -> None:
    assert_alike(page, png("RGB", icc=SWAPPED[:12] + kind + SWAPPED[16:]), "png")


@pytest.mark.parametrize("names", [(b"A2B0",), (b"A2B1",), (b"A2B0", b"A2B1")])
def test_a_profile_of_one_table(page: Page, names: tuple[bytes, ...]) -> None:
    """The table of 8 bits turns red to blue and blue to red."""
    levels = np.linspace(0, 255, 9).round().astype(np.uint8)
    red, green, blue = np.meshgrid(levels, levels, levels, indexing="ij")
    grid = Image.fromarray(np.stack([blue, green, red], axis=-1).reshape(-1, 1, 3))
    to_lab = {"outputMode": "LAB", "renderingIntent": ImageCms.Intent.RELATIVE_COLORIMETRIC}
    lab = ImageCms.profileToProfile(grid, SRGB, ImageCms.createProfile("LAB"), **to_lab)
    assert lab is not None
    table = (np.asarray(lab).astype(int) ^ [0, 128, 128]).astype(np.uint8).tobytes()
    same = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    body = b"mft1\0\0\0\0" + bytes((3, 3, 9, 0)) + same + bytes(range(256)) * 3 + table + bytes(range(256)) * 3
    head = struct.pack(">I4sI4s4s4s", 0, b"lcms", 0x02400000, b"mntr", b"RGB ", b"Lab ") + P3[24:128]
    profile = head + struct.pack(">I4sII", 1, b"wtpt", 144, 20) + b"XYZ \0\0\0\0" + P3[68:80]
    for name in names:
        profile = with_tag(profile, name, body)
    assert_alike(page, png("RGB", icc=profile), "png")


def in_parts(*parts: tuple[int, int, bytes]) -> bytes:
    """Return a JPEG with parts of a profile: the number of each, how many it says there are, its bytes."""
    data = saved(colours(), "JPEG", quality=100, subsampling=0)
    segments = (b"ICC_PROFILE\0" + bytes((number, count)) + body for number, count, body in parts)
    return (
        data[:2] + b"".join(b"\xff\xe2" + struct.pack(">H", len(each) + 2) + each for each in segments) + data[2:]
    )


PARTS = {
    "backwards": [(2, 2, SWAPPED[200:]), (1, 2, SWAPPED[:200])],
    "one missing": [(1, 2, SWAPPED)],
    "two profiles": [(1, 1, SWAPPED), (1, 1, P3)],
    "number 0": [(0, 1, SWAPPED)],
    "none in all": [(1, 0, SWAPPED)],
    "another number in all": [(1, 2, SWAPPED[:200]), (2, 3, SWAPPED[200:])],
    "one twice": [(1, 2, SWAPPED[:200]), (1, 2, SWAPPED[200:])],
}


@pytest.mark.parametrize("name", PARTS)
def test_a_profile_in_parts(page: Page, name: str) -> None:
    assert_alike(page, in_parts(*PARTS[name]), "jpeg")


EXIF = {
    "a long number": b"Exif\0\0" + tiff(kind=4),
    "a signed number": b"Exif\0\0" + tiff(kind=8),
    "two numbers": b"Exif\0\0" + tiff(count=2),
    "another magic": b"Exif\0\0" + tiff(magic=b"MM\0+"),
    "another mark": b"Exif\0\xff" + tiff(),
    "cut off": b"Exif\0\0" + tiff()[:20],
    "cut off behind": b"Exif\0\0" + tiff()[:-4],
    "empty": b"Exif\0\0",
    "nine": b"Exif\0\0" + tiff(orientation=9),
    "six": b"Exif\0\0" + tiff(),
}


@pytest.mark.parametrize("name", EXIF)
def test_exif_counts_where_it_does_in_browsers(page: Page, name: str) -> None:
    data, body = saved(colours(), "JPEG", quality=100, subsampling=0), EXIF[name]
    assert_alike(page, data[:2] + b"\xff\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:], "jpeg")
