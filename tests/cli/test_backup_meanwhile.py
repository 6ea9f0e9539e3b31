"""A backup made while other things happen: images rendered anew, images lost, a database that takes no write."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.cli import archive
from app.database.causes import CAUSES
from app.database.doors import Database, DatabaseBusy
from app.gateway.storage import Storage
from app.leaderboards.integrity.public_report import read_public_report
from tests.command import Run
from tests.factories import picture_bytes


def enter_tea(arena: Run, folder: Path, frame: int = 64) -> Path:
    """Make a competition of one entry; returns the file that its image was read from."""
    image = folder / "a.png"
    image.write_bytes(picture_bytes(1))
    (folder / "t.toml").write_text(
        'slug = "tea"\ntitle = "Tea"\ncategories = []\nprompt = "tea"\nstatus = "open"\n'
        f"frame = [{frame}, {frame}]\n"
    )
    arena("competition", "new", str(folder / "t.toml"))
    arena("entry", "add", "tea", "alpha", str(image))
    return image


def test_images_rendered_anew_meanwhile_make_it_read_again(
    arena: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The rows of a backup name the images that it holds, whatever replaced them while it was written."""
    file, image = tmp_path / "b.tar", enter_tea(arena, tmp_path, frame=256)
    every_key, larger = Storage.every_key, [picture_bytes(2, (256, 256))]

    def meanwhile(storage: Storage) -> Iterator[str]:
        if larger:
            image.write_bytes(larger.pop())
            assert arena("entry", "add", "tea", "beta", str(image))[0] == 0
            assert arena("renditions")[0] == 0
        return every_key(storage)

    monkeypatch.setattr(Storage, "every_key", meanwhile)
    code, _, complaint = arena("backup", str(file))
    assert (code, larger, complaint) == (0, [], "")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "new"))
    assert arena("restore", str(file))[0] == 0
    code, said, _ = arena("doctor", "--deep", "--json")
    assert {one["check"]: one["level"] for one in json.loads(said)}["images"] == "ok", said


def test_images_that_are_lost_are_told(arena: Run, tmp_path: Path) -> None:
    enter_tea(arena, tmp_path)
    original = next((tmp_path / "data" / "files" / "originals").rglob("*.*"))
    original.unlink()
    code, _, complaint = arena("backup", str(tmp_path / "b.tar"))
    assert (code, "The backup lacks 1 image that rows name and that nobody has: originals/" in complaint) == (
        0,
        True,
    )
    assert original.name in complaint


def test_a_backup_that_is_complete_is_told_as_such(
    arena: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As on a standby, or where the disk of the database is full and the backup's is not."""
    assert arena("competition", "list")[0] == 0

    def refuse(*_: object, **__: object) -> None:
        raise DatabaseBusy(cause=CAUSES["read_only"])

    monkeypatch.setattr(Database, "write", refuse)
    code, said, complaint = arena("backup", str(tmp_path / "b.tar"))
    assert (code, said.startswith("saved: "), "no line in the ledger" in complaint) == (0, True, True), complaint
    assert archive.verify_archive(tmp_path / "b.tar").files == 0


def test_a_restore_is_told_in_the_public_ledger(
    arena: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Votes of after the backup are gone: whoever compares exports finds the reason."""
    enter_tea(arena, tmp_path)
    assert arena("backup", str(tmp_path / "b.tar"))[0] == 0
    made_at = archive.verify_archive(tmp_path / "b.tar").made_at
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "new"))
    assert arena("restore", str(tmp_path / "b.tar"))[0] == 0
    database = Database(f"sqlite:///{tmp_path / 'new' / 'blindvote.sqlite3'}")
    with database.reading() as session:
        newest = read_public_report(session, {}, now=datetime.now(UTC)).changes[0]
    database.close()
    assert (newest.action, newest.subject, newest.reason) == (
        "arena.restored",
        "arena",
        f"the backup of {made_at}",
    )
