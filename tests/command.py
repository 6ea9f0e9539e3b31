"""Commands run inside a test's own process, on an installation of its own."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app import cli
from app.database.doors import Database

Result = tuple[int, str, str]
"""Exit code, output, complaints."""
Run = Callable[..., Result]


def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *first: str) -> Run:
    """Give a function that runs `arena` with these first words and its own."""
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=2")  # `arena serve` would start the tests over

    def run(*words: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["arena", *first, *words])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def install(template: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Make the folder a migrated installation, which commands find by their environment."""
    folder.mkdir()
    path = folder / "blindvote.sqlite3"
    path.write_bytes(template.read_bytes())
    monkeypatch.setenv("DATA_DIR", str(folder))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return Database(f"sqlite:///{path}")
