"""Everything in one file and back, row by row, between both databases; and files that are none of ours."""

import gc
import gzip
import json
import os
import shutil
import stat
import tarfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text

from app.cli import archive, backup, checks, replacing, rows
from app.cli.archive import BadBackup
from app.cli.checks import DoctorContext
from app.database.doors import Database
from app.gateway.storage import Storage
from app.leaderboards.runs import refresh
from app.leaderboards.runs.verify import verify
from app.settings import Settings
from tests.command import Result
from tests.factories import NOW, cast, issue, make_arena, picture_bytes

SECRET = "k" * 40


@pytest.fixture
def lived_in(database: Database, tmp_path: Path) -> Storage:
    """Competitions, votes of every outcome, boards, and a file nobody's row names."""
    storage = make_arena(database, tmp_path, competitions=2, models=4)
    for place, outcome in enumerate(("a", "b", "tie", "both_bad", "skip")):
        voter = bytes([place]) * 16
        cast(database, issue(database, voter).public_id, outcome, voter)
    refresh.refresh(database, "text-to-image", now=NOW)
    storage.put("originals/loose.bin", os.urandom(2000))
    return storage


@pytest.fixture
def saved(database: Database, database_url: str, lived_in: Storage, tmp_path: Path) -> Path:
    settings = Settings(data_dir=tmp_path, database_url=database_url, secret_key=SECRET)
    path = tmp_path / "backup.tar"
    with archive.write_archive(path) as writer:
        backup.save_arena(database, lived_in, settings, writer, now=NOW)
    return path


