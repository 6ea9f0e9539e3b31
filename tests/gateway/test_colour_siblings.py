"""Colours of files as other programs write them: depths, odd chunks, animations; Chromium judges."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image
from playwright.sync_api import Page

from app.gateway.images import decode
from tests.gateway.test_colours import (
    CHRM,
    GAMMA,
    GREY,
    P3,
    PRIMARIES,
    SIZE,
    SWAPPED,
    assert_alike,
    chunk,
    colours,
    press,
    shown,
)
from tests.gateway.test_colours import page as page  # noqa: PLC0414 (a fixture)

GREY_TYPE, RGB_TYPE, PALETTE_TYPE, GREY_ALPHA_TYPE, RGBA_TYPE = 0, 2, 3, 4, 6
RAMP = np.asarray(Image.linear_gradient("L").resize(SIZE))


def packed_profile(profile: bytes) -> bytes:
    return chunk(b"iCCP", b"icc\0\0" + zlib.compress(profile))


def written(colour_type: int, depth: int, samples: np.ndarray, *chunks: bytes) -> bytes:
    """Write a PNG by hand: samples of up to 16 bits in any number of channels, scaled from 8."""
    rows = samples.reshape(SIZE[1], -1)
    if depth == 16:
        lines = [(row.astype(">u2") * 257).tobytes() for row in rows]
    else:
        shifted = rows >> (8 - depth)
        bits = (shifted[..., None] >> np.arange(depth)[::-1]) & 1
        lines = [np.packbits(line.reshape(-1).astype(np.uint8)).tobytes() for line in bits]
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", *SIZE, depth, colour_type, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + line for line in lines)))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + body + chunk(b"IEND", b"")


def plain(*chunks: bytes) -> bytes:
    return written(RGB_TYPE, 8, np.asarray(colours()), *chunks)


def saved(image: Image.Image, format_: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


EXTRAS: dict[str, tuple[bytes, ...]] = {
    "nothing": (),
    "P3": (packed_profile(P3),),
    "grey profile": (packed_profile(GREY),),
    "linear": (GAMMA["1.0"],),
}


@pytest.mark.parametrize("extra", EXTRAS)
@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("is_keyed", [False, True], ids=["opaque", "a shade transparent"])
def test_grey_of_every_depth(page: Page, depth: int, is_keyed: bool, extra: str) -> None:
    key = (chunk(b"tRNS", struct.pack(">H", 0)),) if is_keyed else ()
    grey = np.asarray(colours().convert("L"))
    assert_alike(page, written(GREY_TYPE, depth, grey, *EXTRAS[extra], *key), "png")


@pytest.mark.parametrize("extra", EXTRAS)
@pytest.mark.parametrize("alphas", [b"", b"\0", b"\0\x80"])
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_palettes_of_every_depth(page: Page, depth: int, alphas: bytes, extra: str) -> None:
    palette = np.random.default_rng(depth).integers(0, 256, 3 * 2**depth, dtype=np.uint8).tobytes()
    more = (chunk(b"PLTE", palette), *([chunk(b"tRNS", alphas)] if alphas else []))
    grey = np.asarray(colours().convert("L"))
    assert_alike(page, written(PALETTE_TYPE, depth, grey, *EXTRAS[extra], *more), "png")


@pytest.mark.parametrize("extra", EXTRAS)
@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("colour_type", [GREY_ALPHA_TYPE, RGBA_TYPE])
def test_half_transparent_colours(page: Page, colour_type: int, depth: int, extra: str) -> None:
    shades = [np.asarray(colours().convert("L"))] if colour_type == GREY_ALPHA_TYPE else [*np.moveaxis(
        np.asarray(colours()), -1, 0
    )]  # fmt: skip
    assert_alike(page, written(colour_type, depth, np.dstack([*shades, RAMP]), *EXTRAS[extra]), "png")


@pytest.mark.parametrize("gamma", [1_000, 43_000, 43_300, 45_000, 47_600, 47_900, 55_555, 1_000_000])
@pytest.mark.parametrize("has_primaries", [False, True])
def test_every_gamma(page: Page, gamma: int, has_primaries: bool) -> None:
    chunks = (chunk(b"gAMA", struct.pack(">I", gamma)), *((CHRM,) if has_primaries else ()))
    assert_alike(page, plain(*chunks), "png")


DAMAGED = {
    "cut off": P3[:200],
    "longer than it is": struct.pack(">I", 9_999) + P3[4:],
    "followed by more": P3 + bytes(4),
    "without its mark": P3[:36] + b"xxxx" + P3[40:],
    "zeros": bytes(500),
    "empty": b"",
    "huge": bytes(3 * 2**20),
    "of four inks": press(b"mft2"),
}


@pytest.mark.parametrize("damage", DAMAGED)
@pytest.mark.parametrize("beside", [(), (GAMMA["1.0"],)], ids=["alone", "beside a gamma"])
def test_a_damaged_profile_leaves_the_word_to_other_chunks(
    page: Page, damage: str, beside: tuple[bytes, ...]
) -> None:
    assert_alike(page, plain(*beside, packed_profile(DAMAGED[damage])), "png")


CHUNKS = {
    "cHRM short": (chunk(b"cHRM", bytes(16)),),
    "cHRM alone": (CHRM,),
    "cHRM of one point": (GAMMA["1.0"], chunk(b"cHRM", struct.pack(">8I", *[31_000] * 8))),
    "gAMA short": (chunk(b"gAMA", bytes(2)),),
    "gAMA of 0": (chunk(b"gAMA", bytes(4)),),
    "gAMA with a wrong checksum": (GAMMA["1.0"][:-4] + bytes(4),),
    "sRGB empty": (chunk(b"sRGB", b""),),
    "sRGB and a profile": (chunk(b"sRGB", b"\0"), packed_profile(SWAPPED)),
    "pHYs short": (chunk(b"pHYs", bytes(3)),),
    "iCCP short": (chunk(b"iCCP", b"i"),),
    "two profiles": (packed_profile(P3), packed_profile(SWAPPED)),
    "cICP short": (chunk(b"cICP", bytes(2)),),
    "cICP of a part of the range": (chunk(b"cICP", bytes((12, 13, 0, 0))),),
    "cICP of unknown colours": (chunk(b"cICP", bytes((77, 13, 0, 1))), GAMMA["1.0"]),
    "zTXt damaged": (chunk(b"zTXt", b"a\0\1bb"),),
    "iTXt damaged": (chunk(b"iTXt", b"a"),),
    "a workflow of megabytes": (chunk(b"zTXt", b"workflow\0\0" + zlib.compress(bytes(3 * 2**20))),),
    "tRNS too long": (chunk(b"tRNS", bytes(30)),),
    "eXIf damaged": (chunk(b"eXIf", b"xx"),),
    "acTL short": (chunk(b"acTL", bytes(3)),),
    "private": (chunk(b"prVt", bytes(70_000)),),
}


@pytest.mark.parametrize("name", CHUNKS)
def test_odd_chunks_are_passed_over_as_browsers_do(page: Page, name: str) -> None:
    assert_alike(page, plain(*CHUNKS[name]), "png")


@pytest.mark.parametrize("primaries", sorted(PRIMARIES))
@pytest.mark.parametrize("transfer", [1, 2, 4, 7, 8, 9, 11, 13, 17])
def test_every_code_point_of_a_png(page: Page, primaries: int, transfer: int) -> None:
    assert_alike(page, plain(chunk(b"cICP", bytes((primaries, transfer, 0, 1)))), "png")


@pytest.mark.parametrize("primaries", [4, 7, 8, 10, 11, 22, 77])
@pytest.mark.parametrize("transfer", [6, 7, 13, 17, 99])
def test_rarer_code_points_of_an_avif(page: Page, primaries: int, transfer: int) -> None:
    data = bytearray(saved(colours(), "AVIF", quality=100, subsampling="4:4:4", speed=10))
    place = data.index(b"colrnclx") + 8
    data[place : place + 4] = struct.pack(">HH", primaries, transfer)
    assert_alike(page, bytes(data), "avif")


@pytest.mark.parametrize("mode", ["I;16", "LA16", "P", "RGBA", "1"])
@pytest.mark.parametrize("orientation", [3, 6])
def test_a_png_of_any_mode_is_turned(page: Page, mode: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    grey = np.asarray(colours().convert("L"))
    if mode == "I;16":
        data = saved(Image.fromarray(grey.astype(np.uint16) * 257), "PNG", exif=exif)
    elif mode == "LA16":
        data = written(GREY_ALPHA_TYPE, 16, np.dstack([grey, RAMP]), chunk(b"eXIf", exif.tobytes()[6:]))
    else:
        data = saved(colours().convert(mode), "PNG", exif=exif)
    assert_alike(page, data, "png")


CURVES_OF_GREY = {
    "a line": struct.pack(">I", 0),
    "a power": struct.pack(">IH", 1, 461),
    "a list": struct.pack(">I256H", 256, *(257 * level for level in range(256))),
    "three points": struct.pack(">I3H", 3, 0, 20_000, 65_535),
}


@pytest.mark.parametrize("pcs", [b"XYZ ", b"Lab "])
@pytest.mark.parametrize("curve", CURVES_OF_GREY)
@pytest.mark.parametrize("mode", ["L", "LA"])
def test_every_shade_of_a_profile_of_grey(page: Page, mode: str, curve: str, pcs: bytes) -> None:
    body = b"curv\0\0\0\0" + CURVES_OF_GREY[curve]
    head = struct.pack(">I", len(GREY) - 16 + len(body)) + GREY[4:20] + pcs + GREY[24:152]
    profile = head + struct.pack(">I", len(body)) + GREY[156:176] + body
    shades = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16)).convert(mode)
    assert_alike(page, saved(shades, "PNG", icc_profile=profile), "png")


@pytest.mark.parametrize("is_apart", [False, True], ids=["from the first frame", "a picture beside it"])
def test_the_frame_of_an_animated_png_that_is_shown_first(page: Page, is_apart: bool) -> None:
    frames = [Image.new("RGB", SIZE, colour) for colour in ("red", "blue")]
    data = saved(colours(), "PNG", save_all=True, append_images=frames, default_image=is_apart)
    assert_alike(page, data, "png")
    assert (decode(data).getpixel((0, 0)) == (255, 0, 0)) == is_apart


@pytest.mark.parametrize("more", [[], [Image.new("RGB", SIZE)]], ids=["still", "animated"])
def test_the_profile_of_an_animated_webp_is_left_alone(page: Page, more: list[Image.Image]) -> None:
    data = saved(colours(), "WEBP", lossless=True, icc_profile=P3, save_all=bool(more), append_images=more)
    assert_alike(page, data, "webp")


JPEGS: dict[str, tuple[str, dict[str, object]]] = {
    "grey, profile of grey": ("L", {"icc_profile": GREY}),
    "grey, profile of RGB": ("L", {"icc_profile": P3}),
    "profile of grey": ("RGB", {"icc_profile": GREY}),
    "profile of inks": ("RGB", {"icc_profile": press(b"mft2")}),
    "RGB inside": ("RGB", {"icc_profile": P3, "keep_rgb": True}),
    "profile in three parts": ("RGB", {"icc_profile": P3 + bytes(150_000)}),
    "progressive": ("RGB", {"icc_profile": P3, "progressive": True}),
}


@pytest.mark.parametrize("name", JPEGS)
def test_jpegs_of_other_programs(page: Page, name: str) -> None:
    mode, options = JPEGS[name]
    more = {"subsampling": 0} if mode == "RGB" else {}
    assert_alike(page, saved(colours().convert(mode), "JPEG", quality=100, **options, **more), "jpeg")


@settings(deadline=None, max_examples=60)
@example(bytes(8), b"acTL")
@example(b"\0\0\0\1" + bytes(4), b"acTL")
@example(b"\xff" * 8, b"acTL")
@example(bytes(9), b"fdAT")
@given(
    st.binary(max_size=80),
    st.sampled_from([b"gAMA", b"cHRM", b"iCCP", b"sRGB", b"cICP", b"tEXt", b"acTL", b"abCd"]),
)
def test_no_chunk_beside_the_pixels_refuses_a_picture(body: bytes, kind: bytes) -> None:
    assert decode(plain(chunk(kind, body[:2] + b"\0\0" + body[4:] if kind == b"cICP" else body))).size == SIZE


def test_the_matrix_shows_what_chromium_shows(page: Page) -> None:
    assert shown(page, plain(), "png").tobytes() == np.asarray(colours()).astype(int).tobytes()


@pytest.mark.parametrize("number", [0, 2**32 - 1])
def test_a_number_of_frames_that_no_browser_plays_is_no_animation(page: Page, number: int) -> None:
    assert_alike(page, plain(chunk(b"acTL", number.to_bytes(4) + bytes(4))), "png")
