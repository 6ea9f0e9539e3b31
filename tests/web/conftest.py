"""An application on a fresh database, and clients that are browsers of their own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.settings import Settings
from tests.web.browsing import browser
from tests.web.factories import competition, parts_of

__all__ = ["browser"]


def running(database_url: str, folder: Path, **more: Any) -> Iterator[Flask]:
    """An application whose files lie in this folder, with these settings too, closed in the end."""
    made = create_app(Settings(data_dir=folder / "data", database_url=database_url, refresh_seconds=0, **more))
    yield made
    parts_of(made).database.close()


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """Nothing in it."""
    yield from running(database_url, tmp_path)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def arena(app: Flask) -> Flask:
    """One open competition of four models."""
    competition(app)
    return app
