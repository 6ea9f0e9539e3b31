"""What files tell, read from entries: numbers in public, names for admins, showcases only teach."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.arena.entries.traits import TRAITS, describe_source
from app.arena.tables import Competition, Entry
from app.database.doors import Database
from app.leaderboards.integrity import audit
from app.leaderboards.integrity.picture_traces import (
    publish_traces,
    read_competition_traces,
    read_public_traces,
    read_traces,
)
from tests.factories import NOW, cast, issue, make_arena

MODE = "text-to-image"


def set_traits(session: Session, odd: tuple[int, str, float] | None = None) -> None:
    """Give each model brightness of its own, in each competition from another level; `odd` has one trait more."""
    rows = session.execute(select(Entry.id, Entry.model_id, Entry.competition_id).order_by(Entry.id)).all()
    for number, model, competition in rows:
        values = dict.fromkeys((trait.name for trait in TRAITS), 0.0)
        values["brightness"] = 40.0 * model + 7 * competition
        if odd and odd[0] == number:
            values[odd[1]] = odd[2]
        source = describe_source({}, tuple(values.values()))
        session.execute(update(Entry).where(Entry.id == number).values(source=source))


@pytest.fixture
def arena(database: Database, tmp_path: Path) -> Database:
    make_arena(database, tmp_path, competitions=4, models=4)
    database.write(set_traits)
    return database


def test_habits_of_light_tell_every_maker(arena: Database) -> None:
    with arena.reading() as session:
        traces = read_traces(session, MODE)
    assert traces.guess is not None
    assert (traces.guess.pictures, traces.guess.share, traces.guess.chance) == (16, 1.0, 0.25)
    assert traces.by_kind["light"] == 1.0
    assert traces.by_kind["marks"] < 0.5
    assert [one.slug for one in traces.competitions] == ["c0", "c1", "c2", "c3"]
    assert all(one.guess and one.guess.share == 1 and not one.outstanding for one in traces.competitions)


def test_a_picture_that_is_alone_in_a_trait_is_named_with_its_kind(arena: Database) -> None:
    arena.write(lambda session: set_traits(session, (2, "empty", 0.4)))
    with arena.reading() as session:
        found = read_competition_traces(session, "c0")
        assert read_competition_traces(session, "c1") != found
        assert read_competition_traces(session, "nowhere") is None
    assert found is not None
    assert [(one.model, one.kinds) for one in found.outstanding] == [("m1", ("shape",))]


def test_showcases_teach_and_are_not_judged(arena: Database) -> None:
    held = update(Competition).where(Competition.slug == "c0").values(showcase=True, status="closed")
    arena.write(lambda session: session.execute(held) and None)
    with arena.reading() as session:
        traces = read_traces(session, MODE)
        assert read_competition_traces(session, "c0") is None
    assert [one.slug for one in traces.competitions] == ["c1", "c2", "c3"]
    assert traces.guess is not None
    assert traces.guess.pictures == 12


def test_unmeasured_pictures_are_counted(arena: Database) -> None:
    arena.write(lambda session: session.execute(update(Entry).where(Entry.id <= 2).values(source={})) and None)
    with arena.reading() as session:
        found = read_competition_traces(session, "c0")
    assert found is not None
    assert (found.pictures, found.unmeasured) == (4, 2)


def test_the_sweep_publishes_numbers_of_named_pictures_alone(arena: Database) -> None:
    arena.write(lambda session: set_traits(session, (2, "empty", 0.4)))
    for number in range(8):
        voter = bytes([number]) * 16
        cast(arena, issue(arena, voter).public_id, "a", voter)
    (swept,) = audit.audit_boards(arena, now=NOW)
    assert read_public_traces(swept.numbers) is None, "all four competitions are open"
    close = update(Competition).where(Competition.slug.in_(("c0", "c1"))).values(status="closed")
    show = update(Competition).where(Competition.slug == "c2").values(open_gallery=True)
    for change in (close, show):
        arena.write(lambda session: session.execute(change) and None)  # noqa: B023
    (swept,) = audit.audit_boards(arena, now=NOW)
    told = read_public_traces(swept.numbers)
    assert told is not None
    assert told.guess.pictures == 12
    assert told.guess.share > told.guess.chance
    assert set(told.competitions) == {"c0", "c1", "c2"}
    assert told.outstanding == 1
    assert not names_in(swept.numbers["traces"]) & {"m0", "m1", "m2", "m3"}


def names_in(numbers: Any) -> set[str]:
    """Return every word in numbers as they are stored."""
    if isinstance(numbers, dict):
        return set(numbers).union(*map(names_in, numbers.values()))
    return {numbers} if isinstance(numbers, str) else set()


def test_an_audit_without_them_and_an_empty_mode_say_nothing(arena: Database) -> None:
    assert read_public_traces({}) is None
    with arena.reading() as session:
        empty = read_traces(session, "image-edit")
    assert empty.guess is None
    assert empty.competitions == ()
    assert publish_traces(empty) == {}
    assert read_public_traces({"traces": {}}) is None
