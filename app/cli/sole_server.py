"""Keeps servers apart: one for a port, and one for a folder unless they are told to share it."""

import errno
import fcntl
import os
import re
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import parent_process
from multiprocessing.connection import wait
from pathlib import Path

from app.errors import Refusal
from app.ownership import give_to_owner, make_folder

LOCK = "serving.lock"
LISTENING = "0A"
"""The state of a socket that takes connections, in /proc/net/tcp."""


class PortTaken(Refusal, code="port_taken"):
    """Another process listens there."""


class FolderServed(Refusal, code="folder_served"):
    """Another server serves the same folder."""


def check_port(host: str, port: int) -> None:
    """
    Check that nobody listens at an address. Raises PortTaken with the process, where the system tells.

    The server would not notice: its workers bind with SO_REUSEPORT, by which two servers share a port in silence.
    """
    if port == 0:
        return
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError) as error:
        raise PortTaken(f"HOST {host!r} is no address ({error}). Correct HOST.") from error
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise PortTaken(f"{host}:{port} can't be had, {_explain_bind(error, port)}") from error


def _explain_bind(error: OSError, port: int) -> str:
    """Say why an address can't be listened at, and what to do."""
    if error.errno == errno.EADDRNOTAVAIL:
        return f"as no network of this machine has it ({error.strerror}). Correct HOST."
    if error.errno == errno.EACCES:
        return f"as this user may not ({error.strerror}). Set PORT to one from 1024 on."
    holder = find_listener(port)
    by = f" by {describe_process(holder)}" if holder else ""
    return f"it is held{by} ({error.strerror}). Stop it, or set PORT."


@contextmanager
def hold_folder(folder: Path, *, share: bool) -> Iterator[None]:
    """
    Hold a data folder while serving from it; the system gives it back even when this process is killed.

    Without `share` no other server may hold it. Raises FolderServed with the one that does.
    """
    make_folder(folder)
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    give_to_owner(folder / LOCK)
    try:
        if not share:
            _check_alone(handle, folder)
        fcntl.flock(handle, fcntl.LOCK_SH)
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)


def _check_alone(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        told = os.pread(handle, 20, 0).decode()
        by = describe_process(int(told)) if told.isdigit() else "another server"
        raise FolderServed(
            f"{folder} is served already by {by}. Stop it, or use --share for two servers on one folder."
        ) from None


def find_listener(port: int) -> int | None:
    """Find the process that listens on a port, among those this user may look at; Linux only."""
    sockets = {f"socket:[{inode}]" for inode in _listening(port)}
    for folder in Path("/proc").glob("[0-9]*/fd") if sockets else ():
        with suppress(OSError):
            if any(str(one.readlink()) in sockets for one in folder.iterdir()):
                return int(folder.parent.name)
    return None


def _listening(port: int) -> Iterator[str]:
    """Yield the inodes of the sockets that listen on a port."""
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            words = line.split()
            if words[3] == LISTENING and int(words[1].rpartition(":")[2], 16) == port:
                yield words[9]


def describe_process(pid: int) -> str:
    """Describe a process by its number and the beginning of its command."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return f"process {pid}"
    return f"process {pid} ({re.sub(r'[^ -~]', '?', command)[:80]})" if command else f"process {pid}"


def end_with_parent(seconds: float) -> None:
    """
    End this worker once the server's first process has ended, were it killed: workers alone would keep the port.

    Requests have so many seconds to end. Does nothing in a process that multiprocessing did not start.
    """
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(seconds)
        os._exit(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
