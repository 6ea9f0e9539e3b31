"""docs/api.md promises that nothing of /api/v1 goes away: what promised.txt lists is there, of the same type."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from app.web.api_examples import Samples
from app.web.operations import Operation, groups
from tests.web.conftest import running

PROMISED = Path(__file__).parent / "promised.txt"
"""What was there at the last release. Lines are added then, and never taken away."""


def lines(operation: Operation) -> Iterator[str]:
    """One for everything of an operation that a program can rest on."""
    name = f"{operation.method} {operation.path}"
    yield name
    for field in operation.parameters:
        yield f"{name} parameter {field.name}: {field.kind}"
    for field in operation.body:
        yield f"{name} body {field.name}: {field.kind}"
    for answer in operation.answers:
        for field in answer.fields:
            yield f"{name} {answer.status} {field.name}: {field.kind}"
    for status, codes in operation.errors:
        yield from (f"{name} {status} {code}" for code in codes)


def grown(promised: str, there: set[str]) -> bool:
    """Whether a field that promised some words takes or tells these and more."""
    name, _, words = promised.partition(": ")
    kinds = [line.partition(": ")[2] for line in there if line.startswith(f"{name}: ")]
    return '"' in words and any(set(words.split()) <= set(kind.split()) for kind in kinds)


def test_nothing_promised_is_missing(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "empty.sqlite3")
    for app in running(f"sqlite:///{tmp_path / 'empty.sqlite3'}", tmp_path):
        document = app.test_client().get("/api/v1/openapi.json").get_json()
    samples = Samples("text-to-image", "portrait", "fantasy-warrior", "dall-e-2")
    found = groups(document, "http://localhost", samples)
    there = {line for group in found for operation in group.operations for line in lines(operation)}
    promised = set(PROMISED.read_text().splitlines())
    assert {line for line in promised - there if not grown(line, there)} == set()
    assert len(promised) > 250
