"""
News of boards: what the votes have made sure since the board was last sure of something else.

Everything is read from the runs that are kept, the last of each day and today's: the same runs tell the same news.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from app.arena.tables import Category, Competition, Entry
from app.catalog.tables import ImageModel
from app.database.columns import date_of, day_number
from app.leaderboards.tables import Board, RatingRun, Standing
from app.words import BETTER

REACH = timedelta(days=14)
MEMORY = 2 * REACH
"""Older runs are not read: the first run within it is what the board was known to say."""
MOST = 60

Kind = Literal["opened", "new", "left", "decided", "closed"]


class Place(NamedTuple):
    """A model's standing in one run. Ratings in Elo points."""

    slug: str
    name: str
    rank: int | None
    rank_low: int | None
    rank_high: int | None
    of: int
    votes: int
    rating: float
    rating_low: float
    rating_high: float

    @property
    def width(self) -> int:
        """Count the ranks that the votes allow."""
        return (self.rank_high or 0) - (self.rank_low or 0) + 1

    def has_left(self, before: "Place") -> bool:
        """Tell whether the rank is outside its old range, and the rating's interval apart from the old one."""
        stays = (before.rank_low or 0) <= (self.rank or 0) <= (before.rank_high or 0)
        touches = self.rating_low <= before.rating_high and before.rating_low <= self.rating_high
        return not stays and not touches

    def refines(self, before: "Place") -> bool:
        """
        Tell whether this place says more precisely what the old one said: fewer ranks, within the old interval.

        A model that changes creeps out of its interval while that narrows: what was told stands until it is twice
        as precise, else nobody would ever hear of it.
        """
        is_within = before.rating_low <= self.rating_low and self.rating_high <= before.rating_high
        halves = 2 * (self.rating_high - self.rating_low) <= before.rating_high - before.rating_low
        return self.width < before.width and (is_within or halves)


class NewsBoard(NamedTuple):
    """A board as news name it; `title` is its category's or competition's, None for a mode's overall board."""

    key: str
    mode: str
    title: str | None


@dataclass(frozen=True)
class NewsItem:
    """
    One piece of news. `day` is a UTC day: within it, later votes may still change the figures.

    `place` is the model's, or the best one's of a closed competition or new board; `before` is the place it left.
    """

    kind: Kind
    day: date
    board: NewsBoard
    place: Place | None
    before: Place | None = None


@dataclass
class BoardMemory:
    """Remember a board as last told: each model's most precise place since its last news, and the winner."""

    places: dict[str, Place] = field(default_factory=dict)
    winner: str | None = None


_PLACE: tuple[Any, ...] = (
    *(ImageModel.slug, ImageModel.name, Standing.rank, Standing.rank_low, Standing.rank_high, RatingRun.ranked),
    *(Standing.votes, Standing.rating, Standing.rating_low, Standing.rating_high),
)
"""The columns of a Place, in its order."""
_IS_OF_A_MODE = and_(Board.competition_id.is_(None), Board.question == BETTER)
"""Whether the news of a board are told on other pages than its own: those of other questions are not."""


def read_news(session: Session, now: datetime) -> tuple[NewsItem, ...]:
    """Read what is worth telling of the whole arena, the latest day first; a model joins by its overall board."""
    items = [
        *_board_news(session, now, _IS_OF_A_MODE),
        *_closings(session, now),
    ]
    joins_twice = (item.kind in {"new", "opened"} and item.board.title is not None for item in items)
    return _latest(item for item, twice in zip(items, joins_twice, strict=True) if not twice)


def read_board_news(session: Session, key: str, now: datetime) -> tuple[NewsItem, ...]:
    """Read the news of one board, the latest day first; a competition's tell of its closing too."""
    closings = (item for item in _closings(session, now) if item.board.key == key)
    return _latest([*_board_news(session, now, Board.key == key), *closings])


def read_model_news(session: Session, slug: str, now: datetime) -> tuple[NewsItem, ...]:
    """Read the news that name a model, on overall and category boards, and of competitions it took part in."""
    ours = [
        item
        for item in _board_news(session, now, _IS_OF_A_MODE)
        if item.kind != "opened" and item.place is not None and item.place.slug == slug
    ]
    entered = (
        select(Entry.id)
        .join(ImageModel, ImageModel.id == Entry.model_id)
        .where(Entry.competition_id == Competition.id, ImageModel.slug == slug, Entry.withdrawn_at.is_(None))
    )
    return _latest([*ours, *_closings(session, now, entered.exists())])


def tell_news(runs: Iterable[tuple[date, list[Place]]], board: NewsBoard, *, is_new: bool) -> Iterator[NewsItem]:
    """Walk through a board's runs, the oldest first; of a board that `is_new` the first run opens it."""
    memory = BoardMemory()
    for number, (day, places) in enumerate(runs):
        opens = number == 0 and is_new
        if opens and places:
            yield NewsItem("opened", day, board, places[0])
        told = list(_moves(memory, places, board, day))
        yield from told if number else ()
        winner = _winner(places)
        if winner and winner.slug != memory.winner:
            memory.winner = winner.slug
            if number or is_new:
                yield NewsItem("decided", day, board, winner)


