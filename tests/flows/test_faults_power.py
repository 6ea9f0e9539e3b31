"""Simulated power cuts, and the pragmas that make them harmless."""

import random
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.database.doors import Database
from scripts.faults import power


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> power.Recording:
    return power.record(tmp_path_factory.mktemp("recording"), votes=40)


def _cut(recording: power.Recording, folder: Path, synchronous: int) -> power.Result:
    events = power.replay(recording, folder, synchronous)
    return power.cut(recording, events, folder, 60, random.Random(1))


def test_a_power_cut_loses_no_acknowledged_vote(recording: power.Recording, tmp_path: Path) -> None:
    result = _cut(recording, tmp_path, recording.synchronous)
    assert result.acknowledged == 40
    assert (result.losing, result.corrupt) == (0, 0)


def test_the_cuts_would_show_a_loss(recording: power.Recording, tmp_path: Path) -> None:
    assert _cut(recording, tmp_path, power.LEVELS["NORMAL"]).losing > 30


def test_every_connection_syncs_each_commit(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'pragmas.sqlite3'}")

    def pragmas(session: Session) -> tuple[int, str, int]:
        names = ("synchronous", "journal_mode", "foreign_keys")
        return tuple(session.execute(text(f"PRAGMA {name}")).scalar_one() for name in names)

    def nested(depth: int) -> None:
        with database.reading() as session:
            assert pragmas(session) == (2, "wal", 1)
            if depth:
                nested(depth - 1)

    nested(6)
    assert database.write(pragmas) == (2, "wal", 1)
    database.close()
