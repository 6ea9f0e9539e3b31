"""Nothing disappears in a pack: every file and folder is taken, or named with the reason."""

import contextlib
import hashlib
import json
import os
import socket
import unicodedata
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from app.arena.entries import pack_import, pack_manifest, pack_sorting
from app.arena.entries.orphans import find_orphans
from app.arena.entries.pack_format import PackReport
from app.arena.errors import InvalidPack
from app.arena.tables import Competition
from app.database.doors import Database
from app.files.folders import find_inside
from app.gateway.images import InvalidImage, decode
from app.gateway.storage import Storage
from tests.cli.conftest import arena  # noqa: F401 (a fixture)
from tests.command import Result
from tests.factories import NOW, picture_bytes


def lay(folder: Path, files: dict[str, bytes | str]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def picture(seed: int, format_: str = "PNG") -> bytes:
    return picture_bytes(seed, (64, 64), format_)


def listed(folder: Path) -> dict[str, dict[str, Any]]:
    return {one["slug"]: one for one in json.loads((folder / "manifest.json").read_text())["competitions"]}


def reasons(summary: pack_manifest.ManifestSummary, kind: str) -> dict[str, str]:
    return {one.subject: str(one.reason) for one in summary.outcomes if one.kind == kind}


def test_every_file_and_folder_has_a_line(tmp_path: Path) -> None:
    lay(
        tmp_path,
        {
            "cap/prompt.txt": "a cap",
            "cap/m0.jpg": picture(0, "JPEG"),
            "cap/m1.JFIF": picture(1, "JPEG"),
            "cap/m1.png": picture(2),
            "cap/m2.jpe": picture(3, "JPEG"),
            "cap/m3.tif": picture(4, "TIFF"),
            "cap/My Model.png": picture(5),
            "cap/notes.md": "text",
            "cap/m5.xyz": "?",
            "cap/._m0.jpg": "noise",
            "cap/Thumbs.db": "noise",
            "cap/sub/m6.png": picture(6),
            "noprompt/m0.gif": picture(7, "GIF"),
            "group/deep/prompt.txt": "deep",
            "group/deep/m0.png": picture(8),
            "stray.png": picture(9),
            ".DS_Store": "noise",
        },
    )
    (tmp_path / "empty").mkdir()
    summary = pack_manifest.write_manifest(tmp_path)
    assert {slug: [i["file"] for i in one["images"]] for slug, one in listed(tmp_path).items()} == {
        "cap": ["cap/m0.jpg", "cap/m1.JFIF", "cap/m2.jpe"],
        "deep": ["group/deep/m0.png"],
    }
    assert {name: reason[:22] for name, reason in reasons(summary, "refused").items()} == {
        "cap/My Model.png": "a model is named in lo",
        "cap/m1.png": "m1.JFIF is sample 0 of",
        "cap/m3.tif": "TIF is no format that ",
        "cap/m5.xyz": ".xyz is no image we kn",
        "cap/sub": "a folder inside a comp",
        "cap/sub/m6.png": "it lies in a folder in",
        "noprompt": "there are images in it",
        "noprompt/m0.gif": "it lies in no competit",
        "stray.png": "it lies in no competit",
    }
    assert reasons(summary, "skipped") == {"cap/notes.md": "no image", "empty": "an empty folder"}


def lay_no_files(folder: Path) -> None:
    """Lay a pipe, a socket and links that lead nowhere, named like pictures; reading the pipe would never end."""
    os.mkfifo(folder / "pipe.png")
    with contextlib.chdir(folder), socket.socket(socket.AF_UNIX) as made:
        made.bind("s.png")  # the whole path may be longer than a socket's address
    (folder / "gone.png").symlink_to("nowhere.png")
    (folder / "self.png").symlink_to("self.png")


def test_what_is_no_file_is_named_and_never_waited_for(tmp_path: Path) -> None:
    lay(tmp_path, {"cap/prompt.txt": "a cap", "cap/m0.png": picture(0), "cap/sub/x.txt": "text"})
    for folder in ("cap", "cap/sub"):
        lay_no_files(tmp_path / folder)
    (tmp_path / "cap" / "m1.png").symlink_to("m0.png")
    summary = pack_manifest.write_manifest(tmp_path)
    assert [image["file"] for image in listed(tmp_path)["cap"]["images"]] == ["cap/m0.png", "cap/m1.png"]
    refused = reasons(summary, "refused")
    for folder in ("cap", "cap/sub"):
        assert refused[f"{folder}/pipe.png"] == refused[f"{folder}/s.png"]
        assert refused[f"{folder}/pipe.png"] == "no file, but a pipe, a socket or a device"
        assert refused[f"{folder}/gone.png"] == refused[f"{folder}/self.png"] == "a link that leads nowhere"
    with pytest.raises(InvalidPack, match=r"pipe\.png: no file, but a pipe"):
        pack_sorting.sort_images(tmp_path, metadata=True, pattern=None)


@pytest.mark.parametrize(
    "name",
    [
        *(".DS_Store", "Icon\r", ".AppleDouble/m0.png", ".Spotlight-V100/a.png", ".Trashes/b.png", "._m1.png"),
        *("Thumbs.db", "ehthumbs.db", "Desktop.ini", "$RECYCLE.BIN/c.png", "System Volume Information/d"),
        *("@eaDir/m0.png/SYNO.jpg", "#recycle/e.png", "lost+found/f", ".directory", ".thumbnails/g.png"),
        *(".git/config", ".svn/entries", "__MACOSX/cap/._m0.png", "~$prompt.docx"),
    ],
)
@pytest.mark.parametrize("folder", ["", "cap/"])
def test_what_systems_put_there_is_nobodys(tmp_path: Path, folder: str, name: str) -> None:
    lay(tmp_path, {"cap/prompt.txt": "a cap", "cap/m0.png": picture(0), folder + name: picture(1)})
    summary = pack_manifest.write_manifest(tmp_path)
    assert (summary.images, summary.outcomes) == (1, ())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_a_prompt_as_editors_save_it(tmp_path: Path, encoding: str) -> None:
    prompt = "a lighthouse\r\nat night\r\n".encode(encoding)
    lay(tmp_path, {"cap/prompt.txt": prompt, "cap/m0.png": picture(0)})
    pack_manifest.write_manifest(tmp_path)
    assert listed(tmp_path)["cap"]["prompt"] == "a lighthouse\nat night"


@pytest.mark.parametrize(
    ("prompt", "complaint"),
    [
        ("a caf\u00e9".encode("latin-1"), "cap/prompt.txt line 1: the byte 0xe9 is not UTF-8; save"),
        ("a lamp".encode("utf-16-le"), "cap/prompt.txt: this is no text, or UTF-16 without"),
        (b"a \x1b[2J lamp", "cap/prompt.txt: it holds the control character U+001B"),
    ],
)
def test_a_prompt_that_cannot_be_read_costs_its_competition(tmp_path: Path, prompt: bytes, complaint: str) -> None:
    lay(tmp_path, {"cap/prompt.txt": prompt, "cap/m0.png": picture(0), "fox/prompt.txt": "a fox"})
    with pytest.raises(InvalidPack, match="fox: it holds a prompt and no image") as refused:
        pack_manifest.write_manifest(tmp_path)
    assert complaint in str(refused.value)
    lay(tmp_path, {"fox/m0.png": picture(1)})
    assert complaint in reasons(pack_manifest.write_manifest(tmp_path), "refused")["cap"]
    assert listed(tmp_path).keys() == {"fox"}


def test_an_input_that_cannot_be_read_does_not_change_the_mode(tmp_path: Path) -> None:
    lay(tmp_path, {"cap/prompt.txt": "p", "cap/m0.png": picture(0), "cap/Input.heic": b"\0\0\0\x18ftypheic"})
    with pytest.raises(InvalidPack, match=r"Input.heic, the image to edit, can't be read: .* It is HEIC"):
        pack_manifest.write_manifest(tmp_path)
    (tmp_path / "cap" / "Input.heic").unlink()
    lay(tmp_path, {"cap/Input.jpg": picture(1, "JPEG")})
    pack_manifest.write_manifest(tmp_path)
    assert listed(tmp_path)["cap"]["input"] == "cap/Input.jpg"
    lay(tmp_path, {"cap/input.png": picture(1)})
    with pytest.raises(InvalidPack, match="keep one, the image to edit"):
        pack_manifest.write_manifest(tmp_path)


def manifest(folder: Path, *competitions: dict[str, Any]) -> None:
    lay(folder, {"manifest.json": json.dumps({"format": 1, "competitions": competitions})})


def image(folder: Path, file: str, model: str, number: int, **more: Any) -> dict[str, Any]:
    data = picture(number)
    lay(folder, {file: data})
    return {"model": model, "file": file, "sha256": hashlib.sha256(data).hexdigest()} | more


def run(database: Database, tmp_path: Path) -> PackReport:
    return pack_import.import_pack(database, Storage(tmp_path / "files"), tmp_path / "p", now=lambda: NOW)


def told(report: PackReport) -> list[tuple[str, str, str | None]]:
    return [(one.subject, one.kind, one.reason) for one in report.outcomes]


def test_one_bad_value_costs_itself_on_both_databases(database: Database, tmp_path: Path) -> None:
    pack = tmp_path / "p"
    good = [image(pack, f"two/{i}.png", f"m{i}", i) for i in range(2)]
    nan = image(pack, "one/a.png", "m0", 10, seed=float("nan"))
    nul = image(pack, "one/b.png", "m1", 11, note={"deep": ["a\0b"]})
    half = image(pack, "one/c.png", "m2", 12, licence="\ud800")
    fine = image(pack, "one/d.png", "m3", 13)
    manifest(
        pack,
        {"slug": "one", "prompt": "p", "images": [nan, nul, half, fine]},
        {"slug": "nul", "prompt": "a\0b", "images": good},
        {"slug": "blank", "prompt": " \n", "images": good},
        {"slug": "two", "prompt": "q", "images": good},
    )
    assert told(run(database, tmp_path)) == [
        ("one/a.png", "refused", "seed: nan is no number"),
        ("one/b.png", "refused", "note: deep: a NUL character can't be stored"),
        ("one/c.png", "refused", "licence: half a surrogate pair can't be stored"),
        ("one/d.png", "taken", None),
        ("nul", "refused", "prompt: a NUL character can't be stored"),
        ("blank", "refused", "prompt: the text is empty"),
        ("two/0.png", "taken", None),
        ("two/1.png", "taken", None),
    ]


def test_a_competition_of_which_nothing_is_taken_does_not_come_to_be(database: Database, tmp_path: Path) -> None:
    pack = tmp_path / "p"
    bad = image(pack, "one/a.png", "m0", 1) | {"sha256": "0" * 64}
    twin = image(pack, "one/b.png", "m1", 2)
    lay(pack, {"one/input.png": picture(9)})
    manifest(pack, {"slug": "one", "prompt": "p", "input": "one/input.png", "images": [bad]})
    report = run(database, tmp_path)
    assert (report.competitions, report.count("refused")) == (0, 1)
    with database.reading() as session:
        assert session.scalars(select(Competition)).all() == []
        assert find_orphans(session, Storage(tmp_path / "files")) == []
    assert list(Storage(tmp_path / "files").every_key()) == []
    manifest(pack, {"slug": "one", "prompt": "p", "images": [twin, image(pack, "one/c.png", "m1", 3)]})
    report = run(database, tmp_path)
    assert [kind for _, kind, _ in told(report)] == ["taken", "refused"]
    storage = Storage(tmp_path / "files")
    with database.reading() as session:
        assert find_orphans(session, storage) == []
        storage.put("renditions/left-behind.webp", b"x")
        storage.put("generated/of-the-gateway.png", b"x")
        assert find_orphans(session, storage) == ["renditions/left-behind.webp"]


def test_names_and_hashes_of_other_systems(database: Database, tmp_path: Path) -> None:
    pack = tmp_path / "p"
    composed, decomposed = (unicodedata.normalize(form, "one/mod\u00e8le.png") for form in ("NFC", "NFD"))
    first = image(pack, decomposed, "m0", 1) | {"file": composed}
    second = image(pack, "one/b.png", "m1", 2) | {"file": "one\\b.png"}
    second["sha256"] = second["sha256"].upper()
    manifest(pack, {"slug": "one", "prompt": "caf\u00e9\r\n", "images": [first, second]})
    assert run(database, tmp_path).count("taken") == 2
    manifest(pack, {"slug": "one", "prompt": "\ufeffcafe\u0301", "images": [first, second]})
    assert run(database, tmp_path).count("unchanged") == 2


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/etc/passwd", "..\\a", "a\0b"])
def test_no_name_leads_out_of_a_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "p").mkdir()
    assert find_inside(tmp_path / "p", name) is None


