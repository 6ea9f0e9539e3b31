"""`arena setup` writes settings that the server starts with, and nothing where an answer does not hold."""

import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from app.settings import Settings
from tests.command import Result


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def test_what_it_writes_can_be_served(
    arena: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words = [
        "setup",
        "--yes",
        "--port",
        str(free_port()),
        "--data-dir",
        str(tmp_path / "d"),
        "--output",
        str(tmp_path),
    ]
    code, said, _ = arena(*words)
    assert (code, "fail" in said, "arena" in said) == (0, False, True)
    file = tmp_path / "blindvote.env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    given = dict(line.split("=", 1) for line in file.read_text().splitlines())
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert Settings().data_dir == tmp_path / "d"
    assert f"EnvironmentFile={file}" in (tmp_path / "blindvote.service").read_text()
    assert arena("doctor")[0] == 0
    assert "exist already" in arena(*words)[2]


def test_an_answer_that_does_not_hold(arena: Callable[..., Result], tmp_path: Path) -> None:
    common = ["setup", "--yes", "--data-dir", str(tmp_path / "d"), "--output", str(tmp_path)]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, said, _ = arena(*common, "--port", str(taken.getsockname()[1]))
    assert (code, "fail  port" in said) == (1, True)
    refused = "postgresql://u:secret-word@127.0.0.1:1/a"
    code, said, complained = arena(*common, "--port", str(free_port()), "--database-url", refused)
    assert (code, "Nothing answers at the database's address" in said) == (1, True)
    assert "secret-word" not in said + complained
    code, _, complained = arena(*common, "--trusted-proxies", "10.0.0.1/8")
    assert (code, "TRUSTED_PROXIES: 10.0.0.1/8 has host bits set" in complained) == (2, True)
    assert not (tmp_path / "blindvote.env").exists()
