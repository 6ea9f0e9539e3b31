"""
Colours as a browser shows them: which description of a file counts, and the way from it to sRGB.

A PNG says its colours by cICP, by an ICC profile, by sRGB or by gAMA with cHRM, in this order (W3C PNG 3rd
edition, 4.3); an AVIF by an ICC profile or by nclx in its `colr` box; JPEG and WebP by an ICC profile. What
Chromium shows is the judge (tests/gateway/test_colours.py).
"""

import struct
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image, ImageChops, ImageCms

from app.gateway.ink_profiles import find_tag, read_ink_table
from app.gateway.ink_tables import D50, convert_inks
from app.gateway.jpeg_segments import join_profile
from app.gateway.png_chunks import read_colour_chunks, unpack_profile

PERCEPTUAL, RELATIVE = ImageCms.Intent.PERCEPTUAL, ImageCms.Intent.RELATIVE_COLORIMETRIC
SRGB = ImageCms.createProfile("sRGB")
Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""x and y of white, red, green and blue."""
Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]
D65 = (0.3127, 0.3290)
PRIMARIES: dict[int, Chromaticities] = {
    1: (*D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06),
    2: (*D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06),
    4: (0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (*D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (*D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    8: (0.310, 0.316, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: (*D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    10: (1 / 3, 1 / 3, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    22: (*D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}
"""By their number in ITU-T H.273, table 2."""
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
CURVES: dict[int, tuple[float, ...]] = dict.fromkeys((1, 2, 6, 13, 14, 15), SRGB_CURVE) | {
    4: (2.2,),
    5: (2.8,),
    7: (1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4, 0.0913),
    8: (1.0,),
    17: (2.6, (52.37 / 48) ** (1 / 2.6), 0, 0, 0),
}
"""
By their number in ITU-T H.273, table 3: one exponent, or g, a, b, c, d of ICC's third parametric curve.

In an AVIF, browsers show the camera curve of BT.709 (1, 6, 14, 15) and an unspecified one (2) as sRGB.
"""
UNSPECIFIED = 2
PNG_CURVES: dict[int, tuple[float, ...]] = CURVES | dict.fromkeys((1, 6, 11, 14, 15), (2.4,))
"""As browsers read them in a PNG: BT.709 as its screens show it (BT.1886)."""
PROFILE_CURVES: dict[int, tuple[float, ...]] = CURVES | {11: SRGB_CURVE} | dict.fromkeys((14, 15), (2.4,))
"""As they read them in an ICC profile."""
RGB_OF_FULL_RANGE = b"\0\1"
GAMMA_TOLERANCE = 0.05
"""Of 2.2, as in libpng: browsers take a gamma that is so near for sRGB's."""
HDR = {16: "PQ", 18: "HLG"}
"""Transfers of which each screen makes something else."""
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


@dataclass(frozen=True)
class ColourDescription:
    """A file's own word on its colours: an ICC profile, or primaries with a curve; neither means sRGB."""

    icc_profile: bytes | None = None
    primaries: Chromaticities | None = None
    curve: tuple[float, ...] | None = None
    hdr: str | None = None

    def profile(self) -> bytes | None:
        """Return the description as an ICC profile of RGB or of what the file holds; None for sRGB."""
        if self.icc_profile is not None or self.primaries is None or self.curve is None:
            return self.icc_profile
        is_srgb = self.primaries == PRIMARIES[1] and self.curve == SRGB_CURVE
        return None if is_srgb else build_profile(self.primaries, self.curve)


def describe_colours(data: bytes, format_: str, icc_profile: bytes | None) -> ColourDescription:
    """Read which description of a file counts; `icc_profile` is the one its decoder found."""
    if format_ == "PNG":
        return _describe_png(read_colour_chunks(data))
    if format_ == "GIF" or (format_ == "WEBP" and _is_animated_webp(data)):
        return ColourDescription()
    if format_ in {"AVIF", "HEIF"} and not icc_profile:
        place = data.find(b"colrnclx", 0, 2**16)
        if place >= 0 and len(data) >= place + 12:
            return _describe_code_points(*struct.unpack(">HH", data[place + 8 : place + 12]))
    return _describe_profile(join_profile(data) if format_ in {"JPEG", "MPO"} else icc_profile)


