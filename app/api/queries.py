"""Names of query parameters: the API refuses those that an operation does not know, and two values of one."""

import re
from difflib import get_close_matches
from typing import Any

from flask import current_app, request

from app.errors import Refusal

CACHE = "api_query_names"
Names = dict[tuple[str, str], frozenset[str]]


class UnknownParameter(Refusal, code="invalid_request"):
    """A query parameter that the operation does not have."""


class RepeatedParameter(Refusal, code="invalid_request"):
    """A query parameter with two values, of which only one would be read."""


def check_names() -> None:
    """
    Refuse a request with an unknown query parameter, or with two values of one.

    Raises UnknownParameter, which tells the nearest name, and RepeatedParameter.
    """
    if not request.args or request.url_rule is None:
        return
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", request.url_rule.rule)
    method = "get" if request.method == "HEAD" else request.method.lower()
    known = _names().get((path, method))
    if known is None:
        return
    for name, values in request.args.lists():
        if name not in known:
            raise UnknownParameter(_explain(name, known), param=name)
        if len(set(values)) > 1:
            raise RepeatedParameter(f"{name} takes one value; send a request for each.", param=name)


def _explain(name: str, known: frozenset[str]) -> str:
    if not known:
        return f"There is no query parameter {name!r} here, nor any other."
    nearest = get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    nearest += [one for one in sorted(known) if one.startswith(name) or name.startswith(one)]
    hint = f"Did you mean {nearest[0]!r}?" if nearest else f"There are {', '.join(sorted(known))}."
    return f"There is no query parameter {name!r}. {hint}"


def _names() -> Names:
    """Return the query parameters of each (path, method), read once from the OpenAPI document."""
    names: Names | None = current_app.extensions.get(CACHE)
    if names is None:
        paths: dict[str, dict[str, Any]] = current_app.api_doc["paths"]  # type: ignore[attr-defined]
        names = current_app.extensions[CACHE] = {
            (path, method): frozenset(
                one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"
            )
            for path, operations in paths.items()
            for method, operation in operations.items()
        }
    return names
