"""Filled databases for `scripts/bench/rounds.py`: made once for each checkout, kind of database and size."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from app.arena.entries import pack_import, renditions
from app.gateway.storage import Storage
from scripts.bench.load import SECRET
from scripts.faults.server import Server, draw_pack
from tests.gateway.bucket import KEY_ID, Bucket
from tests.postgres import DURABLE_FLAGS, cluster_at

COMPETITIONS, MODELS = 12, 16
FILE_BYTES = 80 * 1024
"""The length that every picture is sent with: about the median of the demonstration's at 1280 pixels."""
STORED_BYTES = 60 * 1024
"""The length of every stored rendition, which is below that of its competition's longest as most are."""
PICTURE = "renditions/bare-picture.webp"
"""Where the floor's picture lies, final as it is sent."""
BUCKET = "pictures/bench"
FILL = """
import sys
from contextlib import closing
from scripts.bench.filling import Database, fill
with closing(Database(sys.argv[1])) as database:
    fill(database, int(sys.argv[2]))
"""


@dataclass(frozen=True)
class Makings:
    """Describe what a world is made of: whose code, which database, how many stored votes; and who serves it."""

    name: str
    checkout: Path
    database: str
    stored: int
    workers: int


@contextmanager
def open_world(worlds: Path, makings: Makings) -> Iterator[Server]:
    """Open a world, made where there is none yet; its server is not started, and is killed when the block ends."""
    folder = worlds / f"{makings.name}-{makings.database}-{makings.stored}"
    is_made = folder / "made"
    with ExitStack() as stack:
        made = None
        if makings.database == "postgres":
            made = stack.enter_context(cluster_at(folder / "postgres", DURABLE_FLAGS))
        server = Server(folder / "data", makings.workers, made)
        stack.callback(server.kill)
        server.checkout = makings.checkout
        server.environment |= {
            "SECRET_KEY": SECRET,
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONPATH": str(makings.checkout),
        }
        if not is_made.exists():
            _make(server, folder, makings)
            is_made.touch()
        yield server


def _make(server: Server, folder: Path, makings: Makings) -> None:
    """Import drawn pictures, bring the schema to what the checkout knows, and have that checkout fill it."""
    with server.database() as database:
        database.migrate()
        images = Storage(server.folder / "files")
        pack = draw_pack(folder / "pack", COMPETITIONS, MODELS)
        pack_import.import_pack(database, images, pack, now=lambda: datetime.now(UTC))
        _lengthen_pictures(images)
        database.write(lambda session: session.execute(text(f"UPDATE competitions SET file_bytes = {FILE_BYTES}")))
        database.migrate(newest_revision(makings.checkout))
    subprocess.run(
        [sys.executable, "-c", FILL, server.database_url, str(makings.stored)],
        env=os.environ | {"PYTHONPATH": str(makings.checkout)},
        cwd=makings.checkout,
        check=True,
    )


def newest_revision(checkout: Path) -> str:
    """Give the revision of the schema that a checkout works with; an older one refuses a newer database."""
    return max(path.name[:4] for path in (checkout / "migrations" / "versions").glob("[0-9]*.py"))


def _lengthen_pictures(images: Storage) -> None:
    for key in list(images.every_key()):
        if key.startswith("renditions/") and len(data := images.get(key)) < STORED_BYTES:
            images.put(key, renditions.padded(data, STORED_BYTES))


def put_picture(server: Server) -> None:
    """Store the floor's picture in the folder, from which a bucket takes it too."""
    Storage(server.folder / "files").put(PICTURE, os.urandom(FILE_BYTES))


def use_bucket(server: Server, bucket: Bucket) -> None:
    """Have a server find its pictures in a bucket, and put them there."""
    images = Storage(server.folder / "files")
    for key in images.every_key():
        bucket.objects[f"{BUCKET}/{key}"] = images.get(key)
    server.environment |= {
        "STORAGE_URL": f"s3://{BUCKET}",
        "S3_ENDPOINT": bucket.address,
        "S3_ACCESS_KEY_ID": KEY_ID,
        "S3_SECRET_ACCESS_KEY": "secret",
    }
