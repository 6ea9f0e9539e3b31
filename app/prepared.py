"""Statements for the hottest path, without the cost of building or dispatching them."""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.turns import Overtaken

DIVISION_BY_ZERO = "22012"
_NOTHING = nullcontext()


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

    def before(self, session: Session, **values: Any) -> Any:
        """
        The first row, before the work's transaction: what is done after it must itself hold what it rests on.

        Two trips less on PostgreSQL where one `Together.last` is all that follows. On SQLite like `first`.
        """
        driver, dialect, _ = self.ready(session)
        with _outside(driver) if _is_idle(driver, dialect) else _NOTHING:
            return self.first(session, **values)

    def later(self, session: Session, **values: Any) -> Callable[[], list[Any]]:
        """
        Every row, to be had once the work is committed: sent with what is sent at its end.

        At once where nothing waits for the end, and on SQLite, where nothing is far away.
        """
        waiting = session.info.get("last")
        if waiting is None:
            rows = self.all(session, **values)
            return lambda: rows
        cursor, row_type = waiting.also(session, self, values)
        return lambda: [row_type._make(row) for row in cursor.fetchall()]

    def run(self, session: Session, values: dict[str, Any]) -> tuple[Any, Any]:
        """The driver's cursor, and the type of its rows. Raises what SQLAlchemy would."""
        driver, dialect, compiled = self.ready(session)
        cursor = driver.cursor()
        with _translated(dialect, compiled.statement):
            cursor.execute(compiled.statement, compiled.arranged(values))
        return cursor, compiled.row_type

    def statement(self, insert: Any) -> Any:
        """With this dialect's own `insert`."""
        return self._build(insert)

    def ready(self, session: Session) -> tuple[Any, Dialect, "_Compiled"]:
        """Driver, dialect and statement; what the session holds is written first, as it would be by its own."""
        if session.autoflush and (session.new or session.dirty or session.deleted):
            session.flush()
        driver, dialect = session.info.get("driver") or _driver(session)
        if dialect.name not in self._compiled:
            self._compiled[dialect.name] = self._compile(dialect)
        return driver, dialect, self._compiled[dialect.name]

    def _compile(self, dialect: Dialect) -> "_Compiled":
        statement = self.statement(sqlite.insert if dialect.name == "sqlite" else postgresql.insert)
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


class Together:
    """
    Changes of the hottest path, made in this order: one statement on PostgreSQL, where each would be a round trip.

    There every one sees what was stored before the first, but waits for locks and looks again at the row it waited
    for. So none may rest on what another of them changed. Values with the same name are the same. Each must change
    a row, but those in `freely`; where one does not, all are taken back with Overtaken.
    """

    def __init__(self, *changes: Prepared, freely: Sequence[Prepared] = ()) -> None:
        self._changes = changes
        self._freely = freely
        self._at_once = Prepared(self._one_statement)

    def change(self, session: Session, **values: Any) -> None:
        """All of them, now."""
        if session.get_bind().dialect.name == "postgresql":
            with _overtaken():
                self._at_once.first(session, **values)
            return
        if not all(change.change(session, **values) for change in self._changes):
            raise Overtaken
        for change in self._freely:
            change.change(session, **values)

    def last(self, session: Session, **values: Any) -> None:
        """
        The end of a work: on PostgreSQL sent with the commit, so that no lock is held for the time of a trip.

        What the work does after it is done before it, but for another last one.
        """
        if session.get_bind().dialect.name == "postgresql":
            earlier = session.info.pop("last", None)
            if earlier is not None:
                earlier.send()
            session.info["last"] = _Last(session, self._at_once, values)
        else:
            self.change(session, **values)

    def _one_statement(self, insert: Any) -> Any:
        """Whoever counts what they changed, one after the other, makes them in that order."""
        counts = []
        for number, change in enumerate((*self._changes, *self._freely)):
            made = change.statement(insert).returning(literal_column("1")).cte(f"change_{number}")
            counts.append(select(func.count()).select_from(made).scalar_subquery().label(f"count_{number}"))
        must, freely = counts[: len(self._changes)], counts[len(self._changes) :]
        return select((1 / func.least(*must)).label("done"), *freely)


class _Last:
    """What is sent with a work's commit: changes, and questions whose answers are to be had after it."""

    def __init__(self, session: Session, changes: Prepared, values: dict[str, Any]) -> None:
        self._driver, self._dialect, changed = changes.ready(session)
        self._sent = [(self._driver.cursor(), changed.statement, changed.arranged(values))]

    def also(self, session: Session, asked: Prepared, values: dict[str, Any]) -> tuple[Any, Any]:
        """The cursor that will hold the answer, and the type of its rows."""
        _, _, compiled = asked.ready(session)
        cursor = self._driver.cursor()
        self._sent.append((cursor, compiled.statement, compiled.arranged(values)))
        return cursor, compiled.row_type

    def send(self, commit: Callable[[], None] | None = None) -> None:
        """With the commit, if given; where nothing was done before, the changes are a transaction of their own."""
        with _overtaken(), _translated(self._dialect, self._sent[0][1]):
            if commit is not None and _is_idle(self._driver, self._dialect):
                with _outside(self._driver):
                    self._execute()
                return
            with self._driver.pipeline():
                self._execute()
                if commit is not None:
                    commit()

    def _execute(self) -> None:
        for cursor, statement, values in self._sent:
            cursor.execute(statement, values)


@contextmanager
def _overtaken() -> Iterator[None]:
    """A change that found no row divides by zero, which takes back the whole statement."""
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != DIVISION_BY_ZERO:
            raise
        raise Overtaken from error


def _is_idle(driver: Any, dialect: Dialect) -> bool:
    """Whether no transaction has begun; PostgreSQL's driver begins one with the first statement."""
    return dialect.name == "postgresql" and driver.info.transaction_status == 0


@contextmanager
def _outside(driver: Any) -> Iterator[None]:
    """Of any transaction of ours: each statement is one of the server's."""
    driver.autocommit = True
    try:
        yield
    finally:
        if not driver.closed:
            driver.autocommit = False


def _driver(session: Session) -> tuple[Any, Dialect]:
    """The driver's connection of the session's one transaction, begun by asking for it."""
    connection = session.connection()
    found = session.info["driver"] = (connection.connection.dbapi_connection, connection.dialect)
    return found
