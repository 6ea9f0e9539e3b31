"""Reads tables from outside in parts: CSV with any usual delimiter, JSON lists and JSON lines, gzip of each."""

import csv
import gzip
import io
import json
import math
import re
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO, TextIO

from app.files.text import (
    LINE_END,
    DuplicateKey,
    InvalidFile,
    describe_bad_byte,
    escape_for_terminal,
    find_encoding,
    fold_spelling,
    refuse_twins,
)

GZIP = b"\x1f\x8b"
DELIMITERS = ",;\t|"
ROWS = 500
"""Rows of a part: few, because a cell may hold a whole conversation."""
HEAD_BYTES = 65_536
MOST_TITLES = 10
"""Lines among which the names of the columns are looked for."""
CELL_CHARACTERS = 64 * 2**20
JSON_CHARACTERS = 2**20
_BYTE_ORDER_MARKS = re.compile(rb"(?:\xef\xbb\xbf)*")
"""One, or several where a program put its own before a file that had one."""
_NO_SPACE = re.compile(r"\S")


@dataclass(frozen=True)
class Part:
    """Rows as lists of cells; `start` numbers the first one."""

    start: int
    rows: list[list[str]]
    is_csv: bool = True

    def line(self, place: int) -> int:
        """Return the number of a row; in CSV its line, since cells before it may hold line ends of their own."""
        if not self.is_csv:
            return self.start + place
        return self.start + place + sum(len(LINE_END.findall(c)) for row in self.rows[:place] for c in row)


@dataclass(frozen=True)
class Table:
    """A table's column names as they are written, and its rows in parts. `unit` is what rows are counted in."""

    name: str
    columns: list[str]
    parts: Iterator[Part]
    unit: str = "line"


def normalize_column(name: str) -> str:
    """Return a column's name as spellings are compared, words joined by `_`. R joins them by dots."""
    return "_".join(re.sub(r"[-_.]|[:?]$", " ", fold_spelling(name)).split())


def open_table(source: BinaryIO, name: str, known: Collection[str]) -> Table:
    """
    Open a table of unknown kind; the first line with a cell that is no `sep=;` or `#` comment names the columns,
    or, where none of those is known, one of the next lines with two that are.

    The delimiter is the one by which most of the `known` columns are found. Iterating over the parts raises
    InvalidFile with the line where the file stops being a table.
    """
    head = source.read(HEAD_BYTES)
    stream: BinaryIO = io.BufferedReader(_Rest(head, source), HEAD_BYTES)
    if head.startswith(GZIP):
        unpacked = gzip.GzipFile(fileobj=stream)
        with _explain_faults(name):
            head = unpacked.read(HEAD_BYTES)
        stream = io.BufferedReader(_Rest(head, unpacked), HEAD_BYTES)
    encoding = find_encoding(head, name).removesuffix("-sig")
    text = io.TextIOWrapper(stream, encoding, newline="")
    marks = len(_BYTE_ORDER_MARKS.match(head)[0])  # type: ignore[index] # it matches nothing, too
    stream.read(marks)
    start = head[marks:].decode(encoding, "replace")
    if start.lstrip()[:1] in ("[", "{"):
        return _open_json(text, name, known, start.lstrip())
    return _open_csv(text, name, start, known)


class _Rest(io.RawIOBase):
    """A stream whose first bytes were read already."""

    def __init__(self, head: bytes, rest: Any) -> None:
        self._head = memoryview(head)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._head:
            data = self._rest.read(len(buffer))
            buffer[: len(data)] = data
            return len(data)
        size = min(len(buffer), len(self._head))
        buffer[:size] = self._head[:size]
        self._head = self._head[size:]
        return size


