"""`arena setup` writes settings that the server starts with, and nothing where an answer does not hold."""

import os
import pty
import shlex
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.request import Request, urlopen

import pytest

from app.cli.setup import format_environment, format_unit
from app.database.places import ROOT
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


ODD = "Ada's büro %h; & #1"
"""A folder's name: each character of it means something to a shell or to systemd."""


def test_odd_places_survive_the_shell(arena: Callable[..., Result], tmp_path: Path) -> None:
    """Hold that what a shell reads of the written settings is what was given."""
    output, data = tmp_path / "not there yet" / ODD, tmp_path / ODD
    database = "postgresql://u:p$a'ss&w%24@127.0.0.1:1/a"
    environment = {"DATA_DIR": str(data), "DATABASE_URL": database, "PUBLIC_URL": "https://a.example/?a=b&c=$HOME"}
    code, said, _ = arena(
        "setup", "--yes", "--port", str(free_port()), "--data-dir", str(data), "--output", str(output)
    )
    assert code == 0, said
    file = output / "blindvote.env"
    read = subprocess.run(
        ["sh", "-c", 'set -a; . "$0"; printf %s "$DATA_DIR"', file], capture_output=True, check=True, text=True
    )
    assert read.stdout == str(data)
    (tmp_path / "hostile.env").write_text(format_environment(environment))
    for name, value in environment.items():
        command = ["sh", "-c", f'. "$0"; printf %s "${name}"', tmp_path / "hostile.env"]
        assert subprocess.run(command, capture_output=True, check=True, text=True).stdout == value
    told = said.split("Next:\n")[1].splitlines()[0]
    assert shlex.split(told)[3].rstrip(";") == str(file)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze")
def test_odd_places_survive_systemd(tmp_path: Path) -> None:
    """Hold that systemd finds the command and the settings where they are."""
    folder, data = tmp_path / "büro 100 %h", tmp_path / 'the "data \\n %h'
    folder.mkdir()
    data.mkdir()
    shutil.copy("/bin/true", folder / "arena")
    unit = tmp_path / "odd.service"
    unit.write_text(format_unit(folder / "blindvote.env", folder / "arena", data))
    verify = ["systemd-analyze", "verify", "--man=no", str(unit)]
    done = subprocess.run(verify, capture_output=True, check=False, text=True, timeout=60)
    assert (done.returncode, "odd.service" in done.stderr) == (0, False), done.stderr


def test_folders_that_take_no_files(arena: Callable[..., Result], tmp_path: Path) -> None:
    """Hold that a folder that can't be is named before anything is made."""
    (tmp_path / "file").write_text("")
    words = ["setup", "--yes", "--port", str(free_port())]
    for option, other in (("--output", "--data-dir"), ("--data-dir", "--output")):
        code, said, _ = arena(*words, option, str(tmp_path / "file" / "x"), other, str(tmp_path / "good"))
        assert (code, "fail  folder" in said, "Not a directory" in said) == (1, True, True), said
        assert [file.name for file in (tmp_path / "good").iterdir()] == []


def test_a_folder_with_a_line_break_is_refused(arena: Callable[..., Result], tmp_path: Path) -> None:
    """Hold that no line of a folder's name becomes a line of the unit."""
    words = ["setup", "--yes", "--port", str(free_port()), "--output", str(tmp_path / "good")]
    code, said, _ = arena(*words, "--data-dir", str(tmp_path / "a\nUser=root"))
    assert (code, "a line break or a control character" in said) == (1, True), said
    assert not (tmp_path / "good" / "blindvote.service").exists()


class Proxy(ThreadingHTTPServer):
    """Leads to a port on this machine, with headers of its own."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = Request(f"http://127.0.0.1:{port}{self.path}", headers=headers)
                with urlopen(asked) as answer:
                    self.send_response(answer.status)
                self.end_headers()

            def log_message(self, *_words: object) -> None: ...

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.mark.parametrize(
    ("networks", "host", "says"),
    [
        ("127.0.0.1/32", "PUBLIC", "ok    proxy     the proxy at 127.0.0.1 is trusted and sets every header"),
        (
            "10.0.0.0/8",
            "PUBLIC",
            "fail  proxy     the proxy speaks from 127.0.0.1: add 127.0.0.1 to TRUSTED_PROXIES",
        ),
        ("127.0.0.1/32", "", "fail  proxy     the proxy does not set X-Forwarded-Host"),
        ("127.0.0.1/32", "other.example", "fail  proxy     the proxy says http://other.example, not PUBLIC_URL"),
    ],
)
def test_the_proxy_is_tried(
    arena: Callable[..., Result], tmp_path: Path, networks: str, host: str, says: str
) -> None:
    port, headers = free_port(), {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "http"}
    with Proxy(port, headers) as proxy:
        address = f"127.0.0.1:{proxy.server_address[1]}"
        headers["X-Forwarded-Host"] = address if host == "PUBLIC" else host
        Thread(target=proxy.serve_forever, daemon=True).start()
        words = ["--port", str(port), "--public-url", f"http://{address}", "--trusted-proxies", networks]
        code, said, _ = arena(
            "setup", "--yes", *words, "--data-dir", str(tmp_path / "d"), "--output", str(tmp_path)
        )
        proxy.shutdown()
    assert (code, says in said) == (int("fail" in says), True)


@pytest.mark.parametrize(
    ("host", "trusted"), [("127.0.0.1", "127.0.0.1"), ("arena.localhost", "arena.localhost,127.0.0.1")]
)
def test_a_proxy_that_is_not_there_yet(
    arena: Callable[..., Result], tmp_path: Path, host: str, trusted: str
) -> None:
    words = ["--port", str(free_port()), "--public-url", f"http://{host}:1", "--admin", "ada"]
    code, said, _ = arena("setup", "--yes", *words, "--data-dir", str(tmp_path / "d"), "--output", str(tmp_path))
    assert (code, "warn  proxy" in said, "ada signs in at /admin with the password " in said) == (0, True, True)
    assert f"TRUSTED_HOSTS={trusted}\n" in (tmp_path / "blindvote.env").read_text()


def test_a_stranger_at_a_terminal(tmp_path: Path) -> None:
    """Questions one after another, a wrong answer asked again, everything else taken as offered."""
    process, terminal = pty.fork()
    if process == 0:
        os.environ |= {"TERM": "dumb", "PYTHONPATH": str(ROOT)}
        os.chdir(tmp_path)
        os.execv(sys.executable, [sys.executable, "-m", "app.cli", "setup"])
    said, answers = "", ["privat", "", "", "", str(free_port()), *[""] * 10]
    while True:
        try:
            said += os.read(terminal, 4096).decode()
        except OSError:
            break
        if said.rstrip(" ").endswith(":") and answers:
            os.write(terminal, (answers.pop(0) + "\n").encode())
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 0, said
    assert "'privat' is not one of" in said
    assert "Wrote blindvote.env" in said
    assert (tmp_path / "data" / "blindvote.sqlite3").is_file()


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
