"""What every provider shares: the job it is given, the images it gives back, the ways in which it fails."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

import httpx

from app.catalog.limits import Limits
from app.gateway.request import Operation
from app.gateway.sizes import Size
from app.gateway.wire import Answer, Garbage, Line, LineFailure, origin

Code = Literal[
    "rate_limited",
    "unavailable",
    "timeout",
    "bad_reply",
    "no_image",
    "dead_link",
    "account",
    "not_found",
    "rejected",
    "moderated",
]
FINAL: frozenset[Code] = frozenset({"rejected", "moderated"})
"""Failures that another provider would meet as well; all others are worth a try elsewhere."""


@dataclass(frozen=True)
class Job:
    """
    One call to a provider, in the gateway's own words.

    `size` is what to expect; `sized` says whether the caller asked for any size at all. `aspect_ratio` and
    `resolution` are words of the model itself, None where the caller left them open. `extra` passes through.
    """

    model_id: str
    operation: Operation
    prompt: str
    n: int
    limits: Limits
    size: Size | None = None
    aspect_ratio: str | None = None
    resolution: str | None = None
    sized: bool = False
    output_format: str | None = None
    images: tuple[bytes, ...] = ()
    mask: bytes | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """One image, as bytes or as a link still to be fetched."""

    data: bytes | None = None
    url: str | None = None
    revised_prompt: str | None = None


@dataclass(frozen=True)
class Usage:
    """Tokens the provider counted."""

    output: int = 0
    input_text: int = 0
    input_image: int = 0


@dataclass(frozen=True)
class Reply:
    """What a call brought; fewer images than asked for is a failure of the missing ones only."""

    images: tuple[Made, ...]
    usage: Usage | None = None
    quality: str | None = None
    background: str | None = None


class ProviderError(Exception):
    """
    A call that brought nothing. Holds nothing the provider wrote: its words may quote our key.

    `param` is a parameter the provider named; `retry_after` in seconds.
    """

    def __init__(self, code: Code, *, param: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(code)
        self.code: Code = code
        self.param = param
        self.retry_after = retry_after

    @property
    def retryable(self) -> bool:
        """Whether another provider of the same model may do better."""
        return self.code not in FINAL


class Provider(Protocol):
    """An upstream, ready to be called."""

    @property
    def slug(self) -> str: ...
    @property
    def base_url(self) -> str:
        """Empty where no network is needed."""

    @property
    def parameters(self) -> frozenset[str] | None:
        """The only passed-through parameters it has a use for; None: any."""

    def native_formats(self, model_id: str, limits: Limits) -> frozenset[str]:
        """Output formats it can be asked for."""

    def make(self, job: Job, line: Line) -> Reply:
        """Up to `job.n` images. Raises ProviderError."""


def refusal(answer: Answer) -> ProviderError:
    """The meaning of a status, where the provider has no better word for it."""
    status = answer.status
    if status == 429:
        return ProviderError("rate_limited", retry_after=retry_after(answer))
    if status in {401, 402, 403}:
        return ProviderError("account")
    if status == 404:
        return ProviderError("not_found")
    if status in {400, 413, 415, 422}:
        return ProviderError("rejected", param=named_param(answer))
    return ProviderError("unavailable", retry_after=retry_after(answer))


def ask(line: Line, request: httpx.Request, refused: Callable[[Answer], ProviderError] = refusal) -> Answer:
    """
    Send and receive whole; `refused` knows what the provider's statuses from 300 up mean.

    Raises ProviderError.
    """
    try:
        answer = line.send(request)
    except LineFailure as failure:
        raise ProviderError("timeout" if failure.is_timeout else "unavailable") from failure
    if answer.status >= 300:
        raise refused(answer)
    return answer


def pause(line: Line, seconds: float) -> None:
    """Between two looks at a job. Raises ProviderError when the time is up."""
    try:
        line.wait(seconds)
    except LineFailure as failure:
        raise ProviderError("timeout") from failure


def retry_after(answer: Answer) -> float | None:
    """Seconds, where the header gives them as a number."""
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def named_param(answer: Answer) -> str | None:
    """The parameter an OpenAI-shaped error names; whoever shows it checks that it is one of the caller's."""
    try:
        error = answer.json().get("error")
    except Garbage:
        return None
    param = error.get("param") if isinstance(error, dict) else None
    return param if isinstance(param, str) else None


def body(answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer. Raises ProviderError."""
    try:
        return answer.json()
    except Garbage as garbage:
        raise ProviderError("bad_reply") from garbage


def items(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, and nothing of what else may stand there."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def from_base64(text: Any) -> bytes:
    """Raises ProviderError."""
    if not isinstance(text, str):
        raise ProviderError("bad_reply")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProviderError("bad_reply") from error


def words_of_shape(job: Job) -> dict[str, str]:
    """`aspect_ratio` and `resolution`, where the caller asked for them and the model has them."""
    found = {"aspect_ratio": job.aspect_ratio, "resolution": job.resolution}
    return {name: value for name, value in found.items() if value}


def data_url(data: bytes, media_type: str) -> str:
    """A file as text in a JSON body."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


def same_origin(url: Any, base_url: str) -> str:
    """A link to poll, which gets our key: refused unless it leads to the provider itself. Raises ProviderError."""
    if not isinstance(url, str) or origin(urlsplit(url)) != origin(urlsplit(base_url)):
        raise ProviderError("bad_reply")
    return url
