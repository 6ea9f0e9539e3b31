"""One pack in many spellings: rows, files and counts are the same, on both databases, however it was saved."""

import hashlib
import json
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.faults.command_runs import Arena, arenas
from tests import postgres
from tests.factories import picture_bytes

Document = dict[str, Any]
NAME = "Caf\u00e9"


def make_manifest(folder: Path) -> Document:
    """Write two pictures under a name with an accent; return the manifest."""
    images = []
    (folder / NAME).mkdir(parents=True)
    for model in ("first", "second"):
        data = picture_bytes(70 + len(model), (64, 64))
        (folder / NAME / f"{model}.png").write_bytes(data)
        sha256 = hashlib.sha256(data).hexdigest()
        images.append({"model": model, "file": f"{NAME}/{model}.png", "sha256": sha256, "width": 64, "height": 64})
    return {"format": 1, "competitions": [{"slug": "cafe", "prompt": "A caf\u00e9\nat night", "images": images}]}


def in_images(change: Callable[[Document], Document]) -> Callable[[Document], Document]:
    def changed(document: Document) -> Document:
        competition = document["competitions"][0]
        return document | {
            "competitions": [competition | {"images": [change(one) for one in competition["images"]]}]
        }

    return changed


def with_prompt(prompt: str) -> Callable[[Document], Document]:
    return lambda document: document | {"competitions": [document["competitions"][0] | {"prompt": prompt}]}


def backwards(value: Any) -> Any:
    """Return the same document with the keys of every object in the other order."""
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(one) for one in value] if isinstance(value, list) else value


DOCUMENTS: dict[str, Callable[[Document], Document]] = {
    "keys backwards": backwards,
    "hash in capitals": in_images(lambda one: one | {"sha256": one["sha256"].upper()}),
    "decomposed file names": in_images(lambda one: one | {"file": unicodedata.normalize("NFD", one["file"])}),
    "backslashes": in_images(lambda one: one | {"file": one["file"].replace("/", "\\")}),
    "dots in paths": in_images(lambda one: one | {"file": f"./{NAME}/../{one['file']}"}),
    "an explicit sample": in_images(lambda one: one | {"sample": 0}),
    "an explicit role": in_images(lambda one: one | {"role": "contestant"}),
    "nulls for what is unknown": in_images(
        lambda one: one | {"licence": None, "cost_usd": None, "provider": None}
    ),
    "unknown keys of the pack": lambda document: document | {"made_by": "somebody", "sources": {}},
}
BYTES: dict[str, Callable[[Document], bytes]] = {
    "indented": lambda document: json.dumps(document, indent=4).encode(),
    "not escaped": lambda document: json.dumps(document, ensure_ascii=False).encode(),
    "byte order mark": lambda document: b"\xef\xbb\xbf" + json.dumps(document).encode(),
    "UTF-16": lambda document: json.dumps(document, ensure_ascii=False).encode("utf-16"),
    "line ends of Windows": lambda document: json.dumps(document, indent=1).replace("\n", "\r\n").encode(),
}
ARCHIVES = {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED, "bzip2": zipfile.ZIP_BZIP2}


@pytest.fixture(scope="module")
def fresh(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Callable[[], Iterator[Arena]]]:
    on_both = postgres.available() and not request.config.getoption("--no-postgres")
    with arenas(tmp_path_factory.mktemp("arenas"), postgres=on_both) as made:
        yield made


def outcomes(fresh: Callable[[], Iterator[Arena]], pack: Path) -> list[Any]:
    """Import a pack twice into each database: what is reported, and every row that came of it."""
    seen = []
    for arena in fresh():
        first = arena.run("import-pack", str(pack), "--json")
        again = arena.run("import-pack", str(pack), "--json")
        assert json.loads(again.out)["taken"] == 0
        seen.append((first.code, again.code, json.loads(first.out), arena.read_state()))
    return seen


def test_a_pack_is_equal_however_it_is_spelt(tmp_path: Path, fresh: Callable[[], Iterator[Arena]]) -> None:
    pack = tmp_path / "pack"
    manifest = make_manifest(pack)
    path = pack / "manifest.json"
    path.write_text(json.dumps(manifest))
    expected = outcomes(fresh, pack)[0]
    assert (expected[0], expected[2]["taken"]) == (0, 2)
    spellings = {name: json.dumps(change(manifest)).encode() for name, change in DOCUMENTS.items()}
    for name, data in (spellings | {name: write(manifest) for name, write in BYTES.items()}).items():
        path.write_bytes(data)
        for seen in outcomes(fresh, pack):
            assert seen == expected, name
    path.write_text(json.dumps(manifest))
    for name, method in ARCHIVES.items():
        archive = tmp_path / f"{name}.zip"
        with zipfile.ZipFile(archive, "w", method) as file:
            file.writestr("__MACOSX/._manifest.json", b"\0")
            for one in sorted(pack.rglob("*")):
                file.write(one, one.relative_to(tmp_path))
        for seen in outcomes(fresh, archive):
            assert seen == expected, name
