"""The figures that the integrity page and its JSON are made from."""

from collections.abc import Hashable

from app.arena.voting import matchmaking
from app.catalog import lookup
from app.edge.context import now, parts, refresh, today
from app.edge.page_cache import recall
from app.leaderboards.integrity import audit, public_report
from app.leaderboards.integrity.public_report import PublicReport
from app.leaderboards.views import boards
from app.words import MODES


def read_versions() -> Hashable:
    """Read the versions that the facts depend on."""
    for mode in MODES:
        refresh(parts(), mode)
    runs = recall(boards.read_current).runs
    seen = tuple((runs.get(mode), recall(audit.read_latest_id, mode)) for mode in MODES)
    return seen, recall(lookup.version), recall(public_report.read_version)


def read_report() -> PublicReport:
    """Read the facts as they are now; how pairs are drawn comes from the pool that draws them."""
    sampling: dict[str, matchmaking.SamplingShares] = {}
    with parts().database.reading() as session:
        for mode in MODES:
            state = parts().pool.published_state(session, mode, today=today())
            if state.competitions:
                sampling[mode] = matchmaking.shares(state)
        return public_report.read_public_report(session, sampling, now=now())
