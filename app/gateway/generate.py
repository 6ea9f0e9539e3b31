"""`generate`: a request in, images out, whoever makes them. Usable without HTTP."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction

from app import metrics
from app.database.doors import Database, DatabaseBusy
from app.gateway import files
from app.gateway.attempts import Picture, Tried, attempt
from app.gateway.costs import Cost
from app.gateway.errors import GatewayError, InvalidParameter, NotRecorded, PriceUnknown, RateLimited
from app.gateway.failing import failure
from app.gateway.files import LinkedFile
from app.gateway.images import InvalidImage, clean
from app.gateway.log import Attempt
from app.gateway.money import HOUSE, Payer
from app.gateway.normalize import Adjustment, Plan, observed
from app.gateway.providers import set_up
from app.gateway.providers.base import FINAL, Provider
from app.gateway.request import ImageRequest
from app.gateway.routing import find, route
from app.gateway.settling import Ending, Ticket, begin, end
from app.gateway.sizes import SQUARE, Size
from app.gateway.storage import Storage
from app.gateway.wire import Client, Line
from app.painter.painters import PAINTERS
from app.settings import Settings

AT_ONCE = 8
"""Requests of one process: a server has more threads, and those waiting for a provider must not take them all."""
REQUEST_BYTES = 128 * 2**20
"""Everything one request may receive from providers."""
BASE64_MODELS = ("gpt-image-", "chatgpt-image-")
"""Ids to which OpenAI always answers base64, as clients written for it expect."""

_places = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Means:
    """What an installation has to make images with; times in seconds."""

    providers: Mapping[str, Provider]
    default_model: str
    seconds: float = 300
    link_seconds: int = 3600


@dataclass(frozen=True)
class Drawn:
    """A picture, with its link where one was asked for."""

    picture: Picture
    file: LinkedFile | None


@dataclass(frozen=True)
class Generation:
    """What a request brought. `model` is the catalogue's slug; `cost_micros` is None where no price is known."""

    request_id: str
    model: str
    provider: str
    provider_name: str
    drawn: tuple[Drawn, ...]
    requested: int
    cost_micros: int | None
    attempts: tuple[Attempt, ...]
    adjustments: tuple[Adjustment, ...]


@dataclass(frozen=True)
class Estimate:
    """What a request would cost at the offering it would go to first; `cost` is None where no price is known."""

    model: str
    provider: str
    cost: Cost | None
    adjustments: tuple[Adjustment, ...]


def means(settings: Settings) -> Means:
    """From the environment."""
    return Means(
        providers=set_up(settings),
        default_model=settings.default_image_model or next(iter(PAINTERS)),
        seconds=settings.gateway_seconds,
        link_seconds=settings.file_url_seconds,
    )


def estimate(database: Database, request: ImageRequest, means: Means, *, now: datetime) -> Estimate:
    """Makes nothing. Raises what `generate` raises before it asks a provider."""
    request, natural = _cleaned(request)
    plan = _plans(database, request, means, natural, now)[1][0]
    return Estimate(plan.offering.key.partition("/")[2], plan.offering.provider, plan.cost, plan.adjustments)


def generate(
    database: Database,
    storage: Storage,
    request: ImageRequest,
    means: Means,
    *,
    now: datetime,
    client: Client,
    payer: Payer = HOUSE,
) -> Generation:
    """
    Make the images; fewer than asked for when some can't be had, never none.

    Money is reserved before the first call and settled after the last. Raises a GatewayError.
    """
    if not _places.acquire(blocking=False):
        raise RateLimited("This server is making as many images as it can.", retry_after=2)
    try:
        return _generate(database, storage, request, means, now=now, client=client, payer=payer)
    finally:
        _places.release()


def _generate(
    database: Database,
    storage: Storage,
    request: ImageRequest,
    means: Means,
    *,
    now: datetime,
    client: Client,
    payer: Payer,
) -> Generation:
    line = client.line(seconds=means.seconds, max_bytes=REQUEST_BYTES)
    request, natural = _cleaned(request)
    model_id, plans = _plans(database, request, means, natural, now)
    plans = _payable(plans, payer)
    ticket = database.write(lambda session: begin(session, request, plans, payer, model_id=model_id, now=now))
    tried: list[Tried] = []
    made: tuple[Drawn, ...] = ()
    outcome = "interrupted"
    try:
        _try_all(tried, plans, request, line)
        pictures = _pictures(tried)[: request.n]
        if not pictures:
            raise failure(tried, request, line)
        made = _drawn(storage, pictures, as_links=_as_links(request, plans[0]))
        outcome = "ok" if len(made) == request.n else "partial"
    except GatewayError as error:
        outcome = error.code
        raise
    finally:
        linked = [drawn.file for drawn in made if drawn.file]
        _settle(database, storage, ticket, Ending(outcome, tried, linked, means.link_seconds))
    return _generation(ticket.request_id, request, plans, tried, made)


