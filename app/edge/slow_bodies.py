"""Reads the bodies of requests before a thread works on them, so that unfinished ones hold nobody else up."""

import threading
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

from flask import request

from app.errors import Refusal

WHOLE_BYTES = 2**20
"""Bodies up to this size are read before anything else happens; larger ones by whoever wants them."""
PER_ADDRESS = 12
"""Bodies that one address may have unfinished at a time, in one process."""
DIRECT = 136
"""
Reads at a time that need no other thread: as many as the server has threads (`arena serve`).

A body that is given up while a thread reads it stops Granian's whole worker once the answer is sent.
"""
BODY_THREADS = 64
BODY_SECONDS = 10.0
REFUSAL = "blindvote.body_refused"


class SlowBody(Refusal, code="request_timeout"):
    """A body that did not come in time."""


class ManyBodies(Refusal, code="rate_limited"):
    """An address with too many unfinished requests."""


class BodyReader:
    """WSGI middleware: reads small bodies whole, within a time and a share of threads for each address."""

    def __init__(self, app: Any, *, seconds: float = BODY_SECONDS, share: int = PER_ADDRESS) -> None:
        self._app, self._seconds, self._share = app, seconds, share
        self._lock = threading.Lock()
        self._unfinished: Counter[str] = Counter()
        self._readers = ThreadPoolExecutor(BODY_THREADS, thread_name_prefix="body")

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve the request with its body at hand, or let it be refused (`check`) where that does not come."""
        length, address = _read_length(environ), environ.get("REMOTE_ADDR", "")
        body = self._take_body(environ, length, address) if length else None
        try:
            answer: Iterable[bytes] = self._app(environ, start_response)
        finally:
            if body is not None:
                body.close()  # whoever answered without reading it will not read it any more
        return answer

    def _take_body(self, environ: dict[str, Any], length: int, address: str) -> "CountedBody | None":
        """Put the body into the environment; returns one that is left to be read."""
        begun = self._begin(address)
        if not begun:
            _refuse(environ, ManyBodies("Too many requests of yours are unfinished. Finish them, or come later."))
            return None
        body = CountedBody(environ["wsgi.input"], length, lambda: self._end(address))
        if length > WHOLE_BYTES:
            environ["wsgi.input"] = body
            return body
        try:
            data = self._read(body, is_direct=begun <= DIRECT)
        except TimeoutError:
            _refuse(environ, SlowBody(f"The body did not come within {self._seconds:.0f} seconds."))
        else:
            environ["wsgi.input"] = BytesIO(data)
        return None

    def _read(self, body: "CountedBody", *, is_direct: bool) -> bytes:
        """Read the whole body, in a thread that may be left behind where many bodies wait. Raises TimeoutError."""
        if is_direct:
            return body.read_whole()
        reading = self._readers.submit(body.read_whole)
        try:
            return reading.result(self._seconds)
        except TimeoutError:
            if reading.cancel():
                body.close()
            raise

    def _begin(self, address: str) -> int:
        """Count one more unfinished body; returns how many there are, 0 where the address has its share."""
        with self._lock:
            if self._unfinished[address] >= self._share:
                return 0
            self._unfinished[address] += 1
            return self._unfinished.total()

    def _end(self, address: str) -> None:
        with self._lock:
            self._unfinished[address] -= 1
            if not self._unfinished[address]:
                del self._unfinished[address]


class CountedBody:
    """A request's body that calls `end` once, when it has come or can't come any more."""

    def __init__(self, stream: Any, length: int, end: Any) -> None:
        self._stream, self._left, self._end = stream, length, end

    def read(self, size: int = -1) -> bytes:
        """Read up to so many bytes, all where none is given."""
        try:
            data = bytes(self._stream.read(self._left if size < 0 else min(size, self._left)))
        except BaseException:
            self.close()
            raise
        self._left -= len(data)
        if not data or self._left <= 0:
            self.close()
        return data

    def read_whole(self) -> bytes:
        """Read all that comes, which is less where its sender gave up."""
        try:
            return self.read()
        finally:
            self.close()

    def close(self) -> None:
        """Tell that nothing more is waited for."""
        end, self._end = self._end, None
        if end is not None:
            end()


def check() -> None:
    """Refuse, before every view, a request whose body did not come. Raises SlowBody, ManyBodies."""
    refusal = request.environ.get(REFUSAL)
    if refusal is not None:
        raise refusal


def _refuse(environ: dict[str, Any], refusal: Refusal) -> None:
    environ[REFUSAL] = refusal
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(), "0"


def _read_length(environ: dict[str, Any]) -> int:
    text = environ.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() else 0
