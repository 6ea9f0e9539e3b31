"""
The backup file: a plain tar whose last member, the manifest, has the SHA-256 of every other member.

Its members are `format`, `tables/<table>/<n>.jsonl.gz`, `files/<storage key>`, `secret_key` and
`manifest.json`. A file that was cut off has no manifest. Member names never become paths outside the arena.
"""

import hashlib
import json
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from app.errors import Refusal
from app.files.whole import write_whole
from app.gateway.storage import KEY
from app.settings import SECRET_BYTES

FORMAT = b"blindvote backup 1\n"
MEMBER_BYTES = 128 * 2**20
"""Larger than any image the gateway takes and any part of a table."""
MANIFEST = "manifest.json"
KEY_MEMBER = "secret_key"
TABLE_PART = re.compile(r"tables/([a-z][a-z0-9_]{0,62})/[0-9]{6}\.jsonl\.gz")


class BadBackup(Refusal, code="bad_backup"):
    """The file is no backup of this version's format, or is damaged."""


class BackupManifest(BaseModel):
    """A backup's manifest: rows by table, number of files, and the SHA-256 of each member by name."""

    version: str
    revision: str = Field(pattern=r"^[0-9a-z_]{1,32}$")
    made_at: str
    database: str
    tables: dict[str, int]
    files: int
    members: dict[str, str]


@dataclass
class BackupWriter:
    """Adds members to a backup and collects their hashes."""

    tar: tarfile.TarFile
    members: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, data: bytes) -> None:
        """Add a member; wherever it is unpacked, only its owner can read it."""
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(data), 0o600
        self.tar.addfile(info, BytesIO(data))
        self.members[name] = hashlib.sha256(data).hexdigest()


@contextmanager
def write_archive(path: Path) -> Iterator[BackupWriter]:
    """Open a new backup at this path; the file appears only once complete, and only its owner can read it."""
    with write_whole(path) as file, tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        writer = BackupWriter(tar)
        writer.add("format", FORMAT)
        yield writer


def read_members(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Read the wanted members in their order. Raises BadBackup."""
    try:
        with tarfile.open(path, "r:") as tar:
            for info in tar:
                _check_name(info)
                if wanted(info.name):
                    yield info.name, _read_content(tar, info)
    except (tarfile.TarError, EOFError, ValueError, RecursionError) as error:  # tarfile lets the last two through
        raise BadBackup("This is no backup, or it was cut off.") from error


def verify_archive(path: Path) -> BackupManifest:
    """Read the whole file and compare it with its manifest. Raises BadBackup."""
    hashes: dict[str, str] = {}
    manifest = b""
    for name, data in read_members(path, lambda _: True):
        if name in hashes or manifest:
            raise BadBackup(f"The backup holds {name} twice, or after its manifest.")
        if not hashes and (name, data) != ("format", FORMAT):
            raise BadBackup("This is no backup of this version's format.")
        if name == MANIFEST:
            manifest = data
        else:
            hashes[name] = hashlib.sha256(data).hexdigest()
    if not manifest:
        raise BadBackup("This is no backup, or it was cut off: it has no manifest.")
    try:
        read = BackupManifest.model_validate(json.loads(manifest))
    except (ValueError, RecursionError) as error:  # pydantic's ValidationError is a ValueError
        raise BadBackup("The backup's manifest can't be read.") from error
    wrong = sorted(
        name for name in hashes.keys() | read.members.keys() if hashes.get(name) != read.members.get(name)
    )
    if wrong:
        raise BadBackup(f"The backup is damaged: {wrong[0]} is not what was written.")
    return read


def read_secret_key(path: Path) -> str:
    """Read the key that a restored arena signs with. Raises BadBackup for one that could not be used."""
    key = next((data for _, data in read_members(path, lambda name: name == KEY_MEMBER)), b"")
    try:
        text = key.decode()
    except UnicodeDecodeError as error:
        raise BadBackup("The backup's secret key can't be read: it is no text.") from error
    if len(key) < SECRET_BYTES or text != text.strip() or not text.isprintable():
        raise BadBackup(f"The backup's secret key can't be used: it must be {SECRET_BYTES} characters or more.")
    return text


def decompress(part: bytes) -> bytes:
    """Decompress a part of a table, at most MEMBER_BYTES of it. Raises BadBackup."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        data = unpacker.decompress(part, MEMBER_BYTES)
    except zlib.error as error:
        raise BadBackup("A part of a table can't be unpacked.") from error
    if not unpacker.eof:
        raise BadBackup("A part of a table is too large or cut off.")
    return data


def compress(data: bytes) -> bytes:
    """Compress a part of a table, for speed rather than size."""
    packer = zlib.compressobj(level=1, wbits=31)
    return packer.compress(data) + packer.flush()


def write_manifest(writer: BackupWriter, **facts: Any) -> BackupManifest:
    """Write the manifest, the last member; `facts` are its fields but for the hashes of the members."""
    manifest = BackupManifest(**facts, members=dict(writer.members))
    writer.add(MANIFEST, manifest.model_dump_json(indent=1).encode())
    return manifest


def _check_name(info: tarfile.TarInfo) -> None:
    is_known = info.name in {"format", MANIFEST, KEY_MEMBER} or TABLE_PART.fullmatch(info.name)
    if not is_known and not (info.name.startswith("files/") and KEY.fullmatch(info.name.removeprefix("files/"))):
        raise BadBackup(f"The backup holds a file that no backup has: {info.name[:80]!r}")
    if not info.isreg() or info.issparse():
        raise BadBackup(f"{info.name} is no plain file.")
    if info.size > MEMBER_BYTES:
        raise BadBackup(f"{info.name} is too large.")


def _read_content(tar: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(info)
    data = file.read() if file is not None else b""
    if len(data) != info.size:
        raise BadBackup("The backup was cut off.")
    return data
