"""
Mutated files through the commands that read them: no traceback, no half import, no difference between databases.

Packs (folders, manifests and zip archives), images, files of votes, competitions and folders of seeds are mutated
at random. Each goes through the command that reads it, on SQLite and, with --postgres, on PostgreSQL: what is
printed, the exit code, the rows and the number of files stored must be the same on both, agree with the report,
and be as before where nothing was taken. A second import must change nothing.

    python scripts/faults/files.py [--cases 2000] [--start 0] [--seed N] [--postgres]

Prints how many cases of each kind ended in which way. Exit 1 where there was a fault.
"""

import argparse
import csv
import gzip
import hashlib
import io
import json
import random
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from app.cli import votes_file
from app.cli.votes_file import InvalidVotes, Votes
from scripts.faults import file_mutations as mutations
from scripts.faults.command_runs import Arena, Ending, arenas
from tests.factories import picture_bytes

Rng = random.Random
VOTES = [
    ["model_a", "model_b", "winner", "competition", "counted", "voter"],
    ["x", "y", "model_a", "c", "true", "v"],
    ["y", "z", "tie", "c", "true", "v"],
    ["z", "x", "both_bad", "d", "false", "w"],
    ["x", "z", "model_b", "d", "true", ""],
]
TOML = 'slug = "a-b"\ntitle = "T"\nmode = "text-to-image"\nprompt = "p"\nframe = [512, 512]\ncategories = []\n'
FAULT = "FAULT"
CATEGORIES = '[[categories]]\nslug = "food"\ntitle = "Food"\nposition = 1\n'


class FileFault(AssertionError):
    """A command did not do what it says."""


def check(is_right: bool, *what: object) -> None:
    """Raise FileFault with what is wrong."""
    if not is_right:
        raise FileFault(*what)


