"""The generation log: who asked for what, where it was made, in what time, at what cost; no prompts or images."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.gateway.tables import GenerationRow

MADE = ("ok", "partial")
RECENT = 50


@dataclass(frozen=True)
class Attempt:
    """One offering tried; `outcome` is `ok`, `partial` or the code of the failure. Times in seconds."""

    offering: str
    provider: str
    provider_model_id: str
    outcome: str
    images: int
    seconds: float
    cost_micros: int


def begin(
    session: Session,
    *,
    request_id: str,
    payer: str,
    key_id: int | None,
    model_id: int,
    request: dict[str, Any],
    now: datetime,
    reserved_micros: int,
) -> int:
    """Write the row of a request that starts now; return its id."""
    row = GenerationRow(
        request_id=request_id,
        payer=payer,
        key_id=key_id,
        model_id=model_id,
        request=request,
        started_at=now,
        outcome="running",
        offering=None,
        attempts=[],
        images=0,
        seconds=None,
        reserved_micros=reserved_micros,
        cost_micros=0,
    )
    session.add(row)
    session.flush()
    return row.id


def finish(
    session: Session, row_id: int, *, outcome: str, attempts: Sequence[Attempt], seconds: float | None
) -> None:
    """Complete the row of a request that has ended."""
    row = session.get_one(GenerationRow, row_id)
    row.outcome = outcome
    row.offering = next((attempt.offering for attempt in attempts if attempt.images), None)
    row.attempts = [asdict(attempt) for attempt in attempts]
    row.images = sum(attempt.images for attempt in attempts)
    row.seconds = seconds
    row.cost_micros = sum(attempt.cost_micros for attempt in attempts)


def median_seconds(session: Session, offering: str) -> float | None:
    """Return the median time of an offering's latest requests; None while there are none."""
    latest = session.scalars(
        select(GenerationRow.seconds)
        .where(GenerationRow.offering == offering, GenerationRow.outcome.in_(MADE))
        .order_by(GenerationRow.id.desc())
        .limit(RECENT)
    )
    seconds = [value for value in latest if value is not None]
    return statistics.median(seconds) if seconds else None
