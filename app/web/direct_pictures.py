"""
Pictures of open pairs, sent before Flask sees their requests, which are half of all that a voter makes.

To find a view and to run what lies around it takes longer than to find and send a picture. Only the plain case is
answered here. Whatever else is asked, and whatever fails, is left to the view, which asks again and knows every
refusal.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

from werkzeug.exceptions import SecurityError
from werkzeug.wsgi import get_host

from app.edge.context import Parts
from app.edge.headers import FILE_POLICY
from app.edge.identity import read_voter
from app.edge.request_log import RULE
from app.edge.slow_bodies import REFUSAL
from app.web.files import read_blind_picture

ADDRESS = re.compile(r"/m/([A-Za-z0-9_-]{22})/(a|b|input)(-640)?\.webp")
SIDE = "<any(a, b, input):side>"
RULES = {None: f"/m/<matchup_id>/{SIDE}.webp", "-640": f"/m/<matchup_id>/{SIDE}-640.webp"}
"""The views' rules, by the end of the address, for the request log."""
UNUSUAL = ("QUERY_STRING", "CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", REFUSAL)
"""What a browser's request for a picture has none of."""


class DirectPictures:
    """WSGI middleware that sends a voter the pictures of their pairs; not for a profile whose voters log in."""

    def __init__(self, app: WSGIApplication, wired: Parts) -> None:
        self._app = app
        self._wired = wired

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Send the picture, or pass the request on."""
        asked = ADDRESS.fullmatch(environ["PATH_INFO"])
        data = self._read(environ, *asked.groups()) if asked and self._is_plain(environ) else None
        if asked is None or data is None:
            return self._app(environ, start_response)
        environ[RULE] = RULES[asked[3]]
        start_response("200 OK", _headers(len(data)))
        return [data]

    def _is_plain(self, environ: dict[str, Any]) -> bool:
        if environ["REQUEST_METHOD"] != "GET" or any(environ.get(name) for name in UNUSUAL):
            return False
        trusted = self._wired.settings.trusted_hosts
        try:
            return not trusted or bool(get_host(environ, list(trusted)))
        except SecurityError:
            return False

    def _read(self, environ: dict[str, Any], matchup_id: str, side: str, small: str | None) -> bytes | None:
        who = read_voter(environ, self._wired.settings)
        try:
            return read_blind_picture(
                self._wired, who, matchup_id, side, small=small is not None, now=datetime.now(UTC)
            )
        except Exception:  # noqa: BLE001 (the view asks again, and tells what is wrong)
            return None


def _headers(length: int) -> list[tuple[str, str]]:
    """List the headers of every blind file: the view's, in the same order."""
    return [
        ("Cache-Control", "no-store"),
        ("Content-Type", "image/webp"),
        ("Content-Length", str(length)),
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Content-Security-Policy", FILE_POLICY),
    ]
