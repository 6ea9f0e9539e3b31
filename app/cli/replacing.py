"""Replaces the database in one step by another that was filled beside it, for `arena restore`."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from app.database.doors import Database, DatabaseBusy
from app.errors import Refusal

BESIDE = "blindvote_restoring"
LOCK_SECONDS = 30
CONNECTED = 128
"""The byte that SQLite's connections lock while they are open (os_unix.c, UNIX_SHM_DMS)."""
MAY_FILL = f"SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = '{BESIDE}'"  # noqa: S608


class InUse(Refusal, code="database_in_use"):
    """Another process has the database open."""


class SchemaRefused(Refusal, code="schema_refused"):
    """The role lacks CREATE on the database."""


@contextmanager
def create_replacement(standing: Database) -> Iterator[Database]:
    """
    Create an empty database: a file next to SQLite's, a schema in PostgreSQL's. Deleted unless put in place.

    Raises SchemaRefused where the role may not create a schema and nobody has made this one for it.
    """
    _remove_leftovers(standing)
    if not standing.is_sqlite:
        standing.write(_create_schema)
    database = Database(_url_beside(standing))
    try:
        yield database
    finally:
        database.close()
        _remove_leftovers(standing)


def put_in_place(standing: Database, fresh: Database) -> None:
    """Swap the fresh database in. Raises InUse for SQLite's file, DatabaseBusy for PostgreSQL's tables."""
    if not standing.is_sqlite:
        with standing.reading() as session:
            schema = inspect(session.connection()).default_schema_name or "public"
        standing.write(lambda session: _move_tables(session, schema))
        return
    fresh.close()
    path = _path(standing)
    check_unused(standing)
    for left in _list_logs(standing):  # of a damaged file; SQLite would put them into the fresh one
        left.unlink(missing_ok=True)
    _path(fresh).replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def check_unused(standing: Database) -> None:
    """
    Check that no other process has the SQLite file open, under which it can't be replaced. Raises InUse.

    Processes that were killed leave the write-ahead log. Whoever closes a database as the last folds it in and
    removes it, so one that is still there after this process did so belongs to somebody else.
    """
    if not standing.is_sqlite:
        return
    (log, index), is_held = _list_logs(standing), True
    if log.exists():
        try:
            with standing.reading() as session:
                session.execute(text("SELECT count(*) FROM sqlite_schema"))
        except DatabaseBusy:  # damaged, as one that a backup is to replace may be
            is_held = index.exists() and _is_locked(index)
    standing.close()
    if log.exists() and is_held:
        raise InUse("Another process has the database open: stop the server first.")


def _is_locked(index: Path) -> bool:
    """Tell whether another process holds what each connection does, a lock in the index of the log."""
    with index.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, CONNECTED)
        except BlockingIOError:
            return True
    return False


def _move_tables(session: Session, schema: str) -> None:
    session.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
    quote = session.connection().dialect.identifier_preparer.quote
    names = [quote(name) for name in inspect(session.connection()).get_table_names(schema=BESIDE)]
    for name in names:
        session.execute(text(f"DROP TABLE IF EXISTS {quote(schema)}.{name} CASCADE"))
    for name in names:
        session.execute(text(f"ALTER TABLE {BESIDE}.{name} SET SCHEMA {quote(schema)}"))


def _create_schema(session: Session) -> None:
    """Create the schema to restore into, unless somebody with more rights made it for this role."""
    if _may_create(session):
        session.execute(text(f"CREATE SCHEMA {BESIDE}"))
    elif not session.scalar(text(MAY_FILL)):
        role, name = session.execute(text("SELECT current_user, current_database()")).one()
        raise SchemaRefused(
            f"The role {role} may not create a schema in {name}, into which a backup is restored before it "
            "replaces what stands. Let an owner of the database run, once: "
            f"CREATE SCHEMA {BESIDE} AUTHORIZATION {role}"
        )


def _empty_schema(session: Session) -> None:
    """Drop the schema, or all that is in one that this role could not create again."""
    if _may_create(session):
        session.execute(text(f"DROP SCHEMA IF EXISTS {BESIDE} CASCADE"))
        return
    inspector = inspect(session.connection())
    if BESIDE not in inspector.get_schema_names():
        return
    quote = session.connection().dialect.identifier_preparer.quote
    for name in inspector.get_table_names(schema=BESIDE):
        session.execute(text(f"DROP TABLE {BESIDE}.{quote(name)} CASCADE"))


def _may_create(session: Session) -> bool:
    return bool(session.scalar(text("SELECT has_database_privilege(current_database(), 'CREATE')")))


def _remove_leftovers(standing: Database) -> None:
    """Delete what an interrupted restore left behind."""
    if not standing.is_sqlite:
        standing.write(_empty_schema)
        return
    path = _path(standing)
    for suffix in ("", "-wal", "-shm", ".lock", ".lock.gate"):
        path.with_name(f"{path.name}.{BESIDE}{suffix}").unlink(missing_ok=True)


def _list_logs(database: Database) -> tuple[Path, Path]:
    """List the write-ahead log of a SQLite file, and the index of that."""
    path = _path(database)
    return path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")


def _path(database: Database) -> Path:
    return Path(make_url(database.url).database or "")


def _url_beside(standing: Database) -> str:
    url = make_url(standing.url)
    if standing.is_sqlite:
        return url.set(database=f"{url.database}.{BESIDE}").render_as_string(hide_password=False)
    search = url.update_query_dict({"options": f"-csearch_path={BESIDE}"})
    return search.render_as_string(hide_password=False)
