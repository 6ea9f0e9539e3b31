"""One shape for everything that goes wrong."""

from dataclasses import replace
from functools import cache
from typing import Any

from flask import Response, jsonify, make_response, request
from pydantic import BaseModel, ValidationError

from app.edge.problems import Problem, describe, named

PREFIX = "/api/"


class ErrorDetail(BaseModel):
    """An error: a stable code, a sentence, and the parameter it is about where there is one."""

    code: str
    message: str
    param: str | None = None


class ErrorBody(BaseModel):
    """The body of every answer from 400 up."""

    error: ErrorDetail

    @classmethod
    @cache
    def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:  # type: ignore[override]
        """Make the schema once: each operation asks for it again, for each of its statuses."""
        return super().model_json_schema(*args, **options)


def answer(error: Exception) -> Response:
    """Answer for a room's refusal, for HTTP's own, and for what nobody expected."""
    return respond(describe(error))


def respond(problem: Problem) -> Response:
    """Answer in the API's own shape."""
    body = {"code": problem.code, "message": problem.message}
    body |= {"param": problem.param} if problem.param else {}
    return problem.set_headers(make_response(jsonify(error=body), problem.status))


def invalid_request(error: ValidationError) -> Response:
    """Answer for a body, path or query that does not fit its model."""
    first = error.errors()[0]
    # Pydantic names the branches of a union behind the field, as `str-enum[Outcome]`.
    param = ".".join(part for part in map(str, first["loc"]) if "[" not in part) or None
    return respond(replace(named("invalid_request", first["msg"]), param=param))


def is_ours() -> bool:
    """Tell whether this request is the API's to answer."""
    return request.path.startswith(PREFIX)
