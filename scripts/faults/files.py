"""
Mutated files through the doors that read them: no traceback, no half import, no difference between the databases.

Packs (manifests and their folders), files of votes and TOML files are mutated at random; every case is read as a
command reads it. A pack is imported into SQLite and, with --postgres, into PostgreSQL too, and both reports must
be equal.

    python scripts/faults/files.py [--cases 2000] [--seed N] [--postgres]
"""

import argparse
import hashlib
import io
import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from app.arena.entries import competitions, pack_import, pack_manifest
from app.arena.entries.orphans import find_orphans
from app.cli import votes_file
from app.database.doors import Database
from app.errors import Refusal
from app.gateway.storage import Storage
from tests.factories import picture_bytes
from tests.postgres import running

NOW = datetime(2026, 1, 1, tzinfo=UTC)
VOTES = "model_a,model_b,winner,competition,counted\nx,y,model_a,c,true\ny,z,tie,c,true\nz,x,both_bad,d,false\n"
TOML = 'slug = "a-b"\ntitle = "T"\nmode = "text-to-image"\nprompt = "p"\nframe = [512, 512]\ncategories = []\n'
STRANGE: tuple[Any, ...] = (
    None, True, -1, 10**30, 0.5, float("nan"), float("inf"), "", " ", "\0", "\ud800", "\x1b[2J", "../x", "e\u0301",
    "\ufeffp", "x" * 40_000, [], {}, ["a"], {"a": "\0"}, [float("nan")], "=1+1", "A" * 64,
)  # fmt: skip
NOISE = (
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b'"',
    b"\n",
    b"\r",
    b",",
    b";",
    b"\t",
    b"[",
    b"{",
    b"=",
    b"\xc3",
    b"\\",
    b"#",
)


def mutate_bytes(data: bytes, rng: random.Random) -> bytes:
    """Return bytes with one to four pieces inserted, deleted, repeated, or the whole text in another encoding."""
    for _ in range(rng.randint(1, 4)):
        place, end = sorted(rng.randrange(len(data) + 1) for _ in range(2))
        kind = rng.randrange(5)
        if kind == 0:
            data = data[:place] + rng.choice(NOISE) + data[place:]
        elif kind == 1:
            data = data[:place] + data[end:]
        elif kind == 2:
            data = data[:end] + data[place:]
        elif kind == 3:
            data = data[:place] + rng.randbytes(3) + data[place + 3 :]
        else:
            text = data.decode("utf-8", "replace")
            data = text.encode(rng.choice(["utf-16", "utf-16-le", "latin-1", "utf-8-sig"]), "replace")
    return data


