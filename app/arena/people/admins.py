"""Admins: accounts with a password, and the sessions in which they are signed in."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from app.arena import errors, ledger
from app.arena.ledger import COMMAND_LINE
from app.arena.people import networks, passwords
from app.arena.people.policy import CLOCK_LEEWAY, DAY_SECONDS, MINUTE_SECONDS, check, take_back
from app.arena.tables import Admin, AdminSession, Counter
from app.database.doors import Database, execute

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
TOKEN_BYTES = 32
IDLE_TIMEOUT = timedelta(minutes=30)
LONGEST_SESSION = timedelta(hours=12)
TOUCH_INTERVAL = timedelta(minutes=1)
"""How exactly a session knows when it was last used."""
MAX_FAILED_SIGN_INS = 5
"""Wrong passwords for one account from one network, or from one browser that has signed in before, in a window."""
MAX_FAILED_A_DAY = 20
MAX_FAILED_OF_NETWORK = 25
"""Wrong passwords from one network for whatever accounts, in a window."""
MAX_FAILED_OF_ACCOUNT = 50
"""Wrong passwords for one account from all networks, in a window; one that has signed in before may go on."""
WINDOW = 15 * MINUTE_SECONDS
BROWSER, ACCOUNT_NETWORK, ACCOUNT, NETWORK = "admin/browser", "admin/both", "admin/account", "admin/network"

AttemptLimit = tuple[str, str, int, int]
"""A counter's scope and key, how many attempts it allows, and in how many seconds."""


class InvalidName(errors.ArenaError, code="invalid_name"):
    """No name for an admin."""


class AdminExists(errors.ArenaError, code="admin_exists"):
    """The name is taken; those of disabled admins stay taken, for they stand in the ledger."""


class UnknownAdmin(errors.ArenaError, code="unknown_admin"):
    """No such admin, or a disabled one."""


class SignInFailed(errors.ArenaError, code="sign_in_failed"):
    """Unknown, disabled or a wrong password: the three are not told apart."""


@dataclass(frozen=True)
class AdminAccount:
    """An admin as lists show them, with the number of their live sessions."""

    name: str
    created_at: datetime
    disabled_at: datetime | None
    sessions: int


@dataclass(frozen=True)
class AdminSignIn:
    """A new session; only the browser that signed in ever holds the token."""

    name: str
    token: str


def create(session: Session, name: str, password_hash: str, *, now: datetime) -> None:
    """Create an admin; `password_hash` comes from passwords.hash_password. Raises InvalidName, AdminExists."""
    if NAME.fullmatch(name) is None:
        raise InvalidName("A name has up to 40 lower-case letters, digits, '.', '_' and '-'.")
    if session.scalar(select(Admin.id).where(Admin.name == name)) is not None:
        raise AdminExists(f"There is an admin {name} already, or there was one.")
    session.add(Admin(name=name, password_hash=password_hash, created_at=now))
    ledger.note(session, "admin.created", f"admin:{name}", now=now)


def set_password(
    session: Session, name: str, password_hash: str, *, now: datetime, actor: str = COMMAND_LINE
) -> None:
    """Set an admin's password, end all their sessions and unlock the account. Raises UnknownAdmin."""
    row = _lock_active(session, name)
    row.password_hash = password_hash
    _end_sessions(session, row.id)
    _forget_attempts(session, _account_key(name))
    ledger.note(session, "admin.password", f"admin:{name}", now=now, actor=actor)


def disable(session: Session, name: str, *, now: datetime) -> None:
    """Disable an admin and end all their sessions. Raises UnknownAdmin."""
    row = _lock_active(session, name)
    row.disabled_at = now
    _end_sessions(session, row.id)
    ledger.note(session, "admin.disabled", f"admin:{name}", now=now)


def list_admins(session: Session, *, now: datetime) -> list[AdminAccount]:
    """List admins by name, disabled ones too."""
    alive = list(session.scalars(select(AdminSession.admin_id).where(_is_alive(now))))
    return [
        AdminAccount(row.name, row.created_at, row.disabled_at, alive.count(row.id))
        for row in session.scalars(select(Admin).order_by(Admin.name))
    ]


def check_password(
    database: Database,
    name: str,
    password: str,
    *,
    network: str,
    hasher: PasswordHasher,
    now: datetime,
    browser: str | None = None,
) -> None:
    """
    Check a password; of many simultaneous attempts no more than the limits allow are made.

    `network` is the prefix the attempt comes from. `browser` names a browser that has signed in to this account
    before: its attempts are counted by themselves, so that no stranger's guesses close the door to its owner.
    Raises SignInFailed, and TooMany beyond a limit.
    """
    limits, stored = database.write(lambda session: _count_attempt(session, name, network, browser, now))
    if not passwords.matches(stored, password, hasher):
        raise SignInFailed("Name and password do not fit.")
    outdated = stored is not None and hasher.check_needs_rehash(stored)
    fresh = hasher.hash(password) if outdated else stored

    def right(session: Session) -> None:
        for scope, key, _, seconds in limits:
            take_back(session, scope, key, seconds=seconds, now=now)
        unchanged = (Admin.name == name, Admin.password_hash == stored)
        session.execute(update(Admin).where(*unchanged).values(password_hash=fresh))

    database.write(right)


