"""Checks of what a client sends, however hostile: JSON, forms, queries and paths."""

import json
from typing import Any, NoReturn

from flask import Request, abort, request
from werkzeug.datastructures import MultiDict
from werkzeug.utils import cached_property

from app.errors import Refusal

BODY_BYTES = 64 * 1024
NO_TEXT = "Text must not hold NUL or lone surrogates."


class BadBody(Refusal, code="invalid_request"):
    """A request body that is no JSON we take."""


class WrongType(Refusal, code="unsupported_media_type"):
    """A body of another type than JSON."""


class StrictRequest(Request):
    """A request that refuses what Python's parser lets through: NaN, lone surrogates, NUL, deep nesting."""

    @cached_property
    def args(self) -> MultiDict[str, str]:
        """Read the query. Raises BadBody for text that no database holds."""
        return _checked(super().args)

    def _load_form_data(self) -> None:
        super()._load_form_data()
        _checked(self.form)

    def get_json(self, *_args: Any, **_kwargs: Any) -> Any:
        """Read the body; an empty one is an empty object. Raises BadBody and WrongType."""
        data = self.get_data()
        if not data:
            return {}
        if not self.is_json:
            raise WrongType("Send the body as application/json.")
        try:
            value = json.loads(data, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise BadBody("The body is not valid JSON.") from error
        if not isinstance(value, dict):
            raise BadBody("The body must be a JSON object.")
        _check_text(value)
        return value


def check_address() -> None:
    """
    Answer 404, before every view, to a path with NUL in it: databases refuse to look for that.

    Raises BadBody for a query that is no text.
    """
    if "\0" in request.path:
        abort(404)
    try:
        request.query_string.decode()
    except UnicodeDecodeError as error:
        raise BadBody("The query is not UTF-8.") from error


def _checked(given: MultiDict[str, str]) -> MultiDict[str, str]:
    if any("\0" in text for pair in given.items(multi=True) for text in pair):
        raise BadBody(NO_TEXT)
    return given


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _check_text(value: Any) -> None:
    """Refuse text that a database cannot hold."""
    # A list instead of recursion: depth is the client's choice.
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            pending += item
        elif isinstance(item, str) and ("\0" in item or any("\ud800" <= c <= "\udfff" for c in item)):
            raise BadBody(NO_TEXT)
