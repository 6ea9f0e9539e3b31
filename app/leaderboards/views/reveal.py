"""A vote's answer: who made the two images, and where they stand on their mode's overall board."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic_core import to_json
from sqlalchemy import FromClause, Integer, Text, and_, column, select
from sqlalchemy.orm import Session

from app.arena.voting.vote_casting import VoteRecord, VoteResult
from app.catalog.tables import ImageModel
from app.database.statements import Call, PackedStatement, json_rows
from app.leaderboards.runs import history
from app.leaderboards.runs.scopes import key
from app.leaderboards.tables import Board, Standing
from app.words import Outcome

Side = tuple[str, int]
"""A board's key, and a model."""

# In the path of every vote.
_STANDINGS = PackedStatement(
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
            Standing.rating_low,
            Standing.rating_high,
            Standing.rank,
            Standing.rank_low,
            Standing.rank_high,
        )
        .join(ImageModel, ImageModel.id == given.c.model)
        .outerjoin(Board, Board.key == given.c.key)
        .outerjoin(Standing, standing)
    )


class RevealedModel(NamedTuple):
    """A model. Rating, rank and ranges are None where it has none; `change` is in Elo points since the vote."""

    slug: str
    name: str
    creator: str | None
    url: str
    rating: float | None
    rating_low: float | None
    rating_high: float | None
    rank: int | None
    rank_low: int | None = None
    rank_high: int | None = None
    change: float | None = None


class Reveal(NamedTuple):
    """The reveal after a vote: both models of the matchup."""

    a: RevealedModel
    b: RevealedModel


def read_reveal(session: Session, vote: VoteRecord) -> Reveal | None:
    """Read what a vote reveals by the current run, with the changes since the vote; None for a skip."""
    if vote.outcome == Outcome.SKIP:
        return None
    board = key(vote.mode, question=vote.question)
    return names_and_standings(session, vote.left_model_id, vote.right_model_id, board, since=vote.cast_at)


def ask_standings(results: Sequence[VoteResult]) -> Call:
    """Name the statement that reads the models of each vote and their standings, for `index_standings`."""
    return _STANDINGS, _values(set(chain(*map(_sides, results))))


def index_standings(rows: Iterable[Any]) -> dict[Side, Any]:
    """Put rows of the models of several votes in order, for `reveal_vote` to look into."""
    return {(row.key, row.model): row for row in rows}


def reveal_vote(vote: VoteRecord, standings: Mapping[Side, Any]) -> Reveal | None:
    """Tell what a vote reveals by the run current when the rows were read; nothing for a skip."""
    both = _sides(vote)
    if not both:
        return None
    models = _models(standings[side] for side in both)
    return Reveal(*(models[side] for side in both))


def names_and_standings(
    session: Session, left_model_id: int, right_model_id: int, board: str, *, since: datetime | None = None
) -> Reveal:
    """Name both models, left as A, with standings on a board (its key) and the change since the run then."""
    before = {} if since is None else history.ratings_at(session, board, since)
    sides = [(board, left_model_id), (board, right_model_id)]
    models = _models(_STANDINGS.all(session, **_values(sides)), before)
    return Reveal(*(models[side] for side in sides))


def _sides(result: VoteResult) -> list[Side]:
    """List the boards' keys and models of A, then B; the list is empty for a skip or an error."""
    if not isinstance(result, VoteRecord) or result.outcome == Outcome.SKIP:
        return []
    board = key(result.mode, question=result.question)
    return [(board, result.left_model_id), (board, result.right_model_id)]


def _values(sides: Iterable[Side]) -> dict[str, Any]:
    return {"sides": to_json([{"key": board, "model": model} for board, model in sides]).decode()}


def _models(rows: Iterable[Any], before: Mapping[int, float] = MappingProxyType({})) -> dict[Side, RevealedModel]:
    """Describe the models of both sides; `before` are their ratings then, by model."""
    return {
        (board, number): RevealedModel(
            slug=slug,
            name=name,
            creator=creator,
            url=f"/models/{slug}",
            rating=rating,
            rating_low=low,
            rating_high=high,
            rank=rank,
            rank_low=rank_low,
            rank_high=rank_high,
            change=rating - before[number] if number in before and rating is not None else None,
        )
        for board, number, slug, name, creator, rating, low, high, rank, rank_low, rank_high in rows
    }
