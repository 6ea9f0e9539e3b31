"""The key of a restored arena: on the disk before anything is replaced, in its place right after the swap."""

import gc
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.cli import backup
from app.database.doors import Database
from app.gateway.storage import Storage

Run = Callable[..., Any]


@pytest.fixture
def saved(arena: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A backup of another arena than the one that commands work on from here."""
    file = tmp_path / "saved.tar"
    assert arena("backup", str(file))[0] == 0
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "new"))
    assert arena("competition", "list")[0] == 0
    Storage(tmp_path / "new" / "files").put("renditions/before.webp", b"of before")
    gc.collect()  # in real life each command is a process that has ended
    return file


def read_key(folder: Path) -> str:
    return (folder / "secret_key").read_text()


def test_a_key_that_cannot_be_written_replaces_nothing(
    arena: Run, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "new"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def full(_: Path, __: str) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "write_beside", full)
    assert arena("restore", str(saved), "--force")[0] == 1
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_the_key_follows_the_swap_at_once(
    arena: Run, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files of before that can't be deleted leave a restored arena with its own key, and are told."""

    def read_only(_: Storage, __: str) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Storage, "delete", read_only)
    code, said, complaint = arena("restore", str(saved), "--force")
    assert (code, said.startswith("restored"), "could not be deleted" in complaint) == (0, True, True)
    assert read_key(tmp_path / "new") == read_key(tmp_path / "data")
    assert sorted(path.name for path in (tmp_path / "new").glob("secret_key*")) == ["secret_key"]


def test_a_restore_that_is_refused_leaves_no_key_beside(arena: Run, saved: Path, tmp_path: Path) -> None:
    key = read_key(tmp_path / "new")
    with (
        closing(Database(f"sqlite:///{tmp_path / 'new' / 'blindvote.sqlite3'}")) as server,
        server.reading() as session,
    ):
        session.execute(text("SELECT count(*) FROM voters"))
        assert arena("restore", str(saved), "--force")[0] == 1
    assert sorted(path.name for path in (tmp_path / "new").glob("secret_key*")) == ["secret_key"]
    assert read_key(tmp_path / "new") == key
