"""Voters who are known by their login and not by a browser."""

import hashlib
import hmac
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.arena.tables import Voter
from app.database.doors import insert

TOKEN_BYTES = 16


def token(secret: str, login: str) -> bytes:
    """The voter of a login, the same in every browser; without the secret nobody can tell which."""
    return hmac.digest(secret.encode(), b"voter of login\0" + login.encode(), hashlib.sha256)[:TOKEN_BYTES]


def is_known(session: Session, who: bytes) -> bool:
    """Whether this voter stands in the database with a login."""
    known = select(Voter.id).where(Voter.token == who, Voter.login.is_not(None))
    return session.scalar(known) is not None


def remember(session: Session, who: bytes, login: str, *, now: datetime) -> None:
    """Store the voter; again changes nothing."""
    row = {"token": who, "login": login, "first_seen": now, "votes": 0}
    session.execute(insert(session, Voter).values(row).on_conflict_do_nothing())
