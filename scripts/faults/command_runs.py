"""Runs commands inside this process on installations of their own, and reads what they left behind."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine, create_engine, func, select, text

from app import cli
from app.arena.entries.orphans import find_orphans
from app.arena.tables import Category, Competition, Entry, LedgerLine
from app.catalog.tables import ImageModel
from app.database.doors import Database
from app.gateway.storage import Storage
from tests.postgres import running

STATE = {
    "models": select(ImageModel.slug),
    "categories": select(Category.slug, Category.title, Category.position),
    "competitions": select(
        Competition.slug, Competition.title, Competition.mode, Competition.prompt, Competition.frame_width,
        Competition.frame_height, Competition.status, Competition.input_key,
        select(func.count()).where(Entry.competition_id == Competition.id).scalar_subquery(),
    ),
    "entries": select(
        Competition.slug, ImageModel.slug, Entry.sample, Entry.role, Entry.sha256, Entry.perceptual_hash,
        Entry.width, Entry.height, Entry.prompt, Entry.provider, Entry.seconds, Entry.cost_micros, Entry.source,
        Entry.licence, Entry.large_bytes, Entry.small_bytes,
    ).select_from(Entry).join(Entry.competition).join(Entry.model),
    "ledger": select(LedgerLine.action, LedgerLine.subject, LedgerLine.reason, LedgerLine.detail),
}  # fmt: skip
"""What files may change, but for times, random names and numbers of rows."""


@dataclass(frozen=True)
class Ending:
    """How a command ended: its exit code, and what it printed without the progress bar."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class State:
    """The rows of an installation by table, sorted, and the number of files in its storage."""

    rows: dict[str, list[tuple[Any, ...]]]
    files: int


@dataclass(frozen=True)
class Arena:
    """An installation: a data folder and a database."""

    folder: Path
    url: str

    def run(self, *words: str) -> Ending:
        """Run a command; whatever it does not catch is raised here."""
        out, err = (TextIOWrapper(BytesIO(), "utf-8", newline="") for _ in range(2))
        code = 0
        with self._environment(words), redirect_stdout(out), redirect_stderr(err):
            try:
                cli.main()
            except SystemExit as stop:
                code = int(stop.code or 0)
        said, complained = (_read(stream) for stream in (out, err))
        return Ending(code, said, "\n".join(line for line in complained.splitlines() if "importing" not in line))

    def read_state(self) -> State:
        """Read every row that a file may have changed, and count the files."""
        with closing(Database(self.url)) as database, database.reading() as session:
            rows = {name: [tuple(row) for row in session.execute(query)] for name, query in STATE.items()}
        files = sum(1 for _ in Storage(self.folder / "files").every_key())
        return State({name: sorted(found, key=repr) for name, found in rows.items()}, files)

    def count_orphans(self) -> int:
        """Count the files that no row names."""
        with closing(Database(self.url)) as database, database.reading() as session:
            return len(find_orphans(session, Storage(self.folder / "files")))

    @contextmanager
    def _environment(self, words: Sequence[str]) -> Iterator[None]:
        values = {"DATA_DIR": str(self.folder), "DATABASE_URL": self.url, "SECRET_KEY": "s" * 43}
        with patch.dict(os.environ, values), patch.object(sys, "argv", ["arena", *words]):
            yield


def _read(stream: TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, BytesIO)
    return buffer.getvalue().decode()


@contextmanager
def arenas(scratch: Path, *, postgres: bool) -> Iterator[Callable[[], Iterator[Arena]]]:
    """Yield a function that yields an empty installation on each kind of database, one after the other."""
    template = scratch / "template.sqlite3"
    with closing(Database(f"sqlite:///{template}")) as made:
        made.migrate()

    def on_sqlite() -> Iterator[Arena]:
        folder = _empty(scratch / "sqlite")
        shutil.copy(template, folder / "arena.sqlite3")
        yield Arena(folder, f"sqlite:///{folder / 'arena.sqlite3'}")

    if not postgres:
        yield on_sqlite
        return
    with running() as server:
        engine = create_engine(server.format(database="postgres"), isolation_level="AUTOCOMMIT")
        _execute(engine, "CREATE DATABASE template_files")
        with closing(Database(server.format(database="template_files"))) as made:
            made.migrate()

        def on_both() -> Iterator[Arena]:
            yield from on_sqlite()
            _execute(engine, "DROP DATABASE IF EXISTS files WITH (FORCE)")
            _execute(engine, "CREATE DATABASE files TEMPLATE template_files STRATEGY file_copy")
            yield Arena(_empty(scratch / "postgres"), server.format(database="files"))

        yield on_both
        engine.dispose()


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _execute(engine: Engine, statement: str) -> None:
    with engine.connect() as connection:
        connection.execute(text(statement))
