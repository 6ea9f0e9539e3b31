"""The API's own document, read for people: operations by tag, their fields one line each, an example of each."""

import json
from dataclasses import dataclass
from typing import Any

from app.web import api_examples
from app.web.api_examples import Samples
from app.web.snippets import Snippet

DEEPEST = 8
JSON = "application/json"


@dataclass(frozen=True)
class Field:
    """A parameter or a key; `name` is its path within the body, such as `standings[].model.slug`."""

    name: str
    kind: str
    note: str
    required: bool = False


@dataclass(frozen=True)
class DocumentedResponse:
    """The contents of a good answer: fields of JSON, or the types of a file."""

    status: str
    about: str
    fields: tuple[Field, ...]
    media: tuple[str, ...]
    headers: tuple[Field, ...]


@dataclass(frozen=True)
class Operation:
    """One thing to ask for."""

    anchor: str
    method: str
    path: str
    summary: str
    about: str
    needs_cookie: bool
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answers: tuple[DocumentedResponse, ...]
    errors: tuple[tuple[str, tuple[str, ...]], ...]
    codes: tuple[Snippet, ...]


@dataclass(frozen=True)
class Group:
    """The operations of one tag."""

    name: str
    about: str
    operations: tuple[Operation, ...]


def groups(document: dict[str, Any], base: str, samples: Samples) -> tuple[Group, ...]:
    """List the operations in the document's order; examples ask the server at `base`."""
    components = document["components"]
    operations = [
        (described["tags"][0], _operation(method.upper(), path, described, components, base, samples))
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    ]
    return tuple(
        Group(
            tag["name"],
            tag["description"],
            tuple(operation for name, operation in operations if name == tag["name"]),
        )
        for tag in document["tags"]
    )


def anchor(method: str, path: str) -> str:
    """Make an operation's id on the page, such as `post-matchups-matchup_id-vote`."""
    words = path.removeprefix("/api/v1/").replace("{", "").replace("}", "").split("/")
    return "-".join([method.lower(), *words])


def _operation(
    method: str, path: str, described: dict[str, Any], components: dict[str, Any], base: str, samples: Samples
) -> Operation:
    schemas, headers = components["schemas"], components["headers"]
    answers = described["responses"]
    sent = described.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema", {})
    return Operation(
        anchor=anchor(method, path),
        method=method,
        path=path,
        summary=described["summary"],
        about=described["description"],
        needs_cookie=bool(described.get("security")) and {} not in described["security"],
        parameters=tuple(_parameter(one, schemas) for one in described.get("parameters", ())),
        body=_fields(sent, schemas),
        answers=tuple(_answer(status, one, schemas, headers) for status, one in answers.items() if status < "400"),
        errors=tuple((status, tuple(one["x-codes"])) for status, one in answers.items() if one.get("x-codes")),
        codes=api_examples.codes(method, path, base, samples),
    )


def _parameter(one: dict[str, Any], schemas: dict[str, Any]) -> Field:
    note = one["description"] + _default(one["schema"])
    return Field(one["name"], _kind(one["schema"], schemas), note, one["required"])


def _answer(
    status: str, one: dict[str, Any], schemas: dict[str, Any], headers: dict[str, Any]
) -> DocumentedResponse:
    content = one.get("content", {})
    schema = content.get(JSON, {}).get("schema", {})
    sent = {name: headers.get(name, given) for name, given in one.get("headers", {}).items()}
    return DocumentedResponse(
        status,
        one["description"],
        _fields(schema, schemas),
        tuple(kind for kind in content if kind != JSON),
        tuple(Field(name, _kind(given["schema"], schemas), given["description"]) for name, given in sent.items()),
    )


def _fields(
    schema: dict[str, Any], schemas: dict[str, Any], prefix: str = "", depth: int = 0
) -> tuple[Field, ...]:
    """List fields depth first; what lies in lists is marked by `[]`."""
    inner = _resolve(schema, schemas)
    if inner.get("type") == "array":
        return _fields(inner.get("items", {}), schemas, f"{prefix}[]", depth + 1)
    lines: list[Field] = []
    for name, given in inner.get("properties", {}).items():
        full = f"{prefix}.{name}" if prefix else name
        note = given.get("description", "") + _default(given)
        lines.append(Field(full, _kind(given, schemas), note.strip(), name in inner.get("required", ())))
        if depth < DEEPEST:
            lines += _fields(given, schemas, full, depth + 1)
    return tuple(lines)


def _resolve(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Look behind references and `or null`."""
    if "$ref" in schema:
        target: dict[str, Any] = schemas[schema["$ref"].rsplit("/", 1)[1]]
        return _resolve(target, schemas)
    real = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return _resolve(real[0], schemas) if len(real) == 1 else schema


def _kind(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    """Say a type in words: `string`, `list of object, or null`, `"a" "b"`."""
    inner = _resolve(schema, schemas)
    choices = schema.get("enum") or inner.get("enum") or ([inner["const"]] if "const" in inner else None)
    or_null = ", or null" if any(one.get("type") == "null" for one in schema.get("anyOf", ())) else ""
    if choices:
        return " ".join(json.dumps(choice) for choice in choices if choice is not None) + or_null
    if inner.get("type") == "array":
        return f"list of {_kind(inner.get('items', {}), schemas)}{or_null}"
    if "anyOf" in inner:
        return " or ".join(_kind(one, schemas) for one in inner["anyOf"])
    named = inner.get("format") or inner.get("type", "object")
    return f"{named}{or_null}"


def _default(schema: dict[str, Any]) -> str:
    given = schema.get("default")
    return "" if given is None else f" Default: {json.dumps(given)}."
