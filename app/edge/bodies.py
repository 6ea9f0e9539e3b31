"""Checks of what a client sends, however hostile: JSON, forms, queries and paths."""

import json
import re
from math import isfinite
from typing import Any, NoReturn

from flask import Request, abort, request
from werkzeug.datastructures import MultiDict
from werkzeug.formparser import FormDataParser
from werkzeug.utils import cached_property

from app.errors import Refusal

BODY_BYTES = 64 * 1024
COMPRESSIONS = frozenset({"gzip", "x-gzip", "deflate", "br", "zstd", "compress"})
NO_TEXT = "Text must not hold NUL or lone surrogates."
NO_FORM = "The body is no whole form, or the Content-Type does not name the boundary between its parts."
NO_FORM_TEXT = "Text in a form must be UTF-8 without NUL and U+FFFD; a part that holds a file needs a filename."
UNREADABLE = "\ufffd"
"""What stands in a form's text for bytes that are not UTF-8."""


class BadBody(Refusal, code="invalid_request"):
    """A request body that is no JSON we take."""


class WrongType(Refusal, code="unsupported_media_type"):
    """A body of another type than JSON."""


class StrictRequest(Request):
    """
    A request that refuses what Python's parsers let through.

    In JSON that is NaN, numbers too large for a float, lone surrogates, NUL and deep nesting; in a form, text that
    is not UTF-8 and parts that do not end.
    """

    @cached_property
    def args(self) -> MultiDict[str, str]:
        """Read the query. Raises BadBody for text that no database holds."""
        return _checked(super().args)

    def make_form_data_parser(self) -> FormDataParser:
        """Make a parser that raises what is wrong with a form, where the usual one returns an empty form."""
        parser = super().make_form_data_parser()
        parser.silent = False
        return parser

    def _load_form_data(self) -> None:
        self._check_coding()
        try:
            super()._load_form_data()
        except ValueError as error:
            raise BadBody(NO_FORM) from error
        texts = [text for pair in self.form.items(multi=True) for text in pair]
        if any("\0" in text or UNREADABLE in text for text in texts):
            raise BadBody(NO_FORM_TEXT)

    def get_json(self, *_args: Any, **_kwargs: Any) -> Any:
        """Read the body; an empty one is an empty object. Raises BadBody and WrongType."""
        data = self.get_data()
        if not data:
            return {}
        if not self.is_json:
            raise WrongType("Send the body as application/json.")
        self._check_coding()
        try:
            value = json.loads(data, parse_constant=_refuse, parse_float=_read_float)
        except (ValueError, RecursionError) as error:
            raise BadBody("The body is not valid JSON.") from error
        if not isinstance(value, dict):
            raise BadBody("The body must be a JSON object.")
        _check_text(value)
        return value

    def _check_coding(self) -> None:
        """Refuse a compressed body, which would be read as it came. Raises WrongType."""
        # Some clients write a charset there, of a body that can be read.
        if not COMPRESSIONS.isdisjoint(re.split("[, ]+", self.headers.get("Content-Encoding", "").lower())):
            raise WrongType("Send the body without Content-Encoding: compressed bodies are not read.")


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


def _read_float(digits: str) -> float:
    """Read a number; what is too large for one would be answered as Infinity, which is no JSON."""
    value = float(digits)
    if not isfinite(value):
        _refuse(digits[:20])
    return value


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
