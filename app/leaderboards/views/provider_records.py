"""Tells how providers did with real requests: success rate and seconds, from the gateway's log."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from statistics import median
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.catalog import lookup
from app.gateway.log import MADE
from app.gateway.tables import GenerationRow

REACH = timedelta(days=30)
LATEST = 2000
"""Requests that are read, the latest: what a board costs does not grow with its traffic."""
FEWEST = 10
"""Attempts from which on a record is shown."""
CALLERS_FAULT = frozenset({"account", "moderated", "rejected", "vector"})
"""Outcomes that tell of the request or of our account, and nothing of the provider."""


class ProviderRecord(NamedTuple):
    """A provider's attempts at one model: how many, the share that brought images, and their seconds."""

    provider: str
    attempts: int
    success_rate: float
    seconds_median: float | None
    seconds_p95: float | None
    """The time that 95 of 100 stay within."""


def read_records(session: Session, now: datetime) -> Mapping[int, tuple[ProviderRecord, ...]]:
    """Read each model's records of the last 30 days, by model id; the provider with most attempts comes first."""
    latest = (
        select(GenerationRow.model_id, GenerationRow.attempts)
        .where(GenerationRow.started_at > now - REACH)
        .order_by(GenerationRow.id.desc())
        .limit(LATEST)
    )
    tried: dict[tuple[int, str], list[tuple[bool, float]]] = defaultdict(list)
    for model, attempts in session.execute(latest):
        for one in attempts:
            if one["outcome"] not in CALLERS_FAULT:
                tried[model, one["provider"]].append((one["outcome"] in MADE, one["seconds"]))
    return _by_model(tried, dict(lookup.providers(session)))


def read_latest_request(session: Session) -> int:
    """Read the id of the newest request: a page that shows records is made anew when it changes."""
    return session.scalar(select(func.max(GenerationRow.id))) or 0


def _by_model(
    tried: Mapping[tuple[int, str], Sequence[tuple[bool, float]]], names: Mapping[str, str]
) -> dict[int, tuple[ProviderRecord, ...]]:
    found: dict[int, tuple[ProviderRecord, ...]] = {}
    for (model, provider), attempts in sorted(tried.items(), key=lambda one: (-len(one[1]), one[0])):
        if len(attempts) >= FEWEST:
            found[model] = (*found.get(model, ()), _record(names.get(provider, provider), attempts))
    return found


def _record(provider: str, attempts: Iterable[tuple[bool, float]]) -> ProviderRecord:
    every = list(attempts)
    seconds = sorted(took for made, took in every if made)
    p95 = seconds[ceil(0.95 * len(seconds)) - 1] if seconds else None
    middle = median(seconds) if seconds else None
    return ProviderRecord(provider, len(every), len(seconds) / len(every), middle, p95)
