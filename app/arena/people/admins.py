"""Who may decide: admins with a password, and the browsers in which they signed in."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from app.arena import errors, ledger
from app.arena.people import networks, passwords
from app.arena.people.policy import MINUTE, check, take_back
from app.arena.tables import Admin, AdminSession
from app.database.doors import Database, execute

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
TOKEN_BYTES = 32
IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
TOUCH = timedelta(minutes=1)
"""How exactly a session knows when it was last used."""
TRIES = 5
"""Wrong passwords for one account, or from one network, in a window."""
WINDOW = 15 * MINUTE
ACCOUNT, NETWORK = "admin/account", "admin/network"


class InvalidName(errors.ArenaError):
    """No name for an admin."""

    code = "invalid_name"


class AdminExists(errors.ArenaError):
    """The name is taken; those of disabled admins stay taken, for they stand in the ledger."""

    code = "admin_exists"


class UnknownAdmin(errors.ArenaError):
    """No such admin, or a disabled one."""

    code = "unknown_admin"


class SignInFailed(errors.ArenaError):
    """Unknown, disabled or a wrong password: the three are not told apart."""

    code = "sign_in_failed"


@dataclass(frozen=True)
class Listed:
    """An admin as lists show them."""

    name: str
    created_at: datetime
    disabled_at: datetime | None
    sessions: int


@dataclass(frozen=True)
class SignedIn:
    """A new session; only its browser ever holds the token."""

    name: str
    token: str


def create(session: Session, name: str, password_hash: str, *, now: datetime, actor: str = "command line") -> None:
    """`password_hash` is passwords.digest's. Raises InvalidName, AdminExists."""
    if NAME.fullmatch(name) is None:
        raise InvalidName("A name has up to 40 lower-case letters, digits, '.', '_' and '-'.")
    if session.scalar(select(Admin.id).where(Admin.name == name)) is not None:
        raise AdminExists(f"There is an admin {name} already, or there was one.")
    session.add(Admin(name=name, password_hash=password_hash, created_at=now))
    ledger.note(session, "admin.created", f"admin:{name}", now=now, actor=actor)


def set_password(
    session: Session, name: str, password_hash: str, *, now: datetime, actor: str = "command line"
) -> None:
    """Ends every session of theirs, and a lock on the account. Raises UnknownAdmin."""
    row = _active(session, name)
    row.password_hash = password_hash
    _end_all(session, row.id)
    take_back(session, ACCOUNT, _account(name), seconds=WINDOW, now=now, by=TRIES)
    ledger.note(session, "admin.password", f"admin:{name}", now=now, actor=actor)


def disable(session: Session, name: str, *, now: datetime, actor: str = "command line") -> None:
    """Ends every session of theirs. Raises UnknownAdmin."""
    row = _active(session, name)
    row.disabled_at = now
    _end_all(session, row.id)
    ledger.note(session, "admin.disabled", f"admin:{name}", now=now, actor=actor)


def listing(session: Session, *, now: datetime) -> list[Listed]:
    """By name, disabled ones too."""
    alive = list(session.scalars(select(AdminSession.admin_id).where(_alive(now))))
    return [
        Listed(row.name, row.created_at, row.disabled_at, alive.count(row.id))
        for row in session.scalars(select(Admin).order_by(Admin.name))
    ]


def check_password(
    database: Database, name: str, password: str, *, network: str, hasher: PasswordHasher, now: datetime
) -> None:
    """
    Every try is counted before it is made and given back when it was right: of many at once, no more than
    TRIES are made.

    `network` is the prefix it comes from. Raises SignInFailed, and TooMany beyond TRIES.
    """
    place, stored = database.write(lambda session: _counted(session, name, network, now))
    if not passwords.matches(stored, password, hasher):
        raise SignInFailed("Name and password do not fit.")
    outdated = stored is not None and hasher.check_needs_rehash(stored)
    fresh = hasher.hash(password) if outdated else stored

    def right(session: Session) -> None:
        for scope, key in ((ACCOUNT, _account(name)), (NETWORK, place)):
            take_back(session, scope, key, seconds=WINDOW, now=now)
        known = (Admin.name == name, Admin.password_hash == stored)
        session.execute(update(Admin).where(*known).values(password_hash=fresh))

    database.write(right)


def start_session(session: Session, name: str, *, now: datetime, instead_of: str | None = None) -> SignedIn:
    """A session with a new id, in place of this browser's old one. Raises UnknownAdmin."""
    row = _active(session, name)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.execute(delete(AdminSession).where(~_alive(now)))
    if instead_of is not None:
        end_session(session, instead_of)
    session.add(AdminSession(token_hash=_hash(token), admin_id=row.id, created_at=now, seen_at=now))
    return SignedIn(row.name, token)


def session_of(session: Session, token: str, *, now: datetime) -> tuple[str, datetime] | None:
    """Whose session it is and when it was last seen; None for one that ended, by whatever cause."""
    row = session.execute(
        select(Admin.name, AdminSession.seen_at)
        .join(Admin, Admin.id == AdminSession.admin_id)
        .where(AdminSession.token_hash == _hash(token), _alive(now), Admin.disabled_at.is_(None))
    ).one_or_none()
    return None if row is None else (row.name, row.seen_at)


def touch(session: Session, token: str, *, now: datetime) -> None:
    """The session was used now."""
    execute(session, update(AdminSession).where(AdminSession.token_hash == _hash(token)).values(seen_at=now))


def end_session(session: Session, token: str) -> None:
    """Here, not in the browser alone; again is done already."""
    session.execute(delete(AdminSession).where(AdminSession.token_hash == _hash(token)))


def _counted(session: Session, name: str, network: str, now: datetime) -> tuple[str, str | None]:
    """The network's key, and the account's password as stored. Raises TooMany."""
    place = networks.keys(session, network, now=now).day.hex()
    what = f"wrong passwords in {WINDOW // MINUTE} minutes"
    for scope, key in ((ACCOUNT, _account(name)), (NETWORK, place)):
        check(session, scope, key, TRIES, seconds=WINDOW, now=now, what=what)
    return place, _stored(session, name)


def _active(session: Session, name: str) -> Admin:
    fits = NAME.fullmatch(name) is not None
    found = select(Admin).where(Admin.name == name, Admin.disabled_at.is_(None)).with_for_update()
    row = session.scalar(found) if fits else None
    if row is None:
        raise UnknownAdmin("There is no such admin, or they are disabled.")
    return row


def _stored(session: Session, name: str) -> str | None:
    if NAME.fullmatch(name) is None:
        return None
    return session.scalar(select(Admin.password_hash).where(Admin.name == name, Admin.disabled_at.is_(None)))


def _alive(now: datetime) -> ColumnElement[bool]:
    return (AdminSession.seen_at > now - IDLE) & (AdminSession.created_at > now - LONGEST)


def _end_all(session: Session, admin_id: int) -> None:
    session.execute(delete(AdminSession).where(AdminSession.admin_id == admin_id))


def _account(name: str) -> str:
    """People type passwords into the wrong field: what is counted is a hash of the name."""
    return hashlib.sha256(name.encode()).hexdigest()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
