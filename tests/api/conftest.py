"""An application on each database, and a client that holds every JSON answer against the published document."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from werkzeug.test import TestResponse

from app import create_app
from app.database.doors import Database
from app.settings import Settings
from tests.factories import make_arena

SECRET = "s" * 32


class Api:
    """One browser that talks JSON. Every answer under /api/v1 must be in the document, status and body."""

    document: ClassVar[dict[str, Any]] = {}
    """Read once: it follows from the code, not from an arena."""
    validators: ClassVar[dict[tuple[int, int], Validator]] = {}
    """By operation and status: to check that a schema is one takes longer than most answers."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        if not self.document:
            self.document.update(client.get("/api/v1/openapi.json").get_json())

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.call("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.call("POST", path, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.call("DELETE", path, **options)

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        response = self.client.open("/api/v1" + path, method=method, **options)
        if response.mimetype == "application/json":
            body = response.get_json()
            self._validator(method, path, response.status_code).validate(body)
            if response.status_code >= 400:
                self._check_code(method, path, response.status_code, body["error"]["code"])
        return response

    def _check_code(self, method: str, path: str, status: int, code: str) -> None:
        """Check that the document lists this error code for the operation."""
        operation = self._operation(method, "/api/v1" + path.split("?", maxsplit=1)[0])
        listed = operation["responses"][str(status)].get("x-codes", ())
        assert code in listed, f"{method} {path} answers {status} {code}, and the document lists {listed}"

    def _validator(self, method: str, path: str, status: int) -> Validator:
        operation = self._operation(method, "/api/v1" + path.split("?", maxsplit=1)[0])
        if (key := (id(operation), status)) not in self.validators:
            schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
            whole = {**schema, "components": self.document["components"]}
            Draft202012Validator.check_schema(whole)
            self.validators[key] = Draft202012Validator(whole)
        return self.validators[key]

    def _operation(self, method: str, path: str) -> dict[str, Any]:
        parts = path.split("/")
        for template, operations in self.document["paths"].items():
            wanted = template.split("/")
            fits = len(wanted) == len(parts) and all(
                w == p or w.startswith("{") for w, p in zip(wanted, parts, strict=True)
            )
            if fits and method.lower() in operations:
                found: dict[str, Any] = operations[method.lower()]
                return found
        raise AssertionError(f"{method} {path} is not documented")


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=database_url, data_dir=tmp_path, secret_key=SECRET, refresh_seconds=0)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    yield app
    app.extensions["blindvote"].database.close()


@pytest.fixture
def database(app: Flask) -> Database:
    found: Database = app.extensions["blindvote"].database
    return found


@pytest.fixture
def arena(database: Database, tmp_path: Path) -> None:
    """Two open competitions of four models."""
    make_arena(database, tmp_path, models=4)


@pytest.fixture
def browser(app: Flask) -> Callable[[], Api]:
    """Makes one more browser, with its own cookies."""
    return lambda: Api(app.test_client())


@pytest.fixture
def api(browser: Callable[[], Api]) -> Api:
    return browser()
