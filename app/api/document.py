"""The OpenAPI document: what the application holds of its operations, with what holds for all of them."""

import re
from typing import Any

from flask import Response, current_app, jsonify, request

from app.api.about import VOTER_SCHEME
from app.api.blueprints import VOTER
from app.api.codes import codes
from app.api.errors import ErrorBody
from app.api.field_notes import describe_field
from app.edge.context import parts
from app.edge.identity import cookie_name
from app.errors import CODES

Described = dict[str, Any]

SCHEMAS = "#/components/schemas/"
HEADERS: Described = {
    name: {"description": about, "schema": {"type": kind}}
    for name, kind, about in (
        ("Allow", "string", "The methods that the address takes."),
        (
            "ETag",
            "string",
            "Names this answer. Send it as `If-None-Match`, and an unchanged one is 304 without a body.",
        ),
        ("Retry-After", "integer", "Seconds until the next try."),
        ("Set-Cookie", "string", "The cookie of a voter who had none."),
        ("X-Request-ID", "string", "The name of this request in the server's log."),
    )
}
"""Headers that several operations answer with."""
OF_STATUS = {"405": "Allow", "429": "Retry-After", "503": "Retry-After"}
"""The header that comes with an error of this status, beside the request's id."""
IF_NONE_MATCH: Described = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of an answer that you hold.",
    "schema": {"type": "string"},
}


def document() -> Response:
    """Build the OpenAPI document from the models that check requests and shape answers."""
    held: Described = current_app.api_doc  # type: ignore[attr-defined]
    schemas = {name: _describe_fields(name, given) for name, given in held["components"]["schemas"].items()}
    paths = {
        path: {method: _operation(method.upper(), path, given, schemas) for method, given in operations.items()}
        for path, operations in held["paths"].items()
    }
    address = (parts().settings.public_url or request.host_url).rstrip("/")
    common = {
        "schemas": schemas,
        "headers": HEADERS,
        "examples": _examples(paths),
        "securitySchemes": {VOTER: {**VOTER_SCHEME, "name": cookie_name()}},
    }
    of_server = {
        "servers": [{"url": address, "description": "This arena."}],
        "externalDocs": {
            "url": f"{address}/docs",
            "description": "Every operation with an example that works here.",
        },
    }
    return jsonify({**held, **of_server, "security": [], "paths": paths, "components": common})


def _operation(method: str, path: str, given: Described, schemas: Described) -> Described:
    told = {
        **given,
        "description": " ".join(part for part in given["description"].split("<br/>") if part),
        "responses": _responses(given, codes(method, path, given), schemas),
    }
    asked = [_parameter(one) for one in given.get("parameters", ())]
    if "304" in given["responses"]:
        asked.append(IF_NONE_MATCH)
    return told | {"parameters": asked} if asked else told


def _parameter(given: Described) -> Described:
    """Describe a parameter, which can be left out but not be null: an address has no word for it."""
    told = {"title", "description", "example"}
    schema = {name: value for name, value in given["schema"].items() if name not in told}
    if schema.get("default", "") is None:
        del schema["default"]
    if "anyOf" in schema:
        real = [one for one in schema.pop("anyOf") if one != {"type": "null"}]
        schema |= real[0] if len(real) == 1 else {"anyOf": real}
    if "enum" in schema:
        schema["enum"] = [choice for choice in schema["enum"] if choice is not None]
    return {**given, "schema": schema}


def _responses(given: Described, told: dict[int, tuple[str, ...]], schemas: Described) -> Described:
    """List what is answered by status: what was asked for, and each error with its codes."""
    good = {
        status: _good(status, answer, given, schemas)
        for status, answer in given["responses"].items()
        if status < "400"
    }
    return dict(
        sorted((good | {str(status): _error(str(status), names) for status, names in told.items()}).items())
    )


def _good(status: str, answer: Described, given: Described, schemas: Described) -> Described:
    reference = answer.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
    about = schemas.get(reference.removeprefix(SCHEMAS), {}).get("description") or answer["description"]
    makes_voter = status == "201" and {} in given.get("security", ())
    names = ["ETag"] if "304" in given["responses"] else ["Set-Cookie"] if makes_voter else []
    headers = answer.get("headers", {}) | _refer_headers(*names)
    return {**answer, "description": about} | ({"headers": headers} if headers else {})


def _error(status: str, names: tuple[str, ...]) -> Described:
    examples = {name: {"$ref": f"#/components/examples/{name}"} for name in names}
    body = {"schema": {"$ref": f"{SCHEMAS}{ErrorBody.__name__}"}, "examples": examples}
    more = [OF_STATUS[status]] if status in OF_STATUS else []
    return {
        "description": " ".join(f"{CODES[name].title} (`{name}`)." for name in names),
        "headers": _refer_headers("X-Request-ID", *more),
        "content": {"application/json": body},
        "x-codes": list(names),
    }


def _refer_headers(*names: str) -> Described:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _examples(paths: Described) -> Described:
    """Give an example of each error that the operations answer with."""
    operations = [operation for by_method in paths.values() for operation in by_method.values()]
    answers = [answer for operation in operations for answer in operation["responses"].values()]
    names = {name for answer in answers for name in answer.get("x-codes", ())}
    return {
        name: {"value": {"error": {"code": name, "message": f"{CODES[name].title}."}}} for name in sorted(names)
    }


def _describe_fields(body: str, schema: Described) -> Described:
    """Add what a field of a body means, where it does not say so itself."""
    noted = {}
    for name, given in _flatten_tuples(schema.get("properties", {})).items():
        note = None if "description" in given or "$ref" in given else describe_field(body, name)
        noted[name] = _write_as_json(given | ({"description": note} if note else {}))
    return _write_as_json(schema | ({"properties": noted} if noted else {}))


def _write_as_json(told: Described) -> Described:
    """Write Python's None in a description as JSON does: most of them are docstrings."""
    text = told.get("description")
    return told | {"description": re.sub(r"\bNone\b", "null", text)} if text else told


def _flatten_tuples(schema: Any) -> Any:
    """Write a list of so many places of one type as a list of that type: few generators know another."""
    if isinstance(schema, list):
        return [_flatten_tuples(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: _flatten_tuples(value) for name, value in schema.items() if name != "prefixItems"}
    places = schema.get("prefixItems", ())
    return told | ({"items": places[0]} if places else {})
