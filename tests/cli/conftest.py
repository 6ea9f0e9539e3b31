"""Runs commands inside this process, on a data folder of the test's own."""

from pathlib import Path

import pytest

from tests.command import Run, runner


@pytest.fixture
def arena(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run a command on a data folder of its own; returns exit code, output, complaints."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("DATABASE_URL", raising=False)

    return runner(monkeypatch, capsys)
