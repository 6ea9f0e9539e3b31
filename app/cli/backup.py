"""`arena backup` and `arena restore`: the whole arena in one file, for SQLite and PostgreSQL."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

import click
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app import __version__
from app.arena import ledger
from app.arena.entries.orphans import FOLDERS
from app.cli import archive, replacing, rows
from app.cli.archive import BackupManifest, BadBackup
from app.cli.image_checks import has_substitute, read_keys
from app.cli.opening import (
    Installation,
    actor,
    check_place,
    json_option,
    migrate_option,
    now,
    open_database,
    open_installation,
)
from app.cli.output import NewFile, print_result
from app.cli.stopping import hold_stops, tell_stopped
from app.database.doors import Database, DatabaseBusy
from app.errors import Refusal
from app.files.rights import keep_files_private
from app.gateway.storage import Storage, storage_of
from app.settings import Settings, write_beside
from app.words import plural

REPORTED_TABLES = {
    "competitions": "competition",
    "entries": "entry",
    "image_models": "image model",
    "voters": "voter",
    "matchups": "matchup",
    "votes": "vote",
    "tallies": "tally",
}
"""With the word for one row."""
UNSTORABLE = "with text or numbers that PostgreSQL does not take; restoring writes U+FFFD or null for them"
RESTORED = "The arena is restored. Files of before may be left: arena renditions --orphans lists them."
SAVES = 3
"""How often a backup is begun while images are replaced."""
FILLED_BY_MIGRATIONS = frozenset({"catalog_state"})


class ImagesReplaced(Refusal, code="images_replaced"):
    """Images that the rows of a backup name were deleted while it was written, as others took their place."""


@click.command()
@click.argument("file", type=NewFile())
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@json_option
@migrate_option
def backup(file: Path, force: bool, as_json: bool, migrate: bool) -> None:
    """
    Write the arena into FILE while it serves: one state of the database, every image, the secret key.

    The file is as secret as the server: with the key in it voters keep their cookies after a restore, and whoever
    reads it can forge them and sees who voted what. It is written with mode 0600; encrypt what leaves the machine.
    It can be restored into SQLite and PostgreSQL alike.
    """
    if file.exists() and not force:
        raise click.UsageError(f"{file} exists. Name another file, or use --force.")
    check_place(file)
    arena = open_installation(migrate=migrate)
    manifest = _save_whole(arena, file)
    try:
        arena.database.write(lambda session: ledger.note(session, "backup.made", "arena", now=now()))
    except DatabaseBusy as error:  # a standby, or a full disk: the backup is what was wanted
        click.echo(f"The backup is complete. There is no line in the ledger of it: {error.cause}", err=True)
    _tell("saved", manifest, as_json=as_json)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace an arena that is not empty.")
@json_option
@tell_stopped("The arena is as it was.")
def restore(file: Path, force: bool, as_json: bool) -> None:
    """
    Put a backup in this installation's place: database, images and secret key. Stop the server first.

    Everything in the file is checked before anything is changed, the database is made beside the one that stands
    and takes its place in one step. Stopped or failed before that step, it leaves the arena as it was.
    """
    settings = Settings()
    keep_files_private(settings)
    manifest = archive.verify_archive(file)
    key = archive.read_secret_key(file)
    database, storage = open_database(settings), storage_of(settings)
    if not force and not _is_empty(database, storage, manifest):
        raise click.UsageError(
            "This arena is not empty: it has rows, or images that the backup does not hold. "
            "Use --force to replace all of it."
        )
    with _prepare_key(key, settings) as put_key:
        restore_arena(file, manifest, database, storage, put_key=put_key, note=partial(_note_restored, manifest))
    _tell("restored", manifest, as_json=as_json)


def save_arena(
    database: Database, storage: Storage, settings: Settings, writer: archive.BackupWriter, *, now: datetime
) -> BackupManifest:
    """
    Save the tables from one snapshot, then the files: a file is always stored before the row that names it.

    Raises ImagesReplaced where files that the snapshot names were deleted meanwhile, as rendering anew does.
    """
    counts: dict[str, int] = {}
    is_current = not database.pending()  # an older revision's rows have other columns
    with database.reading() as session:
        named = read_keys(session, now) if is_current else []
        revision = MigrationContext.configure(session.connection()).get_current_revision() or ""
        for table in rows.read_tables(session):
            counts[table.name] = 0
            for number, (count, part) in enumerate(rows.read_parts(session, table)):
                writer.add(f"tables/{table.name}/{number:06}.jsonl.gz", archive.compress(part))
                counts[table.name] += count
                if bad := rows.count_unstorable(table, part):
                    click.echo(f"{plural(bad, 'row')} of {table.name} {UNSTORABLE}", err=True)
    files = sum(_save_file(storage, key, writer) for key in storage.every_key())
    _check_complete(database, [key for key in named if f"files/{key}" not in writer.members], now)
    writer.add(archive.KEY_MEMBER, settings.secret_key.get_secret_value().encode())
    kind = "sqlite" if database.is_sqlite else "postgresql"
    return archive.write_manifest(
        writer,
        version=__version__,
        revision=revision,
        made_at=now.isoformat(timespec="seconds"),
        database=kind,
        tables=counts,
        files=files,
    )


def restore_arena(
    file: Path,
    manifest: BackupManifest,
    database: Database,
    storage: Storage,
    *,
    put_key: Callable[[], None] = lambda: None,
    note: Callable[[Session], None] = lambda _: None,
) -> None:
    """
    Restore database and files, and put the key in place right after the swap; `note` adds to what was restored.

    Files come first: no row names them before the database is swapped. What the swap leaves behind goes last.
    """
    replacing.check_unused(database)
    with replacing.create_replacement(database) as fresh:
        try:
            fresh.migrate(manifest.revision)
        except CommandError as error:
            raise BadBackup(f"The backup is of revision {manifest.revision}, which is not known here.") from error
        counts = fresh.write(lambda session: _load(session, file))
        if counts != manifest.tables:
            raise BadBackup("The backup holds other rows than its manifest says.")
        fresh.migrate()
        fresh.write(note)
        restored = set()
        for name, data in archive.read_members(file, lambda name: name.startswith("files/")):
            key = name.removeprefix("files/")
            storage.put(key, data)
            restored.add(key)
        with tell_stopped(RESTORED), hold_stops():
            replacing.put_in_place(database, fresh)
            put_key()
    with tell_stopped(RESTORED):
        _delete_others(storage, restored)


def _load(session: Session, file: Path) -> dict[str, int]:
    tables = {table.name: table for table in rows.read_tables(session)}
    for table in reversed(tables.values()):
        session.execute(delete(table))
    put_back = rows.prepare_bulk_load(session)
    counts = dict.fromkeys(tables, 0)
    for member, part in archive.read_members(file, lambda member: member.startswith("tables/")):
        name = member.split("/")[1]
        if name not in tables:
            raise BadBackup(f"The backup holds a table {name}, which its revision does not have.")
        counts[name] += rows.load_part(session, tables[name], archive.decompress(part))
    put_back()
    for table in tables.values():
        rows.reset_sequences(session, table)
    return counts


def _save_file(storage: Storage, key: str, writer: archive.BackupWriter) -> bool:
    try:
        writer.add(f"files/{key}", storage.get(key))
    except FileNotFoundError:  # a link that expired just now
        return False
    return True


def _save_whole(arena: Installation, file: Path) -> BackupManifest:
    """Save the arena to a file, anew where images were replaced meanwhile; a few times at most."""
    for left in reversed(range(SAVES)):
        try:
            with archive.write_archive(file) as writer:
                return save_arena(arena.database, arena.storage, arena.settings, writer, now=now())
        except ImagesReplaced:
            if not left:
                raise
    raise AssertionError("the last time returns or raises")


def _check_complete(database: Database, absent: list[str], now: datetime) -> None:
    """Tell apart why images are absent: lost before, which is told, or replaced. Raises ImagesReplaced."""
    absent = [key for key in absent if key.startswith(FOLDERS) and not has_substitute(key)]
    if not absent:
        return
    with database.reading() as session:
        if set(absent) - set(read_keys(session, now)):
            raise ImagesReplaced("Images are being replaced at this moment. Make the backup when that has ended.")
    lost = plural(len(absent), "image")
    click.echo(f"The backup lacks {lost} that rows name and that nobody has: {absent[0]} first", err=True)


def _note_restored(manifest: BackupManifest, session: Session) -> None:
    ledger.note(
        session, "arena.restored", "arena", now=now(), actor=actor(), reason=f"the backup of {manifest.made_at}"
    )


def _is_empty(database: Database, storage: Storage, manifest: BackupManifest) -> bool:
    """Tell whether a restore replaces nothing: images that it would put where they are do not count."""
    if any(f"files/{key}" not in manifest.members for key in storage.every_key()):
        return False
    with database.reading() as session:
        tables = [table for table in rows.read_tables(session) if table.name not in FILLED_BY_MIGRATIONS]
        return not any(session.scalar(select(func.count()).select_from(table)) for table in tables)


@contextmanager
def _prepare_key(key: str, settings: Settings) -> Iterator[Callable[[], None]]:
    """Write the backup's key to the disk before anything is replaced; gives what puts it in place."""
    if key == settings.secret_key.get_secret_value():
        yield lambda: None
        return
    if "secret_key" in settings.model_fields_set:
        yield lambda: click.echo("SECRET_KEY is not the backup's: until it is, voters get new cookies.", err=True)
        return
    path = settings.data_dir / "secret_key"
    fresh = write_beside(path, key)
    try:
        yield lambda: _put_key(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def _put_key(fresh: Path, path: Path) -> None:
    try:
        fresh.replace(path)
    except OSError as error:
        told = "The arena is restored, but not its key, so voters get new cookies. Make way, then restore again"
        raise click.ClickException(f"{told}: {path} can't be replaced ({error}).") from error


def _delete_others(storage: Storage, restored: Collection[str]) -> None:
    """Delete the files that the backup does not hold; what can't be deleted is told, and undoes nothing."""
    try:
        for key in [key for key in storage.every_key() if key not in restored]:
            storage.delete(key)
    except (OSError, Refusal) as error:
        click.echo(
            f"Files of before could not be deleted ({error}): arena renditions --orphans lists them.", err=True
        )


def _tell(done: str, manifest: BackupManifest, *, as_json: bool) -> None:
    counts = [
        plural(manifest.tables[name], one, name.replace("_", " "))
        for name, one in REPORTED_TABLES.items()
        if name in manifest.tables
    ]
    made = f"(of {manifest.made_at}, {manifest.revision})"
    sentence = f"{done}: {', '.join(counts)}, {plural(manifest.files, 'file')} {made}"
    print_result(manifest.model_dump(exclude={"members"}), sentence, as_json=as_json)
