"""Paths as clients build them: a base that ends in a slash, and another slash before what follows."""

import re
from collections.abc import Iterable
from typing import Any

from app.edge.threads import GATEWAY_PATHS

SLASHES = re.compile("/{2,}")


class MergedSlashes:
    """
    WSGI middleware: reads `/v1//images/edits` as `/v1/images/edits`, for the image API alone.

    The router would redirect, and a redirect loses what many clients send: a body that is streamed, a browser's
    preflight, or the scheme that only a proxy knows.
    """

    def __init__(self, app: Any) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer as if each slash stood once."""
        path = environ.get("PATH_INFO", "")
        if "//" in path and (merged := SLASHES.sub("/", path)).startswith(GATEWAY_PATHS):
            environ["PATH_INFO"] = merged
        answer: Iterable[bytes] = self._app(environ, start_response)
        return answer
