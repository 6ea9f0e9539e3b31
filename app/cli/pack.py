"""`arena pack` and `arena import-pack`."""

from pathlib import Path

import click

from app.arena.entries import pack_import, pack_manifest
from app.arena.entries.pack_import import ImageResult
from app.cli.opening import json_option, migrate_option, now, open_installation, print_json


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
def pack(folder: Path, as_json: bool) -> None:
    """
    Write FOLDER/manifest.json, which `arena import-pack FOLDER` reads. Needs no database.

    \b
    FOLDER/vintage-cafe-logo/prompt.txt      what the models were asked
    FOLDER/vintage-cafe-logo/my-model.png    what my-model made of it
    FOLDER/vintage-cafe-logo/my-model@1.png  its second try, sample 1
    FOLDER/vintage-cafe-logo/input.png       only where images were to be edited

    Add "title", "categories", "frame" to a competition in it, or "licence", "cost_usd", "generation_time_s" to an
    image: run again after the folder changed, it keeps what you added.
    """  # noqa: D301 - click's own mark for lines that are not to be wrapped
    packed = pack_manifest.write_manifest(folder)
    if as_json:
        print_json(
            {
                "competitions": packed.competitions,
                "models": packed.models,
                "images": packed.images,
                "refused": [{"subject": o.subject, "reason": o.reason} for o in packed.refused],
            }
        )
        return
    for outcome in packed.refused:
        click.echo(f"refused  {outcome.subject}: {outcome.reason}")
    click.echo(
        f"{packed.images} images of {packed.models} models in {packed.competitions} competitions; "
        f"next: arena import-pack {folder}"
    )


@click.command("import-pack")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
@migrate_option
def import_pack(folder: Path, as_json: bool, migrate: bool) -> None:
    """
    Import the images of FOLDER as its manifest.json lists them.

    A bad file costs itself and not the run: it is reported with the reason. Stop it and run it again as you
    like; what is there already is left as it is.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    arena = open_installation(migrate=migrate)
    total = sum(
        1 if isinstance(item, ImageResult) else max(1, len(item.images))
        for item in pack_import.read_manifest(folder)
    )
    columns = ("importing", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total)
        report = pack_import.import_pack(
            arena.database, arena.storage, folder, now=now, progress=lambda _: bar.advance(task)
        )
    if as_json:
        print_json(
            {
                "competitions": report.competitions,
                "taken": report.count("taken"),
                "unchanged": report.count("unchanged"),
                "refused": [{"subject": o.subject, "reason": o.reason} for o in report.refused],
            }
        )
        return
    for outcome in report.refused:
        click.echo(f"refused  {outcome.subject}: {outcome.reason}")
    click.echo(
        f"{report.competitions} competitions: {report.count('taken')} images taken, "
        f"{report.count('unchanged')} already there, {report.count('refused')} refused"
    )
