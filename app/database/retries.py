"""Tries a transaction again that lost a race against another one."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from sqlalchemy.exc import DBAPIError

from app.database.group_commit import LostRace

RETRIES = 3
SERIALIZATION_FAILURES = {"40001", "40P01"}


def attempts() -> Iterator[AbstractContextManager[None]]:
    """Yield a context for each try; all but the last one swallow a lost race, after a growing pause."""
    for n in range(RETRIES - 1):
        yield _swallow_lost_race(0.01 * 2**n)
    yield nullcontext()


@contextmanager
def _swallow_lost_race(pause: float) -> Iterator[None]:
    try:
        yield
    except (DBAPIError, LostRace) as error:
        if not _lost_race(error):
            raise
        time.sleep(pause)


def _lost_race(error: DBAPIError | LostRace) -> bool:
    return isinstance(error, LostRace) or getattr(error.orig, "sqlstate", None) in SERIALIZATION_FAILURES
