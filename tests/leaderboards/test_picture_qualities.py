"""The sweep tells what sides and shapes are worth: what was put into the votes, and nothing where nothing was."""

import random
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.arena.entries import traits
from app.arena.tables import Entry, Matchup
from app.database.doors import Database
from app.leaderboards.integrity import audit
from app.leaderboards.integrity.picture_qualities import QUALITIES, find_equal_ratings, read_qualities
from tests.factories import NOW, cast, issue, make_arena

RNG = random.Random(8)


def vote(database: Database, tmp_path: Path, wide: int, count: int, *, decided: bool) -> dict[str, object]:
    """Entries of the first models are wide, with empty margins; whoever is decided prefers the fuller picture."""
    make_arena(database, tmp_path, competitions=3, models=4)
    with database.reading() as session:
        models = sorted(set(session.scalars(select(Entry.model_id))))[:wide]
    database.write(
        lambda s: (
            s.execute(update(Entry).where(Entry.model_id.in_(models)).values(width=1600, height=400)) and None
        )
    )
    with database.reading() as session:
        is_wide = dict(session.execute(select(Entry.id, Entry.width > Entry.height)).all())
    for n in range(count):
        voter = bytes([n // 6]) * 16
        issued = issue(database, voter, rng=RNG).public_id
        with database.reading() as session:
            shown = session.scalars(select(Matchup).where(Matchup.public_id == issued)).one()
            left, right = is_wide[shown.left_entry_id], is_wide[shown.right_entry_id]
        fuller = RNG.choice("ab") if left == right or not decided else "ab"[left]
        cast(database, issued, fuller, voter)
    (swept,) = audit.audit_boards(database, now=NOW)
    return swept.numbers


def test_empty_margins_cost_what_they_cost(database: Database, tmp_path: Path) -> None:
    numbers = vote(database, tmp_path, 2, 60, decided=True)
    found = {one.quality: one for one in read_qualities(numbers)}
    assert found["margins"].effect + found["pixels"].effect < -10
    assert set(found) <= set(QUALITIES)
    assert {"side", "margins", "pixels", "order"} <= set(found)
    for one in found.values():
        assert one.error > 0
        assert sum(by[0] for by in one.models.values()) == pytest.approx(0, abs=1e-6)
        assert one.most_moved in one.models


def test_what_a_shape_is_worth_takes_three_competitions(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=2, models=4)
    database.write(lambda s: s.execute(update(Entry).where(Entry.id <= 3).values(width=1600, height=400)) and None)
    for n in range(24):
        voter = bytes([n // 6]) * 16
        cast(database, issue(database, voter, rng=RNG).public_id, RNG.choice("ab"), voter)
    (swept,) = audit.audit_boards(database, now=NOW)
    assert {one.quality for one in read_qualities(swept.numbers)} == {"side", "order"}


def test_pictures_of_one_shape_are_not_judged_by_it(database: Database, tmp_path: Path) -> None:
    numbers = vote(database, tmp_path, 4, 24, decided=False)
    assert {one.quality for one in read_qualities(numbers)}.isdisjoint({"margins", "pixels"})


@pytest.mark.parametrize("quality", ["brightness", "sharpness"])
def test_light_and_sharpness_are_worth_what_votes_say(database: Database, tmp_path: Path, quality: str) -> None:
    """Hold sign and silence: a preferred quality is found with its sign, and the one that is equal is not."""
    make_arena(database, tmp_path, competitions=6, models=4)
    with database.reading() as session:
        entries = sorted(session.scalars(select(Entry.id)))
    strong = {entry: bool(RNG.getrandbits(1)) for entry in entries}
    database.write(lambda s: set_traits(s, strong, quality))
    for n in range(120):
        voter = bytes([n // 6]) * 16
        issued = issue(database, voter, rng=RNG).public_id
        with database.reading() as session:
            shown = session.scalars(select(Matchup).where(Matchup.public_id == issued)).one()
            left, right = strong[shown.left_entry_id], strong[shown.right_entry_id]
        cast(database, issued, RNG.choice("ab") if left == right else "ab"[right], voter)
    (swept,) = audit.audit_boards(database, now=NOW)
    found = {one.quality: one for one in read_qualities(swept.numbers)}
    assert found[quality].effect > 2 * found[quality].error
    assert {"brightness", "sharpness"} & set(found) == {quality}


def set_traits(session: Session, strong: dict[int, bool], quality: str) -> None:
    """Give strong pictures the traits of brighter or sharper ones, and the others those of usual ones."""
    name, low, high = {"brightness": ("brightness", 90.0, 115.5), "sharpness": ("finest_detail", 0.1, 0.8)}[
        quality
    ]
    for entry_id, is_strong in strong.items():
        far = high if is_strong else low
        values = tuple(far if trait.name == name else 0.5 for trait in traits.TRAITS)
        entry = session.get_one(Entry, entry_id)
        entry.source = traits.describe_source(entry.source, values)


def test_a_models_page_tells_only_what_matters() -> None:
    told = {"shift": {"a": [30.0, 5.0], "b": [30.0, 20.0], "c": [-4.0, 1.0]}}
    numbers = {"named_qualities": {"margins": {"effect": -20.0, "error": 4.0, "models": told["shift"]}}}
    (one,) = find_equal_ratings(numbers, "a")
    assert (one.quality, one.shift) == ("margins", 30.0)
    assert (one.low, one.high) == pytest.approx((20.2, 39.8))
    assert find_equal_ratings(numbers, "b") == find_equal_ratings(numbers, "c") == ()
    assert find_equal_ratings({}, "a") == ()
