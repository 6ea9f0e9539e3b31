"""
How many bytes a pair costs a voter, how like their originals its pictures are, and how much a pack takes on disk.

    python scripts/bench/pictures.py [FOLDER] [--data-dir FOLDER]

Without FOLDER it measures the demo's paintings; FOLDER is a pack, as `arena import-pack` takes it, of which only
competitions with originals of 640 pixels and more count. Everything goes into an arena of its own that is thrown
away, or into the given data directory, which is kept: what is there already is not made again. Exit 1 where a bar
is missed. It takes some forty seconds for the paintings.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from app.arena.tables import Competition, Entry
from app.database.doors import Database
from app.edge.static_files import read_static_file
from scripts.bench.arguments import existing_folder

LEAST_SIDE = 640
STATIC = Path("app/web/static")
SCRIPTS = ("arena.js", "closer.js", "outbox.js", "captions.js", "report.js", "clock.js", "page.js")
PAGE = ("base.css", "arena.css", *SCRIPTS, "icon.svg")
BARS = {"at 390 px and density 3": (130, 220), "at 1280 px": (320, 560)}
"""Kilobytes of a first pair with the page's own files: in the median competition and in the worst."""


@dataclass(frozen=True)
class Measures:
    """Bytes of a pair per competition at both sizes, likeness per entry, and bytes on disk."""

    names: tuple[str, ...]
    small: tuple[int, ...]
    large: tuple[int, ...]
    likeness: tuple[float, ...]
    entries: int
    on_disk: int


def arena(folder: Path, *arguments: str) -> None:
    """Run the command line against an arena in this folder."""
    command = [sys.executable, "-m", "app.cli", *arguments]
    environment = {"DATA_DIR": str(folder), "PATH": "/usr/bin:/bin", "LOG_LEVEL": "error"}
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def fill(folder: Path, pack: Path | None) -> None:
    """Import the pack, or paint the demo."""
    if pack is None:
        arena(folder, "demo", "--no-serve", "--votes", "0")
    else:
        arena(folder, "import-pack", "--allow-refused", str(pack))


def measure(folder: Path) -> Measures:
    """Read what the arena has stored."""
    database = Database(f"sqlite:///{folder / 'blindvote.sqlite3'}")
    with database.reading() as session:
        competitions = session.scalars(
            select(Competition).where(Competition.rendition_side >= LEAST_SIDE, Competition.status != "draft")
        ).all()
        ids = [competition.id for competition in competitions]
        entries = session.scalars(
            select(Entry).where(Entry.competition_id.in_(ids), Entry.role == "contestant")
        ).all()
    database.close()
    files = [file for file in (folder / "files").rglob("*") if file.is_file()]
    return Measures(
        names=tuple(competition.slug for competition in competitions),
        small=tuple(2 * competition.small_file_bytes for competition in competitions),
        large=tuple(2 * competition.file_bytes for competition in competitions),
        likeness=tuple(entry.likeness for entry in entries if entry.likeness is not None),
        entries=len(entries),
        on_disk=sum(file.stat().st_size for file in files),
    )


def tell(name: str, numbers: Sequence[float], unit: str) -> None:
    """Print the smallest, the median and the largest."""
    least, middle, most = min(numbers), statistics.median(numbers), max(numbers)
    print(f"{name:<34} smallest {least:8.3f}  median {middle:8.3f}  largest {most:8.3f} {unit}")


def main() -> None:
    """Print the measures of a pack, or of the demo."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=existing_folder, nargs="?")
    parser.add_argument("--data-dir", type=Path)
    given = parser.parse_args()
    pack: Path | None = given.folder
    with tempfile.TemporaryDirectory() as made:
        folder = given.data_dir or Path(made)
        fill(folder, pack)
        measures = measure(folder)
    page = sum(len(read_static_file(STATIC / name).page.content("br")) for name in PAGE)
    print(f"{pack or 'the demo'}: {measures.entries} entries in {len(measures.small)} competitions")
    print(f"the page's own files, as browsers get them: {page / 1000:.1f} KB, once")
    met = tell_pairs(measures, page)
    tell("likeness to the lossless picture", measures.likeness, "")
    print(f"on disk: {measures.on_disk / 1_000_000:.1f} MB")
    sys.exit(not met)


def tell_pairs(measures: Measures, page: int) -> bool:
    """Print what a first pair costs, by competition and beside the bars; returns whether it is within them."""
    met = True
    for name, small, large in zip(measures.names, measures.small, measures.large, strict=True):
        print(f"{name:<34} {(small + page) / 1000:8.1f} KB at 390 px, {(large + page) / 1000:8.1f} KB at 1280 px")
    for (where, bars), sizes in zip(BARS.items(), (measures.small, measures.large), strict=True):
        told = [(size + page) / 1000 for size in sizes]
        tell(f"a pair {where}, all files", told, "KB")
        within = statistics.median(told) <= bars[0] and max(told) <= bars[1]
        met = met and within
        word = "within" if within else "MISSES"
        print(f"{'':<34} {word} {bars[0]} KB in the median and {bars[1]} KB in the worst")
    return met


if __name__ == "__main__":
    main()