@pytest.fixture
def elsewhere(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Iterator[Database]:
    """A database of the other kind, still without a table."""
    if not database.is_sqlite:
        made = Database(f"sqlite:///{tmp_path / 'elsewhere.sqlite3'}")
        yield made
        made.close()
        return
    server, _ = request.getfixturevalue("postgres_server").split("#")
    name = f"elsewhere_{os.urandom(6).hex()}"
    engine = create_engine(server.format(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        made = Database(server.format(database=name))
        yield made
        made.close()
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def content(database: Database) -> dict[str, list[bytes]]:
    """Every row of every table."""
    with database.reading() as session:
        return {t.name: [part for _, part in rows.read_parts(session, t)] for t in rows.read_tables(session)}


def without(parts: list[bytes], *columns: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for part in parts for line in part.splitlines()]
    return [{k: v for k, v in zip(found[0], row, strict=True) if k not in columns} for row in found[1:]]


def test_every_row_and_image_comes_back(
    saved: Path, database: Database, lived_in: Storage, elsewhere: Database, tmp_path: Path
) -> None:
    there = Storage(tmp_path / "there")
    backup.restore_arena(saved, archive.verify_archive(saved), elsewhere, there)
    before, after = content(database), content(elsewhere)
    assert before.keys() == after.keys()
    for name in before:
        assert without(before[name]) == without(after[name]), name
    assert {key: there.get(key) for key in there.every_key()} == {
        key: lived_in.get(key) for key in lived_in.every_key()
    }
    report = verify(elsewhere)
    assert (report.is_exact, report.votes, report.stale) == (True, 4, 0)
    assert elsewhere.pending() == []
    _live_on(elsewhere)
    backup.restore_arena(saved, archive.verify_archive(saved), elsewhere, there)
    assert content(elsewhere) == after


def _live_on(database: Database) -> None:
    """New rows find their ids, and the guards between tables stand."""
    assert cast(database, issue(database, b"n" * 16).public_id, "a", b"n" * 16).counted
    assert verify(database).votes == 5
    with database.reading() as session:
        look = inspect(session.connection())
        assert len([key for name in ("votes", "matchups") for key in look.get_foreign_keys(name)]) == 6
        assert replacing.BESIDE not in look.get_schema_names()


def test_a_backup_is_of_one_moment(database: Database, lived_in: Storage) -> None:
    with database.reading() as session:
        tables = {table.name: table for table in rows.read_tables(session)}
        cast(database, issue(database, b"n" * 16).public_id, "a", b"n" * 16)
        counts = {
            name: sum(n for n, _ in rows.read_parts(session, tables[name])) for name in ("matchups", "votes")
        }
    assert counts == {"matchups": 5, "votes": 5}


def test_a_failed_restore_leaves_what_was(
    saved: Path, database: Database, database_url: str, lived_in: Storage, tmp_path: Path
) -> None:
    manifest = archive.verify_archive(saved)
    cast(database, issue(database, b"n" * 16).public_id, "a", b"n" * 16)
    before, files = content(database), set(lived_in.every_key())
    more = manifest.model_copy(update={"tables": manifest.tables | {"votes": 6}})
    newer = manifest.model_copy(update={"revision": "9999"})
    for wrong in (more, newer):
        with pytest.raises(BadBackup):
            backup.restore_arena(saved, wrong, database, lived_in)
        assert content(database) == before
    assert set(lived_in.every_key()) == files
    assert not [path.name for path in tmp_path.iterdir() if replacing.BESIDE in path.name]


def test_an_older_revision_is_brought_up(tmp_path: Path) -> None:
    old, new = (Database(f"sqlite:///{tmp_path / name}") for name in ("old.sqlite3", "new.sqlite3"))
    old.migrate("0004")
    settings = Settings(data_dir=tmp_path, secret_key=SECRET)
    with archive.write_archive(tmp_path / "old.tar") as writer:
        manifest = backup.save_arena(old, Storage(tmp_path / "files"), settings, writer, now=NOW)
    assert manifest.revision == "0004"
    assert "audits" not in manifest.tables
    backup.restore_arena(
        tmp_path / "old.tar", archive.verify_archive(tmp_path / "old.tar"), new, Storage(tmp_path / "n")
    )
    assert new.pending() == []
    old.close()
    new.close()


def test_the_commands(arena: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file, image = tmp_path / "b.tar", tmp_path / "a.png"
    image.write_bytes(picture_bytes(1))
    (tmp_path / "t.toml").write_text(
        'slug = "tea"\ntitle = "Tea"\ncategories = []\nprompt = "tea"\nframe = [64, 64]\nstatus = "open"\n'
    )
    arena("competition", "new", str(tmp_path / "t.toml"))
    arena("entry", "add", "tea", "alpha", str(image))
    code, said, _ = arena("backup", str(file))
    assert (code, "1 competition, 1 entry" in said, "5 files" in said) == (0, True, True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert arena("backup", str(file))[0] == 2
    assert json.loads(arena("backup", str(file), "--force", "--json")[1])["tables"]["entries"] == 1
    assert arena("restore", str(file))[0] == 2
    key = (tmp_path / "data" / "secret_key").read_text()
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "new"))
    code, said, _ = arena("restore", str(file))
    assert (code, said.startswith("restored: 1 competition, 1 entry")) == (0, True)
    assert (tmp_path / "new" / "secret_key").read_text() == key
    assert arena("recompute", "--verify")[0] == 0
    image.write_bytes(picture_bytes(2))
    arena("entry", "add", "tea", "beta", str(image))
    gc.collect()  # in real life each command is a process that has ended
    assert arena("restore", str(file), "--force")[0] == 0
    assert len([path for path in (tmp_path / "new" / "files").rglob("*.*") if path.is_file()]) == 5
    monkeypatch.setenv("SECRET_KEY", SECRET)
    code, _, complaint = arena("restore", str(file), "--force")
    assert (code, "SECRET_KEY is not the backup's" in complaint) == (0, True)


def test_nothing_is_replaced_under_a_server(arena: Callable[..., Result], small: bytes, tmp_path: Path) -> None:
    saved = tmp_path / "small.tar"
    saved.write_bytes(small)
    arena("competition", "list")
    server = Database(f"sqlite:///{tmp_path / 'data' / 'blindvote.sqlite3'}")
    with server.reading() as session:
        session.execute(text("SELECT count(*) FROM voters"))
        code, _, complaint = arena("restore", str(saved), "--force")
    assert (code, "stop the server" in complaint) == (1, True)
    server.close()
    gc.collect()
    assert arena("restore", str(saved), "--force")[0] == 0


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A backup of next to nothing."""
    folder = tmp_path_factory.mktemp("small")
    database = Database(f"sqlite:///{folder / 'a.sqlite3'}")
    database.migrate()
    storage = Storage(folder / "files")
    storage.put("renditions/abcd.webp", b"a picture")
    with archive.write_archive(folder / "b.tar") as writer:
        backup.save_arena(database, storage, Settings(data_dir=folder, secret_key=SECRET), writer, now=NOW)
    database.close()
    return (folder / "b.tar").read_bytes()


def with_member(data: bytes, name: str, content: bytes = b"x", **how: Any) -> bytes:
    """The same with one more member in front of the manifest."""
    out = BytesIO()
    with tarfile.open(fileobj=BytesIO(data)) as old, tarfile.open(fileobj=out, mode="w") as new:
        for info in old:
            if info.name == "manifest.json":
                extra = tarfile.TarInfo(name)
                extra.size = len(content)
                for field, value in how.items():
                    setattr(extra, field, value)
                new.addfile(extra, BytesIO(content))
            new.addfile(info, old.extractfile(info))
    return out.getvalue()


def with_header(data: bytes, fields: dict[str, str]) -> bytes:
    """The same behind a member whose extended header says these fields."""
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo("files/renditions/odd.webp")
        info.size, info.pax_headers = 600, fields
        tar.addfile(info, BytesIO(bytes(600)))
    return out.getvalue() + data


def long_name() -> bytes:
    """A header that says only that another name follows."""
    info = tarfile.TarInfo("@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 5
    return info.tobuf(tarfile.GNU_FORMAT) + b"files".ljust(tarfile.BLOCKSIZE, b"\0")


BAD: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "a picture": lambda _: picture_bytes(1),
    "compressed": gzip.compress,
    "cut in the middle": lambda data: data[: len(data) // 2],
    "cut before the manifest": lambda data: data[: data.index(b"manifest.json")],
    "without its end": lambda data: data[: data.index(b"manifest.json") + 700],
    "a changed picture": lambda data: data.replace(b"a picture", b"b picture"),
    "a changed key": lambda data: data.replace(SECRET.encode(), b"x" * 40),
    "another format": lambda data: data.replace(b"blindvote backup 1", b"blindvote backup 2"),
    "a path upwards": lambda data: with_member(data, "files/../../escaped.webp"),
    "an absolute path": lambda data: with_member(data, "/tmp/escaped"),
    "a link": lambda data: with_member(
        data, "files/renditions/link.webp", b"", type=tarfile.SYMTYPE, linkname="/"
    ),
    "a device": lambda data: with_member(data, "files/renditions/null.webp", b"", type=tarfile.CHRTYPE),
    "a stranger": lambda data: with_member(data, "readme.txt"),
    "one more picture": lambda data: with_member(data, "files/renditions/more.webp"),
    "a picture twice": lambda data: with_member(data, "files/renditions/abcd.webp", b"a picture"),
    "a sparse map that is no number": lambda data: with_header(data, {"GNU.sparse.map": "a,b"}),
    "a sparse file without a map": lambda data: with_header(
        data, {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
    ),
    "a sparse size that is no number": lambda data: with_header(
        data, {"GNU.sparse.size": "x", "GNU.sparse.map": "1"}
    ),
    "names upon names": lambda data: long_name() * 5000 + data,
    "too large": lambda data: with_member(data, "files/renditions/big.webp", bytes(archive.MEMBER_BYTES + 1)),
}


@pytest.mark.parametrize(
    ("key", "says"),
    [
        (b"\xff" * 40, "it is no text"),
        (b"short", "it must be 32 characters"),
        (b"", "it must be 32 characters"),
    ],
)
def test_a_whole_backup_of_a_bad_key_changes_nothing(
    arena: Callable[..., Result], tmp_path: Path, key: bytes, says: str
) -> None:
    """Its hashes are right: somebody wrote it so, or an older version did."""
    file = tmp_path / "odd.tar"
    with archive.write_archive(file) as writer:
        writer.add(archive.KEY_MEMBER, key)
        archive.write_manifest(
            writer, version="0", revision="0001", made_at="2026", database="sqlite", tables={}, files=0
        )
    code, said, complaint = arena("restore", str(file), "--force")
    assert (code, said) == (2, ""), complaint
    assert says in complaint
    assert not (tmp_path / "data" / "blindvote.sqlite3").exists()


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_changes_nothing(arena: Callable[..., Result], small: bytes, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "bad.tar"
    file.write_bytes(BAD[kind](small))
    code, said, complaint = arena("restore", str(file))
    assert (code, said) == (2, ""), complaint
    assert "bad_backup" in complaint
    assert not (tmp_path / "data" / "blindvote.sqlite3").exists()
    assert not (tmp_path / "data" / "files").exists()


def test_a_part_that_unpacks_to_too_much_is_refused() -> None:
    bomb = archive.compress(bytes(archive.MEMBER_BYTES + 1))
    assert len(bomb) < 2**20
    with pytest.raises(BadBackup):
        archive.decompress(bomb)
    with pytest.raises(BadBackup):
        archive.decompress(archive.compress(b"[1]")[:-4])


@pytest.mark.parametrize("part", [b"", b"[", b'["id"]\n[1,2]', b'["no_such"]\n[1]', b'["id","token"]\n[1,"%"]'])
def test_rows_that_fit_no_table_are_refused(sqlite_template: Path, tmp_path: Path, part: bytes) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.sqlite3'}")
    database.migrate()
    with database.reading() as session:
        voters = next(table for table in rows.read_tables(session) if table.name == "voters")
        with pytest.raises(BadBackup):
            rows.load_part(session, voters, part)
    database.close()


def test_what_only_sqlite_takes_is_named_and_mended(
    sqlite_template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(sqlite_template, tmp_path / "a.sqlite3")
    database = Database(f"sqlite:///{tmp_path / 'a.sqlite3'}")
    storage = make_arena(database, tmp_path, competitions=1)
    bad = '{"seed": NaN, "x": "\\u0000", "y": "\\ud800"}'
    worse = f"UPDATE entries SET licence = 'a' || char(0) || 'b', source = '{bad}' WHERE id = 1"
    database.write(lambda session: session.connection().exec_driver_sql(worse).rowcount)
    settings = Settings(data_dir=tmp_path, database_url=database.url, secret_key=SECRET)
    assert "1 row of entries" in checks.database(DoctorContext(settings, database, storage, True, NOW)).says
    with archive.write_archive(tmp_path / "backup.tar") as writer:
        backup.save_arena(database, storage, settings, writer, now=NOW)
    assert "1 row of entries with text or numbers that PostgreSQL does not take" in capsys.readouterr().err
    database.close()
    fresh = Database(f"sqlite:///{tmp_path / 'b.sqlite3'}")
    manifest = archive.verify_archive(tmp_path / "backup.tar")
    backup.restore_arena(tmp_path / "backup.tar", manifest, fresh, Storage(tmp_path / "other"))
    with fresh.reading() as session:
        row = session.execute(text("SELECT licence, source FROM entries WHERE id = 1")).one()
    fresh.close()
    assert row[0] == "a\ufffdb"
    assert json.loads(row[1]) == {"seed": None, "x": "\ufffd", "y": "\ufffd"}


def test_images_that_stay_where_they_are_are_no_arena(saved: Path, lived_in: Storage, elsewhere: Database) -> None:
    """The documented move to PostgreSQL: the same DATA_DIR, another database."""
    manifest = archive.verify_archive(saved)
    assert backup._is_empty(elsewhere, lived_in, manifest)
    lived_in.put("originals/another.bin", b"of another arena")
    assert not backup._is_empty(elsewhere, lived_in, manifest)


def test_a_role_that_may_not_create_schemas(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path
) -> None:
    if request.config.getoption("--no-postgres"):
        pytest.skip("PostgreSQL's roles")
    server, _ = request.getfixturevalue("postgres_server").split("#")
    name, role = f"own_{os.urandom(4).hex()}", f"role_{os.urandom(4).hex()}"
    engine = create_engine(server.format(database="postgres"), isolation_level="AUTOCOMMIT")
    owner = create_engine(server.format(database=name), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    with owner.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA arena AUTHORIZATION {role}"))
        connection.execute(text(f"ALTER ROLE {role} SET search_path = arena"))
    own = Database(server.format(database=name).replace("postgres@", f"{role}@"))
    own.migrate()
    template = Database(f"sqlite:///{sqlite_template}")
    make_arena(template, tmp_path, competitions=0)
    settings = Settings(data_dir=tmp_path, secret_key=SECRET)
    with archive.write_archive(tmp_path / "b.tar") as writer:
        manifest = backup.save_arena(template, Storage(tmp_path / "files"), settings, writer, now=NOW)
    with pytest.raises(replacing.SchemaRefused, match=f"CREATE SCHEMA blindvote_restoring AUTHORIZATION {role}"):
        backup.restore_arena(tmp_path / "b.tar", manifest, own, Storage(tmp_path / "files"))
    with owner.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {replacing.BESIDE} AUTHORIZATION {role}"))
    for _ in range(2):
        backup.restore_arena(tmp_path / "b.tar", manifest, own, Storage(tmp_path / "files"))
        assert own.pending() == []
    own.close()
    template.close()
    owner.dispose()
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        connection.execute(text(f"DROP ROLE {role}"))
    engine.dispose()
