"""Runs commands inside this process, on a data folder of the test's own."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app import cli

Result = tuple[int, str, str]


@pytest.fixture
def arena(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Result]:
    """Run a command on a data folder of its own; returns exit code, output, complaints."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("DATABASE_URL", raising=False)

    def run(*words: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["arena", *words])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run
