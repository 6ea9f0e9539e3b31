"""What a thread read from the database, for as long as nobody commits anything."""

import threading
from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar, cast

from flask import current_app, g

from app.database.doors import Database

Result = TypeVar("Result")
Known = dict[Hashable, Any]


class Recent:
    """Of each thread: the database's last mark, and what was read since."""

    def __init__(self) -> None:
        self._thread = threading.local()

    def known(self, database: Database) -> Known:
        """Empty where anything was committed since this thread last asked."""
        # Asked before anything is read: what is read later can only be newer than its mark.
        mark = database.mark()
        if mark is None or mark != getattr(self._thread, "mark", None):
            self._thread.mark, self._thread.known = mark, {}
        return cast("Known", self._thread.known)

    def recalled(self, database: Database, what: Hashable) -> Any:
        """What this thread remembers under this key; None where it does not, or no longer."""
        # Most keys are unknown: the database is not asked for those.
        if what not in getattr(self._thread, "known", ()):
            return None
        return self.known(database).get(what)


def recall(read: Callable[..., Result], *given: str, also: Iterable[tuple[Any, ...]] = ()) -> Result:
    """
    What `read(session, *given)` says of the database at this request; from memory where nothing changed.

    `read` is a function of a module, and `given` one of few, never a reader's free text: each is remembered.
    The result is shared: nobody may change it. What will be asked next, `also`, is read in the same snapshot.
    """
    found = current_app.extensions["blindvote"]
    if "known" not in g:
        g.known = found.recent.known(found.database)
    known: Known = g.known
    if (read, given) not in known:
        with found.database.reading() as session:
            known[read, given] = read(session, *given)
            for other, *its in also:
                if (other, tuple(its)) not in known:
                    known[other, tuple(its)] = other(session, *its)
    return cast("Result", known[read, given])


def forget() -> None:
    """After this request itself changed the database."""
    g.pop("known", None)
