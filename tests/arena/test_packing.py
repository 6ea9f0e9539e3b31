"""A folder of images becomes a pack without a manifest written by hand."""

import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.arena.entries import pack_import, pack_manifest
from app.arena.errors import InvalidPack
from app.database.doors import Database
from app.gateway.storage import Storage
from tests.cli.conftest import arena  # noqa: F401 (a fixture)
from tests.command import Result
from tests.factories import NOW, picture_bytes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two competitions of three models; one has two samples, one file is no image."""
    for c, slug in enumerate(("red-fox", "night-city")):
        (tmp_path / slug).mkdir()
        (tmp_path / slug / "prompt.txt").write_text(f"A {slug}, please\n")
        for m, name in enumerate(("alpha.png", "beta-1.5.png", "gamma.png")):
            (tmp_path / slug / name).write_bytes(picture_bytes(10 * c + m, (64, 48)))
    (tmp_path / "red-fox" / "alpha@1.png").write_bytes(picture_bytes(99, (64, 48)))
    (tmp_path / "red-fox" / "notes.md").write_text("not an image")
    (tmp_path / "night-city" / "broken.jpg").write_bytes(b"no image")
    (tmp_path / "scratch").mkdir()
    return tmp_path


def written(folder: Path) -> dict[str, Any]:
    """The manifest's competitions by slug."""
    return {one["slug"]: one for one in json.loads((folder / "manifest.json").read_text())["competitions"]}


def test_what_is_listed(folder: Path) -> None:
    packed = pack_manifest.write_manifest(folder)
    assert (packed.competitions, packed.models, packed.images) == (2, 3, 7)
    assert [outcome.subject for outcome in packed.refused] == ["night-city/broken.jpg"]
    fox = written(folder)["red-fox"]
    assert fox["prompt"] == "A red-fox, please"
    assert [(image["model"], image["sample"]) for image in fox["images"]] == [
        ("alpha", 0),
        ("alpha", 1),
        ("beta-1.5", 0),
        ("gamma", 0),
    ]


def test_it_is_imported_whole(folder: Path, sqlite_template: Path, tmp_path: Path) -> None:
    pack_manifest.write_manifest(folder)
    shutil.copy(sqlite_template, tmp_path / "pack.sqlite3")
    database = Database(f"sqlite:///{tmp_path / 'pack.sqlite3'}")
    report = pack_import.import_pack(database, Storage(tmp_path / "files"), folder, now=lambda: NOW)
    assert (report.count("taken"), report.refused, report.competitions) == (7, [], 2)
    database.close()


def test_what_was_added_by_hand_stays(folder: Path) -> None:
    pack_manifest.write_manifest(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    fox = next(one for one in manifest["competitions"] if one["slug"] == "red-fox")
    fox["categories"] = ["animals"]
    fox["images"][0]["licence"] = "CC0"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "red-fox" / "gamma.png").unlink()
    (folder / "red-fox" / "alpha.png").write_bytes(picture_bytes(5))
    pack_manifest.write_manifest(folder)
    fox = written(folder)["red-fox"]
    assert fox["categories"] == ["animals"]
    assert [image["model"] for image in fox["images"]] == ["alpha", "alpha", "beta-1.5"]
    first = fox["images"][0]
    assert (first["licence"], first["width"]) == ("CC0", 64)
    assert first["height"] == 64


def test_images_to_edit(folder: Path) -> None:
    (folder / "red-fox" / "input.png").write_bytes(picture_bytes(7))
    pack_manifest.write_manifest(folder)
    fox = written(folder)["red-fox"]
    assert fox["input"] == "red-fox/input.png"
    assert len(fox["images"]) == 4


@pytest.mark.parametrize(
    ("name", "prompt", "complaint"),
    [
        (
            "R\u00f6d Fox & Co.",
            "a fox",
            "\nR\u00f6d Fox & Co.: a competition's folder is named .*, as rod-fox-co\n",
        ),
        ("\u72d0", "a fox", "as my-competition\n"),
        ("fox", "  ", "fox/prompt.txt is empty"),
    ],
)
def test_what_is_refused(tmp_path: Path, name: str, prompt: str, complaint: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "prompt.txt").write_text(prompt)
    (tmp_path / name / "alpha.png").write_bytes(picture_bytes(1))
    with pytest.raises(InvalidPack, match=complaint):
        pack_manifest.write_manifest(tmp_path)
    assert not (tmp_path / "manifest.json").exists()


def test_nothing_to_pack(tmp_path: Path) -> None:
    with pytest.raises(InvalidPack, match=r"(?s)holds no folder.*--pattern, --from-metadata"):
        pack_manifest.write_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(InvalidPack, match="is no manifest"):
        pack_manifest.write_manifest(tmp_path)


def test_the_next_command_can_be_copied(arena: Callable[..., Result], tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "My Images" / "cap").mkdir(parents=True)
    (tmp_path / "My Images" / "cap" / "prompt.txt").write_text("a cap")
    (tmp_path / "My Images" / "cap" / "alpha.png").write_bytes(picture_bytes(1))
    said = arena("pack", str(tmp_path / "My Images"))[1]
    assert shlex.split(said)[-3:] == ["arena", "import-pack", str(tmp_path / "My Images")]
