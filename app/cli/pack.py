"""`arena pack` writes a pack's manifest; `arena import-pack` imports a pack."""

from collections.abc import Sequence
from pathlib import Path

import click

from app.arena.entries import pack_import, pack_manifest
from app.arena.entries.pack_import import ImageResult
from app.cli.opening import json_option, migrate_option, now, open_installation
from app.cli.output import print_result, progress_bar


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
    listed = pack_manifest.write_manifest(folder)
    answer = {"competitions": listed.competitions, "models": listed.models, "images": listed.images}
    sentence = (
        f"{listed.images} images of {listed.models} models in {listed.competitions} competitions; "
        f"next: arena import-pack {folder}"
    )
    _print_with_refusals(answer, sentence, listed.refused, as_json=as_json)


@click.command("import-pack")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
@migrate_option
def import_pack(folder: Path, as_json: bool, migrate: bool) -> None:
    """
    Import the images of FOLDER as its manifest.json lists them.

    A bad file is reported with the reason, and the others are imported. Stop it and run it again as you like:
    images that were imported already are left as they are.
    """
    arena = open_installation(migrate=migrate)
    total = sum(
        1 if isinstance(item, ImageResult) else max(1, len(item.images))
        for item in pack_import.read_manifest(folder)
    )
    with progress_bar("importing", total) as advance:
        report = pack_import.import_pack(
            arena.database, arena.storage, folder, now=now, progress=lambda _: advance(1)
        )
    taken, unchanged = report.count("taken"), report.count("unchanged")
    answer = {"competitions": report.competitions, "taken": taken, "unchanged": unchanged}
    sentence = (
        f"{report.competitions} competitions: {taken} images taken, {unchanged} already there, "
        f"{len(report.refused)} refused"
    )
    _print_with_refusals(answer, sentence, report.refused, as_json=as_json)


def _print_with_refusals(
    answer: dict[str, int], sentence: str, refused: Sequence[ImageResult], *, as_json: bool
) -> None:
    named = [{"subject": one.subject, "reason": one.reason} for one in refused]
    lines = [f"refused  {one.subject}: {one.reason}" for one in refused]
    print_result(answer | {"refused": named}, "\n".join([*lines, sentence]), as_json=as_json)
