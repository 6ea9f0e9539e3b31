"""Keys of the gateway: random, shown once, kept as SHA-256 (a random secret needs no slow hash)."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.gateway.errors import GatewayError, InvalidKey, ScopeMissing
from app.gateway.money import Budget, Payer, read_spent
from app.gateway.tables import ApiKey

Scope = Literal["models", "generate", "edit"]
"""To read the model list, to make images from text, and to edit or vary images."""
SCOPES: tuple[Scope, ...] = get_args(Scope)
MARK = "bv"
PREFIX_BYTES = 6
SECRET_BYTES = 32
SECRET = re.compile(r"(bv_[0-9a-f]{12})_[A-Za-z0-9_-]{43}")


class UnknownScope(GatewayError, code="unknown_scope"):
    """The scope is none of `SCOPES`."""


class UnknownKey(GatewayError, code="unknown_key"):
    """No key has this prefix."""


@dataclass(frozen=True)
class Key:
    """A key as lists show it; times in UTC, money in millionths of a dollar."""

    id: int
    name: str
    prefix: str
    scopes: tuple[str, ...]
    cap_micros: int | None
    spent_micros: int
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True)
class Caller:
    """The caller that a valid key stands for."""

    key_id: int
    name: str
    scopes: frozenset[str]
    cap_micros: int | None

    def check(self, scope: Scope) -> None:
        """Require a scope. Raises ScopeMissing."""
        if scope not in self.scopes:
            raise ScopeMissing(f"This key lacks the scope {scope!r}.")

    @property
    def payer(self) -> Payer:
        """Return the payer of this caller's requests: the key's own budget, under its own cap."""
        return Payer(f"key/{self.key_id}", self.key_id, (Budget(f"key/{self.key_id}", self.cap_micros),))


def create_key(
    session: Session,
    name: str,
    *,
    now: datetime,
    scopes: Iterable[str] = SCOPES,
    cap_micros: int | None = None,
    expires_at: datetime | None = None,
) -> tuple[Key, str]:
    """Create a key; return it and its secret, which nobody can read again. Raises UnknownScope."""
    wanted = list(dict.fromkeys(scopes))
    for scope in wanted:
        if scope not in SCOPES:
            raise UnknownScope(f"There is no scope {scope!r}; there are: {', '.join(SCOPES)}.")
    prefix = f"{MARK}_{secrets.token_hex(PREFIX_BYTES)}"
    secret = f"{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    row = ApiKey(
        name=name,
        prefix=prefix,
        sha256=_digest(secret),
        scopes=wanted,
        cap_micros=cap_micros,
        created_at=now,
        expires_at=expires_at,
        revoked_at=None,
    )
    session.add(row)
    session.flush()
    return _key(session, row), secret


def revoke_key(session: Session, prefix: str, *, now: datetime) -> Key:
    """Revoke a key from now on; doing it again changes nothing. Raises UnknownKey."""
    row = session.scalar(select(ApiKey).where(ApiKey.prefix == prefix))
    if row is None:
        raise UnknownKey(f"There is no key {prefix!r}.")
    row.revoked_at = row.revoked_at or now
    session.flush()
    return _key(session, row)


def list_keys(session: Session) -> list[Key]:
    """List all keys, the oldest first, revoked ones included."""
    return [_key(session, row) for row in session.scalars(select(ApiKey).order_by(ApiKey.id))]


def authenticate(session: Session, secret: str | None, *, now: datetime) -> Caller:
    """Find whose secret this is. Raises InvalidKey, in the same words for every reason."""
    shaped = SECRET.fullmatch(secret or "")
    row = session.scalar(select(ApiKey).where(ApiKey.prefix == shaped[1])) if shaped else None
    matches = row is not None and hmac.compare_digest(row.sha256, _digest(secret or ""))
    if row is None or not matches or row.revoked_at or (row.expires_at and row.expires_at <= now):
        raise InvalidKey("No valid API key. Send one as 'Authorization: Bearer bv_...', or in the header api-key.")
    return Caller(row.id, row.name, frozenset(row.scopes), row.cap_micros)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("ascii")).hexdigest()


def _key(session: Session, row: ApiKey) -> Key:
    return Key(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        scopes=tuple(row.scopes),
        cap_micros=row.cap_micros,
        spent_micros=read_spent(session, f"key/{row.id}"),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
