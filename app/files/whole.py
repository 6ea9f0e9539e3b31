"""Writes files that appear under their names once they are complete."""

import errno
import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

OWNER_S = 0o600
OF_THE_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Errors that the system tells without the name of the file that it had no room for."""
HALF = "." + "[0-9a-f]" * 16 + ".half"
LOCKED_SECONDS = 60
"""After so long whoever makes a file has locked it."""


@contextmanager
def write_whole(path: Path) -> Iterator[BinaryIO]:
    """
    Open a file for writing that takes its place, on the disk, once the block has ended.

    A block that fails or is stopped leaves what stood there, and nothing else; what one that was killed left, the
    next one in the same folder deletes. Errors name the file itself.
    """
    _delete_left_halves(path.parent)
    half = path.with_name(f".{secrets.token_hex(8)}.half")
    try:
        with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_S), "wb") as file:  # noqa: PTH123
            with suppress(OSError):  # a file system without locks
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield file
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except OSError as error:
        if error.filename == str(half) or (error.filename is None and error.errno in OF_THE_DISK):
            error.filename = str(path)
        raise
    except KeyboardInterrupt as stop:
        stop.add_note(f"Nothing was written to {path}.")
        raise
    finally:
        half.unlink(missing_ok=True)


def _delete_left_halves(folder: Path) -> None:
    """Delete what nobody writes any more: a backup that was killed leaves its rows and the secret key."""
    for half in folder.glob(HALF):
        with suppress(OSError):  # somebody else's, or locked by who writes it
            if half.lstat().st_mtime > time.time() - LOCKED_SECONDS:
                continue
            handle = os.open(half, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                half.unlink()
            finally:
                os.close(handle)
