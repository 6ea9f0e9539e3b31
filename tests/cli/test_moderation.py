"""`arena moderation`: what waits, and what becomes of it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.arena.people.policy import FREE
from app.arena.voting.picture_reports import report_picture
from app.database.doors import Database
from app.words import ReportReason
from tests.factories import NOW, issue, make_arena

Result = tuple[int, str, str]


@pytest.fixture
def reported(sqlite_template: Path, tmp_path: Path) -> None:
    """Two pictures are reported, by one voter each."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "blindvote.sqlite3").write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{folder / 'blindvote.sqlite3'}")
    make_arena(database, folder)
    matchup = issue(database).public_id
    for side, reason in (("a", ReportReason.BROKEN), ("b", ReportReason.SHOWS_MAKER)):
        database.write(
            lambda s, side=side, reason=reason: report_picture(
                s, b"v" * 16, matchup, side, reason, now=NOW, policy=FREE
            )
        )
    database.close()


@pytest.mark.usefixtures("reported")
def test_listed_kept_and_withdrawn(arena: Callable[..., Result]) -> None:
    code, told, _ = arena("moderation", "list")
    assert code == 0
    assert "1 reporters: broken 1" in told
    assert "shows its maker 1" in told
    assert [one["number"] for one in json.loads(arena("moderation", "list", "--json")[1])] == [1, 2]
    assert "is kept, and 1 report closed" in arena("moderation", "keep", "1", "--reason", "fine")[1]
    assert "now withdrawn" in arena("moderation", "withdraw", "2", "--reason", "signed")[1]
    assert "already withdrawn" in arena("moderation", "withdraw", "2", "--reason", "signed")[1]
    assert "None waits" in arena("moderation", "list")[1]
    code, _, complaint = arena("moderation", "withdraw", "1", "--reason", "late")
    assert (code, "report_decided" in complaint) == (2, True)
    assert arena("moderation", "keep", "9", "--reason", "x")[0] == 2
    assert arena("moderation", "keep", "1")[0] == 2
