"""The context of a request: the parts that create_app wired, the time, and boards that are up to date."""

import math
import random
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from flask import current_app, g
from sqlalchemy.orm import Session

from app.arena.people.policy import POLICIES, Policy
from app.arena.voting.expected_pictures import ExpectedPictures
from app.arena.voting.pool import Pool
from app.database.doors import Database, DatabaseBusy
from app.demo.simulated_voters import is_demo
from app.edge.after_commit import best_effort
from app.edge.clock import now, today
from app.edge.page_cache import PageCache, forget, recall
from app.gateway.picture_cache import PictureCache
from app.gateway.storage import Storage
from app.leaderboards.integrity.audit import read_latest_id
from app.leaderboards.runs import refresh as boards
from app.leaderboards.views.boards import read_current
from app.settings import Settings

ASKED_PER_REFRESH = 4
"""How often a process with votes asks whether boards are due: somebody else's claim may have ended meanwhile."""

__all__ = ["Parts", "follow_vote", "now", "parts", "refresh", "today"]


@dataclass(frozen=True)
class Parts:
    """The parts of one application; none decides anything that a second process would have to know."""

    settings: Settings
    database: Database
    storage: Storage
    pictures: PictureCache
    pages: PageCache
    pool: Pool = field(default_factory=Pool)
    expected: ExpectedPictures = field(default_factory=ExpectedPictures)
    rng: random.Random = field(default_factory=random.SystemRandom)
    follow_at: dict[str, float] = field(default_factory=dict)
    """The time when `follow_vote` next does something, by mode, on this process's monotonic clock."""

    @property
    def policy(self) -> Policy:
        """Return what voters and networks may do here."""
        return POLICIES[self.settings.profile]


def parts() -> Parts:
    """Return the parts of the application that handles this request."""
    return cast("Parts", current_app.extensions["blindvote"])


def refresh(wired: Parts, *modes: str, also: Iterable[tuple[Any, ...]] = ()) -> None:
    """
    Compute these modes' stale boards; a busy database leaves that to the next reader.

    `also` is what the page will recall, read in the same snapshot.
    """
    others, g.due_at = g.get("due_at", math.inf), -math.inf
    of_each = tuple((read, mode) for mode in modes for read in (_due_at, read_latest_id))
    with suppress(DatabaseBusy):
        dues = [recall(_due_at, mode, also=(*of_each, (read_current,), (is_demo,), *also)) for mode in modes]
        stale = [mode for mode, due_at in zip(modes, dues, strict=True) if due_at <= time.monotonic()]
        for mode in stale:
            _compute(wired, mode)
        if stale:
            forget()
        else:
            g.due_at = min([others, *dues])


def is_follow_due(wired: Parts, mode: str) -> bool:
    """Tell whether `follow_vote` has anything to do now."""
    return time.monotonic() >= wired.follow_at.get(mode, 0)


@best_effort
def follow_vote(wired: Parts, mode: str) -> None:
    """
    Bring boards and pairing pool up to date after the response to a vote has left.

    It spares the next reader and the next voter the wait. One thread of a process does it, as soon as a board may
    be computed, and asks for that a few times per REFRESH_SECONDS. Whoever comes before it does it for themselves.
    """
    if not is_follow_due(wired, mode):
        return
    pause, due_at = wired.settings.refresh_seconds, math.inf
    wired.follow_at[mode] = time.monotonic() + pause
    with suppress(DatabaseBusy):
        with wired.database.reading() as session:
            due_at = _due_at(session, mode)
        if due_at <= time.monotonic():
            _compute(wired, mode)
    with suppress(DatabaseBusy):
        wired.pool.renew(wired.database, mode, today=datetime.now(UTC).date())
    wired.follow_at[mode] = min(due_at, time.monotonic() + pause / ASKED_PER_REFRESH)


def _compute(wired: Parts, mode: str) -> None:
    boards.refresh(wired.database, mode, now=datetime.now(UTC), refresh_seconds=wired.settings.refresh_seconds)


def _due_at(session: Session, mode: str) -> float:
    """Tell when the first stale board may be computed, on this process's clock; never while all are current."""
    asked = time.monotonic()
    waits = (board.wait_ms for board in boards.find_stale(session, mode))
    return asked + min(waits, default=math.inf) / 1000
