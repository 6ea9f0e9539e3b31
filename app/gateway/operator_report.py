"""Reports for the operator: what was spent where and by whom, and how providers are doing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.database.columns import date_of, day_number
from app.gateway import health
from app.gateway.log import MADE
from app.gateway.tables import ApiKey, CircuitBreaker, GenerationRow

RECENT = 500
"""Requests that a provider's record is read from."""


@dataclass(frozen=True)
class DaySpend:
    """One UTC day's requests of one payer that one provider served; millionths of a dollar."""

    day: date
    provider: str
    payer: str
    requests: int
    images: int
    micros: int

    @property
    def is_paid(self) -> bool:
        """Tell whether somebody sends a bill; nobody does for the painter, whose prices are for charts."""
        return self.provider != "painter"


@dataclass(frozen=True)
class Resting:
    """An offering, or a whole provider, that failed and why; asked again at `until`."""

    name: str
    failures: int
    code: str
    until: datetime
    is_resting: bool


@dataclass(frozen=True)
class Record:
    """The record of a provider's latest calls: how many went well and what the last error was."""

    provider: str
    is_set_up: bool
    calls: int
    good: int
    last_code: str | None
    """Of the latest call that failed."""


def spend(session: Session, *, now: datetime, days: int) -> list[DaySpend]:
    """Sum up each day, the latest first; a request counts for the provider that made its first image."""
    day = day_number(GenerationRow.started_at)
    first = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days - 1)
    offering = func.coalesce(GenerationRow.offering, "")
    rows = session.execute(
        select(
            day,
            offering,
            GenerationRow.payer,
            ApiKey.name,
            func.count(),
            func.sum(GenerationRow.images),
            func.sum(GenerationRow.cost_micros),
        )
        .outerjoin(ApiKey, ApiKey.id == GenerationRow.key_id)
        .where(GenerationRow.started_at >= first)
        .group_by(day, offering, GenerationRow.payer, ApiKey.name)
    )
    found: dict[tuple[date, str, str], list[int]] = {}
    for number, made_at, payer, key, *sums in rows:
        provider = made_at.partition("/")[0] or "none"
        total = found.setdefault((date_of(number), provider, _payer(payer, key)), [0, 0, 0])
        total[:] = [one + int(other) for one, other in zip(total, sums, strict=True)]
    ordered = sorted(found.items(), key=lambda item: (-item[0][0].toordinal(), -item[1][2], item[0]))
    return [DaySpend(*key, *sums) for key, sums in ordered]


def rests(session: Session, *, now: datetime) -> list[Resting]:
    """List offerings and providers that failed, those that rest now first."""
    rows = session.scalars(select(CircuitBreaker).order_by(CircuitBreaker.until.desc(), CircuitBreaker.name))
    return [Resting(row.name, row.failures, row.code, row.until, health.is_open(row.until, now)) for row in rows]


def records(session: Session, providers: Iterable[str], set_up: Iterable[str]) -> list[Record]:
    """Sum up how each provider did, from the latest requests' attempts."""
    latest = select(GenerationRow.attempts).order_by(GenerationRow.id.desc()).limit(RECENT)
    calls = [attempt for attempts in session.scalars(latest) for attempt in reversed(attempts)]
    ready = frozenset(set_up)
    return [
        _record(name, name in ready, [call["outcome"] for call in calls if call["provider"] == name])
        for name in providers
    ]


def _record(name: str, is_set_up: bool, outcomes: list[str]) -> Record:
    """Sum up outcomes, the latest first."""
    bad = [outcome for outcome in outcomes if outcome not in MADE]
    return Record(name, is_set_up, len(outcomes), len(outcomes) - len(bad), bad[0] if bad else None)


def _payer(payer: str, key: str | None) -> str:
    """Name a payer: a key by its name, visitors of the playground all together."""
    return f"key {key}" if key else payer.partition("/")[0]
