"""Statements for the hottest path, without the cost of building or dispatching them."""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnClause, FromClause, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

IDLE = 0
"""psycopg.pq.TransactionStatus.IDLE: the driver is an extra."""


class Prepared:
    """
    A statement of the hottest path, compiled once per dialect and then handed straight to the driver.

    `Session.execute` takes 60 to 100 microseconds for a statement, this about ten. Values go in and come out as
    the database holds them, moments in `milliseconds`. `build` is given the dialect's own `insert`.
    """

    def __init__(self, build: Callable[[Any], Any]) -> None:
        self._build = build
        self._compiled: dict[str, _Compiled] = {}

    def first(self, session: Session, **values: Any) -> Any:
        """The first row, its columns by name; None where there is none."""
        cursor, row_type = self.run(session, values)
        row = cursor.fetchone()
        cursor.close()
        return None if row is None else row_type._make(row)

    def all(self, session: Session, **values: Any) -> list[Any]:
        """Every row, columns by name."""
        cursor, row_type = self.run(session, values)
        rows = [row_type._make(row) for row in cursor.fetchall()]
        cursor.close()
        return rows

    def change(self, session: Session, **values: Any) -> int:
        """How many rows it changed."""
        cursor, _ = self.run(session, values)
        changed: int = cursor.rowcount
        cursor.close()
        return changed

    def each(self, session: Session, rows: Iterable[dict[str, Any]]) -> None:
        """Once for each of these values, sent together."""
        driver, dialect, compiled = self.ready(session)
        cursor = driver.cursor()
        with _translated(dialect, compiled.statement):
            cursor.executemany(compiled.statement, [compiled.arranged(values) for values in rows])
        cursor.close()

    def run(self, session: Session, values: dict[str, Any]) -> tuple[Any, Any]:
        """The driver's cursor, and the type of its rows. Raises what SQLAlchemy would."""
        driver, dialect, compiled = self.ready(session)
        cursor = driver.cursor()
        with _translated(dialect, compiled.statement):
            cursor.execute(compiled.statement, compiled.arranged(values))
        return cursor, compiled.row_type

    def ready(self, session: Session) -> tuple[Any, Dialect, "_Compiled"]:
        """Driver, dialect and statement; what the session holds is written first, as it would be by its own."""
        if session.autoflush and (session.new or session.dirty or session.deleted):
            session.flush()
        driver, dialect = session.info.get("driver") or _driver(session)
        if dialect.name not in self._compiled:
            self._compiled[dialect.name] = self._compile(dialect)
        return driver, dialect, self._compiled[dialect.name]

    def _compile(self, dialect: Dialect) -> "_Compiled":
        statement = self._build(sqlite.insert if dialect.name == "sqlite" else postgresql.insert)
        compiled = statement.compile(dialect=dialect)
        columns = [str(name) for name in statement.exported_columns.keys()]  # noqa: SIM118 (no mapping)
        row_type = namedtuple("Row", columns)  # type: ignore[misc] # noqa: PYI024
        return _Compiled(compiled.string, dict(compiled.params), compiled.positiontup, row_type)


@dataclass(frozen=True)
class _Compiled:
    """For one dialect; `order` of the parameters where the driver takes them by position."""

    statement: str
    constants: dict[str, Any]
    order: list[str] | None
    row_type: Any

    def arranged(self, values: dict[str, Any]) -> Any:
        given = self.constants | values
        return given if self.order is None else [given[name] for name in self.order]


@contextmanager
def _translated(dialect: Dialect, statement: str) -> Iterator[None]:
    try:
        yield
    except dialect.loaded_dbapi.Error as error:
        base = dialect.loaded_dbapi.Error
        raise DBAPIError.instance(statement, None, error, base, dialect=dialect) from error


def json_rows(insert: Any, name: str, *columns: ColumnClause[Any]) -> FromClause:
    """A parameter's JSON array of objects as a table, for statements about many; in the dialect of `insert`."""
    if insert is postgresql.insert:
        rows = func.json_to_recordset(bindparam(name)).table_valued(*columns)
        return rows.render_derived(name="given", with_types=True)
    each = func.json_each(bindparam(name)).table_valued("value").c.value
    return select(
        *(func.json_extract(each, f"$.{one.name}", type_=one.type).label(one.name) for one in columns)
    ).subquery("given")


Asked = tuple[Prepared, dict[str, Any]]
"""A statement and its values."""


def in_one_trip(session: Session, *asked: Asked) -> list[list[Any]]:
    """
    Run these in their order and return the rows of each; for PostgreSQL, a transaction if none has begun.

    Each sees what was committed before it began itself.
    """
    driver, dialect, _ = asked[0][0].ready(session)
    with _translated(dialect, "several in one trip"), driver.pipeline(), driver.transaction():
        answers = [statement.run(session, values) for statement, values in asked]
    return [[row_type._make(row) for row in cursor] if row_type._fields else [] for cursor, row_type in answers]


@contextmanager
def alone(session: Session) -> Iterator[None]:
    """
    What is read in here is read before the work's transaction begins, if it has not: two trips less on PostgreSQL.

    What is changed later must itself hold what it rests on. On SQLite a work's transaction begins with the work.
    """
    driver, dialect = session.info.get("driver") or _driver(session)
    if dialect.name == "sqlite" or not _is_idle(driver):
        yield
        return
    driver.autocommit = True
    try:
        yield
    finally:
        if not driver.closed:
            driver.autocommit = False


def _is_idle(driver: Any) -> bool:
    """Whether no transaction has begun; PostgreSQL's driver begins one with the first statement."""
    return bool(driver.info.transaction_status == IDLE)


def _driver(session: Session) -> tuple[Any, Dialect]:
    """The driver's connection of the session's one transaction, begun by asking for it."""
    connection = session.connection()
    found = session.info["driver"] = (connection.connection.dbapi_connection, connection.dialect)
    return found
