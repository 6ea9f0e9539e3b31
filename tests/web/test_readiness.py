"""/readyz says 503 while nothing can be kept, and 200 again by itself."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.engine import make_url

from app import create_app
from app.settings import Settings
from tests.factories import make_arena


@pytest.fixture
def served(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    app = create_app(Settings(database_url=database_url, data_dir=tmp_path, secret_key="s" * 32))
    yield app
    app.extensions["blindvote"].database.close()


def failing(client: FlaskClient) -> dict[str, str]:
    begun = time.monotonic()
    answer = client.get("/readyz")
    assert time.monotonic() - begun < 10
    found: dict[str, str] = answer.get_json()["failing"]
    assert answer.status_code == (503 if found else 200)
    return found


def test_a_database_that_lets_nobody_write(served: Flask) -> None:
    database, client = served.extensions["blindvote"].database, served.test_client()
    assert failing(client) == {}
    other = database._write_engine.raw_connection()
    other.cursor().execute("BEGIN IMMEDIATE" if database.is_sqlite else "LOCK TABLE alembic_version IN SHARE MODE")
    assert failing(client) == {"database": "busy"}
    other.rollback()
    other.close()
    assert failing(client) == {}


def test_a_database_file_that_is_gone(served: Flask) -> None:
    database, client = served.extensions["blindvote"].database, served.test_client()
    if not database.is_sqlite:
        return
    assert failing(client) == {}
    file = Path(make_url(database.url).database or "")
    file.rename(file.with_name("away"))
    assert "database" in failing(client)
    file.unlink(missing_ok=True)
    file.with_name("away").rename(file)
    assert failing(client) == {}


def test_images_whose_folder_is_gone(served: Flask, tmp_path: Path) -> None:
    client = served.test_client()
    make_arena(served.extensions["blindvote"].database, tmp_path, competitions=1)
    folder = served.extensions["blindvote"].storage.folder
    if not folder.exists():
        assert "mounted" in failing(client)["files"]
        folder.mkdir()
    assert failing(client) == {}
    folder.rename(tmp_path / "away")
    assert "mounted" in failing(client)["files"]
    (tmp_path / "away").rename(folder)
    assert failing(client) == {}


def test_an_empty_folder_in_place_of_the_images(served: Flask, tmp_path: Path) -> None:
    client, wired = served.test_client(), served.extensions["blindvote"]
    make_arena(wired.database, tmp_path / "elsewhere", competitions=1)
    wired.storage.folder.mkdir()
    assert "mounted" in failing(client)["files"]
    wired.storage.mark()
    assert failing(client) == {}, "one that was in use may lack images: the doctor counts those"


def test_a_disk_that_is_full(served: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that takes no bytes: /dev/full, as the kernel makes one."""
    from app.gateway import storage

    client = served.test_client()
    with monkeypatch.context() as full:
        full.setattr(storage, "TemporaryFile", lambda **_: Path("/dev/full").open("wb", buffering=0))  # noqa: SIM115
        assert failing(client)["files"] == "no space left on device"
    assert failing(client) == {}
