"""Counts from the log of how often each model was issued, known by name, judged and taken back."""

from dataclasses import dataclass

import numpy as np
from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from app.arena.tables import Competition, Entry, Matchup, Vote
from app.ratings.tallies import Array, Index
from app.words import Outcome


@dataclass(frozen=True, eq=False)
class ExposureCounts:
    """(models,) counts of matchups with each model; `answered` ones named it, `undone` ones of these."""

    issued: Array
    seen_before: Array
    answered: Array
    undone: Array


def count_exposure(session: Session, model_ids: Index, mode: str) -> ExposureCounts:
    """Count the matchups of these models (ids, ascending) in one mode; each counts for both of its models."""
    counts = np.zeros((model_ids.size, 4))
    answered = Vote.outcome != Outcome.SKIP
    for side in (Matchup.left_entry_id, Matchup.right_entry_id):
        rows = session.execute(
            select(
                Entry.model_id,
                func.count(),
                func.sum(case((Matchup.seen_before, 1), else_=0)),
                func.sum(case((answered, 1), else_=0)),
                func.sum(case((and_(answered, Vote.undone_at.is_not(None)), 1), else_=0)),
            )
            .select_from(Matchup)
            .join(Entry, side == Entry.id)
            .join(Competition, Competition.id == Matchup.competition_id)
            .outerjoin(Vote, Vote.matchup_id == Matchup.id)
            .where(Competition.mode == mode)
            .group_by(Entry.model_id)
        )
        for model, *added in rows:
            counts[model_ids == model] += added
    return ExposureCounts(*counts.T)