def _moves(memory: BoardMemory, places: list[Place], board: NewsBoard, day: date) -> Iterator[NewsItem]:
    """Tell which models are new, and which left the ranks that they were known to have."""
    for place in places:
        before = memory.places.get(place.slug)
        if before is None:
            yield NewsItem("new", day, board, place)
        elif place.has_left(before):
            yield NewsItem("left", day, board, place, before)
        elif not place.refines(before):
            continue
        memory.places[place.slug] = place


def _winner(places: list[Place]) -> Place | None:
    """Find the model whose first rank is decided: no other's interval reaches its own."""
    first = next((place for place in places if place.rank_low == place.rank_high == 1), None)
    if first is None or len(places) < 2:
        return None
    rivals = max(place.rating_high for place in places if place.slug != first.slug)
    return first if first.rating_low > rivals else None


def _latest(items: Iterable[NewsItem]) -> tuple[NewsItem, ...]:
    ordered = sorted(items, key=lambda item: (-item.day.toordinal(), item.kind, item.board.key, _slug(item)))
    return tuple(ordered[:MOST])


def _slug(item: NewsItem) -> str:
    return item.place.slug if item.place else ""


def _board_news(session: Session, now: datetime, which: ColumnElement[bool]) -> Iterator[NewsItem]:
    openings = _openings(session, which)
    earliest = (now - REACH).date()
    for board, rows in groupby(_ranked(session, now, which), key=lambda row: NewsBoard(*row[:3])):
        runs = [
            (day, [Place(*row[4:]) for row in of_day])
            for day, of_day in groupby(rows, key=lambda row: date_of(row[3]))
        ]
        is_new = openings[board.key].date() == runs[0][0]
        yield from (item for item in tell_news(runs, board, is_new=is_new) if item.day >= earliest)


def _openings(session: Session, which: ColumnElement[bool]) -> Mapping[str, datetime]:
    """Read when each board was first computed with a ranked model."""
    first = func.min(RatingRun.computed_at)
    joined = select(Board.key, first).join(RatingRun, RatingRun.board_id == Board.id)
    return dict(session.execute(joined.where(which, RatingRun.ranked > 0).group_by(Board.key)).all())


def _ranked(session: Session, now: datetime, which: ColumnElement[bool]) -> list[tuple[Any, ...]]:
    """Read the ranked models of the last run of each day, by board, day and rank."""
    day = day_number(RatingRun.computed_at)
    last = (
        select(func.max(RatingRun.id))
        .where(RatingRun.computed_at > now - MEMORY)
        .group_by(RatingRun.board_id, day)
    )
    rows = session.execute(
        select(
            Board.key,
            Board.mode,
            func.coalesce(Category.title, Competition.title),
            day,
            *_PLACE,
        )
        .join(RatingRun, RatingRun.board_id == Board.id)
        .join(Standing, Standing.run_id == RatingRun.id)
        .join(ImageModel, ImageModel.id == Standing.model_id)
        .outerjoin(Category, Category.id == Board.category_id)
        .outerjoin(Competition, Competition.id == Board.competition_id)
        .where(which, RatingRun.id.in_(last), Standing.rank.is_not(None))
        .order_by(Board.key, day, Standing.rank, ImageModel.slug)
    )
    return [tuple(row) for row in rows]


def _closings(session: Session, now: datetime, which: ColumnElement[bool] | None = None) -> Iterator[NewsItem]:
    """Tell which competitions were closed, with the best model of each board."""
    rows = session.execute(
        select(
            Competition.slug,
            Competition.mode,
            Competition.title,
            Competition.closed_at,
            *_PLACE,
        )
        .outerjoin(Board, and_(Board.competition_id == Competition.id, Board.question == BETTER))
        .outerjoin(RatingRun, RatingRun.id == Board.current_run_id)
        .outerjoin(Standing, (Standing.run_id == RatingRun.id) & (Standing.rank == 1))
        .outerjoin(ImageModel, ImageModel.id == Standing.model_id)
        .where(Competition.status == "closed", ~Competition.showcase, Competition.closed_at > now - REACH)
        .where(*(() if which is None else (which,)))
        .order_by(Competition.closed_at.desc(), Competition.id, Standing.rating.desc(), ImageModel.slug)
    )
    for _, (first, *_) in groupby(map(tuple, rows), key=itemgetter(0)):
        slug, mode, title, closed_at, *place = first
        board = NewsBoard(f"competition:{slug}", mode, title)
        yield NewsItem("closed", closed_at.date(), board, Place(*place) if place[0] else None)
