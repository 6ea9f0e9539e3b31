"""Pages about more than one board, and the versions that they are made from."""

from collections.abc import Callable, Hashable

from flask import Response

from app.arena.entries.showcases import arena_state
from app.catalog import lookup
from app.edge.context import parts, refresh
from app.edge.page_cache import public_page, recall
from app.leaderboards.views import boards
from app.web.addresses import base_url
from app.words import MODES


def versions() -> Hashable:
    """Refresh the boards and return a cache key: every board's run, the catalogue, entries and competitions."""
    refresh(parts(), *MODES, also=((arena_state,), (lookup.slugs,)))
    current = recall(boards.read_current)
    return tuple(current.runs.values()), current.catalogue, recall(arena_state)


def arena_page(render: Callable[..., str], *given: Hashable, mimetype: str = "text/html") -> Response:
    """
    Serve a page about the whole arena, the same for everybody until a board, an entry or the catalogue changes.

    `render` takes what was asked for, `given`, and the address of this server.
    """
    base = base_url()
    return public_page((base, given, versions()), lambda: render(*given, base), mimetype)
