"""One shape for everything that goes wrong, and one table from the rooms' exceptions to statuses."""

from functools import cache
from typing import Any

from flask import Response, current_app, jsonify, make_response, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException

from app.arena import errors as arena
from app.arena.entries.suggestions import InvalidSuggestion
from app.catalog.lookup import UnknownModel
from app.database.doors import DatabaseBusy
from app.edge.bodies import BadBody, WrongType
from app.edge.origin import CrossSite
from app.edge.team import LoginRequired
from app.leaderboards.views.filters import BadFilter

PREFIX = "/api/"
STATUS: dict[type[Exception], int] = {
    BadBody: 400,
    BadFilter: 400,
    InvalidSuggestion: 400,
    WrongType: 415,
    CrossSite: 403,
    LoginRequired: 403,
    arena.UnknownMode: 404,
    arena.UnknownCategory: 404,
    arena.UnknownCompetition: 404,
    arena.MatchupNotFound: 404,
    arena.NothingLeft: 409,
    arena.OutcomeStands: 409,
    arena.VoteUndone: 409,
    arena.UndoTooLate: 409,
    arena.NotVoted: 409,
    arena.TooMany: 429,
    arena.UndoLimit: 429,
    arena.MatchupExpired: 410,
    arena.MatchupClosed: 410,
    UnknownModel: 404,
    DatabaseBusy: 503,
}
HTTP_CODES = {
    400: "invalid_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
}
RETRY_SECONDS = {503: 1, 429: 60}


class ErrorDetail(BaseModel):
    """What went wrong: a stable code, a sentence, and the parameter it is about where there is one."""

    code: str
    message: str
    param: str | None = None


class ErrorBody(BaseModel):
    """The body of every answer from 400 up."""

    error: ErrorDetail

    @classmethod
    @cache
    def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:  # type: ignore[override]
        """Made once: each operation asks for it again, for each of its statuses."""
        return super().model_json_schema(*args, **options)


def answer(error: Exception) -> Response:
    """For a room's exception, for HTTP's own, and for what nobody expected."""
    if isinstance(error, HTTPException):
        return _http(error)
    if type(error) in STATUS:
        code: str = error.code  # type: ignore[attr-defined]
        response = respond(STATUS[type(error)], code, str(error), getattr(error, "param", None))
        pause = getattr(error, "retry_after", None)
        if pause is not None:
            response.headers["Retry-After"] = str(pause)
        return response
    current_app.logger.error("unexpected", exc_info=error)
    return respond(500, "internal_error", "Something went wrong on our side; nothing was stored.")


def respond(status: int, code: str, message: str, param: str | None = None) -> Response:
    """An error answer; 429 and 503 say when to try again."""
    body = {"code": code, "message": message} | ({"param": param} if param else {})
    response = make_response(jsonify(error=body), status)
    if status in RETRY_SECONDS:
        response.headers["Retry-After"] = str(RETRY_SECONDS[status])
    return response


def invalid_request(error: ValidationError) -> Response:
    """A body, path or query that does not fit its model."""
    first = error.errors()[0]
    param = ".".join(str(part) for part in first["loc"]) or None
    return respond(400, "invalid_request", first["msg"], param)


def is_ours() -> bool:
    """Whether this request is the API's to answer."""
    return request.path.startswith(PREFIX)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    response = respond(status, HTTP_CODES.get(status, "http_error"), error.description or error.name)
    allowed = dict(error.get_headers()).get("Allow")
    if allowed:
        response.headers["Allow"] = allowed
    return response
