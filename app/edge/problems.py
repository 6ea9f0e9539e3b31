"""Answers to requests that went wrong, whatever raised it: a room, HTTP itself, or a mistake of ours."""

from dataclasses import dataclass

from flask import Response, current_app
from werkzeug.exceptions import HTTPException

from app.errors import CODES, Refusal

UNEXPECTED = "It is our fault, not yours. If you sent something, it may not have been stored."
HTTP_CODES = {
    400: "invalid_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
}
"""Codes of what HTTP itself refuses; `http_error` for every other status."""
RETRY_SECONDS = {503: 1, 429: 60}
"""Seconds until the next try, by status, where the refusal does not know better."""


@dataclass(frozen=True)
class Problem:
    """An error as pages and JSON tell it. `retry_after` in seconds; `allow` lists the methods of a 405."""

    status: int
    code: str
    title: str
    message: str
    param: str | None = None
    retry_after: int | None = None
    allow: str | None = None

    def set_headers(self, response: Response) -> Response:
        """Tell the client when to try again, and how."""
        pause = RETRY_SECONDS.get(self.status) if self.retry_after is None else self.retry_after
        if pause is not None:
            response.headers["Retry-After"] = str(pause)
        if self.allow:
            response.headers["Allow"] = self.allow
        return response


def describe(error: Exception) -> Problem:
    """Describe an exception for the client. What nobody expected is logged, and told as a fault of ours."""
    if isinstance(error, HTTPException):
        return _describe_http(error)
    if isinstance(error, Refusal):
        return Problem(error.status, error.code, error.title, str(error), error.param, error.retry_after)
    current_app.logger.error("unexpected", exc_info=error)
    return named("internal_error", UNEXPECTED)


def named(code: str, message: str) -> Problem:
    """Describe what has a code of ours and no exception."""
    return Problem(CODES[code].status, code, CODES[code].title, message)


def _describe_http(error: HTTPException) -> Problem:
    status = error.code or 500
    code = HTTP_CODES.get(status, "http_error")
    title = CODES[code].title if code in CODES else error.name
    allow = dict(error.get_headers()).get("Allow")
    return Problem(status, code, title, error.description or error.name, allow=allow)
