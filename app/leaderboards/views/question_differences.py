"""Two questions beside each other: where a model pleases and does not obey, or obeys and does not please."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Integer, Row, Select, String, and_, bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from app.arena.questions import list_questions
from app.arena.tally_tables import PairQuestion
from app.catalog import lookup
from app.catalog.tables import ImageModel
from app.elo_scale import ELO_PER_LOGIT, Z_95
from app.leaderboards.tables import Board, RatingRun, Standing
from app.words import BETTER

EVERY = -1
"""Stands for every model where one may be named."""


class QuestionDifference(NamedTuple):
    """
    A model on another question and on `better`, on overall boards; ratings in Elo points.

    `difference` is the other rating less that of `better`, as far as the votes tell the two apart, and `half` is
    half of its 95 % interval. Above 0 it obeys, or whatever is asked, more than it pleases.
    """

    mode: str
    question: str
    words: str
    slug: str
    name: str
    better: float
    rating: float
    difference: float
    half: float
    votes: int
    borrowed: float
    rank: int | None
    of: int

    @property
    def is_sure(self) -> bool:
        """Tell whether the interval of the difference leaves out 0."""
        return abs(self.difference) > self.half


@dataclass(frozen=True)
class QuestionCorrelation:
    """
    Tell how far two questions order a mode's models alike: the correlation of true strengths, a 95 % interval.

    `apart` is by how many Elo points a model's two ratings differ (standard deviation), with its error.
    """

    mode: str
    question: str
    words: str
    votes: int
    models: int
    correlation: float
    low: float
    high: float
    apart: float
    apart_error: float


def read_differences(
    session: Session, *, mode: str | None = None, model: str | None = None
) -> tuple[QuestionDifference, ...]:
    """Read the differences of a mode's models, or of one model in every mode, by question, the largest first."""
    model_id = EVERY if model is None else lookup.ids(session, [model]).get(model)
    rows = session.execute(_DIFFERENCES, {"mode": mode, "model": model_id})
    found = (_difference(row) for row in rows if (row.parts or {}).get("difference"))
    return tuple(sorted(found, key=lambda one: (one.mode, one.question, -one.difference, one.slug)))


def _select_differences() -> Select[*tuple[Any, ...]]:
    other, better = aliased(Standing), aliased(Standing)
    board, usual = aliased(Board), aliased(Board)
    mode: BindParameter[str | None] = bindparam("mode", type_=String())
    model: BindParameter[int | None] = bindparam("model", type_=Integer())
    return (
        select(
            board.mode, board.question, PairQuestion.words, ImageModel.slug, ImageModel.name, RatingRun.ranked,
            RatingRun.parts, other.rating, other.votes, other.borrowed, other.rank, other.rating_low,
            other.rating_high, better.rating.label("better"), better.rating_low.label("better_low"),
            better.rating_high.label("better_high"),
        )
        .select_from(board)
        .join(RatingRun, RatingRun.id == board.current_run_id)
        .join(other, other.run_id == RatingRun.id)
        .join(usual, and_(usual.mode == board.mode, usual.key == usual.mode))
        .join(better, and_(better.run_id == usual.current_run_id, better.model_id == other.model_id))
        .join(ImageModel, ImageModel.id == other.model_id)
        .join(PairQuestion, PairQuestion.slug == board.question)
        .where(board.question != BETTER, board.category_id.is_(None), board.competition_id.is_(None))
        .where(or_(mode.is_(None), board.mode == mode))
        .where(or_(model == EVERY, ImageModel.id == model))
    )  # fmt: skip


_DIFFERENCES = _select_differences()
"""Built once: building it takes longer than running it."""


def read_correlations(session: Session) -> tuple[QuestionCorrelation, ...]:
    """Read how far each question orders the models of each mode as `better` does."""
    words = {one.slug: one.words for one in list_questions(session)}
    rows = session.execute(
        select(Board.mode, Board.question, RatingRun.votes, RatingRun.parts)
        .join(RatingRun, RatingRun.id == Board.current_run_id)
        .where(Board.category_id.is_(None), Board.competition_id.is_(None), RatingRun.votes > 0)
        .order_by(Board.mode, Board.question)
    ).all()
    spreads = {row.mode: _spread(row.parts) for row in rows if row.question == BETTER}
    return tuple(
        _correlate(row, words.get(row.question, row.question), spread)
        for row in rows
        if row.question != BETTER and (row.parts or {}).get("difference") and (spread := spreads.get(row.mode))
    )


def _difference(row: Row[Any]) -> QuestionDifference:
    """
    Tell apart what two ratings hold in common: the other one leans on `better` as far as its votes are few.

    With D the variance of the difference between questions and B that of the rating for `better`, D / (B + D) of a
    distance between the two ratings is the questions', and D B / (B + D) is never known of it (docs/ratings.md 7).
    """
    apart = row.parts["difference"][0]
    own = ((row.better_high - row.better_low) / 2 / Z_95 / ELO_PER_LOGIT) ** 2
    other = ((row.rating_high - row.rating_low) / 2 / Z_95 / ELO_PER_LOGIT) ** 2
    part = apart / (own + apart)
    half = Z_95 * ELO_PER_LOGIT * math.sqrt(part * own + part**2 * other)
    return QuestionDifference(
        row.mode, row.question, row.words, row.slug, row.name, row.better, row.rating,
        part * (row.rating - row.better), half, row.votes, row.borrowed or 0.0, row.rank, row.ranked,
    )  # fmt: skip


def _spread(parts: dict[str, Any] | None) -> float | None:
    """Read the variance of the strengths for `better`, in squared logits."""
    sd = ((parts or {}).get("spread") or {}).get("sd")
    return sd**2 if sd else None


def _correlate(row: Row[Any], words: str, spread: float) -> QuestionCorrelation:
    variance, error, models = row.parts["difference"]
    low, high = (_share(spread, max(0.0, variance + way * Z_95 * error)) for way in (1, -1))
    apart = ELO_PER_LOGIT * math.sqrt(variance)
    apart_error = min(apart, apart * error / (2 * variance)) if variance else 0.0
    return QuestionCorrelation(
        row.mode, row.question, words, row.votes, models, _share(spread, variance), low, high, apart, apart_error
    )


def _share(spread: float, apart: float) -> float:
    """Give the correlation of strengths of this variance with the same plus a difference of that variance."""
    return math.sqrt(spread / (spread + apart))
