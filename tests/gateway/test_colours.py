"""Colours as a browser shows them: Chromium judges, pixel by pixel, every mode with every description."""

import base64
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageCms
from playwright.sync_api import Page, Playwright

from app.gateway.colours import PRIMARIES, SRGB_CURVE, build_profile
from app.gateway.images import InvalidImage, count_frames, decode
from tests.web.browsing import CHROMIUM, FLAGS

SIZE = (24, 16)
MEAN_ERROR, MOST_ERROR = 1.0, 6
DRAW = """async (source) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    const context = canvas.getContext('2d');
    context.fillStyle = 'white';
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
    let text = '';
    for (const level of pixels) text += String.fromCharCode(level);
    return [canvas.width, canvas.height, btoa(text)];
}"""
"""Return pixels as one text: Playwright checks a list number by number, which took half a second an image."""
P3 = build_profile(PRIMARIES[12], SRGB_CURVE) or b""
WIDE = build_profile(PRIMARIES[9], (1.8,)) or b""
SWAPPED = build_profile((0.3127, 0.3290, 0.15, 0.06, 0.30, 0.60, 0.64, 0.33), SRGB_CURVE) or b""
GREY = (
    b"\0\0\0\0lcms\x04\x30\0\0mntrGRAYXYZ " + bytes(12) + b"acsp" + bytes(28) + P3[68:80] + bytes(48)
    + struct.pack(">I4sII4sII", 2, b"wtpt", 156, 20, b"kTRC", 176, 16)
    + b"XYZ \0\0\0\0" + P3[68:80] + b"para\0\0\0\0\0\0\0\0" + struct.pack(">i", 65536)
)  # fmt: skip
GREY = struct.pack(">I", len(GREY)) + GREY[4:]


@pytest.fixture(scope="module")
def page(playwright: Playwright) -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--force-color-profile=srgb"])
    yield browser.new_page()
    browser.close()


def shown(page: Page, data: bytes, kind: str) -> np.ndarray:
    width, height, pixels = page.evaluate(DRAW, f"data:image/{kind};base64,{base64.b64encode(data).decode()}")
    flat = np.frombuffer(base64.b64decode(pixels), dtype=np.uint8)
    return flat.reshape(height, width, 4)[..., :3].astype(int)


def assert_alike(page: Page, data: bytes, kind: str) -> None:
    theirs, ours = shown(page, data, kind), np.asarray(decode(data)).astype(int)
    assert ours.shape == theirs.shape
    error = np.abs(ours - theirs)
    assert error.mean() <= MEAN_ERROR
    assert error.max() <= MOST_ERROR


