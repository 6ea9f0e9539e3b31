"""A world with a catalogue: on SQLite for what does not touch SQL, on both databases for what does."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.database.doors import Database
from app.gateway.storage import Storage
from tests.gateway.upstream import Upstream, running
from tests.gateway.world import World, load_catalogue


@pytest.fixture(scope="session")
def catalogue_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gateway")
    path = folder / "catalogue.sqlite3"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    load_catalogue(database, folder / "catalog")
    database.close()
    return path


@pytest.fixture
def world(catalogue_template: Path, tmp_path: Path) -> Iterator[World]:
    """On SQLite."""
    path = tmp_path / "world.sqlite3"
    shutil.copy(catalogue_template, path)
    database = Database(f"sqlite:///{path}")
    yield World(database, Storage(tmp_path / "files"))
    database.close()


@pytest.fixture
def both(database: Database, tmp_path: Path) -> World:
    """On SQLite and on PostgreSQL."""
    load_catalogue(database, tmp_path / "catalog")
    return World(database, Storage(tmp_path / "files"))


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running() as server:
        yield server
