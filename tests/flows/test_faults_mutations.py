"""The random mutations of scripts/faults: what they change, and that they count what tests notice."""

import ast
import random
import time
from pathlib import Path

import pytest

from scripts.faults.mutations import ROOT
from scripts.faults.random_mutations import TARGETS, Target, choose, find_changes, measure, mutate

CONFIG = '[tool.pytest.ini_options]\naddopts = "-p no:cacheprovider"\n'
CONFTEST = 'def pytest_addoption(parser):\n    parser.addoption("--no-postgres", action="store_true")\n'
SOURCE = '''
def clamp(value: int, limit: int = 10) -> int:
    """At most `limit`."""
    return limit if value > limit else value
'''
THOROUGH = """
from app.clamping import clamp
def test_clamp():
    assert [clamp(9), clamp(11), clamp(5, limit=4)] == [9, 10, 4]
"""
IDLE = "from app.clamping import clamp\ndef test_nothing():\n    assert clamp\n"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("a < b", ["Lt becomes LtE"]),
        ("a is not b", ["IsNot becomes Is"]),
        ("1 <= a < 3", ["LtE becomes Lt", "Lt becomes LtE", "1 becomes 2", "3 becomes 4"]),
        ("a - b", ["Sub becomes Add"]),
        ("a += b", ["Add becomes Sub"]),
        ("a and b", ["And becomes Or"]),
        ("f(True)", ["True becomes False"]),
        ("not a", ["not is left out"]),
        ("def f():\n    return a", ["None is returned"]),
        ("def f() -> Literal[1]:\n    return None", []),
        ("@cache(maxsize=1)\ndef f():\n    '''It is 1.'''", []),
        ("a: Literal[1] = b", []),
        ("a ** b", []),
    ],
)
def test_the_changes_of_a_line(code: str, says: list[str]) -> None:
    assert [change.says for change in find_changes(ast.parse(code))] == says


def test_a_change_is_made_where_it_says() -> None:
    changed, change = mutate("a = 1\nif not a:\n    b = a < 2\n", 2)
    assert (changed, change.line) == ("a = 1\nif not a:\n    b = a <= 2", 3)
    assert mutate("b = not a", 0)[0] == "b = not not a"


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.path)
def test_every_change_of_a_target_is_python_and_another_program(target: Target) -> None:
    source = (ROOT / target.path).read_text()
    assert any((ROOT / test).exists() for test in target.tests)
    same = ast.unparse(ast.parse(source))
    for number in choose(source, 25, random.Random(1)):
        changed, _ = mutate(source, number)
        assert ast.unparse(ast.parse(changed)) != same


def test_the_same_seed_chooses_the_same_changes() -> None:
    source = (ROOT / TARGETS[0].path).read_text()
    first, again, other = (choose(source, 10, random.Random(seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert len(set(first)) == 10


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of one module and two test files, of which one tests it."""
    # Every change starts pytest anew: with the two plugins whose options it gets, not with all that are installed.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "pytest_timeout,_hypothesis_pytestplugin")
    files = {
        "pyproject.toml": CONFIG,
        "app/__init__.py": "",
        "app/clamping.py": SOURCE,
        "tests/conftest.py": CONFTEST,
        "tests/test_thorough.py": THOROUGH,
        "tests/test_idle.py": IDLE,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_tests_that_say_nothing_are_told_from_those_that_do(tree: Path) -> None:
    end = time.monotonic() + 250
    thorough = measure(tree, Target("app/clamping.py", ("tests/test_thorough.py",)), 3, seed=1, end=end)
    idle = measure(tree, Target("app/clamping.py", ("tests/test_idle.py",)), 1, seed=1, end=end)
    equivalent = [missed for missed in thorough.missed if "Gt becomes GtE" in missed]
    assert (thorough.made, list(thorough.missed)) == (3, equivalent)
    assert (idle.made, len(idle.missed)) == (1, 1)
    assert (tree / "app/clamping.py").read_text() == SOURCE


def test_nothing_begins_after_the_time_is_over(tree: Path) -> None:
    target = Target("app/clamping.py", ("tests/test_thorough.py",))
    assert measure(tree, target, 3, seed=1, end=time.monotonic()).made == 0


def test_tests_that_fail_already_prove_nothing(tree: Path) -> None:
    (tree / "tests/test_thorough.py").write_text("def test_nothing():\n    assert False\n")
    with pytest.raises(RuntimeError, match="must pass before anything is changed"):
        measure(tree, Target("app/clamping.py", ("tests/test_thorough.py",)), 1, seed=1, end=time.monotonic() + 60)
