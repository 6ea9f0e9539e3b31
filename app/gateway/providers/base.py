"""The interface of every provider: the request it is given, the images it gives back, the ways it fails."""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import Any, Literal, Protocol
from urllib.parse import SplitResult, urlsplit

import httpx

from app.catalog.contracts import Contract, Replies
from app.catalog.limits import Limits
from app.gateway.request import Operation
from app.gateway.sizes import Size
from app.gateway.transport import HttpAnswer, HttpSession, NotJson, TransportError, origin

Code = Literal[
    "rate_limited",
    "unavailable",
    "timeout",
    "bad_reply",
    "no_image",
    "vector",
    "dead_link",
    "account",
    "not_found",
    "rejected",
    "moderated",
]
PASSING: frozenset[Code] = frozenset({"rate_limited", "unavailable"})
"""Failures after which the same question may be answered a moment later."""
STATUS_CODES: dict[int, Code] = {
    429: "rate_limited",
    **dict.fromkeys((401, 402, 403), "account"),
    404: "not_found",
    **dict.fromkeys((400, 413, 415, 422), "rejected"),
}
"""What the statuses of refused calls mean; every other means that the provider is out of reach."""
MODERATION_CODES = (
    "moderation_blocked",
    "content_policy_violation",
    "content_filter",
    "contentFilter",
    "ResponsibleAIPolicyViolation",
)
ACCOUNT_CODES = ("insufficient_quota", "billing_hard_limit_reached")
MISSING_CODES = ("model_not_found",)
"""OpenAI's and Azure's codes: whoever stands in front of them passes them on, and others speak them too."""
MODERATION_PHRASES = (
    "as a result of our safety system",
    "rejected by the safety system",
    "blocked by our content filters",
    "the prompt could not be submitted",
    "unable to show generated images",
    "blocked, as it may violate our policies",
)
MISSING_PHRASES = ("must be verified to use the model",)
"""What OpenAI, Azure, Amazon and Google say where they name no code of their own, and others pass on."""
SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
PAUSE = re.compile(
    r'"(?:retryDelay|retry_after)": *"?([0-9]{1,9}(?:\.[0-9]{1,9})?)s?\b'
    r'|"detail": *"Request was throttled[^"]*resets in ~([0-9]{1,9})s\b'
)
RESET = re.compile(r'"X-RateLimit-Reset": *"?([0-9]{13})\b', re.IGNORECASE)
POLL_TRIES = 5
"""Times that one poll is sent before its failure counts."""
LONGEST_PAUSE = 5.0
"""Seconds between these tries, whatever pause the provider asks for."""
CANCEL_SECONDS = 2.0
"""Kept back so that work at a provider that nobody waits for any more can be cancelled."""
MOST_COST = 10_000
"""In whatever unit: a provider that states more is not believed."""
TO_PLAIN = str.maketrans("-_", "+/")
FINAL: frozenset[Code] = frozenset({"rejected", "moderated", "vector"})
"""Failures that another provider would meet as well; all others are worth a try elsewhere."""


@dataclass(frozen=True)
class ProviderRequest:
    """
    One call to a provider, ready to be sent.

    `values` are wire values by path, in the provider's own words: everything but the prompt, the number of images
    and the files. `mask` marks the area to edit as the contract says. `size` is what to expect of the image in
    pixels; `sized` says whether the caller asked for any size at all. `extra` are the accepted values by the
    caller's own names, `output_format` the format asked of the provider.
    """

    model_id: str
    operation: Operation
    prompt: str
    n: int
    limits: Limits
    contract: Contract
    values: Mapping[str, Any] = field(default_factory=dict)
    size: Size | None = None
    sized: bool = False
    output_format: str | None = None
    images: tuple[bytes, ...] = ()
    mask: bytes | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Return the contract's path for this model."""
        return self.contract.path.replace("{model}", self.model_id)


@dataclass(frozen=True)
class ProviderImage:
    """One image: as bytes, in base64 still to be decoded, or as a link still to be fetched."""

    data: bytes | None = None
    coded: Any = None
    url: str | None = None
    revised_prompt: str | None = None


@dataclass(frozen=True)
class Usage:
    """Tokens the provider counted; `cost_micros` where it also says what they cost, in millionths of a dollar."""

    output: int = 0
    input_text: int = 0
    input_image: int = 0
    cost_micros: int | None = None


@dataclass(frozen=True)
class ProviderReply:
    """
    The images that a call brought; fewer than asked for is a failure of the missing ones only.

    `quality` and `background` are the provider's words for what it made, where it gives any.
    """

    images: tuple[ProviderImage, ...]
    usage: Usage | None = None
    quality: str | None = None
    background: str | None = None


