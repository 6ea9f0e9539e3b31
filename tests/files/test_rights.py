"""Files are their owner's, whatever the umask, and a group's where the operator says so."""

import grp
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.sole_server import LOCK, hold_folder
from app.database.doors import Database
from app.files.rights import BadGroup, keep_files_private
from app.gateway.storage import Storage
from app.settings import Settings
from tests.command import runner

SERVER = 65534
"""Another user than root, as whom a server runs."""


@pytest.fixture(autouse=True)
def _careless() -> Iterator[None]:
    """The umask that most machines have; what stood before comes back."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> str:
    return f"{path.stat().st_mode & 0o7777:o}"


def fill(folder: Path) -> tuple[Path, Path]:
    """A migrated database and a picture; returns their files."""
    database = Database(f"sqlite:///{folder / 'blindvote.sqlite3'}")
    database.migrate()
    database.close()
    Storage(folder / "files").put("renditions/abcdef.webp", b"a picture")
    return folder / "blindvote.sqlite3", folder / "files" / "renditions" / "ab" / "abcdef.webp"


def test_what_is_made_is_its_owners(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    keep_files_private(Settings(data_dir=folder))
    database, picture = fill(folder)
    assert [mode(path) for path in (folder, database, picture, picture.parent)] == ["700", "600", "600", "700"]


def test_what_stood_open_is_closed_to_everybody(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    settings = Settings(data_dir=folder)
    database, _ = fill(folder)
    folder.chmod(0o755)
    keep_files_private(settings)
    assert (mode(folder), mode(database)) == ("750", "640")


def test_a_group_may_read(tmp_path: Path) -> None:
    group = grp.getgrgid(os.getgid()).gr_name
    folder = tmp_path / "data"
    keep_files_private(Settings(data_dir=folder, file_group=group))
    database, picture = fill(folder)
    assert [mode(path) for path in (folder, database, picture)] == ["2750", "640", "640"]
    assert {path.stat().st_gid for path in (folder, database, picture)} == {os.getgid()}


def another_group() -> grp.struct_group:
    """A group that this process may give files to, other than its own; skips where there is none."""
    mine = [gid for gid in os.getgroups() if gid != os.getgid()]
    if os.geteuid() == 0:
        mine += [one.gr_gid for one in grp.getgrall() if one.gr_gid != os.getgid()]
    if not mine:
        pytest.skip("needs a second group")
    return grp.getgrgid(mine[0])


@pytest.mark.parametrize("was_given_alone", [False, True])
def test_a_group_may_read_what_stood_before_it_was_named(tmp_path: Path, was_given_alone: bool) -> None:
    group, folder = another_group(), tmp_path / "data"
    keep_files_private(Settings(data_dir=folder))
    database, picture = fill(folder)
    (folder / "secret_key").write_text("s" * 32)
    (folder / "elsewhere").symlink_to(tmp_path)
    outside = tmp_path.lstat()
    if was_given_alone:  # as an earlier version did
        os.chown(folder, -1, group.gr_gid)
        folder.chmod(0o2750)
    keep_files_private(Settings(data_dir=folder, file_group=group.gr_name))
    inside = [folder, picture.parent.parent, picture.parent, database, picture]
    assert [mode(path) for path in inside] == ["2750", "2750", "2750", "640", "640"]
    assert {path.stat().st_gid for path in inside} == {group.gr_gid}
    assert (mode(folder / "secret_key"), (folder / "secret_key").stat().st_gid) == ("600", os.getgid())
    assert (tmp_path.lstat().st_gid, tmp_path.lstat().st_mode) == (outside.st_gid, outside.st_mode)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files in another user's folder")
def test_what_root_makes_in_an_installation_is_its_owners(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """As `sudo arena restore` does, beside a server of another user: it could not open the database any more."""
    arena, home, saved = runner(monkeypatch, capsys), tmp_path / "home", tmp_path / "saved.tar"
    home.mkdir()
    os.chown(home, SERVER, SERVER)
    monkeypatch.setenv("DATA_DIR", str(home / "data"))
    fill(home / "data")
    assert [arena("competition", "list")[0], arena("backup", str(saved))[0]] == [0, 0]
    monkeypatch.setenv("DATA_DIR", str(home / "restored"))
    assert arena("restore", str(saved))[0] == 0
    with hold_folder(home / "restored", share=False):
        made = list(home.rglob("*"))
    assert {path.name for path in made} >= {"secret_key", "blindvote.sqlite3", "blindvote.sqlite3.lock", LOCK}
    assert {(path.name, path.stat().st_uid, path.stat().st_gid) for path in made} == {
        (path.name, SERVER, SERVER) for path in made
    }
    assert saved.stat().st_uid == 0


def test_a_group_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadGroup, match="nobody-has-it"):
        keep_files_private(Settings(data_dir=tmp_path, file_group="nobody-has-it"))
