"""Reads what admins see of voters, votes, entries and the ledger: voters by number, not by token or login."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.arena import errors
from app.arena.battles import LEFT_MODEL, RIGHT_MODEL, AnySelect, join_models, select_battles
from app.arena.tables import Competition, Entry, Flag, LedgerLine, Matchup, Vote, Voter
from app.catalog.tables import ImageModel
from app.words import Outcome

MAX_COUNTED = 10_000
"""Votes of a day that are counted one by one; more are "more"."""
PAGE = 50


class UnknownVoter(errors.ArenaError, code="unknown_voter"):
    """No voter has this number."""


class UnknownVote(errors.ArenaError, code="unknown_vote"):
    """No vote has this number."""


@dataclass(frozen=True)
class DayCount:
    """Votes since midnight UTC, without skips; `is_more` when there are more than were counted."""

    votes: int
    counted: int
    is_more: bool


@dataclass(frozen=True)
class FlagDetails:
    """A flag: what one test reported about one voter, or about one network by its key in hexadecimal."""

    id: int
    voter: int | None
    network: str | None
    test: str
    p_value: float
    evidence: dict[str, Any]
    found_at: datetime
    status: str
    decided_at: datetime | None
    decided_by: str | None
    decision: str | None


@dataclass(frozen=True)
class VoterDetails:
    """A voter by number. `reasons` pairs each reason not to count a vote, or None, with its number of votes."""

    id: int
    first_seen: datetime
    votes: int
    matchups: int
    quarantine: str | None
    deleted_at: datetime | None
    reasons: tuple[tuple[str | None, int], ...]


@dataclass(frozen=True)
class VoteDetails:
    """A vote with the names of both models."""

    id: int
    voter_id: int
    outcome: str
    cast_at: datetime
    dwell_ms: int | None
    counted: bool
    reason: str | None
    undone: bool
    competition: str
    question: str
    left: str
    right: str
    network: str | None
    simulated: bool


@dataclass(frozen=True)
class CompetitionEntry:
    """An entry as the admin page of its competition lists it."""

    model: str
    name: str
    sample: int
    role: str
    created_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True)
class LedgerEntry:
    """A line of the ledger."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    reason: str | None
    detail: dict[str, Any]


def count_votes_today(session: Session, *, now: datetime) -> DayCount:
    """Count the votes since midnight UTC: the newest MAX_COUNTED are read, so that a busy day costs no more."""
    newest = (
        select(Vote.cast_at, Vote.counted, Vote.outcome).order_by(Vote.id.desc()).limit(MAX_COUNTED).subquery()
    )
    since = now.replace(hour=0, minute=0, second=0, microsecond=0)
    kinds = (newest.c.counted, newest.c.outcome)
    query = select(*kinds, func.count()).where(newest.c.cast_at >= since).group_by(*kinds)
    rows = list(session.execute(query))
    answers = [(counted, number) for counted, outcome, number in rows if outcome != Outcome.SKIP]
    return DayCount(
        votes=sum(number for _, number in answers),
        counted=sum(number for counted, number in answers if counted),
        is_more=sum(number for _, _, number in rows) == MAX_COUNTED,
    )


def count_undecided_flags(session: Session) -> int:
    """Count the flags that no admin has decided about."""
    return session.scalar(select(func.count()).select_from(Flag).where(_is_undecided())) or 0


def list_flags(
    session: Session, *, decided: bool = False, voter_id: int | None = None, page: int = 1
) -> list[FlagDetails]:
    """List undecided flags, or decided ones, newest first; for one voter, all flags."""
    which = ~_is_undecided() if decided else _is_undecided()
    query = select(Flag).where(which if voter_id is None else Flag.voter_id == voter_id)
    rows = session.scalars(query.order_by(Flag.id.desc()).offset((page - 1) * PAGE).limit(PAGE))
    return [describe_flag(row) for row in rows]


def read_voter(session: Session, voter_id: int) -> VoterDetails:
    """Read a voter. Raises UnknownVoter."""
    row = session.get(Voter, voter_id)
    if row is None:
        raise UnknownVoter(f"There is no voter {voter_id}.")
    matchups = select(func.count()).select_from(Matchup).where(Matchup.voter_id == voter_id)
    reasons = select(Vote.reason, func.count()).where(Vote.voter_id == voter_id).group_by(Vote.reason)
    counts = sorted(session.execute(reasons), key=lambda pair: (pair[0] is not None, -pair[1]))
    return VoterDetails(
        id=row.id,
        first_seen=row.first_seen,
        votes=row.votes,
        matchups=session.scalar(matchups) or 0,
        quarantine=row.quarantine,
        deleted_at=row.deleted_at,
        reasons=tuple(counts),
    )


