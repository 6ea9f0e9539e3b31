"""What admins see of voters, votes, entries and the ledger: voters by number, never by a token or a login."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased

from app.arena import errors
from app.arena.tables import Competition, Entry, Flag, LedgerLine, Matchup, Vote, Voter
from app.catalog.tables import ImageModel

MOST = 10_000
"""Votes of a day that are counted one by one; more are "more"."""
PAGE = 50


class UnknownVoter(errors.ArenaError):
    """No voter has this number."""

    code = "unknown_voter"


class UnknownVote(errors.ArenaError):
    """No vote has this number."""

    code = "unknown_vote"


@dataclass(frozen=True)
class Today:
    """Votes since midnight UTC, skips left out."""

    votes: int
    counted: int
    is_more: bool


@dataclass(frozen=True)
class Finding:
    """A flag: one test's finding about one voter, or one network by its key in hexadecimal."""

    id: int
    voter_id: int | None
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
class Person:
    """A voter by number. `reasons` say how often each reason not to count, or none, came up."""

    id: int
    first_seen: datetime
    votes: int
    matchups: int
    quarantine: str | None
    deleted_at: datetime | None
    reasons: tuple[tuple[str | None, int], ...]


@dataclass(frozen=True)
class CastVote:
    """A vote with the names it uncovered."""

    id: int
    voter_id: int
    outcome: str
    cast_at: datetime
    dwell_ms: int | None
    counted: bool
    reason: str | None
    undone: bool
    competition: str
    left: str
    right: str
    network: str | None
    simulated: bool


@dataclass(frozen=True)
class Standing:
    """An entry of a competition."""

    model: str
    name: str
    sample: int
    role: str
    created_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True)
