"""
Static files: held in memory, compressed once, and kept by browsers for as long as their address stands.

All of them together weigh some hundred kilobytes. A library would want compressed copies on the disk beside them,
where an installed package may not write.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

import brotli
from werkzeug import Request, Response

from app.edge.headers import EVERYWHERE, FILE_POLICY
from app.edge.page_cache import ENCODERS, RenderedPage

MIMETYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""Not asked of the machine, whose own table may say something else."""
DIGEST = 10
YEAR = 31_536_000
HOUR = 3600


@dataclass(frozen=True)
class StaticFile:
    """A file as it is sent, and the mark of its content that addresses carry."""

    page: RenderedPage
    mimetype: str

    @property
    def mark(self) -> str:
        """Return what stands behind `?v=`."""
        return self.page.etag[:DIGEST]


@cache
def read_static_file(path: Path) -> StaticFile:
    """Read a file, once in a process: a release never changes its own."""
    data = path.read_bytes()
    packed = {"br": bytes(brotli.compress(data, quality=9)), "gzip": ENCODERS["gzip"](data)}
    page = RenderedPage(data, hashlib.sha256(data).hexdigest()[:32], packed)
    return StaticFile(page, MIMETYPES[path.suffix])


class StaticFiles:
    """WSGI middleware that answers for the files of one folder under one prefix."""

    def __init__(self, app: WSGIApplication, folder: Path, prefix: str) -> None:
        self._app = app
        self._files = {f"{prefix}{path.name}": path for path in folder.iterdir() if path.suffix in MIMETYPES}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Send the file, or pass the request on."""
        path = self._files.get(environ.get("PATH_INFO", ""))
        if path is None:
            return self._app(environ, start_response)
        return answer(Request(environ), read_static_file(path))(environ, start_response)


def answer(request: Request, file: StaticFile) -> Response:
    """Answer GET and HEAD with the smallest encoding that the browser takes; 304 where it has the file."""
    headers = EVERYWHERE | {"Content-Security-Policy": FILE_POLICY, "Vary": "Accept-Encoding"}
    if request.method not in {"GET", "HEAD"}:
        return Response(status=405, headers=headers | {"Allow": "GET, HEAD", "Cache-Control": "no-store"})
    encoding = next((name for name in ENCODERS if request.accept_encodings[name] > 0), None)
    response = Response(file.page.content(encoding), mimetype=file.mimetype, headers=headers)
    response.set_etag(file.page.etag if encoding is None else f"{file.page.etag}-{encoding}")
    if encoding is not None:
        response.headers["Content-Encoding"] = encoding
    # An address with another mark is of another release: this content must not stay under it.
    is_marked = request.args.get("v") == file.mark
    response.headers["Cache-Control"] = (
        f"public, max-age={YEAR}, immutable" if is_marked else f"public, max-age={HOUR}"
    )
    return response.make_conditional(request)