@contextmanager
def _explain_faults(name: str, count_lines: Callable[[], int] = lambda: 0) -> Iterator[None]:
    """Turn what damaged archives and other encodings raise into InvalidFile; `count_lines` counts those before."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InvalidFile(f"{name}: the gzip archive is damaged or cut off") from error
    except UnicodeDecodeError as error:
        raise InvalidFile(describe_bad_byte(error, name, count_lines())) from error


def _open_csv(text: TextIO, name: str, start: str, known: Collection[str]) -> Table:
    csv.field_size_limit(CELL_CHARACTERS)
    skipped, delimiter = _find_header(start, known)
    lines = iter(text)
    with _explain_faults(name):
        for _ in range(skipped):
            next(lines, None)
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    columns = next(_read_rows(reader, name, skipped, 1), Part(1, [[]])).rows[0]
    return Table(name, columns, _read_rows(reader, name, skipped, ROWS))


def _read_rows(reader: Any, name: str, skipped: int, size: int) -> Iterator[Part]:
    """Read parts of `size` rows; after the last whole row the file's fault is raised with its line."""
    while True:
        start = reader.line_num + skipped + 1
        try:
            with _explain_faults(name, lambda: reader.line_num + skipped):
                rows = list(islice(reader, size))
        except csv.Error as error:
            raise InvalidFile(f"{name} line {reader.line_num + skipped}: {_explain(error)}") from error
        if not rows:
            return
        yield Part(start, rows)


def _explain(error: csv.Error) -> str:
    told = str(error)
    if "field larger" in told:
        return f"a cell is longer than {CELL_CHARACTERS:,} characters; a quote may be missing"
    if "unexpected end" in told:
        return "a quoted cell never ends"
    return "a quote inside a quoted cell is not doubled, or something follows the closing one"


def _find_header(start: str, known: Collection[str]) -> tuple[int, str]:
    """Return how many lines come before the names of the columns, and what separates these."""
    skipped, told = 0, None
    lines = LINE_END.split(start)
    while skipped < len(lines) - 1:
        line = lines[skipped].strip()
        if line.casefold().startswith("sep=") and len(line) > len("sep=") - 1:
            told = line[4:5] or "\t"
        elif line.strip(DELIMITERS) and not line.startswith("#"):
            break
        skipped += 1
    if told is not None and told in DELIMITERS:
        return skipped, told
    named = _find_names(lines, skipped, known)
    return named, _find_delimiter(lines[named], known)


def _find_names(lines: list[str], first: int, known: Collection[str]) -> int:
    """Return which line names the columns: a sheet may have titles above them, in which none is known."""

    def count(line: str) -> int:
        return _count_known(line, _find_delimiter(line, known), known)[0]

    last = min(len(lines) - 1, first + MOST_TITLES)
    below = (place for place in range(first, last) if count(lines[place]) > 1)
    return first if count(lines[first]) else next(below, first)


def _find_delimiter(line: str, known: Collection[str]) -> str:
    return max(DELIMITERS, key=lambda each: _count_known(line, each, known))


def _count_known(header: str, delimiter: str, known: Collection[str]) -> tuple[int, int]:
    names = [normalize_column(cell.strip().strip('"')) for cell in header.split(delimiter)]
    return sum(name in known for name in names), len(names)


def _open_json(text: TextIO, name: str, known: Collection[str], start: str) -> Table:
    is_list = start.startswith("[")
    # jq and other printers put the brace of an object that takes many lines on a line of its own.
    by_line = not is_list and LINE_END.split(start, maxsplit=1)[0].strip() != "{"
    objects = _line_items(text, name) if by_line else _items(text, name, is_list=is_list)
    unit = "line" if by_line else "item"
    first = next(objects, None)
    if first is None:
        return Table(name, [], iter(()), unit)
    columns = list(first[1])
    if columns and all(isinstance(value, list | dict) for value in first[1].values()):
        raise InvalidFile(
            f"{name} {unit} {first[0]}: it holds lists instead of a vote; write one object per vote, "
            'as pandas does with to_json(orient="records")'
        )
    return Table(name, columns, _json_parts(first, objects, columns, (name, unit), known), unit)


