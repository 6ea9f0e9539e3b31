"""
Reads the small pictures of lists: named ones where readers may know the makers, else those of an open
competition's nameless sheet.

They change when entries and competitions do, far more seldom than boards: each process remembers them.
"""

from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar, cast

from flask import current_app
from sqlalchemy.orm import Session

from app.arena.entries import galleries, sheets
from app.arena.entries.competitions import CompetitionSummary
from app.arena.entries.showcases import arena_state
from app.edge.context import parts
from app.edge.page_cache import recall
from app.leaderboards.views import boards

Result = TypeVar("Result")
COVER = 4
MOST = 256
"""Results that a process remembers of one state of the arena."""


def read_covers(session: Session, listed: Iterable[CompetitionSummary]) -> dict[str, tuple[str, ...]]:
    """Read the addresses of at most `COVER` pictures of each competition; two queries, and one in `public`."""
    summaries = tuple(listed)
    named = tuple(one.slug for one in summaries if one.is_named)
    blind = tuple(one.slug for one in summaries if not one.is_named)
    covers = remember(galleries.read_covers, session, named, COVER)
    if parts().policy.shows_sheets:
        return covers | remember(sheets.read_sheets, session, blind, COVER)
    return covers


def remember(read: Callable[..., Result], session: Session, *given: Hashable) -> Result:
    """Return what `read(session, *given)` says, remembered while no entry and no model changes."""
    state = recall(arena_state), recall(boards.read_current).catalogue
    remembered: tuple[Any, dict[Any, Any]] = current_app.extensions.get("blindvote.pictures", (None, {}))
    if remembered[0] != state or len(remembered[1]) >= MOST:
        remembered = current_app.extensions["blindvote.pictures"] = (state, {})
    known = remembered[1]
    if (read, given) not in known:
        known[read, given] = read(session, *given)
    return cast("Result", known[read, given])
