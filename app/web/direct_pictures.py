"""Pictures of open pairs, sent the direct way (`app/edge/direct.py`): they are half of a round's requests."""

import re
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

from app.edge.body_reader import REFUSAL
from app.edge.clock import read_clock
from app.edge.context import Parts
from app.edge.direct import Headers, is_plain
from app.edge.headers import FILE_POLICY
from app.edge.identity import read_voter
from app.edge.request_log import RULE
from app.errors import Refusal
from app.web.files import read_blind_picture

ADDRESS = re.compile(r"/m/([A-Za-z0-9_-]{22})/(a|b|input)(-640)?\.webp")
SIDE = "<any(a, b, input):side>"
RULES = {None: f"/m/<matchup_id>/{SIDE}.webp", "-640": f"/m/<matchup_id>/{SIDE}-640.webp"}
"""The views' rules, by the end of the address, for the request log."""


class DirectPictures:
    """Send voters the pictures of their pairs as WSGI middleware; it is not for a profile whose voters log in."""

    def __init__(self, app: WSGIApplication, wired: Parts) -> None:
        self._app = app
        self._wired = wired

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Send the picture, or pass the request on."""
        asked = ADDRESS.fullmatch(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "GET" else None
        data = self._read(environ, *asked.groups()) if asked and is_plain(environ, self._wired) else None
        if asked is None or data is None:
            return self._app(environ, start_response)
        environ[RULE] = RULES[asked[3]]
        start_response("200 OK", _list_headers(len(data)))
        return [data]

    def _read(self, environ: dict[str, Any], matchup_id: str, side: str, small: str | None) -> bytes | None:
        """Read the picture as it is sent; None where the view must answer."""
        who, now = read_voter(environ, self._wired.settings), read_clock()
        try:
            return read_blind_picture(self._wired, who, matchup_id, side, small=small is not None, now=now)
        except Refusal as refusal:
            environ[REFUSAL] = refusal
        except Exception:  # noqa: BLE001 (the view does it again, and tells what is wrong)
            return None
        return None


def _list_headers(length: int) -> Headers:
    """List the headers of every blind file: the view's, in the same order."""
    return [
        ("Cache-Control", "no-store"),
        ("Content-Type", "image/webp"),
        ("Content-Length", str(length)),
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Content-Security-Policy", FILE_POLICY),
    ]
