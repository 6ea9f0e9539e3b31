"""
Rows of any table as JSON lines and back, the same on SQLite and PostgreSQL.

The first line of a part names its columns, every other is one row: bytes in base64, JSON columns as their text,
days in ISO form. Tables are read from the database itself, so any revision can be written and read.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import JSON, Column, Date, LargeBinary, MetaData, Table, Text, cast, func, insert, select, text
from sqlalchemy.orm import Session

from app.cli.archive import BadBackup
from app.files.text import find_unstorable, mend_value

PART_BYTES = 8 * 2**20
ROWS_AT_ONCE = 5000
CACHE_KIB = 2**18
NOT_OURS = "alembic_version"
SUSPICIOUS = (b"u0000", b"\\ud", b"\\uD", b"NaN", b"Infinity")
"""What a part holds where a row of it may be one that PostgreSQL does not take."""
_encode: Callable[[Any], str] = json.JSONEncoder(separators=(",", ":")).encode


def read_tables(session: Session) -> list[Table]:
    """Read the tables as they are in the database, each after those it refers to."""
    metadata = MetaData()
    metadata.reflect(session.connection())
    return [table for table in metadata.sorted_tables if table.name != NOT_OURS]


def read_parts(session: Session, table: Table) -> Iterator[tuple[int, bytes]]:
    """Read a table in the order of its key; yield parts of about PART_BYTES as (number of rows, bytes)."""
    columns = list(table.columns)
    writers = [(place, how) for place, how in enumerate(map(_writer, columns)) if how is not None]
    wanted = [cast(column, Text) if isinstance(column.type, JSON) else column for column in columns]
    rows = session.execute(
        select(*wanted).order_by(*table.primary_key.columns), execution_options={"yield_per": ROWS_AT_ONCE}
    )
    head = _encode([column.name for column in columns])
    lines, size = [head], 0
    for row in rows:
        values = list(row)
        for place, how in writers:
            if values[place] is not None:
                values[place] = how(values[place])
        line = _encode(values)
        lines.append(line)
        size += len(line)
        if size > PART_BYTES:
            yield len(lines) - 1, "\n".join(lines).encode()
            lines, size = [head], 0
    yield len(lines) - 1, "\n".join(lines).encode()


def load_part(session: Session, table: Table, part: bytes) -> int:
    """Insert a part's rows; returns how many. Raises BadBackup where they don't fit the table."""
    try:
        names, *rows = json.loads(b"[%b]" % part.replace(b"\n", b","))
        columns = [table.columns[name] for name in names]
        decoded = [place for place, column in enumerate(columns) if isinstance(column.type, LargeBinary)]
        if any(mark in part for mark in SUSPICIOUS):
            rows = [_mend(row, columns) for row in rows]
        for row in rows:
            if len(row) != len(columns):
                raise BadBackup(f"A row of {table.name} does not fit its columns.")
            for place in decoded:
                row[place] = None if row[place] is None else b64decode(row[place], validate=True)
    except (ValueError, KeyError, TypeError) as error:
        raise BadBackup(f"A part of {table.name} can't be read.") from error
    if rows:
        (_copy if session.get_bind().dialect.name == "postgresql" else _insert)(session, table, names, rows)
    return len(rows)


def count_unstorable(table: Table, part: bytes) -> int:
    """Count the rows of a part that hold what PostgreSQL does not take; SQLite stores anything as text."""
    if not any(mark in part for mark in SUSPICIOUS):
        return 0
    names, *rows = json.loads(b"[%b]" % part.replace(b"\n", b","))
    columns = [table.columns[name] for name in names]
    return sum(_mend(row, columns) != row for row in rows)


def _mend(row: list[Any], columns: "Sequence[Column[Any]]") -> list[Any]:
    """Return a row as every database takes it; what is no character becomes U+FFFD, a number that is none null."""
    return [_mend_cell(value, column) for value, column in zip(row, columns, strict=True)]


def _mend_cell(value: Any, column: "Column[Any]") -> Any:
    if not isinstance(column.type, JSON) or not isinstance(value, str):
        return mend_value(value)
    document = json.loads(value)
    return value if find_unstorable(document) is None else _encode(mend_value(document))


def reset_sequences(session: Session, table: Table) -> None:
    """Set PostgreSQL's sequence of ids beyond the rows that were copied in."""
    if session.get_bind().dialect.name != "postgresql" or "id" not in table.columns:
        return
    name = f'"{table.name}"'
    sequence = session.scalar(select(func.pg_get_serial_sequence(name, "id")))
    if sequence is not None:
        highest = session.scalar(select(func.max(table.columns.id)))
        session.execute(select(func.setval(sequence, highest or 1, highest is not None)))


def prepare_bulk_load(session: Session) -> Callable[[], None]:
    """
    Drop PostgreSQL's foreign keys for a bulk load; the returned function adds them again.

    Checking them once for a whole table costs a tenth of checking them row by row. SQLite checks rows as they
    come, and is given a larger cache for its indexes instead.
    """
    if session.get_bind().dialect.name != "postgresql":
        session.execute(text(f"PRAGMA cache_size = -{CACHE_KIB}"))
        return lambda: None
    foreign_keys = session.execute(
        text(
            "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
        )
    ).all()
    for table, name, _ in foreign_keys:
        session.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))

    def put_back() -> None:
        for table, name, definition in foreign_keys:
            session.execute(text(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"))

    return put_back


def _writer(column: "Column[Any]") -> Callable[[Any], str] | None:
    if isinstance(column.type, LargeBinary):
        return lambda value: b64encode(value).decode("ascii")
    if isinstance(column.type, Date):
        return lambda value: str(value.isoformat())
    return None


def _insert(session: Session, table: Table, names: list[str], rows: Sequence[Sequence[Any]]) -> None:
    connection = session.connection()
    statement = insert(table).compile(dialect=connection.dialect, column_keys=names)
    order = [names.index(name) for name in statement.positiontup or ()]
    if order != list(range(len(names))):
        rows = [[row[place] for place in order] for row in rows]
    connection.exec_driver_sql(str(statement), list(map(tuple, rows)))


def _copy(session: Session, table: Table, names: list[str], rows: Sequence[Sequence[Any]]) -> None:
    from psycopg import sql

    connection: Any = session.connection().connection.driver_connection
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
