"""`arena board anchor`: the level of a mode, moved on purpose and told to everybody."""

import json
from pathlib import Path
from statistics import fmean

import pytest
from sqlalchemy import select

from app.arena.tables import LedgerLine
from app.database.doors import Database
from app.leaderboards.runs.refresh import refresh
from tests.command import Run, install, runner
from tests.leaderboards.factories import MODE, START
from tests.leaderboards.reading import stale_keys, standings
from tests.leaderboards.test_anchors import settled_world, stored


@pytest.fixture
def rated(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Six settled models on the boards of this installation."""
    database = install(sqlite_template, tmp_path / "data", monkeypatch)
    settled_world(database)
    refresh(database, MODE, now=START)
    return database


@pytest.fixture
def arena(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `arena board anchor`; returns exit code, output, complaints."""
    return runner(monkeypatch, capsys, "board", "anchor", MODE)


def test_a_list_without_retired_models_keeps_the_level(rated: Database, arena: Run) -> None:
    before = standings(rated, MODE)
    code, said, _ = arena("model-1", "model-2", "model-6", "--reason", "the others have retired")
    assert (code, "no rating of the overall board moves" in said, "anchor 2" in said) == (0, True, True)
    after = standings(rated, MODE)
    assert {model: row.rating for model, row in after.items()} == pytest.approx(
        {model: row.rating for model, row in before.items()}
    )
    assert stored(rated).value == pytest.approx(fmean(before[model].rating for model in stored(rated).model_ids))
    assert stale_keys(rated) == []
    with rated.reading() as session:
        line = session.scalars(select(LedgerLine).order_by(LedgerLine.id.desc()).limit(1)).one()
    assert (line.action, line.subject, line.reason) == (
        "anchor.changed",
        f"mode:{MODE}",
        "the others have retired",
    )
    assert line.actor.startswith("command line")
    assert line.detail["models"] == ["model-1", "model-2", "model-6"]


def test_one_model_at_a_rating_moves_all_by_the_same(rated: Database, arena: Run) -> None:
    before = {model: row.rating for model, row in standings(rated, MODE).items()}
    code, said, _ = arena("model-3", "--value", "1200", "--reason", "as agreed", "--json")
    told = json.loads(said)
    assert (code, told["version"], told["value"], MODE in told["boards"]) == (0, 2, 1200.0, True)
    after = {model: row.rating for model, row in standings(rated, MODE).items()}
    assert all(after[model] - before[model] == pytest.approx(told["shift"]) for model in before)
    assert max(abs(told["shift"]), 1) > 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["nobody", "--reason", "x"], "nobody"),
        (["model-1"], "--reason"),
        (["--reason", "x"], "MODELS"),
        (["model-1", "model-2", "--value", "1200", "--reason", "x"], "single model"),
        (["model-1", "--value", "nan", "--reason", "x"], "from 0 to 4000"),
    ],
)
def test_what_is_refused_changes_nothing(rated: Database, arena: Run, words: list[str], complaint: str) -> None:
    code, _, told = arena(*words)
    assert (code, complaint in told) == (2, True)
    assert stored(rated).version == 1
