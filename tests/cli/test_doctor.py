"""What a healthy installation is told, and what each illness is called."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from app.arena.entries import entries
from app.arena.entries.entries import EntryKey
from app.arena.people import secret_key
from app.cli import checks
from app.cli.checks import CHECKS
from app.cli.doctor import run_check
from app.cli.doctor_context import DoctorContext
from app.database.doors import Database
from app.database.places import ROOT
from app.leaderboards.runs import refresh
from app.settings import Settings
from tests.command import Result
from tests.factories import NOW, cast, issue, make_arena, make_competition, make_entry

RANDOM = "0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0u"


@pytest.fixture
def patient(database: Database, database_url: str, tmp_path: Path) -> DoctorContext:
    storage = make_arena(database, tmp_path, competitions=1)
    cast(database, issue(database).public_id, "a")
    refresh.refresh(database, "text-to-image", now=NOW)
    settings = Settings(data_dir=tmp_path, database_url=database_url, secret_key=RANDOM)
    return DoctorContext(settings, database, storage, deep=False, now=NOW)


def change(patient: DoctorContext, statement: str) -> None:
    def work(session: object) -> None:
        session.execute(text(statement))  # type: ignore[attr-defined]

    patient.database.write(work)


def test_illnesses_have_names(patient: DoctorContext) -> None:
    assert {name: check(patient).level for name, check in CHECKS.items()} == {
        **dict.fromkeys(CHECKS, "ok"),
        "sweep": "warn",
        "database": "ok" if patient.database.is_sqlite else "fail",  # the tests' server runs with fsync off
        "disk": checks.disk(patient).level,
    }
    stored = [key for key in patient.storage.every_key() if key.startswith("renditions/")]
    tiny = [key for key in stored if key.endswith("-tiny.webp")]
    for key in tiny:
        patient.storage.delete(key)
    assert (checks.images(patient).level, len(tiny)) == ("ok", 3), "older versions made none of these"
    key = next(key for key in stored if key not in tiny)
    patient.storage.delete(key)
    assert checks.images(patient).level == "fail"
    assert key in checks.images(replace(patient, deep=True)).says
    change(patient, "UPDATE competitions SET version = version + 1")
    assert checks.boards(patient).level == "ok"
    assert checks.boards(replace(patient, now=NOW + timedelta(hours=1))).level == "warn"
    change(patient, "UPDATE tallies SET left_wins = left_wins + 1")
    assert "1 differences" in checks.tallies(patient).says
    patient.database.migrate("0004")
    assert "0005" in checks.migrations(patient).says


def test_a_picture_that_tells_its_maker(patient: DoctorContext) -> None:
    """Entries of an older version: nothing forbade one picture in two competitions."""

    def show(session: Session) -> None:
        make_competition(session, "shown", status="closed")
        make_entry(session, patient.storage, "shown", "maker", seed=50)

    patient.database.write(show)
    assert checks.blindness(patient).level == "ok"
    change(patient, "UPDATE entries SET perceptual_hash = 5 WHERE id IN (1, (SELECT max(id) FROM entries))")
    told = "sample 0 of maker in shown looks like sample 0 of m0 in c0 and "
    found = checks.blindness(patient)
    assert (found.level, found.says.partition("is shown with its name (1 in all)")[0]) == ("fail", told)
    assert "withdraw one of the two (arena entry withdraw)" in found.says
    change(patient, "UPDATE competitions SET status = 'draft' WHERE slug = 'shown'")
    found = checks.blindness(patient)
    assert (found.level, found.says.partition("will tell its name (1 in all)")[0]) == ("warn", told)
    place = EntryKey("c0", "m0")
    patient.database.write(lambda session: entries.withdraw(session, place, reason="twice", now=NOW))
    assert checks.blindness(patient).level == "ok"


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("not a folder")
    settings = Settings(data_dir=tmp_path, secret_key=RANDOM)
    from app.cli.doctor import run_check
    from app.gateway.storage import storage_of

    patient = DoctorContext(settings, Database(settings.database_url), storage_of(settings), deep=False, now=NOW)
    found = run_check(checks.storage, patient)
    assert (found.level, "takes no file (not a directory)" in found.says) == ("fail", True)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"secret_key": "a" * 32}, "SECRET_KEY"),
        ({"host": "0.0.0.0"}, "without caps"),
        ({"profile": "public", "public_url": "http://a.example"}, "PUBLIC_URL"),
        ({"profile": "public"}, "TRUSTED_HOSTS"),
        ({"profile": "public", "trusted_hosts": ["a.example"]}, "TRUSTED_PROXIES"),
    ],
)
def test_settings_one_may_regret(tmp_path: Path, given: dict[str, object], says: str) -> None:
    settings = Settings.model_validate({"secret_key": RANDOM, "data_dir": tmp_path, **given})
    database = Database(settings.database_url)
    found = checks.settings(DoctorContext(settings, database, None, False, NOW))  # type: ignore[arg-type]
    assert (found.level, says in found.says) == ("warn", True)


def test_the_command(arena: Callable[..., Result], tmp_path: Path) -> None:
    code, said, _ = arena("doctor", "--json")
    assert (code, {"check": "database", "level": "warn"}.items() <= json.loads(said)[-1].items()) == (0, True)
    assert not (tmp_path / "data" / "blindvote.sqlite3").exists()
    arena("competition", "list")
    code, said, _ = arena("doctor")
    assert (code, [line.split()[1] for line in said.splitlines()]) == (0, list(CHECKS))
    Database(f"sqlite:///{tmp_path / 'data' / 'blindvote.sqlite3'}").migrate("0003")
    code, said, _ = arena("doctor", "--json")
    levels = {one["check"]: one["level"] for one in json.loads(said)}
    assert (code, levels["migrations"], levels["database"]) == (1, "fail", "ok")


def test_the_operators_page_names_every_check() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    assert [name for name in CHECKS if f"| `{name}` |" not in page] == []


def test_a_picture_that_is_cut_short(patient: DoctorContext) -> None:
    key = next(key for key in patient.storage.every_key() if key.startswith("renditions/"))
    whole = patient.storage.get(key)
    patient.storage.put(key, whole[: len(whole) // 2])
    found = checks.images(replace(patient, deep=True))
    assert (found.level, f"{key} first" in found.says, "decoded" in found.says) == ("fail", True, True)
    patient.storage.put(key, whole)
    assert checks.images(replace(patient, deep=True)).level == "ok"


def test_all_pictures_gone_is_a_wrong_place(patient: DoctorContext, tmp_path: Path) -> None:
    (tmp_path / "files").rename(tmp_path / "elsewhere")
    found = checks.images(patient)
    assert (found.level, "mount it" in found.says) == ("fail", True)
    settings = patient.settings.model_copy(update={"storage_url": "s3://other-bucket"})
    assert "s3://other-bucket: correct STORAGE_URL" in checks.images(replace(patient, settings=settings)).says


def test_a_file_of_sqlite_that_is_damaged(patient: DoctorContext) -> None:
    if not patient.database.is_sqlite:
        return
    name = make_url(patient.database.url).database or ""
    with patient.database.reading() as session:
        session.execute(text("SELECT 1"))
    change(patient, "DELETE FROM ledger")
    patient.database.close()
    size = Path(name).stat().st_size
    with Path(name).open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * 8192)
    found = run_check(checks.database, patient)
    assert (found.level, "restore a backup" in found.says) == ("fail", True)


def test_texts_that_postgresql_would_refuse(patient: DoctorContext) -> None:
    if not patient.database.is_sqlite:
        return
    change(patient, "UPDATE competitions SET title = 'a' || char(0) || 'b'")
    assert checks.database(patient).level == "ok"
    found = checks.database(replace(patient, deep=True))
    assert (found.level, '"competitions"."title" holds a NUL' in found.says) == ("fail", True)


def test_another_key_than_before(patient: DoctorContext) -> None:
    assert checks.secret(patient).says == "never served yet"
    assert not patient.database.write(lambda session: secret_key.note_use(session, RANDOM, now=NOW))
    assert checks.secret(patient).says == "the one this arena was served with"
    other = patient.settings.model_copy(update={"secret_key": SecretStr(RANDOM[::-1])})
    assert checks.secret(replace(patient, settings=other)).level == "fail"
    assert patient.database.write(lambda session: secret_key.note_use(session, RANDOM[::-1], now=NOW))
    assert checks.secret(replace(patient, settings=other)).level == "ok"


def test_keys_that_run_out(patient: DoctorContext) -> None:
    if patient.database.is_sqlite:
        return
    for used, level in ((0.5, "ok"), (0.71, "warn"), (0.96, "fail")):
        change(patient, f"SELECT setval('ledger_id_seq', {int(used * (2**31 - 1))})")
        found = checks.keys(patient)
        assert (found.level, "ledger_id_seq" in found.says) == (level, True)


def test_rights_of_others(patient: DoctorContext, tmp_path: Path) -> None:
    (tmp_path / "files").chmod(0o755)
    tmp_path.chmod(0o755)
    assert (checks.rights(patient).level, "files" in checks.rights(patient).says) == ("warn", True)
    tmp_path.chmod(0o750)
    assert checks.rights(patient).level == "ok"


def test_a_folder_that_is_missing_stays_missing(arena: Callable[..., Result], tmp_path: Path) -> None:
    code, said, _ = arena("doctor")
    assert (code, "mount its volume" in said) == (0, True)
    assert not (tmp_path / "data").exists()


def test_a_database_that_refuses(arena: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:secret-word@127.0.0.1:1/a")
    code, said, complained = arena("doctor")
    assert (code, "Nothing answers at the database's address" in said) == (1, True)
    assert "secret-word" not in said + complained
