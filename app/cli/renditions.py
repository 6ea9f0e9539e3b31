"""`arena renditions`: brings what voters see of the pictures up to date."""

import sys
from dataclasses import asdict

import click

from app.cli.opening import json_option, migrate_option, open_installation, print_json


@click.command()
@click.argument("competitions", nargs=-1)
@json_option
@migrate_option
def renditions(competitions: tuple[str, ...], as_json: bool, migrate: bool) -> None:
    """
    Render both sizes of every picture of COMPETITIONS, or of all.

    What is up to date is left as it is. Stop it and run it again as you like: voters see the old pictures of a
    competition until its new ones are all there.
    """
    from app.arena.entries.alignment import align_renditions, list_competitions
    from app.arena.errors import ArenaError
    from app.gateway.images import InvalidImage

    arena = open_installation(migrate=migrate)
    with arena.database.reading() as session:
        slugs = competitions or tuple(list_competitions(session))
    failed = False
    for slug in slugs:
        try:
            done = align_renditions(arena.database, arena.storage, slug)
        except (ArenaError, InvalidImage, OSError) as error:
            failed = True
            click.echo(f"{slug}: {error}", err=True)
            continue
        if as_json:
            print_json(asdict(done))
        else:
            click.echo(_line(asdict(done)))
    sys.exit(1 if failed else 0)


def _line(done: dict[str, object]) -> str:
    return (
        "{competition}: {rendered} of {entries} pictures rendered, {side} px, "
        "{small_bytes} and {large_bytes} bytes, likeness {likeness} at least".format(**done)
    )
