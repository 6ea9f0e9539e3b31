"""
Random mutations: changes random places of a file, one at a time, in a copy of the tree, and counts the changes
that its tests notice.

    python scripts/faults/random_mutations.py [NAME…] [--each 20] [--seconds 1800] [--seed 1] [--least PERCENT]

A change is a comparison or a sign turned round, a number one larger, a truth turned over, or None in place of what
is returned. Each change that no test noticed is printed with its line: a test is missing there, or the change
makes no difference that anybody could see (a larger cache, a shorter way to the same result). Read them; the share
alone says little. `mutations.py` beside this file takes out chosen defences instead. Exit 1 where the share
noticed is below --least.
"""

import argparse
import ast
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from scripts.faults.mutations import copied, run, verdict

TEST_SECONDS = 60
"""A change may make a loop endless: a test that takes this long has noticed it."""
OPPOSITES: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
NOT_CODE = frozenset({"annotation", "returns", "decorator_list"})
"""Fields whose change is mypy's to find, or changes nothing that a test could see."""


@dataclass(frozen=True)
class Target:
    """A file where a wrong sign costs much, and the tests that should notice one."""

    path: str
    tests: tuple[str, ...]


VOTES = ("tests/arena/test_voting.py", "tests/arena/test_storing.py", "tests/arena/test_policy.py")
POLICY = ("tests/arena/test_policy.py", "tests/arena/people/test_policy.py", "tests/docs/test_numbers.py")
TARGETS = (
    *(
        Target(f"app/ratings/{name}.py", tuple(f"tests/ratings/{test}.py" for test in tests))
        for name, tests in (
            ("bradley_terry", ("test_bradley_terry",)),
            ("ranks", ("test_ranks",)),
            ("tallies", ("test_tallies", "test_seats")),
            ("scale", ("test_scale_elo_connections",)),
            ("suspicion", ("test_suspicion",)),
        )
    ),
    Target("app/gateway/sizes.py", ("tests/gateway/test_sizes.py",)),
    Target("app/gateway/normalize.py", ("tests/gateway/test_normalize.py", "tests/gateway/test_generate.py")),
    Target("app/arena/voting/vote_casting.py", VOTES),
    Target("app/arena/people/policy.py", POLICY),
)


@dataclass(frozen=True)
class Change:
    """A change that `apply` makes to the tree it was found in."""

    line: int
    says: str
    apply: Callable[[], None]


@dataclass(frozen=True)
class Share:
    """How many changes of a file were made, and the ones no test noticed."""

    path: str
    made: int
    missed: tuple[str, ...]

    def __str__(self) -> str:
        noticed = self.made - len(self.missed)
        return f"{self.path:<44} {noticed:>3} of {self.made:>3} noticed"


def main() -> int:
    """Print each file's share; 1 when all together stay below --least."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="part of a path; all when left out")
    parser.add_argument("--each", type=int, default=20, help="changes of each file")
    parser.add_argument("--seconds", type=float, default=1800, help="begin no change after this time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--least", type=float, default=0, metavar="PERCENT")
    given = parser.parse_args()
    end = time.monotonic() + given.seconds
    chosen = [one for one in TARGETS if not given.names or any(name in one.path for name in given.names)]
    with tempfile.TemporaryDirectory(prefix="blindvote-mutations-") as folder:
        copy = copied(Path(folder) / "tree")
        shares = [measure(copy, one, given.each, seed=given.seed, end=end) for one in chosen]
    made = sum(share.made for share in shares)
    noticed = made - sum(len(share.missed) for share in shares)
    percent = 100 * noticed / made if made else 0
    print(f"\nin all {noticed} of {made} changes noticed ({percent:.0f} %)")
    return 0 if made and percent >= given.least else 1


def measure(copy: Path, target: Target, each: int, *, seed: int, end: float) -> Share:
    """
    Make up to `each` random changes of a file, one at a time, until the time is over, and run its tests on each.

    Raises RuntimeError when the tests do not pass before anything is changed.
    """
    path = copy / target.path
    source = path.read_text()
    tests = tuple(test for test in target.tests if (copy / test).exists())
    if not tests or not passes(tests, copy):
        raise RuntimeError(f"{target.path}: {', '.join(target.tests)} must pass before anything is changed")
    made, missed = 0, []
    try:
        for number in choose(source, each, random.Random(f"{seed} {target.path}")):
            if time.monotonic() > end:
                break
            changed, change = mutate(source, number)
            path.write_text(changed)
            made += 1
            if passes(tests, copy):
                missed.append(f"{target.path}:{change.line} {change.says}")
                print(f"MISSED  {missed[-1]}", flush=True)
    finally:
        path.write_text(source)
    share = Share(target.path, made, tuple(missed))
    print(share, flush=True)
    return share


def choose(source: str, each: int, rng: random.Random) -> list[int]:
    """Draw numbers of changes, the same for the same seed."""
    count = len(find_changes(ast.parse(source)))
    return rng.sample(range(count), min(each, count))


def passes(tests: Sequence[str], copy: Path) -> bool:
    """Return whether all of these tests pass; they end at the first that fails."""
    options = ("-x", f"--timeout={TEST_SECONDS}", "--hypothesis-seed=0")
    try:
        return set(verdict(run((*options, *tests), copy))) == {"passed"}
    except subprocess.TimeoutExpired:
        return False


def mutate(source: str, number: int) -> tuple[str, Change]:
    """Make the change of this number; returns the new source without its comments."""
    tree = ast.parse(source)
    change = find_changes(tree)[number]
    change.apply()
    return ast.unparse(ast.fix_missing_locations(tree)), change


def find_changes(tree: ast.Module) -> list[Change]:
    """Find every change there is to make, in the order of the file."""
    return [change for node in _walk_code(tree) for change in _changes_of(node)]


def _walk_code(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and name not in NOT_CODE:
                yield from _walk_code(child)


def _changes_of(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.Compare():
            for place, operator in enumerate(node.ops):
                opposite = OPPOSITES[type(operator)]
                yield _change(node, operator, opposite, lambda p=place, new=opposite: _set(node.ops, p, new()))
        case ast.BinOp() | ast.AugAssign() | ast.BoolOp() if type(node.op) in OPPOSITES:
            opposite = OPPOSITES[type(node.op)]
            yield _change(node, node.op, opposite, lambda: setattr(node, "op", opposite()))
        case ast.Constant(value=bool(value)):
            yield Change(node.lineno, f"{value} becomes {not value}", lambda: setattr(node, "value", not value))
        case ast.Constant(value=int(value) | float(value)):
            yield Change(node.lineno, f"{value} becomes {value + 1}", lambda: setattr(node, "value", value + 1))
        case ast.UnaryOp(op=ast.Not()):
            doubled = ast.UnaryOp(ast.Not(), node.operand)  # `not not x` is true where x is, whatever x is
            yield Change(node.lineno, "not is left out", lambda: setattr(node, "operand", doubled))
        case ast.Return(value=ast.expr() as value) if not (
            isinstance(value, ast.Constant) and value.value is None
        ):
            yield Change(node.lineno, "None is returned", lambda: setattr(node, "value", ast.Constant(None)))


def _change(node: ast.expr | ast.stmt, old: ast.AST, new: type[ast.AST], apply: Callable[[], None]) -> Change:
    return Change(node.lineno, f"{type(old).__name__} becomes {new.__name__}", apply)


def _set(items: list[ast.cmpop], place: int, new: ast.cmpop) -> None:
    items[place] = new


if __name__ == "__main__":
    sys.exit(main())
