"""A world with a catalogue: on SQLite for what does not touch SQL, on both databases for what does."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.catalog.loading import load
from app.database.doors import Database
from app.gateway.storage import Storage
from tests.factories import read_catalogue
from tests.gateway.upstream import Upstream, running
from tests.gateway.world import NOW, World, load_catalogue


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


@pytest.fixture(scope="session")
def seeded_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository's own catalogue."""
    path = tmp_path_factory.mktemp("seeded") / "seeded.sqlite3"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    database.write(lambda session: load(session, read_catalogue(), now=NOW))
    database.close()
    return path


@pytest.fixture
def seeded_world(seeded_template: Path, tmp_path: Path) -> Iterator[World]:
    """The repository's own catalogue, at a day when none of its makers had withdrawn Imagen yet."""
    path = tmp_path / "world.sqlite3"
    shutil.copy(seeded_template, path)
    database = Database(f"sqlite:///{path}")
    yield World(database, Storage(tmp_path / "files"), now=datetime(2026, 7, 1, 12, tzinfo=UTC))
    database.close()
