"""
Stores files by key, in a folder or in an S3-compatible bucket.

A key names its content for good: what is stored is never changed in place.
"""

import errno
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.database.causes import Cause, log_cause
from app.errors import Refusal
from app.ownership import give_to_owner, make_folder
from app.settings import Settings

if TYPE_CHECKING:
    from obstore.store import S3Config, S3Store

KEY = re.compile(r"[a-z]+/[A-Za-z0-9_-]{2,64}\.[a-z0-9]{2,5}")
MARK = ".arena"
"""An empty file in a folder of images that has been in use."""
BUCKET_SECONDS = 10
"""For one request to a bucket, its retries included."""
PROBE_BYTES = 2**16
PROBE_SECONDS = 10
"""How long what a probe found about a bucket is believed."""


CAUSES = (
    (
        r"NoSuchBucket",
        Cause(
            "no_bucket", "There is no bucket of that name.", "Create it, or correct STORAGE_URL or S3_ENDPOINT."
        ),
    ),
    (
        r"RequestTimeTooSkewed|RequestExpired",
        Cause("clock", "The bucket finds this machine's clock wrong.", "Set the clock."),
    ),
    (
        r"InvalidAccessKeyId|SignatureDoesNotMatch|(Invalid|Expired)Token|UnauthenticatedError|status code: 401",
        Cause("wrong_key", "The bucket refuses the key.", "Correct S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY."),
    ),
    (
        r"PermanentRedirect|AuthorizationHeaderMalformed|redirect without LOCATION|status code: 30[1278]",
        Cause("other_region", "The bucket is in another region.", "Correct S3_REGION, or S3_ENDPOINT."),
    ),
    (
        r"PermissionDeniedError|AccessDenied|status code: 403",
        Cause("forbidden", "The bucket's key lacks a right.", "It must allow to read, write, list and delete."),
    ),
    (
        r"QuotaExceeded|StorageFull|status code: (507|413)",
        Cause("full", "The bucket takes no more.", "Make room there, or raise its quota."),
    ),
    (
        r"error sending request|timed out",
        Cause("away", "Nothing answers at the bucket's address.", "Correct S3_ENDPOINT, or look at the network."),
    ),
    (
        r"",
        Cause("refused", "The bucket does not do it.", "Correct STORAGE_URL, S3_ENDPOINT, S3_REGION or the keys."),
    ),
)
"""What a bucket or its client says, and why; the first that fits."""


class StorageUnavailable(Refusal, code="storage_unavailable"):
    """The bucket of the images is away, or refuses us: the message is for visitors, `cause` for operators."""

    retry_after = 2

    def __init__(self, cause: Cause) -> None:
        super().__init__("The images can't be had at the moment. Try again.")
        self.cause = cause


