"""A server of its own for a fault run: a fresh database, a drawn pack, real worker processes on loopback."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from PIL import Image
from sqlalchemy import text

from app.arena.entries import pack_import
from app.database.doors import Database
from app.gateway.storage import Storage
from app.leaderboards.runs.verify import verify
from tests.postgres import DURABLE_FLAGS, Cluster, cluster

ROOT = Path(__file__).resolve().parent.parent.parent
ARENA = [sys.executable, "-m", "app.cli"]
DATABASES = ("sqlite", "postgres")


class Server:
    """`arena serve` in a process group, so that a kill takes its workers too."""

    def __init__(self, folder: Path, workers: int = 2, cluster: Cluster | None = None) -> None:
        self.folder = folder
        self.cluster = cluster
        self.log = Path(os.devnull)
        self.checkout = ROOT
        self.database_url = (
            cluster.url.format(database="postgres") if cluster else f"sqlite:///{folder / 'blindvote.sqlite3'}"
        )
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = os.environ | {
            "DATA_DIR": str(folder),
            "DATABASE_URL": self.database_url,
            "PROFILE": "local",
            "PORT": str(self.port),
            "WORKERS": str(workers),
            "PYTHONPATH": str(ROOT),
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.options: tuple[str, ...] = ()

    def start(self) -> float:
        """Start the server and return the seconds until it answers. Raises RuntimeError after a minute."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*ARENA, "serve", *self.options],
                env=self.environment,
                cwd=self.checkout,
                start_new_session=True,
                stdout=log,
                stderr=log,
            )
        while time.monotonic() - began < 60:
            try:
                urllib.request.urlopen(self.url + "/api/v1/competitions", timeout=2).close()
                return time.monotonic() - began
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("the server did not start:\n" + self.log.read_text()[-2000:])

    def beside(self, environment: dict[str, str]) -> "Server":
        """Make another server, not started, on the same folder and database, with this environment besides."""
        other = Server(self.folder, cluster=self.cluster)
        other.options = ("--share",)
        other.environment = self.environment | {"PORT": str(other.port)} | environment
        return other

    def kill(self) -> None:
        """Send SIGKILL to all of its processes at once."""
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def workers(self) -> list[int]:
        """List the processes that answer requests."""
        assert self.process
        main = self.process.pid
        return [int(pid) for pid in Path(f"/proc/{main}/task/{main}/children").read_text().split()]

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Open its database from this process."""
        with closing(Database(self.database_url)) as opened:
            yield opened

    def is_sound(self) -> bool:
        """Check that log, tallies and boards agree, and that SQLite's file is whole."""
        with self.database() as opened:
            report = verify(opened)
            with opened.reading() as session:
                corrupt = [] if self.cluster else session.scalars(text("PRAGMA integrity_check")).all()
        print(
            f"{report.votes} counted votes, {report.tallies} tallies, {report.boards} boards: "
            f"{len(report.differences)} differences to the log; "
            + ("" if self.cluster else f"integrity_check {', '.join(corrupt)}")
        )
        return report.is_exact and corrupt in ([], ["ok"])


@contextmanager
def serving(
    database: str = "sqlite",
    pack: Path | None = None,
    folder: Path | None = None,
    workers: int = 2,
    start: bool = True,
    competitions: int = 8,
    models: int = 8,
) -> Iterator[Server]:
    """
    Run a server with the images of a pack, or of a small one drawn here; delete everything afterwards.

    Its data lie in `folder` where one is given. PostgreSQL runs with the durability it has by itself.
    """
    with ExitStack() as stack:
        made = stack.enter_context(cluster(DURABLE_FLAGS)) if database == "postgres" else None
        scratch = Path(tempfile.mkdtemp(prefix="blindvote-fault-"))
        stack.callback(shutil.rmtree, scratch, ignore_errors=True)
        server = Server((folder or scratch) / "data", workers, made)
        server.log = scratch / "serve.log"
        stack.callback(server.kill)
        drawn = draw_pack(scratch / "pack", competitions, models)
        with server.database() as opened:
            opened.migrate()
            images = Storage(server.folder / "files")
            pack_import.import_pack(opened, images, pack or drawn, now=lambda: datetime.now(UTC))
        if start:
            server.start()
        yield server


def draw_pack(folder: Path, competitions: int, models: int) -> Path:
    """Draw a pack of noise pictures, each unlike any other."""
    listed = []
    for c in range(competitions):
        images = []
        for m in range(models):
            blocks = Image.frombytes("RGB", (8, 8), random.Random(c * models + m).randbytes(192))
            buffer = BytesIO()
            blocks.resize((128, 128), Image.Resampling.NEAREST).save(buffer, "PNG")
            path = folder / f"c{c}" / f"m{m}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(buffer.getvalue())
            digest = sha256(buffer.getvalue()).hexdigest()
            images.append({"model": f"m{m}", "file": f"c{c}/m{m}.png", "sha256": digest})
        listed.append({"slug": f"c{c}", "prompt": f"noise {c}", "images": images})
    (folder / "manifest.json").write_text(json.dumps({"format": 1, "competitions": listed}))
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
