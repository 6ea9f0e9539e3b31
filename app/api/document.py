"""The OpenAPI document, as the application holds it, with the codes of what can go wrong."""

from http import HTTPStatus
from typing import Any

from flask import Response, current_app, jsonify

from app.api.codes import codes


def document() -> Response:
    """Build the OpenAPI document from the models that check requests and shape answers."""
    made: dict[str, Any] = current_app.api_doc  # type: ignore[attr-defined]
    paths = {
        path: {method: _operation(method.upper(), path, operation) for method, operation in operations.items()}
        for path, operations in made["paths"].items()
    }
    return jsonify({**made, "paths": paths, "components": {"schemas": made["components"]["schemas"]}})


def _operation(method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    return {**operation, "responses": _answers(operation["responses"], codes(method, path, operation))}


def _answers(responses: dict[str, Any], told: dict[int, tuple[str, ...]]) -> dict[str, Any]:
    """List the responses by status, each error with its codes; one without any is HTTP's own."""
    refusals = {
        str(status): {**responses["405"], "description": HTTPStatus(status).phrase, "x-codes": list(names)}
        for status, names in told.items()
    }
    return dict(sorted({**responses, **refusals}.items()))