def list_votes_of_voter(session: Session, voter_id: int, *, page: int = 1) -> list[VoteDetails]:
    """List a voter's votes, newest first, with skips."""
    query = _select_votes().where(Vote.voter_id == voter_id).order_by(Vote.id.desc())
    rows = session.execute(query.offset((page - 1) * PAGE).limit(PAGE))
    return [_vote_details(*row) for row in rows]


def list_latest_votes(session: Session, question: str | None = None) -> list[VoteDetails]:
    """List everybody's latest votes, newest first; with a question those on it among the latest MAX_COUNTED."""
    newest = select(Vote.id).order_by(Vote.id.desc()).limit(PAGE)
    if question is not None:
        latest = select(Vote.id, Vote.matchup_id).order_by(Vote.id.desc()).limit(MAX_COUNTED).subquery()
        newest = (
            select(latest.c.id)
            .join(Matchup, Matchup.id == latest.c.matchup_id)
            .where(Matchup.question == question)
            .order_by(latest.c.id.desc())
            .limit(PAGE)
        )
    query = _select_votes().where(Vote.id.in_(newest.scalar_subquery()))
    rows = session.execute(query.order_by(Vote.id.desc()))
    return [_vote_details(*row) for row in rows]


def read_vote(session: Session, vote_id: int) -> VoteDetails:
    """Read a vote. Raises UnknownVote."""
    row = session.execute(_select_votes().where(Vote.id == vote_id)).one_or_none()
    if row is None:
        raise UnknownVote(f"There is no vote {vote_id}.")
    return _vote_details(*row)


def list_entries(session: Session, competition: str) -> list[CompetitionEntry]:
    """List every entry of a competition, withdrawn ones too, with its model's name even while voting is open."""
    rows = session.execute(
        select(Entry, ImageModel.slug, ImageModel.name)
        .join(ImageModel, ImageModel.id == Entry.model_id)
        .join(Competition, Competition.id == Entry.competition_id)
        .where(Competition.slug == competition)
        .order_by(ImageModel.name, ImageModel.slug, Entry.role, Entry.sample)
    )
    return [
        CompetitionEntry(slug, name, entry.sample, entry.role, entry.created_at, entry.withdrawn_at)
        for entry, slug, name in rows
    ]


def list_ledger(session: Session, *, action: str = "", page: int = 1) -> list[LedgerEntry]:
    """List the ledger, newest first, with only the actions that begin with `action`."""
    query = select(LedgerLine).where(LedgerLine.action.startswith(action, autoescape=True))
    rows = session.scalars(query.order_by(LedgerLine.id.desc()).offset((page - 1) * PAGE).limit(PAGE))
    return [
        LedgerEntry(row.id, row.at, row.actor, row.action, row.subject, row.reason, row.detail) for row in rows
    ]


def find_last_action(session: Session, action: str) -> datetime | None:
    """Return when this action was last recorded in the ledger, None for never."""
    return session.scalar(select(func.max(LedgerLine.at)).where(LedgerLine.action == action))


def _is_undecided() -> ColumnElement[bool]:
    return (Flag.status == "quarantined") & Flag.decided_at.is_(None)


def describe_flag(row: Flag) -> FlagDetails:
    """Describe a stored flag."""
    return FlagDetails(
        id=row.id,
        voter=row.voter_id,
        network=_network(row.network_key),
        test=row.test,
        p_value=row.p_value,
        evidence=row.evidence,
        found_at=row.found_at,
        status=row.status,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        decision=row.decision,
    )


def _select_votes() -> AnySelect:
    return join_models(select_battles(Vote, Matchup, Competition.slug, LEFT_MODEL.name, RIGHT_MODEL.name))


def _vote_details(vote: Vote, matchup: Matchup, competition: str, left: str, right: str) -> VoteDetails:
    return VoteDetails(
        id=vote.id,
        voter_id=vote.voter_id,
        outcome=vote.outcome,
        cast_at=vote.cast_at,
        dwell_ms=vote.dwell_ms,
        counted=vote.counted,
        reason=vote.reason,
        undone=vote.undone_at is not None,
        competition=competition,
        question=matchup.question,
        left=left,
        right=right,
        network=_network(matchup.network_key),
        simulated=matchup.simulated,
    )


def _network(key: bytes | None) -> str | None:
    return None if key is None else key.hex()