class Storage:
    """A folder of immutable files. Keys look like `renditions/Zx8….webp`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read_from = str(folder)

    def put(self, key: str, data: bytes) -> None:
        """Store whole or not at all, durable on return."""
        path = self._path(key)
        make_folder(path.parent)
        half = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with half.open("wb") as file:
                give_to_owner(half)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            half.replace(path)
        except BaseException:
            half.unlink(missing_ok=True)
            raise

    def get(self, key: str) -> bytes:
        """Read an object. Raises FileNotFoundError."""
        kind, name = _check_key(key).split("/")
        # Every picture comes this way: a path made of its parts, or a file object, takes as long as the file.
        file = os.open(f"{self._read_from}/{kind}/{name[:2]}/{name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            size = os.fstat(file).st_size
            data = os.read(file, size)
            while len(data) < size and (more := os.read(file, size - len(data))):
                data += more  # a file system over a network may give a part
        finally:
            os.close(file)
        return data

    def has(self, key: str) -> bool:
        """Tell whether an object is there, without reading it."""
        return self._path(key).is_file()

    def delete(self, key: str) -> None:
        """Delete an object; one that is not there is deleted already."""
        self._path(key).unlink(missing_ok=True)

    def every_key(self) -> Iterator[str]:
        """List every key, in no order; what is put meanwhile may be missing."""
        for path in self.folder.glob("*/*/*"):
            key = f"{path.parent.parent.name}/{path.name}"
            if KEY.fullmatch(key):
                yield key

    def mark(self) -> None:
        """Leave a mark: an empty folder in its place, as of a volume that is not mounted, will have none."""
        make_folder(self.folder)
        (self.folder / MARK).touch(mode=0o640)
        give_to_owner(self.folder / MARK)

    def is_marked(self) -> bool:
        """Tell whether it has that mark."""
        return (self.folder / MARK).is_file()

    def problem(self) -> str | None:
        """Say why nothing can be stored now, in a word or two; None when it can."""
        existing = next(path for path in (self.folder, *self.folder.parents) if path.exists())
        return folder_problem(existing)

    def _path(self, key: str) -> Path:
        kind, name = _check_key(key).split("/")
        return self.folder / kind / name[:2] / name


def folder_problem(folder: Path) -> str | None:
    """Say why no file can be kept in a folder now, in a word or two; None when one could be written."""
    try:
        with TemporaryFile(dir=folder) as probe:
            probe.write(bytes(PROBE_BYTES))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        return (error.strerror or "not writable").lower()
    return None


class Bucket(Storage):
    """The same in a bucket, under a prefix. Many machines may share it."""

    def __init__(self, store: "S3Store") -> None:
        self._store = store
        self._probe = _Probe(self._look)

    def put(self, key: str, data: bytes) -> None:
        """Store an object; a bucket keeps it whole or not at all."""
        with _reaching():
            self._store.put(_check_key(key), data, use_multipart=False)

    def get(self, key: str) -> bytes:
        """Read an object. Raises FileNotFoundError."""
        with _reaching(key):
            return bytes(self._store.get(_check_key(key)).bytes())

    def has(self, key: str) -> bool:
        """Tell whether an object is there, by one request."""
        with _reaching(key):
            try:
                self._store.head(_check_key(key))
            except FileNotFoundError:
                return False
            return True

    def delete(self, key: str) -> None:
        """Delete an object; some stores complain of one that is not there, which is ignored."""
        with suppress(FileNotFoundError), _reaching(key):
            self._store.delete(_check_key(key))

    def every_key(self) -> Iterator[str]:
        """List every key, a thousand with a request."""
        for page in self._list():
            yield from (key for key in page if KEY.fullmatch(key))

    def mark(self) -> None:
        """Do nothing: a bucket has a name of its own and needs no mark."""

    def is_marked(self) -> bool:
        """Tell that it has: a bucket is never an unmounted folder."""
        return True

    def problem(self) -> str | None:
        """Return the last finding, at most PROBE_SECONDS old: a slow bucket slows nobody who asks."""
        return self._probe.result()

    def _list(self, prefix: str | None = None) -> Iterator[list[str]]:
        pages = iter(self._store.list(prefix))
        while True:
            with _reaching():
                page = next(pages, None)
            if page is None:
                return
            yield [found["path"] for found in page]

    def _look(self) -> str | None:
        try:
            # Asked for one object, a bucket that is not there answers as one without the object does.
            next(self._list("probe"), None)
        except StorageUnavailable as error:
            return f"unreachable: {error.cause.name}"
        return None


@contextmanager
def _reaching(sought: str | None = None) -> Iterator[None]:
    """
    Turn whatever a bucket's client says of one that is away or refuses into StorageUnavailable.

    It says of a bucket that is not there what it says of an object. FileNotFoundError is for a key that is sought.
    """
    from obstore.exceptions import BaseError  # noqa: PLC0415 (an extra)

    try:
        yield
    except (BaseError, FileNotFoundError) as error:
        told = f"{type(error).__name__} {error}"
        if sought is not None and isinstance(error, FileNotFoundError) and "NoSuchBucket" not in told:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), sought) from error
        cause = next(cause for words, cause in CAUSES if re.search(words, told))
        log_cause("bucket", cause)
        raise StorageUnavailable(cause) from error


class _Probe:
    """Asks now and then in a thread of its own; only the very first question waits for its answer."""

    def __init__(self, ask: Callable[[], str | None]) -> None:
        self._ask = ask
        self._turn = Lock()
        self._asked: float | None = None
        self._thread: Thread | None = None
        self._found: str | None = None

    def result(self) -> str | None:
        """Return what the last probe found, after a new one where that is too old."""
        with self._turn:
            first = self._asked is None
            if self._asked is None or monotonic() - self._asked > PROBE_SECONDS:
                self._asked = monotonic()
                self._thread = Thread(target=self._run, daemon=True)
                self._thread.start()
            if first and self._thread is not None:
                self._thread.join()
        return self._found

    def _run(self) -> None:
        self._found = self._ask()


def storage_of(settings: Settings) -> Storage:
    """Open the storage of images. Raises ModuleNotFoundError for a bucket without the `s3` extra."""
    if not settings.storage_url:
        return Storage(settings.data_dir / "files")
    from obstore.store import S3Store  # noqa: PLC0415 (an extra)

    where = urlsplit(settings.storage_url)
    # Not every S3-compatible store knows how to delete many at once, which the client would do for one, too.
    config: S3Config = {"region": settings.s3_region, "disable_bulk_delete": True}
    if settings.s3_endpoint:
        config["endpoint"] = settings.s3_endpoint
    if settings.s3_access_key_id.get_secret_value():
        config["access_key_id"] = settings.s3_access_key_id.get_secret_value()
        config["secret_access_key"] = settings.s3_secret_access_key.get_secret_value()
    store = S3Store(
        where.netloc,
        prefix=where.path.strip("/") or None,
        config=config,
        client_options={
            "timeout": timedelta(seconds=BUCKET_SECONDS),
            "allow_http": settings.s3_endpoint.startswith("http://"),
        },
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=BUCKET_SECONDS)},
    )
    return Bucket(store)


def fresh_key(kind: str, suffix: str) -> str:
    """Make a random key that says nothing of its content."""
    return f"{kind}/{secrets.token_urlsafe(16)}.{suffix}"


def _check_key(key: str) -> str:
    if not KEY.fullmatch(key):
        raise ValueError(f"not a storage key: {key!r}")
    return key
