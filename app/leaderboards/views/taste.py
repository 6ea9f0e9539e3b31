"""A voter's taste in one mode, and the result card that tells it after every ten votes."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from app.arena.battles import LEFT_MODEL, RIGHT_MODEL, join_models
from app.arena.errors import NotVoted
from app.arena.questions import QuestionDetails, read_question
from app.arena.tables import Competition, Matchup, Tally, Vote
from app.arena.tally_tables import COUNTS
from app.leaderboards.views.crowd import count_outcomes
from app.leaderboards.views.personal import (
    Agreement,
    OwnStanding,
    read_agreement,
    read_own_board,
    select_own_votes,
)
from app.words import BETTER, Outcome

VOTES_PER_CARD = 10
"""Each result card is about so many votes, the latest."""
TOP = 3
EQUAL = 0.01
"""Elo points between ratings of a few votes that say nothing: those of equal records differ by rounding."""
PICKS = (Outcome.A, Outcome.B)


@dataclass(frozen=True)
class Parting:
    """The model that this voter and everybody else place farthest apart, among the `of` models that both rate."""

    slug: str
    name: str
    own_place: int
    crowd_place: int
    of: int


@dataclass(frozen=True)
class TopModel:
    """A model as a voter's own votes rate it: Elo points around a mean of 1000, 95 % interval."""

    slug: str
    name: str
    creator: str | None
    rating: float
    rating_low: float
    rating_high: float


@dataclass(frozen=True)
class Taste:
    """
    Sum up a voter's votes of one mode on one question (its slug and its words) in names and numbers.

    There is no id, no prompt and no picture in it, so it can be shared.
    """

    mode: str
    question: str
    words: str
    votes: int
    top: tuple[TopModel, ...]
    """At most three, best first."""
    agreement: Agreement
    parting: Parting | None
    """None where both order the models alike, or there are fewer than two."""

    @property
    def places(self) -> tuple[int, ...]:
        """List the places of the top models; those that the votes rate as equal share one."""
        return tuple(1 + sum(other.rating > row.rating + EQUAL for other in self.top) for row in self.top)


@dataclass(frozen=True)
class SecondLook:
    """The pick, of those of a card, with which most others disagree: `against` of them picked the other model."""

    matchup: bytes
    title: str
    picked: str
    other: str
    against: int
    of: int
    """Counted votes of others on these two models and this prompt, of all outcomes."""


@dataclass(frozen=True)
class Narrowing:
    """Tell how much a card's votes narrowed the intervals (by votes alone) of the models they were about."""

    votes: int
    """Those that count."""
    models: int
    share: float
    """By how much less wide these are on average, 0 to 1."""
    slug: str
    """Of the model whose interval they narrowed most; `before` and `after` are half widths of it in Elo points."""
    name: str
    before: float
    after: float


@dataclass(frozen=True)
class ResultCard:
    """
    A card sums up a voter's last votes. `judged` is the number of votes it looks back on, at most ten.

    Its taste is about the question that most of them answered. `names_question` is for when that is not plain.
    """

    taste: Taste
    judged: int
    names_question: bool
    second_look: SecondLook | None
    narrowing: Narrowing | None


def read_card(session: Session, voter: bytes) -> ResultCard:
    """Read the card of a voter's last votes, in the mode of the newest one. Raises NotVoted."""
    mode = read_newest_mode(session, voter)
    last = session.execute(_judged(voter).where(Competition.mode == mode).limit(VOTES_PER_CARD)).all()
    answered = Counter(row.question for row in last)
    question = max(answered, key=lambda slug: (answered[slug], slug == BETTER, slug))
    about = [row for row in last if row.counted and row.question == question]
    return ResultCard(
        taste=read_taste(session, voter, mode, question),
        judged=len(last),
        names_question=answered.keys() != {BETTER},
        second_look=_find_second_look(session, last),
        narrowing=_read_narrowing(session, mode, question, about),
    )


def read_newest_mode(session: Session, voter: bytes) -> str:
    """Read the mode of a voter's newest standing vote. Raises NotVoted."""
    newest = session.execute(_judged(voter).limit(1)).first()
    if newest is None:
        raise NotVoted("You have not judged a pair yet.")
    return str(newest.mode)


def read_taste(session: Session, voter: bytes, mode: str, question: str | None = None) -> Taste:
    """
    Read what a voter's standing votes of one mode on a question say, all of it from pairs that this voter judged.

    Raises UnknownQuestion.
    """
    asked = read_question(session, question)
    board = read_own_board(session, voter, mode, asked.slug)
    return summarize(mode, asked, board, read_agreement(session, voter, mode, asked.slug))


def summarize(mode: str, asked: QuestionDetails, board: Sequence[OwnStanding], agreement: Agreement) -> Taste:
    """Sum up a voter's own board of a question, best first; there is no top without a vote."""
    fields = [field.name for field in dataclasses.fields(TopModel)]
    top = tuple(TopModel(*(getattr(row, field) for field in fields)) for row in board[:TOP])
    votes = sum(row.seen for row in board) // 2
    return Taste(mode, asked.slug, asked.words, votes, top, agreement, _find_parting(board))


