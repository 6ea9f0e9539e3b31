"""Exit codes of every command that reads a file, for whatever may stand in its place: 2, and nothing changed."""

import gzip
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.faults.command_runs import Arena, arenas
from tests.factories import picture_bytes

TOML = 'slug = "a-b"\ntitle = "T"\nmode = "text-to-image"\nprompt = "p"\nframe = [512, 512]\ncategories = []\n'
COMMANDS = {
    "rate": ("rate", "FILE"),
    "rate as JSON": ("rate", "FILE", "--format", "json"),
    "competition": ("competition", "new", "FILE"),
    "entry": ("entry", "add", "there", "m", "FILE"),
    "pack": ("pack", "FILE"),
    "pack by metadata": ("pack", "FILE", "--from-metadata"),
    "pack by names": ("pack", "FILE", "--pattern", "{prompt}/{model}.png", "--dry-run"),
    "import": ("import-pack", "FILE"),
    "import with refusals": ("import-pack", "FILE", "--allow-refused"),
    "import as JSON": ("import-pack", "FILE", "--json"),
    "seed": ("seed", "FILE"),
    "restore": ("restore", "FILE"),
}
ODD: dict[str, bytes] = {
    "empty": b"",
    "spaces": b" \r\n \n",
    "random.bin": bytes(range(256)) * 4,
    "page.html": b"<!doctype html><title>404</title>",
    "null.json": b"null",
    "list.json": b"[]",
    "object.json": b"{}",
    "text.json": b'"x"',
    "utf16.txt": 'slug = "a"'.encode("utf-16"),
    "nothing.gz": gzip.compress(b""),
    "half.gz": gzip.compress(b"model_a,model_b,winner\nx,y,a\n")[:-9],
    "half.zip": b"PK\x03\x04" + bytes(20),
    "nul.toml": b"slug\0=1",
}
PLACES = ("missing", "folder", "dangling", "loop", "empty.zip", "/dev/null", "", *ODD)
LIBRARY_WORDS = ("Traceback", "Errno", "Field required", "Input should", "sqlalchemy", "pydantic", "PIL")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Arena]]:
    """Make a folder of odd files, and an installation with one competition."""
    folder = tmp_path_factory.mktemp("odd")
    for name, content in ODD.items():
        (folder / name).write_bytes(content)
    (folder / "folder").mkdir()
    (folder / "dangling").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    zipfile.ZipFile(folder / "empty.zip", "w").close()
    (folder / "there.toml").write_text(TOML.replace("a-b", "there"))
    with arenas(tmp_path_factory.mktemp("arena"), postgres=False) as fresh:
        arena = next(iter(fresh()))
        assert arena.run("competition", "new", str(folder / "there.toml")).code == 0
        yield folder, arena


@pytest.mark.parametrize("command", COMMANDS)
def test_what_cannot_be_read_ends_with_2_and_changes_nothing(made: tuple[Path, Arena], command: str) -> None:
    folder, arena = made
    before = arena.read_state()
    for place in PLACES:
        path = place if place in {"", "/dev/null"} else str(folder / place)
        ending = arena.run(*(path if word == "FILE" else word for word in COMMANDS[command]))
        told = ending.err + ending.out
        assert ending.code == 2, (place, ending)
        assert told.strip(), place
        assert [word for word in LIBRARY_WORDS if word in told] == [], (place, told)
    assert arena.read_state() == before


def write_pack(folder: Path, *names: str) -> Path:
    (folder / "one").mkdir(parents=True)
    (folder / "one" / "prompt.txt").write_text("a thing")
    for number, name in enumerate(names):
        is_good = name.startswith("good")
        (folder / "one" / name).write_bytes(picture_bytes(40 + number, (64, 64)) if is_good else b"no picture")
    return folder


CODES = {
    "all good": (("good-a.png", "good-b.png"), (0, 0), (0, 0)),
    "one of two": (("good-a.png", "bad-b.png"), (1, 0), (0, 0)),
    "a stranger beside it": (("good-a.png", "notes.docx"), (1, 0), (0, 0)),
    "none good": (("bad-a.png", "bad-b.png"), (2, 2), (2, 2)),
}
"""Names in a folder; exit codes of `pack` without and with --allow-refused; the same of `import-pack`."""


@pytest.mark.parametrize("name", CODES)
def test_the_codes_of_a_pack_agree_with_its_report(tmp_path: Path, name: str) -> None:
    names, of_pack, of_import = CODES[name]
    allowed: tuple[tuple[str, ...], ...] = ((), ("--allow-refused",))
    with arenas(tmp_path / "arenas", postgres=False) as fresh:
        for number, more in enumerate(allowed):
            pack = write_pack(tmp_path / str(number), *names)
            arena = next(iter(fresh()))
            assert arena.run("pack", str(pack), *more).code == of_pack[number]
            assert arena.run("import-pack", str(pack), *more).code == of_import[number]
            assert arena.count_orphans() == 0