def start_session(session: Session, name: str, *, now: datetime, instead_of: str | None = None) -> AdminSignIn:
    """Start a session with a new id, ending the browser's old one. Raises UnknownAdmin."""
    row = _lock_active(session, name)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.execute(delete(AdminSession).where(~_is_alive(now)))
    if instead_of is not None:
        end_session(session, instead_of)
    session.add(AdminSession(token_hash=_hash_token(token), admin_id=row.id, created_at=now, seen_at=now))
    return AdminSignIn(row.name, token)


def find_session(session: Session, token: str, *, now: datetime) -> tuple[str, datetime] | None:
    """Return the name of a session's admin and when it was last used; None once it has ended for any reason."""
    row = session.execute(
        select(Admin.name, AdminSession.seen_at)
        .join(Admin, Admin.id == AdminSession.admin_id)
        .where(AdminSession.token_hash == _hash_token(token), _is_alive(now), Admin.disabled_at.is_(None))
    ).one_or_none()
    return None if row is None else (row.name, row.seen_at)


def touch(session: Session, token: str, *, now: datetime) -> None:
    """Record that the session was used now."""
    execute(session, update(AdminSession).where(AdminSession.token_hash == _hash_token(token)).values(seen_at=now))


def end_session(session: Session, token: str) -> None:
    """End a session on the server, not in the browser alone. Ending it again changes nothing."""
    session.execute(delete(AdminSession).where(AdminSession.token_hash == _hash_token(token)))


def _count_attempt(
    session: Session, name: str, network: str, browser: str | None, now: datetime
) -> tuple[tuple[AttemptLimit, ...], str | None]:
    """Count an attempt; return the limits it was counted by and the account's password hash. Raises TooMany."""
    place = networks.keys(session, network, now=now).day.hex()
    limits = _list_limits(_account_key(name), place, browser)
    for scope, key, most, seconds in limits:
        what = f"wrong passwords in {seconds // MINUTE_SECONDS} minutes"
        check(session, scope, key, most, seconds=seconds, now=now, what=what)
    return limits, _read_password_hash(session, name)


def _list_limits(account: str, place: str, browser: str | None) -> tuple[AttemptLimit, ...]:
    if browser is not None:
        return ((BROWSER, browser, MAX_FAILED_SIGN_INS, WINDOW),)
    both = f"{account}@{place}"
    return (
        (ACCOUNT_NETWORK, both, MAX_FAILED_SIGN_INS, WINDOW),
        (ACCOUNT_NETWORK, both, MAX_FAILED_A_DAY, DAY_SECONDS),
        (NETWORK, place, MAX_FAILED_OF_NETWORK, WINDOW),
        (ACCOUNT, account, MAX_FAILED_OF_ACCOUNT, WINDOW),
    )


def _forget_attempts(session: Session, account: str) -> None:
    """Delete what was counted for an account, from all networks, so that a new password opens it at once."""
    by_network = Counter.scope.like(f"{ACCOUNT_NETWORK}/%") & Counter.key.startswith(account)
    in_all = Counter.scope.like(f"{ACCOUNT}/%") & (Counter.key == account)
    session.execute(delete(Counter).where(by_network | in_all))


def _lock_active(session: Session, name: str) -> Admin:
    fits = NAME.fullmatch(name) is not None
    query = select(Admin).where(Admin.name == name, Admin.disabled_at.is_(None)).with_for_update()
    row = session.scalar(query) if fits else None
    if row is None:
        raise UnknownAdmin("There is no such admin, or they are disabled.")
    return row


def _read_password_hash(session: Session, name: str) -> str | None:
    if NAME.fullmatch(name) is None:
        return None
    return session.scalar(select(Admin.password_hash).where(Admin.name == name, Admin.disabled_at.is_(None)))


def _is_alive(now: datetime) -> ColumnElement[bool]:
    # One of the future began while the clock was ahead, and would outlive every limit by as much.
    is_past = (AdminSession.seen_at <= now + CLOCK_LEEWAY) & (AdminSession.created_at <= now + CLOCK_LEEWAY)
    is_in_use = (AdminSession.seen_at > now - IDLE_TIMEOUT) & (AdminSession.created_at > now - LONGEST_SESSION)
    return is_past & is_in_use


def _end_sessions(session: Session, admin_id: int) -> None:
    session.execute(delete(AdminSession).where(AdminSession.admin_id == admin_id))


def _account_key(name: str) -> str:
    """Hash the name as typed: people type passwords into the wrong field, and counters are stored in plain."""
    return hashlib.sha256(name.encode()).hexdigest()


def _hash_token(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