def load_taste(content: Mapping[str, Any]) -> Taste:
    """Load a taste from what `dataclasses.asdict` made of it; older ones, without a question, are of `better`."""
    return Taste(
        mode=content["mode"],
        question=content.get("question", BETTER),
        words=content.get("words", ""),
        votes=content["votes"],
        top=tuple(TopModel(**row) for row in content["top"]),
        agreement=Agreement(**content["agreement"]),
        parting=Parting(**content["parting"]) if content["parting"] else None,
    )


def _judged(voter: bytes) -> Any:
    """Select a voter's standing votes with the names of both models, newest first."""
    names = LEFT_MODEL.name.label("left"), RIGHT_MODEL.name.label("right")
    slugs = LEFT_MODEL.slug.label("left_slug"), RIGHT_MODEL.slug.label("right_slug")
    columns = (Matchup.public_id, Matchup.question, Competition.title, Competition.mode, *names, *slugs)
    return join_models(select_own_votes(voter, *columns)).order_by(Vote.id.desc())


def _find_parting(board: Sequence[OwnStanding]) -> Parting | None:
    """
    Find the model with the largest distance between its two places; the one seen most often of equals.

    Models that the voter's own votes rate as equal share their places: each has the one nearest to the crowd's.
    """
    rated = [row for row in board if row.crowd_rating is not None]
    crowd = sorted(rated, key=lambda row: (-(row.crowd_rating or 0), row.name))
    partings = [
        (Parting(row.slug, row.name, _near(rated, row, place), place, len(rated)), row.seen)
        for place, row in enumerate(crowd, 1)
    ]
    farthest = max(partings, key=lambda one: (_distance(one[0]), one[1]), default=None)
    return farthest[0] if farthest and _distance(farthest[0]) else None


def _near(rated: Sequence[OwnStanding], row: OwnStanding, place: int) -> int:
    """Return of the places that a voter gives a model the one nearest to a place."""
    above = sum(other.rating > row.rating + EQUAL for other in rated)
    not_below = sum(other.rating >= row.rating - EQUAL for other in rated)
    return min(max(place, above + 1), not_below)


def _distance(parting: Parting) -> int:
    return abs(parting.own_place - parting.crowd_place)


def _find_second_look(session: Session, votes: Sequence[Row[*tuple[Any, ...]]]) -> SecondLook | None:
    """Find the pick that is the most outvoted; None where no pick is."""
    looks = [_look_again(session, row) for row in votes if row.outcome in PICKS]
    outvoted = [(look, lead) for look, lead in looks if lead > 0]
    return max(outvoted, key=lambda one: one[1])[0] if outvoted else None


def _look_again(session: Session, row: Row[*tuple[Any, ...]]) -> tuple[SecondLook, int]:
    """Return how others judged a pair, and by how many votes they prefer the model that was not picked."""
    votes = count_outcomes(session, (row.competition_id, row.left_model, row.right_model, row.question))
    other = Outcome.B if row.outcome == Outcome.A else Outcome.A
    names = {Outcome.A: row.left, Outcome.B: row.right}
    same, against = votes[row.outcome] - int(row.counted), votes[other]
    of = sum(votes.values()) - int(row.counted)
    look = SecondLook(row.public_id, row.title, names[Outcome(row.outcome)], names[other], against, of)
    return look, against - same


def _read_narrowing(
    session: Session, mode: str, question: str, votes: Sequence[Row[*tuple[Any, ...]]]
) -> Narrowing | None:
    """Compare a question's intervals with those that would be without these votes; None where none counts."""
    pairs = _read_pairs(session, mode, question) if votes else []
    if not pairs:
        return None
    import numpy as np  # noqa: PLC0415

    from app.ratings.narrowing import narrow  # noqa: PLC0415 (numpy)
    from app.ratings.tallies import Tallies  # noqa: PLC0415

    counts = np.array(pairs, dtype=np.int64)
    models = np.unique(counts[:, :2])
    left, right = (np.searchsorted(models, counts[:, side]) for side in (0, 1))
    first = np.searchsorted(models, [row.left_model for row in votes])
    second = np.searchsorted(models, [row.right_model for row in votes])
    widths = narrow(Tallies(models.size, np.zeros_like(left), left, right, *counts[:, 2:].T), first, second)
    seen = np.unique([first, second])
    shares = 1 - widths.with_votes[seen] / widths.without_votes[seen]
    most = int(seen[shares.argmax()])
    slug, name = _names(votes)[int(models[most])]
    before, after = float(widths.without_votes[most]), float(widths.with_votes[most])
    return Narrowing(len(votes), seen.size, float(shares.mean()), slug, name, before, after)


def _read_pairs(session: Session, mode: str, question: str) -> list[Any]:
    """Read counted votes on a question by ordered pair of models: two ids, wins of either, ties, both bad."""
    sums = (func.sum(count) for count in COUNTS)
    query = select(Tally.left_model_id, Tally.right_model_id, *sums).where(Competition.mode == mode)
    query = query.where(Tally.question == question)
    query = query.join(Competition, Competition.id == Tally.competition_id)
    return [tuple(row) for row in session.execute(query.group_by(Tally.left_model_id, Tally.right_model_id))]


def _names(votes: Sequence[Row[*tuple[Any, ...]]]) -> dict[int, tuple[str, str]]:
    left = {row.left_model: (row.left_slug, row.left) for row in votes}
    return left | {row.right_model: (row.right_slug, row.right) for row in votes}
