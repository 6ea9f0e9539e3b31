"""`arena serve`: the production server."""

import ctypes
import gc
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.opening import migrate_option, opened
from app.settings import count_together, one_thread_for_numpy

if TYPE_CHECKING:
    from flask import Flask
    from granian.server.common import AbstractServer

BLOCKING_THREADS = 16
M_ARENA_MAX = -8
"""Of mallopt in malloc.h."""
STOP_SECONDS = 10
"""For a worker to end its requests. One told to stop while it starts does not hear it and is ended then."""


@click.command()
@migrate_option
def serve(migrate: bool) -> None:
    """Serve the arena. HOST, PORT, WORKERS and every other setting come from the environment."""
    one_thread_for_numpy()
    settings = opened(migrate=migrate).settings
    if settings.metrics_token.get_secret_value() and settings.prometheus_multiproc_dir is None:
        folder = tempfile.TemporaryDirectory(prefix="blindvote-metrics-")
        click.get_current_context().call_on_close(folder.cleanup)
        count_together(Path(folder.name))
    click.echo(f"Blindvote is at http://{settings.host}:{settings.port}")
    server("app.cli.serve:application", settings.host, settings.port, settings.workers).serve()


def server(target: str, host: str, port: int, workers: int) -> "AbstractServer[Any]":
    """As it is run in production; `target` makes the application, in each worker its own."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    return Granian(
        target,
        factory=True,
        interface=Interfaces.WSGI,
        address=host,
        port=port,
        workers=workers,
        blocking_threads=BLOCKING_THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        log_access=False,
        log_level=LogLevels.error,
    )


def application() -> "Flask":
    """For any WSGI server: `gunicorn 'app.cli.serve:application()'` works too."""
    from app import create_app
    from app.settings import Settings

    _two_arenas_for_malloc()
    app = create_app(Settings())
    gc.collect()
    gc.freeze()  # what stays for good is not looked through again, which stops every thread meanwhile
    return app


def _two_arenas_for_malloc() -> None:
    """Else each thread's arena keeps what it freed, and a worker grows for hours. Only glibc has the option."""
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)
