"""The two transactions around the calls of a request: money and log before, everything that is known after."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy.orm import Session

from app.gateway import files, health, log, money
from app.gateway.attempts import AttemptResult
from app.gateway.files import LinkedFile
from app.gateway.money import Payer
from app.gateway.normalize import Plan
from app.gateway.providers.base import FINAL
from app.gateway.request import ImageRequest


@dataclass(frozen=True)
class Ticket:
    """A request that has begun: its log row, and what is reserved for it."""

    request_id: str
    row_id: int
    payer: Payer
    reserved_micros: int
    now: datetime


@dataclass(frozen=True)
class Ending:
    """How it ended: `ok`, `partial`, `interrupted` or an error's code; links work for so many seconds."""

    outcome: str
    tried: Sequence[AttemptResult]
    files: Sequence[LinkedFile]
    link_seconds: int


def begin(
    session: Session,
    request: ImageRequest,
    plans: Sequence[Plan],
    payer: Payer,
    *,
    model_id: int,
    now: datetime,
) -> Ticket:
    """Reserve what the dearest plan costs: any of them may be the one. Raises CapReached or BudgetExhausted."""
    request_id = f"req_{secrets.token_hex(16)}"
    reserved = max((plan.cost.micros for plan in plans if plan.cost), default=0)
    money.reserve(session, payer.budgets, reserved)
    row_id = log.begin(
        session,
        request_id=request_id,
        payer=payer.name,
        key_id=payer.key_id,
        model_id=model_id,
        request=request.summary(),
        now=now,
        reserved_micros=reserved,
    )
    return Ticket(request_id, row_id, payer, reserved, now)


def end(session: Session, ticket: Ticket, ending: Ending) -> list[str]:
    """Log, money, links, and who failed. Returns the keys of expired files, to be deleted after the commit."""
    spent = sum(one.attempt.cost_micros for one in ending.tried)
    seconds = [one.call_seconds for one in ending.tried if one.call_seconds is not None]
    money.settle(session, ticket.payer.budgets, reserved=ticket.reserved_micros, spent=spent)
    log.finish(
        session,
        ticket.row_id,
        outcome=ending.outcome,
        attempts=[one.attempt for one in ending.tried],
        seconds=median(seconds) if seconds else None,
    )
    for file in ending.files:
        files.link(session, file, ticket.row_id, now=ticket.now, seconds=ending.link_seconds)
    for one in ending.tried:
        _note_health(session, one, ticket.now)
    return files.expire(session, now=ticket.now)


def _note_health(session: Session, one: AttemptResult, now: datetime) -> None:
    """A provider is not to blame for what it rightly refuses."""
    if one.pictures:
        health.record_success(session, [one.attempt.offering, one.attempt.provider])
        return
    blamed = [failure for failure in one.failures if failure.code not in FINAL]
    if blamed:
        first = blamed[0]
        name = one.attempt.provider if first.code == "account" else one.attempt.offering
        health.record_failure(session, name, first.code, now=now, retry_after=first.retry_after)
