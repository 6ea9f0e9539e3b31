"""Tries a transaction again that lost a race against another one."""

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from app.database.group_commit import LostRace

PAUSES = (0.01, 0.02)
"""Seconds between one try and the next."""
SERIALIZATION_FAILURES = {"40001", "40P01"}
Result = TypeVar("Result")


def run_again(run: Callable[[], Result]) -> Result:
    """Return what `run` returns, called again after a lost race; the last one is raised."""
    for pause in PAUSES:
        try:
            return run()
        except (DBAPIError, LostRace) as error:
            if not _lost_race(error):
                raise
        time.sleep(pause)
    return run()


def _lost_race(error: DBAPIError | LostRace) -> bool:
    return isinstance(error, LostRace) or getattr(error.orig, "sqlstate", None) in SERIALIZATION_FAILURES
