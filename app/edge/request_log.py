"""The request log: WSGI middleware that gives every request an id, a line in the log and its metrics."""

import random
import re
from collections.abc import Iterable
from time import perf_counter
from typing import Any

from flask import request

from app import metrics
from app.arena.people import networks
from app.edge import logs
from app.edge.after_commit import best_effort
from app.edge.proxies import BY_PROXY

ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
ID_BITS = 128
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
RULE, REFUSAL = "blindvote.rule", "blindvote.refusal"
BLIND_RULES = "/m/"
"""Answers whose headers are fixed: one more could tell two pictures apart."""
REFUSALS = {401: "auth_failed", 403: "refused", 429: "rate_limited"}
"""Statuses that the security log hears of, by the name they have where no room gave its code."""


class RequestLog:
    """WSGI middleware; it sits inside the proxy middleware, so that the address is the client's."""

    def __init__(self, app: Any, *, static: str) -> None:
        self._app = app
        self._static = static

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer, and time it until the first byte is ready; what is done after the last one is not counted."""
        started = perf_counter()
        known = _request_id(environ)
        logs.request_id.set(known)
        answered = _Response()

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            answered.status = int(status[:3])
            if not environ.get(RULE, "").startswith(BLIND_RULES):
                answered.told = next((value for name, value in headers if name.lower() == "x-request-id"), None)
                if answered.told is None:
                    answered.told = known
                    headers.append(("X-Request-ID", known))
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        try:
            body: Iterable[bytes] = self._app(environ, start)
        finally:
            self._tell(environ, answered, perf_counter() - started)
        return body

    @best_effort
    def _tell(self, environ: dict[str, Any], answered: "_Response", seconds: float) -> None:
        method = environ.get("REQUEST_METHOD", "")
        method = method if method in METHODS else "other"
        rule = environ.get(RULE) or self._static_rule(environ.get("PATH_INFO", ""))
        status = answered.status
        metrics.count("requests_total", rule, method, f"{status // 100}xx")
        metrics.observe("request_seconds", seconds, rule)
        client = networks.prefix(environ.get("REMOTE_ADDR"))
        if status in REFUSALS:
            logs.event(environ.get(REFUSAL, REFUSALS[status]), rule=rule, status=status, client=client)
        other = {} if answered.told in {None, logs.request_id.get()} else {"generation": answered.told}
        level, ms = "error" if status >= 500 else "info", round(seconds * 1000, 2)
        logs.tell(level, "request", method=method, rule=rule, status=status, client=client, **other, ms=ms)

    def _static_rule(self, path: str) -> str:
        return f"{self._static}<file>" if path.startswith(self._static) else "none"


class _Response:
    """The application's response as far as it is known; 500 until it says something."""

    __slots__ = ("status", "told")

    def __init__(self) -> None:
        self.status = 500
        self.told: str | None = None


def name_rule() -> None:
    """Note the rule before the view, and not the path, which may hold ids."""
    if request.url_rule is not None:
        request.environ[RULE] = request.url_rule.rule


def name_refusal(error: Exception) -> None:
    """Note, for the security log, the code of what a room refused."""
    code = getattr(error, "code", None)
    if isinstance(code, str):
        request.environ[REFUSAL] = code


def _request_id(environ: dict[str, Any]) -> str:
    # It names a line of the log and opens nothing, so it need not be unguessable.
    if BY_PROXY in environ and ID.fullmatch(given := environ.get("HTTP_X_REQUEST_ID", "")):
        return str(given)
    return f"{random.getrandbits(ID_BITS):032x}"
