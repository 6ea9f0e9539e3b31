"""TOML files that people write by hand: every fault at once, with file, line, field, and what is possible."""

import re
import tomllib
import typing
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from app.files.text import InvalidFile, escape_for_terminal, read_text
from app.files.toml_lines import TomlPath, line_of

Shape = TypeVar("Shape", bound=BaseModel)
_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")
_FAULTS = {
    "Cannot overwrite": "this key stands there twice",
    "Cannot declare": "this table stands there twice",
    "Expected '=' after": "a `=` is missing after the key",
    "Invalid value": "this is no value; texts stand in quotes, truths are true and false",
    "Unterminated": "a text or a list is never closed",
    "Illegal character": "a text goes on over the line; close its quote, or use three quotes",
    "Unescaped": "a backslash in a text is written twice",
    "Expected newline": "something stands after the value",
    "Unclosed": "a list or a table is never closed",
}
"""How the parser begins what it says, and what that means."""
_KINDS = {
    "string_type": "a text in quotes is expected",
    "int_type": "a whole number is expected",
    "int_parsing": "a whole number is expected",
    "int_from_float": "a whole number is expected",
    "float_type": "a number is expected",
    "bool_type": "true or false is expected",
    "bool_parsing": "true or false is expected",
    "tuple_type": "a list in square brackets is expected",
    "list_type": "a list in square brackets is expected",
    "dict_type": "a table is expected",
    "model_type": "a table is expected",
    "missing": "this is missing",
    "too_long": "the list is too long: {max_length} at most",
    "string_too_long": "the text is too long: {max_length} characters at most",
    "string_too_short": "the text is empty, or too short: {min_length} characters at least",
    "greater_than": "the number is more than {gt}",
    "greater_than_equal": "the number is at least {ge}",
    "less_than": "the number is less than {lt}",
    "less_than_equal": "the number is at most {le}",
    "finite_number": "the number is finite",
    "float_parsing": "a number is expected",
    "decimal_type": "a number is expected",
    "decimal_parsing": "a number is expected",
    "date_type": "a date such as 2026-01-31 is expected",
    "date_from_datetime_parsing": "a date such as 2026-01-31 is expected",
    "dataclass_type": "a table is expected",
    "too_short": "the list is too short: {min_length} at least",
    "string_pattern_mismatch": "this does not fit {pattern}",
}
"""By pydantic's type of error."""
SHOWN = 60


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; a byte order mark and any line ends are fine. Raises InvalidFile, OSError."""
    return parse_toml(read_text(path), path.name)


def parse_toml(text: str, name: str, *, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """Parse TOML; `name` is what messages call it. Raises InvalidFile with line and column."""
    try:
        return tomllib.loads(text, parse_float=parse_float)
    except tomllib.TOMLDecodeError as error:
        told = str(error)
        place = _PLACE.search(told)
        line = int(place[1]) if place else text.rstrip("\n").count("\n") + 1
        column = f" column {place[2]}" if place else ""
        what = next((ours for theirs, ours in _FAULTS.items() if told.startswith(theirs)), "this is no TOML")
        shown = escape_for_terminal((text.split("\n")[line - 1 : line] or [""])[0].strip()[:SHOWN])
        raise InvalidFile(f"{name} line {line}{column}: {what}: {shown}") from error
    except (RecursionError, ValueError) as error:
        raise InvalidFile(f"{name}: lists lie too deep in each other, or a number has too many digits") from error


def read_shape(path: Path, shape: type[Shape]) -> Shape:
    """Read a TOML file into a model. Raises InvalidFile with a line for each fault, OSError."""
    text = read_text(path)
    document = parse_toml(text, path.name)
    try:
        return shape.model_validate(document)
    except ValidationError as error:
        faults = [describe_fault(path.name, text, shape, fault) for fault in error.errors()]
        raise InvalidFile("\n".join(faults)) from error


def describe_fault(name: str, text: str, shape: type[BaseModel], fault: Any) -> str:
    """Describe one of pydantic's errors by file, line and field, in our words."""
    path: TomlPath = fault["loc"]
    line = line_of(text, path)
    field = ".".join(str(part + 1) if isinstance(part, int) else part for part in path)
    where = f"{name}{f' line {line}' if line else ''}{f': {field}' if field else ''}"
    return escape_for_terminal(f"{where}: {_explain(fault, path, shape)}")


def suggest(name: str, known: Iterable[str]) -> str:
    """Write `; did you mean 'released'?`, or nothing where no known name is like it."""
    close = get_close_matches(name, list(known), 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _explain(fault: Any, path: TomlPath, shape: type[BaseModel]) -> str:
    if fault["type"] == "extra_forbidden":
        known = _fields_at(shape, path)
        return f"there is no such field{suggest(str(path[-1]), known) or '; there are ' + ', '.join(known)}"
    return explain_fault(fault)


def explain_fault(fault: Any) -> str:
    """Explain one of pydantic's errors in our words: what was expected or is possible, and what was found."""
    kind, context = fault["type"], fault.get("ctx", {})
    if kind in {"literal_error", "enum"}:
        possible = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        found = str(fault["input"])
        return f"{found[:SHOWN]!r} is not possible; take {', '.join(possible)}{suggest(found, possible)}"
    if kind == "value_error":
        return str(context.get("error", fault["msg"]))
    told = _KINDS.get(kind, "this does not fit").format(**context)
    found = fault["input"]
    return told if kind == "missing" or isinstance(found, dict) else f"{told}, here is {str(found)[:SHOWN]!r}"


def _fields_at(shape: type[BaseModel], path: TomlPath) -> list[str]:
    """List the fields that the table at the end of a path may have."""
    for part in path[:-1]:
        if isinstance(part, str) and part in shape.model_fields:
            inner = next(_models_in(shape.model_fields[part].annotation), None)
            shape = inner or shape
    return list(shape.model_fields)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from _models_in(inner)
