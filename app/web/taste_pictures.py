"""The picture that a link to a shared taste shows in a chat, drawn with Pillow."""

from functools import lru_cache
from typing import TYPE_CHECKING

from app.leaderboards.views.taste import Taste, TopModel
from app.web.boards import Axis, axis
from app.web.card_drawing import (
    ACCENT,
    INK,
    LINE,
    MARGIN,
    MUTED,
    SIZE,
    TINT,
    encode_card,
    shorten,
    spell,
    start_card,
    write_words,
)
from app.web.formats import elo, mode_title, tell_agreement
from app.words import BETTER, plural

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

NAME_SIZE = 36
BARS = (680, SIZE[0] - MARGIN - 110)
"""Where the bars begin and end, in pixels."""
LONGEST_NAME = BARS[0] - MARGIN - 48 - 24
"""Pixels for a name, between its place and its bar."""
FIRST_ROW, ROW = 250, 84


@lru_cache(maxsize=64)
def draw_card(taste: Taste) -> bytes:
    """Draw the top models with their intervals, and how far the crowd agrees, as a PNG file."""
    image, draw = start_card()
    write_words(draw, (MARGIN, 130), "My taste, judged blind", 64, INK)
    if taste.question != BETTER:
        write_words(draw, (MARGIN, 206), shorten(spell(taste.words, ""), 28), 28, MUTED)
    scale = axis(taste.top)
    for number, (place, row) in enumerate(zip(taste.places, taste.top, strict=True)):
        _draw_row(draw, FIRST_ROW + number * ROW, place, row, scale)
    draw.line((MARGIN, 510, SIZE[0] - MARGIN, 510), fill=LINE, width=2)
    told = f"{plural(taste.votes, 'vote')}, {mode_title(taste.mode).lower()}. {tell_agreement(taste.agreement)}"
    write_words(draw, (MARGIN, 535), told, 28, MUTED)
    return encode_card(image)


def _draw_row(draw: "ImageDraw", top: int, place: int, row: TopModel, scale: Axis) -> None:
    write_words(draw, (MARGIN, top), str(place), NAME_SIZE, MUTED)
    write_words(
        draw, (MARGIN + 48, top), shorten(spell(row.name, row.slug), NAME_SIZE, LONGEST_NAME), NAME_SIZE, INK
    )
    low, high, mark = (_across(scale, rating) for rating in (row.rating_low, row.rating_high, row.rating))
    middle = top + 24
    draw.line((BARS[0], middle, BARS[1], middle), fill=LINE, width=2)
    draw.rounded_rectangle((low, middle - 10, high, middle + 10), 6, fill=TINT)
    draw.rectangle((mark - 2, middle - 16, mark + 2, middle + 16), fill=ACCENT)
    write_words(draw, (BARS[1] + 24, top), elo(row.rating), NAME_SIZE, INK)


def _across(scale: Axis, rating: float) -> int:
    """Place a rating between the ends of the bars, in pixels."""
    share = (rating - scale.low) / max(scale.high - scale.low, 1)
    return round(BARS[0] + share * (BARS[1] - BARS[0]))