def to_srgb(image: Image.Image, description: ColourDescription) -> Image.Image:
    """Convert an image of any mode to RGB or RGBA in sRGB; a damaged profile says nothing about the colours."""
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    plain = _without_alpha(image)
    profile = description.profile()
    converted = (_convert(plain, profile) if profile else None) or plain.convert("RGB")
    if alpha is not None:
        converted.putalpha(alpha)
    return converted


def to_8_bit(image: Image.Image) -> Image.Image:
    """Keep the upper 8 of 16 bits of grey, as browsers do: Pillow makes everything above 255 white."""
    if not image.mode.startswith("I"):
        return image
    deep = np.asarray(image).astype(np.int64)
    scaled = Image.fromarray((np.clip(deep, 0, 65535) >> 8).astype(np.uint8))
    key = image.info.get("transparency")
    if isinstance(key, int):
        scaled.putalpha(Image.fromarray(np.where(deep == key, 0, 255).astype(np.uint8)))
    return scaled


def _without_alpha(image: Image.Image) -> Image.Image:
    if image.mode in {"L", "RGB", "CMYK"}:
        opaque = image.copy()
        opaque.info.pop("transparency", None)
        return opaque
    if image.mode in {"LA", "La", "1"}:
        return image.convert("LA").getchannel("L") if image.mode != "1" else image.convert("L")
    return image.convert("RGBA").convert("RGB") if image.mode != "YCbCr" else image.convert("RGB")


def _convert(image: Image.Image, profile: bytes) -> Image.Image | None:
    """
    Convert by a profile for the image's kind of colour; None where it is for another kind, or damaged.

    Like browsers, read every profile as one of a screen, and by its table of either intent.
    """
    if image.mode == "L" and profile[16:20] == b"GRAY" and (curve := find_tag(profile, b"kTRC")):
        if profile[20:24] != b"XYZ ":
            return None
        profile = _widen_grey(curve) or profile
    space = profile[16:20]
    if image.mode == "L" and space == b"RGB ":
        image = image.convert("RGB")
    if {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}.get(space) != image.mode:
        return None
    try:
        if image.mode == "CMYK":
            return _convert_inks(image, profile)
        intent = PERCEPTUAL if find_tag(profile, b"A2B0") or not find_tag(profile, b"A2B1") else RELATIVE
        screen = profile[:12] + b"mntr" + profile[16:]
        return ImageCms.profileToProfile(image, BytesIO(screen), SRGB, renderingIntent=intent, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, IndexError, ZeroDivisionError, struct.error):
        return None


def _widen_grey(curve: bytes) -> bytes | None:
    """Write a profile of grey as one of RGB: on its way from grey, Little CMS loses dark shades."""
    columns = _to_d50(PRIMARIES[1])
    return None if columns is None else _write_profile(columns, curve)


def _convert_inks(image: Image.Image, profile: bytes) -> Image.Image | None:
    """Convert four inks as Chromium does: black is mixed into the others, and the profile is asked about these."""
    table, to_d50 = read_ink_table(profile), _to_d50(PRIMARIES[1])
    if table is None or to_d50 is None:
        return None
    return convert_inks(ImageChops.invert(_mix_black(image)), table, np.linalg.inv(to_d50))


