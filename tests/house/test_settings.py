"""Settings as operators write them, and as they mistype them."""

from contextlib import closing
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.database.doors import Database
from app.settings import Settings, find_misspelled


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))


@pytest.mark.parametrize("given", ["a.example, b.example", '["a.example", "b.example"]', "a.example,b.example,"])
def test_lists(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("TRUSTED_HOSTS", given)
    monkeypatch.setenv("TRUSTED_PROXIES", "127.0.0.1/32,::1")
    settings = Settings()
    assert settings.trusted_hosts == ("a.example", "b.example")
    assert [str(one) for one in settings.trusted_proxies] == ["127.0.0.1/32", "::1/128"]


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("TRUSTED_PROXIES", "10.0.0.1/8", "has host bits set"),
        ("TRUSTED_HOSTS", '["a', "trusted_hosts"),
        ("DATABASE_URL", "mysql://u@h/a", "must begin with sqlite:/// or postgresql://"),
        ("DATABASE_URL", "postgresql+psycopg2://u@h/a", "must begin with"),
    ],
)
def test_what_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, given: str, says: str) -> None:
    monkeypatch.setenv(name, given)
    with pytest.raises(ValidationError, match=says):
        Settings()


def test_names_that_were_mistyped() -> None:
    environment = dict.fromkeys(
        (
            "DATABSE_URL",
            "BLINDVOTE_PORT",
            "TRUSTED_HOST",
            "HOSTNAME",
            "HOME",
            "PORT",
            "database_url",
            "AWS_REGION",
        ),
        "",
    )
    assert find_misspelled(environment) == {
        "DATABSE_URL": "DATABASE_URL",
        "BLINDVOTE_PORT": "PORT",
        "TRUSTED_HOST": "TRUSTED_HOSTS",
    }


NAMES = (
    ("w?a", "w?b"),
    ("w#a", "w#b"),
    ("w%41", "wA"),
    ("w a", "w+a", "w%20a"),
    ("w\u00e4", "wa\u0308", "w%C3%A4"),
    ("w?mode=memory&cache=shared&uri=true", "w"),
    ("file:w?a", "file:w"),
    ("w;a", "w'a", 'w"a', "w\\a", "w@h:1"),
)


@pytest.mark.parametrize("names", NAMES)
def test_two_folders_never_share_a_database(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, names: tuple[str, ...]
) -> None:
    for name in names:
        monkeypatch.setenv("DATA_DIR", str(tmp_path / name))
        with closing(Database(Settings().database_url)) as database:
            assert database.is_empty()
            database.migrate()
        assert (tmp_path / name / "blindvote.sqlite3").stat().st_size > 0
    assert {path.name for path in tmp_path.iterdir()} == set(names)


def test_a_folder_that_no_url_can_name_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATA_DIR", f"{tmp_path}/w\udcff")
    with pytest.raises(ValidationError, match="DATA_DIR is no path in UTF-8"):
        Settings()
