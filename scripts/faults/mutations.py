"""
Takes defences out, one at a time, in a copy of the tree: each must turn at least one test red.

    python scripts/faults/mutations.py [NAME…]

Prints a line for each. Exit 1 where no test noticed one.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from scripts.faults.defences import MUTATIONS, Mutation

ROOT = Path(__file__).resolve().parent.parent.parent
COPIED = ("app", "docs", "migrations", "scripts", "tests", "pyproject.toml", "README.md")
SUMMARY = re.compile(r"(\d+) (failed|passed|error)")
PATIENCE = 600
"""Seconds for the tests of one mutation."""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("names", nargs="*", metavar="NAME", help="part of a name; all when left out")
    chosen = arguments.parse_args().names
    asked = [one for one in MUTATIONS if not chosen or any(name in one.name for name in chosen)]
    with tempfile.TemporaryDirectory(prefix="blindvote-mutations-") as folder:
        copy = copied(Path(folder) / "tree")
        missed = [one for one in asked if not is_noticed(one, copy)]
    print(f"\n{len(asked) - len(missed)} of {len(asked)} mutations noticed")
    return 1 if missed or not asked else 0


def copied(target: Path) -> Path:
    """Copy the parts of the tree that tests need."""
    target.mkdir()
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target / name)
    return target


def is_noticed(mutation: Mutation, copy: Path) -> bool:
    """Return whether tests pass before, and fail with the defence out; files are restored afterwards."""
    began = time.monotonic()
    before = verdict(run(mutation.tests, copy))
    kept = {edit.path: (copy / edit.path).read_text() for edit in mutation.edits}
    try:
        for edit in mutation.edits:
            (copy / edit.path).write_text(edit.applied(copy))
        after = verdict(run(mutation.tests, copy))
    finally:
        for path, text in kept.items():
            (copy / path).write_text(text)
    noticed = set(before) == {"passed"} and "failed" in after
    seconds = time.monotonic() - began
    print(
        f"{'noticed' if noticed else 'MISSED':<8} {mutation.name:<52} {told(before)} -> {told(after)}"
        f" ({seconds:.0f} s)",
        flush=True,
    )
    return noticed


def run(tests: Iterable[str], copy: Path) -> str:
    """Run pytest on these tests in the copy, on SQLite; return its output."""
    made = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-postgres", "--tb=no", *tests],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    return made.stdout


def verdict(output: str) -> dict[str, int]:
    """Read how many passed, failed or could not begin from pytest's last line."""
    lines = output.strip().splitlines() or [""]
    return {kind: int(number) for number, kind in SUMMARY.findall(lines[-1])}


def told(counted: dict[str, int]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in counted.items()) or "nothing ran"


if __name__ == "__main__":
    sys.exit(main())
