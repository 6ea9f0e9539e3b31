"""Rights of the files an installation makes: their owner's, and a group's where the operator names one."""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from app.errors import Refusal
from app.settings import Settings

OWNER_ONLY, OWNER_AND_GROUP = 0o077, 0o027
"""What the umask takes away: files are 600 and folders 700, or 640 and 750."""
SQLITE = "sqlite:///"
SQLITE_SUFFIXES = ("", "-wal", "-shm")


class BadGroup(Refusal, code="invalid_name"):
    """A FILE_GROUP that there is not, or that files cannot be given to."""


def keep_files_private(settings: Settings) -> None:
    """
    Let nobody else read what this process makes, whatever umask it was started with.

    Files that stand already lose what everybody may do; FILE_GROUP may read what is made in DATA_DIR from now on.
    What belongs to another user stays as it is: `arena doctor` tells. Raises BadGroup.
    """
    os.umask(OWNER_AND_GROUP if settings.file_group else OWNER_ONLY)
    if settings.file_group:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        _give_to(settings.data_dir, settings.file_group)
    for path in (settings.data_dir, *_list_database_files(settings.database_url)):
        _change_mode(path, lambda mode: mode & ~stat.S_IRWXO)


def _give_to(folder: Path, group: str) -> None:
    try:
        shutil.chown(folder, group=group)
    except (LookupError, PermissionError) as error:
        raise BadGroup(f"FILE_GROUP: {folder} can't be given to the group {group} ({error}).") from error
    # With the set-group-id bit everything made inside belongs to the group as well.
    _change_mode(folder, lambda mode: mode | stat.S_ISGID | stat.S_IRGRP | stat.S_IXGRP)


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
