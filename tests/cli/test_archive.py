"""The backup file: whole or not there, readable by its owner alone, and checked to the last byte."""

import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from app.cli import archive
from app.cli.archive import BadBackup

FACTS = {
    "version": "1",
    "revision": "0001",
    "made_at": "2026-11-28T00:00:00+00:00",
    "database": "sqlite",
    "tables": {"votes": 1},
    "files": 1,
}
PART = "tables/votes/000000.jsonl.gz"


def write(path: Path, members: dict[str, bytes]) -> None:
    with archive.write_archive(path) as writer:
        for name, data in members.items():
            writer.add(name, data)
        archive.write_manifest(writer, **FACTS)


def rewrite(path: Path, change: dict[str, bytes | None]) -> None:
    """Replace members without telling the manifest; None leaves one out."""
    with tarfile.open(path) as tar:
        members = {info.name: tar.extractfile(info).read() for info in tar}  # type: ignore[union-attr]
    with tarfile.open(path, "w") as tar:
        for name, data in (members | change).items():
            if data is not None:
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, BytesIO(data))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write(tmp_path / "arena.tar", {PART: archive.compress(b"[1]\n[2]"), "secret_key": b"s" * 32})
    return tmp_path / "arena.tar"


def test_what_is_written_is_read_back(file: Path) -> None:
    manifest = archive.verify_archive(file)
    assert (manifest.revision, manifest.tables, set(manifest.members)) == (
        "0001",
        {"votes": 1},
        {"format", PART, "secret_key"},
    )
    ((name, data),) = archive.read_members(file, lambda name: name.startswith("tables/"))
    assert (name, archive.decompress(data)) == (PART, b"[1]\n[2]")


def test_only_the_owner_may_read_it(file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_backup_that_fails_leaves_neither_a_file_nor_a_half(tmp_path: Path) -> None:
    def fail() -> None:
        with archive.write_archive(tmp_path / "arena.tar") as writer:
            writer.add("secret_key", b"s")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"secret_key": b"another"}, "secret_key is not what was written"),
        ({"secret_key": None}, "secret_key is not what was written"),
        ({"manifest.json": None}, "it has no manifest"),
        ({"manifest.json": b"{}"}, "manifest can't be read"),
        ({"format": b"somebody else's\n"}, "not a backup|no backup"),
        ({"files/../../etc/passwd": b"x"}, "a file that no backup has"),
        ({"notes.txt": b"x"}, "a file that no backup has"),
    ],
    ids=lambda value: value if isinstance(value, str) else ", ".join(value),
)
def test_a_changed_file_is_refused(file: Path, change: dict[str, bytes | None], says: str) -> None:
    rewrite(file, change)
    with pytest.raises(BadBackup, match=says):
        archive.verify_archive(file)


def test_a_file_that_was_cut_off_is_refused(file: Path) -> None:
    data = file.read_bytes()
    for length in (0, 100, 600, 2000):
        file.write_bytes(data[:length])
        with pytest.raises(BadBackup):
            archive.verify_archive(file)