class Cases:
    """The kinds of cases; each takes a random generator and says how its file ended."""

    def __init__(self, scratch: Path, fresh: Callable[[], Iterator[Arena]]) -> None:
        self.scratch, self.fresh = scratch, fresh
        self.manifest = make_pack(scratch / "good")

    def votes(self, rng: Rng) -> str:
        """Rate one mutated table of votes."""
        data = (
            mutations.mutate_bytes(write_votes(), rng)
            if rng.random() < 0.3
            else mutations.mutate_table(VOTES, rng)
        )
        path = self.scratch / "votes.csv"
        path.write_bytes(data)
        votes = read_votes(data)
        ending = Arena(self.scratch / "no-data", "sqlite:////nowhere/x").run("rate", str(path), "--format", "json")
        check((ending.code == 0) == (votes is not None), ending)
        if votes is None:
            return "refused"
        check(json.loads(ending.out)["run"]["votes"] == int(votes.counts.sum()), ending)
        return "taken"

    def toml(self, rng: Rng) -> str:
        """Create a competition from one mutated file."""
        path = self.scratch / "c.toml"
        path.write_bytes(mutations.mutate_toml(TOML, rng))
        return self._everywhere(lambda arena: self._create(arena, path))

    def seed(self, rng: Rng) -> str:
        """Load a folder with mutated categories or a mutated competition."""
        folder = self.scratch / "seeds"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        texts = {"categories.toml": CATEGORIES, "one.toml": TOML.replace("[]", '["food"]'), "two.toml": TOML}
        victim = rng.choice(sorted(texts))
        for name, text in texts.items():
            named = text.replace("a-b", name.removesuffix(".toml"))
            (folder / name).write_bytes(mutations.mutate_toml(named, rng) if name == victim else named.encode())
        return self._everywhere(lambda arena: self._seed(arena, folder))

    def image(self, rng: Rng) -> str:
        """Enter one mutated image into a competition."""
        path = self.scratch / "a.png"
        path.write_bytes(mutations.mutate_image(picture_bytes(3, (64, 64)), rng))
        return self._everywhere(lambda arena: self._enter(arena, path))

    def manifest_pack(self, rng: Rng) -> str:
        """Import a pack with a mutated manifest, and perhaps a mutated file."""
        pack = self._copy_pack()
        text = json.dumps(mutations.mutate_document(self.manifest, rng)).encode()
        (pack / "manifest.json").write_bytes(mutations.mutate_bytes(text, rng) if rng.random() < 0.2 else text)
        if rng.random() < 0.3:
            victim = rng.choice(sorted(pack.glob("*/*.png")))
            victim.write_bytes(mutations.mutate_image(victim.read_bytes(), rng))
        return self._everywhere(lambda arena: self._import(arena, pack))

    def folder_pack(self, rng: Rng) -> str:
        """Write the manifest of a mutated folder; import it."""
        pack = self._copy_pack()
        mutations.mutate_folder(pack, rng)
        more = rng.choice([[], [], ["--from-metadata"], ["--pattern", "{prompt}/{model}.png"]])
        ending = Arena(self.scratch / "no-data", "sqlite:////nowhere/x").run("pack", str(pack), *more, "--json")
        check((pack / "manifest.json").exists() == (ending.code != 2), ending)
        if ending.code == 2:
            return "not packed"
        check((ending.code == 1) == bool(json.loads(ending.out)["refused"]), ending)
        return self._everywhere(lambda arena: self._import(arena, pack))

    def zip_pack(self, rng: Rng) -> str:
        """Import a zip archive with an odd member, or damaged."""
        pack, path = self._copy_pack(), self.scratch / "pack.zip"
        if rng.random() < 0.5:
            (pack / "manifest.json").write_text(json.dumps(self.manifest))
        if rng.random() < 0.3:
            mutations.mutate_folder(pack, rng)
        mutations.write_zip(pack, path, rng)
        return self._everywhere(lambda arena: self._import(arena, path))

    def _copy_pack(self) -> Path:
        pack = self.scratch / "pack"
        shutil.rmtree(pack, ignore_errors=True)
        shutil.copytree(self.scratch / "good", pack)
        return pack

    def _everywhere(self, act: Callable[[Arena], tuple[Ending, str]]) -> str:
        """Act on every database; raises FileFault where they differ."""
        seen = [(*act(arena), arena.read_state()) for arena in self.fresh()]
        check(all(each == seen[0] for each in seen), *seen)
        return seen[0][1]

    def _create(self, arena: Arena, path: Path) -> tuple[Ending, str]:
        before = arena.read_state()
        ending = arena.run("competition", "new", str(path))
        check((ending.code != 0) == (arena.read_state() == before), ending)
        check(arena.run("competition", "new", str(path)).code == ending.code, ending)
        return ending, "refused" if ending.code else "taken"

    def _seed(self, arena: Arena, folder: Path) -> tuple[Ending, str]:
        ending = arena.run("seed", str(folder))
        once = arena.read_state()
        check(arena.run("seed", str(folder)).code == ending.code, ending)
        check(arena.read_state() == once, "the second run changed something")
        return ending, "refused" if ending.code else "taken"

    def _enter(self, arena: Arena, path: Path) -> tuple[Ending, str]:
        (self.scratch / "good.toml").write_text(TOML)
        arena.run("competition", "new", str(self.scratch / "good.toml"))
        before = arena.read_state()
        ending = arena.run("entry", "add", "a-b", "m", str(path))
        check((ending.code != 0) == (arena.read_state() == before), ending)
        check(arena.count_orphans() == 0, ending)
        return ending, "refused" if ending.code else "taken"

    def _import(self, arena: Arena, pack: Path) -> tuple[Ending, str]:
        before = arena.read_state()
        ending = arena.run("import-pack", str(pack), "--json")
        after, orphans = arena.read_state(), arena.count_orphans()
        check(orphans == 0, orphans, ending)
        told = json.loads(ending.out) if ending.out else {"taken": 0, "unchanged": 0, "refused": []}
        check(told["taken"] == len(after.rows["entries"]), ending, after)
        check(all(row[-1] for row in after.rows["competitions"]), "an empty competition", after)
        check(ending.code == (2 if not ending.out else bool(told["refused"])), ending)
        check(told["taken"] > 0 or after == before, "nothing was taken, and something is there", after)
        arena.run("import-pack", str(pack), "--json")
        check(arena.read_state() == after, "the second import changed something")
        return ending, describe(told, is_pack=bool(ending.out))


