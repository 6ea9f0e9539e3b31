"""Answers that are the same for everybody: made once from the same versions, and 304 where they are known."""

import gzip
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

import brotli
from flask import Response, current_app, g, request

from app.edge.context import Parts, now, parts
from app.edge.read_cache import Known
from app.edge.request_log import RULE

ANSWERS = 512
MINUTE = 60
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda text: bytes(brotli.compress(text, quality=4, lgwin=16)),
    "gzip": lambda text: gzip.compress(text, 6, mtime=0),
}
"""The better first. Public answers alone are compressed: they hold no secret that their length could tell."""
STAMP = "blindvote.kept"
REQUEST = (
    *("wsgi.url_scheme", "HTTP_HOST", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING"),
    *("HTTP_ACCEPT_ENCODING", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE"),
)
"""All of a request that an answer of public_page can depend on."""


@dataclass(frozen=True)
class Answer:
    """A body, its ETag, and itself compressed as far as somebody asked for it."""

    body: bytes
    etag: str
    encoded: dict[str, bytes] = field(default_factory=dict)

    def content(self, encoding: str | None) -> bytes:
        """Compressed once."""
        if encoding is None:
            return self.body
        if encoding not in self.encoded:
            self.encoded[encoding] = ENCODERS[encoding](self.body)
        return self.encoded[encoding]


class Answers:
    """Of this minute, by what they were made from; the longest unused thrown out first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Answer] = OrderedDict()
        self._minute = 0
        self._lock = threading.Lock()

    def answer(self, minute: int, key: Hashable, make: Callable[[], str]) -> Answer:
        """The kept one, or one made now. Nobody asks for those of an earlier minute again: they go."""
        with self._lock:
            if minute > self._minute:
                self._kept.clear()
                self._minute = minute
            found = self._kept.get((minute, key))
            if found is not None:
                self._kept.move_to_end((minute, key))
                return found
        body = make().encode()
        made = Answer(body, hashlib.sha256(body).hexdigest()[:32])
        with self._lock:
            self._kept[minute, key] = made
            while len(self._kept) > ANSWERS:
                self._kept.popitem(last=False)
        return made


def public_page(made_from: Hashable, render: Callable[[], str], mimetype: str = "text/html") -> Response:
    """
    An answer that depends on its path, on `made_from`, and by at most a minute on the time.

    `made_from` names every query parameter that counts and every version read, by `recall` alone; unknown
    parameters make no difference and cannot fill the memory.
    """
    answers: Answers = current_app.extensions.setdefault("blindvote.answers", Answers())
    minute = int(now().timestamp()) // MINUTE
    answer = answers.answer(minute, (request.path, made_from), render)
    encoding = next((name for name in ENCODERS if request.accept_encodings[name] > 0), None)
    response = Response(answer.content(encoding), mimetype=mimetype)
    # Each encoding is a representation of its own.
    response.set_etag(answer.etag if encoding is None else f"{answer.etag}-{encoding}")
    response.headers["Vary"] = "Accept-Encoding"
    if encoding is not None:
        response.headers["Content-Encoding"] = encoding
    audience = "private" if parts().settings.profile == "team" else "public"
    response.headers["Cache-Control"] = f"{audience}, no-cache"
    response.make_conditional(request)
    body = b"" if response.status_code == 304 else answer.content(encoding)
    if "known" in g:
        request.environ[STAMP] = Stamp(g.known, minute, g.get("due_at", float("inf")), body)
    return response


@dataclass(frozen=True)
class Stamp:
    """Of an answer: what it rests on, and until when on this process's clock no board of it is due."""

    known: Known
    minute: int
    due_at: float
    body: bytes

    def holds(self) -> bool:
        """While nothing was committed, which `known` tells."""
        return self.minute == int(time.time()) // MINUTE and time.monotonic() < self.due_at


@dataclass(frozen=True)
class Repeated:
    """An answer as it left, to leave so again."""

    stamp: Stamp
    rule: str
    status: str
    headers: tuple[tuple[str, str], ...]


class Doorstep:
    """
    WSGI middleware: the same question gets the same public page, as long as nobody committed anything.

    Tells nobody from another: not for a profile that has strangers.
    """

    def __init__(self, app: Any, parts: Parts) -> None:
        self._app = app
        self._parts = parts

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """From this thread's memory, else from the application."""
        if environ["REQUEST_METHOD"] != "GET" or not environ.get("HTTP_HOST"):
            passed: Iterable[bytes] = self._app(environ, start_response)
            return passed
        asked = tuple(environ.get(name) for name in REQUEST)
        found: Repeated | None = self._parts.recent.recalled(self._parts.database, asked)
        if found is None or not found.stamp.holds():
            return self._ask(environ, start_response, asked)
        environ[RULE] = found.rule
        start_response(found.status, list(found.headers))
        return [found.stamp.body]

    def _ask(self, environ: dict[str, Any], start_response: Any, asked: Hashable) -> Iterable[bytes]:
        told: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            told[:] = status, tuple(headers)
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        body: Iterable[bytes] = self._app(environ, start)
        stamp: Stamp | None = environ.get(STAMP)
        if stamp and len(stamp.known) < ANSWERS and not any(name == "Set-Cookie" for name, _ in told[1]):
            stamp.known[asked] = Repeated(stamp, environ.get(RULE, ""), *told)
        return body
