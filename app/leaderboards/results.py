"""Where one model stands: on every board and in every competition it has entries in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from app.arena.tables import Category, Competition, Entry, competition_categories
from app.catalog import lookup
from app.catalog.lookup import UnknownModel
from app.leaderboards.boards import MODES, Heading
from app.leaderboards.tables import Board, RatingRun, Standing

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
_STANDS_IN = (
    select(*(_COMPETITIONS[name] for name in ("id", "slug", "title", "mode", "status", "prompt")))
    .where(_COMPETITIONS.status != "draft")
    .where(or_(_ENTERED.exists(), _COMPETITIONS.id.in_(bindparam("voted", expanding=True))))
    .order_by(_COMPETITIONS.id)
)
_FILED = (
    select(
        competition_categories.c.competition_id,
        *(_CATEGORIES[name] for name in ("id", "position", "slug", "title")),
    )
    .join(Category.__table__, _CATEGORIES.id == competition_categories.c.category_id)
    .where(competition_categories.c.competition_id.in_(bindparam("competitions", expanding=True)))
    .order_by(_CATEGORIES.position, _CATEGORIES.slug)
)
_PLACES = (
    select(
        *(_BOARDS[name] for name in ("mode", "category_id", "competition_id")),
        _STANDINGS.rank,
        _RUNS.ranked,
        *(_STANDINGS[name] for name in ("rating", "rating_low", "rating_high", "votes", "provisional")),
    )
    .join(RatingRun.__table__, _RUNS.id == _BOARDS.current_run_id)
    .outerjoin(Standing.__table__, and_(_STANDINGS.run_id == _RUNS.id, _STANDINGS.model_id == bindparam("model")))
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
    nowhere = Place(None, 0)
    voted = [competition for (_, _, competition), place in places.items() if competition and place.votes]
    competitions = _competitions(session, model_id, voted)
    headings = _headings(session, [row.id for row in competitions])
    boards: dict[tuple[str, int, str], BoardResult] = {}
    for row in competitions:
        place = places.get((row.mode, None, None), nowhere)
        boards[row.mode, -1, ""] = BoardResult(row.mode, None, place)
        for position, number, heading in headings.get(row.id, []):
            place = places.get((row.mode, number, None), nowhere)
            boards[row.mode, position, heading.slug] = BoardResult(row.mode, heading, place)
    return ModelResults(
        boards=tuple(boards[at] for at in sorted(boards, key=lambda at: (MODES.index(at[0]), at))),
        competitions=tuple(
            CompetitionResult(
                slug=row.slug,
                title=row.title,
                mode=row.mode,
                status=row.status,
                prompt=row.prompt,
                categories=tuple(heading for _, _, heading in headings.get(row.id, [])),
                place=places.get((row.mode, None, row.id), nowhere),
            )
            for row in competitions
        ),
    )


def _competitions(session: Session, model_id: int, voted: list[int]) -> Sequence[Row[*tuple[Any, ...]]]:
    """Those it has an image in, or had one that people voted on before it was withdrawn."""
    return session.execute(_STANDS_IN, {"model": model_id, "voted": voted}).all()


def _headings(session: Session, competitions: list[int]) -> dict[int, list[tuple[int, int, Heading]]]:
    """Competition id to (position, id, heading) of its categories."""
    found: dict[int, list[tuple[int, int, Heading]]] = {}
    for competition, number, position, slug, title in session.execute(
        _FILED, {"competitions": competitions}
    ).all():
        found.setdefault(competition, []).append((position, number, Heading(slug, title)))
    return found


def _places(session: Session, model_id: int) -> dict[tuple[str, int | None, int | None], Place]:
    """By mode, category id and competition id; boards where the model has no battle yet included."""
    return {
        (mode, category, competition): Place(*place) if place[2] is not None else Place(None, place[1])
        for mode, category, competition, *place in session.execute(_PLACES, {"model": model_id}).all()
    }
