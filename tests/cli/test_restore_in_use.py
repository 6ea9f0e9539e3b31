"""`arena restore --force` beside a database that a process has open, or had open until it was killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.command import Run

SERVER = """
import os, signal, sys
from datetime import UTC, datetime
from app.arena import ledger
from app.database.doors import Database
database = Database(f"sqlite:///{sys.argv[1]}")
database.write(lambda session: ledger.note(session, "backup.made", "arena", now=datetime.now(UTC)))
print("serving", flush=True)
signal.pause()
"""


@pytest.fixture
def saved(arena: Run, tmp_path: Path) -> Path:
    """A backup of the arena that it is to replace."""
    file = tmp_path / "saved.tar"
    assert arena("backup", str(file))[0] == 0
    return file


@contextmanager
def serving(file: Path) -> Iterator[None]:
    """A process with the database open, that wrote to it; killed in the end."""
    with subprocess.Popen([sys.executable, "-c", SERVER, str(file)], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "serving\n"
        yield
        server.send_signal(signal.SIGKILL)


def overwrite(file: Path) -> None:
    """Damage a database as a failing disk does."""
    with file.open("r+b") as damaged:
        damaged.write(os.urandom(4096))


@pytest.mark.parametrize("is_damaged", [False, True])
def test_the_log_that_a_killed_server_left_is_nobody_s(
    arena: Run, saved: Path, tmp_path: Path, is_damaged: bool
) -> None:
    file = tmp_path / "data" / "blindvote.sqlite3"
    log = file.with_name("blindvote.sqlite3-wal")
    with serving(file):
        if is_damaged:
            overwrite(file)
        code, _, complaint = arena("restore", str(saved), "--force")
        assert (code, "stop the server first" in complaint) == (1, True)
    assert log.exists()
    code, said, complaint = arena("restore", str(saved), "--force")
    assert (code, said.startswith("restored"), complaint) == (0, True, "")
    assert arena("doctor", "--deep")[1].count("fail") == 0
    assert arena("recompute", "--verify")[0] == 0
