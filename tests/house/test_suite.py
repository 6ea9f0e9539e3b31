"""The suite itself: no test fails because the machine is busy, or stands on a world that no room made."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from app.database.doors import Database
from tests import snapshots
from tests.factories import make_arena, make_competition
from tests.snapshots import make_once


def test_hypothesis_measures_no_time() -> None:
    """Its health check of slow examples failed one run in twelve of tests/gateway beside other work."""
    assert settings().deadline is None
    assert HealthCheck.too_slow in settings().suppress_health_check


def test_a_world_put_in_again_is_the_one_that_the_rooms_made(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "MADE", {})
    database.write(lambda session: make_competition(session, "before", categories=("portrait",)))
    before = rows_of(database)
    storage = make_arena(database, tmp_path / "made")
    made, files = rows_of(database), {key: storage.get(key) for key in storage.every_key()}
    assert made.keys() >= before.keys() | {"entries"}
    database.write(lambda session: snapshots.put_state(database, made, before, [], session))
    assert rows_of(database) == before
    again = make_arena(database, tmp_path / "again")
    assert len(snapshots.MADE) == 1, "it is not made a second time"
    assert (rows_of(database), {key: again.get(key) for key in again.every_key()}) == (made, files)
    database.write(lambda session: make_competition(session, "after", categories=("portrait",)))


def rows_of(database: Database) -> snapshots.State:
    return database.write(lambda session: snapshots.read_state(database, session))[0]


def test_what_a_world_returns_is_each_tests_own(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "MADE", {})
    make_once(database, "nothing", lambda: [1]).append(2)
    make_once(database, "nothing", list).append(3)
    assert make_once(database, "nothing", list) == [1]
