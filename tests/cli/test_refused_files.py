"""Whatever an admin's command refuses leaves no file behind, and no file in use is called an orphan."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.gateway.storage import Storage
from tests.arena.test_inputs import mask_bytes
from tests.command import Result
from tests.factories import picture_bytes

COMPETITION = """
slug = "{slug}"
title = "Teapot"
categories = [{category}]
prompt = "a teapot"
frame = [64, 64]
status = "open"
"""
EDIT = 'mode = "image-edit"\ninput = "input.png"\nmask = "mask.png"\n'
Run = Callable[..., Result]


@pytest.fixture
def folder(arena: Run, tmp_path: Path) -> Path:
    """A folder with two pictures, an input with its mask, and two competitions of one model."""
    for number in (1, 2):
        (tmp_path / f"{number}.png").write_bytes(picture_bytes(number))
    (tmp_path / "input.png").write_bytes(picture_bytes(3, (64, 64)))
    (tmp_path / "mask.png").write_bytes(mask_bytes((64, 64)))
    for number, slug in enumerate(("teapot", "kettle"), 1):
        make(arena, tmp_path, slug)
        assert arena("entry", "add", slug, "alpha", str(tmp_path / f"{number}.png"))[0] == 0
    return tmp_path


def make(arena: Run, folder: Path, slug: str, more: str = "", category: str = "") -> int:
    """Make a competition of a file; the exit code."""
    file = folder / f"{slug}.toml"
    file.write_text(COMPETITION.format(slug=slug, category=category) + more)
    return arena("competition", "new", str(file))[0]


def files(folder: Path) -> set[str]:
    return set(Storage(folder / "data" / "files").every_key())


def orphans(arena: Run) -> list[str]:
    found: list[str] = json.loads(arena("renditions", "--orphans", "--json")[1])["orphans"]
    return found


def test_renditions_of_several_competitions_are_one_document(arena: Run, folder: Path) -> None:
    code, said, complaints = arena("renditions", "--json", "teapot", "no-such-one", "kettle")
    assert code == 1
    assert [(one["competition"], one["entries"]) for one in json.loads(said)] == [("teapot", 1), ("kettle", 1)]
    assert complaints == "no-such-one: There is no competition 'no-such-one'.\n"
    assert make(arena, folder, "empty") == 0
    said = arena("renditions", "empty", "teapot")[1]
    assert said.splitlines()[0].startswith("empty: 0 of 0 pictures rendered, ")
    assert "None" not in said


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("add", "kettle", "beta", "1.png"), 2),
        (("add", "kettle", "alpha", "1.png"), 2),
        (("add", "kettle", "alpha", "2.png"), 0),
        (("add", "no-such-one", "beta", "2.png"), 2),
        (("replace", "kettle", "alpha", "1.png", "--reason", "better"), 2),
        (("replace", "kettle", "nobody", "2.png", "--reason", "better"), 2),
        (("replace", "kettle", "alpha", "1.png", "--sample", "7", "--reason", "better"), 2),
    ],
)
def test_an_entry_that_is_not_taken_leaves_no_file(
    arena: Run, folder: Path, words: tuple[str, ...], code: int
) -> None:
    before = files(folder)
    named = [str(folder / word) if word.endswith(".png") else word for word in words]
    assert arena("entry", *named)[0] == code
    assert files(folder) == before
    assert orphans(arena) == []


def test_a_competition_that_is_refused_leaves_no_input_and_no_mask(arena: Run, folder: Path) -> None:
    before = files(folder)
    assert make(arena, folder, "an-edit", EDIT, category='"kitchen"') == 2
    assert files(folder) == before


def test_an_input_that_another_competition_uses_stays(arena: Run, folder: Path) -> None:
    assert make(arena, folder, "an-edit", EDIT) == 0
    before = files(folder)
    assert make(arena, folder, "another-edit", EDIT, category='"kitchen"') == 2
    assert files(folder) == before


def test_a_mask_in_use_is_no_orphan(arena: Run, folder: Path) -> None:
    assert make(arena, folder, "an-edit", EDIT) == 0
    assert any("mask" in key for key in files(folder))
    assert orphans(arena) == []
