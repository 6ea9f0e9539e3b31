"""docs/security.md names a test for every row, and every test it names is there."""

import re

import pytest

from app.database.places import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)))
LEAKS = (
    *("storage key", "ETag", "length", "metadata", "size, aspect", "visible marks", "order and time", "labels"),
    *("API before", "earlier votes", "named copy", "left and right"),
)
ASVS = (
    *(
        "1.2.1",
        "1.3.7",
        "1.3.6",
        "13.2.4",
        "15.3.2",
        "2.3.1",
        "2.3.3",
        "2.3.4",
        "2.4.1",
        "2.2.1",
        "3.2.1",
        "3.4.3",
    ),
    *("3.4.4", "3.4.6", "4.1.1", "3.3.1", "7.2.3", "7.2.4", "7.3.1", "7.4.1", "3.4.1", "3.4.2", "3.5.1"),
    *("3.7.2", "4.1.3", "15.3.4", "5.1.1", "5.2.1", "5.2.2", "5.3.2", "5.4.1", "6.2.1", "6.3.1", "6.3.2", "8.2.1"),
    *("15.3.3", "9.1.1", "9.2.1", "11.4.2", "11.5.1", "13.3.1", "14.2.1", "13.4.1", "15.2.3", "16.5.1", "14.2.2"),
    *("14.3.2", "15.1.1", "15.1.2", "15.2.1", "16.2.5", "16.3.1", "16.4.1", "6.3.3"),
)


@pytest.mark.parametrize("path", sorted({path for path, _ in NAMED}))
def test_every_named_test_exists(path: str) -> None:
    written = set(re.findall(r"^def (test_\w+)", (ROOT / path).read_text(), re.MULTILINE))
    assert {name for named, name in NAMED if named == path} <= written


def test_every_row_has_its_tests() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "::" in line]
    heads = [row.split("|")[1] for row in rows]
    for word in (*LEAKS, *ASVS):
        assert any(re.search(rf"(?<![\d.]){re.escape(word)}(?![\d])", head) for head in heads), word
    assert len(rows) >= len(LEAKS) + 17
