"""The versions that pages about more than one board are made from."""

from collections.abc import Hashable

from app.arena.entries.showcases import arena_state
from app.catalog import lookup
from app.edge.context import parts, refresh
from app.edge.page_cache import recall
from app.leaderboards.views import boards
from app.words import MODES


def versions() -> Hashable:
    """Refresh the boards and return a cache key: every board's run, the catalogue, entries and competitions."""
    refresh(parts(), *MODES, also=((arena_state,), (lookup.slugs,)))
    current = recall(boards.read_current)
    return tuple(current.runs.values()), current.catalogue, recall(arena_state)
