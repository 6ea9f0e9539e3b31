"""`arena admin`, and settings that would let nobody or anybody in."""

import json
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner, Result
from sqlalchemy import select

from app import cli
from app.arena.people import admins
from app.arena.tables import Admin, AdminSession, LedgerLine
from app.database.doors import Database
from tests.factories import NOW

GOOD, OTHER = "four quiet rivers meet", "seven loud oceans part"


@pytest.fixture
def run(one_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", one_url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))

    def command(*words: str, given: str = "") -> Result:
        return CliRunner().invoke(cli.group, ["admin", *words], input=given)

    return command


def test_from_the_first_admin_to_a_disabled_one(run, one_url: str) -> None:
    database = Database(one_url)
    made = run("create", "ada", "--password-stdin", given=GOOD + "\n")
    assert (made.exit_code, GOOD in made.output) == (0, False)
    assert made.output == "ada may sign in at http://127.0.0.1:8000/admin\n"
    with database.reading() as session:
        stored = session.scalars(select(Admin.password_hash)).one()
    assert PasswordHasher().verify(stored, GOOD)
    database.write(lambda s: admins.start_session(s, "ada", now=NOW))
    changed = run("password", "ada", given=f"{OTHER}\n{OTHER}\n")
    assert (changed.exit_code, OTHER in changed.output) == (0, False)
    with database.reading() as session:
        assert PasswordHasher().verify(session.scalars(select(Admin.password_hash)).one(), OTHER)
        assert session.scalars(select(AdminSession.admin_id)).all() == []
    assert run("disable", "ada").output == "ada is disabled\n"
    (listed,) = json.loads(run("list", "--json").output)
    assert (listed["name"], listed["disabled_at"] is None, "password" in str(listed)) == ("ada", False, False)
    assert "disabled" in run("list").output
    with database.reading() as session:
        assert {line.actor for line in session.scalars(select(LedgerLine))} == {"command line"}
    database.close()


@pytest.mark.parametrize(
    ("words", "given", "code"),
    [
        (("create", "eve", "--password-stdin"), "short\n", "weak_password"),
        (("create", "eve", "--password-stdin"), "passwordpassword\n", "weak_password"),
        (("create", "Eve Two", "--password-stdin"), GOOD, "invalid_name"),
        (("password", "nobody", "--password-stdin"), GOOD, "unknown_admin"),
        (("disable", "nobody"), "", "unknown_admin"),
    ],
)
def test_what_it_refuses(run, words: tuple[str, ...], given: str, code: str) -> None:
    assert getattr(run(*words, given=given).exception, "code", None) == code


def test_a_password_is_no_argument(run) -> None:
    assert run("create", "eve", GOOD).exit_code == 2
    assert run("create", "eve", "--password", GOOD).exit_code == 2
    assert run("create", "eve", given=f"{GOOD}\n{OTHER}\n").exit_code != 0
