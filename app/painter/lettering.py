"""
Letters from the one font that Pillow carries (Aileron), so that no system font is needed.

It has ASCII and a few signs, and no accented letter: those are composed of the base letter and drawn accents.
"""

import unicodedata
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

PLAIN = frozenset(map(chr, range(32, 127))) | frozenset(
    "\u00a9\u00ab\u00b0\u00b1\u00b4\u00b7\u00bb\u2018\u2019\u201c\u201d\u2026\u2039\u203a\u2044\u2122"
)
SPELLED = {
    "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u2022": "\u00b7", "ß": "ss", "æ": "ae", "Æ": "AE",
    "œ": "oe", "Œ": "OE", "ø": "o\u0338",
    "Ø": "O\u0338", "ł": "l\u0338", "Ł": "L\u0338", "đ": "d", "ð": "d", "Đ": "D", "\u0131": "i",
    "þ": "th", "€": "EUR ",
    "£": "GBP ", "\u00d7": "x", "\u00a0": " ", "\t": " ", "\n": " ",
}  # fmt: skip
EM = 100
"""The size at which widths are measured."""

# Strokes of each combining accent, in ems: x from the middle of the letter, y up from its top.
ACCENTS: dict[str, tuple[tuple[float, ...], ...]] = {
    "\u0300": ((-0.15, 0.19, 0.03, 0.07),),
    "\u0301": ((0.15, 0.19, -0.03, 0.07),),
    "\u0302": ((-0.14, 0.07, 0.0, 0.19, 0.14, 0.07),),
    "\u0303": ((-0.16, 0.09, -0.07, 0.15, 0.06, 0.09, 0.16, 0.15),),
    "\u0304": ((-0.14, 0.12, 0.14, 0.12),),
    "\u0306": ((-0.13, 0.18, -0.06, 0.1, 0.06, 0.1, 0.13, 0.18),),
    "\u0307": ((-0.01, 0.12, 0.01, 0.12),),
    "\u0308": ((-0.13, 0.12, -0.11, 0.12), (0.11, 0.12, 0.13, 0.12)),
    "\u030a": ((0.0, 0.22, 0.07, 0.15, 0.0, 0.08, -0.07, 0.15, 0.0, 0.22),),
    "\u030b": ((0.02, 0.19, -0.08, 0.07), (0.2, 0.19, 0.1, 0.07)),
    "\u030c": ((-0.14, 0.19, 0.0, 0.07, 0.14, 0.19),),
}
BELOW: dict[str, tuple[tuple[float, ...], ...]] = {
    "\u0327": ((0.0, -0.02, 0.05, -0.1, -0.06, -0.16),),
    "\u0328": ((0.04, 0.0, 0.0, -0.1, 0.1, -0.13),),
    "\u0323": ((-0.01, -0.12, 0.01, -0.12),),
}
SLASH = "\u0338"
MARKS = {*ACCENTS, *BELOW, SLASH}


@lru_cache(maxsize=64)
def font(pixels: int) -> ImageFont.FreeTypeFont:
    # Pillow's own font comes with it: a system's fonts would make other pictures on another machine.
    loaded = ImageFont.load_default(max(4, pixels))
    if not isinstance(loaded, ImageFont.FreeTypeFont):
        raise TypeError("Pillow was built without FreeType, which the painter's letters need")
    return loaded


def clusters(text: str) -> list[str]:
    """Split text into base letters, each with its accents; signs that cannot be drawn are left out."""
    # Composed first, as the table names letters in one piece; taken apart after it, as accents are drawn.
    spelled = "".join(SPELLED.get(sign, sign) for sign in unicodedata.normalize("NFC", text))
    out: list[str] = []
    for sign in unicodedata.normalize("NFD", spelled):
        if sign in PLAIN:
            out.append(sign)
        elif sign in MARKS and out and out[-1][0] != " ":
            out[-1] += sign
    return out


def find_missing(text: str) -> str:
    """Return the signs of a text that cannot be drawn, each once."""
    signs = unicodedata.normalize("NFC", text)
    return "".join(dict.fromkeys(sign for sign in signs if sign.isprintable() and not _is_drawn(sign)))


def _is_drawn(sign: str) -> bool:
    return bool(clusters(sign)) or sign.isspace() or unicodedata.category(sign) in {"Mn", "Cf"}


@lru_cache(maxsize=1024)
def legible(text: str) -> str:
    """Return the text as it can be lettered, composed and with single spaces; empty when nothing of it can."""
    return " ".join(unicodedata.normalize("NFC", "".join(clusters(text))).split())


@lru_cache(maxsize=4096)
def width_of(text: str, tracking: float = 0.0) -> float:
    """Measure a text's width in ems, with `tracking` ems between its letters."""
    parts = clusters(text)
    # Accents take no width of their own.
    bare = "".join(part[0] for part in parts)
    return font(EM).getlength(bare) / EM + tracking * max(0, len(parts) - 1)


@lru_cache(maxsize=256)
def _ink_top(letter: str) -> float:
    """Measure how far the letter reaches above the baseline, in ems."""
    return -font(EM).getbbox(letter, anchor="ls")[1] / EM


def mask(text: str, pixels: float, *, weight: float = 0.0, tracking: float = 0.0) -> Image.Image:
    """Render the coverage of one line, 8-bit, its middle (of the capitals, across) in the middle of the image."""
    em = max(4, round(pixels))
    face, pad = font(em), max(2, round(0.4 * em))
    width = round(width_of(text, tracking) * em) + 2 * pad
    tile = Image.new("L", (width, round(1.4 * em) + 2 * pad), 0)
    pen = ImageDraw.Draw(tile)
    baseline = tile.height / 2 + 0.355 * em
    bold = weight * em
    drawn = ""
    for i, part in enumerate(clusters(text)):
        x = pad + face.getlength(drawn) + i * tracking * em
        pen.text((x, baseline), part[0], fill=255, font=face, anchor="ls", stroke_width=bold)
        if len(part) > 1:
            _accents(pen, part, x + face.getlength(part[0]) / 2, baseline, em, bold)
        drawn += part[0]
    return tile


def _accents(pen: ImageDraw.ImageDraw, part: str, middle: float, baseline: float, em: int, bold: float) -> None:
    top, lift = _ink_top(part[0]), 0.0
    if part[0] in "ij" and part[1] in ACCENTS:
        top = _ink_top("x")
        half = font(em).getlength("i") / 2
        pen.rectangle((middle - half, baseline - em, middle + half, baseline - (top + 0.02) * em), fill=0)
    thick = max(1, round(0.075 * em + 2 * bold))
    for accent in part[1:]:
        if accent == SLASH:
            reach = top * em
            pen.line((middle - 0.25 * em, baseline, middle + 0.25 * em, baseline - reach), fill=255, width=thick)
            continue
        height = baseline - (top + lift) * em if accent in ACCENTS else baseline
        lift += 0.16 if accent in ACCENTS else 0.0
        for stroke in ACCENTS.get(accent) or BELOW[accent]:
            points = [(middle + x * em, height - y * em) for x, y in zip(stroke[::2], stroke[1::2], strict=True)]
            _rounded_line(pen, points, thick)


def _rounded_line(pen: ImageDraw.ImageDraw, points: list[tuple[float, float]], thick: int) -> None:
    pen.line(points, fill=255, width=thick, joint="curve")
    for x, y in (points[0], points[-1]):
        half = thick / 2
        pen.ellipse((x - half, y - half, x + half, y + half), fill=255)
