"""Pairs whose pictures a voter could not load: closed without a vote, and made up for in the same competition."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.arena import errors
from app.arena.people.policy import DAY_SECONDS, Policy, check
from app.arena.tables import Matchup, Vote, Voter
from app.database.doors import execute


@dataclass(frozen=True)
class UnloadablePair:
    """A pair that was closed because its pictures can't be loaded, with the number of votes of its voter."""

    matchup: bytes
    question: str
    voter_votes: int


def close_unloadable(
    session: Session, voter: bytes, matchup: bytes, *, now: datetime, policy: Policy
) -> UnloadablePair:
    """
    Close one's own open matchup because its pictures can't be loaded; again is done already.

    It costs nothing unless a picture of it left the server, which has charged it. The next pair comes from the
    same competition: whoever could give pairs back without a vote, and be given any other, would draw until a
    wanted one comes. Raises MatchupNotFound, MatchupClosed, OutcomeStands for a judged one, and TooMany beyond
    the policy's number of a day.
    """
    row = _read(session, voter, matchup)
    if row is None:
        raise errors.MatchupNotFound
    if row.outcome is not None:
        raise errors.OutcomeStands("You have judged this pair already.")
    if row.unloadable_at is None:
        _close(session, row, now)
        what = "pairs a day that can't be loaded"
        key = str(row.voter_id)
        check(session, "unloadable/voter", key, policy.unloadable_day, seconds=DAY_SECONDS, now=now, what=what)
    return UnloadablePair(matchup, row.question, row.votes)


def _read(session: Session, voter: bytes, matchup: bytes) -> Any:
    return session.execute(
        select(Matchup.id, Matchup.voter_id, Matchup.question, Matchup.unloadable_at, Voter.votes, Vote.outcome)
        .join(Voter, Voter.id == Matchup.voter_id)
        .outerjoin(Vote, Vote.matchup_id == Matchup.id)
        .where(Matchup.public_id == matchup, Voter.token == voter)
    ).one_or_none()


def _close(session: Session, row: Any, now: datetime) -> None:
    still_open = update(Matchup).where(Matchup.id == row.id, Matchup.closed_at.is_(None))
    if not execute(session, still_open.values(closed_at=now, unloadable_at=now)):
        raise errors.MatchupClosed("This pair is over already. Ask for a new one.")
