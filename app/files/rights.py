"""Rights of the files an installation makes: their owner's, and a group's where the operator names one."""

import grp
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

from app.errors import Refusal
from app.settings import Settings

OWNER_ONLY, OWNER_AND_GROUP = 0o077, 0o027
"""What the umask takes away: files are 600 and folders 700, or 640 and 750."""
KEY_FILE = "secret_key"
SQLITE = "sqlite:///"
SQLITE_SUFFIXES = ("", "-wal", "-shm")


class BadGroup(Refusal, code="invalid_name"):
    """A FILE_GROUP that there is not, or that files cannot be given to."""


def keep_files_private(settings: Settings) -> None:
    """
    Let nobody else read what this process makes, whatever umask it was started with.

    Files that stand already lose what everybody may do. FILE_GROUP may read all in DATA_DIR but the secret key,
    also what stood there before it was set. What belongs to another user stays as it is: `arena doctor` tells.
    Raises BadGroup.
    """
    os.umask(OWNER_AND_GROUP if settings.file_group else OWNER_ONLY)
    if settings.file_group:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        _give_to(settings.data_dir, settings.file_group)
    for path in (settings.data_dir, *_list_database_files(settings.database_url)):
        _change_mode(path, lambda mode: mode & ~stat.S_IRWXO)


def is_own_file(path: Path, settings: Settings) -> bool:
    """Tell whether an installation keeps something of its own at a path: its database, its key, its images."""
    own = [settings.data_dir / KEY_FILE, *_list_database_files(settings.database_url)]
    place = path.resolve()
    return place in {one.resolve() for one in own} or place.is_relative_to((settings.data_dir / "files").resolve())


def _give_to(folder: Path, group: str) -> None:
    """Give a folder and all inside to a group. Its own rights come last, so that one cut short is done again."""
    try:
        wanted = grp.getgrnam(group).gr_gid
        if not all(_is_given(path, wanted) for path in (folder, *folder.iterdir())):
            for path in _list_given(folder):
                _give(path, wanted)
    except (KeyError, PermissionError) as error:
        raise BadGroup(f"FILE_GROUP: {folder} can't be given to the group {group} ({error}).") from error


def _list_given(folder: Path) -> Iterator[Path]:
    """List what a group is given: all inside but the secret key, each folder after what is in it."""
    for parent, _, names in os.walk(folder, topdown=False):
        yield from (Path(parent, name) for name in names if not name.startswith(KEY_FILE))
        yield Path(parent)


def _is_given(path: Path, group: int) -> bool:
    """Tell whether a path needs nothing: what is made in a folder that was given belongs to the group as well."""
    try:
        known = path.lstat()
    except FileNotFoundError:
        return True
    if known.st_uid != os.geteuid() or path.name.startswith(KEY_FILE):
        return True
    return known.st_gid == group and (not stat.S_ISDIR(known.st_mode) or bool(known.st_mode & stat.S_ISGID))


def _give(path: Path, group: int) -> None:
    try:
        known = path.lstat()
        if known.st_uid == os.geteuid() and not stat.S_ISLNK(known.st_mode):
            os.chown(path, -1, group)
            _change_mode(
                path, _add_folder_rights if stat.S_ISDIR(known.st_mode) else lambda mode: mode | stat.S_IRGRP
            )
    except FileNotFoundError:  # gone since it was listed
        return


def _add_folder_rights(mode: int) -> int:
    """Let the group look in, and get what is made inside: that is the set-group-id bit."""
    return mode | stat.S_ISGID | stat.S_IRGRP | stat.S_IXGRP


def _list_database_files(url: str) -> list[Path]:
    path = unquote(url.removeprefix(SQLITE).partition("?")[0])
    return [Path(path + suffix) for suffix in SQLITE_SUFFIXES] if url.startswith(SQLITE) and path else []


def _change_mode(path: Path, change: Callable[[int], int]) -> None:
    try:
        before = stat.S_IMODE(path.stat().st_mode)
        if change(before) != before:
            path.chmod(change(before))
    except (FileNotFoundError, PermissionError):
        return
