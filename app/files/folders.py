"""Folders and zip archives from outside: which files are noise, where a named file lies, safe unpacking."""

import lzma
import shutil
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from app.files.text import InvalidFile, escape_for_terminal

NOISE = frozenset({
    ".ds_store", "__macosx", ".appledouble", ".spotlight-v100", ".trashes", ".fseventsd", "icon\r",
    "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information",
    "@eadir", "#recycle", "@recycle", ".@__thumb", "lost+found", ".directory", ".nomedia", ".thumbnails",
    ".git", ".svn", ".hg", ".ipynb_checkpoints", "__pycache__",
})  # fmt: skip
"""What systems put into folders by themselves."""
DAMAGES = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, RuntimeError, ValueError)
"""What the standard library raises for archives that are damaged, or packed in a way it does not know."""
IS_UTF_8 = 0x800
"""The flag of a member whose name is in UTF-8; other names are in CP437 by the standard."""
MAX_FILES = 200_000
MAX_FILE_BYTES = 64 * 2**20
MAX_TOTAL_BYTES = 64 * 2**30
MAX_RATIO = 200
"""How many times its packed size a large file of a zip archive may have, and all its files together."""


def is_noise(path: Path) -> bool:
    """Return whether a system put this file or folder there, and nobody looks for it."""
    return path.name.casefold() in NOISE or path.name.startswith(("._", "~$"))


def explain_no_file(path: Path) -> str | None:
    """Say why nothing can be read at a path that is no folder; None for a file. A pipe would block its reader."""
    if path.is_file():
        return None
    return "a link that leads nowhere" if path.is_symlink() else "no file, but a pipe, a socket or a device"


def list_folder(folder: Path) -> list[Path]:
    """List what lies in a folder, sorted by name in normal form C, without noise."""
    return sorted((path for path in folder.iterdir() if not is_noise(path)), key=lambda path: same_name(path.name))


def same_name(name: str) -> str:
    """Return a file's name as names are compared: macOS writes decomposed what others write composed."""
    return unicodedata.normalize("NFC", name)


def find_inside(folder: Path, name: str) -> Path | None:
    """
    Find a file of a folder by its relative name, in any normal form and with slashes of either kind.

    None for a name that leads out of the folder; a path that need not exist for any other.
    """
    if "\0" in name:
        return None
    root = folder.resolve()
    exact = folder / name
    path = exact if exact.exists() else _find_by_parts(folder, PurePosixPath(name.replace("\\", "/")))
    resolved = path.resolve()
    return resolved if resolved.is_relative_to(root) else None


def _find_by_parts(folder: Path, name: PurePosixPath) -> Path:
    path = folder / "/" if name.is_absolute() else folder
    for part in name.parts:
        exact = path / part
        if not exact.exists() and path.is_dir():
            alike = (one for one in path.iterdir() if same_name(one.name) == same_name(part))
            exact = next(alike, exact)
        path = exact
    return path


@contextmanager
def open_folder(path: Path) -> Iterator[Path]:
    """
    Yield a folder: the path itself, or for a zip archive a temporary folder with its files.

    Raises InvalidFile.
    """
    if path.is_dir():
        yield path
        return
    with TemporaryDirectory(prefix="pack-") as scratch:
        folder = Path(scratch) / path.name
        folder.mkdir()
        try:
            with zipfile.ZipFile(path) as archive:
                _unpack(archive, folder, path.name, path.stat().st_size)
        except PermissionError:
            raise
        except (*DAMAGES, OSError) as error:
            raise InvalidFile(f"{path.name}: this is neither a folder nor a whole zip archive") from error
        yield _only_folder(folder)


def _unpack(archive: zipfile.ZipFile, folder: Path, name: str, size: int) -> None:
    """Write every member below a folder; `size` is the archive's in bytes. Raises InvalidFile."""
    members = [member for member in archive.infolist() if not member.is_dir()]
    total = sum(member.file_size for member in members)
    if len(members) > MAX_FILES or total > MAX_TOTAL_BYTES:
        raise InvalidFile(f"{name}: it holds more than {MAX_FILES:,} files or {MAX_TOTAL_BYTES:,} bytes")
    if total > MAX_RATIO * max(size, 2**20):
        raise InvalidFile(
            f"{name}: its files are {total:,} bytes, too many to be images in an archive of {size:,}"
        )
    seen: set[PurePosixPath] = set()
    for member in members:
        named = _name_member(member)
        inner = PurePosixPath(named.replace("\\", "/"))
        told = f"{name}: {escape_for_terminal(named)}"
        _check_member(member, inner, told)
        if any(is_noise(Path(part)) for part in inner.parts):
            continue
        if inner in seen:
            raise InvalidFile(f"{told} stands there twice")
        seen.add(inner)
        _write_member(archive, member, folder.joinpath(*inner.parts), told)


def _name_member(member: zipfile.ZipInfo) -> str:
    """Return a member's name: macOS writes UTF-8 without the flag that says so, and it was read as CP437."""
    if member.flag_bits & IS_UTF_8:
        return member.filename
    try:
        return member.filename.encode("cp437").decode()
    except UnicodeError:
        return member.filename


def _check_member(member: zipfile.ZipInfo, inner: PurePosixPath, told: str) -> None:
    """Refuse what no honest archive of images holds. Raises InvalidFile."""
    if member.flag_bits & 1:
        raise InvalidFile(f"{told} is encrypted; pack it without a password")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise InvalidFile(f"{told} is a link; pack the file itself")
    if inner.is_absolute() or ".." in inner.parts or (inner.parts and ":" in inner.parts[0]):
        raise InvalidFile(f"{told} leads out of the archive")
    is_bomb = member.file_size > 2**20 and member.file_size > MAX_RATIO * max(member.compress_size, 1)
    if member.file_size > MAX_FILE_BYTES or is_bomb:
        raise InvalidFile(f"{told} is larger than {MAX_FILE_BYTES:,} bytes, or packed too tightly to be an image")


def _write_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, told: str) -> None:
    """Write one member. Raises InvalidFile where the system does not take its name or its bytes."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as packed, path.open("wb") as file:
            shutil.copyfileobj(packed, file)
    except OSError as error:
        raise InvalidFile(f"{told} can't be unpacked: {error.strerror or error}") from error
    except DAMAGES as error:
        raise InvalidFile(f"{told} is damaged, or packed by a method that is not known here") from error


def _only_folder(folder: Path) -> Path:
    """Return the one folder in which everything lies, as many programs pack; else the folder itself."""
    inside = list(folder.iterdir())
    is_wrapped = len(inside) == 1 and inside[0].is_dir() and not (inside[0] / "prompt.txt").exists()
    return inside[0] if is_wrapped else folder
