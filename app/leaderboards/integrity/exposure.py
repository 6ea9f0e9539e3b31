"""Counts from the log of how often each model was shown in a judged matchup, known by name, and taken back."""

from dataclasses import dataclass

import numpy as np
from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from app.arena.tables import Competition, Entry, Matchup, Vote
from app.ratings.tallies import Array, Index
from app.words import Outcome

BATCH_VOTES = 100
BATCH_VOTERS = 10
LARGEST_PART = 0.25
"""The largest part of a batch that may come from one voter."""

_JUDGED = Vote.outcome != Outcome.SKIP


@dataclass(frozen=True, eq=False)
class ExposureCounts:
    """
    (models,) counts of judged matchups with each model, up to the vote `until`.

    Open and skipped matchups are left out: whoever compared the counts before and after would read off them which
    two models a pair shows that nobody has judged.
    """

    until: int
    issued: Array
    seen_before: Array
    undone: Array


def count_exposure(session: Session, model_ids: Index, mode: str, *, until: int) -> ExposureCounts:
    """Count the judged matchups of these models (ids, ascending) in one mode; each counts for both of them."""
    counts = np.zeros((model_ids.size, 3))
    for side in (Matchup.left_entry_id, Matchup.right_entry_id):
        rows = session.execute(
            select(
                Entry.model_id,
                func.count(),
                func.sum(case((Matchup.seen_before, 1), else_=0)),
                func.sum(case((Vote.undone_at.is_not(None), 1), else_=0)),
            )
            .select_from(Matchup)
            .join(Vote, and_(Vote.matchup_id == Matchup.id, _JUDGED, Vote.id <= until))
            .join(Entry, side == Entry.id)
            .join(Competition, Competition.id == Matchup.competition_id)
            .where(Competition.mode == mode)
            .group_by(Entry.model_id)
        )
        for model, *added in rows:
            counts[model_ids == model] += added
    return ExposureCounts(until, *counts.T)


def find_batch_end(session: Session, mode: str, *, after: int, last: int) -> int:
    """
    Return the vote up to which models may be counted in public: `last`, or `after` where too little came since.

    A batch is of votes enough by voters enough that no single one can read their own share off the difference.
    """
    votes = session.scalars(
        select(func.count())
        .select_from(Vote)
        .join(Matchup, Matchup.id == Vote.matchup_id)
        .join(Competition, Competition.id == Matchup.competition_id)
        .where(Competition.mode == mode, _JUDGED, Vote.id > after, Vote.id <= last)
        .group_by(Vote.voter_id)
    ).all()
    enough = len(votes) >= BATCH_VOTERS and sum(votes) >= BATCH_VOTES
    return last if enough and max(votes) <= LARGEST_PART * sum(votes) else after
