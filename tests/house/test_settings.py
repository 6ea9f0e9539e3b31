"""Settings as operators write them, and as they mistype them."""

from pathlib import Path

import pytest
from pydantic import ValidationError

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
