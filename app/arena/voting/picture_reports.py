"""
Reports: voters say that a picture should not be shown; three independent ones let it rest until an admin decides.

Independent are voters whom the arena trusts no less than with a vote: within their caps, not quarantined, and each
from a network of their own where networks are known. A voter's or network's word lets few pictures rest at a time,
and none once admins have kept several that it reported: three cookies can't take every picture of a rival out.
Nothing of this depends on the model, so that what a report comes to tells nothing about who made the picture.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from app.arena import errors, ledger
from app.arena.entries import entries, sheets
from app.arena.people import networks
from app.arena.people.networks import LONG_DAYS
from app.arena.people.policy import DAY_SECONDS, Policy, check
from app.arena.tables import Competition, Entry, Flag, Matchup, PictureReport, Vote, Voter
from app.arena.voting.charges import charge
from app.database.doors import execute, insert
from app.words import ReportReason

INDEPENDENT = 3
"""Independent reports that let a picture rest."""
MOST_RESTING = 3
"""Pictures that may rest at a time by the word of one voter or network."""
MOST_OVERRULED = 2
"""Pictures that admins may have kept before a voter's or network's word no longer lets any rest."""
VOTER_DAY = 10
NETWORK_DAY = 30
VOTERS = "voters"
"""The actor of the ledger when a picture rests."""

Source = int | bytes
"""Who speaks: a voter by number, or a network by its key."""


@dataclass(frozen=True)
class TakenReport:
    """A report as it was taken, and what its pair is now: open, judged, or closed without a vote."""

    side: str
    reason: ReportReason
    pair: Literal["open", "judged", "closed"]


def report_picture(
    session: Session,
    voter: bytes,
    matchup: bytes,
    side: str,
    reason: ReportReason,
    *,
    now: datetime,
    policy: Policy,
    network: str = "",
) -> TakenReport:
    """
    Take the report of side `a` or `b` of one's own matchup, before or after the vote; a later reason replaces it.

    It is charged as an answer is, and with the third independent one the picture rests. Raises MatchupNotFound,
    and TooMany beyond what a voter and a network may report in a day.
    """
    row = _read_matchup(session, voter, matchup)
    entry = _lock_entry(session, row.left_entry_id if side == "a" else row.right_entry_id)
    if entry.withdrawn_at is None and _store(session, row, entry, reason, now):
        charge(session, row.id, row.voter_id, row.network_key, policy, now=now)
        _check_limits(session, row.voter_id, network, policy, now)
        if entry.rested_at is None and _count_independent(session, entry.id, policy, now) >= INDEPENDENT:
            _rest(session, entry, now)
    return TakenReport(side, reason, _state(session, row.id, now))


def read_reported(session: Session, voter: bytes, matchup: bytes) -> dict[str, str]:
    """Return which sides of one's own matchup one has reported, each with the reason."""
    query = (
        select(Matchup.left_entry_id, PictureReport.entry_id, PictureReport.reason)
        .join(Voter, Voter.id == Matchup.voter_id)
        .join(PictureReport, PictureReport.voter_id == Voter.id)
        .where(Matchup.public_id == matchup, Voter.token == voter)
        .where(PictureReport.entry_id.in_([Matchup.left_entry_id, Matchup.right_entry_id]))
    )
    rows = session.execute(query)
    return {"a" if row.entry_id == row.left_entry_id else "b": row.reason for row in rows}


def _state(session: Session, matchup_id: int, now: datetime) -> Literal["open", "judged", "closed"]:
    query = select(Matchup.closed_at, Matchup.expires_at, Vote.id.label("vote_id"))
    row = session.execute(
        query.outerjoin(Vote, Vote.matchup_id == Matchup.id).where(Matchup.id == matchup_id)
    ).one()
    if row.vote_id is not None:
        return "judged"
    return "open" if row.closed_at is None and row.expires_at > now else "closed"


def _read_matchup(session: Session, voter: bytes, matchup: bytes) -> Any:
    columns = (Matchup.id, Matchup.voter_id, Matchup.network_key, Matchup.left_entry_id, Matchup.right_entry_id)
    query = select(*columns).join(Voter, Voter.id == Matchup.voter_id)
    row = session.execute(query.where(Matchup.public_id == matchup, Voter.token == voter)).one_or_none()
    if row is None:
        raise errors.MatchupNotFound
    return row


