"""Line numbers of keys in a TOML text: the standard parser tells none, and people look for a line."""

import re
from collections.abc import Iterator

TomlPath = tuple[str | int, ...]
"""Keys and places in arrays that lead to a value."""

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_NAME = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_ASSIGNMENT = re.compile(rf"^\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=")
_ELEMENT = re.compile(r"""^\s*[{"'\d\[tf-]""")
_PART = re.compile(_NAME)


def line_of(text: str, path: TomlPath) -> int | None:
    """Find the line, from 1, of the key at a path such as `("offerings", 1, "usd")`, or of what holds it."""
    known: dict[TomlPath, int] = {}
    for key, number in _key_lines(text):
        for length in range(1, len(key) + 1):  # an array of tables has no line of its own: its first table has
            known.setdefault(key[:length], number)
    for length in range(len(path), 0, -1):
        if path[:length] in known:
            return known[path[:length]]
    return None


def _key_lines(text: str) -> Iterator[tuple[TomlPath, int]]:
    """Find every header, key and array element that begins a line, with its number."""
    table: TomlPath = ()
    counts: dict[TomlPath, int] = {}
    array: TomlPath | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table, array = _table(header, counts), None
            yield table, number
        elif assignment := _ASSIGNMENT.match(line):
            array = (*table, *_parts(assignment[1]))
            yield array, number
        elif array is not None and _ELEMENT.match(line):
            place = (*array, counts.get(array, 0))
            counts[array] = counts.get(array, 0) + 1
            yield place, number


def _table(header: re.Match[str], counts: dict[TomlPath, int]) -> TomlPath:
    """Make the path of a `[table]`, or of the next element of a `[[table]]`."""
    name: TomlPath = tuple(_parts(header[2]))
    if header[1] == "[":
        return name
    place = counts.get(name, 0)
    counts[name] = place + 1
    return (*name, place)


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(dotted)]
