"""`arena seed`: catalogue and competition files into the database."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click
from sqlalchemy.orm import Session

from app.arena.entries import competitions
from app.arena.entries.inputs import delete_unused, store_beside
from app.catalog.loading import SeedChange, load
from app.catalog.seeds import batches, read_seeds
from app.cli.opening import Installation, json_option, now, with_arena
from app.cli.output import print_result
from app.database.places import ROOT
from app.files.text import InvalidFile
from app.files.toml import read_toml

SEEDS = ROOT / "scripts" / "seeds"
CATEGORIES = "categories.toml"
HEADLINES = frozenset({"image_models", "providers", "categories", "competitions"})


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("-v", "--verbose", is_flag=True, help="Print every row, unchanged ones too.")
@json_option
@with_arena
def seed(arena: Installation, paths: tuple[Path, ...], verbose: bool, as_json: bool) -> None:
    """
    Load catalogue and competition files, or folders of them; scripts/seeds when no PATH is given.

    Run twice it changes nothing. A changed price closes the old one and opens a new one.
    """
    changes = load_seeds(arena, paths or (SEEDS,))
    shown = [one for one in changes if verbose or _is_news(one)]
    counts = Counter((change.table, change.kind) for change in changes)
    lines = [
        *(f"{one.kind:<10} {one.table:<13} {one.key}" for one in shown),
        *(f"{count:>6} {table} {kind}" for (table, kind), count in sorted(counts.items())),
    ]
    print_result([vars(change) for change in changes], lines, as_json=as_json)


def _is_news(change: SeedChange) -> bool:
    """Tell whether a change is printed without --verbose."""
    is_headline = change.kind == "created" and change.table in HEADLINES
    return is_headline or change.kind in {"changed", "removed", "kept"}


def load_seeds(arena: Installation, paths: Iterable[Path]) -> list[SeedChange]:
    """Load these files and folders; list every row with what became of it."""
    changes: list[SeedChange] = []
    for path in paths:
        for folder_or_file, is_catalog in _parts(path):
            changes += (_load_catalog if is_catalog else _load_competitions)(arena, folder_or_file)
    return changes


def _parts(path: Path) -> list[tuple[Path, bool]]:
    """List the files at a path, and whether each belongs to the catalogue; the catalogue comes first."""
    if path.is_file():
        is_competition = path.name == CATEGORIES or "prompt" in _toml(path)
        return [(path, not is_competition)]
    catalog, competitions = path / "catalog", path / "competitions"
    if catalog.is_dir() or competitions.is_dir():
        return [(p, p == catalog) for p in (catalog, competitions) if p.is_dir()]
    files = sorted(path.glob("*.toml"))
    if not files:
        raise click.UsageError(f"{path}: this folder holds no .toml file.")
    return [(path, not any(file.name == CATEGORIES or "prompt" in _toml(file) for file in files))]


def _toml(path: Path) -> dict[str, object]:
    try:
        return read_toml(path)
    except InvalidFile as error:
        raise click.UsageError(str(error)) from error


def _load_catalog(arena: Installation, path: Path) -> list[SeedChange]:
    changes: list[SeedChange] = []
    for part in batches(read_seeds(path)):
        changes += arena.database.write(lambda session: load(session, part, now=now()))  # noqa: B023
    return changes


def _load_competitions(arena: Installation, path: Path) -> list[SeedChange]:
    files = [path] if path.is_file() else sorted(path.glob("*.toml"))
    categories = [c for file in files if file.name == CATEGORIES for c in competitions.read_categories(file)]
    specs = [(file, competitions.read(file)) for file in files if file.name != CATEGORIES]
    inputs = {spec.slug: store_beside(arena.storage, file.parent, spec) for file, spec in specs}

    def work(session: Session) -> list[SeedChange]:
        changes = [competitions.save_category(session, category) for category in categories]
        for _, spec in specs:
            changes.append(competitions.save(session, spec, now=now(), input_key=inputs.get(spec.slug)))
        return changes

    try:
        return arena.database.write(work)
    finally:
        for key in inputs.values():
            delete_unused(arena.database, arena.storage, key)
