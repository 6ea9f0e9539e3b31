"""
Networks: remembers which network a request came from by salted keys only.

A key is the HMAC of the /24 or /48 prefix under a salt that lives for one day or thirty. Once the salt is gone,
nobody can tell which network a key stood for. The address itself is never stored.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import and_, bindparam, delete, literal_column, or_, select
from sqlalchemy.orm import Session

from app.arena.people.policy import DAY_SECONDS
from app.arena.tables import NetworkSalt
from app.database.doors import insert
from app.database.statements import PreparedStatement

SHORT_DAYS, LONG_DAYS = 1, 30
"""Days that a salt lives, and with it the keys that it makes."""
SALT_BYTES = 32
KEY_BYTES = 16

_SALTS = PreparedStatement(
    lambda _: select(NetworkSalt.days, NetworkSalt.salt).where(
        or_(
            and_(NetworkSalt.days == literal_column(str(SHORT_DAYS)), NetworkSalt.window == bindparam("day")),
            and_(NetworkSalt.days == literal_column(str(LONG_DAYS)), NetworkSalt.window == bindparam("month")),
        )
    )
)


@dataclass(frozen=True)
class NetworkKeys:
    """A network's keys of 16 bytes, for a day and for 30 days, and a day's key of one address in it."""

    day: bytes
    month: bytes
    address: bytes


def prefix(address: str | None) -> str:
    """Return the /24 or /48 prefix of an address; an IPv4 address mapped into IPv6 counts as IPv4."""
    return _network_of(address, 24, 48)


def single(address: str | None) -> str:
    """Return what stands for one client: an IPv4 address, or the /64 that an IPv6 client may choose from."""
    return _network_of(address, 32, 64).removesuffix("/32")


@lru_cache(1024)
def _network_of(address: str | None, bits_of_4: int, bits_of_6: int) -> str:
    """Return the network of an address with so many bits; "unknown" where it is none."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return "unknown"
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    parsed = mapped or parsed
    return str(ip_network(f"{parsed}/{bits_of_4 if parsed.version == 4 else bits_of_6}", strict=False))


def keys(session: Session, network: str, *, now: datetime, address: str = "") -> NetworkKeys:
    """Return a network's keys. Call it inside `write`: a window's first call makes its salt and drops old ones."""
    windows = {days: _window(now, days) for days in (SHORT_DAYS, LONG_DAYS)}
    salts = _salts(session, windows)
    if len(salts) < len(windows):
        for days, window in windows.items():
            _renew(session, days, window)
        salts = _salts(session, windows)
    return NetworkKeys(
        _key(salts[SHORT_DAYS], network),
        _key(salts[LONG_DAYS], network),
        _key(salts[SHORT_DAYS], f"address {address or network}"),
    )


def _key(salt: bytes, of: str) -> bytes:
    return hmac.digest(salt, of.encode(), hashlib.sha256)[:KEY_BYTES]


def _salts(session: Session, windows: dict[int, int]) -> dict[int, bytes]:
    rows = _SALTS.all(session, day=windows[SHORT_DAYS], month=windows[LONG_DAYS])
    return {row.days: row.salt for row in rows}


def _renew(session: Session, days: int, window: int) -> None:
    session.execute(delete(NetworkSalt).where(NetworkSalt.days == days, NetworkSalt.window < window))
    fresh = {"days": days, "window": window, "salt": secrets.token_bytes(SALT_BYTES)}
    session.execute(insert(session, NetworkSalt).values(fresh).on_conflict_do_nothing())


def _window(now: datetime, days: int) -> int:
    return int(now.timestamp()) // (days * DAY_SECONDS)
