"""The crowd's view of a vote: how others judged its two models on its prompt, and what the ratings expected."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.arena.tables import Tally
from app.arena.voting.vote_casting import VoteRecord
from app.leaderboards.views.reveal import Reveal
from app.words import Outcome

ELO_SCALE = 400
"""Points of difference at which ten of eleven votes go to the stronger model."""


@dataclass(frozen=True)
class Crowd:
    """Counted votes of others on these two models and this prompt, on both sides and on all samples."""

    same: int
    """Votes that say what this vote says."""
    of: int
    """All votes, ties and both-bad ones too."""
    expected: float | None
    """Chance, 0 to 1, that the picked model wins by the ratings; None for a tie and where one has none."""


def read_crowd(session: Session, vote: VoteRecord, shown: Reveal | None) -> Crowd | None:
    """Read what a voter learns after their vote; None for a skip and a vote taken back."""
    if shown is None or vote.undone:
        return None
    votes = count_outcomes(session, vote.competition_id, vote.left_model_id, vote.right_model_id)
    own = int(vote.counted)
    return Crowd(votes[vote.outcome] - own, sum(votes.values()) - own, _expect(vote.outcome, shown))


def count_outcomes(session: Session, competition_id: int, left: int, right: int) -> dict[str, int]:
    """Count everybody's votes on two models and one prompt by outcome, `a` for `left` wherever it stood."""
    as_shown = and_(Tally.left_model_id == left, Tally.right_model_id == right)
    mirrored = and_(Tally.left_model_id == right, Tally.right_model_id == left)
    query = select(Tally).where(Tally.competition_id == competition_id, or_(as_shown, mirrored))
    tallies: list[Any] = list(session.scalars(query))
    a, b = Outcome.A.value, Outcome.B.value
    votes = {a: 0, b: 0, Outcome.TIE.value: 0, Outcome.BOTH_BAD.value: 0}
    for tally in tallies:
        first, second = (a, b) if tally.left_model_id == left else (b, a)
        votes[first] += tally.left_wins
        votes[second] += tally.right_wins
        votes[Outcome.TIE.value] += tally.ties
        votes[Outcome.BOTH_BAD.value] += tally.both_bad
    return votes


def _expect(outcome: str, shown: Reveal) -> float | None:
    a, b = shown.a.rating, shown.b.rating
    if outcome not in {Outcome.A, Outcome.B} or a is None or b is None:
        return None
    lead = a - b if outcome == Outcome.A else b - a
    return float(1 / (1 + 10 ** (-lead / ELO_SCALE)))
