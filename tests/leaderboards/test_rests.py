"""When boards may be computed again: one pass at a time in a database, and a rest after each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.database.doors import Database
from app.leaderboards.runs import claims
from app.leaderboards.runs.refresh import find_stale, plan_rest, refresh
from app.leaderboards.runs.scopes import read_scopes
from app.words import BETTER
from tests.leaderboards import factories
from tests.leaderboards.factories import MODE, START
from tests.leaderboards.reading import KEYS, rest_over, stale_keys


def add_edits(session: Session, models: list[int]) -> int:
    """Add a competition of another mode, with votes; return its id."""
    made = factories.add_competition(session, "edit", models, mode="image-edit")
    factories.everybody_meets(session, made, models)
    return made


def test_a_board_rests_between_refreshes(database: Database) -> None:
    models, competitions = factories.world(database)
    refresh(database, MODE, now=START, refresh_seconds=60)
    database.write(lambda session: factories.tally(session, competitions[0], *models[:2], 1))
    assert stale_keys(database) != []
    assert refresh(database, MODE, now=START, refresh_seconds=60) == []
    rest_over(database)
    assert refresh(database, MODE, now=START, refresh_seconds=60) != []


def test_a_mode_rests_as_a_whole_but_for_boards_that_were_never_rated(database: Database) -> None:
    models, competitions = factories.world(database)
    refresh(database, MODE, now=START, refresh_seconds=60)
    database.write(lambda session: factories.tally(session, competitions[2], *models[:2], 1))
    assert "competition:c3" in stale_keys(database)
    new = database.write(lambda session: factories.add_competition(session, "c4", models))
    database.write(lambda session: factories.tally(session, new, *models[:2], 1))
    assert refresh(database, MODE, now=START, refresh_seconds=60) == ["competition:c4"]
    assert {MODE, "competition:c3"} <= set(stale_keys(database))
    rest_over(database)
    assert refresh(database, MODE, now=START, refresh_seconds=60) == [MODE, "competition:c3"]


def test_a_mode_rests_for_a_minute_at_most(database: Database) -> None:
    models, competitions = factories.world(database)
    refresh(database, MODE, now=START, refresh_seconds=3600)
    database.write(lambda session: factories.tally(session, competitions[2], *models[:2], 1))
    with database.reading() as session:
        waits = [board.wait_ms for board in find_stale(session, MODE)]
    assert len(waits) == 2
    assert all(40_000 < wait <= claims.LONGEST_REST_MS for wait in waits)


def test_stale_boards_are_computed_by_force_although_they_rest(database: Database) -> None:
    models, competitions = factories.world(database)
    refresh(database, MODE, now=START, refresh_seconds=60)
    database.write(lambda session: factories.tally(session, competitions[2], *models[:2], 1))
    assert refresh(database, MODE, now=START, by_force=True) == [MODE, "competition:c3"]
    assert stale_keys(database) == []


def test_one_pass_at_a_time_in_the_whole_database(database: Database) -> None:
    models, _ = factories.world(database)

    database.write(lambda session: add_edits(session, models))
    with database.reading() as session:
        wanted = read_scopes(session, MODE)
    assert database.write(lambda session: claims.claim(session, wanted, "ours")) == set(KEYS)
    assert refresh(database, "image-edit", now=START) == []
    database.write(lambda session: claims.release(session, "ours", BETTER))
    assert refresh(database, "image-edit", now=START) == ["image-edit", "competition:edit"]


def test_a_pass_has_other_modes_rest_too(database: Database) -> None:
    models, _ = factories.world(database)

    edit = database.write(lambda session: add_edits(session, models))
    refresh(database, MODE, now=START, refresh_seconds=0)
    refresh(database, "image-edit", now=START, refresh_seconds=0)
    rest_over(database)
    database.write(lambda session: factories.tally(session, edit, *models[:2], 1))
    database.write(lambda session: claims.rest(session, MODE, own_ms=50_000, others_ms=40_000))
    with database.reading() as session:
        waits = [board.wait_ms for board in find_stale(session, "image-edit")]
    assert len(waits) == 2
    assert all(30_000 < wait <= 40_000 for wait in waits)
    # A shorter rest of another mode's pass ends no longer one.
    database.write(lambda session: claims.rest(session, MODE, own_ms=9_000, others_ms=1))
    assert refresh(database, "image-edit", now=START) == []


def test_a_mode_that_cannot_be_rated_holds_no_other_up(database: Database) -> None:
    models, competitions = factories.world(database)

    def work(session: Session) -> None:
        add_edits(session, models)
        factories.tally(session, competitions[0], models[0], models[0], 1)

    database.write(work)
    with pytest.raises(ValueError, match="cannot meet itself"):
        refresh(database, MODE, now=START, refresh_seconds=0)
    assert refresh(database, "image-edit", now=START) == ["image-edit", "competition:edit"]
    # It is tried again, and not by every reader.
    with database.reading() as session:
        waits = [board.wait_ms for board in find_stale(session, MODE)]
    assert all(5_000 < wait <= claims.CLAIM_MS for wait in waits)
    assert refresh(database, MODE, now=START, refresh_seconds=0) == []


@pytest.mark.parametrize(
    ("waited", "worked", "rests"),
    [
        (0.1, 0.05, (0.7, 0.2)),  # the next pass ends within a second of a vote that this one missed
        (0.1, 0.16, (0.86, 0.86)),  # pass and rest are six times the CPU
        (0.6, 0.05, (0.15, 0.15)),  # slow on the clock because others work: it does not go on at once
        (0.0, 0.0, (1.0, 0.0)),
    ],
)
def test_how_long_modes_rest(waited: float, worked: float, rests: tuple[float, float]) -> None:
    assert plan_rest(1.0, waited=waited, worked=worked) == pytest.approx(rests)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.001, 2), st.floats(1, 9)), min_size=5, max_size=80))
def test_all_modes_together_take_a_sixth_of_a_core(passes: list[tuple[str, float, float]]) -> None:
    """Try any busy modes and passes of any slowness on the clock, one after the other as claims have it."""
    clock, work, free = 0.0, 0.0, dict.fromkeys("abc", 0.0)
    for mode, worked, slower in passes:
        began = max(clock, free[mode])
        clock = began + worked * slower
        own, others = plan_rest(1.0, waited=worked * slower, worked=worked)
        free = {one: max(free[one], clock + (own if one == mode else others)) for one in free}
        work += worked
    assert work <= min(free.values()) / 6 + 1e-9
