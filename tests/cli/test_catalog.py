"""An admin's own models: begun, loaded from a folder of their own, found, audited."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.command import Result


def test_a_model_is_begun_loaded_and_found(arena: Callable[..., Result], tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    file = own / "brush-9.toml"
    code, said, _ = arena("model", "new", str(file))
    assert (code, file.exists()) == (0, True)
    assert f"arena seed {file}" in said
    code, said, _ = arena("seed", str(own))
    assert code == 0
    assert "created    image_models  brush-9" in said
    code, said, _ = arena("model", "find", "Brush", "9", "--json")
    assert code == 0
    assert json.loads(said) == [{"slug": "brush-9", "name": "Brush 9", "status": "active"}]
    assert arena("catalog", "audit")[0] == 0


def test_a_file_that_exists_is_left_alone(arena: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("mine", "utf-8")
    code, _, complaint = arena("model", "new", str(file))
    assert code == 2
    assert "exists already" in complaint
    assert file.read_text("utf-8") == "mine"


def test_a_file_is_named_after_its_model(arena: Callable[..., Result], tmp_path: Path) -> None:
    code, _, complaint = arena("model", "new", str(tmp_path / "My Model.txt"))
    assert code == 2
    assert "Name the file after the model" in complaint


def test_finding_nothing_fails(arena: Callable[..., Result]) -> None:
    code, said, complaint = arena("model", "find", "nobody")
    assert (code, said) == (1, "")
    assert "No model answers to 'nobody'" in complaint


def test_every_mistake_of_a_file_is_told_at_once(arena: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('slug = "mine"\nname = "Mine"\ncreater = "Me"\nreleased = "soon"\n', "utf-8")
    code, _, complaint = arena("seed", str(file))
    assert code == 2
    assert "mine.toml: creater: there is no such field; did you mean 'creator'? (line 3)" in complaint
    assert "mine.toml: released: " in complaint
    assert "(line 4)" in complaint


def test_an_error_of_the_audit_fails(arena: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    arena("model", "new", str(file))
    file.write_text(file.read_text("utf-8").replace('"1024x1024"\nsizes', '"2048x2048"\nsizes'), "utf-8")
    arena("seed", str(file))
    code, said, _ = arena("catalog", "audit", "--json")
    assert code == 1
    assert [finding["check"] for finding in json.loads(said) if finding["level"] == "error"] == ["maximum"]
    assert "Errors: 1." in arena("catalog", "audit")[1]
