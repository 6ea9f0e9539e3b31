"""One line per event on standard error, JSON or text: no secret in it, and nothing a client sent unescaped."""

import json
import logging
import re
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from pydantic import SecretStr
from sqlalchemy.engine import make_url

from app import metrics
from app.settings import Settings

HIDDEN = "[secret]"
SHORTEST_SECRET = 6
BEARERS = re.compile(r"\bbv_[0-9a-f]{12}_[A-Za-z0-9_-]{43}|(?i:\b(?:bearer|basic))\s+[A-Za-z0-9._~+/=-]{8,}")
"""Keys of our gateway, and what follows the scheme of an Authorization header."""
MESSAGE_CHARACTERS = 200
MOST_WAITING = 10_000
"""Lines that wait while standard error takes none; those beyond are lost."""
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}

_log: "_Log | None" = None
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Of the request this thread answers."""


def configure(settings: Settings) -> None:
    """Send events and the standard library's warnings to standard error; ours from LOG_LEVEL up."""
    global _log  # noqa: PLW0603 (a process has one standard error)
    level = LEVELS[settings.log_level]
    render = _as_json if settings.log_format == "json" else _as_text
    _log = _Log(level, render, _hider(secrets_of(settings)))
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, _FromLogging)]:
        root.removeHandler(old)
    root.addHandler(_FromLogging(logging.WARNING))
    logging.getLogger("app").setLevel(level)


def event(name: str, *, level: str = "warning", **facts: Any) -> None:
    """
    Log and count something that concerns security: a refusal, a quarantine, what an administrator did.

    `facts` hold ids and slugs: no address but a truncated one, no prompt, no key. Silent where no log
    is configured, as in most commands.
    """
    metrics.count("security_events_total", name)
    tell(level, name, **facts)


def tell(level: str, name: str, **facts: Any) -> None:
    """
    Write one line, if a log is configured and takes this level.

    A line that can't be written (a full disk, a closed pipe) is lost and counted: a log never decides an answer.
    """
    if _log is None or LEVELS[level] < _log.level:
        return
    try:
        _log.write(_log.render(_write_now(), level, name, _with_request(facts)))
    except Exception:  # noqa: BLE001 (nobody is left to be told)
        metrics.count("log_lines_lost_total")


def secrets_of(settings: Settings) -> frozenset[str]:
    """Collect every secret in the settings, the database's password among them."""
    given = {
        value.get_secret_value()
        for name in type(settings).model_fields
        if isinstance(value := getattr(settings, name), SecretStr)
    }
    given |= {key.get_secret_value() for key in settings.provider_keys}
    addresses = (settings.database_url, settings.read_database_url)
    passwords = {make_url(address).password or "" for address in addresses if address}
    given |= passwords | {unquote(password) for password in passwords}
    return frozenset(secret for secret in given if len(secret) >= SHORTEST_SECRET)


def described(error: BaseException) -> dict[str, str]:
    """
    Describe an exception by its kind and traceback, with the first line only of each message.

    What follows it in the messages of SQLAlchemy, psycopg and pydantic are the values they were given.
    """
    lines: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        first = next(iter(str(seen).splitlines()), "")[:MESSAGE_CHARACTERS]
        lines[:0] = [*traceback.format_tb(seen.__traceback__), f"{type(seen).__name__}: {first}\n"]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return {"error": type(error).__name__, "traceback": "".join(lines).rstrip()}


def _with_request(facts: dict[str, Any]) -> dict[str, Any]:
    """Put the id of the request in front of the facts, where there is one."""
    known = request_id.get()
    return {"request_id": known, **facts} if known else facts


def _write_now() -> str:
    """Write the time of a line."""
    second, left = divmod(time.time_ns(), 10**9)
    return f"{_write_second(second)}.{left // 10**6:03}Z"


@lru_cache(2)
def _write_second(second: int) -> str:
    """Write a second since 1970 as ISO 8601 does; many lines share one."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _as_json(at: str, level: str, event: str, facts: dict[str, Any]) -> str:
    # As the encoder would write it as one dictionary, in half the time.
    told = [f', "{name}": {_WRITERS.get(type(value), _encode)(value)}' for name, value in facts.items()]
    return f'{{"at": "{at}", "level": "{level}", "event": {_encode(event)}{"".join(told)}}}'


def _as_text(at: str, level: str, event: str, facts: dict[str, Any]) -> str:
    head = f"{at} {level:7} {_bare(event)}"
    return " ".join([head, *(f"{name}={_bare(value)}" for name, value in facts.items())])


def _bare(value: Any) -> str:
    """Quote a value only where it must be; a line break or a control character is always escaped."""
    text = _encode(value)
    plain = text[1:-1] if isinstance(value, str) else text
    return plain if plain and not set(plain) & {" ", '"', "=", "\\"} else text


_encode: Callable[[Any], str] = json.JSONEncoder(default=str).encode
"""ASCII only: no byte of a client's ends a line or moves a terminal's cursor."""
_WRITERS: dict[type, Callable[[Any], str]] = {int: int.__repr__, float: float.__repr__}
"""What writes values of some types as `_encode` does, without asking for the type."""


def _hider(secrets: Iterable[str]) -> Callable[[str], str]:
    """Make a function that replaces secrets, as they are and as JSON writes them."""
    marks = sorted({form for secret in secrets for form in (secret, _encode(secret)[1:-1])}, key=len, reverse=True)

    def hide(line: str) -> str:
        for mark in marks:
            if mark in line:
                line = line.replace(mark, HIDDEN)
        low = line.lower()  # far quicker than the pattern, which most lines need not meet
        return BEARERS.sub(HIDDEN, line) if "bv_" in low or "bearer" in low or "basic" in low else line

    return hide


@dataclass(frozen=True)
class _Log:
    """Write lines from a level up to what is standard error at that moment."""

    level: int
    render: Callable[[str, str, str, dict[str, Any]], str]
    hide: Callable[[str], str]
    turn: Any = field(default_factory=threading.Lock)
    waiting: deque[str] = field(default_factory=deque)
    """Lines on their way."""

    def write(self, line: str) -> None:
        """
        Write one line without secrets, or leave it to the thread that is writing, which then writes it next.

        Nobody waits for a turn: who writes gives the interpreter up, and may have to wait for it themselves.
        """
        if len(self.waiting) >= MOST_WAITING:
            metrics.count("log_lines_lost_total")
            return
        self.waiting.append(self.hide(line))
        while self.waiting and self.turn.acquire(blocking=False):
            try:
                self._write_waiting()
            finally:
                self.turn.release()

    def _write_waiting(self) -> None:
        while self.waiting:
            try:
                # One by one: a pipe keeps short writes of several processes apart.
                sys.stderr.write(self.waiting.popleft() + "\n")
                sys.stderr.flush()
            except Exception:  # noqa: BLE001 (nobody is left to be told)
                metrics.count("log_lines_lost_total")


class _FromLogging(logging.Handler):
    """A handler for what libraries and Flask log through the standard library."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record as one event with its logger's name."""
        cause = record.exc_info[1] if record.exc_info else None
        level = "error" if record.levelno >= logging.ERROR else "warning" if record.levelno >= 30 else "info"
        facts = described(cause) if cause else {}
        tell(level, record.getMessage()[:MESSAGE_CHARACTERS], logger=record.name, **facts)
