"""`arena demo`: fills the arena for a first look; `arena demo clear` empties it again."""

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

from app.cli.opening import Installation, migrate_option, now, open_installation
from app.cli.output import progress_bar
from app.cli.seed import CATEGORIES, SEEDS, load_seeds
from app.cli.serve import STOP_SECONDS
from app.cli.stopping import SIGNALS
from app.settings import environment_over, one_thread_for_numpy
from app.words import Mode, plural

if TYPE_CHECKING:
    from app.arena.entries.generation import GenerationTask

EDIT_SHARE = 2
"""Every second vote is on an image edit: with fewer, chance orders that board as much as the painters do."""
REFRESH_SECONDS = 3.0
"""Between two looks at the boards while votes come in."""


@click.group(invoke_without_command=True)
@click.option(
    "--votes", type=click.IntRange(0, 5_000), default=900, show_default=True, help="Simulated votes in all."
)
@click.option("--no-serve", is_flag=True, help="Only fill the arena.")
@click.option("--yes", is_flag=True, help="Do not ask before it joins an arena with images of its own.")
@migrate_option
@click.pass_context
def demo(context: click.Context, votes: int, no_serve: bool, yes: bool, migrate: bool) -> None:
    """
    Fill the arena with pictures drawn by code and simulated votes, and serve it meanwhile.

    Needs no key and no network. Run again it adds what is missing and nothing else. An arena that has images of
    other models is filled only after a question: set DATA_DIR to another folder to keep the two apart.
    """
    if context.invoked_subcommand:
        return
    one_thread_for_numpy()
    _set_stop_handler(_raise_interrupt)
    arena = open_installation(migrate=migrate)
    if not yes:
        _confirm_mixing(arena, votes)
    click.echo("Loading the catalogue and seven competitions ...", err=True)
    load_seeds(arena, (SEEDS,))
    if no_serve:
        _fill_arena(arena, votes, None)
        return
    with _run_server() as server:
        _fill_arena(arena, votes, server)
        click.echo(f"The demo is complete: http://{arena.settings.host}:{arena.settings.port} - Ctrl-C ends it.")
        try:
            server.wait()
        except KeyboardInterrupt:
            return
        _exit_if_ended(server)


@demo.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@migrate_option
def clear(yes: bool, migrate: bool) -> None:
    """
    Remove the demo's pictures, votes and image-edit competitions; the catalogue and what was seeded stay.

    Simulated votes are deleted. Votes of people on demo pictures are kept and no longer counted.
    """
    one_thread_for_numpy()
    arena = open_installation(migrate=migrate)
    if not yes:
        click.confirm("Remove every demo picture and every simulated vote?", abort=True, err=True)
    from app.demo import clear as standing_demo

    done = standing_demo.clear_demo(arena.database, arena.storage, now=now)
    click.echo(
        f"{plural(done.matchups, 'simulated matchup')} deleted, {plural(done.excluded, 'vote')} of people no "
        f"longer counted, {plural(done.deleted, 'picture')} deleted, {done.withdrawn} withdrawn"
    )


def _confirm_mixing(arena: Installation, votes: int) -> None:
    """Ask before the demo comes into an arena of somebody's own images; not again once it is there."""
    from app.demo import drawing, simulated_voters

    with arena.database.reading() as session:
        own = 0 if simulated_voters.is_demo(session) else drawing.count_others(session)
    if own:
        click.confirm(
            f"This arena has {plural(own, 'image')} of its own. The demo puts eight painters and "
            f"{plural(votes, 'simulated vote')} on the same boards; `arena demo clear` removes them, and another "
            "folder in DATA_DIR keeps the two apart. Go on?",
            abort=True,
            err=True,
        )


def _raise_interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    _set_stop_handler(lambda *_: None)
    raise KeyboardInterrupt


