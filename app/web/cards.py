"""The picture that a link to a model shows in a chat: name, rank, rating and price, drawn with Pillow."""

from dataclasses import dataclass
from functools import lru_cache

from flask import Blueprint, Response

from app.catalog.pricing import dollars
from app.edge.context import today
from app.edge.page_cache import reading_page
from app.gateway import reference
from app.leaderboards.views import results
from app.leaderboards.views.certainty import describe_ranks
from app.web import facts
from app.web.card_drawing import (
    INK,
    LINE,
    MARGIN,
    MUTED,
    SIZE,
    encode_card,
    shorten,
    spell,
    start_card,
    write_words,
)
from app.web.formats import mode_title
from app.web.responses import audience, card_picture
from app.web.versions import versions

blueprint = Blueprint("cards", __name__)
KEPT_SECONDS = 600


@dataclass(frozen=True)
class Card:
    """The words of a card; the figures are (value, label)."""

    name: str
    under: str
    figures: tuple[tuple[str, str], ...]


@blueprint.get("/models/<slug>/card.png")
def card(slug: str) -> Response:
    """Serve a model's card, 1200 by 630 pixels, for previews of links."""
    versions()
    return _serve(words(slug))


@blueprint.get("/card.png")
def arena_card() -> Response:
    """Serve the picture for links to every other page."""
    return _serve(Card("Image models, judged blind", "Two pictures of one prompt: which is better?", ()))


def _serve(said: Card) -> Response:
    return card_picture(draw(said), said, f"{audience()}, max-age={KEPT_SECONDS}")


def words(slug: str) -> Card:
    """Read what the card of a model says."""
    with reading_page() as session:
        page = reference.read_model(session, slug, today())
        places = results.read_results(session, page.slug)
    ranked = [board for board in places.boards if board.category is None and board.place.rank is not None]
    figures: list[tuple[str, str]] = []
    if ranked:
        place = ranked[0].place
        shown = describe_ranks(place).removesuffix(f" of {place.of}")
        votes = f"{place.votes:,} vote{'' if place.votes == 1 else 's'}"
        figures.append((shown, f"of {place.of}, {mode_title(ranked[0].mode).lower()}"))
        figures.append((f"{place.rating:.0f}", f"Elo, {votes}"))
    if page.price_from:
        figures.append((dollars(page.price_from.micros), "per image, from"))
    largest = facts.maximum(page.limits)
    if largest and len(figures) < 3:
        figures.append((largest, "max resolution"))
    gone = f"retired {facts.day(page.sunset)}" if page.status == "retired" and page.sunset else ""
    under = (spell(page.creator or "", ""), gone)
    return Card(spell(page.name, page.slug), " · ".join(filter(None, under)), tuple(figures))


# 40 KB each, and every vote makes another: more would take hours to fill and 10 MB of each worker.
@lru_cache(maxsize=64)
def draw(said: Card) -> bytes:
    """Draw the card as a PNG file."""
    image, draw = start_card()
    size = _fitting(said.name)
    write_words(draw, (MARGIN, 190), shorten(said.name, size), size, INK)
    write_words(draw, (MARGIN, 305), shorten(said.under, 36), 36, MUTED)
    draw.line((MARGIN, 400, SIZE[0] - MARGIN, 400), fill=LINE, width=2)
    for column, (value, label) in enumerate(said.figures):
        left = MARGIN + column * (SIZE[0] - 2 * MARGIN) // max(len(said.figures), 3)
        write_words(draw, (left, 440), value, 64, INK)
        write_words(draw, (left, 525), label, 30, MUTED)
    return encode_card(image)


def _fitting(name: str) -> int:
    """Find the largest size at which a name fits on one line."""
    return max(36, min(88, int((SIZE[0] - 2 * MARGIN) / (0.6 * max(len(name), 1)))))
