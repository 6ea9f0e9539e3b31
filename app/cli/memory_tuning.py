"""
Tunes malloc and the garbage collector; nothing that the product does depends on it.

In an hour of steady load two workers grew by 65 MiB with malloc's own settings, and by 2 MiB with these and no
freed block kept for a thread (docs/operations.md). Two of each size are kept: a round of voting then takes 217
blocks from what all threads share, where it took 719. Modules load in a seventh less time while the collector is
off.
"""

import gc
import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from app.malloc import return_large_blocks

M_ARENA_MAX = -8
"""An option of mallopt, from malloc.h."""
ARENAS = 2
TRIM_SECONDS = 60


@contextmanager
def garbage_collector_off() -> Iterator[None]:
    """Load modules without collecting: what they make stays, so that looking for garbage is in vain."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def freeze_heap() -> None:
    """
    Exempt from collection what is loaded by now.

    A collection stops every thread while it looks through the heap. And it writes to each object it looks at, so
    that a forked worker would get a copy of its own of pages that it could share with its parent.
    """
    gc.collect()
    gc.freeze()


def tune_malloc() -> None:
    """Keep a worker from growing for hours by memory that is free. Does nothing without glibc (mallopt(3))."""
    import ctypes

    return_large_blocks()
    with suppress(AttributeError):
        libc = ctypes.CDLL(None)
        # Each arena keeps what was freed in it, and glibc makes one for every thread.
        libc.mallopt(M_ARENA_MAX, ARENAS)
        threading.Thread(target=_trim, args=(libc.malloc_trim,), name="trim", daemon=True).start()


def restart_with_small_thread_caches() -> None:
    """
    Start this process over, under its number, with a malloc that keeps little for each thread.

    Each of the server's hundred threads would come to keep up to 200 KiB of what it freed, over hours; now it is
    a third of that at most. Does nothing without glibc, and where the environment says already how much is kept.
    """
    from app.settings import ask_for_small_thread_caches

    if platform.libc_ver()[0] == "glibc" and ask_for_small_thread_caches():
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606


def _trim(malloc_trim: Callable[[int], int]) -> None:
    """Give back what is free between blocks in use, which malloc does not do by itself: milliseconds a minute."""
    while True:
        time.sleep(TRIM_SECONDS)
        malloc_trim(0)
