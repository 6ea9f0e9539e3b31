"""Keeps pictures in memory that are sent again and again: voters see the same few hundred by turns."""

from collections import OrderedDict
from threading import Lock

from app.gateway.storage import Storage


class PictureCache:
    """
    Keep the pictures that were read last, up to so many bytes of them.

    What a key names never changes, so that nothing here goes stale; whether anybody may see it is asked elsewhere,
    each time. Without it a picture takes six calls to the system, and a request where it lies in a bucket.
    """

    def __init__(self, storage: Storage, most_bytes: int) -> None:
        self._storage = storage
        self._most_bytes = most_bytes
        self._pictures: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._turn = Lock()

    def get(self, key: str) -> bytes:
        """Read a picture. Raises FileNotFoundError, and StorageUnavailable where its bucket is away."""
        with self._turn:
            if (known := self._pictures.get(key)) is not None:
                self._pictures.move_to_end(key)
                return known
        data = self._storage.get(key)
        with self._turn:
            self._keep(key, data)
        return data

    def _keep(self, key: str, data: bytes) -> None:
        if key in self._pictures or len(data) > self._most_bytes:
            return
        self._pictures[key] = data
        self._bytes += len(data)
        while self._bytes > self._most_bytes:
            _, oldest = self._pictures.popitem(last=False)
            self._bytes -= len(oldest)
