"""What pages about more than one board are made from."""

from collections.abc import Hashable

from app.arena.entries.showcases import arena_state
from app.edge.context import parts, refresh
from app.edge.page_cache import recall
from app.leaderboards.views import boards
from app.words import MODES


def versions() -> Hashable:
    """Every board's run, brought up to date, the catalogue, and which entries and competitions there are."""
    refresh(parts(), *MODES, also=((arena_state,),))
    current = recall(boards.current)
    return tuple(current.runs.values()), current.catalogue, recall(arena_state)