def _json_parts(
    first: tuple[int, dict[str, Any]],
    objects: Iterator[tuple[int, dict[str, Any]]],
    columns: list[str],
    where: tuple[str, str],
    known: Collection[str],
) -> Iterator[Part]:
    there = set(columns)
    while first:
        start, rows = first[0], [[_cell(first[1][column]) for column in columns]]
        first_of_next = None
        for number, item in objects:
            unforeseen = [key for key in item.keys() - there if normalize_column(key) in known]
            if unforeseen:
                raise InvalidFile(f"{where[0]} {where[1]} {number}: {unforeseen[0]} is not in the first one")
            if len(rows) == ROWS or number != start + len(rows):
                first_of_next = (number, item)
                break
            rows.append([_cell(item.get(column)) for column in columns])
        yield Part(start, rows, is_csv=False)
        if first_of_next is None:
            return
        first = (first_of_next[0], {column: first_of_next[1].get(column) for column in columns})


def _cell(value: object) -> str:
    """Write a JSON value as CSV would: the texts of a list joined by `;`, an object as JSON."""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return ";".join(map(_cell, value))
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _line_items(text: TextIO, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    lines = iter(text)
    while True:
        with _explain_faults(name, lambda: number):  # noqa: B023 (called before the number changes)
            line = next(lines, None)
        if line is None:
            return
        number += 1
        if line.strip():
            yield number, _object(line, f"{name} line {number}")


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        value = json.loads(line, object_pairs_hook=refuse_twins)
    except DuplicateKey as error:
        raise InvalidFile(f"{where}: {escape_for_terminal(str(error))} stands there twice") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise InvalidFile(f"{where}: this is no JSON object") from error
    except ValueError as error:
        raise InvalidFile(f"{where}: a number has too many digits") from error
    if not isinstance(value, dict):
        raise InvalidFile(f"{where}: this is no JSON object")
    return value


def _items(text: TextIO, name: str, *, is_list: bool) -> Iterator[tuple[int, dict[str, Any]]]:
    """Read the objects of a JSON list, or objects that follow each other, holding little more than one of them."""
    decode = json.JSONDecoder(object_pairs_hook=refuse_twins).raw_decode
    number, wanted = 1, JSON_CHARACTERS
    buffer = _read_json(text, name, wanted)
    place = _skip(buffer, 0, "[" if is_list else "")
    while True:
        try:
            if is_list and buffer.startswith("]", place):
                _refuse_more(buffer[place + 1 :], text, name)
                return
            value, end = decode(buffer, place)
        except DuplicateKey as error:
            key = escape_for_terminal(str(error))
            raise InvalidFile(f"{name} item {number}: {key} stands there twice") from error
        except (json.JSONDecodeError, RecursionError) as error:
            more = _read_json(text, name, wanted)
            if not more and not is_list and place == len(buffer):
                return
            if not more:
                raise InvalidFile(f"{name} item {number}: this is no JSON, or the file is cut off") from error
            buffer, wanted = buffer[place:] + more, wanted * 2
            place = _skip(buffer, 0, "," if number > 1 else "")
            continue
        except ValueError as error:
            raise InvalidFile(f"{name} item {number}: a number has too many digits") from error
        if not isinstance(value, dict):
            raise InvalidFile(f"{name} item {number}: this is no JSON object")
        yield number, value
        number, place = number + 1, _skip(buffer, end, ",")


def _refuse_more(rest: str, text: TextIO, name: str) -> None:
    """Refuse what stands after the list: those votes would be lost."""
    while rest:
        if rest.strip():
            raise InvalidFile(f"{name}: something stands after the list; write one list, or an object a line")
        rest = _read_json(text, name, JSON_CHARACTERS)


def _skip(text: str, place: int, mark: str) -> int:
    """Return where the next value begins: after white space, and one `mark` with the space after it."""
    place = _find_value(text, place)
    return _find_value(text, place + 1) if mark and text.startswith(mark, place) else place


def _find_value(text: str, place: int) -> int:
    found = _NO_SPACE.search(text, place)
    return found.start() if found else len(text)


def _read_json(text: TextIO, name: str, size: int) -> str:
    with _explain_faults(name):
        return text.read(size)
