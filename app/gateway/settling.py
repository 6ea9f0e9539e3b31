"""The transactions around the calls of a request: one reserves its money and logs it, one records the result."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy.orm import Session

from app.gateway import files, health, log, money, replay
from app.gateway.attempts import AttemptResult
from app.gateway.generation import Generation
from app.gateway.money import Payer
from app.gateway.planning import PreparedRequest
from app.gateway.providers.base import FINAL


@dataclass(frozen=True)
class Reservation:
    """A request that has begun: its log row, and what is reserved for it."""

    request_id: str
    row_id: int
    payer: Payer
    reserved_micros: int


@dataclass(frozen=True)
class KeptAnswer:
    """The row of an answer that is kept for replays, and for how many seconds after it is there."""

    row_id: int
    seconds: float


@dataclass(frozen=True)
class Completion:
    """
    The end of a request: `ok`, `partial`, `interrupted` or an error's code; `link_seconds` count from then.

    `made` is None where no image came.
    """

    outcome: str
    tried: Sequence[AttemptResult]
    ended: datetime
    link_seconds: int
    made: Generation | None = None
    keep: KeptAnswer | None = None


def begin(session: Session, prepared: PreparedRequest, payer: Payer, *, now: datetime) -> Reservation:
    """Reserve what the dearest plan costs: any of them may be the one. Raises CapReached or BudgetExhausted."""
    request_id = f"req_{secrets.token_hex(16)}"
    reserved = max((plan.cost.micros for plan in prepared.plans if plan.cost), default=0)
    money.reserve(session, payer.budgets, reserved)
    row_id = log.begin(
        session,
        request_id=request_id,
        payer=payer.name,
        key_id=payer.key_id,
        model_id=prepared.model_id,
        request={**prepared.request.summary(), "queue_seconds": prepared.queue_seconds},
        now=now,
        reserved_micros=reserved,
    )
    return Reservation(request_id, row_id, payer, reserved)


def end(session: Session, reservation: Reservation, completion: Completion) -> list[str]:
    """Write log, money, links, and who failed; return the keys of expired files, to delete after the commit."""
    tried, made = completion.tried, completion.made
    spent = sum(one.attempt.cost_micros for one in tried)
    seconds = [one.call_seconds for one in tried if one.call_seconds is not None]
    money.settle(session, reservation.payer.budgets, reserved=reservation.reserved_micros, spent=spent)
    log.finish(
        session,
        reservation.row_id,
        outcome=completion.outcome,
        attempts=[one.attempt for one in tried],
        seconds=median(seconds) if seconds else None,
    )
    if made:
        _link(session, made, reservation.row_id, completion)
    for one in tried:
        _note_health(session, one, completion.ended)
    return files.expire(session, now=completion.ended)


def _link(session: Session, made: Generation, row_id: int, completion: Completion) -> None:
    """Make the links work, and keep the answer where that is wanted."""
    stored = [drawn.file for drawn in made.drawn if drawn.file]
    if made.linked:
        until = completion.ended + timedelta(seconds=completion.link_seconds)
        for file in stored:
            files.link_until(session, file, row_id, until)
    if completion.keep and len(stored) == len(made.drawn):
        until = completion.ended + timedelta(seconds=completion.keep.seconds)
        replay.keep(session, completion.keep.row_id, made, row_id, until=until)


def _note_health(session: Session, one: AttemptResult, now: datetime) -> None:
    """Count failures of the offering or the account; what a provider rightly refuses is none."""
    if one.pictures:
        health.record_success(session, [one.attempt.offering, one.attempt.provider])
        return
    blamed = [failure for failure in one.failures if failure.code not in FINAL]
    if blamed:
        first = blamed[0]
        name = one.attempt.provider if first.code == "account" else one.attempt.offering
        health.record_failure(session, name, first.code, now=now, retry_after=first.retry_after)
