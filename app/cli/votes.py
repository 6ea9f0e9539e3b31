"""`arena votes`: exports votes and imports another arena's log."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

import click

from app.arena.log.vote_export import ExportSelection
from app.cli.opening import (
    Installation,
    check_place,
    json_option,
    migrate_option,
    now,
    open_installation,
    with_arena,
)
from app.cli.output import NewFile, print_result, progress_bar
from app.files.whole import write_whole
from app.leaderboards.open_data import votes_file, votes_import
from app.leaderboards.open_data.manifest import VotesManifest, manifest_path, read_manifest
from app.leaderboards.runs.refresh import refresh
from app.words import MODES, plural

SECRET_BYTES = 32


@click.group()
def votes() -> None:
    """
    Export votes as open data for anybody, or the whole log for another arena, and import such a log
    (docs/data.md).
    """


@votes.command()
@click.argument("file", type=NewFile())
@click.option("--format", "kind", type=click.Choice(["csv", "jsonl"]), help="By FILE's ending when left out.")
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in MODES]),
    help="Only votes of this mode, hence of one overall board.",
)
@click.option("--all", "uncounted", is_flag=True, help="Also votes that do not count, marked with the reason.")
@click.option("--include-simulated", "simulated", is_flag=True, help="Also simulated votes, marked.")
@click.option("--full", is_flag=True, help="The exact log, to be imported elsewhere. Not for publication.")
@json_option
@migrate_option
def export(
    file: Path,
    kind: Literal["csv", "jsonl"] | None,
    mode: str | None,
    uncounted: bool,
    simulated: bool,
    full: bool,
    as_json: bool,
    migrate: bool,
) -> None:
    """
    Write the counted votes of people to FILE, and to FILE.json what they are and how to check them.

    `arena rate FILE` computes the overall board from the two. Voters get new names in every export.
    """
    if full and (uncounted or simulated):
        raise click.UsageError("--full holds every vote: it needs neither --all nor --include-simulated.")
    check_place(file)
    database, moment = open_installation(migrate=migrate).database, now()
    form = kind or ("jsonl" if file.suffix == ".jsonl" else "csv")
    for each in MODES:  # the boards that the manifest names are to rest on the exported votes
        refresh(database, each, now=now(), by_force=True)
    secret = secrets.token_bytes(SECRET_BYTES)
    with _replace_files(file) as (data, describe), database.reading() as session:
        if full:
            manifest = votes_file.write_log(session, data, mode, form, now=moment, secret=secret)
        else:
            chosen = ExportSelection(mode, uncounted, simulated)
            manifest = votes_file.write_open(session, data, chosen, form, now=moment, secret=secret)
        describe(manifest)
    sentence = f"{plural(manifest.votes, 'vote')} in {file}, SHA-256 {manifest.sha256}"
    print_result(manifest.model_dump(mode="json"), sentence, as_json=as_json)


@votes.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@with_arena
def import_(arena: Installation, file: Path, as_json: bool) -> None:
    """
    Take in the log that `arena votes export --full` wrote to FILE, with FILE.json beside it.

    Competitions and entries must stand here as they stood there. Everything is checked before anything is stored;
    stop it and run it again as you like: what is here already is left as it is.
    """
    with progress_bar("importing", read_manifest(file).votes) as advance:
        report = votes_import.import_votes(arena.database, file, now=now(), progress=advance)
    imported = f"{plural(report.votes, 'vote')} of {plural(report.voters, 'voter')} imported"
    sentences = [
        f"{imported}, {report.already} already there",
        *(f"{mode} has taken over the level of the log's boards" for mode in report.anchors),
    ]
    print_result(vars(report), sentences, as_json=as_json)


@contextmanager
def _replace_files(file: Path) -> Iterator[tuple[BinaryIO, Callable[[VotesManifest], int]]]:
    """Open a file and its manifest for writing; both appear under their names once both are complete."""
    with write_whole(manifest_path(file)) as beside, write_whole(file) as data:
        yield data, lambda manifest: beside.write(f"{manifest.model_dump_json(indent=2)}\n".encode())