def _cleaned(request: ImageRequest) -> tuple[ImageRequest, Fraction]:
    """Input files without metadata, and the shape of the first. Raises InvalidParameter."""
    shapes: list[Size] = []
    cleaned: list[bytes] = []
    for data in request.images:
        try:
            # Outside a mask a result is to equal its input, which a second JPEG encoding would already change.
            data, size = clean(data, lossless=request.mask is not None and not cleaned)  # noqa: PLW2901  (the raw bytes are not to be used again)
        except InvalidImage as error:
            raise InvalidParameter("image", str(error)) from error
        shapes.append(size)
        cleaned.append(data)
    mask = _cleaned_mask(request.mask, shapes[0]) if request.mask is not None and shapes else None
    natural = Fraction(*shapes[0]) if shapes else SQUARE
    return replace(request, images=tuple(cleaned), mask=mask), natural


def _cleaned_mask(data: bytes, shape: Size) -> bytes:
    """Return a mask without its metadata; it has the size of the image it belongs to. Raises InvalidParameter."""
    try:
        mask, size = clean(data)
    except InvalidImage as error:
        raise InvalidParameter("mask", str(error)) from error
    if size != shape:
        message = f"The mask has {size[0]} x {size[1]} pixels, the image {shape[0]} x {shape[1]}: they must agree."
        raise InvalidParameter("mask", message)
    return mask


def _plans(
    database: Database, request: ImageRequest, means: Means, natural: Fraction, now: datetime
) -> tuple[int, list[Plan]]:
    """The model's id, and who can serve the request, best first."""
    with database.reading() as session:
        target = find(session, request.model or means.default_model, now)
        plans = route(session, target, request, means.providers, now=now, natural=natural)
        return target.model.id, plans


def _payable(plans: list[Plan], payer: Payer) -> list[Plan]:
    """A capped payer gets only what has a price."""
    if not payer.is_capped:
        return plans
    priced = [plan for plan in plans if plan.cost is not None]
    if not priced:
        raise PriceUnknown("No price is known for this model, and this caller has a spend cap.")
    return priced


def _try_all(tried: list[Tried], plans: Sequence[Plan], request: ImageRequest, line: Line) -> None:
    """
    One offering after the other until everything is there; half of the time left for each but the last.

    When some images are missing at the end, whoever made the others is asked for them once more.
    """
    for place, plan in enumerate(plans):
        share = line.left if place == len(plans) - 1 else line.left / 2
        if _try(tried, plan, request, line, share):
            return
    makers = [plan for plan, one in zip(plans, tried, strict=False) if one.pictures]
    if makers:
        _try(tried, makers[0], request, line, line.left)


def _try(tried: list[Tried], plan: Plan, request: ImageRequest, line: Line, seconds: float) -> bool:
    """Whether this was the last attempt needed, or the last that makes sense."""
    missing = request.n - len(_pictures(tried))
    if line.left <= 0:
        return True
    one = attempt(plan, request, line.to(plan.provider.base_url, seconds=seconds), n=missing)
    tried.append(one)
    return len(one.pictures) == missing or any(failure.code in FINAL for failure in one.failures)


def _pictures(tried: Sequence[Tried]) -> list[Picture]:
    return [picture for one in tried for picture in one.pictures]


def _as_links(request: ImageRequest, plan: Plan) -> bool:
    if request.response_format is not None:
        return request.response_format == "url" and not request.stream
    slug = plan.offering.key.partition("/")[2]
    return not request.stream and not slug.startswith(BASE64_MODELS)


def _drawn(storage: Storage, pictures: Sequence[Picture], *, as_links: bool) -> tuple[Drawn, ...]:
    return tuple(Drawn(one, files.put(storage, one.data, one.format) if as_links else None) for one in pictures)


def _settle(database: Database, storage: Storage, ticket: Ticket, ending: Ending) -> None:
    """A caller told to try again by a busy database would pay for the same images twice."""
    try:
        expired = database.write(lambda session: end(session, ticket, ending))
    except DatabaseBusy as error:
        raise NotRecorded("The request was carried out but could not be recorded.") from error
    for key in expired:
        storage.delete(key)
    for made in (one.attempt for one in ending.tried):
        metrics.count("generations_total", made.provider, made.outcome)
        metrics.observe("generation_seconds", made.seconds, made.provider)
        metrics.count("spent_usd_total", made.provider, by=made.cost_micros / 1_000_000)


def _generation(
    request_id: str,
    request: ImageRequest,
    plans: Sequence[Plan],
    tried: Sequence[Tried],
    made: tuple[Drawn, ...],
) -> Generation:
    """Told as it happened: the plan told of is the one that made the first image."""
    first = made[0].picture.offering
    makers = {drawn.picture.offering for drawn in made}
    plan = next(plan for plan in plans if plan.offering.key == first)
    changed = [change for plan in plans if plan.offering.key in makers for change in plan.adjustments]
    spent = sum(one.attempt.cost_micros for one in tried)
    return Generation(
        request_id=request_id,
        model=first.partition("/")[2],
        provider=plan.offering.provider,
        provider_name=plan.offering.provider_name,
        drawn=made,
        requested=request.n,
        cost_micros=spent if plan.cost else None,
        attempts=tuple(one.attempt for one in tried),
        adjustments=(*changed, *observed(request, plan, [drawn.picture for drawn in made])),
    )
