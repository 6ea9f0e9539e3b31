"""Commands of documents that have a stage of their own: files, votes or a login that must be there first."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app import create_app
from app.database.places import ROOT
from app.settings import Settings
from tests.docs.shell import SHELL, Shell, blocks
from tests.factories import make_arena, picture_bytes
from tests.web.browsing import served
from tests.web.factories import parts_of, votes

pytestmark = pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="no bash or no curl")
HERE = {"/backups/": "", "$(date +%F)": "2026-11-22", "/tmp/trial": "trial", "/srv/arena": "data"}
"""Places of the documents, and what stands for them in the test's folder."""
NOT_RUN = {
    "arena votes import log.jsonl": "an arena refuses its own log; tests/api/test_open_data.py has two",
    "DATABASE_URL=postgresql": "a server of somebody else; tests/cli/test_backup.py moves one",
    "arena restore ": "into an empty installation; the next block does that",
    "arena admin ": "asks for a password; tests/security/test_admin_command.py answers",
    "arena serve": "serves until it is stopped; the test serves the same",
    "arena keys revoke": "no key here begins so",
    "scripts/": "installs; the test seeds and serves the same",
    "export BLINDVOTE_API_KEY": "the key of somebody else",
    "PROFILE=public": "settings of several machines",
}
"""Beginnings of lines that cannot run here, each with the reason."""


def runnable(name: str) -> list[str]:
    """A document's lines that can run; a block of settings is left out as a whole."""
    lines: list[str] = []
    for block in blocks(ROOT / "docs" / name):
        if block.language not in SHELL or block.lines[0].startswith("PROFILE=public"):
            continue
        lines += [line for line in block.lines if not line.startswith(tuple(NOT_RUN))]
    for there, here in HERE.items():
        lines = [line.replace(there, here) for line in lines]
    return lines


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_template: Path) -> Shell:
    """An empty, migrated arena in the folder `data`."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("REFRESH_SECONDS", "0")
    (tmp_path / "data").mkdir()
    shutil.copy(sqlite_template, tmp_path / "data" / "blindvote.sqlite3")
    return Shell(tmp_path)


@contextmanager
def serving(shell: Shell, settings: Settings, *, full: bool = True) -> Iterator[None]:
    """The arena of this folder, with ten votes if it is to be full."""
    app = create_app(settings)
    if full:
        make_arena(parts_of(app).database, shell.folder / "data", models=4)
        votes(app, 10)
    with served(app) as shell.base:
        yield
    parts_of(app).database.close()


def test_data(shell: Shell) -> None:
    with serving(shell, Settings()):
        said = [shell.run(line) for line in runnable("data.md")]
    assert "10 votes, bradley_terry" in said[2]
    assert "10 votes in log.jsonl" in said[3]
    assert len(said) == 4


def test_operations(shell: Shell) -> None:
    with serving(shell, Settings()):
        said = [shell.run(line) for line in runnable("operations.md")]
    assert (shell.folder / "arena-2026-11-22.tar").exists()
    assert "10 counted votes" in said[-1]
    assert len(said) == 4


def test_gateway(shell: Shell) -> None:
    lines = runnable("gateway.md")
    curl = [line for line in lines if line.startswith("curl")]
    keys = [line for line in lines if "arena keys" in line]
    assert sorted(lines) == sorted(curl + keys)  # tests/web/test_gateway_document.py runs the former
    (shell.folder / ".venv").symlink_to(ROOT / ".venv")
    said = [shell.run(line) for line in keys]
    assert all(name in said[-1] for name in ("my-app", "viewer", "batch"))


def test_team(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shell.folder / "team" / "competitions"
    folder.mkdir(parents=True)
    for block in blocks(ROOT / "docs" / "team.md"):
        if block.language == "toml":
            name = "categories.toml" if "[[categories]]" in block.text else "bottle-on-marble.toml"
            (folder / name).write_text(block.text)
    (shell.folder / "renders").mkdir()
    for number in (7, 8):
        (shell.folder / "renders" / f"bottle-{number}.png").write_bytes(picture_bytes(number))
    lines = runnable("team.md")
    for line in lines:
        if not line.startswith("curl"):
            shell.run(line)
    for name, value in shell.exported.items():
        monkeypatch.setenv(name, value if name != "DATA_DIR" else str(shell.folder / "data"))
    with serving(shell, Settings(), full=False):
        said = [shell.run(line).strip() for line in lines if line.startswith("curl")]
    assert said == ["403", "200"]


@pytest.mark.parametrize("beginning", NOT_RUN)
def test_what_is_not_run_is_still_there(beginning: str) -> None:
    names = ("data.md", "operations.md", "gateway.md", "team.md")
    lines = [line for name in names for block in blocks(ROOT / "docs" / name) for line in block.text.splitlines()]
    assert any(line.startswith(beginning) for line in lines)
