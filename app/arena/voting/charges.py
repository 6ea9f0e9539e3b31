"""Counts the matchups that a voter and a network have seen, skipped ones too: what costs is the look."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.arena.people.policy import DAY_SECONDS, MONTH_SECONDS, SEEN_BY_NETWORK, Policy, count
from app.arena.tables import Matchup
from app.database.doors import execute
from app.words import Reason


def charge(
    session: Session, matchup_id: int, voter_id: int, network_key: bytes | None, policy: Policy, *, now: datetime
) -> str | None:
    """
    Charge a matchup when it is first seen, or answered unseen; the second time does nothing and gives None.

    Returns the cap it lies beyond, which is frozen on the matchup.
    """
    if policy.voter_counted is None:
        return None
    unseen = update(Matchup).where(Matchup.id == matchup_id, Matchup.charged_at.is_(None))
    if not execute(session, unseen.values(charged_at=now)):
        return None
    cap = None
    if network_key is not None and policy.network_day is not None:
        count(session, SEEN_BY_NETWORK, network_key.hex(), seconds=DAY_SECONDS, now=now)
    if network_key is not None and policy.network_counted is not None:
        seen = count(session, "charged/network", network_key.hex(), seconds=MONTH_SECONDS, now=now)
        cap = Reason.NETWORK_CAP if seen > policy.network_counted else None
    if count(session, "charged/voter", str(voter_id), seconds=MONTH_SECONDS, now=now) > policy.voter_counted:
        cap = Reason.VOTER_CAP
    if cap is not None:
        session.execute(update(Matchup).where(Matchup.id == matchup_id).values(cap=cap))
    return cap
