"""Commands that are told to stop, in processes of their own: nothing half done is left, and they say so."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.command import Run
from tests.factories import picture_bytes

Stopped = Callable[..., tuple[int, str]]

TOLD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a service manager or a timeout, and a terminal that is closed."""
SLOW_IMAGES = "import app.gateway.storage as s; s.Storage.every_key = wait"
SLOW_VOTES = "import app.leaderboards.open_data.votes_file as v; v.write_open = v.write_log = wait"
WAIT = "import time; wait = lambda *_, **__: (print('waiting', flush=True), time.sleep(60))\n"


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stopped:
    """Run a command that waits where the lines of code say, and stop it there; gives its status and complaint."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))

    def run(number: signal.Signals, lines: str, *words: str, ignored: bool = False) -> tuple[int, str]:
        start = f"import signal; signal.signal({int(number)}, signal.SIG_IGN)\n" if ignored else ""
        code = f"{start}{WAIT}{lines}\nimport app.cli; app.cli.main()"
        with subprocess.Popen(
            [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as command:
            assert command.stdout is not None
            assert command.stdout.readline() == "waiting\n"
            command.send_signal(number)
            if ignored:
                with pytest.raises(subprocess.TimeoutExpired):
                    command.wait(1)
                command.kill()
            complaint = command.communicate(timeout=120)[1]
        return command.returncode, complaint.strip()

    return run


def status_of(number: signal.Signals) -> int:
    """A service manager wants to see that its own signal ended a command."""
    return 1 if number == signal.SIGINT else -number


@pytest.fixture
def saved(arena: Run, tmp_path: Path) -> Path:
    file = tmp_path / "saved.tar"
    assert arena("backup", str(file))[0] == 0
    return file


@pytest.mark.parametrize("number", TOLD)
def test_a_file_that_is_not_complete_is_none(
    stopped: Stopped, arena: Run, tmp_path: Path, number: signal.Signals
) -> None:
    assert arena("competition", "list")[0] == 0
    out = tmp_path / "out"
    out.mkdir()
    standing = out / "standing"
    standing.write_text("of before")
    for lines, words in (
        (SLOW_IMAGES, ("backup", str(standing), "--force")),
        (SLOW_VOTES, ("votes", "export", str(standing))),
        (SLOW_VOTES, ("votes", "export", "--full", str(standing))),
    ):
        status, said = stopped(number, lines, *words)
        assert (status, said.startswith(f"Stopped. Nothing was written to {standing}.")) == (
            status_of(number),
            True,
        )
        assert [(path.name, path.read_text()) for path in out.iterdir()] == [("standing", "of before")]


@pytest.mark.parametrize("number", TOLD)
def test_a_restore_stopped_before_the_swap_leaves_all(
    stopped: Stopped,
    arena: Run,
    saved: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
) -> None:
    new = tmp_path / "new"
    monkeypatch.setenv("DATA_DIR", str(new))
    assert arena("competition", "list")[0] == 0
    before = {path.name for path in new.iterdir()}
    said = stopped(number, "import app.cli.backup as b; b._load = wait", "restore", str(saved), "--force")
    assert said == (status_of(number), "Stopped. The arena is as it was.")
    assert {path.name for path in new.iterdir()} == before


def test_a_stop_amid_the_swap_comes_after_the_key(
    stopped: Stopped, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = tmp_path / "new"
    monkeypatch.setenv("DATA_DIR", str(new))
    lines = (
        "import os, app.cli.replacing as r; put = r.put_in_place\n"
        "r.put_in_place = lambda *of: (put(*of), print('waiting', flush=True), time.sleep(1))"
    )
    status, said = stopped(signal.SIGTERM, lines, "restore", str(saved))
    assert status == -signal.SIGTERM
    assert said.startswith("Stopped. The arena is restored"), said
    assert (new / "secret_key").read_text() == (tmp_path / "data" / "secret_key").read_text()
    assert not list(new.glob("secret_key.*"))


def test_what_is_ignored_stays_ignored(stopped: Stopped, arena: Run, tmp_path: Path) -> None:
    """As under nohup, where a command is to outlive its terminal."""
    assert arena("competition", "list")[0] == 0
    stopped(signal.SIGHUP, SLOW_IMAGES, "backup", str(tmp_path / "b.tar"), ignored=True)


def test_an_interruption_that_python_wraps_is_one(stopped: Stopped) -> None:
    """Python 3.11 makes a RuntimeError of what a class meets while its fields are named."""
    lines = (
        "import app.cli.report as r\n"
        "class Field:\n"
        "    def __set_name__(self, *_): wait()\n"
        "r.report.callback = lambda **_: type('Late', (), {'field': Field()})"
    )
    status, said = stopped(signal.SIGINT, lines, "report")
    assert (status, said.startswith("Stopped. ")) == (1, True), said


def test_a_manifest_is_replaced_whole(arena: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What somebody added to it by hand is nowhere else."""
    folder = tmp_path / "pack"
    (folder / "barn").mkdir(parents=True)
    (folder / "barn" / "prompt.txt").write_text("a barn")
    (folder / "barn" / "mine.png").write_bytes(picture_bytes(1))
    assert arena("pack", str(folder))[0] == 0
    manifest = folder / "manifest.json"
    added = json.loads(manifest.read_text())
    added["competitions"][0]["title"] = "By hand"
    manifest.write_text(json.dumps(added))
    manifest.chmod(0o644)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        code, _, complaint = arena("pack", str(folder))
    assert (code, complaint.startswith(f"No space left on device: {manifest}. Make room")) == (1, True), complaint
    assert json.loads(manifest.read_text()) == added
    assert sorted(path.name for path in folder.iterdir()) == ["barn", "manifest.json"]
    assert arena("pack", str(folder))[0] == 0
    assert json.loads(manifest.read_text())["competitions"][0]["title"] == "By hand"
    assert manifest.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("ignored", [False, True], ids=["closed", "nohup"])
def test_a_server_ends_with_its_terminal_unless_told_to_stay(arena: Run, tmp_path: Path, ignored: bool) -> None:
    """Workers that were started anew would hold the port with nobody to see them."""
    assert arena("competition", "list")[0] == 0
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    before = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" if ignored else ""
    with subprocess.Popen(
        [sys.executable, "-c", f"{before}import app.cli; app.cli.main()", "serve"],
        env=os.environ | {"PORT": str(port), "WORKERS": "1", "LOG_LEVEL": "error"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            assert "Blindvote is at" in server.stdout.readline()
            client = httpx.Client(transport=httpx.HTTPTransport(retries=8), timeout=120)
            assert client.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
            server.send_signal(signal.SIGHUP)
            if ignored:
                with pytest.raises(subprocess.TimeoutExpired):
                    server.wait(2)
                server.send_signal(signal.SIGTERM)
            assert server.wait(60) == 0
        finally:
            server.kill()
    assert not list((tmp_path / "data").glob("*-wal")), "who copies the database alone would lack the last votes"