def test_exit_codes_agree_with_the_report(arena: Callable[..., Result], tmp_path: Path) -> None:  # noqa: F811
    pack = tmp_path / "p"
    lay(pack, {"cap/prompt.txt": "a cap", "cap/m0.png": picture(0), "cap/m1.png": "no image"})
    assert arena("pack", str(pack))[0] == 1
    code, said, _ = arena("pack", str(pack), "--allow-refused", "--json")
    assert (code, [one["subject"] for one in json.loads(said)["refused"]]) == (0, ["cap/m1.png"])
    assert arena("import-pack", str(pack))[0] == 0
    manifest(pack, {"slug": "cup", "prompt": "p", "images": [{"model": "m", "file": "x", "sha256": "0" * 64}]})
    assert arena("import-pack", str(pack), "--allow-refused")[0] == 1
    assert "cup" not in arena("competition", "list")[1]


def heic(number: int, **options: Any) -> bytes:
    """Return a photograph of a telephone; skips where the extra is not installed."""
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    buffer = BytesIO()
    with Image.open(BytesIO(picture_bytes(number, (64, 48)))) as opened:
        opened.save(buffer, "HEIF", quality=100, chroma=444, **options)
    return buffer.getvalue()


def animation(first: Image.Image, format_: str) -> bytes:
    buffer = BytesIO()
    with Image.open(BytesIO(picture(9))) as second:
        first.save(buffer, format_, save_all=True, append_images=[second.convert("RGB")], lossless=True)
    return buffer.getvalue()


