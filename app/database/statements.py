"""Prepared statements for the hottest path, without the cost of building or dispatching them."""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnClause, ColumnElement, FromClause, bindparam, func, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

IDLE = 0
"""What libpq calls the status of a connection without a transaction (PQTRANS_IDLE)."""


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
        self._compiled: dict[str, _CompiledStatement] = {}

    def first(self, session: Session, **values: Any) -> Any:
        """Return the first row, its columns by name; None where there is none."""
        cursor, row_type = self.run(session, values)
        row = cursor.fetchone()
        cursor.close()
        return None if row is None else row_type._make(row)

    def all(self, session: Session, **values: Any) -> list[Any]:
        """Return every row, its columns by name."""
        cursor, row_type = self.run(session, values)
        rows = [row_type._make(row) for row in cursor.fetchall()]
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
            cursor.executemany(compiled.statement, [compiled.arranged(values) for values in rows])
        cursor.close()

    def run(self, session: Session, values: dict[str, Any]) -> tuple[Any, Any]:
        """Return the driver's cursor and the type of its rows. Raises what SQLAlchemy would."""
        driver, dialect, compiled = self.ready(session)
        cursor = driver.cursor()
        try:
            cursor.execute(compiled.statement, compiled.arranged(values))
        except dialect.loaded_dbapi.Error as error:
            raise _as_sqlalchemy(error, dialect, compiled.statement) from error
        return cursor, compiled.row_type

    def ready(self, session: Session) -> tuple[Any, Dialect, "_CompiledStatement"]:
        """Return driver, dialect and statement, after writing what the session holds, as its own methods would."""
        if session.autoflush:
            session.flush()
        driver, dialect = session.info.get("driver") or _driver(session)
        if dialect.name not in self._compiled:
            self._compiled[dialect.name] = self._compile(dialect)
        return driver, dialect, self._compiled[dialect.name]

    def _compile(self, dialect: Dialect) -> "_CompiledStatement":
        statement = self._build(sqlite.insert if dialect.name == "sqlite" else postgresql.insert)
        compiled = statement.compile(dialect=dialect)
        columns = [str(name) for name in statement.exported_columns.keys()]  # noqa: SIM118 (no mapping)
        row_type = namedtuple("Row", columns)  # type: ignore[misc] # noqa: PYI024
        constants = {name: value for name, value in compiled.params.items() if not compiled.binds[name].required}
        return _CompiledStatement(compiled.string, constants, compiled.positiontup, row_type)


@dataclass(frozen=True)
class _CompiledStatement:
    """A statement of one dialect; `order` of the parameters where the driver takes them by position."""

    statement: str
    constants: dict[str, Any]
    order: list[str] | None
    row_type: Any

    def arranged(self, values: dict[str, Any]) -> Any:
        given = self.constants | values if self.constants else values
        return given if self.order is None else [given[name] for name in self.order]


def forget_objects(session: Session) -> None:
    """Forget what was read or made through the session; prepared statements leave nothing in it."""
    if any(True for _ in session):
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


def json_part(insert: Any, column: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    """Take one part of a JSON object, in the dialect of `insert`: text in SQLite, NULL where there is none."""
    if insert is postgresql.insert:
        return column.op("->")(literal_column(f"'{name}'"))
    return func.json_extract(column, f"$.{name}")


Call = tuple[PreparedStatement, dict[str, Any]]
"""A statement with its values."""


def run_pipelined(session: Session, *calls: Call, ends: bool = False) -> list[list[Any]]:
    """
    Run statements with their values, in their order, and return the rows of each. For PostgreSQL only.

    All go to the server in one trip: while a vote waits for an answer, it may hold a competition's row, which
    every other vote there waits for. With `ends` they are the last of their transaction, or the whole of it.
    """
    driver, dialect, _ = calls[0][0].ready(session)
    is_whole = ends and not has_begun(session)
    # What a pipeline holds is one transaction by itself. psycopg would wait for its own BEGIN and COMMIT.
    begin = _without_begin(driver) if is_whole else nullcontext()
    # One by itself is one trip without a pipeline, too, with which psycopg takes a third longer over it.
    together = nullcontext() if is_whole and len(calls) == 1 else driver.pipeline()
    try:
        with DriverErrors(dialect, "a pipeline of statements"), begin, together:
            results = [statement.run(session, values) for statement, values in calls]
            if ends and not is_whole:
                driver.execute("COMMIT", prepare=False)
    except BaseException:
        # psycopg believes that it has prepared what the server skipped after an error: on this connection those
        # statements would fail for good.
        session.invalidate()
        raise
    # Read after the pipeline has ended: within it, the first row that is asked for costs a trip of its own.
    return [[row_type._make(row) for row in cursor] if row_type._fields else [] for cursor, row_type in results]


def has_begun(session: Session) -> bool:
    """Tell whether the session is in a transaction for the server, too. For PostgreSQL only."""
    driver: Any = (session.info.get("driver") or _driver(session))[0]
    return int(driver.info.transaction_status) != IDLE


@contextmanager
def _without_begin(driver: Any) -> Iterator[None]:
    """Have psycopg begin no transaction for what comes."""
    driver.autocommit = True
    try:
        yield
    finally:
        if not driver.closed:
            driver.autocommit = False


def _driver(session: Session) -> tuple[Any, Dialect]:
    """Return the driver's connection of the session's one transaction, which begins by asking for it."""
    connection = session.connection()
    driver = session.info["driver"] = (connection.connection.dbapi_connection, connection.dialect)
    return driver
