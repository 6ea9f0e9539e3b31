"""Gives what root makes in an installation to the owner of the folder, as whom the server runs."""

import os
from contextlib import suppress
from pathlib import Path


def give_to_owner(path: Path) -> None:
    """Give what root just made to the owner of its folder, as SQLite does with its log."""
    if os.geteuid() != 0:
        return
    folder = path.parent.stat()
    with suppress(OSError):  # a root that may not, as on a folder of the network or in a container
        os.chown(path, folder.st_uid, folder.st_gid, follow_symlinks=False)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder and those above it where they are not there."""
    if folder.is_dir():
        return
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(mode, parents=True, exist_ok=True)
    for one in reversed(missing):
        give_to_owner(one)
