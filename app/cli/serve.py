"""`arena serve`: the production server."""

import signal
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.arena.entries import image_folder
from app.arena.people import secret_key
from app.cli.memory_tuning import (
    freeze_heap,
    garbage_collector_off,
    restart_with_small_thread_caches,
    tune_malloc,
)
from app.cli.mounts import check_mounted
from app.cli.opening import Installation, migrate_option, now, open_installation
from app.cli.sole_server import check_port, end_with_parent, hold_folder
from app.database.doors import Database, DatabaseBusy
from app.files.rights import keep_files_private
from app.settings import Settings, count_together, find_misspelled, one_thread_for_numpy

if TYPE_CHECKING:
    from flask import Flask
    from granian.server.common import AbstractServer

STOP_SECONDS = 10
"""How long a worker may take to end its requests. One that is told to stop while it starts goes on."""


@click.command()
@click.option("--share", is_flag=True, help="Serve a folder that another server serves too.")
@click.option("--existing", is_flag=True, help="Refuse to make a new database: if it is gone, say so.")
@migrate_option
def serve(share: bool, existing: bool, migrate: bool) -> None:
    """
    Serve the arena. HOST, PORT, WORKERS and every other setting come from the environment.

    Refuses a port that is taken, and a folder that another server serves, with the process that holds it; and a
    folder whose volume is not mounted.
    """
    restart_with_small_thread_caches()
    one_thread_for_numpy()
    settings = Settings()
    keep_files_private(settings)
    warn_of_misspelled_names()
    check_port(settings.host, settings.port)
    check_mounted(settings, existing=existing)
    with hold_folder(settings.data_dir, share=share or not settings.database_url.startswith("sqlite")):
        arena = open_installation(migrate=migrate)
        _note_key(arena)
        with arena.database.reading() as session:
            image_folder.claim(session, arena.storage)
        arena.database.close()  # no worker may come to hold a connection of its parent
        _serve(settings)
        _fold_log(arena.database)


def warn_of_misspelled_names() -> None:
    """Print the names in the environment that look like settings and are none."""
    for name, meant in find_misspelled().items():
        click.echo(f"{name} is no setting and has no effect: did you mean {meant}?", err=True)


def _note_key(arena: Installation) -> None:
    """Note which secret key is used, and say when it is not the one of before."""
    key = arena.settings.secret_key.get_secret_value()
    if arena.database.write(lambda session: secret_key.note_use(session, key, now=now())):
        click.echo("SECRET_KEY is not the one of before: voters get new cookies, admins sign in again.", err=True)


def _serve(settings: Settings) -> None:
    if settings.metrics_token.get_secret_value() and settings.prometheus_multiproc_dir is None:
        folder = tempfile.TemporaryDirectory(prefix="blindvote-metrics-")
        click.get_current_context().call_on_close(folder.cleanup)
        count_together(Path(folder.name))
    load_application()
    click.echo(f"Blindvote is at http://{settings.host}:{settings.port}")
    granian = server("app.cli.serve:worker", settings.host, settings.port, settings.workers)
    on_hangup = signal.getsignal(signal.SIGHUP)
    granian.on_startup(lambda: _end_with_terminal(on_hangup))
    granian.serve()


def _fold_log(database: Database) -> None:
    """Leave one file of SQLite: workers end without closing theirs, and who closes it last folds its log in."""
    with suppress(DatabaseBusy), database.reading():
        pass
    database.close()


def _end_with_terminal(before: object) -> None:
    """End as by SIGTERM when the terminal is closed, unless that is ignored; granian would start workers anew."""
    is_ignored = before is signal.SIG_IGN
    signal.signal(signal.SIGHUP, signal.SIG_IGN if is_ignored else signal.getsignal(signal.SIGTERM))


def server(target: str, host: str, port: int, workers: int) -> "AbstractServer[Any]":
    """Make the server as production runs it; `target` makes the application, in each worker its own."""
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels

    from app.edge.body_deadlines import MOST_BODIES
    from app.edge.threads import GATEWAY_THREADS, PLAYGROUND_THREADS, SHORT_THREADS

    return Granian(
        target,
        factory=True,
        interface=Interfaces.WSGI,
        address=host,
        port=port,
        workers=workers,
        http=HTTPModes.http1,  # a proxy speaks it, and one stream that stalls can be ended without its neighbours
        blocking_threads=SHORT_THREADS + GATEWAY_THREADS + PLAYGROUND_THREADS + MOST_BODIES,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        log_access=False,
        log_level=LogLevels.error,
    )


def load_application() -> None:
    """Load the modules once: workers are forked, and share with their parent what was loaded here."""
    with garbage_collector_off():
        from app import api, web  # noqa: F401
    freeze_heap()


def worker() -> "Flask":
    """Make the application of one of our own workers, which ends with the process that started it."""
    end_with_parent(STOP_SECONDS)
    return application()


def application() -> "Flask":
    """Make the application, for any WSGI server: `gunicorn 'app.cli.serve:application()'` works too."""
    from app import create_app

    tune_malloc()
    settings = Settings()
    keep_files_private(settings)  # gunicorn has a umask of its own
    app = create_app(settings)
    freeze_heap()
    return app