def describe(told: dict[str, Any], *, is_pack: bool) -> str:
    """Say in one or two words how an import ended."""
    if not is_pack:
        return "no pack"
    return "refused" if not told["taken"] else "taken in part" if told["refused"] else "taken"


def write_votes() -> bytes:
    """Write the good table as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(VOTES)
    return text.getvalue().encode()


def read_votes(data: bytes) -> Votes | None:
    """Read votes plain, packed, in order and by voter; all must count the same. None where they are refused."""
    ways: list[tuple[bytes, dict[str, bool]]] = [(data, {}), (data, {"ordered": True}), (data, {"voters": True})]
    ways += [] if data.startswith(b"\x1f\x8b") else [(gzip.compress(data), {})]
    found = [_read(each, more) for each, more in ways]
    sums = [one if isinstance(one, str) else one.counts.sum(axis=0).tolist() for one in found]
    check(all(one == sums[0] for one in sums), sums)
    first = found[0]
    return None if isinstance(first, str) else first


def _read(data: bytes, more: dict[str, bool]) -> Votes | str:
    try:
        return votes_file.read_stream(io.BytesIO(data), "votes", **more)
    except InvalidVotes as error:
        check(str(error).startswith("votes"), error)
        return str(error)


def make_pack(folder: Path) -> dict[str, Any]:
    """Write a good pack of two competitions; return its manifest."""
    listed = []
    for number, slug in enumerate(("one", "two")):
        (folder / slug).mkdir(parents=True)
        images = []
        for model in ("a", "b"):
            data = picture_bytes(10 * number + ord(model), (64, 64))
            (folder / slug / f"{model}.png").write_bytes(data)
            more = {
                "sha256": hashlib.sha256(data).hexdigest(),
                "seed": 7,
                "cost_usd": 0.1,
                "width": 64,
                "height": 64,
            }
            images.append({"model": model, "file": f"{slug}/{model}.png"} | more)
        (folder / slug / "prompt.txt").write_text(f"a {slug}")
        listed.append({"slug": slug, "prompt": f"a {slug}", "category": "still-life", "images": images})
    return {"format": 1, "competitions": listed}


ORDER = (
    "votes",
    "manifest_pack",
    "toml",
    "folder_pack",
    "votes",
    "zip_pack",
    "toml",
    "manifest_pack",
    "seed",
    "image",
)
"""Kinds of cases, one after the other."""


@contextmanager
def cases(*, postgres: bool) -> Iterator[Cases]:
    """Yield the cases on databases of their own."""
    with tempfile.TemporaryDirectory(prefix="files-") as folder:
        scratch = Path(folder)
        with arenas(scratch, postgres=postgres) as fresh:
            yield Cases(scratch, fresh)


def run(count: int, seed: int, *, start: int = 0, postgres: bool = False) -> Counter[str]:
    """Run cases of all kinds; a fault is printed with its traceback and the command that shows it again."""
    counts: Counter[str] = Counter()
    with cases(postgres=postgres) as kinds:
        for number in range(start, start + count):
            kind = ORDER[number % len(ORDER)]
            try:
                ending = getattr(kinds, kind)(Rng(f"{seed} {number}"))
            except Exception as error:  # noqa: BLE001 (any exception that a command lets through is what we look for)
                error.add_note(f"{kind}: python scripts/faults/files.py --seed {seed} --start {number} --cases 1")
                traceback.print_exception(error)
                ending = FAULT
            counts[f"{kind}: {ending}"] += 1
    return counts


def main() -> int:
    """Print how many cases ended how; 1 where any was a fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgres", action="store_true")
    asked = parser.parse_args()
    counts = run(asked.cases, asked.seed, start=asked.start, postgres=asked.postgres)
    for name, count in sorted(counts.items()):
        print(f"{count:>6} {name}")
    return int(any(name.endswith(FAULT) for name in counts))


if __name__ == "__main__":
    sys.exit(main())
