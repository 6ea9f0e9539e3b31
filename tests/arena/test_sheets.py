"""Sheets: nothing comes or goes alone, whatever happens to the entries, and files of a size have one length."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select, update

from app.arena.entries import competitions, entries, sheets
from app.arena.entries.alignment import align_renditions
from app.arena.entries.entries import EntryKey
from app.arena.entries.orphans import find_orphans
from app.arena.entries.renditions import tiny_key
from app.arena.entries.sheets import SMALL_TILE, TILE, TOGETHER
from app.arena.tables import Entry
from app.database.doors import Database
from app.gateway.storage import Storage
from tests.factories import NOW, make_competition, make_entry


@dataclass
class World:
    """A competition whose entries come and go, and what its sheet shows."""

    database: Database
    storage: Storage

    def add(self, model: str, *, sample: int = 0, seed: int) -> None:
        self.database.write(
            lambda session: make_entry(session, self.storage, "cube", model, seed=seed, sample=sample)
        )
        align_renditions(self.database, self.storage, "cube")

    def withdraw(self, model: str, sample: int = 0) -> None:
        place = EntryKey("cube", model, sample)
        self.database.write(lambda session: entries.withdraw(session, place, reason="blurred", now=NOW))

    def shown(self) -> tuple[str, ...]:
        with self.database.reading() as session:
            return sheets.read_sheets(session, ["cube"]).get("cube", ())

    def models(self) -> dict[str, int]:
        """The model behind each address, as nobody outside knows it."""
        with self.database.reading() as session:
            rows = session.execute(select(Entry.sheet_key, Entry.model_id).where(Entry.sheet_key.is_not(None)))
            return {f"/{key}": model for key, model in rows}


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    database.write(lambda session: make_competition(session, "cube"))
    return World(database, Storage(tmp_path / "files"))


def test_the_first_sheet_waits_for_four_models(world: World) -> None:
    for number in range(TOGETHER - 1):
        world.add(f"m{number}", seed=number)
    world.add("m0", sample=1, seed=50)
    assert world.shown() == ()
    world.add("m3", seed=3)
    assert len(world.shown()) == TOGETHER + 1
    world.add("m4", seed=4)
    assert len(world.shown()) == TOGETHER + 1, "a newcomer waits for three others"


def test_a_withdrawn_picture_takes_three_others_with_it_for_good(world: World) -> None:
    for number in range(9):
        world.add(f"m{number}", seed=number)
    before = world.shown()
    assert len(before) == 2 * TOGETHER
    world.withdraw("m2")
    assert len(set(before) - set(world.shown())) == TOGETHER
    align_renditions(world.database, world.storage, "cube")
    assert len(world.shown()) == TOGETHER, "those of the other three do not come back one by one"
    world.withdraw("m8")
    assert len(world.shown()) == TOGETHER, "what was on no sheet leaves none"


def _play(world: World, rng: random.Random, steps: int) -> list[tuple[set[str], set[str]]]:
    """Let entries come and go by chance; returns what came onto the sheet and what left it at each step."""
    standing: list[str] = []
    changes = []
    for step in range(steps):
        before = set(world.shown())
        if standing and rng.random() < 0.3:
            world.withdraw(standing.pop(rng.randrange(len(standing))))
        else:
            standing.append(f"m{step}")
            world.add(standing[-1], seed=1000 + step)
        after = set(world.shown())
        changes.append((after - before, before - after))
    return changes


@pytest.mark.parametrize("seed", range(3))
def test_whoever_watches_the_sheet_knows_a_picture_among_four_models_at_best(world: World, seed: int) -> None:
    changes = _play(world, random.Random(seed), 24)
    models = world.models()
    came = [len({models[one] for one in new}) for new, _ in changes if new]
    left = [len({models[one] for one in gone}) for _, gone in changes if gone]
    assert came
    assert min(came) >= TOGETHER
    # Where fewer were left, all go: then nothing is left to be told from the rest.
    assert all(count >= TOGETHER for count in left)


def test_the_order_is_neither_that_of_entries_nor_of_models(world: World) -> None:
    for number in range(16):
        world.add(f"m{number:02}", seed=number)
    with world.database.reading() as session:
        keys = list(session.scalars(select(Entry.sheet_key).order_by(Entry.id)))
    shown = [keys.index(one[1:]) for one in world.shown()]
    assert sorted(shown) == list(range(16))
    assert shown != sorted(shown), "one arena in 20 million million comes in order"


def test_all_tiles_of_a_size_have_one_length_and_shape_and_no_address_in_common_with_others(world: World) -> None:
    for number in range(TOGETHER):
        world.add(f"m{number}", seed=number)
    keys = [one[1:] for one in world.shown()]
    for size, name in ((TILE, str), (SMALL_TILE, tiny_key)):
        files = [world.storage.get(name(key)) for key in keys]
        assert {len(file) for file in files} == {size.most_bytes}
        assert len({Image.open(BytesIO(file)).size for file in files}) == 1
    with world.database.reading() as session:
        assert find_orphans(session, world.storage) == []
        for row in session.scalars(select(Entry)):
            assert not {Path(key).stem for key in keys} & {
                Path(key).stem for key in (row.media_key, row.rendition_key, row.original_key)
            }


@pytest.mark.parametrize(
    "change",
    [
        lambda s: competitions.set_status(s, "cube", "closed", now=NOW),
        lambda s: competitions.set_status(s, "cube", "draft", now=NOW),
        lambda s: s.execute(update(Entry).values(rested_at=NOW)),
    ],
)
def test_a_sheet_shows_open_contests_and_what_nobody_reported(world: World, change: Callable[..., object]) -> None:
    for number in range(TOGETHER):
        world.add(f"m{number}", seed=number)
    key = world.shown()[0][1:]
    world.database.write(lambda session: change(session) and None)
    assert world.shown() == ()
    with world.database.reading() as session:
        assert sheets.find_sheet_file(session, key) is None
