"""What a healthy installation is told, and what each illness is called."""

import errno
import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
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
def context(database: Database, database_url: str, tmp_path: Path) -> DoctorContext:
    storage = make_arena(database, tmp_path, competitions=1)
    cast(database, issue(database).public_id, "a")
    refresh.refresh(database, "text-to-image", now=NOW)
    settings = Settings(data_dir=tmp_path, database_url=database_url, secret_key=RANDOM)
    return DoctorContext(settings, database, storage, deep=False, now=NOW)


def change(context: DoctorContext, statement: str) -> None:
    def work(session: object) -> None:
        session.execute(text(statement))  # type: ignore[attr-defined]

    context.database.write(work)


def test_illnesses_have_names(context: DoctorContext) -> None:
    assert {name: check(context).level for name, check in CHECKS.items()} == {
        **dict.fromkeys(CHECKS, "ok"),
        "sweep": "warn",
        "database": "ok" if context.database.is_sqlite else "fail",  # the tests' server runs with fsync off
        "disk": checks.disk(context).level,
    }
    stored = [key for key in context.storage.every_key() if key.startswith("renditions/")]
    tiny = [key for key in stored if key.endswith("-tiny.webp")]
    for key in tiny:
        context.storage.delete(key)
    assert (checks.images(context).level, len(tiny)) == ("ok", 3), "older versions made none of these"
    key = next(key for key in stored if key not in tiny)
    context.storage.delete(key)
    assert checks.images(context).level == "fail"
    assert key in checks.images(replace(context, deep=True)).says
    change(context, "UPDATE competitions SET version = version + 1")
    assert checks.boards(context).level == "ok"
    assert checks.boards(replace(context, now=NOW + timedelta(hours=1))).level == "warn"
    change(context, "UPDATE tallies SET left_wins = left_wins + 1")
    assert "1 difference: " in checks.tallies(context).says
    context.database.migrate("0004")
    assert "0005" in checks.migrations(context).says


def test_what_killed_commands_left_is_named(context: DoctorContext) -> None:
    folder, later = context.settings.data_dir, replace(context, now=datetime.now(UTC) + timedelta(hours=2))
    assert "left" not in checks.disk(later).says
    for name in ("arena.sqlite3.blindvote_restoring", "secret_key.new", "files/renditions/Zx/.ZxY.webp.0123abcd"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"half of it")
    found = checks.disk(later)
    told = f"; a command that was killed left {folder}/arena.sqlite3.blindvote_restoring and 1 more: restore again"
    assert (found.level != "ok", told in found.says) == (True, True)
    assert "and 2 more" in checks.disk(replace(later, deep=True)).says
    assert "left" not in checks.disk(replace(context, now=datetime.now(UTC))).says, "commands that run"


def test_a_picture_that_tells_its_maker(context: DoctorContext) -> None:
    """Entries of an older version: nothing forbade one picture in two competitions."""

    def show(session: Session) -> None:
        make_competition(session, "shown", status="closed")
        make_entry(session, context.storage, "shown", "maker", seed=50)

    context.database.write(show)
    assert checks.blindness(context).level == "ok"
    change(context, "UPDATE entries SET perceptual_hash = 5 WHERE id IN (1, (SELECT max(id) FROM entries))")
    told = "sample 0 of maker in shown looks like sample 0 of m0 in c0 and "
    found = checks.blindness(context)
    assert (found.level, found.says.partition("is shown with its name (1 in all)")[0]) == ("fail", told)
    assert "withdraw one of the two (arena entry withdraw)" in found.says
    change(context, "UPDATE competitions SET status = 'draft' WHERE slug = 'shown'")
    found = checks.blindness(context)
    assert (found.level, found.says.partition("will tell its name (1 in all)")[0]) == ("warn", told)
    place = EntryKey("c0", "m0")
    context.database.write(lambda session: entries.withdraw(session, place, reason="twice", now=NOW))
    assert checks.blindness(context).level == "ok"


def test_settings_of_providers_that_cannot_work(context: DoctorContext) -> None:
    def set_to(**given: object) -> DoctorContext:
        own = {"data_dir": context.settings.data_dir, "database_url": context.settings.database_url}
        return replace(context, settings=Settings.model_validate({**own, "secret_key": RANDOM, **given}))

    def faults(**given: object) -> str:
        return checks.providers(set_to(**given)).says.partition("set up: ")[0]

    sound = {
        "openai_compatible": ["attic"],
        "attic_upstream_url": "http://127.0.0.1:1/v1",
        "attic_offerings": "m0=x",
    }
    assert faults(**sound) == ""
    assert faults(openai_compatible=["big-attic"]) == (
        "big-attic in OPENAI_COMPATIBLE has no BIG_ATTIC_UPSTREAM_URL; "
    )
    for address in ("127.0.0.1:1/v1", "attic"):
        assert faults(**{**sound, "attic_upstream_url": address}) == (
            "ATTIC_UPSTREAM_URL does not begin with https:// or http://; "
        )
    broken = replace(set_to(**{**sound, "attic_upstream_url": "http://[::1"}), deep=True)
    assert "no answer from attic" in checks.providers(broken).says
    found = checks.offerings(set_to(**sound, default_image_model="m1"))
    assert (found.level, found.says) == ("ok", "models that settings name: 2, all in the catalogue")
    found = checks.offerings(set_to(**{**sound, "attic_offerings": "m0, gone-1=x"}, default_image_model="gone-2"))
    told = (
        "DEFAULT_IMAGE_MODEL names 'gone-2', which is no model; ATTIC_OFFERINGS names 'gone-1', which is no model"
    )
    assert (found.level, found.says) == ("warn", told)


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("not a folder")
    settings = Settings(data_dir=tmp_path, secret_key=RANDOM)
    from app.cli.doctor import run_check
    from app.gateway.storage import storage_of

    context = DoctorContext(settings, Database(settings.database_url), storage_of(settings), deep=False, now=NOW)
    found = run_check(checks.storage, context)
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


