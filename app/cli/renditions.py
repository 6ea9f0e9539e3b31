"""`arena renditions`: brings what voters see of the pictures up to date."""

import sys
from dataclasses import asdict

import click

from app.arena.entries.alignment import Alignment, align_renditions, list_competitions
from app.arena.entries.orphans import find_orphans
from app.arena.errors import ArenaError
from app.cli.opening import Installation, json_option, migrate_option, open_installation
from app.cli.output import print_json, print_result
from app.gateway.images import InvalidImage
from app.words import plural


@click.command()
@click.argument("competitions", nargs=-1)
@click.option("--orphans", is_flag=True, help="Only list files that no entry and no competition names.")
@click.option("--delete", is_flag=True, help="Delete what --orphans lists. Not while something is imported.")
@json_option
@migrate_option
def renditions(competitions: tuple[str, ...], orphans: bool, delete: bool, as_json: bool, migrate: bool) -> None:
    """
    Render both sizes of every picture of COMPETITIONS, or of all.

    What is up to date is left as it is. Stop it and run it again as you like: voters see the old pictures of a
    competition until its new ones are all there.
    """
    if (delete and not orphans) or (orphans and competitions):
        raise click.UsageError("--delete goes with --orphans, which looks at all competitions.")
    arena = open_installation(migrate=migrate)
    if orphans:
        _report_orphans(arena, delete=delete, as_json=as_json)
        return
    with arena.database.reading() as session:
        slugs = competitions or tuple(list_competitions(session))
    done = []
    for slug in slugs:
        try:
            done.append(align_renditions(arena.database, arena.storage, slug))
        except (ArenaError, InvalidImage, OSError) as error:
            click.echo(f"{slug}: {error}", err=True)
            continue
        if not as_json:
            click.echo(_describe(done[-1]))
    if as_json:
        print_json([asdict(one) for one in done])
    sys.exit(1 if len(done) < len(slugs) else 0)


def _describe(done: Alignment) -> str:
    likeness = "" if done.likeness is None else f", likeness {done.likeness} at least"
    return (
        f"{done.competition}: {done.rendered} of {plural(done.entries, 'picture')} rendered, {done.side} px, "
        f"{done.small_bytes} and {done.large_bytes} bytes{likeness}"
    )


def _report_orphans(arena: Installation, *, delete: bool, as_json: bool) -> None:
    with arena.database.reading() as session:
        keys = find_orphans(session, arena.storage)
    for key in keys if delete else ():
        arena.storage.delete(key)
    sentence = f"{plural(len(keys), 'file')} without an entry {'deleted' if delete else 'found'}"
    print_result({"orphans": keys, "deleted": delete}, [*keys, sentence], as_json=as_json)
