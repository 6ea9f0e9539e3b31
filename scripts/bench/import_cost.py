"""
What importing the demo's pictures costs in CPU time beside another checkout, in total and by competition.

    git worktree add /tmp/old COMMIT && (cd /tmp/old && scripts/setup)
    arena demo --no-serve --votes 0        # with DATA_DIR=FOLDER
    python scripts/bench/import_cost.py FOLDER /tmp/old [--bar 2.5]

The contestants of FOLDER become a pack, which `arena import-pack` of both checkouts imports competition by
competition. What the command costs to start, measured on a pack of one tiny picture, is subtracted.
Exit 1 where the total ratio is above the bar.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from sqlalchemy import select

from app.arena.entries import pack_manifest
from app.arena.tables import Entry
from app.database.doors import Database
from app.gateway.storage import Storage

ROOT = Path(__file__).resolve().parent.parent.parent


def export(data: Path, packs: Path) -> list[Path]:
    """Write a pack of each competition's contestants; returns their folders."""
    database = Database(f"sqlite:///{data / 'blindvote.sqlite3'}")
    storage = Storage(data / "files")
    with database.reading() as session:
        for entry in session.scalars(select(Entry).where(Entry.role == "contestant")):
            slug = entry.competition.slug
            folder = packs / slug / slug
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "prompt.txt").write_text(entry.competition.prompt)
            (folder / f"{entry.model.slug}.png").write_bytes(storage.get(entry.original_key))
    database.close()
    return sorted(packs.iterdir())


def tiny_pack(folder: Path) -> Path:
    """Make a pack whose import costs next to nothing besides the start of the command."""
    place = folder / "tiny"
    place.mkdir(parents=True)
    (place / "prompt.txt").write_text("A gradient")
    Image.linear_gradient("L").resize((64, 64)).save(place / "model.png")
    return folder


def import_seconds(checkout: Path, pack: Path) -> float:
    """Return the CPU seconds that a checkout takes to import a pack into an empty arena."""
    with tempfile.TemporaryDirectory() as data:
        python = checkout / ".venv/bin/python"
        environment = {"DATA_DIR": data, "PATH": "/usr/bin:/bin", "LOG_LEVEL": "error"}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [python, "-m", "app.cli", "import-pack", str(pack)]
        subprocess.run(command, check=True, env=environment, cwd=checkout, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the CPU seconds of both checkouts for each competition, and the ratio of the totals."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("other", type=Path)
    parser.add_argument("--bar", type=float, default=2.5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        packs, tiny = export(given.data, Path(made, "packs")), tiny_pack(Path(made, "tiny"))
        here, there = compare(packs, tiny, (ROOT, given.other.resolve()))
    met = tell("all", here, there) <= given.bar
    print(f"{'within' if met else 'MISSES'} {given.bar:g}")
    sys.exit(not met)


def compare(packs: list[Path], tiny: Path, checkouts: tuple[Path, Path]) -> tuple[float, float]:
    """Import every pack with both checkouts, print and add up the CPU seconds beside those of a start."""
    for pack in (tiny, *packs):
        pack_manifest.write_manifest(pack)
    # The least of three: the first start of a checkout also fills the system's cache of files.
    starts = [min(import_seconds(checkout, tiny) for _ in range(3)) for checkout in checkouts]
    tell("a start, not counted", *starts)
    totals = [0.0, 0.0]
    for pack in packs:
        taken = [import_seconds(one, pack) - start for one, start in zip(checkouts, starts, strict=True)]
        tell(pack.name, *taken)
        totals = [total + seconds for total, seconds in zip(totals, taken, strict=True)]
    return totals[0], totals[1]


def tell(name: str, here: float, there: float) -> float:
    """Print the CPU seconds of both checkouts; returns the ratio."""
    print(f"{name:<28} here {here:7.2f} s  there {there:7.2f} s  ratio {here / there:.2f}", flush=True)
    return here / there


if __name__ == "__main__":
    main()
