"""Sheets: nothing comes or goes alone, whatever happens to the entries, and files of a size have one length."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.arena.entries import competitions, entries, renditions, sheets
from app.arena.entries.alignment import align_renditions
from app.arena.entries.entries import EntryKey
from app.arena.entries.orphans import find_orphans
from app.arena.entries.renditions import tiny_key
from app.arena.entries.sheets import SMALL_TILE, TILE, TOGETHER
from app.arena.tables import Entry
from app.catalog.tables import ImageModel
from app.database.doors import Database
from app.gateway.storage import Storage
from scripts.faults.observer import SheetWatcher
from tests.factories import NOW, make_competition, make_entry


@dataclass
class World:
    """A competition whose entries come and go, and what its sheet shows."""

    database: Database
    storage: Storage
    entered: int = 0

    def add(self, model: str, *, sample: int = 0, seed: int) -> None:
        self.database.write(
            lambda session: make_entry(session, self.storage, "cube", model, seed=seed, sample=sample)
        )
        align_renditions(self.database, self.storage, "cube")

    def fill(self, *models: str | int) -> None:
        """Enter pictures of so many models, or of these, at once."""
        names = [f"m{n}" for n in range(models[0])] if isinstance(models[0], int) else list(models)

        def work(session: Session) -> None:
            for name in names:
                self.entered += 1
                make_entry(session, self.storage, "cube", str(name), seed=5_000 + self.entered)

        self.database.write(work)
        align_renditions(self.database, self.storage, "cube")

    def name(self, model: int) -> str:
        """The slug of a model."""
        with self.database.reading() as session:
            return session.get_one(ImageModel, model).slug

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
    assert len(world.shown()) == TOGETHER, "one picture of each"
    world.add("m4", seed=4)
    assert len(world.shown()) == TOGETHER, "a newcomer waits for two more, besides the second sample of m0"


def test_a_withdrawn_picture_takes_three_of_its_batch_with_it_for_good(world: World) -> None:
    world.fill(9)
    before = world.shown()
    assert len(before) == 9
    world.withdraw("m2")
    assert len(set(before) - set(world.shown())) == TOGETHER
    align_renditions(world.database, world.storage, "cube")
    assert len(world.shown()) == 5, "those of the other three do not come back one by one"
    shown = {world.models()[one] for one in world.shown()}
    world.withdraw(world.name(min(shown)))
    assert world.shown() == (), "of five, one would stay alone"


def _play(world: World, watcher: SheetWatcher, rng: random.Random, steps: int) -> None:
    """Let entries come and go by chance, and the watcher read the sheet after each change."""
    standing: list[str] = []
    for step in range(steps):
        if standing and rng.random() < 0.35:
            gone = standing.pop(rng.randrange(len(standing)))
            world.withdraw(gone)
            watcher.see(frozenset(world.shown()), withdrawn=gone)
        else:
            new = [f"m{step}-{number}" for number in range(rng.choice([1, 1, 7]))]
            world.fill(*new)
            standing += new
            watcher.see(frozenset(world.shown()), added=new)


@pytest.mark.parametrize("seed", range(4))
def test_whoever_watches_the_sheet_guesses_one_of_four_at_best(world: World, seed: int) -> None:
    watcher = SheetWatcher()
    _play(world, watcher, random.Random(seed), 16)
    assert watcher.batches
    for batch in watcher.batches:
        chance, picture, model = batch.best_guess()
        assert chance <= 1 / TOGETHER + 1e-9, (batch, picture, model)
        known = {world.name(world.models()[one]) for one in batch.pictures}
        assert known == set(batch.models), "the watcher knows as much as the ledger tells"


def test_the_watcher_would_notice_a_picture_that_leaves_alone(world: World) -> None:
    world.fill(*(f"m{number}" for number in range(8)))
    watcher = SheetWatcher()
    watcher.see(frozenset(world.shown()), added=[f"m{number}" for number in range(8)])
    alone = min(world.shown())
    watcher.see(frozenset(world.shown()) - {alone}, withdrawn="m3")
    assert watcher.batches[0].best_guess() == (1.0, alone, "m3")


def test_the_order_is_neither_that_of_entries_nor_of_models(world: World) -> None:
    world.fill(16)
    with world.database.reading() as session:
        keys = list(session.scalars(select(Entry.sheet_key).order_by(Entry.id)))
    shown = [keys.index(one[1:]) for one in world.shown()]
    assert sorted(shown) == list(range(16))
    assert shown != sorted(shown), "one arena in 20 million million comes in order"


def test_all_tiles_of_a_size_have_one_length_and_shape_and_no_address_in_common_with_others(world: World) -> None:
    world.fill(TOGETHER)
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


def test_a_tile_shows_the_picture_whatever_its_shape_and_detail(world: World) -> None:
    # The second and third have thumbnails that cannot become tiles: too long a file, another shape.
    noise = np.random.default_rng(1).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    gradient, black = Image.linear_gradient("L").resize((640, 480)), Image.new("RGB", (320, 640))
    for picture, levels in ((gradient, 3), (Image.fromarray(noise), 50), (black, 3)):
        made = renditions.render(picture.convert("RGB"), (640, 480), 640)
        renditions.store(world.storage, "renditions/one.webp", made)
        key = sheets.store_tiles(world.storage, "renditions/one.webp")
        small = Image.open(BytesIO(made.small.data)).convert("RGB")
        for size, name in ((TILE, str), (SMALL_TILE, tiny_key)):
            file = world.storage.get(name(key))
            assert len(file) == size.most_bytes
            tile = Image.open(BytesIO(file)).convert("RGB")
            assert tile.size == (size.side, size.side * 3 // 4)
            expected = np.asarray(small.resize(tile.size, Image.Resampling.LANCZOS), dtype=np.float32)
            assert np.abs(expected - np.asarray(tile)).mean() < levels


@pytest.mark.parametrize(
    "change",
    [
        lambda s: competitions.set_status(s, "cube", "closed", now=NOW),
        lambda s: competitions.set_status(s, "cube", "draft", now=NOW),
        lambda s: s.execute(update(Entry).values(rested_at=NOW)),
    ],
)
def test_a_sheet_shows_open_contests_and_what_nobody_reported(world: World, change: Callable[..., object]) -> None:
    world.fill(TOGETHER)
    key = world.shown()[0][1:]
    world.database.write(lambda session: change(session) and None)
    assert world.shown() == ()
    with world.database.reading() as session:
        assert sheets.find_sheet_file(session, key) is None
