"""docs/data.md describes every column and key that is written, and none that is not."""

import re

import pytest

from app.api.votes import NETWORK_DAY, OpenVote
from app.arena.log.vote_export import (
    LOG_COLUMNS,
    OPEN_COLUMNS,
    SIMULATED_COLUMNS,
    UNCOUNTED_COLUMNS,
    ExportSelection,
)
from app.arena.log.vote_format import LoggedVote
from app.database.places import ROOT
from app.leaderboards.open_data.manifest import Provenance, VotesManifest

PAGE = (ROOT / "docs" / "data.md").read_text()


def described(table: str) -> list[str]:
    """First cells of a table's rows."""
    rows = PAGE.split(f"<!-- columns: {table} -->\n", 1)[1].split("\n\n", 1)[0]
    return re.findall(r"^\| `(\w+)` \|", rows, re.MULTILINE)


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("open", OPEN_COLUMNS),
        ("marks", UNCOUNTED_COLUMNS + SIMULATED_COLUMNS),
        ("log", LOG_COLUMNS),
        ("manifest", tuple(VotesManifest.model_fields)),
    ],
)
def test_the_page_has_the_columns(table: str, columns: tuple[str, ...]) -> None:
    assert described(table) == list(columns)


def test_the_code_agrees_with_itself() -> None:
    assert tuple(LoggedVote.model_fields) == LOG_COLUMNS
    assert tuple(OpenVote.model_fields) == OPEN_COLUMNS
    assert ExportSelection(None, True, True).columns == OPEN_COLUMNS + UNCOUNTED_COLUMNS + SIMULATED_COLUMNS
    assert described("manifest")[:3] == list(Provenance.model_fields)
    assert f"one network gets {NETWORK_DAY} a day" in PAGE
