"""The first frame of an animation that does not cover its picture, or is see-through; Chromium judges."""

import struct
import zlib
from collections.abc import Iterable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from app.gateway.images import InvalidImage, decode
from app.gateway.png_chunks import SIGNATURE
from tests.gateway.test_colour_siblings import saved
from tests.gateway.test_colours import SIZE, assert_alike, chunk, colours
from tests.gateway.test_colours import page as page  # noqa: PLC0414 (a fixture)

SMALLER = (4, 2, 16, 10)
"""Left, top, width, height of a frame within the picture."""
WHOLE = (0, 0, *SIZE)


def patch(mode: str, box: tuple[int, int, int, int]) -> Image.Image:
    """Return a frame of so many pixels, with every colour; RGBA goes from clear to opaque."""
    image = colours().resize(box[2:], Image.Resampling.NEAREST).convert(mode)
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(box[2:]))
    return image


def webp_chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def three(number: int) -> bytes:
    return number.to_bytes(3, "little")


def animated_webp(mode: str, box: tuple[int, int, int, int], *, blends: bool) -> bytes:
    """Return a WebP of two frames, the first at this place; the second one covers the picture."""
    left, top = box[:2]
    frames = []
    for image, x, y in ((patch(mode, box), left, top), (Image.new(mode, SIZE, "red"), 0, 0)):
        still = saved(image, "WEBP", lossless=True, exact=True)
        place = three(x // 2) + three(y // 2) + three(image.width - 1) + three(image.height - 1)
        pixels = still[12:] if still[12:16] == b"VP8L" else still[still.index(b"VP8L") :]
        frames.append(webp_chunk(b"ANMF", place + three(100) + bytes([0 if blends else 2]) + pixels))
    flags = 0x02 | (0x10 if mode == "RGBA" else 0)
    head = webp_chunk(b"VP8X", bytes([flags, 0, 0, 0]) + three(SIZE[0] - 1) + three(SIZE[1] - 1))
    body = b"WEBP" + head + webp_chunk(b"ANIM", b"\x0a\x16\x0f\xff\0\0") + b"".join(frames)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def animated_png(mode: str, box: tuple[int, int, int, int], *, blend: int) -> bytes:
    """Return an APNG of one frame at this place; the picture in the place of an animation is red."""
    left, top, width, height = box
    colour_type = {"RGB": 2, "RGBA": 6}[mode]

    def pack(image: Image.Image) -> bytes:
        return zlib.compress(b"".join(b"\0" + line.tobytes() for line in np.asarray(image)))

    apart = Image.new(mode, SIZE, "red")
    control = struct.pack(">IIIIIHHBB", 0, width, height, left % 2**32, top, 1, 10, 0, blend)
    chunks: Iterable[bytes] = (
        chunk(b"IHDR", struct.pack(">IIBBBBB", *SIZE, 8, colour_type, 0, 0, 0)),
        chunk(b"acTL", struct.pack(">II", 1, 0)),
        chunk(b"IDAT", pack(apart)),
        chunk(b"fcTL", control),
        chunk(b"fdAT", struct.pack(">I", 1) + pack(patch(mode, box))),
        chunk(b"IEND", b""),
    )
    return SIGNATURE + b"".join(chunks)


@pytest.mark.parametrize("blends", [True, False])
@pytest.mark.parametrize("box", [SMALLER, WHOLE])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_an_animated_webp_has_nothing_around_its_first_frame(
    page: Page, mode: str, box: tuple[int, int, int, int], blends: bool
) -> None:
    assert_alike(page, animated_webp(mode, box, blends=blends), "webp")


@pytest.mark.parametrize("blend", [0, 1])
@pytest.mark.parametrize("box", [SMALLER, WHOLE])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_the_picture_apart_is_not_behind_the_first_frame_of_a_png(
    page: Page, mode: str, box: tuple[int, int, int, int], blend: int
) -> None:
    assert_alike(page, animated_png(mode, box, blend=blend), "png")


@pytest.mark.parametrize("box", [(4, 2, *SIZE), (0, 0, SIZE[0], SIZE[1] + 1), (-1, 0, *SMALLER[2:])])
def test_a_first_frame_beyond_its_picture_is_refused(box: tuple[int, int, int, int]) -> None:
    with pytest.raises(InvalidImage):
        decode(animated_png("RGB", box, blend=0))
