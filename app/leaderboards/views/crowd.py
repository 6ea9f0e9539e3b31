"""The crowd's view of a vote: how others judged its two models on its prompt, and what the ratings expected."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic_core import to_json
from sqlalchemy import Integer, Text, and_, column, literal_column, select, true
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from app.arena.tables import Tally
from app.arena.tally_tables import COUNTS
from app.arena.voting.vote_casting import VoteRecord, VoteResult
from app.database.statements import Call, PackedStatement, json_rows
from app.elo_scale import expected_score
from app.leaderboards.views.reveal import Reveal
from app.words import JUDGEMENTS, Outcome

Cell = tuple[int, int, int, str]
"""A competition, the model on the left and the one on the right, by their ids, and a question."""
CELL = ("competition_id", "left_model_id", "right_model_id", "question")


def _tallies(insert: Any) -> Any:
    given = json_rows(insert, "cells", *(column(name, Integer) for name in CELL[:3]), column("question", Text))
    here = and_(*(getattr(Tally, name) == given.c[name] for name in CELL))
    if insert is not postgresql.insert:
        return select(*given.c, *COUNTS).join(Tally, here)
    # PostgreSQL expects a hundred cells and would read the whole table for them: OFFSET has it look each one up.
    tally = select(*COUNTS).where(here).offset(literal_column("0")).lateral("tally")
    return select(*given.c, *tally.c).join(tally, true())


# In the path of every vote.
_TALLIES = PackedStatement(_tallies)


@dataclass(frozen=True)
class Crowd:
    """Counted votes of others on these two models and this prompt, on both sides and on all samples."""

    # The API's documents describe the fields by the docstrings under them.
    __pydantic_config__: ClassVar[dict[str, bool]] = {"use_attribute_docstrings": True}

    same: int
    """Votes that say what this vote says."""
    of: int
    """All votes, ties and both-bad ones too."""
    expected: float | None
    """Chance, 0 to 1, that the picked model wins by the ratings; None for a tie and where one has none."""


def read_crowd(session: Session, vote: VoteRecord, shown: Reveal | None) -> Crowd | None:
    """Read what a voter learns after their vote; None for a skip and a vote taken back."""
    return _compare(vote, shown, count_outcomes(session, _cell(vote)))


def count_outcomes(session: Session, cell: Cell) -> dict[str, int]:
    """Count everybody's votes on two models, a prompt and a question, `a` for the left one wherever it stood."""
    return _add_up(cell, index_tallies(_TALLIES.all(session, **_values({cell, _swap(cell)}))))


def ask_tallies(results: Sequence[VoteResult]) -> Call:
    """Name the statement that counts the votes on the pair of each vote, for `index_tallies`."""
    cells = {_cell(vote) for vote in results if isinstance(vote, VoteRecord)}
    return _TALLIES, _values(cells | {_swap(cell) for cell in cells})


def index_tallies(rows: Iterable[Any]) -> dict[Cell, Any]:
    """Put rows of the pairs of several votes in order, for `compare_vote` to look into."""
    return {(row.competition_id, row.left_model_id, row.right_model_id, row.question): row for row in rows}


def compare_vote(vote: VoteRecord, shown: Reveal | None, tallies: Mapping[Cell, Any]) -> Crowd | None:
    """Compare a vote with those of others; None for a skip and a vote taken back."""
    return _compare(vote, shown, _add_up(_cell(vote), tallies))


def _cell(vote: VoteRecord) -> Cell:
    return vote.competition_id, vote.left_model_id, vote.right_model_id, vote.question


def _swap(cell: Cell) -> Cell:
    competition, left, right, question = cell
    return competition, right, left, question


def _values(cells: Iterable[Cell]) -> dict[str, Any]:
    return {"cells": to_json([dict(zip(CELL, cell, strict=True)) for cell in cells]).decode()}


def _add_up(cell: Cell, tallies: Mapping[Cell, Any]) -> dict[str, int]:
    """Count the votes of a cell by outcome, with those of the same pair on swapped sides."""
    votes: dict[str, int] = dict.fromkeys(JUDGEMENTS, 0)
    for tally, a, b in (
        (tallies.get(cell), Outcome.A, Outcome.B),
        (tallies.get(_swap(cell)), Outcome.B, Outcome.A),
    ):
        if tally is not None:
            votes[a] += tally.left_wins
            votes[b] += tally.right_wins
            votes[Outcome.TIE] += tally.ties
            votes[Outcome.BOTH_BAD] += tally.both_bad
    return votes


def _compare(vote: VoteRecord, shown: Reveal | None, outcomes: dict[str, int]) -> Crowd | None:
    if shown is None or vote.undone:
        return None
    own = int(vote.counted)
    return Crowd(outcomes[vote.outcome] - own, sum(outcomes.values()) - own, _expect(vote.outcome, shown))


def _expect(outcome: str, shown: Reveal) -> float | None:
    a, b = shown.a.rating, shown.b.rating
    if outcome not in {Outcome.A, Outcome.B} or a is None or b is None:
        return None
    return expected_score(a, b) if outcome == Outcome.A else expected_score(b, a)
