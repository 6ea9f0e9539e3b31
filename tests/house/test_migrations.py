"""Migrations: linear, reversible with data, free of `app`, and equal to the tables."""

import ast
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

import app.arena.tables
import app.catalog.tables
import app.gateway.tables
import app.leaderboards.tables
from app.database.columns import Base
from app.database.doors import Database, NewerDatabase
from app.database.places import ROOT

VERSIONS = sorted((ROOT / "migrations" / "versions").glob("*.py"))


def test_tables_and_migrations_are_equal(database: Database) -> None:
    with database.reading() as session:
        context = MigrationContext.configure(session.connection())
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_are_numbered_in_one_line() -> None:
    numbers = [path.name[:4] for path in VERSIONS]
    assert numbers == [f"{n:04}" for n in range(1, len(VERSIONS) + 1)]
    for before, path in zip([None, *numbers], VERSIONS, strict=False):
        assert f"down_revision = {before!r}".replace("'", '"') in path.read_text()


def test_migrations_never_import_app() -> None:
    for path in VERSIONS:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.split(".")[0] == "app"], path


def test_down_to_nothing_and_up_again(database: Database) -> None:
    database.migrate("base")
    assert set(_tables(database)) <= {"alembic_version"}
    assert database.pending() == [path.name[:4] for path in VERSIONS]
    database.migrate()
    assert set(Base.metadata.tables) <= set(_tables(database))
    assert database.pending() == []


def test_a_database_of_a_later_version_is_refused_in_one_sentence(database: Database) -> None:
    database.write(lambda session: session.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(NewerDatabase, match="9999"):
        database.pending()


def _tables(database: Database) -> list[str]:
    with database.reading() as session:
        return inspect(session.connection()).get_table_names()


def test_every_room_with_tables_is_compared() -> None:
    files = (ROOT / "app").glob("*/tables.py")
    rooms = {path.parent.name for path in files if "(Base)" in path.read_text()}
    compared = {name for name in ("arena", "catalog", "gateway", "leaderboards") if hasattr(app, name)}
    assert rooms == compared, Path(__file__).name