class ProviderError(Exception):
    """
    A call that brought nothing. Holds nothing the provider wrote: its words may quote our key.

    `param` is a parameter the provider named; `retry_after` in seconds. `reason` is a sentence of our own.
    """

    def __init__(
        self, code: Code, *, param: str | None = None, retry_after: float | None = None, reason: str = ""
    ) -> None:
        super().__init__(code)
        self.code: Code = code
        self.param = param
        self.retry_after = retry_after
        self.reason = reason


class ImageProvider(Protocol):
    """A provider that is ready to be called."""

    @property
    def slug(self) -> str: ...
    @property
    def base_url(self) -> str:
        """Empty where no network is needed."""

    def make(self, request: ProviderRequest, http: HttpSession) -> ProviderReply:
        """Make at most `request.n` images. Raises ProviderError."""


def make_reply(images: Iterable[ProviderImage], otherwise: Code = "no_image") -> ProviderReply:
    """Make a reply of images. Raises ProviderError with the code `otherwise` where there are none."""
    made = tuple(images)
    if not made:
        raise ProviderError(otherwise)
    return ProviderReply(made)


def refusal(answer: HttpAnswer) -> ProviderError:
    """Translate a status into an error, where the provider has no better word for it."""
    code = STATUS_CODES.get(answer.status, "unavailable")
    param = named_param(answer) if code == "rejected" else None
    return ProviderError(code, param=param, retry_after=retry_after(answer) if code in PASSING else None)


def refusal_in(replies: Replies) -> Callable[[HttpAnswer], ProviderError]:
    """Make a function that translates a refused call by the contract's codes, else by the status."""

    def meaning(answer: HttpAnswer) -> ProviderError:
        return refusal_by_code(answer, replies) or refusal(answer)

    return meaning


def refusal_by_code(answer: HttpAnswer, replies: Replies) -> ProviderError | None:
    """Translate an answer that holds one of the known codes or phrases; None where it holds none."""
    told = answer.content[:20_000].decode("utf-8", "replace")
    sentences = (*MODERATION_PHRASES, *replies.moderation_phrases)
    if _names(told, (*MODERATION_CODES, *replies.moderation_codes), sentences):
        return ProviderError("moderated")
    if _names(told, (*ACCOUNT_CODES, *replies.account_codes), replies.account_phrases):
        return ProviderError("account", retry_after=retry_after(answer))
    if _names(told, replies.failure_codes, ()):
        return ProviderError("no_image")
    if _names(told, MISSING_CODES, MISSING_PHRASES):
        return ProviderError("not_found")
    found = next((status for code, status in replies.status_codes.items() if _names(told, (code,), ())), None)
    return None if found is None else refusal(replace(answer, status=found))


def is_quotable(prompt: str, replies: Replies) -> bool:
    """Tell whether a prompt has words that would be read as our account's failure if a refusal quoted it."""
    words = (*ACCOUNT_CODES, *replies.account_codes, *replies.account_phrases)
    return any(word.lower() in prompt.lower() for word in words)


def _names(told: str, codes: Iterable[str], phrases: Iterable[str]) -> bool:
    """
    Tell whether an answer holds a code: in quotes of any kind, also with a suffix after a dot, or as a number.

    Gateways quote the answer that they got as text, with quotes escaped or in Python's kind.
    """
    code = "|".join(map(re.escape, codes)) or "(?!)"
    found = re.search(rf"""["'](?:{code})(?:\.\w+)*\\*["']|code["']\s*:\s*(?:{code})\s*[,}}]""", told)
    return found is not None or any(phrase in told.lower() for phrase in phrases)


def hidden_refusal(answer: HttpAnswer, replies: Replies) -> ProviderError | None:
    """Translate an error answered with status 200: a known code or phrase, or a status as a number."""
    if (told := refusal_by_code(answer, replies)) is not None:
        return told
    try:
        error = answer.json().get("error")
    except NotJson:
        return None
    status = error.get("code") if isinstance(error, dict) else None
    return refusal(replace(answer, status=status)) if isinstance(status, int) and 400 <= status < 600 else None


def is_moderated(replies: Replies, text: str) -> bool:
    """Tell whether the words of a task that failed speak of a refused prompt or image."""
    lowered = text.lower()
    return any(part in lowered for part in (*replies.moderation_texts, *MODERATION_PHRASES))


def ask(
    http: HttpSession, request: httpx.Request, refused: Callable[[HttpAnswer], ProviderError] = refusal
) -> HttpAnswer:
    """
    Send and receive whole; `refused` knows what the provider's statuses from 300 up mean.

    Raises ProviderError.
    """
    try:
        answer = http.send(request)
    except TransportError as failure:
        raise ProviderError("timeout" if failure.is_timeout else "unavailable") from failure
    if answer.status >= 300:
        raise refused(answer)
    return answer


