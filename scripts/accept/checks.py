"""What the Python scripts share: one JSON line per item, a picture to edit, and the server's address and key."""

import json
import os
import struct
import traceback
import zlib
from collections.abc import Callable
from pathlib import Path

BASE = os.environ["ACCEPT_BASE"]
ROOT = BASE.removesuffix("/openai/v1")
KEY = os.environ["ACCEPT_KEY"]
STAND_IN = os.environ["ACCEPT_STAND_IN"]
FOLDER = Path(os.environ["ACCEPT_FOLDER"])
PROMPT = "a red fox in the snow"


def item(client: str, what: str, check: Callable[[], object]) -> None:
    """Run one check and print what came of it; text that it returns is told."""
    try:
        told = check()
        row = {"client": client, "what": what, "ok": True, "detail": told if isinstance(told, str) else ""}
    except Exception as error:  # noqa: BLE001 (whatever goes wrong is the result)
        where = traceback.format_exc(limit=-2).strip().splitlines()[-5:-1]
        row = {"client": client, "what": what, "ok": False, "detail": "\n".join([*where, repr(error)[:600]])}
    print(json.dumps(row), flush=True)


def png(side: int = 256) -> bytes:
    """Draw a red square."""
    return _written(side, 2, [b"\xff\0\0" * side] * side)


def mask(side: int = 256) -> bytes:
    """Draw a mask whose middle may change."""
    kept, open_ = b"\0\0\0\xff", b"\0\0\0\0"
    edge, middle = side // 4, side - 2 * (side // 4)
    row = kept * edge + open_ * middle + kept * edge
    return _written(side, 6, [kept * side] * edge + [row] * middle + [kept * side] * edge)


def _written(side: int, kind: int, rows: list[bytes]) -> bytes:
    """Write a square PNG; `kind` is PNG's: 2 for RGB, 6 for RGBA."""
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    head = struct.pack(">IIBBBBB", side, side, 8, kind, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )


def png_file(name: str = "one.png") -> Path:
    """Write that square to a file."""
    path = FOLDER / name
    path.write_bytes(png())
    return path
