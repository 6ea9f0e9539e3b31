"""What the integrity page and its JSON are made from."""

from collections.abc import Hashable

from app.arena import matchmaking
from app.catalog import lookup
from app.edge.context import now, parts, refresh, today
from app.edge.recent import recall
from app.leaderboards import audit, boards, openness
from app.leaderboards.openness import Openness


def versions() -> Hashable:
    """What the facts depend on."""
    for mode in boards.MODES:
        refresh(parts(), mode)
    runs = recall(boards.current).runs
    seen = tuple((runs.get(mode), recall(audit.latest_id, mode)) for mode in boards.MODES)
    return seen, recall(lookup.version), recall(openness.version)


def facts() -> Openness:
    """As they are now; how pairs are drawn is read from the pool that draws them."""
    found, sampling = parts(), {}
    with found.database.reading() as session:
        for mode in boards.MODES:
            state = found.pool.state(session, mode, today=today())
            if state.competitions:
                sampling[mode] = matchmaking.shares(state)
        return openness.openness(session, sampling, now=now())
