"""What the pictures that links show in a chat have in common: size, colours, and words in Pillow's own font."""

from io import BytesIO
from itertools import filterfalse
from typing import TYPE_CHECKING
from unicodedata import category, normalize

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

SIZE = (1200, 630)
MARGIN = 84
ORNAMENTS = ("Cf", "Mn", "Sk", "So")
"""Kinds of signs without which a name is the same name: invisible ones, accents of their own, emoji."""
PLAIN = str.maketrans(
    {**dict.fromkeys("\xb7\u2010\u2011\u2013\u2014\u2212", "-"), "\u2019": "'", "\u201c": '"', "\u201d": '"'}
)
"""Signs that the font lacks and those that stand for them."""
PAPER, INK, MUTED, LINE, ACCENT, TINT = "#fbfaf6", "#191a17", "#6d6e67", "#e2e0d8", "#2343d6", "#bac2ec"


def start_card() -> "tuple[Image, ImageDraw]":
    """Make an empty card with its edge and the arena's name."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 (not every worker draws)

    image = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 15, SIZE[1]), fill=ACCENT)
    write_words(draw, (MARGIN, 72), "Blindvote", 34, MUTED)
    return image, draw


def write_words(draw: "ImageDraw", at: tuple[int, int], words: str, size: int, colour: str) -> None:
    """Write a line of words with its upper left corner at this place; `size` in pixels."""
    weight = size // 40 if colour == INK else 0
    draw.text(at, _replace_unknown(words), font=_font(size), fill=colour, stroke_width=weight, stroke_fill=colour)


def spell(words: str, otherwise: str) -> str:
    """Return words without ornaments that Pillow's own font lacks; `otherwise` where it lacks their letters."""
    plain = " ".join("".join(filterfalse(_is_lost, normalize("NFC", words))).split())
    return plain if plain and _replace_unknown(plain).count("?") == plain.count("?") else otherwise


def _is_lost(sign: str) -> bool:
    return sign > "\xff" and category(sign) in ORNAMENTS


def shorten(words: str, size: int, width: int = SIZE[0] - 2 * MARGIN) -> str:
    """Cut words at their end until they fit into so many pixels."""
    font, cut = _font(size), words
    while font.getlength(_replace_unknown(cut)) > width and len(cut) > 4:
        cut = f"{cut.removesuffix('...')[:-1].rstrip()}..."
    return cut


def _font(size: int) -> "FreeTypeFont | ImageFont":
    from PIL import ImageFont  # noqa: PLC0415

    return ImageFont.load_default(size)


def _replace_unknown(words: str) -> str:
    """Replace the signs that Pillow's own font lacks; it is always there."""
    return words.translate(PLAIN).encode("latin-1", "replace").decode("latin-1")


def encode_card(image: "Image") -> bytes:
    """Encode a card as a PNG file."""
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()
