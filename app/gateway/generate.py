"""Generates images for a request, whoever makes them. `generate` is usable without HTTP."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from app import metrics
from app.catalog.pricing import MICROS
from app.database.doors import Database
from app.gateway.attempts import AttemptResult, attempt
from app.gateway.errors import GatewayError
from app.gateway.failing import failure
from app.gateway.generation import Generation, generated_images, summarize
from app.gateway.money import HOUSE, Payer
from app.gateway.normalize import RequestPlan
from app.gateway.planning import CostEstimate, GatewayConfig, PreparedRequest, estimate, prepare
from app.gateway.providers import set_up
from app.gateway.providers.base import FINAL
from app.gateway.queue import RequestQueue
from app.gateway.request import ImageRequest
from app.gateway.settling import Completion, KeptAnswer, Reservation, begin, end
from app.gateway.storage import Storage
from app.gateway.transport import Client, HttpSession
from app.painter.painters import PAINTERS
from app.settings import Settings

__all__ = ["CostEstimate", "GatewayConfig", "Generation", "estimate", "generate", "read_config"]

AT_ONCE = 8
"""Requests that one process carries out at the same time."""
WAITING = 32
"""More of them that may wait for a place."""
IMAGE_BYTES = 64 * 2**20
"""What a provider may send for each image of a request, base64 and polls included."""
QUEUE = RequestQueue(at_once=AT_ONCE, waiting=WAITING)
logger = logging.getLogger(__name__)


def read_config(settings: Settings) -> GatewayConfig:
    """Read from the environment what this installation can do."""
    return GatewayConfig(
        providers=set_up(settings),
        default_model=settings.default_image_model or next(iter(PAINTERS)),
        seconds=settings.gateway_seconds,
        link_seconds=settings.file_url_seconds,
        queue_seconds=settings.gateway_queue_seconds,
    )


def generate(
    database: Database,
    storage: Storage,
    request: ImageRequest,
    config: GatewayConfig,
    *,
    now: datetime,
    client: Client,
    payer: Payer = HOUSE,
) -> Generation:
    """
    Make the images; fewer than asked for when some can't be had, never none.

    Waits for a place in the queue first. Money is reserved before the first call and settled after the last.
    Raises a GatewayError.
    """
    prepared = prepare(database, request, config, payer, now=now)
    with QUEUE.place(QUEUE.enter(payer.name), config.queue_seconds) as waited:
        prepared = replace(prepared, queue_seconds=waited)
        http = client.open_session(seconds=config.seconds, max_bytes=IMAGE_BYTES * (1 + request.n))
        return carry_out(database, storage, prepared, config, clock=lambda: now, http=http, payer=payer)


def carry_out(
    database: Database,
    storage: Storage,
    prepared: PreparedRequest,
    config: GatewayConfig,
    *,
    clock: Callable[[], datetime],
    http: HttpSession,
    payer: Payer,
    keep: KeptAnswer | None = None,
) -> Generation:
    """
    Make the images of a prepared request that has its place; `keep` says where its answer is kept.

    `clock` tells the time in UTC. Raises a GatewayError.
    """
    request, plans = prepared.request, prepared.plans
    reservation = database.write(lambda session: begin(session, prepared, payer, now=clock()))
    tried: list[AttemptResult] = []
    outcome, made = "interrupted", None
    try:
        _try_all(tried, plans, request, http)
        if not generated_images(tried):
            raise failure(tried, request, http)
        made = summarize(reservation.request_id, prepared, tried, storage, is_kept=keep is not None)
        outcome = "ok" if len(made.drawn) == request.n else "partial"
    except GatewayError as error:
        outcome = error.code
        raise
    finally:
        completion = Completion(outcome, tried, clock(), config.link_seconds, made, keep)
        is_recorded = _settle(database, storage, reservation, completion)
    return made if is_recorded else replace(made, linked=False, inline=True)


def _try_all(
    tried: list[AttemptResult], plans: Sequence[RequestPlan], request: ImageRequest, http: HttpSession
) -> None:
    """
    Try one offering after the other until everything is there; half of the time left for each but the last.

    When some images are missing at the end, whoever made the others is asked for them once more.
    """
    for place, plan in enumerate(plans):
        share = http.left if place == len(plans) - 1 else http.left / 2
        if _try(tried, plan, request, http, share):
            return
    makers = [plan for plan, one in zip(plans, tried, strict=False) if one.pictures]
    if makers:
        _try(tried, makers[0], request, http, http.left)


def _try(
    tried: list[AttemptResult], plan: RequestPlan, request: ImageRequest, http: HttpSession, seconds: float
) -> bool:
    """Return whether this was the last attempt needed, or the last that makes sense."""
    missing = request.n - len(generated_images(tried))
    if http.left <= 0:
        return True
    one = attempt(plan, request, http.to(plan.provider.base_url, seconds=seconds), n=missing)
    tried.append(one)
    return len(one.pictures) == missing or any(failure.code in FINAL for failure in one.failures)


def _settle(database: Database, storage: Storage, reservation: Reservation, completion: Completion) -> bool:
    """
    Record how the request ended; return whether the database took it.

    Images that could not be recorded were paid for all the same: they go out as base64, and what was reserved for
    them stays counted as spent.
    """
    try:
        expired = database.write(lambda session: end(session, reservation, completion))
    except Exception:
        logger.exception("The database did not take the end of %s.", reservation.request_id)
        return False
    _follow_up(storage, expired, completion.tried)
    return True


def _follow_up(storage: Storage, expired: Sequence[str], tried: Sequence[AttemptResult]) -> None:
    """Delete expired files and count the attempts; what fails here is logged, for the images are recorded."""
    for key in expired:
        try:
            storage.delete(key)
        except Exception:
            logger.exception("The expired file %s could not be deleted.", key)
    for made in (one.attempt for one in tried):
        metrics.count("generations_total", made.provider, made.outcome)
        metrics.observe("generation_seconds", made.seconds, made.provider)
        metrics.count("spent_usd_total", made.provider, by=made.cost_micros / MICROS)