class Line:
    """A line of the ledger."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    reason: str | None
    detail: dict[str, Any]


def today(session: Session, *, now: datetime) -> Today:
    """Read from the newest vote back, and no further than MOST."""
    newest = select(Vote.cast_at, Vote.counted, Vote.outcome).order_by(Vote.id.desc()).limit(MOST).subquery()
    since = now.replace(hour=0, minute=0, second=0, microsecond=0)
    kinds = (newest.c.counted, newest.c.outcome)
    found = select(*kinds, func.count()).where(newest.c.cast_at >= since).group_by(*kinds)
    rows = list(session.execute(found))
    answers = [(counted, number) for counted, outcome, number in rows if outcome != "skip"]
    return Today(
        votes=sum(number for _, number in answers),
        counted=sum(number for counted, number in answers if counted),
        is_more=sum(number for _, _, number in rows) == MOST,
    )


def waiting(session: Session) -> int:
    """Flags that nobody has decided about."""
    return session.scalar(select(func.count()).select_from(Flag).where(_undecided())) or 0


def findings(
    session: Session, *, decided: bool = False, voter_id: int | None = None, page: int = 1
) -> list[Finding]:
    """The newest first: those that wait, or those decided about; of one voter, all."""
    which = ~_undecided() if decided else _undecided()
    query = select(Flag).where(which if voter_id is None else Flag.voter_id == voter_id)
    rows = session.scalars(query.order_by(Flag.id.desc()).offset((page - 1) * PAGE).limit(PAGE))
    return [_finding(row) for row in rows]


def person(session: Session, voter_id: int) -> Person:
    """Raises UnknownVoter."""
    row = session.get(Voter, voter_id)
    if row is None:
        raise UnknownVoter(f"There is no voter {voter_id}.")
    matchups = select(func.count()).select_from(Matchup).where(Matchup.voter_id == voter_id)
    reasons = select(Vote.reason, func.count()).where(Vote.voter_id == voter_id).group_by(Vote.reason)
    found = sorted(session.execute(reasons), key=lambda pair: (pair[0] is not None, -pair[1]))
    return Person(
        id=row.id,
        first_seen=row.first_seen,
        votes=row.votes,
        matchups=session.scalar(matchups) or 0,
        quarantine=row.quarantine,
        deleted_at=row.deleted_at,
        reasons=tuple(found),
    )


def votes_of(session: Session, voter_id: int, *, page: int = 1) -> list[CastVote]:
    """The latest first, skips too."""
    query = _votes().where(Vote.voter_id == voter_id).order_by(Vote.id.desc())
    rows = session.execute(query.offset((page - 1) * PAGE).limit(PAGE))
    return [_cast_vote(*row) for row in rows]


def latest_votes(session: Session) -> list[CastVote]:
    """Of everybody, the latest first."""
    newest = select(Vote.id).order_by(Vote.id.desc()).limit(PAGE).scalar_subquery()
    rows = session.execute(_votes().where(Vote.id.in_(newest)).order_by(Vote.id.desc()))
    return [_cast_vote(*row) for row in rows]


def vote(session: Session, vote_id: int) -> CastVote:
    """Raises UnknownVote."""
    row = session.execute(_votes().where(Vote.id == vote_id)).one_or_none()
    if row is None:
        raise UnknownVote(f"There is no vote {vote_id}.")
    return _cast_vote(*row)


def standings(session: Session, competition: str) -> list[Standing]:
    """Every entry, withdrawn ones too. Names stand here before the competition closes."""
    rows = session.execute(
        select(Entry, ImageModel.slug, ImageModel.name)
        .join(ImageModel, ImageModel.id == Entry.model_id)
        .join(Competition, Competition.id == Entry.competition_id)
        .where(Competition.slug == competition)
        .order_by(ImageModel.name, ImageModel.slug, Entry.role, Entry.sample)
    )
    return [
        Standing(slug, name, entry.sample, entry.role, entry.created_at, entry.withdrawn_at)
        for entry, slug, name in rows
    ]


def lines(session: Session, *, action: str = "", page: int = 1) -> list[Line]:
    """The ledger, the newest first; of actions that begin so."""
    query = select(LedgerLine).where(LedgerLine.action.startswith(action, autoescape=True))
    rows = session.scalars(query.order_by(LedgerLine.id.desc()).offset((page - 1) * PAGE).limit(PAGE))
    return [Line(row.id, row.at, row.actor, row.action, row.subject, row.reason, row.detail) for row in rows]


def last(session: Session, action: str) -> datetime | None:
    """When something was last done."""
    return session.scalar(select(func.max(LedgerLine.at)).where(LedgerLine.action == action))


def _undecided() -> ColumnElement[bool]:
    return (Flag.status == "quarantined") & Flag.decided_at.is_(None)


def _finding(row: Flag) -> Finding:
    return Finding(
        id=row.id,
        voter_id=row.voter_id,
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


def _votes() -> Select[Vote, Matchup, str, str, str]:
    left, right, left_model, right_model = aliased(Entry), aliased(Entry), aliased(ImageModel), aliased(ImageModel)
    return (
        select(Vote, Matchup, Competition.slug, left_model.name, right_model.name)
        .join(Matchup, Matchup.id == Vote.matchup_id)
        .join(Competition, Competition.id == Matchup.competition_id)
        .join(left, left.id == Matchup.left_entry_id)
        .join(right, right.id == Matchup.right_entry_id)
        .join(left_model, left_model.id == left.model_id)
        .join(right_model, right_model.id == right.model_id)
    )


def _cast_vote(vote: Vote, matchup: Matchup, competition: str, left: str, right: str) -> CastVote:
    return CastVote(
        id=vote.id,
        voter_id=vote.voter_id,
        outcome=vote.outcome,
        cast_at=vote.cast_at,
        dwell_ms=vote.dwell_ms,
        counted=vote.counted,
        reason=vote.reason,
        undone=vote.undone_at is not None,
        competition=competition,
        left=left,
        right=right,
        network=_network(matchup.network_key),
        simulated=matchup.simulated,
    )


def _network(key: bytes | None) -> str | None:
    return None if key is None else key.hex()