def test_a_picture_that_is_cut_short(context: DoctorContext) -> None:
    key = next(key for key in context.storage.every_key() if key.startswith("renditions/"))
    whole = context.storage.get(key)
    context.storage.put(key, whole[: len(whole) // 2])
    found = checks.images(replace(context, deep=True))
    assert (found.level, f"{key} first" in found.says, "decoded" in found.says) == ("fail", True, True)
    context.storage.put(key, whole)
    assert checks.images(replace(context, deep=True)).level == "ok"


def test_all_pictures_gone_is_a_wrong_place(context: DoctorContext, tmp_path: Path) -> None:
    (tmp_path / "files").rename(tmp_path / "elsewhere")
    found = checks.images(context)
    assert (found.level, "mount it" in found.says) == ("fail", True)
    settings = context.settings.model_copy(update={"storage_url": "s3://other-bucket"})
    assert "s3://other-bucket: correct STORAGE_URL" in checks.images(replace(context, settings=settings)).says


def test_a_file_of_sqlite_that_is_damaged(context: DoctorContext) -> None:
    if not context.database.is_sqlite:
        return
    name = make_url(context.database.url).database or ""
    with context.database.reading() as session:
        session.execute(text("SELECT 1"))
    change(context, "DELETE FROM ledger")
    context.database.close()
    size = Path(name).stat().st_size
    with Path(name).open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * 8192)
    found = run_check(checks.database, context)
    assert (found.level, "restore a backup" in found.says) == ("fail", True)


def test_texts_that_postgresql_would_refuse(context: DoctorContext) -> None:
    if not context.database.is_sqlite:
        return
    change(context, "UPDATE competitions SET title = 'a' || char(0) || 'b'")
    assert checks.database(context).level == "ok"
    found = checks.database(replace(context, deep=True))
    assert (found.level, '"competitions"."title" holds a NUL' in found.says) == ("fail", True)


def test_another_key_than_before(context: DoctorContext) -> None:
    assert checks.secret(context).says == "never served yet"
    assert not context.database.write(lambda session: secret_key.note_use(session, RANDOM, now=NOW))
    assert checks.secret(context).says == "the one this arena was served with"
    other = context.settings.model_copy(update={"secret_key": SecretStr(RANDOM[::-1])})
    assert checks.secret(replace(context, settings=other)).level == "fail"
    assert context.database.write(lambda session: secret_key.note_use(session, RANDOM[::-1], now=NOW))
    assert checks.secret(replace(context, settings=other)).level == "ok"


def test_keys_that_run_out(context: DoctorContext) -> None:
    if context.database.is_sqlite:
        return
    for used, level in ((0.5, "ok"), (0.71, "warn"), (0.96, "fail")):
        change(context, f"SELECT setval('ledger_id_seq', {int(used * (2**31 - 1))})")
        found = checks.keys(context)
        assert (found.level, "ledger_id_seq" in found.says) == (level, True)


def test_rights_of_others(context: DoctorContext, tmp_path: Path) -> None:
    (tmp_path / "files").chmod(0o755)
    tmp_path.chmod(0o755)
    assert (checks.rights(context).level, "files" in checks.rights(context).says) == ("warn", True)
    tmp_path.chmod(0o750)
    assert checks.rights(context).level == "ok"


def test_a_folder_that_is_missing_stays_missing(arena: Callable[..., Result], tmp_path: Path) -> None:
    code, said, _ = arena("doctor")
    assert (code, "mount its volume" in said) == (0, True)
    assert not (tmp_path / "data").exists()


def test_a_file_in_place_of_a_folder_can_t_become_one(
    arena: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").write_text("a file")
    code, said, _ = arena("doctor")
    assert (code, f"fail  database    {tmp_path / 'data'} is a file: name a folder in DATA_DIR" in said) == (
        1,
        True,
    )
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/elsewhere/arena.sqlite3")
    said = arena("doctor")[1]
    assert f"nor its folder {tmp_path}/elsewhere: " in said
    assert "correct DATABASE_URL first" in said


def test_a_folder_that_can_t_be_made_is_no_new_arena(
    arena: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    code, said, _ = arena("doctor")
    assert (code, f"this user may not write in {tmp_path}: let it" in said) == (1, True)


def test_a_picture_of_another_user_is_told_with_the_remedy(
    context: DoctorContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied", "files/renditions/Zx.webp")

    monkeypatch.setattr(context.storage, "get", refuse)  # root may read any
    found = run_check(checks.images, context)
    assert (found.level, found.says.partition(":")[0]) == (
        "fail",
        "this user may not read files/renditions/Zx.webp",
    )


@pytest.mark.parametrize("option", ["sslmode=bogus", "foo=bar", "connect_timeout=abc"])
def test_an_option_of_the_address_that_no_library_takes(
    arena: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://u@127.0.0.1:1/x?{option}")
    said = arena("doctor")[1]
    assert "fail  database    DATABASE_URL has an option that can't be used. Correct it, or leave it out." in said


def test_a_database_that_refuses(arena: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:secret-word@127.0.0.1:1/a")
    code, said, complained = arena("doctor")
    assert (code, "Nothing answers at the database's address" in said) == (1, True)
    assert "secret-word" not in said + complained
