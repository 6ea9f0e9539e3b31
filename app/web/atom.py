"""News as Atom feeds: of the whole arena, of one board, of one model."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import partial
from uuid import NAMESPACE_URL, uuid5

from flask import Blueprint, Response, render_template, request
from sqlalchemy.orm import Session

from app.arena.errors import read_mode
from app.arena.questions import read_question
from app.catalog import lookup
from app.edge.context import now, today
from app.edge.page_cache import public_page, reading_page
from app.leaderboards.runs.scopes import key
from app.leaderboards.views import boards, news
from app.leaderboards.views.certainty import describe_place, describe_ranks, is_decided
from app.leaderboards.views.news import NewsBoard, NewsItem, Place
from app.web.addresses import public_url
from app.web.formats import mode_title
from app.web.versions import versions
from app.words import BETTER

blueprint = Blueprint("atom", __name__)
FEED_LENGTH = 50


@dataclass(frozen=True)
class FeedEntry:
    """One entry of a feed; the id is the same in every feed, at every address of this server."""

    id: str
    at: datetime
    title: str
    text: str
    link: str


@blueprint.get("/feed.atom")
def feed() -> Response:
    """Serve what the arena's boards have decided, models that joined, and closed competitions."""
    return _serve("Blindvote: what the votes have decided", "/leaderboards", news.read_news)


@blueprint.get("/leaderboards/<mode>/feed.atom")
def mode_feed(mode: str) -> Response:
    """Serve the news of a mode's overall board."""
    read_mode(mode)
    return _serve_board(f"Blindvote: {mode_title(mode)}", f"/leaderboards/{mode}", partial(key, mode))


@blueprint.get("/leaderboards/<mode>/<category>/feed.atom")
def category_feed(mode: str, category: str) -> Response:
    """Serve the news of a category's board."""
    read_mode(mode)
    with reading_page() as session:
        title = boards.read_category(session, category).title
    name = f"Blindvote: {title}, {mode_title(mode).lower()}"
    return _serve_board(name, f"/leaderboards/{mode}/{category}", partial(key, mode, category=category))


@blueprint.get("/competitions/<slug>/feed.atom")
def competition_feed(slug: str) -> Response:
    """Serve the news of one competition."""
    with reading_page() as session:
        title = boards.read_competition(session, slug).title
    return _serve_board(f"Blindvote: {title}", f"/competitions/{slug}", partial(key, "", competition=slug))


@blueprint.get("/models/<slug>/feed.atom")
def model_feed(slug: str) -> Response:
    """Serve the news that name a model."""
    with reading_page() as session:
        page = lookup.model(session, slug, today())
    return _serve(
        f"Blindvote: {page.name}",
        f"/models/{page.slug}",
        lambda session, at: news.read_model_news(session, page.slug, at),
    )


def _serve_board(title: str, about: str, make_key: Callable[..., str]) -> Response:
    """Serve the news of a board, of the question that the address asks for."""
    with reading_page() as session:
        asked = read_question(session, request.args.get("question") or None)
    name = make_key(question=asked.slug)
    if asked.slug != BETTER:
        title, about = f"{title}: {asked.words}", f"{about}?question={asked.slug}"
    return _serve(title, about, lambda session, at: news.read_board_news(session, name, at))


def _serve(title: str, about: str, read: Callable[[Session, datetime], tuple[NewsItem, ...]]) -> Response:
    """Serve a feed about the page at `about`; no address in it follows the request's Host."""
    path = request.path + "".join(about.partition("?")[1:])

    def render() -> str:
        with reading_page() as session:
            entries = [describe(item) for item in read(session, now())[:FEED_LENGTH]]
        updated = entries[0].at if entries else datetime.fromtimestamp(0, UTC)
        return render_template(
            "feed.atom",
            title=title,
            id=_identify(path),
            link=_link(path),
            about=_link(about),
            entries=entries,
            updated=updated,
        )

    return public_page((versions(), title), render, "application/atom+xml")


def describe(item: NewsItem) -> FeedEntry:
    """Put one piece of news into words."""
    title, text = _WORDS[item.kind](item)
    path = _path(item)
    mark = f"{item.kind}-{item.board.key}-{item.day.isoformat()}"
    return FeedEntry(
        id=_identify(f"{path}#{mark}"),
        at=datetime.combine(item.day, time(), UTC),
        title=title,
        text=text,
        link=_link(path),
    )


def _path(item: NewsItem) -> str:
    if item.kind in {"closed", "opened"} or item.place is None:
        slug = item.board.key.removeprefix("competition:")
        return f"/competitions/{slug}" if slug != item.board.key else f"/leaderboards/{slug}"
    return f"/models/{item.place.slug}"


def _identify(path: str) -> str:
    """Return a lasting id: the public address, or where none is set a UUID of the path."""
    base = public_url()
    return f"{base}{path}" if base else uuid5(NAMESPACE_URL, f"blindvote:{path}").urn


def _link(path: str) -> str:
    """Return an address of this server: absolute by PUBLIC_URL, else relative to the feed's own."""
    return public_url() + path


def _where(board: NewsBoard) -> str:
    mode = mode_title(board.mode).lower()
    return f"{board.title} ({mode})" if board.title else mode


def _figures(place: Place) -> str:
    interval = f"{place.rating_low:.0f} to {place.rating_high:.0f}"
    return f"{describe_place(place)}, {place.rating:.0f} Elo (95 % interval {interval})"


def _left(item: NewsItem) -> tuple[str, str]:
    place, before = _both(item)
    way = "rises" if place.rating > before.rating else "falls"
    text = (
        f"{place.name} was {describe_ranks(before)} and is now {_figures(place)}. "
        "Its rank lies outside the range it had, and the two intervals of its rating do not touch."
    )
    return f"{place.name} {way} to {describe_ranks(place)} in {_where(item.board)}", text


def _decided(item: NewsItem) -> tuple[str, str]:
    place = _place(item)
    return (
        f"{place.name} is first in {_where(item.board)}",
        f"{place.name} is {_figures(place)}: the votes leave no other model this place.",
    )


def _new(item: NewsItem) -> tuple[str, str]:
    place = _place(item)
    return f"New in {_where(item.board)}: {place.name}", f"{place.name} has its first rank: {_figures(place)}."


def _opened(item: NewsItem) -> tuple[str, str]:
    place = _place(item)
    models = f"{place.of} model{'' if place.of == 1 else 's'}"
    return f"The first board of {_where(item.board)}: {models}", f"At the top: {place.name}, {_figures(place)}."


def _closed(item: NewsItem) -> tuple[str, str]:
    title = f"Closed: {item.board.title}"
    if item.place is None:
        return title, "It closed without votes."
    if is_decided(item.place):
        return f"{title}, won by {item.place.name}", f"{item.place.name} is {_figures(item.place)}."
    return f"{title}, first place undecided", f"At the top: {item.place.name}, {_figures(item.place)}."


def _place(item: NewsItem) -> Place:
    if item.place is None:
        raise ValueError(f"News of kind {item.kind} are about a model.")
    return item.place


def _both(item: NewsItem) -> tuple[Place, Place]:
    if item.before is None:
        raise ValueError("News of a model that left its ranks lack the place it had.")
    return _place(item), item.before


_WORDS: dict[str, Callable[[NewsItem], tuple[str, str]]] = {
    "left": _left,
    "decided": _decided,
    "new": _new,
    "opened": _opened,
    "closed": _closed,
}
