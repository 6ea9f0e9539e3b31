"""`arena pack` writes a pack's manifest; `arena import-pack` imports a pack."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from app.arena.entries import pack_format, pack_import, pack_manifest, pack_showcases, pack_sorting
from app.arena.entries.pack_format import ImageResult, PackCompetition
from app.arena.entries.pack_showcases import ShowcaseRule
from app.arena.entries.pack_sorting import PackPlacement
from app.cli.opening import Installation, json_option, migrate_option, now, open_installation
from app.cli.output import print_result, progress_bar
from app.cli.traces import describe_traces, list_traces
from app.files.folders import open_folder
from app.files.text import escape_for_terminal
from app.words import plural

allow_refused_option = click.option(
    "--allow-refused", is_flag=True, help="End with 0 although something was refused, where anything was taken."
)


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--from-metadata", is_flag=True, help="Read prompt, model and seed from the images themselves.")
@click.option("--pattern", metavar="PATTERN", help="Read them from file names, as {prompt}/{model}_{seed}.png.")
@click.option("--dry-run", is_flag=True, help="Only show the table of what would be written.")
@allow_refused_option
@json_option
def pack(
    folder: Path, from_metadata: bool, pattern: str | None, dry_run: bool, allow_refused: bool, as_json: bool
) -> None:
    """
    Write FOLDER/manifest.json, which `arena import-pack FOLDER` reads. Needs no database.

    \b
    FOLDER/vintage-cafe-logo/prompt.txt      what the models were asked
    FOLDER/vintage-cafe-logo/my-model.png    what my-model made of it
    FOLDER/vintage-cafe-logo/my-model@1.png  its second try, sample 1
    FOLDER/vintage-cafe-logo/input.png       only where images were to be edited

    Add "title", "categories", "frame" to a competition in it, or "licence", "cost_usd", "generation_time_s" to an
    image: run again after the folder changed, it keeps what you added.

    With --from-metadata the images may lie as they like: what Automatic1111, Forge, SD.Next, ComfyUI, InvokeAI,
    Fooocus, SwarmUI, Draw Things, Easy Diffusion, NovelAI, mflux or Midjourney wrote into them says the prompt,
    the checkpoint with its LoRAs, and the seed. --pattern takes what file names say; both together, names first.
    Look at the table of --dry-run before.

    Every file and folder that is not listed is named with the reason. The exit code is 1 when one was refused.
    """  # noqa: D301 - click's own mark for lines that are not to be wrapped
    if not folder.is_dir():
        raise click.UsageError(f"{folder} is no folder.")
    if from_metadata or pattern:
        sorting = pack_sorting.sort_images(folder, metadata=from_metadata, pattern=pattern)
        if not as_json:
            _print_table(sorting.placements)
        listed = sorting.summarize() if dry_run else pack_sorting.write_sorted(folder, sorting)
    elif dry_run:
        raise click.UsageError("--dry-run goes with --from-metadata or --pattern.")
    else:
        listed = pack_manifest.write_manifest(folder)
    answer = {"competitions": listed.competitions, "models": listed.models, "images": listed.images}
    sentence = (
        f"{plural(listed.images, 'image')} of {plural(listed.models, 'model')} in "
        f"{plural(listed.competitions, 'competition')}; "
        f"{'nothing was written' if dry_run else f'next: arena import-pack {shlex.quote(str(folder))}'}"
    )
    _print_outcomes(answer, [sentence], listed.outcomes, as_json=as_json)
    _exit(len(listed.refused), listed.images, allow_refused=allow_refused)


@click.command("import-pack")
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--showcases",
    metavar="RULE",
    help="Hold prompts back: a share of them, as 10%, or `category` for one of each.",
)
@allow_refused_option
@json_option
@migrate_option
def import_pack(folder: Path, showcases: str | None, allow_refused: bool, as_json: bool, migrate: bool) -> None:
    """
    Import the images of FOLDER, or of a zip archive of one, as its manifest.json lists them.

    A bad file is reported with the reason, and the others are imported. Stop it and run it again as you like:
    images that were imported already are left as they are. The exit code is 1 when something was refused.

    Prompts that are held back become showcases: their images are shown with names from the start and never judged,
    so that galleries, boards and models have pictures while every judged one stays nameless. What is in the arena
    already stays what it is.
    """
    rule = None if showcases is None else pack_showcases.parse_rule(showcases)
    arena = open_installation(migrate=migrate)
    with open_folder(folder) as opened:
        listed: tuple[ImageResult, ...] = ()
        if opened != folder and not (opened / pack_manifest.MANIFEST).exists():
            listed = pack_manifest.write_manifest(opened).outcomes
        manifest = pack_format.read_manifest(opened)
        packs = [item for item in manifest if not isinstance(item, ImageResult)]
        total = len(manifest) - len(packs) + sum(max(1, len(pack.images)) for pack in packs)
        held_back = _choose_showcases(arena, packs, rule)
        with progress_bar("importing", total) as advance:
            report = pack_import.import_pack(
                arena.database,
                arena.storage,
                opened,
                now=now,
                progress=lambda _: advance(1),
                held_back=held_back,
            )
    report.outcomes.extend(listed)
    taken, unchanged = report.count("taken"), report.count("unchanged")
    told = list_traces(arena, [item.slug for item in packs])
    answer = {"competitions": report.competitions, "taken": taken, "unchanged": unchanged}
    sentence = (
        f"{plural(report.competitions, 'competition')}: {plural(taken, 'image')} taken, {unchanged} already "
        f"there, {len(report.refused)} refused"
    )
    held = [ImageResult(slug, "taken", "held back as a showcase") for slug in sorted(held_back)]
    outcomes = [*held, *report.outcomes]
    lines = [*(describe_traces(one) for one in told if one.is_telling), sentence]
    _print_outcomes(answer | {"traces": [asdict(one) for one in told]}, lines, outcomes, as_json=as_json)
    _exit(len(report.refused), taken + unchanged, allow_refused=allow_refused)


def _choose_showcases(
    arena: Installation, packs: Sequence[PackCompetition], rule: ShowcaseRule | None
) -> frozenset[str]:
    if rule is None:
        return frozenset()
    with arena.database.reading() as session:
        return pack_showcases.choose_showcases(session, packs, rule)


def _print_outcomes(
    answer: dict[str, Any], last: list[str], outcomes: Sequence[ImageResult], *, as_json: bool
) -> None:
    """Print a line for everything that was not taken as it is, and for notices of what was; `last` ends it."""
    named: dict[str, list[dict[str, str | None]]] = {"refused": [], "skipped": [], "notices": []}
    told = [one for one in outcomes if one.reason is not None]
    for one in told:
        named.get(one.kind, named["notices"]).append({"subject": one.subject, "reason": one.reason})
    lines = [escape_for_terminal(f"{one.kind:<7}  {one.subject}: {one.reason}") for one in told]
    print_result(answer | named, [*lines, *last], as_json=as_json)


def _print_table(placements: Sequence[PackPlacement]) -> None:
    cells = [("competition", "model", "sample", "seed", "file")]
    cells += [(p.slug, p.model, str(p.sample), p.seed or "?", p.file) for p in placements]
    cells = [tuple(map(escape_for_terminal, row)) for row in cells]  # type: ignore[misc]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        click.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def _exit(refused: int, taken: int, *, allow_refused: bool) -> None:
    if refused and not (allow_refused and taken):
        sys.exit(1)
