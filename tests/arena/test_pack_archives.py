"""Zip archives as packs: what programs of all systems write is read, and what is dangerous is refused by name."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from app.files.folders import open_folder
from app.files.text import InvalidFile
from tests.arena.test_pack_files import lay, picture
from tests.cli.conftest import arena  # noqa: F401 (a fixture)
from tests.command import Result


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_a_zip_archive_is_a_pack(arena: Callable[..., Result], tmp_path: Path) -> None:  # noqa: F811
    files = {f"my-pack/cap/m{i}.png": picture(i) for i in range(2)}
    files |= {
        "my-pack/cap/prompt.txt": b"a cap",
        "__MACOSX/my-pack/cap/._m0.png": b"x",
        "my-pack/cap/a.bmp": b"BM",
    }
    path = zipped(tmp_path / "p.zip", files)
    code, said, _ = arena("import-pack", str(path), "--allow-refused")
    assert code == 0
    assert "refused  cap/a.bmp: BMP is no format" in said
    assert "1 competition: 2 images taken, 0 already there, 1 refused" in said
    assert arena("import-pack", str(path))[0] == 1
    assert arena("import-pack", str(lay(tmp_path, {"no.zip": "text"}) / "no.zip"))[0] == 2
    assert arena("renditions", "--orphans")[1] == "0 files without an entry found\n"


@pytest.mark.parametrize("name", ["../out.png", "/out.png", "C:/out.png", "a/..\\..\\out.png"])
def test_no_archive_writes_outside(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "p.zip", {name: b"x", "b": b"y"})
    with pytest.raises(InvalidFile, match="leads out of the archive"), open_folder(path):
        pass
    bomb = zipped(tmp_path / "bomb.zip", {"a.png": bytes(8 * 2**20)})
    with pytest.raises(InvalidFile, match="packed too tightly"), open_folder(bomb):
        pass
    damaged = tmp_path / "damaged.zip"
    whole = bytearray(zipped(tmp_path / "p.zip", {"a.png": picture(1)}).read_bytes())
    whole[60:80] = bytes(20)
    damaged.write_bytes(whole)
    with pytest.raises(InvalidFile, match=r"damaged\.zip: a\.png is damaged"), open_folder(damaged):
        pass


def test_names_in_utf_8_need_no_flag(tmp_path: Path) -> None:
    path = zipped(tmp_path / "p.zip", {"cap/mod\u00e8le.png": b"x", "cap/b.png": b"y"})
    path.write_bytes(path.read_bytes().replace(b"\x14\0\0\x08", b"\x14\0\0\0"))
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist()[0] == "cap/mod\u251c\u00bfle.png"
    with open_folder(path) as folder:
        assert sorted(one.name for one in folder.rglob("*.png")) == ["b.png", "mod\u00e8le.png"]


def test_members_that_share_their_bytes_are_no_images(tmp_path: Path) -> None:
    path = zipped(tmp_path / "p.zip", {f"{n}.png": bytes(2**20) for n in range(240)})
    with pytest.raises(InvalidFile, match="too many to be images"), open_folder(path):
        pass
