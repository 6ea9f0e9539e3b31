"""Sets how malloc keeps large blocks (mallopt(3)); does nothing without glibc."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Options of mallopt, from malloc.h."""
LARGE_BYTES = 128 * 1024
"""Where glibc sets both thresholds at first."""
LARGEST_BYTES = 32 * 1024 * 1024
"""The largest that glibc takes for blocks of their own."""
KEPT_BYTES = 8 * 1024 * 1024
"""What a heap keeps at its end for the next computation; a server's thread gives it back once a minute."""
_given_back: set[int] = set()
"""The size from which blocks are given back, once it was set."""


def return_large_blocks() -> None:
    """Let malloc give back every large block once it is freed."""
    # The first large block that is freed would raise both thresholds to its size. From then on pages and
    # arrays would lie among small blocks and, once freed, leave holes there that fit nothing.
    _given_back.add(LARGE_BYTES)
    _set_thresholds(LARGE_BYTES, LARGE_BYTES)


@contextmanager
def reusing_large_blocks() -> Iterator[None]:
    """
    Let a computation have its large blocks again, and keep some MiB at the heap's end for the next one.

    Where each is given back at once, the kernel clears every page of the next one: half of the CPU that a board of
    200 models takes. Does nothing where malloc was not told to give them back.
    """
    if not _given_back:
        yield
        return
    _set_thresholds(LARGEST_BYTES, 2 * LARGEST_BYTES)
    try:
        yield
    finally:
        _set_thresholds(LARGE_BYTES, KEPT_BYTES)


def _set_thresholds(own: int, trimmed: int) -> None:
    """Give blocks of this size memory of their own, and back what is free at the heap's end beyond the other."""
    import ctypes  # noqa: PLC0415 (a slow import, for servers alone)

    with suppress(AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, own)
        libc.mallopt(M_TRIM_THRESHOLD, trimmed)
