"""A vote's answer: who made the two images, and where they stand on their mode's overall board."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session

from app.arena.voting import Answer
from app.catalog.tables import ImageModel
from app.leaderboards import history
from app.leaderboards.scopes import key
from app.leaderboards.tables import Board, Standing
from app.prepared import Prepared

_CURRENT = select(Board.current_run_id).where(Board.key == bindparam("key")).scalar_subquery()
_STANDINGS = Prepared(
    lambda _: (
        select(ImageModel.id, ImageModel.slug, ImageModel.name, ImageModel.creator, Standing.rating, Standing.rank)
        .outerjoin(Standing, and_(Standing.model_id == ImageModel.id, Standing.run_id == _CURRENT))
        .where(or_(ImageModel.id == bindparam("left"), ImageModel.id == bindparam("right")))
    )
)


@dataclass(frozen=True)
class RevealedModel:
    """A model, named. Rating and rank are None where it has none; `change` in Elo points since the vote."""

    slug: str
    name: str
    creator: str | None
    url: str
    rating: float | None
    rank: int | None
    change: float | None = None


@dataclass(frozen=True)
class Reveal:
    """Both models of a matchup."""

    a: RevealedModel
    b: RevealedModel


def revealed(session: Session, answer: Answer, *, with_change: bool = False) -> Reveal | None:
    """What a vote uncovers, by the run current now; nothing for a skip. The change if asked for."""
    if answer.outcome == "skip":
        return None
    since = answer.cast_at if with_change else None
    return names_and_standings(session, answer.left_model_id, answer.right_model_id, answer.mode, since=since)


def revealed_later(session: Session, answer: Answer) -> Callable[[], Reveal | None]:
    """The same, to be had once the vote is committed: asked for with its commit."""
    if answer.outcome == "skip":
        return lambda: None
    sides = answer.left_model_id, answer.right_model_id
    rows = _STANDINGS.later(session, key=key(answer.mode), left=sides[0], right=sides[1])
    return lambda: _reveal(rows(), sides, {})


def names_and_standings(
    session: Session, left_model_id: int, right_model_id: int, mode: str, *, since: datetime | None = None
) -> Reveal:
    """Left is A. The change counts from the run that was current at `since`, as far as it is remembered."""
    before = {} if since is None else history.ratings_at(session, key(mode), since)
    rows = _STANDINGS.all(session, key=key(mode), left=left_model_id, right=right_model_id)
    return _reveal(rows, (left_model_id, right_model_id), before)


def _reveal(rows: list[Any], sides: tuple[int, int], before: Mapping[int, float]) -> Reveal:
    """`before` are ratings then, by model."""
    found = {
        number: RevealedModel(
            slug=slug,
            name=name,
            creator=creator,
            url=f"/models/{slug}",
            rating=rating,
            rank=rank,
            change=rating - before[number] if number in before and rating is not None else None,
        )
        for number, slug, name, creator, rating, rank in rows
    }
    return Reveal(a=found[sides[0]], b=found[sides[1]])