def _lock_entry(session: Session, entry_id: int) -> Entry:
    """Lock the entry, so that of several reports at the same time the last one counts all."""
    query = select(Entry).where(Entry.id == entry_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def _store(session: Session, row: Any, entry: Entry, reason: ReportReason, now: datetime) -> bool:
    """Store a voter's report of an entry and return whether it is the first; another one changes the reason."""
    new = {"entry_id": entry.id, "voter_id": row.voter_id, "matchup_id": row.id, "reason": reason, "at": now}
    stored = insert(session, PictureReport).values(status="new", **new).on_conflict_do_nothing()
    if execute(session, stored):
        return True
    own = (PictureReport.entry_id == entry.id) & (PictureReport.voter_id == row.voter_id)
    execute(session, update(PictureReport).where(own, PictureReport.status == "new").values(reason=reason))
    return False


def _check_limits(session: Session, voter_id: int, network: str, policy: Policy, now: datetime) -> None:
    if not policy.knows_networks:
        return
    what = "reports a day"
    check(session, "reported/voter", str(voter_id), VOTER_DAY, seconds=DAY_SECONDS, now=now, what=what)
    key = networks.keys(session, network, now=now).day.hex()
    check(
        session,
        "reported/network",
        key,
        NETWORK_DAY,
        seconds=DAY_SECONDS,
        now=now,
        what=f"{what} from one network",
    )


def _count_independent(session: Session, entry_id: int, policy: Policy, now: datetime) -> int:
    """Count the voters, or networks where they are known, whose undecided reports of an entry count."""
    # Network keys change after thirty days: younger pairs have two keys of one network at most.
    since = now - timedelta(days=LONG_DAYS)
    query = (
        select(PictureReport.voter_id, Matchup.network_key)
        .join(Matchup, Matchup.id == PictureReport.matchup_id)
        .join(Voter, Voter.id == PictureReport.voter_id)
        .where(PictureReport.entry_id == entry_id, PictureReport.status == "new", Matchup.issued_at > since)
        .where(Voter.quarantine.is_(None), Matchup.cap.is_(None))
    )
    rows = session.execute(query).all()
    keys = [row.network_key for row in rows if row.network_key is not None]
    distrusted = _distrusted(session, entry_id, {row.voter_id for row in rows}, keys)
    trusted = [row for row in rows if distrusted.isdisjoint(row)]
    if policy.knows_networks:
        return len({row.network_key for row in trusted if row.network_key is not None})
    return len({row.voter_id for row in trusted})


def _distrusted(session: Session, entry_id: int, voters: set[int], keys: list[bytes]) -> set[Source]:
    """Tell whose word does not count (now): flagged, overruled too often, or with enough pictures at rest."""
    flagged = select(Flag.network_key).where(Flag.network_key.in_(keys), Flag.status == "quarantined")
    overruled: dict[Source, set[int]] = {}
    resting: dict[Source, set[int]] = {}
    for row in _history(session, or_(PictureReport.voter_id.in_(voters), Matchup.network_key.in_(keys))):
        into = overruled if row.status == "kept" else resting
        for source in {row.voter_id, row.network_key} - {None}:
            into.setdefault(source, set()).add(row.entry_id)
    return {
        *(key for key in session.scalars(flagged) if key is not None),
        *(source for source, kept in overruled.items() if entry_id in kept or len(kept) >= MOST_OVERRULED),
        *(source for source, at_rest in resting.items() if len(at_rest) >= MOST_RESTING),
    }


def _history(session: Session, spoken: ColumnElement[bool]) -> Iterable[Any]:
    """Read whose reports admins overruled, and whose let a picture rest now."""
    rests = (PictureReport.status == "new") & Entry.rested_at.is_not(None)
    columns = (PictureReport.voter_id, PictureReport.entry_id, PictureReport.status, Matchup.network_key)
    query = (
        select(*columns)
        .join(Matchup, Matchup.id == PictureReport.matchup_id)
        .join(Entry, Entry.id == PictureReport.entry_id)
    )
    return session.execute(query.where(spoken, or_(PictureReport.status == "kept", rests)))


def _rest(session: Session, entry: Entry, now: datetime) -> None:
    """Draw an entry no more, and close the open matchups that show it."""
    entry.rested_at = now
    session.flush()
    sheets.take_off_sheet(session, entry)
    entries.close_open_matchups(session, entry, now=now)
    undecided = (PictureReport.entry_id == entry.id) & (PictureReport.status == "new")
    first, number = session.execute(select(func.min(PictureReport.id), func.count()).where(undecided)).one()
    slug = session.scalars(select(Competition.slug).where(Competition.id == entry.competition_id)).one()
    # Never the entry's name: whoever reported it would learn from the ledger who made the picture.
    subject = f"report:{first}"
    ledger.note(session, "entry.rested", subject, now=now, actor=VOTERS, competition=slug, reporters=number)
