"""A database in a volume that is mounted for reading alone, as a snapshot of one is."""

import os
import shutil
import types
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from app.database.doors import Database, DatabaseBusy


@pytest.fixture
def file(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A database under a name that an address would have to quote."""
    place = tmp_path / "a b?#%.sqlite3"
    shutil.copy(sqlite_template, place)
    monkeypatch.setattr(os, "statvfs", lambda _: types.SimpleNamespace(f_flag=os.ST_RDONLY))
    yield place
    assert not list(tmp_path.glob("*-shm")), "SQLite could not make it there, and would open nothing"


def test_it_is_read_as_it_is(file: Path) -> None:
    with closing(Database(f"sqlite:///{file.parent}/a b%3F%23%25.sqlite3")) as database:
        with database.reading() as session:
            assert session.scalar(text("SELECT count(*) FROM votes")) == 0
        with pytest.raises(DatabaseBusy) as refused:
            database.write(lambda session: session.execute(text("DELETE FROM votes")) and None)
    assert refused.value.cause.name == "read_only"
