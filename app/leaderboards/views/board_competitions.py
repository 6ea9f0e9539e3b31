"""The competitions that a mode's boards add up, and the board that each is filed under."""

from dataclasses import dataclass

from sqlalchemy import Select, and_, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from app.arena.tables import Category, Competition, Entry, competition_categories
from app.database.statements import PreparedStatement
from app.leaderboards.tables import Board, RatingRun
from app.words import BETTER


@dataclass(frozen=True)
class BoardCompetition:
    """A competition that is or was open: its categories as (slug, title), and its own board's counted votes."""

    categories: tuple[tuple[str, str], ...]
    votes: int


_COMPETITIONS = PreparedStatement(
    lambda _: (
        select(Competition.id, Category.slug, Category.title, func.coalesce(RatingRun.votes, 0).label("votes"))
        .outerjoin(competition_categories, competition_categories.c.competition_id == Competition.id)
        .outerjoin(Category, Category.id == competition_categories.c.category_id)
        .outerjoin(Board, and_(Board.competition_id == Competition.id, Board.question == BETTER))
        .outerjoin(RatingRun, RatingRun.id == Board.current_run_id)
        .where(Competition.mode == bindparam("mode"), Competition.status != "draft", ~Competition.showcase)
    )
)


def list_competitions(session: Session, mode: str) -> list[BoardCompetition]:
    """List a mode's competitions that are or were open: one query, whatever the votes."""
    by_id: dict[int, BoardCompetition] = {}
    for competition, slug, title, votes in _COMPETITIONS.all(session, mode=mode):
        before = by_id[competition].categories if competition in by_id else ()
        by_id[competition] = BoardCompetition((*before, (slug, title)) if slug else before, votes)
    return list(by_id.values())


def _select_contested() -> Select[str]:
    one, other = aliased(Entry), aliased(Entry)
    meeting = (
        select(one.id)
        .join(other, other.competition_id == one.competition_id)
        .where(one.competition_id == Competition.id, other.model_id > one.model_id)
        .where(*(side.role == "contestant" for side in (one, other)))
        .where(*(side.withdrawn_at.is_(None) for side in (one, other)))
    )
    return select(Competition.slug).where(Competition.status == "open", meeting.exists())


_CONTESTED = PreparedStatement(lambda _: _select_contested())


def read_contested(session: Session) -> frozenset[str]:
    """Read the slugs of the open competitions where two models can meet."""
    return frozenset(row.slug for row in _CONTESTED.all(session))