def _set_stop_handler(handler: Callable[[int, FrameType | None], None]) -> None:
    """Handle a signal to stop once: a second one during cleanup would leave the server running."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


@contextmanager
def _run_server() -> Iterator[subprocess.Popen[bytes]]:
    """
    Run `arena serve` with this environment as a child process, and end it with the block.

    Its log says what goes wrong, in words: a line for every request would bury the progress and the address.
    """
    quiet = {"LOG_LEVEL": "warning", "LOG_FORMAT": "text"}
    server = subprocess.Popen([sys.executable, "-m", "app.cli", "serve"], env=environment_over(quiet))
    try:
        yield server
    finally:
        _set_stop_handler(lambda *_: None)
        server.terminate()
        try:
            server.wait(STOP_SECONDS + 5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _exit_if_ended(server: subprocess.Popen[bytes] | None) -> None:
    if server is not None and server.poll() is not None:
        click.echo(f"The server ended by itself with status {server.returncode}; its message is above.", err=True)
        sys.exit(1)


def _fill_arena(arena: Installation, votes: int, server: subprocess.Popen[bytes] | None) -> None:
    """Draw contestants, cast votes on them, the same for edits, then showcases: so boards exist soonest."""
    from app.demo import drawing, edits, simulated_voters

    arena.database.write(lambda session: simulated_voters.ask_both(session, now=now()))
    with arena.database.reading() as session:
        edition = drawing.count_cleared_demos(session)
    _draw_pictures(arena, drawing.plan_contestants(_seed_competitions(), edition), "contestants", server)
    on_edits = votes // EDIT_SHARE
    _cast_votes(arena, Mode.TEXT_TO_IMAGE, votes - on_edits, server)
    made = edits.make_competitions(arena.database, arena.storage, now=now)
    with arena.database.reading() as session:
        planned = edits.plan_edits(session, made, edition)
    _draw_pictures(arena, planned, "edits", server)
    _cast_votes(arena, Mode.IMAGE_EDIT, on_edits, server)
    shown = arena.database.write(lambda session: drawing.make_showcases(session, now=now()))
    _draw_pictures(arena, drawing.plan_contestants(shown, edition), "showcases", server)


def _seed_competitions() -> list[str]:
    """List the slugs of the seed competitions."""
    from app.arena.entries import competitions

    files = sorted((SEEDS / "competitions").glob("*.toml"))
    return [competitions.read(file).slug for file in files if file.name != CATEGORIES]


def _draw_pictures(
    arena: Installation,
    tasks: "list[GenerationTask]",
    name: str,
    server: subprocess.Popen[bytes] | None,
) -> None:
    from app.arena.entries import generation
    from app.gateway.generate import read_config
    from app.gateway.transport import Client

    with arena.database.reading() as session:
        missing = generation.find_missing(session, tasks)
    context = generation.GenerationContext(arena.database, arena.storage, read_config(arena.settings), Client())
    with (
        progress_bar(name, len(tasks), done=len(tasks) - len(missing)) as advance,
        closing(generation.generate_entries(context, missing, now=now)) as pictures,
    ):
        for drawn in pictures:
            if drawn.refusal:
                place = drawn.task.place
                click.echo(f"\n{place.model} in {place.competition}: {drawn.refusal}", err=True)
            advance(1)
            _exit_if_ended(server)


def _cast_votes(arena: Installation, mode: Mode, total: int, server: subprocess.Popen[bytes] | None) -> None:
    from app.arena.voting.pool import Pool
    from app.demo import simulated_voters
    from app.leaderboards.runs.refresh import rebuild, refresh

    with arena.database.reading() as session:
        done = simulated_voters.count_votes(session, mode)
    looked = time.monotonic()
    cast = simulated_voters.cast_votes(
        arena.database,
        Pool(),
        total,
        mode=mode,
        now=now,
        rng=random.SystemRandom(),
        matchup_seconds=arena.settings.matchup_seconds,
    )
    with progress_bar("votes", max(total, done), done) as advance:
        for _ in cast:
            advance(1)
            if time.monotonic() - looked > REFRESH_SECONDS:
                _exit_if_ended(server)
                refresh(arena.database, mode, now=now())
                looked = time.monotonic()
    if done < total:
        rebuild(arena.database, mode, now=now())
    else:  # stopped after its last vote, a demo left boards that lack it
        refresh(arena.database, mode, now=now(), by_force=True)
