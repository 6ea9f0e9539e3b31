"""Commands in documents: those that can run do, and every `arena` in any of them is one that exists."""

import re
import shlex
import shutil
from pathlib import Path

import click
import pytest
from PIL import Image

from app import cli, create_app
from app.database.places import ROOT
from app.settings import Settings
from tests.docs.shell import ARENA, SHELL, Shell, arena_lines, blocks
from tests.factories import make_arena, picture_bytes
from tests.web.browsing import served
from tests.web.factories import parts_of

DOCUMENTS = sorted((*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"))
ELSEWHERE = {
    "docs/getting-started.md": "tests/docs/test_getting_started.py",
    "docs/gateway.md": "tests/docs/test_other_documents.py",
    "docs/data.md": "tests/docs/test_other_documents.py",
    "docs/operations.md": "tests/docs/test_other_documents.py",
    "docs/team.md": "tests/docs/test_other_documents.py",
    "README.md": "tests/cli/test_commands.py",
}
"""Documents whose commands are run by a test of their own."""


def ours(document: Path) -> str:
    return str(document.relative_to(ROOT))


def unmarked(document: Path) -> list[str]:
    """Lines of blocks that do not say why they are not run."""
    shells = (block for block in blocks(document) if block.language in SHELL and block.reason is None)
    return [line for block in shells for line in block.lines]


RUN = [document for document in DOCUMENTS if ours(document) not in ELSEWHERE and unmarked(document)]
NAMING = [document for document in DOCUMENTS if arena_lines(document)]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A folder with the files that documents name."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    for block in blocks(ROOT / "docs" / "admin.md"):
        if block.language == "toml":
            names = {"[[categories]]": "categories.toml", "[[offerings]]": "house-style-2.toml"}
            name = next((name for mark, name in names.items() if mark in block.text), "vintage-cafe-logo.toml")
            (tmp_path / name).write_text(block.text)
    (tmp_path / "logo.png").write_bytes(picture_bytes(1))
    (tmp_path / "better.png").write_bytes(picture_bytes(2))
    Image.new("RGB", (64, 64), "white").save(tmp_path / "blank.png")
    fox = tmp_path / "my-images" / "red-fox"
    fox.mkdir(parents=True)
    (fox / "prompt.txt").write_text("A red fox")
    (fox / "my-model.png").write_bytes(picture_bytes(3))
    return Shell(tmp_path)


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="no bash or no curl")
@pytest.mark.parametrize("document", RUN, ids=ours)
def test_commands_run_in_their_order(document: Path, shell: Shell, sqlite_template: Path) -> None:
    lines = unmarked(document)
    if not any("http://" in line for line in lines):
        for line in lines:
            shell.run(line)
        return
    (shell.folder / "data").mkdir()
    shutil.copy(sqlite_template, shell.folder / "data" / "blindvote.sqlite3")
    app = create_app(Settings())
    make_arena(parts_of(app).database, shell.folder / "data")
    with served(app) as shell.base:
        said = [shell.run(line) for line in lines]
    parts_of(app).database.close()
    assert '"counted":true' in said[-1].replace(" ", "")


@pytest.mark.parametrize("document", NAMING, ids=ours)
def test_every_command_that_is_named_exists(document: Path) -> None:
    for line in arena_lines(document):
        called = ARENA.match(line)
        assert called
        parsed(called["words"])


@pytest.mark.parametrize(("document", "test"), ELSEWHERE.items())
def test_who_runs_the_others(document: str, test: str) -> None:
    assert (ROOT / document).exists()
    assert "def test_" in (ROOT / test).read_text()


def parsed(words: str) -> None:
    """Fails where the command, an option, or a choice does not exist; files need not."""
    command: click.Command = cli.group
    left = shlex.split(re.sub(r"\$\([^)]*\)", "x", words))
    while isinstance(command, click.Group) and left:
        inner = command.get_command(click.Context(command), left[0])
        if inner is None:
            break
        command, left = inner, left[1:]
    if isinstance(command, click.Group):
        is_whole = command.invoke_without_command if not left else left[0].startswith("-")
        assert is_whole, f"arena {words}: there is no such command"
    try:
        command.make_context("arena", left)
    except click.exceptions.Exit:
        pass
    except click.BadParameter as refused:
        if "does not exist" not in refused.message:
            raise AssertionError(f"arena {words}: {refused.message}") from refused
    except click.UsageError as refused:
        raise AssertionError(f"arena {words}: {refused.message}") from refused


@pytest.mark.parametrize(
    "words", ["nonsense", "seed --colour red", "rate", "votes", "votes export a.csv --format xml"]
)
def test_what_does_not_exist_is_found(words: str) -> None:
    with pytest.raises(AssertionError):
        parsed(words)
