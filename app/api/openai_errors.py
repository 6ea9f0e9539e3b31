"""
Errors as OpenAI's clients read them: `{"error": {message, type, param, code}}`.

Their SDKs try 408, 409, 429 and 5xx twice more unless `x-should-retry` says no; a second try of a paid image that
can't succeed is money lost, so only a pause asked for, work that was left behind and a busy database may be tried
again.
"""

import logging
import secrets
from typing import Any

from flask import Response, g, jsonify, make_response, request
from werkzeug.exceptions import HTTPException

from app.api import openai_cors
from app.database.doors import DatabaseBusy
from app.edge.threads import GATEWAY_PATHS
from app.errors import Refusal
from app.gateway import errors as gateway

logger = logging.getLogger(__name__)
UNREAD_BYTES = 64 * 2**10
"""A refused body of more is not read to its end: the server hangs up, and a client must not ask there again."""
RETRYABLE = (gateway.RateLimited, gateway.RequestInterrupted, DatabaseBusy)
TYPES = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    429: "rate_limit_error",
}
HTTP_CODES = {
    400: "invalid_request",
    404: "unknown_url",
    405: "method_not_allowed",
    413: "request_too_large",
    415: "unsupported_media_type",
}


HTTP_MESSAGES = {
    404: "Nothing is answered here. The image API has /images/generations, /images/edits, /images/variations and "
    "/models, under /openai/v1 and /v1.",
    413: "The request body is larger than this route takes.",
}


def is_ours() -> bool:
    """Tell whether this request is the gateway's to answer."""
    return f"{request.path}/".startswith(GATEWAY_PATHS)


def request_id() -> str:
    """Name this request as the SDKs show it (`_request_id`); a generation has a name of its own."""
    if "gateway_request" not in g:
        g.gateway_request = f"req_{secrets.token_hex(16)}"
    known: str = g.gateway_request
    return known


def answer(error: Exception) -> Response:
    """Answer the gateway's exceptions, HTTP's own, and what nobody expected."""
    if isinstance(error, HTTPException):
        return openai_cors.allow(_http(error))
    status, body = describe(error)
    response = _respond(status, body)
    _set_retry(response, error)
    return openai_cors.allow(response)


def describe(error: Exception) -> tuple[int, dict[str, Any]]:
    """Return the status and the body of an error; needs no request, and so serves streams, too."""
    if not isinstance(error, Refusal):
        logger.error("unexpected", exc_info=error)
        return 500, _body(500, "internal_error", "Something went wrong on our side.")
    return error.status, _body(error.status, error.code, str(error), error.param)


def _body(status: int, code: str, message: str, param: str | None = None) -> dict[str, Any]:
    kind = TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def _respond(status: int, body: dict[str, Any]) -> Response:
    """Write an error answer that is not to be tried again."""
    response = make_response(jsonify(body), status)
    response.headers["x-request-id"] = request_id()
    response.headers["x-should-retry"] = "false"
    if (request.content_length or 0) > UNREAD_BYTES:
        response.headers["Connection"] = "close"
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="Blindvote"'
    return response


def _set_retry(response: Response, error: Exception) -> None:
    if isinstance(error, RETRYABLE):
        response.headers["Retry-After"] = str(getattr(error, "retry_after", 1))
        del response.headers["x-should-retry"]


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    message = error.description or error.name
    message = HTTP_MESSAGES.get(status, message)
    response = _respond(status, _body(status, HTTP_CODES.get(status, "http_error"), message))
    allowed = dict(error.get_headers()).get("Allow")
    if allowed:
        response.headers["Allow"] = allowed
    return response
