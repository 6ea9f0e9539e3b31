"""Threads of the server: those who wait for images must not take the ones that voters need."""

from collections.abc import Iterable
from queue import SimpleQueue
from typing import Any

SHORT_THREADS = 16
"""For everything that is answered at once. More only wait for the interpreter and for the database."""
GATEWAY_THREADS = 48
"""For requests to the image API: those that run, those that wait for a place, and those that join another."""
GATEWAY_PATHS = ("/openai/", "/v1/")
PLAYGROUND_THREADS = 8
"""For forms of the playground, from the last byte of an upload to the last picture."""
PLAYGROUND_PATH = "/playground"


class ThreadLimit:
    """WSGI middleware: lets at most `SHORT_THREADS` threads work on anything but what makes images."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._free = SimpleQueue[None]()  # used as a semaphore: Python's own costs as much as finding a view
        for _ in range(SHORT_THREADS):
            self._free.put(None)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Wait for a thread's turn; the image API and the playground have bounds of their own and a queue."""
        if makes_images(environ):
            long: Iterable[bytes] = self._app(environ, start_response)
            return long
        self._free.get()
        try:
            short: Iterable[bytes] = self._app(environ, start_response)
        finally:
            self._free.put(None)
        return short


def makes_images(environ: dict[str, Any]) -> bool:
    """Tell whether a request may wait for images, for seconds or minutes."""
    path = environ.get("PATH_INFO", "")
    is_form = path == PLAYGROUND_PATH and environ.get("REQUEST_METHOD") == "POST"
    return is_form or path.startswith(GATEWAY_PATHS)