def colours() -> Image.Image:
    """Every corner of the cube and what lies between, in blocks that no codec smears."""
    levels = np.array([0, 60, 130, 200, 255], dtype=np.uint8)
    cells = levels[np.random.default_rng(7).integers(0, 5, (SIZE[1] // 4, SIZE[0] // 4, 3))]
    return Image.fromarray(np.kron(cells, np.ones((4, 4, 1), dtype=np.uint8)))


def in_mode(mode: str) -> Image.Image:
    image = colours()
    if mode == "P":
        return image.quantize(32)
    if mode == "P transparent":
        palette = image.quantize(32)
        palette.info["transparency"] = 3
        return palette
    if mode in {"RGBA", "LA"}:
        image = image.convert(mode)
        image.putalpha(Image.linear_gradient("L").resize(SIZE).point(lambda level: 255 * (level > 90)))
        return image
    if mode == "I;16":
        return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    return image.convert(mode)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(mode: str, *chunks: bytes, icc: bytes | None = None) -> bytes:
    if mode == "RGB 16":
        deep = np.asarray(colours()).astype(">u2") * 257
        lines = b"".join(b"\0" + line.tobytes() for line in deep)
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", *SIZE, 16, 2, 0, 0, 0))
        profile = chunk(b"iCCP", b"icc\0\0" + zlib.compress(icc)) if icc else b""
        rest = chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
        return b"\x89PNG\r\n\x1a\n" + head + profile + b"".join(chunks) + rest
    image, buffer = in_mode(mode), BytesIO()
    transparency = {"transparency": 3} if mode == "P transparent" else {}
    image.save(buffer, "PNG", icc_profile=icc, **transparency)
    data = buffer.getvalue()
    return data[:33] + b"".join(chunks) + data[33:]


GAMMA = {name: chunk(b"gAMA", struct.pack(">I", value)) for name, value in (("1.0", 100_000), ("0.45455", 45_455))}
CHRM = chunk(b"cHRM", struct.pack(">8I", *(round(100_000 * value) for value in PRIMARIES[12])))
DESCRIPTIONS: dict[str, tuple[tuple[bytes, ...], bytes | None]] = {
    "nothing": ((), None),
    "P3": ((), P3),
    "wide": ((), WIDE),
    "swapped": ((), SWAPPED),
    "grey profile": ((), GREY),
    "damaged": ((), P3[:200]),
    "gAMA linear": ((GAMMA["1.0"],), None),
    "gAMA usual": ((GAMMA["0.45455"],), None),
    "gAMA and cHRM": ((GAMMA["0.45455"], CHRM), None),
    "sRGB before gAMA": ((chunk(b"sRGB", b"\0"), GAMMA["1.0"]), None),
    "cICP P3": ((chunk(b"cICP", bytes((12, 13, 0, 1))),), None),
    "cICP 2020": ((chunk(b"cICP", bytes((9, 13, 0, 1))),), None),
    "cICP before ICC": ((chunk(b"cICP", bytes((12, 13, 0, 1))),), SWAPPED),
}
MODES = ("RGB", "RGBA", "L", "LA", "P", "P transparent", "1", "I;16", "RGB 16")


@pytest.mark.parametrize("description", DESCRIPTIONS)
@pytest.mark.parametrize("mode", MODES)
def test_a_png_of_every_mode_with_every_description(page: Page, mode: str, description: str) -> None:
    chunks, icc = DESCRIPTIONS[description]
    assert_alike(page, png(mode, *chunks, icc=icc), "png")


@pytest.mark.parametrize("transfer", [1, 2, 4, 5, 8, 13, 14, 15])
@pytest.mark.parametrize("primaries", [1, 2, 5, 6, 9, 12])
def test_an_avif_with_code_points(page: Page, primaries: int, transfer: int) -> None:
    buffer = BytesIO()
    colours().save(buffer, "AVIF", quality=100, subsampling="4:4:4", speed=10)
    data = bytearray(buffer.getvalue())
    place = data.index(b"colrnclx") + 8
    data[place : place + 4] = struct.pack(">HH", primaries, transfer)
    assert_alike(page, bytes(data), "avif")


@pytest.mark.parametrize("icc", [None, P3, SWAPPED])
@pytest.mark.parametrize("format_", ["WEBP", "AVIF", "JPEG", "GIF"])
def test_the_other_formats(page: Page, format_: str, icc: bytes | None) -> None:
    options = {
        "WEBP": {"lossless": True},
        "AVIF": {"quality": 100, "subsampling": "4:4:4"},
        "JPEG": {"quality": 100},
    }
    buffer = BytesIO()
    source = colours().quantize(32) if format_ == "GIF" else colours()
    more = {"subsampling": 0} if format_ == "JPEG" else {}
    source.save(buffer, format_, icc_profile=icc, **options.get(format_, {}), **more)  # type: ignore[arg-type]
    assert_alike(page, buffer.getvalue(), format_.lower())


def cmyk(icc: bytes | None = None, *, adobe: bool = True) -> bytes:
    """Return a JPEG of four inks; without Adobe's mark its numbers are not inverted."""
    buffer = BytesIO()
    inks = Image.merge("CMYK", [*ImageChops.invert(colours()).split(), Image.linear_gradient("L").resize(SIZE)])
    inks.save(buffer, "JPEG", quality=100, subsampling=0, icc_profile=icc)
    data = buffer.getvalue()
    place = data.find(b"\xff\xee")
    return (
        data
        if adobe or place < 0
        else data[:place] + data[place + 2 + int.from_bytes(data[place + 2 : place + 4]) :]
    )


@pytest.mark.parametrize("icc", [None, P3, GREY, b"damaged"], ids=["none", "of RGB", "of grey", "damaged"])
@pytest.mark.parametrize("adobe", [True, False])
def test_four_inks(page: Page, adobe: bool, icc: bytes | None) -> None:
    assert_alike(page, cmyk(icc, adobe=adobe), "jpeg")


def press(kind: bytes, pcs: bytes = b"Lab ") -> bytes:
    """Return a profile of four inks with one table, 8 or 16 bits: every ink takes its share of each colour."""
    grid, deep = 5, kind == b"mft2"
    level = 1 - 0.9 * np.linspace(0, 1, grid)
    cyan, magenta, yellow, black = np.meshgrid(level, level, level, level, indexing="ij")
    xyz = np.stack([cyan**1.4 * yellow**0.2, cyan * magenta**1.2, yellow**1.5 * magenta**0.3], -1)
    root = np.cbrt(np.clip(xyz * black[..., None] ** 1.3, 0.01, 1))
    lab = np.stack(
        [
            116 * root[..., 1] - 16,
            500 * (root[..., 0] - root[..., 1]) + 128,
            200 * (root[..., 1] - root[..., 2]) + 128,
        ],
        -1,
    ) / (100, 255, 255)
    table = np.clip(lab if pcs == b"Lab " else 0.9 * root**3, 0, 1)
    width, most = (">u2", 65535) if deep else ("u1", 255)
    straight = np.linspace(0, most, 2 if deep else 256).round().astype(width).tobytes()
    body = kind + bytes(4) + bytes((4, 3, grid, 0))
    body += b"".join(struct.pack(">i", 65536 * (n % 4 == 0)) for n in range(9)) + (b"\0\2\0\2" if deep else b"")
    body += 4 * straight + (table * most).round().astype(width).tobytes() + 3 * straight
    white = b"XYZ \0\0\0\0" + P3[68:80]
    tags = struct.pack(">I4sII4sII", 2, b"wtpt", 156, 20, b"A2B0", 176, len(body))
    head = b"\0\0\0\0lcms\x02\x10\0\0prtrCMYK" + pcs + bytes(12) + b"acsp" + bytes(28) + P3[68:80] + bytes(48)
    profile = head + tags + white + body
    return struct.pack(">I", len(profile)) + profile[4:]


STRAIGHT = b"para\0\0\0\0" + bytes(4) + struct.pack(">i", 65536)


def newer_press(pcs: bytes = b"Lab ", inks: bytes = STRAIGHT, outputs: bytes = STRAIGHT) -> bytes:
    """Return the same as a profile of version 4: curves, a table of 16 bits, curves, each found by its offset."""
    older = press(b"mft2", pcs)
    table = older[176 + 52 + 16 : len(older) - 12]
    grid = bytes((5, 5, 5, 5)).ljust(16, b"\0") + b"\2\0\0\0" + table
    first, ends = (number * (curve + bytes(-len(curve) % 4)) for number, curve in ((4, inks), (3, outputs)))
    clut = grid + bytes(-len(grid) % 4)
    offsets = struct.pack(">5I", 32, 0, 0, 32 + len(ends), 32 + len(ends) + len(clut))
    body = b"mAB \0\0\0\0\4\3\0\0" + offsets + ends + clut + first
    profile = older[:8] + b"\4" + older[9:152] + struct.pack(">I", len(body)) + older[156:176] + body
    return struct.pack(">I", len(profile)) + profile[4:]


def many_inks(icc: bytes) -> bytes:
    """Return a JPEG with 300 mixtures of four inks."""
    cells = np.random.default_rng(5).integers(0, 256, (12, 25, 4))
    buffer = BytesIO()
    image = Image.fromarray(np.kron(cells, np.ones((8, 8, 1))).astype(np.uint8), "CMYK")
    image.save(buffer, "JPEG", quality=100, subsampling=0, icc_profile=icc)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", [b"mft1", b"mft2"])
@pytest.mark.parametrize("pcs", [b"Lab ", b"XYZ "])
def test_four_inks_by_a_profile_of_a_press(page: Page, kind: bytes, pcs: bytes) -> None:
    profile = press(kind, pcs)
    assert decode(many_inks(profile)).tobytes() != decode(many_inks(b"damaged")).tobytes()
    assert_alike(page, many_inks(profile), "jpeg")
    assert_alike(page, cmyk(profile), "jpeg")
    assert_alike(page, cmyk(profile, adobe=False), "jpeg")


@pytest.mark.parametrize("pcs", [b"Lab ", b"XYZ "])
def test_four_inks_by_a_profile_of_version_4(page: Page, pcs: bytes) -> None:
    assert_alike(page, many_inks(newer_press(pcs)), "jpeg")
    assert_alike(page, cmyk(newer_press(pcs)), "jpeg")


PARAMETRIC = {
    "gamma": struct.pack(">Hxxi", 0, 90_000),
    "cut off": struct.pack(">Hxx3i", 1, 80_000, 65_536, -6_000),
    "raised": struct.pack(">Hxx4i", 2, 80_000, 60_000, -6_000, 5_000),
    "as sRGB": struct.pack(">Hxx5i", 3, *(round(65_536 * number) for number in SRGB_CURVE)),
    "all seven": struct.pack(">Hxx7i", 4, 90_000, 60_000, 1_000, 9_000, 3_000, 2_000, 500),
    "flat": struct.pack(">Hxx3i", 1, 65_536, 0, 0),
}


@pytest.mark.parametrize("curve", PARAMETRIC)
@pytest.mark.parametrize("at", ["inks", "outputs"])
def test_curves_that_are_formulas(page: Page, curve: str, at: str) -> None:
    changed = PARAMETRIC[curve]
    profile = newer_press(**{at: b"para\0\0\0\0" + changed})
    assert_alike(page, many_inks(profile), "jpeg")


@pytest.mark.parametrize("values", [(), (300,), (0, 20_000, 65_535), (65_535, 0)])
def test_curves_that_are_lists(page: Page, values: tuple[int, ...]) -> None:
    curve = b"curv\0\0\0\0" + struct.pack(f">I{len(values)}H", len(values), *values)
    assert_alike(page, many_inks(newer_press(inks=curve)), "jpeg")


@settings(deadline=None, max_examples=80)
@given(
    st.sampled_from(["mft1", "mft2", "mAB "]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=4),
)
def test_a_profile_with_changed_bytes_never_breaks_an_image(kind: str, changes: list[tuple[float, int]]) -> None:
    profile = bytearray(newer_press() if kind == "mAB " else press(kind.encode()))
    for place, byte in changes:
        profile[int(place**3 * (len(profile) - 1))] = byte  # mostly where the structure is
    assert decode(cmyk(bytes(profile))).size == SIZE


@pytest.mark.parametrize("path", ["ghostscript/default_cmyk.icc", "FOGRA39L_coated.icc"])
def test_four_inks_by_a_profile_that_people_use(page: Page, path: str) -> None:
    profile = Path("/usr/share/color/icc", path)
    if not profile.exists():
        pytest.skip("this system has no such profile")
    assert_alike(page, many_inks(profile.read_bytes()), "jpeg")


@pytest.mark.parametrize("size", [130, 180, 200, 240, 3_000])
@pytest.mark.parametrize("pcs", [b"Lab ", b"XYZ "])
def test_a_profile_of_four_inks_that_is_cut_off_says_nothing(pcs: bytes, size: int) -> None:
    assert decode(cmyk(press(b"mft2", pcs)[:size])).tobytes() == decode(cmyk()).tobytes()


@pytest.mark.parametrize(("offset", "channels"), [(184, b"\3"), (185, b"\4"), (186, b"\1"), (186, b"\xff")])
def test_a_table_that_is_none_of_four_inks_says_nothing(offset: int, channels: bytes) -> None:
    profile = press(b"mft2", b"XYZ ")
    changed = profile[:offset] + channels + profile[offset + 1 :]
    assert decode(cmyk(changed)).tobytes() == decode(cmyk()).tobytes()


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_profile_for_another_kind_of_colours_says_nothing(mode: str) -> None:
    buffer = BytesIO()
    colours().convert(mode).save(buffer, "JPEG", quality=100, icc_profile=None)
    plain = decode(buffer.getvalue())
    buffer = BytesIO()
    colours().convert(mode).save(buffer, "JPEG", quality=100, icc_profile=GREY if mode == "CMYK" else b"x")
    assert decode(buffer.getvalue()).tobytes() == plain.tobytes()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["JPEG", "WEBP", "PNG", "AVIF"])
def test_a_picture_is_turned_where_a_browser_turns_it(page: Page, format_: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {
        "WEBP": {"lossless": True},
        "AVIF": {"quality": 100, "subsampling": "4:4:4"},
        "JPEG": {"quality": 100},
    }
    buffer = BytesIO()
    image = colours().convert("L").convert("RGB") if format_ == "JPEG" else colours()
    image.save(buffer, format_, exif=exif, **options.get(format_, {}))  # type: ignore[arg-type]
    assert_alike(page, buffer.getvalue(), format_.lower())


@pytest.mark.parametrize("format_", ["JPEG", "WEBP"])
def test_an_orientation_in_xmp_alone_turns_nothing(page: Page, format_: str) -> None:
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
    )
    buffer = BytesIO()
    options = {"quality": 100, "subsampling": 0} if format_ == "JPEG" else {"lossless": True}
    colours().save(buffer, format_, xmp=xmp, **options)
    assert decode(buffer.getvalue()).size == SIZE
    assert_alike(page, buffer.getvalue(), format_.lower())


def test_sixteen_bit_grey_is_scaled_without_a_browser() -> None:
    assert decode(png("I;16")).tobytes() == colours().convert("L").convert("RGB").tobytes()


def test_a_transparent_shade_of_sixteen_bit_grey() -> None:
    deep = Image.fromarray(np.array([[0, 30_000], [30_001, 65_535]], dtype=np.uint16))
    buffer = BytesIO()
    deep.save(buffer, "PNG", transparency=30_000)
    assert decode(buffer.getvalue(), alpha=True).getchannel("A").tobytes() == bytes((255, 0, 255, 255))


def test_a_profile_of_primaries_is_what_the_decoder_makes_of_srgb() -> None:
    own = build_profile(PRIMARIES[1], SRGB_CURVE)
    assert own is not None
    converted = ImageCms.profileToProfile(colours(), BytesIO(own), ImageCms.createProfile("sRGB"))
    assert converted is not None
    assert np.abs(np.asarray(converted).astype(int) - np.asarray(colours())).max() <= 1
    assert build_profile((0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3), (1.0,)) is None


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_is_refused_by_name(transfer: int) -> None:
    with pytest.raises(InvalidImage, match="HDR"):
        decode(png("RGB", chunk(b"cICP", bytes((9, transfer, 0, 1)))))


def test_frames_are_counted() -> None:
    buffer = BytesIO()
    colours().save(buffer, "GIF", save_all=True, append_images=[Image.new("RGB", SIZE, "red")])
    assert (count_frames(buffer.getvalue()), count_frames(png("RGB")), count_frames(b"no image")) == (2, 1, 0)
