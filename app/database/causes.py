"""The causes why a database does not do as it should: one name, one sentence and one remedy for each."""

import errno
import logging
import re
import time
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app import metrics
from app.database.group_commit import LostRace, QueueTimeout
from app.errors import Refusal

BUSY = "The database is busy or unreachable. Try again: if you sent something, it may not have been stored."
LOG_SECONDS = 5.0
"""Between two lines of the log about the same cause."""
_log = logging.getLogger(__name__)
_logged: dict[tuple[str, str], float] = {}


@dataclass(frozen=True)
class Cause:
    """Why database or bucket did not do it. Neither sentence holds SQL, a password or an address."""

    name: str
    happened: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.happened} {self.remedy}"


CAUSES = {
    cause.name: cause
    for cause in (
        Cause("busy", "The database is busy.", "Try again; if it stays so, look for a long transaction in it."),
        Cause("refused", "Nothing answers at the database's address.", "Start it, or correct DATABASE_URL."),
        Cause(
            "unknown_host", "The database's host name is not known.", "Correct DATABASE_URL, or the name server."
        ),
        Cause("bad_option", "DATABASE_URL has an option that can't be used.", "Correct it, or leave it out."),
        Cause("timeout", "The database did not answer in time.", "Check the network and the firewall to it."),
        Cause("wrong_password", "The database refused the name or the password.", "Correct DATABASE_URL."),
        Cause("no_access", "The database lets nobody in like this.", "Add this machine and role to pg_hba.conf."),
        Cause("no_database", "There is no database of that name.", "Create it, or correct DATABASE_URL."),
        Cause("tls", "No TLS connection to the database came about.", "Set up TLS there, or change sslmode."),
        Cause("no_schema", "The database lacks tables of this version.", "Run any command with --migrate."),
        Cause(
            "other_tables",
            "The database has tables that no migration of this version knows of.",
            "Name an empty database, or restore a backup.",
        ),
        Cause("read_only", "The database can be read and not written.", "Name the primary, or free its files."),
        Cause("full", "The disk of the database is full.", "Make room there; nothing stored is lost."),
        Cause("too_many", "The database takes no more connections.", "Raise max_connections, or lower WORKERS."),
        Cause("starting", "The database is starting or stopping.", "Wait for it."),
        Cause(
            "turned_away",
            "The database turned the connection away.",
            "Its log says why; check the name, the password and the database in DATABASE_URL.",
        ),
        Cause(
            "encoding",
            "The database's encoding does not hold this text.",
            "Move to a database in UTF8: arena backup, createdb, arena restore.",
        ),
        Cause("gone", "The connection to the database was lost.", "Try again; then look at the database's log."),
        Cause(
            "forbidden", "The database's role lacks a right.", "Grant it the schema's tables, and CREATE in it."
        ),
        Cause(
            "keys_used_up", "A table has used up its keys.", "Run any command with --migrate; see arena doctor."
        ),
        Cause("pooler", "A pooler lost a prepared statement.", "Add ?prepare_threshold=none to DATABASE_URL."),
        Cause("no_file", "The database's file can't be opened.", "Mount or create its folder; check its rights."),
        Cause("damaged", "The database's file is damaged.", "Stop the server and restore a backup."),
        Cause("io_error", "The disk failed under the database.", "Look at the system's log and the free space."),
    )
}
BY_STATE = {
    "28P01": "wrong_password",
    "28000": "no_access",
    "3D000": "no_database",
    "3F000": "no_schema",
    "42P01": "no_schema",
    "42703": "no_schema",
    "42P07": "other_tables",
    "42701": "other_tables",
    "25006": "read_only",
    "53100": "full",
    "53300": "too_many",
    "57P03": "starting",
    "57P01": "gone",
    "57P02": "gone",
    "57P05": "gone",
    "42501": "forbidden",
    "2200H": "keys_used_up",
    "26000": "pooler",
    "42P05": "pooler",
    "55P03": "busy",
    "57014": "busy",
    "40001": "busy",
    "40P01": "busy",
    "25P03": "gone",
    "22P05": "encoding",
}
"""Names by PostgreSQL's error codes."""
BY_WORDS = tuple(
    (re.compile(words, re.IGNORECASE), name)
    for words, name in (
        # A refused connection has no code: libpq only says it in words, for each address it tried.
        (
            r"invalid connection option|bad value for|invalid (\w+ value|port number)|invalid integer value",
            "bad_option",
        ),
        (r"password authentication failed|no password supplied", "wrong_password"),
        (r"no pg_hba\.conf entry|authentication failed|role .* does not exist", "no_access"),
        (r"database .* does not exist", "no_database"),
        (r"does not support SSL|SSL error|certificate|sslmode|SSL SYSCALL", "tls"),
        (r"session is read-only|read-write mode during recovery|in hot standby", "read_only"),
        (r"too many (clients|connections)|remaining connection slots|no more connections allowed", "too_many"),
        (r"is (starting up|shutting down)|in recovery mode", "starting"),
        (r"could not translate host name|failed to resolve host|name or service not known", "unknown_host"),
        (r"connection refused|no such file or directory|could not connect", "refused"),
        (r"timeout expired|timed out|no route to host|network is unreachable", "timeout"),
        (r"readonly database|attempt to write a readonly", "read_only"),
        (r"database or disk is full|no space left", "full"),
        (r"unable to open database file", "no_file"),
        (r"malformed|file is not a database", "damaged"),
        (r"disk I/O error", "io_error"),
        (r"no such (table|column)", "no_schema"),
        (r"(table|index) .* already exists|duplicate column name", "other_tables"),
        (r"is locked|lock timeout|QueuePool limit", "busy"),
        (r"connection (is lost|.*closed|.*reset)|server closed|terminating connection|is closed", "gone"),
        # A server says why in the language of its operator.
        (r"connection failed|connection to server", "turned_away"),
    )
)
"""Names by what SQLite and libpq say, the first that fits."""
BY_ERRNO = {
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "read_only"),
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "full"),
    errno.ENOENT: "no_file",
    errno.EIO: "io_error",
}
"""Names by why the file that keeps processes apart could not be opened."""


