"""Mutates files as people, programs and attackers leave them: text, tables, images, folders, zip archives."""

import csv
import gzip
import io
import json
import os
import random
import unicodedata
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

Rng = random.Random

STRANGE: tuple[Any, ...] = (
    None, True, -1, 10**30, 0.5, float("nan"), float("inf"), "", " ", "\0", "\ud800", "\x1b[2J", "../x", "e\u0301",
    "\ufeffp", "x" * 40_000, [], {}, ["a"], {"a": "\0"}, [float("nan")], "=1+1", "A" * 64, 10**400, "/etc/passwd",
    "one\\a.png", "\u202egnp.a", {"": ""}, [[[[]]]], "con", "a\nb", "\ud83d\ude00", "\uffff",
)  # fmt: skip
"""Values of a JSON document in the place of others."""
NOISE = (
    b"\0", b"\xff", b'"', b"\n", b"\r", b",", b";", b"\t", b"[", b"{", b"=", b"\xc3", b"\\", b"#",
    b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\x1a", b"\xe2\x80\xa8", b"\x1b[2J",
)  # fmt: skip
CELLS = (
    "", " ", "model_a", "Model A", " TIE ", "tie (bothbad)", "x", "X", "x ", "nan", "NaN", "1", "1.0", "TRUE",
    "no", "1,234", "-3", "1e400", "=1+1", "\x1b[2J", "a\tb", "a\nb", 'a"b', "e\u0301", "\u00e9", "\u202e",
    "y" * 300,    "\u0661", "\uff11", "null", "skip", "b wins", "\ud800",
)  # fmt: skip
HEADERS = (
    "Model A",
    "MODEL-B ",
    "left",
    "winner",
    "outcome",
    "wins_a",
    "ties",
    "counted",
    "",
    "model_a",
    "id",
    "voter",
)
VALUES = (
    "nan", "inf", "-inf", "1e400", "0x10", "1979-05-27", "07:32:00", '"""a\nb"""', "'''c'''", r'"\u0000"',
    r'"\ud800"', "[[]]", "{a = 1}", "true", '"TRUE"', "9" * 30, "9" * 5000, '""', '" "', '"closed"', "[1.5, 512]",
    "[512, 512, 512]", '"\x1b[2J"', "[", "{", '"', '"../x.png"', "'e\u0301'", "[" * 500, "-1", '"text_to_image"',
)  # fmt: skip
"""TOML values in the place of others."""
KEYS = ("slug", "titel", "prompt", "Frame", "mode", '"slug"', "categories.x", "input", "", "target", "k y")
ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "utf-8-sig", "cp1252", "shift_jis")
NAMES = (
    "._a.png", "Thumbs.db", "desktop.ini", "A.PNG", "a.png.png", "a .png", "a.jpe", "a.JFIF", "a.heic", "a.tif",
    "a", ".png", "a\u0301.png", "con.png", "a\\b.png", "a\nb.png", "\u202egnp.png", "a@1.png", "a@99999.png",
    "input.png", "INPUT.jpg", "mask.png", "prompt.txt.png", "x" * 200 + ".png", "a;b.png", "-rf.png", "a.zip",
    "caf\u00e9.png", "a\x1b[2J.png",
)  # fmt: skip
MEMBERS = (
    "../out.png", "/out.png", "C:/out.png", "a/../../out.png", "..\\out.png", "one/A.png", "one//a.png",
    "./one/a.png", "one/a.png/", "one/a.png/x.png", "con/nul.png", "__MACOSX/._a.png", "x" * 300 + ".png",
    "one\\c.png", "\u202e.png",
)  # fmt: skip


def mutate_bytes(data: bytes, rng: Rng) -> bytes:
    """Return bytes with one to four pieces inserted, deleted, repeated, or the whole text in another encoding."""
    for _ in range(rng.randint(1, 4)):
        place, end = sorted(rng.randrange(len(data) + 1) for _ in range(2))
        kind = rng.randrange(6)
        if kind == 0:
            data = data[:place] + rng.choice(NOISE) + data[place:]
        elif kind == 1:
            data = data[:place] + data[min(end, place + 8) :]
        elif kind == 2:
            data = data[:end] + data[place:]
        elif kind == 3:
            data = data[:place] + rng.randbytes(3) + data[place + 3 :]
        elif kind == 4:
            data = data.replace(b"\n", rng.choice([b"\r\n", b"\r", b"\n\n", b"\n\r"]), rng.randint(1, 9))
        else:
            data = data.decode("utf-8", "replace").encode(rng.choice(ENCODINGS), "replace")
    return data


