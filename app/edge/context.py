"""What a view may ask for: the parts that create_app wired, and the time of this request."""

import math
import random
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from flask import current_app, g
from sqlalchemy.orm import Session

from app.arena.people.policy import POLICIES, Policy
from app.arena.voting.pool import Pool
from app.arena.voting.vote_casting import Answer, Choice
from app.database.doors import Database, DatabaseBusy
from app.demo.simulated_voters import is_demo
from app.edge.read_cache import Recent, forget, recall
from app.gateway.storage import Storage
from app.leaderboards.integrity.audit import latest_id
from app.leaderboards.runs import refresh as boards
from app.leaderboards.views.boards import current
from app.leaderboards.views.reveal import Reveal
from app.settings import Settings


@dataclass(frozen=True)
class Parts:
    """One application's parts; nothing here decides anything a second process would need to know."""

    settings: Settings
    database: Database
    storage: Storage
    vote: Callable[[Choice], tuple[Answer, Reveal | None]]
    """The door for votes."""
    pool: Pool = field(default_factory=Pool)
    rng: random.Random = field(default_factory=random.SystemRandom)
    recent: Recent = field(default_factory=Recent)
    follow_at: dict[str, float] = field(default_factory=dict)
    """By mode, on this process's clock: when a vote is next followed."""

    @property
    def policy(self) -> Policy:
        """What voters and networks may do here."""
        return POLICIES[self.settings.profile]


def parts() -> Parts:
    """Of the application that handles this request."""
    found: Parts = current_app.extensions["blindvote"]
    return found


def refresh(found: Parts, *modes: str, also: Iterable[tuple[Any, ...]] = ()) -> None:
    """
    Compute these modes' stale boards; a busy database leaves that to the next reader.

    `also` is what the page will recall, read in the same snapshot.
    """
    others, g.due_at = g.get("due_at", math.inf), -math.inf
    of_each = tuple((read, mode) for mode in modes for read in (_due_at, latest_id))
    with suppress(DatabaseBusy):
        dues = [recall(_due_at, mode, also=(*of_each, (current,), (is_demo,), *also)) for mode in modes]
        stale = [mode for mode, due_at in zip(modes, dues, strict=True) if due_at <= time.monotonic()]
        for mode in stale:
            _compute(found, mode)
        if stale:
            forget()
        else:
            g.due_at = min([others, *dues])


def follow_vote(found: Parts, mode: str) -> None:
    """
    After the response to a vote has left: what the next pair and the next reader will want to know.

    A courtesy, once per REFRESH_SECONDS in a process: a reader who comes before it asks for himself.
    """
    if time.monotonic() < found.follow_at.get(mode, 0):
        return
    found.follow_at[mode] = time.monotonic() + found.settings.refresh_seconds
    with suppress(DatabaseBusy):
        _compute(found, mode)
    with suppress(DatabaseBusy):
        found.pool.renew(found.database, mode, today=datetime.now(UTC).date())


def now() -> datetime:
    """One instant for the whole request."""
    if "now" not in g:
        g.now = datetime.now(UTC)
    moment: datetime = g.now
    return moment


def today() -> date:
    """The UTC day of this request."""
    return now().date()


def _compute(found: Parts, mode: str) -> None:
    boards.refresh(found.database, mode, now=datetime.now(UTC), refresh_seconds=found.settings.refresh_seconds)


def _due_at(session: Session, mode: str) -> float:
    """When the first stale board may be computed, on this process's clock; never while all are current."""
    asked = time.monotonic()
    waits = (board.wait_ms for board in boards.stale(session, mode))
    return asked + min(waits, default=math.inf) / 1000