def poll_task(
    http: HttpSession,
    request: httpx.Request,
    seconds: float,
    refused: Callable[[HttpAnswer], ProviderError] = refusal,
) -> HttpAnswer:
    """
    Ask how a task is doing; again after so many seconds where the provider is busy or out of reach for a moment.

    The task is paid for by then, and is not lost for one bad answer. Raises ProviderError.
    """
    for last in (*[False] * (POLL_TRIES - 1), True):
        try:
            return ask(http, request, refused)
        except ProviderError as error:
            if last or error.code not in PASSING:
                raise
            pause(http, min(error.retry_after or seconds, LONGEST_PAUSE))
    raise ProviderError("unavailable")


def pause(http: HttpSession, seconds: float) -> None:
    """Wait before a task is polled again. Raises ProviderError when the time is up."""
    try:
        http.wait(seconds)
    except TransportError as failure:
        raise ProviderError("timeout") from failure


def retry_after(answer: HttpAnswer) -> float | None:
    """
    Read after how many seconds to come again; None where nothing is said.

    Headers say it in milliseconds (OpenAI, Azure), seconds or as a date; bodies as a duration (Google), in seconds
    or in a sentence (Replicate), or as a time in milliseconds (OpenRouter). A time counts from the answer's own.
    """
    told = answer.headers.get("retry-after", "").strip()
    if milliseconds := SECONDS.fullmatch(answer.headers.get("retry-after-ms", "").strip()):
        return float(milliseconds[0]) / 1000
    if SECONDS.fullmatch(told):
        return float(told)
    sent, again = read_date(answer.headers.get("date", "")), read_date(told)
    text = answer.content[:20_000].decode("utf-8", "replace")
    if again is None and (seconds := PAUSE.search(text)):
        return float(seconds[1] or seconds[2])
    if again is None and (reset := RESET.search(text)):
        again = int(reset[1]) / 1000
    return max(0.0, again - sent) if again is not None and sent is not None else None


def read_date(text: str) -> float | None:
    """Read a date of HTTP as seconds since 1970; None for anything else."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None


def named_param(answer: HttpAnswer) -> str | None:
    """Read the parameter that an OpenAI-shaped error names. Check that it is the caller's before it is shown."""
    try:
        error = answer.json().get("error")
    except NotJson:
        return None
    param = error.get("param") if isinstance(error, dict) else None
    return param if isinstance(param, str) else None


def body(answer: HttpAnswer) -> dict[str, Any]:
    """Read the JSON object of an answer. Raises ProviderError."""
    try:
        return answer.json()
    except NotJson as garbage:
        raise ProviderError("bad_reply") from garbage


def read_cost(value: Any) -> float | None:
    """Read the cost that a provider states, in a unit of its own; None for what can be none."""
    return value if isinstance(value, int | float) and 0 <= value < MOST_COST else None


def items(value: Any) -> list[dict[str, Any]]:
    """List the objects of a list and leave out everything else; a value that is no list has none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def from_base64(text: Any) -> bytes:
    """
    Decode base64: plain, as a data URL, with line breaks, of the alphabet for links, without its end.

    Raises ProviderError.
    """
    if not isinstance(text, str):
        raise ProviderError("bad_reply")
    plain = "".join((text.partition(",")[2] if text.startswith("data:") else text).split()).rstrip("=")
    try:
        return base64.b64decode(plain.translate(TO_PLAIN) + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProviderError("bad_reply") from error


def data_url(data: bytes, media_type: str) -> str:
    """Encode a file as a data URL, for a JSON body."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


def check_own_link(url: Any, base_url: str, hosts: tuple[str, ...] = ()) -> str:
    """
    Check a link that is sent our key, as one to poll is: it is refused unless it leads to the provider itself.

    `hosts` are further hosts of the provider, over https alone, their subdomains included. Raises ProviderError.
    """
    if not isinstance(url, str):
        raise ProviderError("bad_reply")
    try:
        target = urlsplit(url)
        is_own = origin(target) == origin(urlsplit(base_url)) or is_on(target, hosts)
    except ValueError as error:
        raise ProviderError("bad_reply") from error
    if not is_own:
        raise ProviderError("bad_reply")
    return url


def is_on(target: SplitResult, hosts: tuple[str, ...]) -> bool:
    """Tell whether a link leads over https to one of the hosts or a subdomain of one."""
    host = target.hostname or ""
    is_plain = target.scheme == "https" and origin(target)[2] == 443 and not target.username
    return is_plain and any(host == one or host.endswith(f".{one}") for one in hosts)