def mutate_document(value: Any, rng: random.Random) -> Any:
    """Return a JSON document in which one value or key is another."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(sorted(value))
        if rng.random() < 0.1:
            return {name: inner for name, inner in value.items() if name != key}
        return value | {key: mutate_document(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.9:
        place = rng.randrange(len(value))
        return [*value[:place], mutate_document(value[place], rng), *value[place + 1 :]]
    return rng.choice(STRANGE)


def make_pack(folder: Path) -> dict[str, Any]:
    """Write a good pack of two competitions; return its manifest."""
    listed = []
    for number, slug in enumerate(("one", "two")):
        (folder / slug).mkdir(parents=True)
        images = []
        for model in ("a", "b"):
            data = picture_bytes(10 * number + ord(model), (64, 64))
            (folder / slug / f"{model}.png").write_bytes(data)
            digest = hashlib.sha256(data).hexdigest()
            images.append(
                {"model": model, "file": f"{slug}/{model}.png", "sha256": digest, "seed": 7, "cost_usd": 0.1}
            )
        (folder / slug / "prompt.txt").write_text(f"a {slug}")
        listed.append({"slug": slug, "prompt": f"a {slug}", "category": "still-life", "images": images})
    return {"format": 1, "competitions": listed}


class PackRuns:
    """Imports of mutated packs, each into fresh tables of every database."""

    def __init__(self, scratch: Path, fresh: Callable[[], Iterator[Database]]) -> None:
        self.scratch, self.fresh = scratch, fresh
        self.manifest = make_pack(scratch / "good")

    def run(self, rng: random.Random) -> str:
        """Import one mutated pack everywhere. Raises AssertionError where reports differ or files are left."""
        pack = self.scratch / "pack"
        shutil.rmtree(pack, ignore_errors=True)
        shutil.copytree(self.scratch / "good", pack)
        document = mutate_document(self.manifest, rng)
        text = json.dumps(document).encode()
        (pack / "manifest.json").write_bytes(mutate_bytes(text, rng) if rng.random() < 0.2 else text)
        victim = rng.choice(sorted(pack.glob("*/*")))
        if rng.random() < 0.3:
            victim.write_bytes(mutate_bytes(victim.read_bytes(), rng))
        reports = [self._import(database, pack) for database in self.fresh()]
        assert all(report == reports[0] for report in reports), reports
        try:
            pack_manifest.write_manifest(pack)
        except Refusal:
            return f"{reports[0][:7]}, not packed"
        return reports[0][:7]

    def _import(self, database: Database, pack: Path) -> str:
        storage = Storage(self.scratch / "files")
        shutil.rmtree(storage.folder, ignore_errors=True)
        try:
            report = pack_import.import_pack(database, storage, pack, now=lambda: NOW)
            told = repr([(one.subject, one.kind, one.reason) for one in report.outcomes])
            kind = "refused" if report.count("taken") == 0 else "partly " if report.refused else "taken  "
        except Refusal as error:
            told, kind = str(error), "no pack"
        with database.reading() as session:
            assert find_orphans(session, storage) == []
            empty = [one.slug for one in competitions.list_competitions(session, drafts=True) if not one.entries]
        assert empty == []
        return kind + told


def read_votes(rng: random.Random) -> str:
    """Read one mutated file of votes."""
    try:
        votes = votes_file.read_stream(io.BytesIO(mutate_bytes(VOTES.encode(), rng)), "votes", voters=True)
    except Refusal:
        return "refused"
    assert votes.summary
    return "taken"


def read_competition(path: Path, rng: random.Random) -> str:
    """Read one mutated competition file."""
    path.write_bytes(mutate_bytes(TOML.encode(), rng))
    try:
        competitions.read(path)
    except Refusal:
        return "refused"
    return "taken"


@contextmanager
def databases(scratch: Path, *, postgres: bool) -> Iterator[Callable[[], Iterator[Database]]]:
    """Yield a function that yields an empty database of each kind, one after the other."""
    template = scratch / "template.sqlite3"
    with closing(Database(f"sqlite:///{template}")) as made:
        made.migrate()

    def fresh_sqlite() -> Iterator[Database]:
        for path in scratch.glob("run.sqlite3*"):
            path.unlink()
        shutil.copy(template, scratch / "run.sqlite3")
        with closing(Database(f"sqlite:///{scratch / 'run.sqlite3'}")) as database:
            yield database

    if not postgres:
        yield fresh_sqlite
        return
    with running() as server:
        yield lambda: _with_postgres(fresh_sqlite, server)


def _with_postgres(fresh_sqlite: Callable[[], Iterator[Database]], server: str) -> Iterator[Database]:
    from sqlalchemy import create_engine, text

    yield from fresh_sqlite()
    engine = create_engine(server.format(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS files_fuzz WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE files_fuzz"))
    engine.dispose()
    with closing(Database(server.format(database="files_fuzz"))) as database:
        database.migrate()
        yield database


def run(cases: int, seed: int, *, postgres: bool = False) -> Counter[str]:
    """Run cases of all kinds; a fault raises with the seed of its case in a note."""
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, databases(Path(folder), postgres=postgres) as fresh:
        scratch = Path(folder)
        packs = PackRuns(scratch, fresh)
        kinds: dict[str, Callable[[random.Random], str]] = {
            "votes": read_votes,
            "toml": lambda rng: read_competition(scratch / "c.toml", rng),
            "pack": packs.run,
        }
        for number in range(cases):
            kind = "pack" if number % 20 == 0 else "votes" if number % 2 else "toml"
            try:
                counts[f"{kind} {kinds[kind](random.Random(f'{seed} {number}')).strip()}"] += 1
            except BaseException as error:
                error.add_note(f"{kind} case {number} of seed {seed}")
                raise
    return counts


def main() -> None:
    """Print how many cases ended how."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgres", action="store_true")
    asked = parser.parse_args()
    for name, count in sorted(run(asked.cases, asked.seed, postgres=asked.postgres).items()):
        print(f"{count:>6} {name}")


if __name__ == "__main__":
    main()
