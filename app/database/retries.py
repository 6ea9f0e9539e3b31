"""Tries a transaction again that lost a race against another one."""

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from app.database.group_commit import LostRace

TRIES = (0.01, 0.02, None)
"""Seconds to wait after each try that lost a race; after the last one, the error is raised."""
FAILURES = (DBAPIError, LostRace)
SERIALIZATION_FAILURES = {"40001", "40P01"}
Result = TypeVar("Result")


def run_again(run: Callable[[], Result]) -> Result:
    """Return what `run` returns, called again after a lost race; the last one is raised."""
    for pause in TRIES:
        try:
            return run()
        except FAILURES as error:
            wait_or_raise(error, pause)
    raise AssertionError("the last try returns or raises")


def wait_or_raise(error: DBAPIError | LostRace, pause: float | None) -> None:
    """Wait after a lost race, for the next try to meet less of it; raise other errors, and the last one."""
    if pause is None or not _lost_race(error):
        raise error
    time.sleep(pause)


def _lost_race(error: DBAPIError | LostRace) -> bool:
    return isinstance(error, LostRace) or getattr(error.orig, "sqlstate", None) in SERIALIZATION_FAILURES
