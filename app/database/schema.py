"""The schema's revisions: which one a database has, which it lacks, and how it is brought to another."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from app.database.engines import ENCODING
from app.database.places import ROOT
from app.errors import Refusal


class NewerDatabase(Refusal, code="newer_database"):
    """A later version migrated it."""


class OtherEncoding(Refusal, code="other_encoding"):
    """Nothing is in it yet, and it can't hold every text."""


def migrate(connection: Connection, revision: str) -> None:
    """Bring the schema to `revision`, up or down; `head` is the newest, `base` an empty database."""
    config = _alembic()
    config.attributes["connection"] = connection
    current = read_revision(connection)
    encoding = read_encoding(connection)
    connection.rollback()
    if current is None and encoding != ENCODING:
        raise OtherEncoding(
            f"The database is encoded in {encoding}, which does not hold every text. Name one that is made by "
            f"createdb --encoding={ENCODING} --template=template0 NAME."
        )
    # Revisions are numbered in their order, so the smaller of two is the older.
    down = revision == "base" or (current is not None and revision != "head" and revision < current)
    (command.downgrade if down else command.upgrade)(config, revision)


def list_pending(connection: Connection) -> list[str]:
    """List the revisions the schema lacks, oldest first; all for an empty database. Raises NewerDatabase."""
    current = read_revision(connection)
    revisions = [script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()][::-1]
    if current is not None and current not in revisions:
        raise NewerDatabase(f"The database is of revision {current}, which this version does not know.")
    return revisions[revisions.index(current) + 1 :] if current else revisions


def read_revision(connection: Connection) -> str | None:
    """Read the revision of a schema; None where nobody ever migrated it."""
    return MigrationContext.configure(connection).get_current_revision()


def read_encoding(connection: Connection) -> str:
    """Read how a database encodes texts, as PostgreSQL calls it; SQLite's are always whole."""
    is_sqlite = connection.dialect.name == "sqlite"
    return ENCODING if is_sqlite else str(connection.scalar(text("SHOW server_encoding")))


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations").replace("%", "%%"))
    return config
