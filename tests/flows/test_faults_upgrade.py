"""
A database of an earlier revision, with votes that the code of its day took, shows the same boards under today's.

tests/fixtures/upgrade_<revision>.sql is SQLite's own dump of it, the .json what the API said of its boards then.
"""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, MetaData, create_engine, text

from app import create_app
from app.database.doors import Database
from app.database.places import ROOT
from app.leaderboards.runs.verify import verify
from app.settings import Settings

FIXTURES = ROOT / "tests" / "fixtures"
DUMPS = sorted(FIXTURES.glob("upgrade_*.sql"))


COUNTS = ("votes", "wins", "losses", "ties", "both_bad_rate", "win_rate")
"""What a newer rating method leaves as it was."""


@pytest.mark.parametrize("dump", DUMPS, ids=lambda path: str(path.stem))
def test_an_upgrade_changes_no_count(dump: Path, database_url: str, tmp_path: Path) -> None:
    url = _restored(dump, database_url, tmp_path)
    with closing(Database(url)) as database:
        database.migrate()
        report = verify(database)
        assert report.is_exact, report.differences
        assert report.stale in {0, report.boards}  # a newer method rates every board anew
    settings = Settings(database_url=url, data_dir=tmp_path, secret_key="s" * 32)
    app = create_app(settings)
    then = json.loads(dump.with_suffix(".json").read_text())
    now = {path: _counts(app.test_client().get(path).get_json()) for path in then}
    assert now == {path: _counts(board) for path, board in then.items()}
    app.extensions["blindvote"].database.close()


def _counts(board: dict[str, Any]) -> dict[str, Any]:
    """Take what was counted from an answer of today or of then: not ratings, and not what depends on the day."""
    rows = {_slug(row["model"]): {name: row[name] for name in COUNTS} for row in board["standings"]}
    return {"votes": board["run"]["votes"], "tallies": board["run"]["tallies_sha256"], "standings": rows}


def _slug(model: dict[str, Any] | str) -> str:
    return model if isinstance(model, str) else str(model["slug"])


def _restored(dump: Path, database_url: str, tmp_path: Path) -> str:
    path = tmp_path / "then.sqlite3"
    with closing(sqlite3.connect(path)) as then:
        then.executescript(dump.read_text())
        if not database_url.startswith("sqlite"):
            _copy(then, database_url, dump.stem.removeprefix("upgrade_"))
            return database_url
    return f"sqlite:///{path}"


def _copy(then: sqlite3.Connection, database_url: str, revision: str) -> None:
    """The same rows in PostgreSQL, at the same revision."""
    with closing(Database(database_url)) as database:
        database.migrate("base")
        database.migrate(revision)
    then.row_factory = sqlite3.Row
    engine = create_engine(database_url)
    tables = MetaData()
    tables.reflect(engine)
    with engine.begin() as connection:
        for table in tables.sorted_tables:
            rows = [dict(row) for row in then.execute(f'SELECT * FROM "{table.name}"')]
            for column in table.columns:
                for row in rows:
                    row[column.name] = _typed(column.type, row[column.name])
            connection.execute(table.delete())
            if rows:
                connection.execute(table.insert(), rows)
            if "id" in table.columns and rows:
                key = text(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), :last)")
                connection.execute(key, {"last": max(row["id"] for row in rows)})
    engine.dispose()


def _typed(kind: object, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, Boolean):
        return bool(value)
    return json.loads(value) if isinstance(kind, JSON) else value


def test_each_fixture_has_its_boards() -> None:
    assert DUMPS
    assert [path for path in DUMPS if not path.with_suffix(".json").exists()] == []
