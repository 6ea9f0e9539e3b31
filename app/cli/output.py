"""Prints what commands answer: JSON for other programs, sentences and lines for people, progress meanwhile."""

import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

Row = TypeVar("Row")


class FiniteRange(click.FloatRange):
    """A number between two bounds; click's own range lets `nan` through."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read a number. Raises click.BadParameter."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is no number", param, ctx)
        return number


class NewFile(click.Path):
    """A file to be written, which may stand already; no pipe, device or stream, whose place it would take."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read a path. Raises click.BadParameter."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        is_stream = path.is_symlink() and path.readlink().is_relative_to("/proc")
        if str(path) == "-" or is_stream or (path.exists() and not path.is_file()):
            self.fail(f"{str(path)!r} is no file to be written: name one", param, ctx)
        return path


def print_json(value: object) -> None:
    """Print one JSON document, for another program."""
    is_unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    click.echo(json.dumps(value, indent=2, ensure_ascii=not is_unicode, default=str))


def print_result(value: object, lines: str | Iterable[str], *, as_json: bool) -> None:
    """Print one result, as JSON or as a sentence or several."""
    if as_json:
        print_json(value)
        return
    for line in (lines,) if isinstance(lines, str) else lines:
        click.echo(line)


def print_rows(
    rows: Iterable[Row], describe: Callable[[Row], str], *, as_json: bool, if_none: str | None = None
) -> None:
    """Print a list of dataclasses, as JSON or as a line for each; `if_none` is printed in place of no lines."""
    listed = list(rows)
    lines = map(describe, listed) if listed or not if_none else (if_none,)
    print_result([vars(row) for row in listed], lines, as_json=as_json)


@contextmanager
def progress_bar(name: str, total: int, done: int = 0) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on standard error, so that output stays clean; yields how to advance it."""
    with click.progressbar(length=total, label=f"{name:<11}", file=sys.stderr, show_pos=True) as bar:
        if done:
            bar.update(done)
        yield bar.update
    if not sys.stderr.isatty():  # where nothing can be drawn, how far it came is all there is to say
        click.echo(f"{name:<11} {bar.pos}/{total}", err=True)
