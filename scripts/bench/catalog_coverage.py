"""Prints what share of the catalogue's real models states each fact, for these files and for those of a commit."""

import argparse
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path

from app.catalog.limits import Limits
from app.catalog.seeds import Seeds, read_seeds
from app.catalog.shapes import ModelSeed
from app.database.places import ROOT

FOLDER = Path("scripts") / "seeds" / "catalog"
FACTS: dict[str, Callable[[ModelSeed], bool]] = {
    "release date": lambda model: model.released is not None,
    "licence": lambda model: model.licence is not None,
    "status with source": lambda model: model.status is not None,
    "weights, open or not": lambda model: model.weights is not None or model.open_weights is not None,
    "prose": lambda model: model.prose.overview is not None,
    "price": lambda model: any(offering.prices for offering in model.offerings),
    "offering": lambda model: bool(model.offerings),
    "limits": lambda model: model.limits != Limits(),
    "paper or home page": lambda model: (model.paper or model.homepage) is not None,
    "number of parameters": lambda model: model.parameter_count is not None,
    "architecture": lambda model: model.architecture is not None,
    "parameters of its own": lambda model: bool(model.parameters),
}


def coverage(seeds: Seeds) -> dict[str, int]:
    """Count how many models state each fact, demo models apart."""
    real = [model for model in seeds.models if not model.demo]
    counts = {name: sum(states(model) for model in real) for name, states in FACTS.items()}
    checked = [seeds.sources[key].checked_on or date.min for m in real for key in m.facts().values() if key]
    return {"models": len(real), **counts, "facts": len(checked), "facts read on a known day": _known(checked)}


def _known(days: list[date]) -> int:
    return sum(day != date.min for day in days)


def seeds_of(revision: str) -> Seeds:
    """Read the catalogue's files as a commit has them."""
    archive = subprocess.run(
        ["git", "archive", revision, str(FOLDER)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
            files.extractall(folder, filter="data")
        return read_seeds(Path(folder) / FOLDER)


def main() -> None:
    """Print a table with a column for each revision and one for the files as they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", metavar="REVISION", action="append", default=[], help="a commit to compare")
    revisions = parser.parse_args().before
    tables = {name: coverage(seeds_of(name)) for name in revisions} | {"now": coverage(read_seeds(ROOT / FOLDER))}
    print(f"{'':26}" + "".join(f"{name[:12]:>16}" for name in tables))
    for fact in ("models", *FACTS, "facts", "facts read on a known day"):
        cells = [(table[fact], table["facts" if "facts" in fact else "models"]) for table in tables.values()]
        print(f"{fact:26}" + "".join(f"{count:>9}{100 * count / of:>5.0f} %" for count, of in cells))


if __name__ == "__main__":
    main()
