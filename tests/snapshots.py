"""Worlds that many tests begin with: the rooms make each once, and others in the same state get its rows."""

from collections.abc import Callable, Hashable
from copy import deepcopy
from functools import lru_cache, partial
from typing import Any, TypeVar, cast

from sqlalchemy.orm import Session

from app.database.columns import Base
from app.database.doors import Database
from app.gateway.storage import Storage

Result = TypeVar("Result")
State = dict[str, tuple[Any, ...]]
"""Rows by table, each table after those that it refers to; tables without rows are left out."""
MADE: dict[Hashable, tuple[State, list[Any], dict[str, bytes], object]] = {}


def make_once(
    database: Database, name: Hashable, make: Callable[[], Result], storage: Storage | None = None
) -> Result:
    """
    Make what `make` makes; where a database in this one's state has seen it made, put in the rows that came of it.

    Whatever is called by one name must write the same, and return what holds for each database. Files that came
    into `storage` are put there too.
    """
    before, _ = database.write(partial(read_state, database))
    key = database.is_sqlite, name, tuple(before.items())
    if key not in MADE:
        known = set(storage.every_key()) if storage else set()
        result = make()
        files = {one: storage.get(one) for one in storage.every_key() if one not in known} if storage else {}
        MADE[key] = *database.write(partial(read_state, database)), files, deepcopy(result)
        return result
    after, sequences, files, made = MADE[key]
    if storage:
        for one, data in files.items():
            storage.put(one, data)
    database.write(partial(put_state, database, before, after, sequences))
    return cast("Result", deepcopy(made))


def read_state(database: Database, session: Session) -> tuple[State, list[Any]]:
    rows = _rows(database, session)
    return rows.read(), rows.read_sequences()


def put_state(database: Database, before: State, after: State, sequences: list[Any], session: Session) -> None:
    rows, replaced = _rows(database, session), set[str]()
    for table, targets in list_tables().items():
        # What refers to a row that is deleted may be deleted with it.
        if not set(before.get(table, ())) <= set(after.get(table, ())) or replaced & targets:
            replaced.add(table)
    for table in reversed(before):
        if table in replaced:
            rows.driver.execute(f'DELETE FROM "{table}"')
    for table, wanted in after.items():
        known = set() if table in replaced else set(before.get(table, ()))
        if missing := [row for row in wanted if row not in known]:
            rows.put(table, missing)
    rows.set_sequences(sequences)


def _rows(database: Database, session: Session) -> "Sqlite | Postgres":
    driver = session.connection().connection.dbapi_connection
    return Sqlite(driver) if database.is_sqlite else Postgres(driver)


def list_tables() -> dict[str, set[str]]:
    """List every table of ours after those that it refers to, with the names of these."""
    return _sort(len(Base.metadata.tables))


@lru_cache(1)
def _sort(number: int) -> dict[str, set[str]]:
    tables = Base.metadata.sorted_tables
    return {table.name: {key.column.table.name for key in table.foreign_keys} for table in tables}


class Sqlite:
    """Rows as SQLite's driver gives them; what number comes next follows from them."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def read(self) -> State:
        found = {table: tuple(self.driver.execute(f'SELECT * FROM "{table}"')) for table in list_tables()}
        return {table: rows for table, rows in found.items() if rows}

    def put(self, table: str, rows: list[tuple[object, ...]]) -> None:
        marks = ", ".join("?" * len(rows[0]))
        self.driver.executemany(f'INSERT INTO "{table}" VALUES ({marks})', rows)

    def read_sequences(self) -> list[Any]:
        return []

    def set_sequences(self, sequences: list[Any]) -> None:
        assert sequences == []


class Postgres:
    """Rows as COPY writes them, and the numbers that sequences gave last."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def read(self) -> State:
        tables = list_tables()
        asked = ", ".join(f'EXISTS (SELECT FROM "{table}")' for table in tables)
        filled = self.driver.execute(f"SELECT {asked}").fetchone()
        return {table: self._copy(table) for table, is_filled in zip(tables, filled, strict=True) if is_filled}

    def _copy(self, table: str) -> tuple[bytes, ...]:
        with self.driver.cursor().copy(f'COPY "{table}" TO STDOUT') as copy:
            return tuple(map(bytes, copy))

    def put(self, table: str, rows: list[bytes]) -> None:
        with self.driver.cursor().copy(f'COPY "{table}" FROM STDIN') as copy:
            copy.write(b"".join(rows))

    def read_sequences(self) -> list[Any]:
        asked = "SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL"
        return list(self.driver.execute(asked).fetchall())

    def set_sequences(self, sequences: list[Any]) -> None:
        if sequences:
            asked = ", ".join(f"setval('\"{name}\"', {last})" for name, last in sequences)
            self.driver.execute(f"SELECT {asked}")
