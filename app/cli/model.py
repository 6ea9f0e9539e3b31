"""`arena model`: find a model as people type it, and begin a file for one of your own."""

from pathlib import Path

import click

from app.catalog import lookup
from app.catalog.search import search
from app.catalog.shapes import is_slug
from app.catalog.template import TEMPLATE
from app.cli.opening import Installation, json_option, now, with_arena
from app.cli.output import print_json

SHOWN = 20


@click.group()
def model() -> None:
    """Models of the catalogue."""


@model.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def new(file: Path) -> None:
    """Write FILE, a .toml named after the model, for you to fill in and load with `arena seed FILE`."""
    slug = file.stem.lower()
    if file.suffix != ".toml" or not is_slug(slug):
        raise click.UsageError(
            "Name the file after the model: lower-case letters, digits, dots and dashes, .toml."
        )
    name = slug.replace("-", " ").title()
    text = TEMPLATE.format(file=file, slug=slug, name=name, today=now().date())
    try:
        with file.open("x", encoding="utf-8") as started:
            started.write(text)
    except FileExistsError as error:
        raise click.UsageError(f"{file} exists already and is left as it is.") from error
    except OSError as error:
        raise click.UsageError(f"{file} cannot be written: {error.strerror}.") from error
    click.echo(f"{file} is written. Fill it in, then load it: arena seed {file}")


@model.command()
@click.argument("words", nargs=-1, required=True)
@json_option
@with_arena
def find(arena: Installation, words: tuple[str, ...], as_json: bool) -> None:
    """Find models by name, alias or provider's id: "dalle", "flux 2 pro", "imagen4". Exit 1: none was found."""
    with arena.database.reading() as session:
        answers = search(lookup.models(session, now().date()), " ".join(words))[:SHOWN]
    if as_json:
        print_json([{"slug": one.slug, "name": one.name, "status": one.shown_status} for one in answers])
    else:
        width = max((len(one.slug) for one in answers), default=0)
        for one in answers:
            click.echo(f"{one.slug:<{width}}  {one.shown_status:<10}  {one.name}")
    if not answers:
        click.echo(f"No model answers to {' '.join(words)!r}.", err=True)
        raise SystemExit(1)
