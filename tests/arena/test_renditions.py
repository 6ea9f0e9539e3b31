"""Two sizes of every picture: as small as they look right, of one size and length in a competition."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select, update

from app.arena.entries import entries, renditions, traits
from app.arena.entries.alignment import align_renditions
from app.arena.entries.likeness import likeness, luma, reference
from app.arena.tables import Competition, Entry
from app.database.doors import Database
from app.gateway.storage import Storage
from app.painter.paint import paint
from tests.factories import FRAME, NOW, cast, issue, make_competition, picture_bytes

LARGE_FRAME = (1024, 768)


def painted(painter: str = "aquarelle-2", size: tuple[int, int] = (1024, 768)) -> bytes:
    buffer = BytesIO()
    paint("A lamb and a rabbit play in a field of flowers", painter, 3, size).save(buffer, "PNG")
    return buffer.getvalue()


def size_of(data: bytes) -> tuple[int, int]:
    return Image.open(BytesIO(data)).size


def test_a_picture_is_most_like_itself_and_less_like_a_blurred_one() -> None:
    rng = np.random.default_rng(1)
    noise = Image.fromarray(rng.integers(0, 255, (64, 64), dtype=np.uint8))
    exact = reference(noise)
    assert likeness(exact, luma(noise)) == pytest.approx(1)
    softer = luma(noise.resize((32, 32)).resize((64, 64)))
    assert likeness(exact, softer) < 0.9
    assert likeness(exact, luma(Image.new("L", (64, 64), 128))) < 0.1


@pytest.mark.parametrize("painter", ["aquarelle-2", "studio-xl", "poster-pro"])
def test_both_sizes_look_like_the_picture_within_their_budgets(painter: str) -> None:
    made = renditions.picture(painted(painter), LARGE_FRAME).renditions
    assert (size_of(made.large.data), size_of(made.small.data)) == ((1024, 768), (640, 480))
    assert made.side == 1024
    for one, size in ((made.large, renditions.LARGE), (made.small, renditions.SMALL)):
        assert one.likeness >= renditions.LIKENESS
        assert renditions.file_bytes(len(one.data)) <= size.most_bytes
    assert max(size_of(made.thumbnail)) == 320
    assert len(made.thumbnail) <= 15 * 1024


def test_noise_stays_within_the_largest_budget() -> None:
    rng = np.random.default_rng(1)
    buffer = BytesIO()
    Image.fromarray(rng.integers(0, 255, (1024, 1024, 3), dtype=np.uint8)).save(buffer, "PNG")
    made = renditions.picture(buffer.getvalue(), (1024, 1024)).renditions
    assert len(made.large.data) <= renditions.LARGE.most_bytes
    assert len(made.small.data) <= renditions.SMALL.most_bytes
    assert made.small.likeness < renditions.LIKENESS


def test_a_small_original_is_never_enlarged_nor_padded_to_more_than_a_step() -> None:
    made = renditions.picture(picture_bytes(1, (128, 96)), LARGE_FRAME).renditions
    assert size_of(made.large.data) == size_of(made.small.data) == (128, 96)
    assert renditions.file_bytes(len(made.large.data)) == renditions.STEP_BYTES


def test_a_file_of_few_bytes_keeps_the_quality_that_a_long_one_would_lose() -> None:
    gradient = Image.linear_gradient("L").resize((640, 480)).convert("RGB")
    assert renditions.encode(gradient, renditions.SMALL).place == renditions.START
    assert renditions.encode(gradient, renditions.Size(640, 96 * 1024, few_bytes=0)).place < renditions.START


def enter(database: Database, storage: Storage, model: str, original: bytes, frame: tuple[int, int]) -> None:
    stored = entries.store(storage, renditions.picture(original, frame))
    place = entries.EntryKey("teapots", model)
    database.write(lambda session: entries.add(session, place, stored, entries.EntryDetails(), now=NOW))


def test_all_entries_of_a_competition_get_the_size_of_its_largest_original(
    database: Database, tmp_path: Path
) -> None:
    storage = Storage(tmp_path)
    database.write(make_competition)
    enter(database, storage, "small", picture_bytes(1, (48, 32)), FRAME)
    enter(database, storage, "large", picture_bytes(2, (192, 128)), FRAME)
    with database.reading() as session:
        sides = dict(session.execute(select(Entry.rendition_side, Entry.rendition_key)).all())
        assert len(sides) == 2
    done = align_renditions(database, storage, "teapots")
    assert (done.entries, done.rendered, done.side) == (2, 1, max(FRAME))
    with database.reading() as session:
        rows = session.execute(select(Entry.rendition_key, Entry.rendition_side)).all()
        lengths = session.execute(select(Competition.file_bytes, Competition.small_file_bytes)).one()
    assert {row.rendition_side for row in rows} == {max(FRAME)}
    assert {size_of(storage.get(row.rendition_key)) for row in rows} == {FRAME}
    assert max(len(storage.get(row.rendition_key)) for row in rows) < lengths.file_bytes
    assert align_renditions(database, storage, "teapots").rendered == 0


def test_entries_of_an_older_version_are_brought_up_to_date(database: Database, tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    database.write(make_competition)
    for number in range(3):
        enter(database, storage, f"m{number}", picture_bytes(number), FRAME)
    blank = {"rendition_side": 0, "large_bytes": 0, "small_bytes": 0, "likeness": None}
    database.write(lambda session: session.execute(update(Entry).values(blank)))
    database.write(
        lambda session: session.execute(update(Competition).values(rendition_side=0, small_file_bytes=0))
    )
    done = align_renditions(database, storage, "teapots")
    assert (done.entries, done.rendered) == (3, 3)
    assert done.small_bytes >= renditions.STEP_BYTES
    with database.reading() as session:
        keys = session.scalars(select(Entry.rendition_key)).all()
    assert all(storage.has(renditions.small_key(key)) for key in keys)
    files = [path for path in (tmp_path / "renditions").rglob("*.webp") if path.is_file()]
    assert len(files) == 3 * 4


def test_what_an_older_version_left_out_is_made_of_what_is_there(database: Database, tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    database.write(make_competition)
    for number in range(2):
        enter(database, storage, f"m{number}", picture_bytes(number), FRAME)
    with database.reading() as session:
        before = dict(session.execute(select(Entry.rendition_key, Entry.source)).all())
    tiny = {key: storage.get(renditions.tiny_key(key)) for key in before}
    for key in tiny:
        storage.delete(renditions.tiny_key(key))
    database.write(lambda session: session.execute(update(Entry).values(source={"file": "of old"})) and None)
    done = align_renditions(database, storage, "teapots")
    assert (done.entries, done.rendered) == (2, 0)
    with database.reading() as session:
        after = dict(session.execute(select(Entry.rendition_key, Entry.source)).all())
    assert after.keys() == before.keys()
    for key, source in after.items():
        assert size_of(storage.get(renditions.tiny_key(key))) == size_of(tiny[key])
        assert traits.read_source(source) == pytest.approx(traits.read_source(before[key]), abs=0.01)
        assert source["file"] == "of old"


@pytest.mark.parametrize("side", [8, 128])
def test_a_newcomer_to_a_field_that_is_judged_is_not_told_by_its_length(
    database: Database, tmp_path: Path, side: int
) -> None:
    """Let no length follow from the newcomer: what it alone needed would tell which of the pictures it is."""
    storage = Storage(tmp_path)
    database.write(make_competition)
    for number in range(4):
        enter(database, storage, f"m{number}", picture_bytes(number), FRAME)
    before = read_lengths(database)
    cast(database, issue(database).public_id, "a")
    enter(database, storage, "newcomer", noise(side), FRAME)
    largest = (renditions.LARGE.most_bytes, renditions.SMALL.most_bytes)
    assert before < largest
    assert read_lengths(database) == largest
    align_renditions(database, storage, "teapots")
    assert read_lengths(database) == largest


def noise(side: int) -> bytes:
    """Draw a picture of that many blocks of chance a side: the more, the longer its file."""
    blocks = np.random.default_rng(side).integers(0, 255, (side, side, 3), dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray(blocks).resize((128, 128), Image.Resampling.NEAREST).save(buffer, "PNG")
    return buffer.getvalue()


def read_lengths(database: Database) -> tuple[int, int]:
    with database.reading() as session:
        row = session.execute(select(Competition.file_bytes, Competition.small_file_bytes)).one()
    return row.file_bytes, row.small_file_bytes
