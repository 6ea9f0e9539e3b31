"""Settings as operators write them, and as they mistype them."""

from contextlib import closing
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy.engine import make_url

from app.cli.mounts import check_mounted
from app.database.doors import Database
from app.edge.logs import secrets_of
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
        ("DATABASE_URL", "postgresql://u:secret@h:abc/a", "'h:abc' is no host with a port"),
        ("DATABASE_URL", "postgresql://u:secret@h:99999/a", "'h:99999' is no host"),
        ("DATABASE_URL", "postgresql://u:secret@h1:1,h2:x/a", "'h2:x' is no host"),
        ("DATABASE_URL", "postgresql://u:secret@[::1/a", "is no host"),
        ("DATABASE_URL", "sqlite:///:memory:", "must name a file"),
        ("READ_DATABASE_URL", "postgresql://h:-1/a", "'h:-1' is no host"),
        ("PUBLIC_URL", "arena.example.org", "such as https://arena.example.org"),
        ("PUBLIC_URL", "https://", "such as https://arena.example.org"),
        ("PUBLIC_URL", "https://arena.example.org/?x=1", "such as https://arena.example.org"),
        ("PUBLIC_URL", "http://[::1", "such as https://arena.example.org"),
        ("S3_ENDPOINT", "s3.example.org", "an address with its scheme"),
        ("S3_ACCESS_KEY_ID", "one\ntwo", "must be one line"),
        ("S3_REGION", "eu\tcentral", "must be one line"),
        ("STORAGE_URL", "s3://images/one/../two", "without . and .."),
        ("S3_ENDPOINT", "127.0.0.1:9000", "an address with its scheme"),
        ("S3_ENDPOINT", "http://[::1", "an address with its scheme"),
        ("TRUSTED_HOSTS", "a.example, https://b.example", "not 'https://b.example'"),
        ("GATEWAY_CORS_ORIGINS", "app.example.org", "not 'app.example.org'"),
        ("GATEWAY_CORS_ORIGINS", "https://app.example.org/page", "not 'https://app.example.org/page'"),
    ],
)
def test_what_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, given: str, says: str) -> None:
    monkeypatch.setenv(name, given)
    with pytest.raises(ValidationError, match=says):
        Settings()


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("https://app.example.org/", "https://app.example.org"),
        ("HTTPS://App.Example.org:443", "https://app.example.org"),
        ("http://localhost:80/", "http://localhost"),
        ("http://localhost:5173", "http://localhost:5173"),
        ("https://app.example.org:80", "https://app.example.org:80"),
        ("chrome-extension://abcdef", "chrome-extension://abcdef"),
        ("*", "*"),
        ("null", "null"),
    ],
)
def test_origins_are_read_as_browsers_send_them(monkeypatch: pytest.MonkeyPatch, given: str, read: str) -> None:
    monkeypatch.setenv("GATEWAY_CORS_ORIGINS", given)
    assert Settings().gateway_cors_origins == (read,)


@pytest.mark.parametrize(
    "given",
    [
        "postgres://h/a",
        "postgresql://u:p@h1:1,h2:2/a",
        "postgresql://[::1]:5432/a",
        "postgresql://u:p%40@h:1/a?x=:y",
        "postgresql://u:a?b/c:d@h:1/a",
    ],
)
def test_every_form_of_an_address_is_one_that_all_commands_read(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", given)
    monkeypatch.setenv("SECRET_KEY", "k" * 32)
    url = make_url(Settings().database_url)
    assert url.drivername == "postgresql+psycopg"
    check_mounted(Settings(), existing=False)
    secrets_of(Settings())


@pytest.mark.parametrize("key", [b"short", b"\xff" * 40, b""])
def test_a_key_that_can_t_be_used_is_named_by_its_file(tmp_path: Path, key: bytes) -> None:
    (tmp_path / "secret_key").write_bytes(key)
    with pytest.raises(ValidationError, match="secret_key must hold 32 characters or more"):
        Settings()


def test_a_data_folder_is_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    with pytest.raises(ValidationError, match="data is a file: name a folder"):
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


def test_an_end_of_line_is_no_part_of_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "S3_REGION", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "word\r\n")
    found = Settings(secret_key="s" * 32)
    keys = (found.s3_access_key_id, found.s3_secret_access_key, found.of_provider("OPENAI_API_KEY"))
    assert [key.get_secret_value() for key in keys] == ["word"] * 3
    assert found.s3_region == "word"
