"""An attempt at one offering: parallel calls to its provider, and the conversion of what comes back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import ceil
from statistics import median

from app.gateway import costs
from app.gateway.adjustments import LOSSLESS
from app.gateway.foreign_formats import VECTOR, name_format
from app.gateway.formats import sniff
from app.gateway.images import InvalidImage, header_size, is_too_large, render
from app.gateway.log import Attempt
from app.gateway.normalize import RequestPlan
from app.gateway.providers.base import (
    Code,
    ProviderError,
    ProviderImage,
    ProviderReply,
    from_base64,
    is_quotable,
    pause,
)
from app.gateway.request import ImageRequest
from app.gateway.sizes import Size
from app.gateway.transport import HttpSession, TransportError

FETCHES = 3
"""Times that the link to an image is tried: the image is paid for."""
FETCH_PAUSE = 1.0
PARALLEL = 4
"""Calls at once for one request."""


@dataclass(frozen=True)
class GeneratedImage:
    """A finished image: checked, in the format asked for; `offering` made it."""

    data: bytes
    format: str
    size: Size
    revised_prompt: str | None
    offering: str


@dataclass(frozen=True)
class CallResult:
    """The result of one call to a provider; seconds from asking to the last byte."""

    pictures: tuple[GeneratedImage, ...]
    failure: ProviderError | None
    seconds: float
    cost_micros: int
    reply: ProviderReply | None = None


@dataclass(frozen=True)
class AttemptResult:
    """
    An attempt with its images and the failures of its calls.

    `call_seconds` is how long a good call took; `replies` are what the provider answered.
    """

    attempt: Attempt
    pictures: tuple[GeneratedImage, ...]
    failures: tuple[ProviderError, ...]
    call_seconds: float | None
    replies: tuple[ProviderReply, ...] = ()


def attempt(plan: RequestPlan, request: ImageRequest, http: HttpSession, *, n: int) -> AttemptResult:
    """Ask a provider for n images; a failure is part of the result and raises nothing."""
    clock = http.client.clock
    started = clock()
    counts = split(n, plan.job.n)
    with ThreadPoolExecutor(max_workers=min(PARALLEL, len(counts))) as pool:
        calls = list(pool.map(lambda count: _call(plan, request, http, count, clock), counts))
    pictures = tuple(picture for call in calls for picture in call.pictures)[:n]
    failures = tuple(call.failure for call in calls if call.failure)
    good = [call.seconds for call in calls if call.pictures]
    record = Attempt(
        offering=plan.offering.key,
        provider=plan.offering.provider,
        provider_model_id=plan.job.model_id,
        outcome="ok" if len(pictures) == n else "partial" if pictures else failures[0].code,
        images=len(pictures),
        seconds=round(clock() - started, 3),
        cost_micros=sum(call.cost_micros for call in calls),
    )
    replies = tuple(call.reply for call in calls if call.reply)
    return AttemptResult(record, pictures, failures, median(good) if good else None, replies)


def split(n: int, most: int) -> list[int]:
    """Divide n among as few calls as possible, as evenly as possible: 10 images by at most 4 are 4, 3 and 3."""
    calls = ceil(n / most)
    return [n // calls + (place < n % calls) for place in range(calls)]


def _call(
    plan: RequestPlan, request: ImageRequest, http: HttpSession, count: int, clock: Callable[[], float]
) -> CallResult:
    started = clock()
    try:
        reply = plan.provider.make(replace(plan.job, n=count), http)
    except ProviderError as error:
        if error.code == "account" and is_quotable(plan.job.prompt, plan.job.contract.replies):
            # It may be the prompt that speaks so, and would rest the provider for everybody.
            error = ProviderError("rejected")
        return CallResult((), error, clock() - started, 0)
    pictures: list[GeneratedImage] = []
    failure: ProviderError | None = None
    for made in reply.images:
        if len(pictures) == count:
            break
        try:
            pictures.append(_finish(_collect(made, http, plan), made, plan, request))
        except ProviderError as error:
            failure = error
    if len(pictures) < count and failure is None:
        failure = ProviderError("no_image")
    cost = costs.compute_bill(plan.offering, plan.cost, n=len(pictures), of=request.n, usage=reply.usage)
    return CallResult(tuple(pictures), failure, clock() - started, cost, reply)


def _collect(made: ProviderImage, http: HttpSession, plan: RequestPlan) -> bytes:
    """Decode base64, and fetch what lies behind a link: providers' links die. Raises ProviderError."""
    if made.data is not None:
        return made.data
    if made.coded is not None:
        return from_base64(made.coded)
    link = made.url or ""
    if link.startswith("data:"):
        return from_base64(link)
    for _ in range(FETCHES - 1):
        try:
            return _fetch(link, http, plan)
        except ProviderError as error:
            if error.code != "unavailable":
                raise
            pause(http, FETCH_PAUSE)
    return _fetch(link, http, plan)


def _fetch(link: str, http: HttpSession, plan: RequestPlan) -> bytes:
    """Fetch an image that is paid for. Raises ProviderError, `unavailable` where a moment later may do."""
    try:
        answer = http.fetch(link, plan.job.contract.replies.hosts)
    except TransportError as failure:
        otherwise: Code = "unavailable" if failure.is_broken else "dead_link"
        raise ProviderError("timeout" if failure.is_timeout else otherwise) from failure
    if answer.status in {408, 425, 429} or answer.status >= 500:
        raise ProviderError("unavailable")
    if answer.status != 200:
        raise ProviderError("dead_link")
    return answer.content


def _finish(data: bytes, made: ProviderImage, plan: RequestPlan, request: ImageRequest) -> GeneratedImage:
    """
    Convert to the format asked for, or keep it as it came. Raises ProviderError for bytes that are no image.

    An image that is too large to be decoded here, or can't be converted, was paid for: it is handed on as it came.
    """
    kind = sniff(data)
    if kind is None:
        raise ProviderError("vector" if name_format(data) in VECTOR else "bad_reply")
    target = request.output_format or kind
    quality = None if target in LOSSLESS else request.output_compression
    exact = request.wish.size if request.fit_exactly else None
    try:
        finished, size = render(data, target, quality=quality, size=exact)
    except InvalidImage as error:
        if not is_too_large(data):
            raise ProviderError("bad_reply") from error
        finished, size, target = data, header_size(data), kind
    return GeneratedImage(finished, target, size, made.revised_prompt, plan.offering.key)
