"""The secret key's fingerprint in the ledger: tells when an arena is served with another key than before."""

import hashlib
import hmac
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.arena import ledger
from app.arena.tables import LedgerLine

ACTION = "secret_key.used"


def fingerprint(secret: str) -> str:
    """Compute 64 bits, in hexadecimal, that name a key and do not give it away."""
    return hmac.new(secret.encode(), b"blindvote key fingerprint", hashlib.sha256).hexdigest()[:16]


def read_fingerprint(session: Session) -> str | None:
    """Read the fingerprint of the key that this arena was last served with; None for one that never was."""
    newest = select(LedgerLine.subject).where(LedgerLine.action == ACTION).order_by(LedgerLine.id.desc()).limit(1)
    return session.scalar(newest)


def note_use(session: Session, secret: str, *, now: datetime) -> bool:
    """Note in the ledger which key is used from now on; returns whether another one was before."""
    known, used = read_fingerprint(session), fingerprint(secret)
    if known != used:
        ledger.note(session, ACTION, used, now=now)
    return known not in {None, used}
