"""
Migrations killed midway: SIGKILL before the n-th statement of a migration, up or down, on a database with votes in
it. Run again, it ends with the schema and the rows of a run that nobody disturbed.

    python scripts/faults/migrations.py [--database sqlite|postgres] [--revisions N] [--points N] [--votes 200]

Without --revisions every migration, without --points every statement, without --database both. Exit 1 where a
killed migration leaves a mark. It takes some three minutes on SQLite.
"""

import argparse
import hashlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.orm import Session

from app.database.doors import Database
from app.database.places import ROOT
from scripts.faults.application import application, judge, populate
from scripts.faults.server import DATABASES
from tests.postgres import HASTY_FLAGS, Cluster, cluster

REVISIONS = ["base", *sorted(path.name[:4] for path in (ROOT / "migrations" / "versions").glob("[0-9]*.py"))]


@dataclass(frozen=True)
class Copies:
    """Databases by name, of one kind; copied when nobody is connected."""

    folder: Path
    cluster: Cluster | None

    def url(self, name: str) -> str:
        """Return the address of a database for `app.database.doors.Database`."""
        return self.cluster.url.format(database=name) if self.cluster else f"sqlite:///{self.folder / name}"

    def make(self, name: str, like: str | None = None) -> None:
        """Make a database, in place of whatever has this name; a copy of `like` where that is given."""
        if self.cluster:
            self._administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            self._administer(f"CREATE DATABASE {name}" + (f" TEMPLATE {like}" if like else ""))
            return
        for path in self.folder.glob(f"{name}*"):
            path.unlink()
        if like:
            shutil.copy(self.folder / like, self.folder / name)

    def migrate(self, name: str, revision: str) -> None:
        """Migrate a database up or down to this revision."""
        with closing(Database(self.url(name))) as database:
            database.migrate(revision)

    def fingerprint(self, name: str) -> dict[str, str]:
        """Describe a database: per table its columns, keys and indexes, and a hash of its rows."""
        with closing(Database(self.url(name))) as database, database.reading() as session:
            return {table: _table(session, table) for table in inspect(session.connection()).get_table_names()}

    def _administer(self, statement: str) -> None:
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


def _table(session: Session, table: str) -> str:
    seen = inspect(session.connection())
    columns = [(column["name"], str(column["type"]), column["nullable"]) for column in seen.get_columns(table)]
    guards = (
        [seen.get_pk_constraint(table)],
        seen.get_foreign_keys(table),
        seen.get_indexes(table),
        seen.get_unique_constraints(table),
        seen.get_check_constraints(table),
    )
    schema = (columns, [sorted(map(_plain, kind)) for kind in guards])
    rows = sorted(map(repr, session.execute(text(f'SELECT * FROM "{table}"'))))
    return hashlib.sha256(repr((schema, rows)).encode()).hexdigest()


def _plain(value: object) -> str:
    """Write equal values equally: without the address in memory that the condition of an index has in it."""
    if isinstance(value, dict):
        return str(sorted((key, _plain(inner)) for key, inner in value.items()))
    return str(value)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--database", choices=DATABASES)
    arguments.add_argument("--revisions", type=int, default=len(REVISIONS) - 1, help="only so many of the newest")
    arguments.add_argument("--points", type=int, help="only so many kills in each migration, spread over it")
    arguments.add_argument("--votes", type=int, default=200)
    options = arguments.parse_args()
    holding = []
    for kind in [options.database] if options.database else DATABASES:
        with _copies(kind) as copies:
            holding.append(prove(copies, options.revisions, options.points, options.votes))
    return 0 if all(holding) else 1


@contextmanager
def _copies(kind: str) -> Iterator[Copies]:
    with tempfile.TemporaryDirectory() as folder:
        if kind == "sqlite":
            yield Copies(Path(folder), None)
        else:
            with cluster(HASTY_FLAGS) as made:
                yield Copies(Path(folder), made)


def prove(copies: Copies, revisions: int, points: int | None, votes: int) -> bool:
    """Print the figures; whether they are as they must be."""
    _populate(copies, votes)
    kills = wrong = 0
    populated = {REVISIONS[-1]}
    for before, after in _steps(revisions):
        copies.make("clean", like=f"at_{before}")
        copies.migrate("clean", after)
        wanted = copies.fingerprint("clean")
        statements = _count(copies, before, after)
        chosen = range(1, statements + 1) if points is None else _spread(statements, points)
        bad = [n for n in chosen if not _survives(copies, before, after, n, wanted)]
        for n in bad:
            print(f"{before} to {after}, killed before statement {n} of {statements}: NOT as if undisturbed")
        kills, wrong = kills + len(chosen), wrong + len(bad)
        if after not in populated:
            populated.add(after)
            copies.make(f"at_{after}", like="clean")
    kind = "postgres" if copies.cluster else "sqlite"
    print(f"{kind}, {votes} votes: {kills} kills in {2 * revisions} migrations up and down, {wrong} left a mark")
    return not wrong and kills > 0


def _populate(copies: Copies, votes: int) -> None:
    """Make a database of the newest revision with votes that the application took."""
    newest = f"at_{REVISIONS[-1]}"
    copies.make(newest)
    with closing(Database(copies.url(newest))) as database:
        populate(database, copies.folder)
    with application(copies.folder, copies.url(newest)) as app:
        if any(status != 200 for status, _, _ in judge(app, votes, 1)):
            raise RuntimeError("not every vote was taken")


def _steps(revisions: int) -> Iterator[tuple[str, str]]:
    """Yield each migration down, then up again, the newest first."""
    for place in range(len(REVISIONS) - 1, len(REVISIONS) - 1 - revisions, -1):
        yield REVISIONS[place], REVISIONS[place - 1]
        yield REVISIONS[place - 1], REVISIONS[place]


def _spread(statements: int, points: int) -> list[int]:
    return sorted({1 + round(statements * (n + 0.5) / points - 0.5) for n in range(points)} & {*range(1, 10**6)})


def _count(copies: Copies, before: str, after: str) -> int:
    """Count the statements of a migration, its bookkeeping included."""
    copies.make("killed", like=f"at_{before}")
    seen: list[str] = []

    def count(*about: Any) -> None:
        seen.append(about[2])

    event.listen(Engine, "before_cursor_execute", count)
    copies.migrate("killed", after)
    event.remove(Engine, "before_cursor_execute", count)
    return len(seen)


def _survives(copies: Copies, before: str, after: str, n: int, wanted: dict[str, str]) -> bool:
    copies.make("killed", like=f"at_{before}")
    _kill_midway(copies, after, n)
    copies.migrate("killed", after)
    return copies.fingerprint("killed") == wanted


def _kill_midway(copies: Copies, revision: str, n: int) -> None:
    """Run a migration in a child process that is killed before its n-th statement."""
    child = os.fork()
    if child == 0:
        seen = [0]

        def die(*_: object) -> None:
            seen[0] += 1
            if seen[0] == n:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(Engine, "before_cursor_execute", die)
        copies.migrate("killed", revision)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        raise RuntimeError(f"the migration ended before its statement {n}")


if __name__ == "__main__":
    sys.exit(main())
