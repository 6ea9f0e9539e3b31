"""The house rules that a script can hold."""

import ast
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from app.database.places import ROOT
from app.errors import CODES
from app.settings import Settings
from app.words import Mode, Outcome, Reason

APP = sorted((ROOT / "app").rglob("*.py"))
HAVE_OTHER_MEANINGS = {"admin", "demo", "undone", "quarantined", "unloadable"}
"""Reasons that are also a login, a flag of a model, an error, the state of a flag or what a client says."""
SAYS_NOTHING = {"utils", "util", "helpers", "common", "misc", "core", "manager", "managers", "services"}
CODE = [*APP, *(path for folder in ("scripts", "tests") for path in sorted((ROOT / folder).rglob("*.py")))]
NO_VERBS = {
    *("A", "After", "All", "An", "And", "As", "At", "Before", "Both", "By", "Each", "Every"),
    *("For", "From", "How", "If", "In", "Into", "It", "Its", "Like", "More", "Never", "No"),
    *("Not", "Of", "On", "One", "Only", "Or", "Over", "So", "Some", "Such", "Than", "That"),
    *("The", "Then", "There", "These", "They", "This", "To", "Until", "What", "When", "Where", "While"),
    *("Who", "With", "Without"),
}
"""First words of a docstring that does not say what a function does."""
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")


def ours(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_one_file_commits() -> None:
    assert [ours(path) for path in APP if ".commit(" in path.read_text()] == ["app/database/doors.py"]


def test_aliases_that_threads_share_are_whole() -> None:
    """Those of a module are shared; a function makes one for each caller."""
    shared = re.compile(r"^\S.*\baliased\(", re.MULTILINE)
    assert [ours(path) for path in APP if shared.search(path.read_text())] == []


def test_one_file_reads_the_environment() -> None:
    reading = [ours(path) for path in APP if re.search(r"os\.(environ|getenv)", path.read_text())]
    assert reading == ["app/settings.py"]


def test_no_file_is_too_long_to_read_in_a_sitting() -> None:
    assert {ours(path): n for path in CODE if (n := len(path.read_text().splitlines())) > 400} == {}


def test_no_function_is_longer_than_a_glance() -> None:
    long = {
        f"{ours(path)}:{node.name}": node.end_lineno - node.lineno + 1
        for path in APP
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.end_lineno and node.end_lineno - node.lineno >= 60
    }
    assert long == {}


def test_every_docstring_stands_below_what_it_documents() -> None:
    astray = [
        f"{ours(path)}:{text.lineno}"
        for path in CODE
        for before, text in pairwise(ast.parse(path.read_text()).body)
        if is_text(text) and not isinstance(before, ast.Assign | ast.AnnAssign)
    ]
    assert astray == []


def test_docstrings_of_functions_begin_with_a_verb() -> None:
    telegraphic = [
        f"{ours(path)}:{node.lineno}"
        for path in CODE
        if "tests" not in path.relative_to(ROOT).parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and (text := ast.get_docstring(node)) and text.split()[0] in NO_VERBS
    ]
    assert telegraphic == []


def is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    )


def test_names_say_something() -> None:
    assert [ours(path) for path in APP if {path.stem, *path.relative_to(ROOT).parts} & SAYS_NOTHING] == []


def test_nothing_is_left_unfinished() -> None:
    assert [ours(path) for path in APP if UNFINISHED.search(path.read_text())] == []


def test_no_path_of_a_machine_is_written_down() -> None:
    text = [p for p in ROOT.rglob("*") if p.suffix in {".py", ".md", ".toml", ".html", ".js", ".css"}]
    kept = [p for p in text if not {".venv", "data", "node_modules"} & set(p.relative_to(ROOT).parts)]
    assert [
        ours(p) for p in kept if "/work" + "/main" in p.read_text() or "/work" + "/shared" in p.read_text()
    ] == []


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name.upper()}`" in (ROOT / "docs" / "settings.md").read_text()


def test_the_readme_shows_the_tree() -> None:
    readme = (ROOT / "README.md").read_text()
    rooms = [path.name for path in (ROOT / "app").iterdir() if (path / "__init__.py").exists()]
    scripts = [path.name for path in (ROOT / "scripts").iterdir() if path.is_file()]
    assert [room for room in rooms if f"{room}/" not in readme] == []
    assert [script for script in scripts if f"{script}" not in readme] == []


def constants(path: Path) -> set[str]:
    """Return the strings of a module that are no docstrings."""
    tree = ast.parse(path.read_text())
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in documents)
    return {node.value for node in nodes if isinstance(node.value, str)}


def test_words_have_one_owner() -> None:
    """A mode, an outcome or a reason is spelled out in app/words.py alone."""
    words = {*Mode, Outcome.SKIP, *Reason} - HAVE_OTHER_MEANINGS
    found = {ours(path): constants(path) & words for path in APP if path.name != "words.py"}
    assert {path: spelled for path, spelled in found.items() if spelled} == {}


def test_each_code_of_an_error_is_raised_or_answered() -> None:
    text = "\n".join(path.read_text() for path in APP if path.name != "errors.py" or path.parent.name != "app")
    assert [code for code in CODES if f'"{code}"' not in text] == []


TWICE: set[str] = set()
"""Class names that still stand in two modules. It only shrinks."""


def test_a_class_name_stands_once() -> None:
    """Whoever searches for a class finds one, and reads of two things in two words."""
    names = Counter(
        node.name for path in APP for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)
    )
    assert {name for name, count in names.items() if count > 1} <= TWICE


def test_paths_of_the_architecture_exist() -> None:
    """A path is meant from the project, from app or from app/web; a bare file name is that of any file in app."""
    text = (ROOT / "docs/architecture.md").read_text()
    named = set(re.findall(r"`([a-z_]+(?:/[a-z_]*)*(?:\.(?:py|md|html|toml))?)`", text))
    paths = {name for name in named if "/" in name}
    homes = (ROOT, ROOT / "app", ROOT / "app/web")
    assert len(paths) > 40
    assert [path for path in sorted(paths) if not any((home / path).exists() for home in homes)] == []
    files = {path.name for path in (ROOT / "app").rglob("*")} | {path.name for path in ROOT.iterdir()}
    assert {name for name in named if "." in name and "/" not in name} - files == set()
