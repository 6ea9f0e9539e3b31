"""Prepared statements for the hottest path, without the cost of building or dispatching them."""

import json
import re
import threading
from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from operator import itemgetter
from typing import Any

from pydantic_core import from_json
from sqlalchemy import (
    ColumnClause,
    ColumnElement,
    FromClause,
    LargeBinary,
    bindparam,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

_COMPILING = threading.RLock()


class PreparedStatement:
    """
    A statement that is compiled once per dialect and then handed straight to the driver.

    `Session.execute` takes 60 to 100 microseconds for a statement, this about ten: a quarter of a vote's CPU time,
    and half of it where 16 threads vote. It is for issuing, serving and voting, and for what home, boards and
    model pages ask whenever they are rendered; all else uses `select()`. Values go in and come out as the database
    holds them, times in `milliseconds`. `build` gets the dialect's `insert`.
    """

    def __init__(self, build: Callable[[Any], Any]) -> None:
        self._build = build
        self._compiled: dict[str, CompiledStatement] = {}

    def first(self, session: Session, **values: Any) -> Any:
        """Return the first row, its columns by name; None where there is none."""
        cursor, compiled = self.run(session, values)
        row = cursor.fetchone()
        cursor.close()
        return None if row is None else compiled.unpack([row])[0]

    def all(self, session: Session, **values: Any) -> list[Any]:
        """Return every row, its columns by name."""
        cursor, compiled = self.run(session, values)
        rows = compiled.unpack(cursor.fetchall())
        cursor.close()
        return rows

    def change(self, session: Session, **values: Any) -> int:
        """Run it and return how many rows it changed."""
        cursor, _ = self.run(session, values)
        changed: int = cursor.rowcount
        cursor.close()
        return changed

    def each(self, session: Session, rows: Iterable[dict[str, Any]]) -> None:
        """Run it once for each of these values, sent together."""
        driver, dialect, compiled = self.ready(session)
        cursor = driver.cursor()
        with DriverErrors(dialect, compiled.statement):
            cursor.executemany(compiled.statement, list(map(compiled.arrange, rows)))
        cursor.close()

    def each_row(self, session: Session, columns: dict[str, list[Any]]) -> None:
        """Run it once for each row of these columns, sent together; SQLite needs no dictionaries."""
        driver, dialect, compiled = self.ready(session)
        cursor = driver.cursor()
        with DriverErrors(dialect, compiled.statement):
            cursor.executemany(compiled.statement, compiled.arrange_rows(columns))
        cursor.close()

    def run(self, session: Session, values: dict[str, Any]) -> tuple[Any, "CompiledStatement"]:
        """Return the driver's cursor, and the statement, which unpacks its rows. Raises what SQLAlchemy would."""
        driver, dialect, compiled = self.ready(session)
        try:
            cursor = driver.execute(compiled.statement, compiled.arrange(values))
        except dialect.loaded_dbapi.Error as error:
            raise _as_sqlalchemy(error, dialect, compiled.statement) from error
        return cursor, compiled

    def ready(self, session: Session) -> tuple[Any, Dialect, "CompiledStatement"]:
        """Return driver, dialect and statement, after writing what the session holds, as its own methods would."""
        if session.autoflush:
            session.flush()
        driver, dialect = connect_driver(session)
        return driver, dialect, self.compiled(dialect)

    def compiled(self, dialect: Dialect) -> "CompiledStatement":
        """Return the statement as a dialect has it, compiled the first time."""
        if dialect.name not in self._compiled:
            # Statements share parts, in which SQLAlchemy keeps what it has found out: no two are compiled at once.
            with _COMPILING:
                self._compiled[dialect.name] = self._compile(dialect)
        return self._compiled[dialect.name]

    def _compile(self, dialect: Dialect) -> "CompiledStatement":
        is_sqlite = dialect.name == "sqlite"
        statement = self._build(sqlite.insert if is_sqlite else postgresql.insert)
        gives_rows = bool(statement.exported_columns)
        statement, unpack = self._lay_out(statement, is_sqlite=is_sqlite)
        compiled = statement.compile(dialect=dialect)
        constants = {name: value for name, value in compiled.params.items() if not compiled.binds[name].required}
        arrange = _arrange(constants, compiled.positiontup)
        return CompiledStatement(compiled.string, arrange, unpack, gives_rows)

    def _lay_out(self, statement: Any, *, is_sqlite: bool) -> tuple[Any, "Unpack"]:  # noqa: ARG002
        """Choose the columns that the driver is to give, and what makes the statement's rows of them."""
        name_row = _row_maker(statement.exported_columns.keys())
        return statement, lambda rows: list(map(name_row, rows))


class PackedStatement(PreparedStatement):
    """
    A prepared SELECT each row of which SQLite gives as one value, JSON; an empty blob comes back as None.

    SQLite's driver gives the interpreter up for each column of each row, and must win it back from other threads.
    """

    def _lay_out(self, statement: Any, *, is_sqlite: bool) -> tuple[Any, "Unpack"]:
        if not is_sqlite:
            return super()._lay_out(statement, is_sqlite=is_sqlite)
        columns = list(statement.subquery().c)
        blobs = [place for place, one in enumerate(columns) if isinstance(one.type, LargeBinary)]
        name_row = _row_maker(one.key for one in columns)

        def unpack(found: Sequence[Any]) -> list[Any]:
            rows = [from_json(text) for (text,) in found]
            for row in rows:
                for place in blobs:
                    row[place] = bytes.fromhex(row[place]) or None
            return list(map(name_row, rows))

        told = (func.hex(one) if isinstance(one.type, LargeBinary) else one for one in columns)
        return select(func.json_array(*told)), unpack


class PreparedTable(PreparedStatement):
    """A prepared SELECT of many rows of numbers, which come without names and in no order."""

    def _lay_out(self, statement: Any, *, is_sqlite: bool) -> tuple[Any, "Unpack"]:
        if not is_sqlite:
            return statement, list
        rows = statement.subquery()
        # All of them are one value, for the reason of `PackedStatement`.
        return select(func.json_group_array(func.json_array(*rows.c))), lambda found: from_json(found[0][0])


def _row_maker(names: Iterable[str]) -> Callable[[Sequence[Any]], Any]:
    """Make a function that gives the columns of a row their names."""
    # What `_make` of the tuple does, without a call of Python for each row.
    return partial(tuple.__new__, namedtuple("Row", map(str, names)))  # noqa: PYI024


Unpack = Callable[[Sequence[Any]], list[Any]]
"""What makes a statement's rows of those that the driver gives."""


@dataclass(frozen=True)
class CompiledStatement:
    """A statement of one dialect."""

    statement: str
    arrange: Callable[[dict[str, Any]], Any]
    """What makes the driver's parameters of a statement's values."""
    unpack: Unpack
    gives_rows: bool

    @cached_property
    def numbered(self) -> tuple[bytes, list[str]]:
        """Give the text with numbers in the place of names, as psycopg sends it to PostgreSQL, and the names."""
        text, order = self.statement, list(dict.fromkeys(re.findall(r"%\((\w+)\)s", self.statement)))
        for number, name in enumerate(order, 1):
            text = text.replace(f"%({name})s", f"${number}")
        return text.replace("%%", "%").encode(), order

    def arrange_rows(self, columns: dict[str, list[Any]]) -> list[Any]:
        """Make the driver's parameters of every row of these columns."""
        given = self.arrange(columns)
        if isinstance(given, dict):
            return [dict(zip(given, row, strict=True)) for row in zip(*given.values(), strict=True)]
        return list(zip(*given, strict=True))


def _arrange(constants: dict[str, Any], order: Sequence[str] | None) -> Callable[[dict[str, Any]], Any]:
    """Put values and constants in the order that a driver wants, if it takes them by position."""
    if order is None:
        return lambda values: constants | values
    if not order:
        return lambda _: ()
    pick = itemgetter(*order) if len(order) > 1 else lambda given: (given[order[0]],)
    return pick if not constants else lambda values: pick(constants | values)


def forget_objects(session: Session) -> None:
    """Forget what was read or made through the session; prepared statements leave nothing in it."""
    if session.identity_map or session.new:
        session.expunge_all()


class DriverErrors:
    """Raise the driver's errors as SQLAlchemy does, for a statement that the driver gets without it."""

    # A class, and no generator: every transaction enters some.
    __slots__ = ("_dialect", "_statement")

    def __init__(self, dialect: Dialect, statement: str) -> None:
        self._dialect = dialect
        self._statement = statement

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if error is not None and isinstance(error, self._dialect.loaded_dbapi.Error):
            raise _as_sqlalchemy(error, self._dialect, self._statement) from error


def _as_sqlalchemy(error: Exception, dialect: Dialect, statement: str) -> BaseException:
    base = dialect.loaded_dbapi.Error
    return DBAPIError.instance(statement, None, error, base, dialect=dialect)


def json_rows(insert: Any, name: str, *columns: ColumnClause[Any]) -> FromClause:
    """Make a table of a parameter that is a JSON array of objects, in the dialect of `insert`."""
    if insert is postgresql.insert:
        rows = func.json_to_recordset(bindparam(name)).table_valued(*columns)
        return rows.render_derived(name="given", with_types=True)
    each = func.json_each(bindparam(name)).table_valued("value").c.value
    return select(
        *(func.json_extract(each, f"$.{one.name}", type_=one.type).label(one.name) for one in columns)
    ).subquery("given")


def given_array(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> ColumnElement[Any]:
    """
    Make an array of a parameter that is a list, so that PostgreSQL plans the statement once. For PostgreSQL only.

    Of a parameter by itself it would see how many values it has, take a plan for so few to be better than one for
    any number, and plan anew each time, which may take longer than all the rest.
    """
    return func.array(select(func.unnest(bindparam(name, type_=ARRAY(kind)))).scalar_subquery())


def json_part(insert: Any, column: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    """Take one part of a JSON object, in the dialect of `insert`: text in SQLite, NULL where there is none."""
    if insert is postgresql.insert:
        return column.op("->")(literal_column(f"'{name}'"))
    return func.json_extract(column, f"$.{name}")


def read_json(stored: Any) -> Any:
    """Read a JSON column of a prepared statement: SQLite holds text, PostgreSQL's driver has parsed it."""
    return json.loads(stored) if isinstance(stored, str) else stored


Call = tuple[PreparedStatement, dict[str, Any]]
"""A statement with its values."""


def connect_driver(session: Session) -> tuple[Any, Dialect]:
    """Return the driver's connection of the session's one transaction, which begins by asking for it."""
    if known := session.info.get("driver"):
        return known  # type: ignore[no-any-return]
    connection = session.connection()
    driver = session.info["driver"] = (connection.connection.dbapi_connection, connection.dialect)
    return driver
