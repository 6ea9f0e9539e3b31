"""The crowd's view of a vote: how others judged its two models on its prompt, and what the ratings expected."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, and_, column, select
from sqlalchemy.orm import Session

from app.arena.tables import Tally
from app.arena.voting.vote_casting import VoteRecord, VoteResult
from app.database.statements import Call, PreparedStatement, json_rows
from app.leaderboards.views.reveal import Reveal
from app.words import JUDGEMENTS, Outcome

Cell = tuple[int, int, int]
"""A competition, the model on the left and the one on the right, by their ids."""
CELL = ("competition_id", "left_model_id", "right_model_id")

ELO_SCALE = 400
"""Points of difference at which ten of eleven votes go to the stronger model."""


# In the path of every vote.
_TALLIES = PreparedStatement(
    lambda insert: _tallies(json_rows(insert, "cells", *(column(name, Integer) for name in CELL)))
)


def _tallies(given: Any) -> Any:
    counts = (Tally.left_wins, Tally.right_wins, Tally.ties, Tally.both_bad)
    here = and_(*(getattr(Tally, name) == given.c[name] for name in CELL))
    return select(*given.c, *counts).join(Tally, here)


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
    statement, values = ask_tallies([vote])
    return compare_all([vote], [shown], statement.all(session, **values))[0]


def ask_tallies(results: Sequence[VoteResult]) -> Call:
    """Name the statement that counts the votes on the pair of each vote; `compare_all` takes its rows."""
    cells = {cell for vote in results if isinstance(vote, VoteRecord) for cell in _cells(vote)}
    return _TALLIES, {"cells": json.dumps([dict(zip(CELL, cell, strict=True)) for cell in cells])}


def compare_all(
    results: Sequence[VoteResult], reveals: Sequence[Reveal | None], rows: Iterable[Any]
) -> list[Crowd | None]:
    """Compare each vote with those of others; None for an error, a skip and a vote taken back."""
    tallies = {(row.competition_id, row.left_model_id, row.right_model_id): row for row in rows}
    return [
        _compare(vote, shown, tallies) if isinstance(vote, VoteRecord) and shown and not vote.undone else None
        for vote, shown in zip(results, reveals, strict=True)
    ]


def _cells(vote: VoteRecord) -> list[Cell]:
    """Name the tallies of a vote's pair: as it was shown, then with the sides swapped."""
    left, right = vote.left_model_id, vote.right_model_id
    return [(vote.competition_id, left, right), (vote.competition_id, right, left)]


def _compare(vote: VoteRecord, shown: Reveal, tallies: Mapping[Cell, Any]) -> Crowd:
    votes = dict.fromkeys(JUDGEMENTS, 0)
    for cell, swaps in zip(_cells(vote), (False, True), strict=True):
        tally = tallies.get(cell)
        if tally is not None:
            votes[Outcome.A] += tally.right_wins if swaps else tally.left_wins
            votes[Outcome.B] += tally.left_wins if swaps else tally.right_wins
            votes[Outcome.TIE] += tally.ties
            votes[Outcome.BOTH_BAD] += tally.both_bad
    own = int(vote.counted)
    return Crowd(votes[Outcome(vote.outcome)] - own, sum(votes.values()) - own, _expect(vote.outcome, shown))


def _expect(outcome: str, shown: Reveal) -> float | None:
    a, b = shown.a.rating, shown.b.rating
    if outcome not in {Outcome.A, Outcome.B} or a is None or b is None:
        return None
    lead = a - b if outcome == Outcome.A else b - a
    return float(1 / (1 + 10 ** (-lead / ELO_SCALE)))
