"""The OpenAPI document tells a stranger, and a generator of clients, all that they need."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from app.api.field_notes import EVERYWHERE, OF_ONE_BODY
from app.database.places import ROOT
from app.errors import CODES
from app.settings import Settings
from tests.api.conftest import SECRET
from tests.web.conftest import running

Described = dict[str, Any]


class Operation(NamedTuple):
    method: str
    path: str
    described: Described


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        profile="public", database_url=database_url, data_dir=tmp_path, secret_key=SECRET, refresh_seconds=0
    )


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def document(client: FlaskClient) -> Described:
    read: Described = client.get("/api/v1/openapi.json").get_json()
    return read


@pytest.fixture
def operations(document: Described) -> list[Operation]:
    return [
        Operation(method, path, described)
        for path, by_method in document["paths"].items()
        for method, described in by_method.items()
    ]


def test_what_a_field_means_is_said_in_words_of_json(document: Described) -> None:
    schemas = document["components"]["schemas"]
    told = [str(part["description"]) for part in schemas_in(schemas) if "description" in part]
    assert len(told) > 400
    assert not [text for text in told if re.search(r"\bNone\b", text)]
    ties = schemas["StandingBody"]["properties"]["ties"]
    assert ties["description"] == "Votes that called it a tie, or both pictures bad."


def schemas_in(part: Any) -> Iterator[Described]:
    """Every object of the document, however deep."""
    if isinstance(part, dict):
        yield part
        for inner in part.values():
            yield from schemas_in(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from schemas_in(inner)


def is_sentence(text: str) -> bool:
    return bool(re.fullmatch(r"[A-Z`0-9].*\.", text, re.DOTALL)) and "<br" not in text


def test_the_api_as_a_whole(document: Described) -> None:
    info = document["info"]
    assert {"title", "version", "summary", "description", "license"} <= info.keys()
    assert all(word in info["description"] for word in ("cookie", "`code`", "Retry-After", "ETag"))
    assert document["externalDocs"]["url"] == "http://localhost/docs"
    assert [server["url"] for server in document["servers"]] == ["http://localhost"]
    assert document["security"] == []
    assert document["components"]["securitySchemes"]["voter"]["name"] == "blindvote_voter"
    assert all(is_sentence(tag["description"]) for tag in document["tags"])


def test_an_arena_behind_a_proxy_is_called_by_its_own_address(sqlite_template: Path, tmp_path: Path) -> None:
    for app in running(f"sqlite:///{sqlite_template}", tmp_path, public_url="https://arena.example/"):
        told = app.test_client().get("/api/v1/openapi.json").get_json()
    assert told["servers"][0]["url"] == "https://arena.example"
    assert told["components"]["securitySchemes"]["voter"]["name"] == "__Host-blindvote_voter"


def test_every_operation_is_described(document: Described, operations: list[Operation]) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    for method, path, described in operations:
        name = f"{method} {path}"
        assert is_sentence(described["summary"]), name
        assert len(described["summary"]) < 100, name
        assert is_sentence(described["description"]), name
        assert set(described["tags"]) <= tags, name
        for parameter in described.get("parameters", ()):
            assert is_sentence(parameter["description"]), (name, parameter["name"])
            assert "null" not in str(parameter["schema"]), (name, parameter["name"])
            assert parameter["in"] != "path" or "example" in parameter, (name, parameter["name"])
    ids = [operation.described["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"(get|post|delete)_[a-z_]+", one) for one in ids)


def test_every_field_is_described(document: Described) -> None:
    schemas = document["components"]["schemas"]
    undescribed = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, given in schema.get("properties", {}).items()
        if not ("$ref" in given or is_sentence(given.get("description", "")))
    ]
    assert undescribed == []
    assert [name for name, schema in schemas.items() if not is_sentence(schema.get("description", ""))] == []


def test_every_reference_leads_somewhere_and_every_list_has_items(document: Described) -> None:
    for schema in schemas_in(document):
        if isinstance(reference := schema.get("$ref"), str):
            target: Any = document
            for step in reference.removeprefix("#/").split("/"):
                target = target[step]
        if schema.get("type") == "array":
            assert "items" in schema


def test_examples_fit_what_they_are_examples_of(document: Described, operations: list[Operation]) -> None:
    components = {"components": document["components"]}
    error = {"$ref": "#/components/schemas/ErrorBody"}
    fields = [
        field
        for body in document["components"]["schemas"].values()
        for field in body.get("properties", {}).values()
    ]
    parameters = [one for operation in operations for one in operation.described.get("parameters", ())]
    examples = [(error, example["value"]) for example in document["components"]["examples"].values()]
    examples += [(field, example) for field in fields for example in field.get("examples", ())]
    examples += [(one["schema"], one["example"]) for one in parameters if "example" in one]
    assert len(examples) > len(document["components"]["examples"]) > 0
    wrong = [
        (schema, example)
        for schema, example in examples
        if not Draft202012Validator({**schema, **components}).is_valid(example)
    ]
    assert wrong == []
    codes = {
        name: example["value"]["error"]["code"] for name, example in document["components"]["examples"].items()
    }
    assert all(name == code for name, code in codes.items())


def test_the_answers_in_the_documents_are_whole(document: Described) -> None:
    blocks = re.findall(r"```json\n(.*?)```", (ROOT / "docs" / "api.md").read_text(), re.DOTALL)
    for name, block in zip(("VoteBody", "ErrorBody"), blocks, strict=True):
        schema, told = (
            {"$ref": f"#/components/schemas/{name}", "components": document["components"]},
            json.loads(block),
        )
        assert list(Draft202012Validator(schema).iter_errors(told)) == []
        assert told.keys() == document["components"]["schemas"][name]["properties"].keys()


def test_every_error_tells_its_codes_and_headers(operations: list[Operation]) -> None:
    wanted = {"405": "Allow", "429": "Retry-After", "503": "Retry-After"}
    for method, path, described in operations:
        for status, answer in described["responses"].items():
            name = f"{method} {path} {status}"
            assert is_sentence(answer["description"]), name
            if status < "400":
                continue
            assert {str(CODES[code].status) for code in answer["x-codes"]} == {status}, name
            assert set(answer["content"]["application/json"]["examples"]) == set(answer["x-codes"]), name
            assert "X-Request-ID" in answer["headers"], name
            assert status not in wanted or wanted[status] in answer["headers"], name


@pytest.mark.any_database
def test_headers_are_sent_as_told(client: FlaskClient, arena: None, operations: list[Operation]) -> None:
    seen = 0
    for method, path, described in operations:
        if method != "get" or "{matchup_id}" in path or "{category}" in path or "taste" in path:
            continue
        address = path.format(mode="text-to-image", slug="m0" if "models" in path else "c0")
        answer = client.get(address)
        seen += 1
        assert ("304" in described["responses"]) == ("ETag" in answer.headers), path
        assert described["responses"]["200"].get("headers", {}).keys() <= set(answer.headers.keys()), path
        assert "X-Request-ID" in answer.headers
        if "304" in described["responses"]:
            again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
            assert (again.status_code, again.data) == (304, b"")
    assert seen == 9


@pytest.mark.any_database
def test_operations_that_want_a_voter_say_so(
    client: FlaskClient, arena: None, operations: list[Operation]
) -> None:
    wanting = {
        operation.described["operationId"] for operation in operations if operation.described.get("security")
    }
    own = {
        "get_matchup",
        "post_vote",
        "delete_vote",
        "post_report",
        "get_taste",
        "post_taste",
        "delete_shared_taste",
    }
    assert wanting == own | {"post_matchup", "post_suggestion"}
    issued = [client.post("/api/v1/matchups", json={}) for _ in range(3)]
    answers = next(
        one.described["responses"] for one in operations if one.described["operationId"] == "post_matchup"
    )
    assert [answer.status_code for answer in issued] == [201, 201, 200]
    assert ["Set-Cookie" in answer.headers for answer in issued] == [True, False, False]
    assert ["Set-Cookie" in answers[status].get("headers", {}) for status in ("201", "200")] == [True, False]


@pytest.mark.any_database
def test_a_parameter_that_an_operation_has_not_is_refused_everywhere_as_told(
    client: FlaskClient, arena: None, operations: list[Operation]
) -> None:
    for method, path, described in operations:
        sent = {"json": {}} if method == "post" else {}
        asked = path.format(mode="text-to-image", category="x", slug="x", matchup_id="x", token="x")
        answer = client.open(f"{asked}?no_such_parameter=1", method=method.upper(), **sent)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "invalid_request"), path
        assert "invalid_request" in described["responses"]["400"]["x-codes"], path


def test_every_status_of_models_that_is_taken_is_listed(client: FlaskClient, document: Described) -> None:
    path = "/api/v1/leaderboards/{mode}"
    listed = next(one for one in document["paths"][path]["get"]["parameters"] if one["name"] == "status")
    for status in ("preview", "active", "deprecated", "retired"):
        assert client.get(f"/api/v1/leaderboards/text-to-image?status={status}").status_code == 200
        assert status in listed["schema"]["enum"]


def test_no_note_is_about_a_field_that_is_gone(document: Described) -> None:
    bodies = {name: schema.get("properties", {}) for name, schema in document["components"]["schemas"].items()}
    gone = [note for note in OF_ONE_BODY if note.split(".")[1] not in bodies.get(note.split(".")[0], {})]
    assert gone == []
    assert set(EVERYWHERE) <= {field for fields in bodies.values() for field in fields}
