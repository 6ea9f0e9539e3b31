"""
Quarantine and release: votes that do not count for now, and votes that count again.

A vote is quarantined as long as a flag stands against its voter, or against the network it came from. So every
step here can be stopped and run again: what the flags say is what the votes become.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, Row, Select, and_, exists, or_, select, true, update
from sqlalchemy.orm import Session

from app.arena import ledger
from app.arena.people.policy import Policy
from app.arena.tables import Flag, Matchup, Vote, Voter
from app.arena.voting import vote_casting
from app.database.doors import Database, execute
from app.leaderboards.integrity.fraud.signals import NO_TEST, FraudSignal
from app.leaderboards.integrity.fraud.subjects import Subject, UnknownFlag, UnknownSubject
from app.words import Reason

QUARANTINED, RELEASED = "quarantined", "released"
BY_HAND = "by_hand"
VOTES = 100
"""Of one write: each changes its own row, a tally, its competition and the ledger."""

_KEYS = select(Flag.network_key).where(Flag.status == QUARANTINED, Flag.network_key.is_not(None))
_COVERED = or_(Voter.quarantine.is_not(None), Matchup.network_key.in_(_KEYS))
_FREE = and_(Voter.quarantine.is_(None), or_(Matchup.network_key.is_(None), Matchup.network_key.not_in(_KEYS)))
_ORDER = (Matchup.competition_id, Vote.id)
TO_EXCLUDE = and_(Vote.counted, ~Matchup.simulated, _COVERED)
TO_RESTORE = and_(Vote.reason == Reason.QUARANTINED, Vote.undone_at.is_(None), _FREE)


@dataclass(frozen=True)
class VoteChanges:
    """The number of votes that a change of quarantine stops counting, and the number that it counts again."""

    excluded: int
    restored: int


@dataclass(frozen=True)
class FlagDecision:
    """A flag, and the votes that its quarantine or release changed."""

    flag: int
    votes: int


def raise_flag(session: Session, finding: FraudSignal, *, now: datetime, by: str, why: str) -> int | None:
    """Raise a flag, also against votes to come; returns its number, or None where one stands already."""
    subject = finding.subject
    if subject.voter_id is not None:
        # The lock keeps two writers from both finding that the voter has no flag yet.
        session.execute(select(Voter.id).where(Voter.id == subject.voter_id).with_for_update())
    if _find_flag(session, subject) is not None:
        return None
    row = Flag(
        voter_id=subject.voter_id,
        network_key=subject.network_key,
        test=finding.test,
        p_value=finding.p_value,
        evidence=finding.evidence,
        found_at=now,
        status=QUARANTINED,
    )
    session.add(row)
    session.flush()
    session.execute(update(Voter).where(Voter.id == subject.voter_id).values(quarantine=Reason.QUARANTINED))
    ledger.note(session, f"flag.{QUARANTINED}", subject.name, now=now, actor=by, reason=why, flag=row.id)
    return row.id


def quarantine(
    database: Database, subject: Subject, *, now: datetime, by: str, why: str, policy: Policy
) -> FlagDecision:
    """Flag somebody by hand; again changes nothing. Raises UnknownSubject."""

    def work(session: Session) -> int:
        _check_known(session, subject)
        finding = FraudSignal(subject, BY_HAND, NO_TEST, {"why": why})
        number = raise_flag(session, finding, now=now, by=by, why=why) or _find_flag(session, subject)
        if number is None:
            raise AssertionError("a flag was neither raised nor standing")
        return number

    number = database.write(work)
    return FlagDecision(number, settle(database, now=now, policy=policy, among=(subject,)).excluded)


def release(database: Database, flag: int, *, now: datetime, by: str, why: str, policy: Policy) -> FlagDecision:
    """
    Count again what this flag alone keeps out; again finishes what was stopped. Raises UnknownFlag.

    Not counted stay votes taken back, beyond a cap or too fast by the policy, and those another flag covers.
    """
    subject = database.write(partial(_lower, flag=flag, now=now, by=by, why=why))
    return FlagDecision(flag, settle(database, now=now, policy=policy, among=(subject,)).restored)


def settle(
    database: Database, *, now: datetime, policy: Policy, among: Sequence[Subject] | None = None
) -> VoteChanges:
    """Make votes what the standing flags say, of everybody or among some; at most VOTES of them a write."""
    whom = true() if among is None else or_(*(subject.votes for subject in among))
    excluded = _each(database, and_(TO_EXCLUDE, whom), partial(_exclude, now=now))
    restored = _each(database, and_(TO_RESTORE, whom), partial(_restore, now=now, policy=policy))
    return VoteChanges(excluded, restored)


def _each(database: Database, which: ColumnElement[bool], change: Callable[[Session, Select[int]], int]) -> int:
    """Change these votes part by part, asking again inside each write: somebody may have decided in between."""
    with database.reading() as session:
        ids = session.scalars(_votes(which)).all()
    parts = (ids[start : start + VOTES] for start in range(0, len(ids), VOTES))
    return sum(
        database.write(lambda session: change(session, _votes(which).where(Vote.id.in_(part))))  # noqa: B023
        for part in parts
    )


def _votes(which: ColumnElement[bool]) -> Select[int]:
    """Select votes by competition: the order in which every transaction locks, so that none waits in a circle."""
    joined = select(Vote.id).join(Matchup, Matchup.id == Vote.matchup_id).join(Voter, Voter.id == Vote.voter_id)
    return joined.where(which).order_by(*_ORDER)


def _exclude(session: Session, which: Select[int], *, now: datetime) -> int:
    votes = session.scalars(which).all()
    return sum(
        vote_casting.annotate(session, vote, now=now, reason=Reason.QUARANTINED, actor="quarantine")
        for vote in votes
    )


def _restore(session: Session, which: Select[int], *, now: datetime, policy: Policy) -> int:
    ids = session.scalars(which).all()
    rows = session.execute(
        select(Vote.id, Vote.voter_id, Vote.cast_at, Vote.dwell_ms, Matchup.cap)
        .join(Matchup, Matchup.id == Vote.matchup_id)
        .where(Vote.id.in_(ids))
        .order_by(*_ORDER)
    ).all()
    times = _times(session, {row.voter_id for row in rows})
    restored = 0
    for row in rows:
        why = _why_not(row, times.get(row.voter_id, ()), policy)
        if why is None:
            restored += vote_casting.annotate(session, row.id, now=now, reason=None, actor="release")
        else:
            _rename(session, row.id, why, now)
    return restored


Times = Sequence[tuple[datetime, datetime | None]]
"""From when to when a flag stood."""


def _times(session: Session, voters: set[int]) -> dict[int, Times]:
    rows = session.execute(
        select(Flag.voter_id, Flag.found_at, Flag.decided_at).where(Flag.voter_id.in_(voters))
    ).all()
    return {voter: [(row.found_at, row.decided_at) for row in rows if row.voter_id == voter] for voter in voters}


def _why_not(row: Row[int, int, datetime, int | None, str | None], times: Times, policy: Policy) -> str | None:
    """Tell why a released vote still does not count. One cast in quarantine meets the policy only now."""
    inside = any(since <= row.cast_at and (over is None or row.cast_at < over) for since, over in times)
    return row.cap or (vote_casting.too_fast(row.dwell_ms, policy) if inside else None)


def _rename(session: Session, vote: int, why: str, now: datetime) -> None:
    standing = and_(Vote.id == vote, Vote.reason == Reason.QUARANTINED, Vote.undone_at.is_(None))
    if execute(session, update(Vote).where(standing).values(reason=why)):
        ledger.note(session, "vote.excluded", f"vote:{vote}", now=now, actor="release", reason=why)


def _lower(session: Session, *, flag: int, now: datetime, by: str, why: str) -> Subject:
    row = session.get(Flag, flag, with_for_update=True)
    if row is None:
        raise UnknownFlag(f"There is no flag {flag}.")
    subject = Subject(row.voter_id, row.network_key)
    if row.status == QUARANTINED:
        row.status, row.decided_at, row.decided_by, row.decision = RELEASED, now, by, why
        session.flush()
        if _find_flag(session, subject) is None:
            session.execute(update(Voter).where(Voter.id == row.voter_id).values(quarantine=None))
        ledger.note(session, f"flag.{RELEASED}", subject.name, now=now, actor=by, reason=why, flag=flag)
    return subject


def _find_flag(session: Session, subject: Subject) -> int | None:
    return session.scalar(select(Flag.id).where(subject.flags, Flag.status == QUARANTINED).limit(1))


def _check_known(session: Session, subject: Subject) -> None:
    if subject.voter_id is not None:
        known = exists().where(Voter.id == subject.voter_id)
    else:
        known = exists().where(Matchup.network_key == subject.network_key)
    if not session.scalars(select(known)).one():
        raise UnknownSubject(f"There is no {subject.name.replace(':', ' ')} like that.")
