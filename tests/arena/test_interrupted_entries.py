"""An image whose row is stored keeps its files, however the commit ended; one whose row is not leaves none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.arena.entries import entries, pack_import
from app.arena.entries.pack_manifest import write_manifest
from app.arena.tables import Entry
from app.arena.voting.replacement import ReplacementOrder, replace
from app.cli.image_checks import read_keys
from app.database.doors import Database, DatabaseBusy
from app.gateway.storage import Storage
from tests.factories import FRAME, NOW, make_arena, picture_bytes

Enter = Callable[[Database, Storage, Path], object]


def add(database: Database, storage: Storage, _: Path) -> object:
    picture = entries.renditions.picture(picture_bytes(90), FRAME)
    place = entries.EntryKey("c0", "new")
    return entries.store_for(
        database,
        storage,
        picture,
        lambda stored: database.write(
            lambda session: entries.add(session, place, stored, entries.EntryDetails(), now=NOW)
        ),
    )


def put_in_place(database: Database, storage: Storage, _: Path) -> object:
    picture = entries.renditions.picture(picture_bytes(91), FRAME)
    order = ReplacementOrder("c0", "m0", None, "b.png", "logo")
    return replace(database, storage, order, picture, now=lambda: NOW)


def import_pack(database: Database, storage: Storage, folder: Path) -> object:
    (folder / "pack" / "barn").mkdir(parents=True)
    (folder / "pack" / "barn" / "prompt.txt").write_text("a barn")
    (folder / "pack" / "barn" / "m0.png").write_bytes(picture_bytes(92))
    write_manifest(folder / "pack")
    return pack_import.import_pack(database, storage, folder / "pack", now=lambda: NOW)


@pytest.mark.any_database
@pytest.mark.parametrize("enter", [add, put_in_place, import_pack])
@pytest.mark.parametrize("error", [KeyboardInterrupt, DatabaseBusy])
@pytest.mark.parametrize("is_stored", [True, False])
def test_files_follow_the_row(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    enter: Enter,
    error: type[BaseException],
    is_stored: bool,
) -> None:
    """Ctrl-C mostly arrives while the disk syncs, and a connection may be lost while it commits."""
    storage = make_arena(database, tmp_path)
    before, write = set(storage.every_key()), database.write

    def end(work: Any, **more: Any) -> None:
        if is_stored:
            write(work, **more)
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(database, "write", end)
        with pytest.raises(error):
            enter(database, storage, tmp_path)
    with database.reading() as session:
        named = {key for key in read_keys(session, NOW) if storage.has(key)}
        assert session.query(Entry).count() == 6 + is_stored
        assert named >= {entry.original_key for entry in session.query(Entry)}
        assert all(storage.has(entry.rendition_key) for entry in session.query(Entry))
    if not is_stored and error is KeyboardInterrupt:
        assert set(storage.every_key()) == before
