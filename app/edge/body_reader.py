"""Reads the bodies of requests before anything works on them, so that unfinished ones hold nobody else up."""

from collections.abc import Iterable
from functools import lru_cache
from io import BytesIO
from typing import Any

from flask import request

from app.edge.body_deadlines import RequestBody, Sender, UnfinishedBodies
from app.edge.connections import write_plainly
from app.edge.proxies import BY_PROXY
from app.errors import Refusal

WHOLE_BYTES = 2**20
"""Bodies up to this size are read before anything else happens; larger ones by whoever wants them."""
REFUSAL = "blindvote.body_refused"


class BodyReader:
    """WSGI middleware: reads small bodies whole, within a time and a share of threads for each address."""

    def __init__(self, app: Any, unfinished: UnfinishedBodies | None = None) -> None:
        self._app = app
        self._unfinished = unfinished or UnfinishedBodies()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve the request with its body at hand, or let it be refused (`check`) where that does not come."""
        sender, length = _read_sender(environ), _read_length(environ)
        body = self._take_body(environ, length, sender) if length != 0 else None
        self._unfinished.begin_work(sender)
        try:
            answer: Iterable[bytes] = self._app(environ, start_response)
        finally:
            self._unfinished.end_work()
            if body is not None:
                body.close()  # whoever answered without reading it will not read it any more
        return answer

    def _take_body(self, environ: dict[str, Any], length: int | None, sender: Sender) -> RequestBody | None:
        """Put the body into the environment; returns one that is left to be read."""
        body = RequestBody(environ["wsgi.input"], length, sender, self._unfinished.end)
        try:
            self._unfinished.begin(body)
            data = body.read(WHOLE_BYTES + 1) if length is None or length <= WHOLE_BYTES else None
        except Refusal as refusal:
            _refuse(environ, refusal)
            return None
        if data is None or len(data) > WHOLE_BYTES:
            body.put_back(data or b"")
            environ["wsgi.input"] = body
            return body
        body.close()
        environ["wsgi.input"] = BytesIO(data)
        if length is None:
            environ["CONTENT_LENGTH"] = str(len(data))
        return None


def check() -> None:
    """Refuse, before every view, a request whose body did not come. Raises SlowBody, ManyBodies."""
    refusal = request.environ.get(REFUSAL)
    if refusal is not None:
        raise refusal


def _refuse(environ: dict[str, Any], refusal: Refusal) -> None:
    environ[REFUSAL] = refusal
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(), "0"


def _read_length(environ: dict[str, Any]) -> int | None:
    """Read how long the body is; None where it ends by itself, as in chunks, and nobody says when."""
    text = environ.get("CONTENT_LENGTH") or ""
    if not text and environ.get("HTTP_TRANSFER_ENCODING") and environ.get("wsgi.input_terminated"):
        return None
    return int(text) if text.isascii() and text.isdigit() else 0


def _read_sender(environ: dict[str, Any]) -> Sender:
    """Read who sends the request; a trusted proxy has put its client's address in place of its own."""
    wire = environ.get(BY_PROXY, environ)
    return _find_sender(environ.get("REMOTE_ADDR"), wire.get("REMOTE_ADDR"), wire.get("SERVER_PORT"))


@lru_cache(1024)
def _find_sender(address: str | None, peer: str | None, port: object) -> Sender:
    number = str(port or "0")
    return Sender(write_plainly(address or ""), write_plainly(peer or ""), int(number) if number.isdigit() else 0)
