"""One voter's own board, by the same method as everybody's, and how far the crowd agrees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, and_, func, select
from sqlalchemy.orm import Session

from app.arena.battles import LEFT, RIGHT, AnySelect, select_battles
from app.arena.questions import QuestionDetails, list_questions
from app.arena.tables import Competition, Matchup, Tally, Vote, Voter
from app.catalog.tables import ImageModel
from app.leaderboards.runs.scopes import key
from app.leaderboards.tables import Board, Standing
from app.words import BETTER, JUDGEMENTS, Outcome

if TYPE_CHECKING:
    from app.ratings.tallies import Tallies


@dataclass(frozen=True)
class OwnStanding:
    """A model as this voter's standing votes rate it; Elo points around a mean of 1000, vote intervals."""

    slug: str
    name: str
    creator: str | None
    rating: float
    rating_low: float
    rating_high: float
    crowd_rating: float | None
    seen: int
    wins: int


@dataclass(frozen=True)
class Agreement:
    """
    The number of a voter's votes for A or B that side with the crowd,
    of those on pairs where other voters lean at all.
    """

    with_crowd: int
    compared: int


def read_own_board(
    session: Session, voter: bytes, mode: str, question: str | None = None
) -> tuple[OwnStanding, ...]:
    """Rate the models by a voter's own votes on a question, best first; wide intervals from the first vote on."""
    about = (Competition.mode == mode, Matchup.question == (question or BETTER))
    votes = session.execute(select_own_votes(voter).where(*about)).all()
    if not votes:
        return ()
    from app.ratings.board import rate  # noqa: PLC0415 (numpy)

    models = sorted({model for row in votes for model in (row.left_model, row.right_model)})
    ratings = rate(_tallies(votes, models), interval="vote")
    crowd = _crowd(session, key(mode, question=question), models)
    named = {row.id: row for row in session.scalars(select(ImageModel).where(ImageModel.id.in_(models)))}
    rows = [
        OwnStanding(
            slug=named[model].slug,
            name=named[model].name,
            creator=named[model].creator,
            rating=float(ratings.rating[i]),
            rating_low=float(ratings.low[i]),
            rating_high=float(ratings.high[i]),
            crowd_rating=crowd.get(model),
            seen=int(ratings.votes[i]),
            wins=int(ratings.wins[i]),
        )
        for i, model in enumerate(models)
    ]
    return tuple(sorted(rows, key=lambda row: (-row.rating, row.name)))


def list_own_questions(session: Session, voter: bytes) -> tuple[QuestionDetails, ...]:
    """List the questions that a voter has answered, `better` first."""
    asked = set(session.scalars(select_own_votes(voter).with_only_columns(Matchup.question).distinct()))
    return tuple(one for one in list_questions(session) if one.slug in asked)


def read_agreement(
    session: Session, voter: bytes, mode: str | None = None, question: str | None = None
) -> Agreement:
    """Compare pair by pair with the crowd, from which this voter's own counted votes are taken out."""
    with_crowd = compared = 0
    crowd = _leanings(session, voter)
    votes = select_own_votes(voter, Matchup.question).where(Vote.outcome.in_(("a", "b")))
    if question is not None:
        votes = votes.where(Matchup.question == question)
    for row in session.execute(votes if mode is None else votes.where(Competition.mode == mode)):
        pair = (row.competition_id, *sorted((row.left_model, row.right_model)))
        winner = row.left_model if row.outcome == "a" else row.right_model
        # A voter who agreed with their own vote would agree with the crowd too often.
        leaning = crowd.get((row.question, *pair), 0) - (_toward(pair, winner) if row.counted else 0)
        if leaning:
            compared += 1
            with_crowd += leaning * _toward(pair, winner) > 0
    return Agreement(with_crowd, compared)


def _toward(pair: tuple[int, ...], winner: int) -> int:
    """Return +1 for a win of the pair's first model, -1 for the second's."""
    return 1 if winner == pair[1] else -1


def select_own_votes(voter: bytes, *more: Any) -> AnySelect:
    """Select this voter's votes that stand: neither skips nor undone ones."""
    models = LEFT.model_id.label("left_model"), RIGHT.model_id.label("right_model")
    votes = select_battles(Matchup.competition_id, *models, Vote.outcome, Vote.counted, *more)
    own = and_(Voter.token == voter, Vote.outcome != Outcome.SKIP, Vote.undone_at.is_(None))
    return votes.join(Voter, Voter.id == Vote.voter_id).where(own)


def _tallies(votes: Sequence[Row[*tuple[Any, ...]]], models: list[int]) -> "Tallies":
    import numpy as np  # noqa: PLC0415

    from app.ratings.tallies import Log  # noqa: PLC0415

    outcomes = JUDGEMENTS
    table = np.array([(r.competition_id, r.left_model, r.right_model, outcomes.index(r.outcome)) for r in votes])
    groups = np.unique(table[:, 0], return_inverse=True)[1]
    left, right = (np.searchsorted(models, table[:, side]) for side in (1, 2))
    return Log(len(models), groups, left, right, table[:, 3]).tallies()


def _crowd(session: Session, board: str, models: list[int]) -> dict[int, float]:
    current = select(Board.current_run_id).where(Board.key == board).scalar_subquery()
    rows = select(Standing.model_id, Standing.rating).where(
        Standing.run_id == current, Standing.model_id.in_(models)
    )
    return dict(session.execute(rows).all())


def _leanings(session: Session, voter: bytes) -> dict[tuple[Any, ...], int]:
    """Sum wins of the lower model id minus the other's, per question, competition and pair this voter judged."""
    judged = (
        select(Matchup.competition_id)
        .join(Voter, Voter.id == Matchup.voter_id)
        .where(Voter.token == voter)
        .distinct()
    )
    rows = session.execute(
        select(
            Tally.question,
            Tally.competition_id,
            Tally.left_model_id,
            Tally.right_model_id,
            func.sum(Tally.left_wins - Tally.right_wins),
        )
        .where(Tally.competition_id.in_(judged))
        .group_by(Tally.question, Tally.competition_id, Tally.left_model_id, Tally.right_model_id)
    )
    leanings: dict[tuple[Any, ...], int] = {}
    for question, competition, left, right, balance in rows:
        pair = (question, competition, *sorted((left, right)))
        leanings[pair] = leanings.get(pair, 0) + (int(balance) if left < right else -int(balance))
    return leanings
