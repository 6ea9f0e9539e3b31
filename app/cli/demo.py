"""`arena demo`: an arena to look at, and `arena demo clear`, which takes it away again."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from app.cli.opening import Opened, migrate_option, now, opened
from app.cli.seed import CATEGORIES, SEEDS, load_seeds
from app.cli.serve import STOP_SECONDS
from app.settings import one_thread_for_numpy

if TYPE_CHECKING:
    from rich.progress import Progress

    from app.arena.entries.generation import Order

MODE = "text-to-image"
REFRESH_SECONDS = 3.0
"""Between two looks at the boards while votes come in."""


@click.group(invoke_without_command=True)
@click.option("--votes", type=click.IntRange(0, 5_000), default=600, show_default=True, help="Simulated, in all.")
@click.option("--no-serve", is_flag=True, help="Only fill the arena.")
@migrate_option
@click.pass_context
def demo(context: click.Context, votes: int, no_serve: bool, migrate: bool) -> None:
    """
    Fill the arena with pictures drawn by code and simulated votes, and serve it meanwhile.

    Needs no key and no network. Run again it adds what is missing and nothing else.
    """
    if context.invoked_subcommand:
        return
    one_thread_for_numpy()
    _heed(_stop)
    arena = opened(migrate=migrate)
    click.echo("Loading the catalogue and seven competitions ...", err=True)
    load_seeds(arena, (SEEDS,))
    if no_serve:
        _fill(arena, votes, None)
        return
    with _serving() as server:
        _fill(arena, votes, server)
        click.echo(f"The demo is complete: http://{arena.settings.host}:{arena.settings.port} - Ctrl-C ends it.")
        try:
            server.wait()
        except KeyboardInterrupt:
            return
        _check(server)


@demo.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@migrate_option
def clear(yes: bool, migrate: bool) -> None:
    """
    Remove the demo's pictures and votes; the catalogue and the competitions stay.

    Simulated votes are deleted. Votes of people on demo pictures are kept and no longer counted.
    """
    one_thread_for_numpy()
    arena = opened(migrate=migrate)
    if not yes:
        click.confirm("Remove every demo picture and every simulated vote?", abort=True, err=True)
    from app.demo import clear as standing_demo

    done = standing_demo.clear(arena.database, arena.storage, now=now)
    click.echo(
        f"{done.matchups} simulated matchups deleted, {done.excluded} votes of people no longer counted, "
        f"{done.deleted} pictures deleted, {done.withdrawn} withdrawn"
    )


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    _heed(lambda *_: None)
    raise KeyboardInterrupt


def _heed(handler: Callable[[int, FrameType | None], None]) -> None:
    """An interrupt in the midst of tidying up would leave the server behind: `_stop` is heard once."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


@contextmanager
def _serving() -> Iterator[subprocess.Popen[bytes]]:
    """`arena serve` with our own environment, ended with us."""
    server = subprocess.Popen([sys.executable, "-m", "app.cli", "serve"])
    try:
        yield server
    finally:
        _heed(lambda *_: None)
        server.terminate()
        try:
            server.wait(STOP_SECONDS + 5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _check(server: subprocess.Popen[bytes] | None) -> None:
    if server is not None and server.poll() is not None:
        click.echo(f"The server ended by itself with status {server.returncode}; its message is above.", err=True)
        sys.exit(1)


def _fill(arena: Opened, votes: int, server: subprocess.Popen[bytes] | None) -> None:
    """Contestants first, votes on them next, so that boards are there soon; showcases last."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from app.demo import drawing

    with arena.database.reading() as session:
        edition = drawing.edition(session)
    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        _draw(arena, drawing.contestants(_slugs(), edition), "contestants", bar, server)
        _vote(arena, votes, bar, server)
        _draw(arena, drawing.showcases(edition), "showcases", bar, server)


def _slugs() -> list[str]:
    """Of the seed competitions."""
    from app.arena.entries import competitions

    files = sorted((SEEDS / "competitions").glob("*.toml"))
    return [competitions.read(file).slug for file in files if file.name != CATEGORIES]


def _draw(
    arena: Opened,
    orders: "list[Order]",
    name: str,
    bar: "Progress",
    server: subprocess.Popen[bytes] | None,
) -> None:
    from app.arena.entries import generation
    from app.gateway.generate import means
    from app.gateway.wire import Client

    with arena.database.reading() as session:
        left = generation.missing(session, orders)
    task = bar.add_task(name, total=len(orders), completed=len(orders) - len(left))
    studio = generation.Studio(arena.database, arena.storage, means(arena.settings), Client())
    with closing(generation.draw_all(studio, left, now=now)) as pictures:
        for drawn in pictures:
            if drawn.refusal:
                bar.console.print(f"{drawn.order.place.model} in {drawn.order.place.competition}: {drawn.refusal}")
            bar.advance(task)
            _check(server)


def _vote(arena: Opened, total: int, bar: "Progress", server: subprocess.Popen[bytes] | None) -> None:
    from app.arena.voting.pool import Pool
    from app.demo import simulated_voters
    from app.leaderboards.runs.refresh import rebuild, refresh

    with arena.database.reading() as session:
        done = simulated_voters.votes(session)
    task = bar.add_task("votes", total=max(total, done), completed=done)
    looked = time.monotonic()
    cast = simulated_voters.cast_votes(
        arena.database,
        Pool(),
        total,
        now=now,
        rng=random.SystemRandom(),
        matchup_seconds=arena.settings.matchup_seconds,
    )
    for _ in cast:
        bar.advance(task)
        if time.monotonic() - looked > REFRESH_SECONDS:
            _check(server)
            refresh(arena.database, MODE, now=now())
            looked = time.monotonic()
    if done < total:
        rebuild(arena.database, MODE, now=now())
