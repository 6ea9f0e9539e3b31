"""One server for a port and for a folder, and no worker without the process that started it."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.cli.sole_server import FolderServed, PortTaken, check_port, find_listener, hold_folder

ORPHAN = r"""
import multiprocessing, os, sys, time
from app.cli.sole_server import end_with_parent
def work():
    end_with_parent(1)
    os.write(1, b"%d\n" % os.getpid())  # at once: two of them write to one pipe
    time.sleep(60)
if __name__ == "__main__":
    for _ in range(2):
        multiprocessing.get_context("fork").Process(target=work).start()
    time.sleep(60)
"""


def test_a_port_that_is_taken_names_its_holder() -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"process {os.getpid()} .*set PORT"):
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", port)
    assert find_listener(port) is None


@pytest.mark.parametrize("host", ["999.1.1.1", "192.0.2.1", "a..b"])
def test_an_address_that_is_not_ours_is_no_taken_port(host: str) -> None:
    with pytest.raises(PortTaken, match=r"Correct HOST\.$"):
        check_port(host, 8000)


def test_any_free_port_can_be_asked_for() -> None:
    check_port("127.0.0.1", 0)


def test_a_folder_is_served_once_unless_it_is_shared(tmp_path: Path) -> None:
    with hold_folder(tmp_path, share=False):
        with (
            pytest.raises(FolderServed, match=f"process {os.getpid()} .*--share"),
            hold_folder(tmp_path, share=False),
        ):
            pass
        with hold_folder(tmp_path, share=True):
            pass
    with hold_folder(tmp_path, share=False):
        pass


def test_workers_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(ORPHAN)
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, cwd=Path.cwd())
    assert parent.stdout
    workers = [int(parent.stdout.readline()) for _ in range(2)]
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 20
    while any(_lives(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(_lives(pid) for pid in workers)
    parent.stdout.close()


def _lives(pid: int) -> bool:
    """Tell whether a process runs; one that nobody waits for yet has ended all the same."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
