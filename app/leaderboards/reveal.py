"""A vote's answer: who made the two images, and where they stand on their mode's overall board."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from types import MappingProxyType
from typing import Any

from sqlalchemy import FromClause, Integer, Text, and_, column, select
from sqlalchemy.orm import Session

from app.arena.voting import Answer
from app.catalog.tables import ImageModel
from app.leaderboards import history
from app.leaderboards.scopes import key
from app.leaderboards.tables import Board, Standing
from app.prepared import Prepared, json_rows

_STANDINGS = Prepared(
    lambda insert: _standings(json_rows(insert, "sides", column("key", Text), column("model", Integer)))
)


def _standings(given: FromClause) -> Any:
    standing = and_(Standing.run_id == Board.current_run_id, Standing.model_id == given.c.model)
    return (
        select(
            given.c.key,
            given.c.model,
            ImageModel.slug,
            ImageModel.name,
            ImageModel.creator,
            Standing.rating,
            Standing.rank,
        )
        .join(ImageModel, ImageModel.id == given.c.model)
        .outerjoin(Board, Board.key == given.c.key)
        .outerjoin(Standing, standing)
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


def revealed_all(session: Session, results: Sequence[Answer | Exception]) -> list[Reveal | None]:
    """The same for each of these, nothing for an error."""
    sides = [
        [(key(one.mode), model) for model in (one.left_model_id, one.right_model_id)]
        if isinstance(one, Answer) and one.outcome != "skip"
        else []
        for one in results
    ]
    models = _models(session, set(chain(*sides)))
    return [Reveal(*(models[side] for side in both)) if both else None for both in sides]


def names_and_standings(
    session: Session, left_model_id: int, right_model_id: int, mode: str, *, since: datetime | None = None
) -> Reveal:
    """Left is A. The change counts from the run that was current at `since`, as far as it is remembered."""
    before = {} if since is None else history.ratings_at(session, key(mode), since)
    sides = [(key(mode), left_model_id), (key(mode), right_model_id)]
    models = _models(session, sides, before)
    return Reveal(*(models[side] for side in sides))


def _models(
    session: Session, sides: Collection[tuple[str, int]], before: Mapping[int, float] = MappingProxyType({})
) -> dict[tuple[str, int], RevealedModel]:
    """By board and model; `before` are ratings then, by model."""
    if not sides:
        return {}
    given = json.dumps([{"key": board, "model": model} for board, model in sides])
    return {
        (board, number): RevealedModel(
            slug=slug,
            name=name,
            creator=creator,
            url=f"/models/{slug}",
            rating=rating,
            rank=rank,
            change=rating - before[number] if number in before and rating is not None else None,
        )
        for board, number, slug, name, creator, rating, rank in _STANDINGS.all(session, sides=given)
    }
