"""`arena serve`: the production server."""

import ctypes
import gc
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli import gathering_nothing
from app.cli.opening import migrate_option, opened
from app.settings import count_together, one_thread_for_numpy

if TYPE_CHECKING:
    from flask import Flask
    from granian.server.common import AbstractServer

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""Of mallopt in malloc.h."""
LARGE_BYTES = 128 * 1024
"""What both thresholds are at first."""
TRIM_SECONDS = 60
STOP_SECONDS = 10
"""For a worker to end its requests. One told to stop while it starts does not hear it and is ended then."""


@click.command()
@migrate_option
def serve(migrate: bool) -> None:
    """Serve the arena. HOST, PORT, WORKERS and every other setting come from the environment."""
    one_thread_for_numpy()
    arena = opened(migrate=migrate)
    arena.database.close()  # no worker may come to hold a connection of its parent
    settings = arena.settings
    if settings.metrics_token.get_secret_value() and settings.prometheus_multiproc_dir is None:
        folder = tempfile.TemporaryDirectory(prefix="blindvote-metrics-")
        click.get_current_context().call_on_close(folder.cleanup)
        count_together(Path(folder.name))
    load_application()
    click.echo(f"Blindvote is at http://{settings.host}:{settings.port}")
    server("app.cli.serve:application", settings.host, settings.port, settings.workers).serve()


def server(target: str, host: str, port: int, workers: int) -> "AbstractServer[Any]":
    """As it is run in production; `target` makes the application, in each worker its own."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    from app.edge.threads import GATEWAY_THREADS, SHORT_THREADS

    return Granian(
        target,
        factory=True,
        interface=Interfaces.WSGI,
        address=host,
        port=port,
        workers=workers,
        blocking_threads=SHORT_THREADS + GATEWAY_THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        log_access=False,
        log_level=LogLevels.error,
    )


def load_application() -> None:
    """
    Once, as workers are forked and find what was loaded here.

    What is loaded stays: the collector looks through it neither here nor in them, and so they go on sharing it.
    """
    with gathering_nothing():
        from app import api, web  # noqa: F401
    gc.freeze()


def application() -> "Flask":
    """For any WSGI server: `gunicorn 'app.cli.serve:application()'` works too."""
    from app import create_app
    from app.settings import Settings

    _steady_malloc()
    app = create_app(Settings())
    gc.collect()
    gc.freeze()  # what stays for good is not looked through again, which stops every thread meanwhile
    return app


def _steady_malloc() -> None:
    """
    Else a worker grows for hours, by memory that is free. Only glibc has these options (mallopt(3)).

    Each thread's arena keeps what it freed. And the first large block that is freed moves the threshold up to its
    size: from then on pages and arrays lie among small blocks, and leave holes there that fit nothing.
    """
    with suppress(AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(M_ARENA_MAX, 2)
        libc.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
        libc.mallopt(M_TRIM_THRESHOLD, LARGE_BYTES)
        threading.Thread(target=_trim, args=(libc.malloc_trim,), name="trim", daemon=True).start()


def _trim(malloc_trim: Callable[[int], int]) -> None:
    """What is free between blocks in use goes back, in a few milliseconds a minute: else it only ever grows."""
    while True:
        time.sleep(TRIM_SECONDS)
        malloc_trim(0)