def mutate_document(value: Any, rng: Rng) -> Any:
    """Return a JSON document in which one value or key is another."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(sorted(value))
        if rng.random() < 0.1:
            return {name: inner for name, inner in value.items() if name != key}
        return value | {key: mutate_document(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.9:
        place = rng.randrange(len(value))
        if rng.random() < 0.1:
            return [*value, value[place]]
        return [*value[:place], mutate_document(value[place], rng), *value[place + 1 :]]
    return rng.choice(STRANGE)


def mutate_table(rows: list[list[str]], rng: Rng) -> bytes:
    """Write rows as a CSV, TSV, JSON list or JSON lines with some odd cells or headers, packed by gzip or not."""
    rows = [list(row) for row in rows]
    for _ in range(rng.choice([0, 1, 1, 2])):
        line = rng.randrange(len(rows))
        rows[line][rng.randrange(len(rows[line]))] = rng.choice(HEADERS if line == 0 else CELLS)
    if rng.random() < 0.15:
        rows[rng.randrange(len(rows))].append(rng.choice(CELLS))
    data = rng.choice((_write_csv, _write_csv, _write_json))(rows, rng)
    if rng.random() < 0.3:
        data = mutate_bytes(data, rng)
    return gzip.compress(data, mtime=0)[: rng.choice([None, None, -3])] if rng.random() < 0.15 else data


def _write_csv(rows: list[list[str]], rng: Rng) -> bytes:
    text = io.StringIO()
    delimiter, quoting = rng.choice(",,;\t|"), rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=rng.choice(["\n", "\r\n"])).writerows(
        rows
    )
    encoding = rng.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1"])
    return text.getvalue().encode(encoding, "replace")


def _write_json(rows: list[list[str]], rng: Rng) -> bytes:
    objects: list[Any] = [dict(zip(rows[0], row, strict=False)) for row in rows[1:]]
    if rng.random() < 0.4:
        objects = mutate_document(objects, rng)
    if not isinstance(objects, list) or rng.random() < 0.5:
        return json.dumps(objects, indent=rng.choice([None, 1])).encode()
    return "".join(json.dumps(one) + "\n" for one in objects).encode()


def mutate_toml(text: str, rng: Rng) -> bytes:
    """Return a TOML text with one or two values, keys or lines that are others."""
    lines = text.splitlines()
    for _ in range(rng.randint(1, 2)):
        place = rng.randrange(len(lines))
        key, equals, value = lines[place].partition(" = ")
        kind = rng.randrange(5)
        if kind <= 1 and equals:
            lines[place] = f"{key} = {rng.choice(VALUES)}"
        elif kind == 2:
            lines[place] = f"{rng.choice(KEYS)} = {value or 1}"
        elif kind == 3:
            lines.insert(place, rng.choice([lines[place], "[table]", "[[table]]", "# \x07", rng.choice(KEYS)]))
        else:
            del lines[place]
        lines = lines or ["#"]
    data = rng.choice(["\n", "\n", "\r\n", "\r"]).join(lines).encode()
    return mutate_bytes(data, rng) if rng.random() < 0.3 else data


def mutate_image(data: bytes, rng: Rng) -> bytes:
    """Return an image cut off, garbled, empty, or of another format, mode or number of frames."""
    makers: tuple[Callable[[], bytes], ...] = (
        lambda: data[: rng.randrange(len(data))],
        lambda: mutate_bytes(data, rng),
        lambda: b"",
        lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        lambda: save_as(data, rng.choice(["JPEG", "WEBP", "GIF", "AVIF", "TIFF", "BMP", "ICO", "JPEG2000"])),
        lambda: save_as(data, rng.choice(["GIF", "WEBP", "PNG", "TIFF"]), frames=2),
        lambda: save_as(data, "PNG", mode=rng.choice(["1", "L", "LA", "P", "RGBA", "I;16"])),
        lambda: save_as(data, "JPEG", mode="CMYK"),
    )
    return rng.choice(makers)()


def save_as(data: bytes, format_: str, *, mode: str = "RGB", frames: int = 1) -> bytes:
    """Write an image in another format and mode; with two frames the second is blank."""
    buffer = BytesIO()
    with Image.open(BytesIO(data)) as image:
        image.load()
        converted = image.convert("L").convert("I").convert(mode) if mode == "I;16" else image.convert(mode)
    more = (
        {"save_all": True, "append_images": [Image.new(mode, converted.size)] * (frames - 1)} if frames > 1 else {}
    )
    converted.save(buffer, format_, **more)
    return buffer.getvalue()


def mutate_folder(folder: Path, rng: Rng) -> None:
    """Add, rename, move, link or garble files below a folder of images, as systems and people do."""
    for _ in range(rng.randint(1, 3)):
        files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
        victim = rng.choice(files)
        name = unicodedata.normalize(rng.choice(["NFC", "NFD"]), rng.choice(NAMES))
        kind = rng.randrange(7)
        if kind == 0:
            _write(victim.with_name(name), victim.read_bytes())
        elif kind == 1:
            _write(victim.with_name(name), mutate_image(next(folder.rglob("a.png"), victim).read_bytes(), rng))
        elif kind == 2:
            victim.write_bytes(
                mutate_image(victim.read_bytes(), rng) if victim.suffix == ".png" else rng.choice(NOISE)
            )
        elif kind == 3:
            victim.write_bytes(mutate_bytes(victim.read_bytes(), rng))
        elif kind == 4:
            _link(
                victim.with_name(f"link{rng.randrange(9)}.png"),
                rng.choice(["/etc/passwd", "..", "gone", victim.name]),
            )
        elif kind == 5:
            _write(
                victim.parent / rng.choice(["deep", "x/y", "Deep er", name + ".d"]) / victim.name,
                victim.read_bytes(),
            )
        elif len(files) > 1:
            victim.unlink()


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError:
        return  # a name that this file system does not take


def _link(path: Path, target: str) -> None:
    if not os.path.lexists(path):
        path.symlink_to(target)


def write_zip(folder: Path, path: Path, rng: Rng) -> None:
    """Pack a folder, often with a member that is named, packed or marked as no honest program does."""
    with zipfile.ZipFile(path, "w", rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder).as_posix())
        kind = rng.randrange(6)
        if kind == 0:
            archive.writestr(rng.choice(MEMBERS), b"x")
        elif kind == 1:
            link = zipfile.ZipInfo("one/link.png")
            link.external_attr = 0o120777 << 16
            archive.writestr(link, rng.choice(["/etc/passwd", "../..", "a.png"]))
        elif kind == 2:
            archive.writestr("one/bomb.png", bytes(3 * 2**20), zipfile.ZIP_DEFLATED)
    if kind in (3, 4):
        path.write_bytes(mutate_bytes(path.read_bytes(), rng))
