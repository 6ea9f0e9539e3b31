"""Who logged in at the operator's own door: the word of a trusted proxy, and of nobody else."""

import re
from typing import Any

from flask import request

from app.edge.context import parts
from app.edge.request_log import BY_PROXY

LOGIN = "blindvote.login"
"""In the environment of a request; no client can put it there."""
SHAPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+|:-]{0,127}")
PROBES = frozenset({"health.healthz", "health.readyz"})
"""Asked by what runs the server, which passes no login; they tell of no vote, model or person."""
KEYED = frozenset({"openai", "metrics"})
"""Blueprints that let nobody in without a key of their own."""


class LoginRequired(Exception):
    """A stranger in a closed house."""

    code = "login_required"


class Logins:
    """WSGI middleware, inside the proxies' door: takes the header away, and believes a trusted proxy's."""

    def __init__(self, app: Any, header: str) -> None:
        self._app = app
        self._header = "HTTP_" + header.upper().replace("-", "_")

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """What is no login, two of them in one header among that, is nobody's."""
        given = environ.pop(self._header, "")
        if BY_PROXY in environ and SHAPE.fullmatch(given):
            environ[LOGIN] = given
        return self._app(environ, start_response)


def login() -> str | None:
    """Of this request, in any profile."""
    found: str | None = request.environ.get(LOGIN)
    return found


def check() -> None:
    """Before every view: in the profile `team` strangers get nothing. Raises LoginRequired."""
    if parts().settings.profile != "team" or login() is not None:
        return
    if request.endpoint in PROBES or request.blueprint in KEYED:
        return
    raise LoginRequired("This arena is for a team. Open it at the address where you log in.")
