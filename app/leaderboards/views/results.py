"""Where one model stands: on every board and in every competition it has entries in."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session

from app.arena.tables import Category, Competition, Entry, competition_categories
from app.catalog import lookup
from app.catalog.lookup import UnknownModel
from app.database.statements import Prepared
from app.leaderboards.tables import Board, RatingRun, Standing
from app.leaderboards.views.boards import MODES, Heading

# Written once, and of tables: building a statement and making objects cost several times what the query does.
_COMPETITIONS = Competition.__table__.c
_CATEGORIES = Category.__table__.c
_BOARDS = Board.__table__.c
_RUNS = RatingRun.__table__.c
_STANDINGS = Standing.__table__.c
_ENTRIES = Entry.__table__.c
_ENTERED = select(_ENTRIES.id).where(
    _ENTRIES.competition_id == _COMPETITIONS.id,
    _ENTRIES.model_id == bindparam("model"),
    _ENTRIES.role == "contestant",
    _ENTRIES.withdrawn_at.is_(None),
)
_VOTED_ON = (
    select(_BOARDS.id)
    .join(Standing.__table__, _STANDINGS.run_id == _BOARDS.current_run_id)
    .where(_BOARDS.competition_id == _COMPETITIONS.id, _STANDINGS.model_id == bindparam("model"))
)
_STANDS_IN = Prepared(
    lambda _: (
        select(
            *(_COMPETITIONS[name] for name in ("id", "slug", "title", "mode", "status", "prompt")),
            *(_CATEGORIES[name].label(f"category_{name}") for name in ("id", "position", "slug", "title")),
        )
        .outerjoin(competition_categories, competition_categories.c.competition_id == _COMPETITIONS.id)
        .outerjoin(Category.__table__, _CATEGORIES.id == competition_categories.c.category_id)
        .where(_COMPETITIONS.status != "draft", or_(_ENTERED.exists(), _VOTED_ON.exists()))
        .order_by(_COMPETITIONS.id, _CATEGORIES.position, _CATEGORIES.slug)
    )
)
"""Those it has an image in, or had one that people voted on before it was withdrawn; a row for each category."""
_PLACES = Prepared(
    lambda _: (
        select(
            *(_BOARDS[name] for name in ("mode", "category_id", "competition_id")),
            _STANDINGS.rank,
            _RUNS.ranked,
            *(_STANDINGS[name] for name in ("rating", "rating_low", "rating_high", "votes", "provisional")),
        )
        .join(RatingRun.__table__, _RUNS.id == _BOARDS.current_run_id)
        .outerjoin(
            Standing.__table__, and_(_STANDINGS.run_id == _RUNS.id, _STANDINGS.model_id == bindparam("model"))
        )
    )
)


@dataclass(frozen=True)
class Place:
    """A model's standing on one board; `rank` None until it has four counted battles there."""

    rank: int | None
    of: int
    rating: float | None = None
    rating_low: float | None = None
    rating_high: float | None = None
    votes: int = 0
    provisional: bool = True


Places = dict[tuple[str, int | None, int | None], Place]
NOWHERE = Place(None, 0)


@dataclass(frozen=True)
class BoardResult:
    """A mode's overall board, or one of its categories'."""

    mode: str
    category: Heading | None
    place: Place


@dataclass(frozen=True)
class CompetitionResult:
    """One competition; without categories it stands under "Uncategorized", a heading and not a board."""

    slug: str
    title: str
    mode: str
    status: str
    prompt: str
    categories: tuple[Heading, ...]
    place: Place


@dataclass(frozen=True)
class ModelResults:
    """Boards by mode, overall before categories; competitions in the order they were made."""

    boards: tuple[BoardResult, ...]
    competitions: tuple[CompetitionResult, ...]


def model_results(session: Session, slug: str) -> ModelResults:
    """Every board and competition where the model is a contestant, ranked or not. Raises UnknownModel."""
    model_id = lookup.ids(session, [slug]).get(slug)
    if model_id is None:
        raise UnknownModel(f"There is no model {slug!r}.")
    places = _places(session, model_id)
    filed = _STANDS_IN.all(session, model=model_id)
    competitions = (list(rows) for _, rows in groupby(filed, key=lambda row: row.id))
    return ModelResults(
        boards=tuple(_boards(filed, places)),
        competitions=tuple(_result(rows, places) for rows in competitions),
    )


def _boards(filed: Iterable[Any], places: Places) -> Iterable[BoardResult]:
    """Of every mode and category that any of its competitions is filed under."""
    found: dict[tuple[int, int, str], BoardResult] = {}
    for row in filed:
        mode, number = MODES.index(row.mode), row.category_id
        found[mode, -1, ""] = BoardResult(row.mode, None, places.get((row.mode, None, None), NOWHERE))
        if number is not None:
            place = places.get((row.mode, number, None), NOWHERE)
            heading = Heading(row.category_slug, row.category_title)
            found[mode, row.category_position, row.category_slug] = BoardResult(row.mode, heading, place)
    return (found[at] for at in sorted(found))


def _result(rows: list[Any], places: Places) -> CompetitionResult:
    """Of the rows of one competition, which differ in their category alone."""
    row = rows[0]
    return CompetitionResult(
        slug=row.slug,
        title=row.title,
        mode=row.mode,
        status=row.status,
        prompt=row.prompt,
        categories=tuple(Heading(r.category_slug, r.category_title) for r in rows if r.category_id is not None),
        place=places.get((row.mode, None, row.id), NOWHERE),
    )


def _places(session: Session, model_id: int) -> Places:
    """By mode, category id and competition id; boards where the model has no battle yet included."""
    return {
        (row.mode, row.category_id, row.competition_id): (
            Place(None, row.ranked)
            if row.rating is None
            else Place(
                row.rank,
                row.ranked,
                row.rating,
                row.rating_low,
                row.rating_high,
                row.votes,
                bool(row.provisional),
            )
        )
        for row in _PLACES.all(session, model=model_id)
    }
