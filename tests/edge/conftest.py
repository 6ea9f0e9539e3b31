"""An application on SQLite whose log a test can read."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.settings import Settings

SECRET = "secret-key-of-the-tests-000000000000"
TOKEN = "metrics-token-of-the-tests"
PROXY = "10.1.2.3"
GIVEN = {
    "secret_key": SECRET,
    "metrics_token": TOKEN,
    "openai_api_key": 'sk-"quoted"-canary',
    "trusted_proxies": ["10.0.0.0/8"],
    "trusted_hosts": ["localhost"],
    "refresh_seconds": 0,
}


@pytest.fixture
def settings(sqlite_template: Path, tmp_path: Path) -> Settings:
    path = tmp_path / "blindvote.sqlite3"
    shutil.copy(sqlite_template, path)
    return Settings.model_validate({**GIVEN, "data_dir": tmp_path, "database_url": f"sqlite:///{path}"})


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    made = create_app(settings)
    yield made
    made.extensions["blindvote"].database.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    """The log since the last look, each line as what it says."""
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