def explain(error: BaseException) -> Cause | None:
    """Find the cause of a driver's error, or of one that SQLAlchemy made of it; None if it has none of these."""
    driver = getattr(error, "orig", None) or error
    name = BY_STATE.get(getattr(driver, "sqlstate", None) or "")
    if name is None:
        told = str(driver)
        name = next((name for words, name in BY_WORDS if words.search(told)), None)
    return CAUSES[name] if name else None


class DatabaseBusy(Refusal, code="database_busy"):
    """
    The database did not let us in, or went away; if while it committed, nobody knows whether it did.

    The message is for visitors; `cause` is for operators.
    """

    def __init__(self, message: str = BUSY, *, cause: Cause = CAUSES["busy"]) -> None:
        super().__init__(message)
        self.cause = cause


class ErrorTranslation:
    """Turn a database that is locked, full, away or in any other state of an operator's into DatabaseBusy."""

    # A class, and no generator: every transaction enters one.
    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if error is not None and (cause := _find_cause(error)) is not None:
            raise _busy(cause) from error


def _find_cause(error: BaseException) -> Cause | None:
    """Find what an operator must know of an error; None where it is none of the database's state."""
    if isinstance(error, (QueueTimeout, LostRace, PoolTimeout)):
        number = getattr(error.__cause__, "errno", None)
        return CAUSES[BY_ERRNO.get(number or 0, "busy")]
    if not isinstance(error, DBAPIError) or isinstance(error, IntegrityError):
        return None
    return explain(error) or (CAUSES["gone"] if isinstance(error, OperationalError) else None)


def _busy(cause: Cause) -> DatabaseBusy:
    metrics.count("database_busy_total")
    log_cause("database", cause)
    return DatabaseBusy(cause=cause)


def log_cause(what: str, cause: Cause) -> None:
    """Log why something fails: each cause once in so many seconds, however many requests meet it."""
    now = time.monotonic()
    if now - _logged.get((what, cause.name), -LOG_SECONDS) >= LOG_SECONDS:
        _logged[what, cause.name] = now
        _log.warning("%s: %s: %s", what, cause.name, cause)
