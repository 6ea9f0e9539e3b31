"""Text from outside: how it is encoded, what of it a database can store, and how a terminal shows it."""

import codecs
import json
import math
import re
import unicodedata
from pathlib import Path
from typing import Any

from app.errors import Refusal

WEB_PAGE = "a web page; open its address to see what was answered in the file's place"
NO_TEXT = {
    b"PK\x03\x04": "a zip archive or a workbook; unpack it, or save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "a workbook of Excel; save the sheet as CSV",
    b"PAR1": "a Parquet file; write it as CSV or JSON lines",
    b"SQLite format 3": "an SQLite database; write the table as CSV",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive; unpack it",
    b"BZh": "a bzip2 archive; unpack it",
    b"\xfd7zXZ": "an xz archive; unpack it",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive; unpack it",
    b"7z\xbc\xaf": "a 7z archive; unpack it",
    b"Rar!": "a RAR archive; unpack it",
    b"ARROW1": "an Arrow file; write it as CSV or JSON lines",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"version https://git-lfs": "a pointer of Git LFS in place of the file; fetch the file by `git lfs pull`",
    b"<!doctype html": WEB_PAGE,
    b"<html": WEB_PAGE,
}
"""How files begin that are given in the place of text, and what to do with them."""
LINE_END = re.compile(r"\r\n|\r|\n")
BYTES_LINE_END = re.compile(rb"\r\n|\r|\n")
MOST_QUOTED = 80
"""Characters of a text in a message: a cell may hold a whole conversation."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_NO_CHARACTER = re.compile(r"[\x00\ud800-\udfff]")
_FORMULA = tuple("=+-@\t\r")


class DuplicateKey(ValueError):
    """A key stands twice in one JSON object; the message is the key."""


class InvalidFile(Refusal, code="invalid_file"):
    """A file can't be read; the message names it and says what to do."""


def find_encoding(start: bytes, name: str) -> str:
    """
    Return the encoding of a file from its first bytes: `utf-8-sig`, or `utf-16` where a byte order mark says so.

    Raises InvalidFile for what is no text, and for UTF-32 and UTF-16 without a mark.
    """
    lowered = start[:64].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    for magic, what in NO_TEXT.items():
        if start.startswith(magic) or lowered.startswith(magic):
            raise InvalidFile(f"{name}: this is {what}")
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise InvalidFile(f"{name}: this is UTF-32; save it as UTF-8")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in start:
        raise InvalidFile(f"{name}: this is no text, or UTF-16 without a byte order mark; save it as UTF-8")
    return "utf-8-sig"


def describe_bad_byte(error: UnicodeDecodeError, name: str, lines_before: int = 0) -> str:
    """Say on which line a file stops being UTF-8; `lines_before` lines came before the bytes of the error."""
    line = lines_before + 1 + len(BYTES_LINE_END.findall(error.object[: error.start]))
    byte = error.object[error.start]
    encoding = "UTF-16" if error.encoding.startswith("utf-16") else "UTF-8"
    return f"{name} line {line}: the byte 0x{byte:02x} is not {encoding}; save the file as UTF-8"


def decode_text(data: bytes, name: str) -> str:
    """Decode a whole file, without its byte order mark and with line feeds as line ends. Raises InvalidFile."""
    try:
        text = data.decode(find_encoding(data[:4096], name))
    except UnicodeDecodeError as error:
        raise InvalidFile(describe_bad_byte(error, name)) from error
    return LINE_END.sub("\n", text)


def read_text(path: Path, name: str | None = None) -> str:
    """Read a whole file as text; `name` is what messages call it. Raises InvalidFile, OSError."""
    return decode_text(path.read_bytes(), name or path.name)


def refuse_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make the object of these members; the parser would let the last of two with one key win in silence."""
    members = dict(pairs)
    if len(members) < len(pairs):
        keys = [key for key, _ in pairs]
        raise DuplicateKey(next(key for key in keys if keys.count(key) > 1))
    return members


def read_json(path: Path) -> Any:
    """Read a JSON document. Raises InvalidFile naming the line, OSError."""
    name, text = path.name, read_text(path)
    try:
        return json.loads(text, object_pairs_hook=refuse_twins)
    except json.JSONDecodeError as error:
        where = f"{name} line {error.lineno} column {error.colno}"
        raise InvalidFile(f"{where}: this is no JSON: {error.msg.lower()}") from error
    except DuplicateKey as error:
        raise InvalidFile(
            f"{name}: the key {escape_for_terminal(str(error))} stands twice in one object"
        ) from error
    except RecursionError as error:
        raise InvalidFile(f"{name}: lists or objects lie too deep inside each other") from error
    except ValueError as error:
        raise InvalidFile(f"{name}: a number has too many digits") from error


def find_unstorable(value: object) -> str | None:
    """
    Say why a value of a JSON document can't be stored in every database; None where it can.

    PostgreSQL takes no NUL, no lone surrogate and no number that is not finite; SQLite takes them all.
    """
    if isinstance(value, str):
        if "\0" in value:
            return "a NUL character can't be stored"
        return "half a surrogate pair can't be stored" if _has_surrogate(value) else None
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value} is no number"
    if isinstance(value, dict):
        return next(filter(None, (_in_member(key, inner) for key, inner in value.items())), None)
    if isinstance(value, list | tuple):
        return next(filter(None, map(find_unstorable, value)), None)
    return None


def mend_value(value: Any) -> Any:
    """Return a JSON value as every database stores it: U+FFFD for no character, null for no number."""
    if isinstance(value, str):
        return _NO_CHARACTER.sub("\ufffd", value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {mend_value(key): mend_value(inner) for key, inner in value.items()}
    return [mend_value(inner) for inner in value] if isinstance(value, list) else value


def find_control(text: str) -> str | None:
    """Say which control character other than tab and line ends a text holds; None where it holds none."""
    found = _CONTROL.search(LINE_END.sub("\n", text))
    return f"it holds the control character U+{ord(found.group()):04X}" if found else None


def normalize(text: str) -> str:
    """Return the text as texts are compared: in normal form C, without space around it."""
    return (text if text.isascii() else unicodedata.normalize("NFC", text)).strip()


def fold_spelling(text: str) -> str:
    """Return what two spellings of one name share: case, kinds of space and compatibility forms left out."""
    wide = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(c for c in wide if unicodedata.category(c) != "Cf")
    folded = " ".join(re.split(r"[\s_]+", kept.strip()))
    number = re.fullmatch(r"(\d+)\.0+", folded)
    return number.group(1) if number else folded


def escape_for_terminal(text: str) -> str:
    """Write characters that a terminal obeys, and line ends, as escapes in hexadecimal."""
    return _UNPRINTABLE.sub(lambda found: found.group().encode("unicode_escape", "surrogatepass").decode(), text)


def shorten(text: str) -> str:
    """Return the beginning of a text that is too long for a message."""
    return text if len(text) <= MOST_QUOTED else f"{text[:MOST_QUOTED]}…"


def quote(text: str) -> str:
    """Quote a text in a message: shortened, and with what is not printed as escapes."""
    return repr(shorten(text))


def escape_for_spreadsheet(text: str) -> str:
    """Put an apostrophe before a cell that a spreadsheet would take for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _has_surrogate(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text)


def _in_member(key: object, value: object) -> str | None:
    problem = find_unstorable(key) or find_unstorable(value)
    return f"{escape_for_terminal(str(key))}: {problem}" if problem else None
