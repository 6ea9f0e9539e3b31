"""The wall clock jumps: a matchup dies by no more than the step, and so does the right to undo; order is by id."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.arena import errors
from app.arena.voting import matchups
from app.arena.voting.pool import Pool
from app.database.doors import Database
from tests.factories import NOW, cast, issue, later, make_arena, undo

MINUTE = 60.0
DAY = 86_400.0


@pytest.fixture(autouse=True)
def arena(database: Database, tmp_path: Path) -> None:
    """Two competitions of four models."""
    make_arena(database, tmp_path, models=4)


@pytest.mark.parametrize("step", [-2 * DAY, -MINUTE, 0, 29 * MINUTE])
def test_a_step_within_its_life_leaves_a_matchup_open(database: Database, step: float) -> None:
    matchup = issue(database, now=NOW).public_id
    assert cast(database, matchup, "a", now=later(seconds=step)).counted


def test_a_step_past_its_end_closes_it_for_good_reason(database: Database) -> None:
    matchup = issue(database, now=NOW).public_id
    with pytest.raises(errors.MatchupExpired):
        cast(database, matchup, "a", now=later(seconds=2 * DAY))
    assert cast(database, matchup, "a", now=NOW).counted


@pytest.mark.parametrize(
    ("step", "refused"), [(-2 * DAY, False), (9 * MINUTE, False), (11 * MINUTE, True), (2 * DAY, True)]
)
def test_a_vote_can_be_undone_for_ten_minutes_by_the_clock(database: Database, step: float, refused: bool) -> None:
    matchup = issue(database, now=NOW).public_id
    cast(database, matchup, "a", now=NOW)
    take_back: Callable[[], None] = lambda: undo(database, matchup, now=later(seconds=step))  # noqa: E731
    if refused:
        with pytest.raises(errors.UndoTooLate):
            take_back()
    else:
        take_back()


def test_the_older_matchup_comes_first_though_the_clock_stepped_back(database: Database) -> None:
    pool = Pool()
    first = issue(database, now=NOW, pool=pool)
    second = issue(database, now=later(seconds=-30), pool=pool)
    with database.reading() as session:
        shown = matchups.open_matchup(session, b"v" * 16, now=later(seconds=-30))
    assert shown
    assert shown.public_id == first.public_id != second.public_id


def test_a_matchup_of_a_clock_two_days_ahead_gives_way(database: Database) -> None:
    pool = Pool()
    first = issue(database, now=NOW, pool=pool)
    second = issue(database, now=later(seconds=-2 * DAY), pool=pool)
    with database.reading() as session:
        shown = matchups.open_matchup(session, b"v" * 16, now=later(seconds=-2 * DAY))
    assert shown
    assert shown.public_id == second.public_id != first.public_id
