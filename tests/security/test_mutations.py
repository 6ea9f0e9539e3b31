"""scripts/faults/mutations.py takes defences out and needs minutes; here only that its aim is still true."""

import re
from pathlib import Path

import pytest

from app.database.places import ROOT
from scripts.faults.defences import MUTATIONS, Edit, Mutation, TextGone
from scripts.faults.mutations import verdict

REQUIRED = ("UNIQUE", "charge for skips", "padding", "ICC", "headers", "comes from", "proxies", "binding")


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name.replace(" ", "_"))
def test_what_it_takes_out_is_there_and_so_are_the_tests(mutation: Mutation) -> None:
    for edit in mutation.edits:
        mutated = edit.applied(ROOT)
        assert mutated != (ROOT / edit.path).read_text()
        compile(mutated, edit.path, "exec")
    files = [word for word in mutation.tests if word.endswith(".py")]
    wanted = mutation.tests[mutation.tests.index("-k") + 1] if "-k" in mutation.tests else "test_"
    names = [name for file in files for name in re.findall(r"def (test_\w+)", (ROOT / file).read_text())]
    for words in wanted.split(" or "):
        assert any(words in name for name in names), words


def test_every_required_one_is_there() -> None:
    for words in REQUIRED:
        assert any(words in mutation.name for mutation in MUTATIONS), words


def test_a_text_that_is_gone_is_told(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("a = 1\na = 1\n")
    for old in ("b = 1", "a = 1"):
        with pytest.raises(TextGone, match="times"):
            Edit("one.py", old, "").applied(tmp_path)


def test_what_pytest_says_is_read() -> None:
    assert verdict("x\n1 failed, 20 passed, 3 deselected in 0.5s") == {"failed": 1, "passed": 20}
    assert verdict("no tests ran in 0.1s") == verdict("") == {}