@pytest.mark.parametrize("format_", ["GIF", "WEBP", "PNG"])
def test_an_animation_is_taken_or_refused_by_its_first_frame(
    arena: Callable[..., Result],  # noqa: F811
    tmp_path: Path,
    format_: str,
) -> None:
    with Image.open(BytesIO(picture(8))) as first:
        moving = animation(first.convert("RGB"), format_)
    blank = animation(Image.new("RGB", (64, 64), "white"), format_)
    name = format_.lower()
    lay(tmp_path / "p", {"cap/prompt.txt": "a cap", f"cap/m0.{name}": moving, f"cap/m1.{name}": blank})
    assert arena("pack", str(tmp_path / "p"))[0] == 0
    code, said, _ = arena("import-pack", str(tmp_path / "p"), "--json")
    report = json.loads(said)
    assert (code, report["taken"]) == (1, 1)
    ((taken, notice),) = [one.values() for one in report["notices"]]
    ((refused, reason),) = [one.values() for one in report["refused"]]
    assert (taken, refused) == (f"cap/m0.{name}", f"cap/m1.{name}")
    assert "is blank" in reason
    assert notice == "an animation: the first of its 2 frames is shown"
    assert notice in reason


def test_heic_is_a_picture_where_its_extra_is_installed(arena: Callable[..., Result], tmp_path: Path) -> None:  # noqa: F811
    exif = Image.Exif()
    exif[0x0112] = 6
    pack = lay(
        tmp_path / "p",
        {"cap/prompt.txt": "a cap", "cap/m0.heic": heic(1), "cap/m1.HEIF": heic(2), "cap/input.heic": heic(3)},
    )
    assert arena("pack", str(pack))[0] == 0
    assert arena("import-pack", str(pack))[0] == 0
    ours = np.asarray(decode(heic(1))).astype(int)
    theirs = np.asarray(decode(picture_bytes(1, (64, 48)))).astype(int)
    assert np.abs(ours - theirs).mean() <= 3
    assert decode(heic(1, exif=exif.tobytes())).size in {(64, 48), (48, 64)}


def test_heic_is_refused_by_name_without_its_extra(
    arena: Callable[..., Result],  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.gateway.foreign_formats.find_spec", lambda _name: None)
    photograph = b"\0\0\0\x18ftypheic"
    pack = lay(tmp_path / "p", {"cap/prompt.txt": "p", "cap/m0.heic": photograph, "cap/m1.png": picture(1)})
    code, said, _ = arena("pack", str(pack))
    assert (code, "cap/m0.heic: HEIC is no format that browsers show" in said) == (1, True)
    assert "save it as PNG, or install the extra heic" in said
    assert "pip install 'FILE.whl[heic]'" in said  # no index has a package of ours
    with pytest.raises(InvalidImage, match="It is HEIC; save it as PNG, or install the extra heic"):
        decode(photograph)


def test_what_is_no_image_we_take_is_named() -> None:
    buffer = BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "TIFF")
    for data, name in ((buffer.getvalue(), "TIFF"), (b"<svg xmlns=''/>", "SVG"), (b"\0\0\0\x18ftypmif1", "HEIC")):
        with pytest.raises(InvalidImage, match=f"It is {name}; save it as PNG"):
            decode(data)
