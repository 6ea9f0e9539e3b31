"""News of the overall boards: models that changed their rank, and models that joined."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.arena.tables import Competition, Entry
from app.catalog.tables import ImageModel
from app.leaderboards.tables import Board, RatingHistory, RatingRun, Standing

REACH = timedelta(days=14)
MOST = 60


@dataclass(frozen=True)
class RankChange:
    """A model moved on a mode's overall board; `before` is None for its first rank."""

    at: datetime
    mode: str
    slug: str
    name: str
    before: int | None
    rank: int
    rating: float


@dataclass(frozen=True)
class Arrival:
    """A model's first image entered the arena."""

    at: datetime
    slug: str
    name: str
    creator: str | None


def read_rank_changes(session: Session, now: datetime) -> tuple[RankChange, ...]:
    """Read the rank changes of the last fourteen days, the latest first, from the history and today's boards."""
    known_before = _known_before(session, now - 2 * REACH)
    changes = []
    for (mode, slug), rows in groupby(sorted(_remembered(session, now) | _current(session)), key=_whose):
        # A model whose first rating lies inside the window had no rank before it; of others that is not known.
        start = [] if (mode, slug) in known_before else [_UNRANKED]
        for earlier, later in pairwise([*start, *rows]):
            before, (_, _, at, name, rank, rating) = earlier[4], later
            if rank and rank != before and at > now - REACH:
                changes.append(RankChange(at, mode, slug, name, before or None, rank, rating))
    changes.sort(key=lambda change: (-change.at.timestamp(), change.mode, change.rank))
    return tuple(changes[:MOST])


def read_arrivals(session: Session) -> tuple[Arrival, ...]:
    """List models by their first image in a competition that is or was open, the latest first."""
    first = func.min(Entry.created_at)
    rows = session.execute(
        select(first, ImageModel.slug, ImageModel.name, ImageModel.creator)
        .join(Entry, Entry.model_id == ImageModel.id)
        .join(Competition, Competition.id == Entry.competition_id)
        .where(Entry.role == "contestant", Entry.withdrawn_at.is_(None), Competition.status != "draft")
        .group_by(ImageModel.id)
        .order_by(first.desc(), ImageModel.slug)
        .limit(MOST)
    )
    return tuple(Arrival(*row) for row in rows)


Said = tuple[str, str, datetime, str, int, float]
"""Mode, slug, moment, name, rank (0 for none), rating."""


_UNRANKED: Said = ("", "", datetime.min.replace(tzinfo=UTC), "", 0, 0.0)


def _whose(said: Said) -> tuple[str, str]:
    return said[0], said[1]


def _known_before(session: Session, moment: datetime) -> set[tuple[str, str]]:
    """Read the (mode, slug) of models with a rating older than this moment."""
    rows = session.execute(
        select(Board.mode, ImageModel.slug)
        .join(RatingHistory, RatingHistory.board_id == Board.id)
        .join(ImageModel, ImageModel.id == RatingHistory.model_id)
        .where(Board.category_id.is_(None), Board.competition_id.is_(None))
        .where(RatingHistory.at <= moment)
        .distinct()
    )
    return {(mode, slug) for mode, slug in rows}


def _remembered(session: Session, now: datetime) -> set[Said]:
    rows = session.execute(
        select(
            Board.mode,
            ImageModel.slug,
            RatingHistory.at,
            ImageModel.name,
            func.coalesce(RatingHistory.rank, 0),
            RatingHistory.rating,
        )
        .join(Board, Board.id == RatingHistory.board_id)
        .join(ImageModel, ImageModel.id == RatingHistory.model_id)
        .where(Board.category_id.is_(None), Board.competition_id.is_(None))
        .where(RatingHistory.at > now - 2 * REACH)
    )
    return {(mode, slug, at, name, rank, rating) for mode, slug, at, name, rank, rating in rows}


def _current(session: Session) -> set[Said]:
    rows = session.execute(
        select(
            Board.mode,
            ImageModel.slug,
            RatingRun.computed_at,
            ImageModel.name,
            func.coalesce(Standing.rank, 0),
            Standing.rating,
        )
        .join(RatingRun, RatingRun.id == Board.current_run_id)
        .join(Standing, Standing.run_id == RatingRun.id)
        .join(ImageModel, ImageModel.id == Standing.model_id)
        .where(Board.category_id.is_(None), Board.competition_id.is_(None))
    )
    return {(mode, slug, at, name, rank, rating) for mode, slug, at, name, rank, rating in rows}
