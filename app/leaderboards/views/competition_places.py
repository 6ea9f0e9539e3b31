"""Which competitions a mode's boards add up, and where each is filed."""

from dataclasses import dataclass

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.arena.tables import Category, Competition, Entry, competition_categories
from app.database.statements import Prepared
from app.leaderboards.tables import Board, RatingRun

# Written once, and of tables: building a statement and making objects cost several times what the query does.
_COMPETITIONS = Competition.__table__.c
_CATEGORIES = Category.__table__.c
_BOARDS = Board.__table__.c
_RUNS = RatingRun.__table__.c
_FILED = Prepared(
    lambda _: (
        select(_COMPETITIONS.id, _CATEGORIES.slug, _CATEGORIES.title, func.coalesce(_RUNS.votes, 0))
        .outerjoin(competition_categories, competition_categories.c.competition_id == _COMPETITIONS.id)
        .outerjoin(Category.__table__, _CATEGORIES.id == competition_categories.c.category_id)
        .outerjoin(Board.__table__, _BOARDS.competition_id == _COMPETITIONS.id)
        .outerjoin(RatingRun.__table__, _RUNS.id == _BOARDS.current_run_id)
        .where(_COMPETITIONS.mode == bindparam("mode"), _COMPETITIONS.status != "draft")
    )
)
_ONE, _OTHER = (Entry.__table__.alias(name) for name in ("one", "other"))
_MEETING = (
    select(_ONE.c.id)
    .join(_OTHER, _OTHER.c.competition_id == _ONE.c.competition_id)
    .where(_ONE.c.competition_id == _COMPETITIONS.id, _OTHER.c.model_id > _ONE.c.model_id)
    .where(*(side.c.role == "contestant" for side in (_ONE, _OTHER)))
    .where(*(side.c.withdrawn_at.is_(None) for side in (_ONE, _OTHER)))
)
_CONTESTED = Prepared(
    lambda _: select(_COMPETITIONS.slug).where(_COMPETITIONS.status == "open", _MEETING.exists())
)


@dataclass(frozen=True)
class Filed:
    """A competition that is or was open: its categories as (slug, title), and its own board's counted votes."""

    categories: tuple[tuple[str, str], ...]
    votes: int


def filed(session: Session, mode: str) -> list[Filed]:
    """One query over competitions, whatever the votes."""
    found: dict[int, Filed] = {}
    for competition, slug, title, votes in _FILED.all(session, mode=mode):
        before = found[competition].categories if competition in found else ()
        found[competition] = Filed((*before, (slug, title)) if slug else before, votes)
    return list(found.values())


def contested(session: Session) -> frozenset[str]:
    """Slugs of the open competitions where two models can meet."""
    return frozenset(row.slug for row in _CONTESTED.all(session))
