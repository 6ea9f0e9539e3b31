"""
What follows a commit. A failure there is logged and changes no answer: what was stored is told as stored.

`best_effort` is for steps that an answer can do without. `tell_stored` and `tell_anyway` name the answer for
whatever else fails.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Response, g, make_response
from flask.typing import ResponseReturnValue

from app.edge import logs

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R", bound="ResponseReturnValue")

STEPS: dict[str, Callable[..., Any]] = {}
"""Every step that `best_effort` guards, by module and name, so that a test can let each of them fail."""


def best_effort(work: Callable[P, T]) -> Callable[P, T | None]:
    """Guard a step after a commit: what it raises is logged, and None is given."""
    name = f"{work.__module__}.{work.__qualname__}"
    STEPS[name] = work

    @wraps(work)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T | None:
        try:
            result: T = STEPS[name](*args, **kwargs)
        except Exception as error:  # noqa: BLE001 (whatever it is, what was stored stays stored)
            logs.tell("error", "after_commit_failed", step=name, **logs.described(error))
            return None
        return result

    return guarded


def tell_anyway(tell: Callable[[], Response]) -> None:
    """Keep the answer that tells what this request has stored, for the case that a later step fails."""
    g.stored_answer = tell


def tell_stored(stored: T, tell: Callable[[T], R]) -> R:
    """Tell what this request has just stored, and the same again should a later step fail."""
    tell_anyway(lambda: make_response(tell(stored)))
    return tell(stored)


def stored_answer(error: Exception) -> Response | None:
    """Return what `tell_anyway` kept, once; None where this request has stored nothing."""
    tell = g.pop("stored_answer", None)
    if tell is None:
        return None
    logs.tell("error", "after_commit_failed", step="answer", **logs.described(error))
    with suppress(Exception):
        answer: Response = tell()
        return answer
    return None
