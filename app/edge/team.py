"""The person who logged in at the operator's own login proxy: only a trusted proxy may name them."""

import re
from typing import Any, cast

from flask import request

from app.edge.context import parts
from app.edge.proxies import BY_PROXY
from app.errors import Refusal

LOGIN = "blindvote.login"
"""The key of the login in a request's environment; no client can put it there."""
SHAPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+|:-]{0,127}")
PROBES = frozenset({"health.healthz", "health.readyz"})
"""Asked by what runs the server, which passes no login; they tell of no vote, model or person."""
KEYED = frozenset({"openai", "metrics"})
"""Blueprints that let nobody in without a key of their own."""


class LoginRequired(Refusal, code="login_required"):
    """A stranger in a closed house."""


class LoginMiddleware:
    """WSGI middleware that turns a trusted proxy's login header into the login of the request."""

    def __init__(self, app: Any, header: str) -> None:
        self._app = app
        self._header = "HTTP_" + header.upper().replace("-", "_")

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Take the header away, whoever sent it, and keep it if a trusted proxy sent one well-formed login."""
        given = environ.pop(self._header, "")
        if BY_PROXY in environ and SHAPE.fullmatch(given):
            environ[LOGIN] = given
        return self._app(environ, start_response)


def login() -> str | None:
    """Return the login of this request, in any profile; None where a proxy vouches for nobody."""
    return cast("str | None", request.environ.get(LOGIN))


def check() -> None:
    """Refuse strangers before every view, in the profile `team`. Raises LoginRequired."""
    if parts().settings.profile != "team" or login() is not None:
        return
    if request.endpoint in PROBES or request.blueprint in KEYED:
        return
    raise LoginRequired("This arena is for a team. Open it at the address where you log in.")
