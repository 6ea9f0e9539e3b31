"""Writes files that appear under their names once they are complete."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

OWNER_S = 0o600
OF_THE_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Errors that the system tells without the name of the file that it had no room for."""


@contextmanager
def write_whole(path: Path, mode: int = OWNER_S) -> Iterator[BinaryIO]:
    """
    Open a file for writing that takes its place, on the disk, once the block has ended.

    A block that fails or is stopped leaves what stood there, and nothing else. Errors name the file itself.
    """
    half = path.with_name(f".{secrets.token_hex(8)}.half")
    try:
        with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:  # noqa: PTH123
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
