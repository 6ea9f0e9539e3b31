"""
How many statements the code holds, room by room, beside another commit.

    python scripts/bench/statements.py [COMMIT]

Counted by the syntax tree: every statement of `app` and `scripts` without docstrings and without the painter, so
that comments, line breaks and moves between files make no difference. A file of the older commit counts for the
room that its room became. It takes some two seconds.
"""

import argparse
import ast
import io
import subprocess
import tarfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LEFT_OUT = ("app/painter/",)
BECAME = {
    **dict.fromkeys(("db.py", "engines.py", "marks.py", "prepared.py", "turns.py"), "app/database"),
    **dict.fromkeys(("arena/simulated.py", "arena/demonstration.py", "arena/clearing.py"), "app/demo"),
    "leaderboards/demo.py": "app/demo",
    "leaderboards/attacks": "scripts/attacks",
    "cli/attacks.py": "scripts/attacks",
}
"""Rooms that files of b16c6f7 moved to, below `app`."""


def count(source: str) -> int:
    """Count the statements of a module, at every depth, docstrings and bare strings behind fields left out."""
    statements = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)]
    strings = [
        node
        for node in statements
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]
    return len(statements) - len(strings)


def room(path: str) -> str:
    """Name the room of a file: the folder below `app` or `scripts`, or the file of its own name."""
    for beginning, became in BECAME.items():
        if path.startswith(f"app/{beginning}"):
            return became
    return "/".join(path.split("/")[:2])


def in_checkout() -> Counter[str]:
    """Count the statements of each room in the working tree."""
    paths = [path for top in ("app", "scripts") for path in (ROOT / top).rglob("*.py")]
    return _by_room({str(path.relative_to(ROOT)): path.read_text() for path in paths})


def in_commit(commit: str) -> Counter[str]:
    """Count the statements of each room in a commit."""
    packed = subprocess.run(
        ["git", "archive", commit, "app", "scripts"], cwd=ROOT, capture_output=True, check=True
    )
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        files = {
            member.name: archive.extractfile(member).read().decode()  # type: ignore[union-attr]
            for member in archive
            if member.name.endswith(".py")
        }
    return _by_room(files)


def _by_room(files: dict[str, str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for path, source in files.items():
        if not path.startswith(LEFT_OUT):
            counts[room(path)] += count(source)
    return counts


def main() -> None:
    """Print the statements of each room, then and now."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("commit", nargs="?", default="b16c6f7")
    commit = arguments.parse_args().commit
    if subprocess.run(
        ["git", "cat-file", "-e", f"{commit}^{{commit}}"], cwd=ROOT, stderr=subprocess.DEVNULL, check=False
    ).returncode:
        arguments.error(f"there is no commit {commit} here")
    old, new = in_commit(commit), in_checkout()
    for name in sorted(old.keys() | new.keys()):
        tell(name, old[name], new[name])
    tell("all", old.total(), new.total())


def tell(name: str, old: int, new: int) -> None:
    """Print one line of the table."""
    change = f"{100 * (new - old) / old:+7.1f} %" if old else "      new"
    print(f"{name:<24}{old:>7}{new:>8}{change}")


if __name__ == "__main__":
    main()
