"""Tallies are read again only where votes changed them, and are then what the database holds."""

from pathlib import Path

import pytest
from sqlalchemy import select

from app.arena.tables import Tally
from app.arena.tallies import ReadTallies, read_changed
from app.database.doors import Database
from app.words import BETTER, Mode
from tests.factories import cast, issue, make_arena, undo


def read(database: Database, before: ReadTallies) -> ReadTallies:
    with database.reading() as session:
        return read_changed(session, Mode.TEXT_TO_IMAGE, BETTER, before)


def sums(known: ReadTallies) -> dict[int, int]:
    return {competition: int(rows[:, 3:].sum()) for competition, (_, rows) in known.items()}


@pytest.mark.parametrize("outcome", ["a", "b", "tie", "both_bad"])
def test_what_a_vote_changed_is_read_again_and_nothing_else(
    database: Database, tmp_path: Path, outcome: str
) -> None:
    make_arena(database, tmp_path, competitions=2, models=4)
    first = cast(database, issue(database).public_id, outcome)
    seen = read(database, {})
    assert sums(seen) == {first.competition_id: 1}
    assert read(database, seen) is seen
    second = first
    while second.competition_id == first.competition_id:
        second = cast(database, issue(database).public_id, outcome)
    later = read(database, seen)
    assert sums(later)[second.competition_id] == 1
    undo(database, second.matchup)
    undone = read(database, later)
    assert sums(undone)[second.competition_id] == 0
    assert undone[first.competition_id] is later[first.competition_id]
    with database.reading() as session:
        stored = {
            (one.competition_id, one.left_model_id, one.right_model_id) for one in session.scalars(select(Tally))
        }
    assert {tuple(row[:3].tolist()) for _, rows in undone.values() for row in rows} == stored
