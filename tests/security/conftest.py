"""Arenas with an admin, on SQLite: what depends on the database is tested in rooms, on both."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.arena.tables import Admin, AdminSession, Counter, LedgerLine
from tests.security.doors import add_admin, application, sign_in
from tests.web.factories import MODELS, competition, parts_of, vote


@pytest.fixture(scope="module")
def one_url(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A fresh SQLite database of this module."""
    path = tmp_path_factory.mktemp("one") / "one.sqlite3"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="module")
def house(one_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One application for a module: starting one takes longer than most of its tests."""
    with application(one_url, tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture
def app(house: Flask) -> Flask:
    """As nobody had ever been here: one admin, no session, no count, no line in the ledger."""

    def forget(session: Session) -> None:
        for table in (AdminSession, Admin, Counter, LedgerLine):
            session.execute(delete(table))

    database = parts_of(house).database
    database.write(forget)
    add_admin(database)
    return house


@pytest.fixture(scope="module")
def filled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Path, Path]]:
    """An arena, its database and a copy: an open competition of three models, two voters of three votes."""
    folder = tmp_path_factory.mktemp("filled")
    path, kept = folder / "arena.sqlite3", folder / "kept.sqlite3"
    shutil.copy(sqlite_template, path)
    with application(f"sqlite:///{path}", folder) as made:
        competition(made, models=MODELS[:3])
        rng = random.Random(4)
        for who in (b"1" * 16, b"2" * 16):
            for outcome in ("a", "b", "tie"):
                vote(made, who, outcome, rng)
        parts_of(made).database.close()
        shutil.copy(path, kept)
        yield made, path, kept


@pytest.fixture
def arena(filled: tuple[Flask, Path, Path]) -> Flask:
    """As it was filled, whatever the last test did."""
    made, path, kept = filled
    parts_of(made).database.close()
    for leftover in (f"{path}-wal", f"{path}-shm"):
        Path(leftover).unlink(missing_ok=True)
    shutil.copy(kept, path)
    return made


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def admin_client(app: Flask) -> FlaskClient:
    return signed_in(app)


@pytest.fixture
def decider(arena: Flask) -> FlaskClient:
    """An admin's browser in the arena."""
    return signed_in(arena)


def signed_in(app: Flask) -> FlaskClient:
    client = app.test_client()
    assert sign_in(client).status_code == 303
    return client
