"""A volume that is not mounted: no new arena begins in its place."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli.mounts import NotMounted, check_mounted, find_unmounted
from app.settings import Settings
from tests.command import Result


def test_the_systems_table_names_it(tmp_path: Path) -> None:
    table = tmp_path / "fstab"
    table.write_text(
        f"# {tmp_path}/commented x\nUUID=1 / ext4 defaults 0 1\nproc /proc proc\nUUID=2 none swap\n"
        f"UUID=3 {tmp_path}/my\\040volume ext4 defaults 0 2\n"
    )
    assert find_unmounted(tmp_path / "my volume" / "data", table) == tmp_path / "my volume"
    assert find_unmounted(tmp_path / "elsewhere", table) is None
    assert find_unmounted(Path("/proc/self"), table) is None
    assert find_unmounted(tmp_path, tmp_path / "no table") is None
    settings = Settings.model_validate({"data_dir": tmp_path / "my volume", "secret_key": "s" * 32})
    with pytest.raises(NotMounted, match="my volume is not mounted"):
        check_mounted(settings, existing=False, fstab=table)
    settings.data_dir.mkdir()
    (settings.data_dir / "blindvote.sqlite3").touch()
    check_mounted(settings, existing=True, fstab=table)


def test_serve_makes_no_database_where_one_is_expected(arena: Callable[..., Result], tmp_path: Path) -> None:
    code, _, complained = arena("serve", "--existing")
    assert (code, "--existing refuses to make one" in complained) == (1, True)
    assert not (tmp_path / "data" / "blindvote.sqlite3").exists()


def test_serve_starts_on_no_folder_that_lost_its_images(
    arena: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert arena("demo", "--help")[0] == 0
    arena("seed")
    folder = tmp_path / "data" / "files"
    shutil.rmtree(folder, ignore_errors=True)
    from app.database.doors import Database
    from tests.factories import make_arena

    database = Database(f"sqlite:///{tmp_path / 'data' / 'blindvote.sqlite3'}")
    make_arena(database, tmp_path / "elsewhere")
    database.close()
    monkeypatch.setenv("PORT", "0")
    code, _, complained = arena("serve")
    assert (code, "holds none of them" in complained) == (1, True)
