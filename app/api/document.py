"""The OpenAPI document, as the application holds it, with the codes of what can go wrong."""

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
    """List the error responses by status, each with its codes; one without any is HTTP's own."""
    return {
        status: {**response, "x-codes": list(told[int(status)])} if int(status) in told else response
        for status, response in sorted(responses.items())
    }
