"""Detects a data folder whose volume is not mounted: it looks empty, and a new arena would be made there."""

import os
import re
from pathlib import Path

from sqlalchemy.engine import make_url

from app.errors import Refusal
from app.settings import Settings

FSTAB = Path("/etc/fstab")


class NotMounted(Refusal, code="not_mounted"):
    """The volume of the data folder is not mounted, or the database that should be there is not."""


def find_unmounted(folder: Path, fstab: Path = FSTAB) -> Path | None:
    """Find the mount point of a folder that the system's table names and where nothing is mounted now."""
    lines = fstab.read_text(errors="replace").splitlines() if fstab.is_file() else []
    fields = [line.split() for line in lines if not line.lstrip().startswith("#")]
    points = {Path(_unescape(words[1])) for words in fields if len(words) > 1 and words[1].startswith("/")}
    return next(
        (point for point in sorted(points & {folder, *folder.parents}) if not os.path.ismount(point)), None
    )


def check_mounted(settings: Settings, *, existing: bool, fstab: Path = FSTAB) -> None:
    """
    Check that no new database would be made where one is expected. Raises NotMounted.

    A SQLite file is expected with `existing`, and where the system's table names a volume that is not mounted.
    """
    url = make_url(settings.database_url)
    file = Path(url.database or "")
    if not url.drivername.startswith("sqlite") or file.exists():
        return
    if point := find_unmounted(file.parent, fstab):
        raise NotMounted(
            f"{point} is not mounted, so there is no database in {file.parent}. Mount it, then start."
        )
    if existing:
        raise NotMounted(
            f"There is no database in {file.parent}, and --existing refuses to make one. Mount its volume, "
            "correct DATA_DIR, or leave out --existing for a new arena."
        )


def _unescape(word: str) -> str:
    """Read the octal escapes by which the table writes spaces."""
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), word)
