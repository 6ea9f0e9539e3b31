"""Opens an installation for a command: settings, a migrated database, storage."""

import getpass
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click

from app.arena.ledger import COMMAND_LINE
from app.arena.people.policy import POLICIES, Policy
from app.cli.mounts import check_mounted
from app.database.doors import Database
from app.files.rights import is_own_file, keep_files_private
from app.gateway.storage import Storage, storage_of
from app.settings import Settings

migrate_option = click.option(
    "--migrate", is_flag=True, help="Apply pending migrations to an existing database first."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@dataclass(frozen=True)
class Installation:
    """The settings, database and storage of this installation."""

    settings: Settings
    database: Database
    storage: Storage

    @property
    def policy(self) -> Policy:
        """Return what the profile of this installation permits."""
        return POLICIES[self.settings.profile]


def open_installation(*, migrate: bool) -> Installation:
    """Open the database: one that does not exist is created and migrated, an existing one only with `migrate`."""
    settings = Settings()
    keep_files_private(settings)
    check_mounted(settings, existing=False)
    database = open_database(settings)
    pending = database.pending()
    if pending and (migrate or database.is_empty()):
        database.migrate()
    elif pending:
        raise click.UsageError(
            f"The database lacks the migrations {', '.join(pending)}. Make a backup, then use --migrate."
        )
    return Installation(settings, database, storage_of(settings))


def with_arena(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the option --migrate, and the opened installation as its first argument."""

    @migrate_option
    @wraps(command)
    def run(migrate: bool, **given: Any) -> None:
        command(open_installation(migrate=migrate), **given)

    return run


def check_place(file: Path) -> None:
    """Check that a file to be written has a folder, and takes none of the installation's. Raises UsageError."""
    if not file.parent.is_dir():
        lack = f"{file.parent} is no folder" if file.parent.exists() else f"There is no folder {file.parent}"
        raise click.UsageError(f"{lack}: make it, or name another.")
    if is_own_file(file, Settings()):
        raise click.UsageError(f"{file} is the arena's own, or lies among its images. Name another file.")


def open_database(settings: Settings) -> Database:
    """Open the database for the command that runs now, and close it when that has ended."""
    database = Database(settings.database_url)
    command = click.get_current_context(silent=True)
    if command is not None:
        command.call_on_close(database.close)
    return database


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def actor() -> str:
    """Name who gives this command, for the ledger."""
    try:
        return f"command line: {getpass.getuser()}"
    except (KeyError, OSError):
        return COMMAND_LINE
