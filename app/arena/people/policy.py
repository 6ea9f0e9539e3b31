"""Policies: how often one voter and one network may ask, and how many of their votes count."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from app.arena import errors
from app.arena.tables import Counter
from app.database.statements import PreparedStatement

MINUTE_SECONDS = 60
DAY_SECONDS = 24 * 3600
MONTH_SECONDS = 30 * DAY_SECONDS
CLOCK_LEEWAY = timedelta(minutes=1)
"""How far apart clocks of servers may be; a time further ahead is of a clock that was wrong, and not believed."""

SEEN_BY_NETWORK = "seen/network"
"""The scope of the counter of pairs seen or judged from one network, by its key of 30 days."""


@dataclass(frozen=True)
class Policy:
    """Limits of an installation: numbers of matchups, None for no limit; times in milliseconds."""

    voter_minute: int | None = None
    """Issued to one voter in a minute."""
    voter_day: int | None = None
    network_day: int | None = None
    """Seen or judged from one network, a /24 or /48, in a day; counted where `voter_counted` is given."""
    address_day: int | None = None
    """Issued to one address, or /64, in a day, seen or not: asking alone spends what is the asker's own."""
    voter_counted: int | None = None
    """Seen by one voter in 30 days and counted; votes on later ones are stored and not counted."""
    network_counted: int | None = None
    shortest_dwell_ms: int = 0
    """Since both images were there; a quicker vote is stored and not counted."""
    unloadable_day: int | None = None
    """Pairs a voter may give back in a day because their pictures can't be loaded."""
    undone_day: int | None = None
    """Votes a voter may take back in a day."""
    smallest_pool: int = 0
    """Models that stand in a competition before a voter may ask for it: fewer would be told apart."""
    limits_guesses: bool = False
    """Whether a voter leaves a competition before the names seen there tell which models are left."""
    shows_sheets: bool = True
    """Whether readers see the field of an open competition without names: nobody is charged for looking."""

    @property
    def knows_networks(self) -> bool:
        """Tell whether a matchup stores, by a salted key, which network asked for it."""
        return (self.network_day, self.address_day, self.network_counted) != (None, None, None)

    @property
    def limits_issuing(self) -> bool:
        """Tell whether anything is counted, or stored of the network, when a matchup is issued."""
        return self.knows_networks or (self.voter_minute, self.voter_day) != (None, None)


FREE = Policy()
PUBLIC = Policy(
    voter_minute=20,
    voter_day=200,
    network_day=600,
    address_day=600,
    voter_counted=40,
    network_counted=120,
    shortest_dwell_ms=1000,
    unloadable_day=3,
    undone_day=3,
    smallest_pool=8,
    limits_guesses=True,
    shows_sheets=False,
)
POLICIES = {"local": FREE, "team": FREE, "public": PUBLIC}

_PLACE = ("scope", "key", "window")
_RAISE = PreparedStatement(
    lambda insert: (
        insert(Counter)
        .values({name: bindparam(f"its_{name}") for name in _PLACE} | {"count": 1})
        .on_conflict_do_update(index_elements=_PLACE, set_={"count": Counter.count + 1})
        .returning(Counter.count.label("counted"))
    )
)
_USED = PreparedStatement(
    lambda _: select(Counter.count).where(*(getattr(Counter, name) == bindparam(f"its_{name}") for name in _PLACE))
)


def count(session: Session, scope: str, key: str, *, seconds: int, now: datetime) -> int:
    """Count one more use in the present window of so many seconds; return the number of uses in it."""
    place = {"its_scope": f"{scope}/{seconds}", "its_key": key, "its_window": _window(now, seconds)}
    return int(_RAISE.first(session, **place).counted)


def check(
    session: Session, scope: str, key: str, limit: int | None, *, seconds: int, now: datetime, what: str
) -> None:
    """Count a use and raise TooMany beyond the limit; the refused use is rolled back with its transaction."""
    if limit is None or count(session, scope, key, seconds=seconds, now=now) <= limit:
        return
    _refuse(limit, seconds=seconds, now=now, what=what)


def check_left(
    session: Session, scope: str, key: str, limit: int | None, *, seconds: int, now: datetime, what: str
) -> None:
    """Raise TooMany where the present window is used up; nothing is counted."""
    if limit is None:
        return
    row = _USED.first(session, its_scope=f"{scope}/{seconds}", its_key=key, its_window=_window(now, seconds))
    if row is not None and row.count >= limit:
        _refuse(limit, seconds=seconds, now=now, what=what)


def _refuse(limit: int, *, seconds: int, now: datetime, what: str) -> NoReturn:
    left = seconds - int(now.timestamp()) % seconds
    raise errors.TooMany(f"{limit} {what} is the limit here.", retry_after=left)


def take_back(session: Session, scope: str, key: str, *, seconds: int, now: datetime) -> None:
    """Subtract a use from the present window, never below zero."""
    same = (Counter.scope == f"{scope}/{seconds}", Counter.key == key, Counter.window == _window(now, seconds))
    session.execute(update(Counter).where(*same, Counter.count > 0).values(count=Counter.count - 1))


def forget_counts(session: Session, *, now: datetime) -> None:
    """Delete the counters of windows that have ended."""
    for seconds in (MINUTE_SECONDS, 15 * MINUTE_SECONDS, DAY_SECONDS, MONTH_SECONDS):
        over = Counter.scope.like(f"%/{seconds}") & (Counter.window < _window(now, seconds))
        session.execute(delete(Counter).where(over))


def _window(now: datetime, seconds: int) -> int:
    return int(now.timestamp()) // seconds
