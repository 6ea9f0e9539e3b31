"""Pictures that were sent lately stay in memory, up to a size, and only pictures."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gateway.picture_cache import PictureCache
from app.gateway.storage import Storage

KEYS = [f"renditions/{name * 4}.webp" for name in "abcdef"]


class CountingStorage(Storage):
    """Serve pictures of as many bytes as their key's place in the list, times ten, and note who asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get(self, key: str) -> bytes:
        """Return the picture."""
        self.asked.append(key)
        return key[-6:-5].encode() * 10 * (KEYS.index(key) + 1)


def test_a_picture_is_read_once() -> None:
    storage = CountingStorage()
    cache = PictureCache(storage, 1000)
    assert [cache.get(KEYS[0]) for _ in range(3)] == [b"a" * 10] * 3
    assert storage.asked == [KEYS[0]]


def test_the_picture_that_was_asked_for_longest_ago_goes_first() -> None:
    storage = CountingStorage()
    cache = PictureCache(storage, 60)
    for key in (KEYS[0], KEYS[1], KEYS[2], KEYS[0], KEYS[3]):  # 10, 20, 30, known, 40
        cache.get(key)
    del storage.asked[:]
    cache.get(KEYS[0])
    cache.get(KEYS[3])
    assert not storage.asked
    cache.get(KEYS[1])
    assert storage.asked == [KEYS[1]]


@given(st.lists(st.sampled_from(KEYS)), st.integers(0, 120))
def test_it_tells_what_the_storage_does_within_its_size(asked: list[str], most: int) -> None:
    storage = CountingStorage()
    cache = PictureCache(storage, most)
    for key in asked:
        assert cache.get(key) == CountingStorage().get(key)
        kept = sum(len(data) for data in cache._pictures.values())
        assert kept == cache._bytes <= most
    if not most:
        assert storage.asked == asked


def test_a_picture_that_is_missing_is_asked_for_again(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    cache = PictureCache(storage, 1000)
    with pytest.raises(FileNotFoundError):
        cache.get(KEYS[0])
    storage.put(KEYS[0], b"here")
    assert cache.get(KEYS[0]) == b"here"