def _mix_black(image: Image.Image) -> Image.Image:
    """Return what is left of red, green and blue, cut off to whole levels as Chromium does; Pillow rounds."""
    left = 255 - np.asarray(image).astype(np.uint16)
    return Image.fromarray((left[..., :3] * left[..., 3:] // 255).astype(np.uint8))


def _is_animated_webp(data: bytes) -> bool:
    """Tell whether a WebP is an animation; browsers leave its profile alone."""
    return data[12:16] == b"VP8X" and bool(data[20:21] and data[20] & 2)


def _describe_png(chunks: dict[bytes, bytes]) -> ColourDescription:
    code_points = chunks.get(b"cICP", b"")
    if len(code_points) == 4 and code_points[2:] == RGB_OF_FULL_RANGE:
        primaries, transfer = code_points[:2]
        is_known = UNSPECIFIED not in {primaries, transfer} and primaries in PRIMARIES and transfer in PNG_CURVES
        if is_known or transfer in HDR:
            return _describe_code_points(primaries, transfer, PNG_CURVES)
    icc_profile = unpack_profile(chunks.get(b"iCCP", b""))
    if icc_profile:
        return _describe_profile(icc_profile)
    gamma, white = chunks.get(b"gAMA", b""), chunks.get(b"cHRM", b"")
    if b"sRGB" in chunks or len(gamma) != 4 or not int.from_bytes(gamma):
        return ColourDescription()
    exponent = 100_000 / int.from_bytes(gamma)
    if len(white) == 32:
        x0, y0, x1, y1, x2, y2, x3, y3 = (number / 100_000 for number in struct.unpack(">8I", white))
        return ColourDescription(primaries=(x0, y0, x1, y1, x2, y2, x3, y3), curve=(exponent,))
    is_usual = abs(2.2 / exponent - 1) < GAMMA_TOLERANCE
    return ColourDescription(primaries=PRIMARIES[1], curve=SRGB_CURVE if is_usual else (exponent,))


def _describe_profile(icc_profile: bytes | None) -> ColourDescription:
    """Describe by a profile, or by the code points in it (ICC.1:2022, 9.2.17): browsers ask these first."""
    tag = find_tag(icc_profile or b"", b"cicp")
    if tag and (tag[:4] != b"cicp" or len(tag) < 12):
        return ColourDescription()
    if icc_profile and icc_profile[16:20] == b"RGB " and tag[10:12] == RGB_OF_FULL_RANGE:
        primaries, transfer = tag[8:10]
        if primaries in PRIMARIES and primaries != UNSPECIFIED and (transfer in PROFILE_CURVES or transfer in HDR):
            return _describe_code_points(primaries, transfer, PROFILE_CURVES)
    return ColourDescription(icc_profile)


def _describe_code_points(
    primaries: int, transfer: int, curves: dict[int, tuple[float, ...]] = CURVES
) -> ColourDescription:
    """Describe code points of H.273; those that nobody has given a meaning are sRGB's."""
    if transfer in HDR:
        return ColourDescription(hdr=HDR[transfer])
    known, curve = PRIMARIES.get(primaries, PRIMARIES[1]), curves.get(transfer, SRGB_CURVE)
    return ColourDescription(primaries=known, curve=curve)


@lru_cache(32)
def build_profile(primaries: Chromaticities, curve: tuple[float, ...]) -> bytes | None:
    """Write a matrix profile (ICC.1:2022, 8.3) for primaries and a curve; None where these span no colours."""
    columns = _to_d50(primaries)
    if columns is None:
        return None
    kind = 0 if len(curve) == 1 else 3
    para = b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + b"".join(map(_write_fixed_point, curve))
    return _write_profile(columns, para)


def _write_profile(columns: Matrix, curve: bytes) -> bytes:
    """Write a matrix profile whose colours have one curve, a whole tag."""
    xyz = [b"XYZ \0\0\0\0" + b"".join(_write_fixed_point(value) for value in column) for column in columns.T]
    white = b"XYZ \0\0\0\0" + b"".join(map(_write_fixed_point, D50))
    tags = {b"wtpt": white, b"rXYZ": xyz[0], b"gXYZ": xyz[1], b"bXYZ": xyz[2]}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    table, body, place = b"", b"", 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        padded = value + bytes(-len(value) % 4)
        table += name + struct.pack(">II", place + len(body), len(value))
        body += padded
    head = struct.pack(">I4sI4s4s4s", place + len(body), bytes(4), 0x04300000, b"mntr", b"RGB ", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + b"".join(map(_write_fixed_point, D50))
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def _to_d50(primaries: Chromaticities) -> Matrix | None:
    """Return the (3, 3) matrix from linear RGB to XYZ under D50, its columns the primaries."""
    pairs = np.array(primaries, dtype=np.float64).reshape(4, 2)
    if pairs[0, 1] <= 0:
        return None
    xyz = np.stack([pairs[:, 0], pairs[:, 1], 1 - pairs.sum(axis=1)])
    white, colours = xyz[:, 0] / pairs[0, 1], xyz[:, 1:]
    if abs(np.linalg.det(colours)) < 1e-6:
        return None
    scaled = colours * np.linalg.solve(colours, white)
    gains = (_BRADFORD @ D50) / (_BRADFORD @ white)
    return np.asarray(np.linalg.inv(_BRADFORD) @ np.diag(gains) @ _BRADFORD @ scaled)


def _write_fixed_point(value: float) -> bytes:
    return struct.pack(">i", max(-(2**31), min(2**31 - 1, round(float(value) * 65536))))
