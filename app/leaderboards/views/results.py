"""The results of one model: its place on every board and in every competition it has entries in."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import BindParameter, Select, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from app.arena.tables import Category, Competition, Entry, competition_categories
from app.catalog import lookup
from app.database.statements import PreparedStatement
from app.leaderboards.tables import Board, RatingRun, Standing
from app.leaderboards.views.boards import Heading
from app.words import BETTER, MODES


@dataclass(frozen=True)
class BoardPlace:
    """A model's standing on one board; `rank` None until it has RANKED_FROM counted votes there."""

    rank: int | None
    of: int
    rating: float | None = None
    rating_low: float | None = None
    rating_high: float | None = None
    votes: int = 0
    provisional: bool = True
    rank_low: int | None = None
    rank_high: int | None = None
    borrowed: float | None = None
    """Share of what is known that came from other competitions, 0 to 1; on a competition's board only."""


Places = dict[tuple[str, int | None, int | None], BoardPlace]
NOWHERE = BoardPlace(None, 0)


@dataclass(frozen=True)
class BoardResult:
    """A mode's overall board, or one of its categories'."""

    mode: str
    category: Heading | None
    place: BoardPlace


@dataclass(frozen=True)
class CompetitionResult:
    """One competition; without categories it stands under "Uncategorized", a heading and not a board."""

    slug: str
    title: str
    mode: str
    status: str
    prompt: str
    categories: tuple[Heading, ...]
    place: BoardPlace
    has_image: bool
    """Whether an image of the model stands in it; False where every one was withdrawn."""


@dataclass(frozen=True)
class ModelResults:
    """Boards by mode, overall before categories; competitions in the order they were made."""

    boards: tuple[BoardResult, ...]
    competitions: tuple[CompetitionResult, ...]


def read_results(session: Session, slug: str) -> ModelResults:
    """Read every board and competition where the model is a contestant, ranked or not. Raises UnknownModel."""
    model_id = lookup.find_id(session, slug)
    places = _places(session, model_id)
    filed = _COMPETITIONS.all(session, model=model_id)
    competitions = (list(rows) for _, rows in groupby(filed, key=lambda row: row.id))
    return ModelResults(
        boards=tuple(_boards(filed, places)),
        competitions=tuple(_result(rows, places) for rows in competitions),
    )


def count_judged(results: ModelResults, mode: str) -> int:
    """Count the competitions that a model's votes of a mode come from; one at least, until all are rated."""
    return max(sum(result.mode == mode and result.place.votes > 0 for result in results.competitions), 1)


def _select_competitions() -> Select[*tuple[Any, ...]]:
    """
    List the competitions the model has an image in, or had one that people voted on, a row for each category.

    The second kind are those whose image was withdrawn: the votes on it still count.
    """
    model_id: BindParameter[int] = bindparam("model")
    entered = select(Entry.id).where(
        Entry.competition_id == Competition.id,
        Entry.model_id == model_id,
        Entry.role == "contestant",
        Entry.withdrawn_at.is_(None),
    )
    voted_on = (
        select(Board.id)
        .join(Standing, Standing.run_id == Board.current_run_id)
        .where(Board.competition_id == Competition.id, Standing.model_id == model_id)
    )
    names = ("id", "slug", "title", "mode", "status", "prompt")
    return (
        select(
            *(getattr(Competition, name) for name in names),
            entered.exists().label("has_image"),
            Category.id.label("category_id"),
            Category.position.label("category_position"),
            Category.slug.label("category_slug"),
            Category.title.label("category_title"),
        )
        .outerjoin(competition_categories, competition_categories.c.competition_id == Competition.id)
        .outerjoin(Category, Category.id == competition_categories.c.category_id)
        .where(Competition.status != "draft", ~Competition.showcase, or_(entered.exists(), voted_on.exists()))
        .order_by(Competition.id, Category.position, Category.slug)
    )


_COMPETITIONS = PreparedStatement(lambda _: _select_competitions())
_STANDINGS = Standing.__table__.c
_KNOWN = ("rating", "rating_low", "rating_high", "votes", "provisional", "rank_low", "rank_high", "borrowed")
_PLACES = PreparedStatement(
    lambda _: (
        select(
            *(Board.mode, Board.category_id, Board.competition_id, RatingRun.ranked, _STANDINGS.run_id),
            *(_STANDINGS[name] for name in ("rank", *_KNOWN)),
        )
        .join(RatingRun, RatingRun.id == Board.current_run_id)
        .outerjoin(Standing, and_(Standing.run_id == RatingRun.id, Standing.model_id == bindparam("model")))
        .where(Board.question == BETTER)
    )
)


def _boards(filed: Iterable[Any], places: Places) -> Iterable[BoardResult]:
    """Place the model on each mode and category that any of its competitions is filed under."""
    boards: dict[tuple[int, int, str], BoardResult] = {}
    for row in filed:
        mode, number = MODES.index(row.mode), row.category_id
        boards[mode, -1, ""] = BoardResult(row.mode, None, places.get((row.mode, None, None), NOWHERE))
        if number is not None:
            place = places.get((row.mode, number, None), NOWHERE)
            heading = Heading(row.category_slug, row.category_title)
            boards[mode, row.category_position, row.category_slug] = BoardResult(row.mode, heading, place)
    return (boards[at] for at in sorted(boards))


def _result(rows: list[Any], places: Places) -> CompetitionResult:
    """Make a result of one competition's rows, which differ in their category alone."""
    row = rows[0]
    return CompetitionResult(
        slug=row.slug,
        title=row.title,
        mode=row.mode,
        status=row.status,
        prompt=row.prompt,
        categories=tuple(Heading(r.category_slug, r.category_title) for r in rows if r.category_id is not None),
        place=places.get((row.mode, None, row.id), NOWHERE),
        has_image=bool(row.has_image),
    )


def _places(session: Session, model_id: int) -> Places:
    """Read the model's place by mode, category id and competition id, on boards without a battle of it too."""
    rows = _PLACES.all(session, model=model_id)
    return {(row.mode, row.category_id, row.competition_id): _place(row) for row in rows}


def _place(row: Any) -> BoardPlace:
    if row.run_id is None:
        return BoardPlace(None, row.ranked)
    return BoardPlace(
        row.rank,
        row.ranked,
        row.rating,
        row.rating_low,
        row.rating_high,
        row.votes,
        bool(row.provisional),
        row.rank_low,
        row.rank_high,
        row.borrowed,
    )
