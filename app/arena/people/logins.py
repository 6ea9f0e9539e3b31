"""Logins: voters whom a login proxy names, so that they are one voter in every browser."""

import hashlib
import hmac
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.arena.tables import Voter
from app.database.doors import insert

TOKEN_BYTES = 16


def voter_token(secret: str, login: str) -> bytes:
    """Derive the voter token of a login: the same in every browser, and not to be guessed without the secret."""
    return hmac.digest(secret.encode(), b"voter of login\0" + login.encode(), hashlib.sha256)[:TOKEN_BYTES]


def is_known(session: Session, who: bytes) -> bool:
    """Return whether a voter with this token and a login is stored."""
    query = select(Voter.id).where(Voter.token == who, Voter.login.is_not(None))
    return session.scalar(query) is not None


def remember(session: Session, who: bytes, login: str, *, now: datetime) -> None:
    """Store the voter of a login. Storing them again changes nothing."""
    row = {"token": who, "login": login, "first_seen": now, "votes": 0}
    session.execute(insert(session, Voter).values(row).on_conflict_do_nothing())
