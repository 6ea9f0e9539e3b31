"""Shapes that would name a maker are cut or trimmed where little is lost; what would lose too much stays whole."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import select, update

from app.arena.entries import entries, framing, renditions, traits
from app.arena.entries.alignment import align_renditions
from app.arena.tables import Entry
from app.database.doors import Database
from app.gateway.storage import Storage
from tests.factories import NOW, make_competition

RNG = np.random.default_rng(3)
SIDES = st.integers(32, 2000)


def noise(width: int, height: int) -> Image.Image:
    """Draw squares of bright colours, which are still there when scaled."""
    squares = RNG.integers(180, 255, (height // 16 + 1, width // 16 + 1, 3), dtype=np.uint8)
    return Image.fromarray(squares.repeat(16, axis=0).repeat(16, axis=1)[:height, :width])


def in_bars(inside: Image.Image, size: tuple[int, int], colour: tuple[int, int, int]) -> Image.Image:
    framed = Image.new("RGB", size, colour)
    framed.paste(inside, ((size[0] - inside.width) // 2, (size[1] - inside.height) // 2))
    return framed


def as_file(image: Image.Image, format_: str = "PNG") -> bytes:
    buffer = BytesIO()
    image.save(buffer, format_, quality=90)
    return buffer.getvalue()


def bars_of(data: bytes) -> tuple[int, int, int, int]:
    with Image.open(BytesIO(data)) as image:
        return framing.find_bars(np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (128, 127, 123)])
def test_bars_that_came_with_a_picture_are_taken_off(colour: tuple[int, int, int], format_: str) -> None:
    barred = in_bars(noise(256, 144), (256, 256), colour)
    with Image.open(BytesIO(as_file(barred, format_))) as image:
        left, top, right, bottom = framing.find_bars(np.asarray(image.convert("RGB")))
    assert (left, right) == (0, 0)
    assert abs(top - 56) <= 2
    assert abs(bottom - 56) <= 2
    assert framing.trim_bars(barred).size == (256, 144)


def test_what_stands_on_an_even_ground_is_left_alone() -> None:
    ground = Image.new("RGB", (256, 256), "white")
    ground.paste(noise(100, 100), (78, 78))
    assert framing.trim_bars(ground).size == (256, 256)
    uneven = Image.new("RGB", (256, 256))
    uneven.paste(noise(256, 150), (0, 30))
    assert framing.trim_bars(uneven).size == (256, 256)
    poster = in_bars(noise(220, 220), (256, 256), (250, 250, 250))
    assert framing.trim_bars(poster).size == (256, 256)
    assert framing.trim_bars(Image.new("RGB", (64, 64))).size == (64, 64)
    assert framing.trim_bars(noise(64, 64)).size == (64, 64)


@given(size=st.tuples(SIDES, SIDES), frame=st.tuples(SIDES, SIDES))
def test_a_picture_is_cut_to_the_frames_shape_or_not_at_all(size: tuple[int, int], frame: tuple[int, int]) -> None:
    width, height = framing.cut_size(size, frame)
    assert 1 <= width <= size[0]
    assert 1 <= height <= size[1]
    lost = 1 - width * height / (size[0] * size[1])
    assert lost <= framing.MOST_CUT + 2 / min(size)
    if (width, height) != size:
        assert width / height == pytest.approx(frame[0] / frame[1], rel=1.5 / min(width, height))


def test_the_frame_of_a_pack_is_the_shape_that_letterboxes_fewest() -> None:
    square, wide = (512, 512), (832, 480)
    assert framing.common_frame([square] * 10 + [wide], 1024) == square
    assert framing.common_frame([wide] * 2 + [square], 1024) == wide
    assert framing.common_frame([square, (1024, 1024)], 1024) == (1024, 1024)
    assert framing.common_frame([(4096, 2048)], 1024) == (1024, 512)
    assert framing.common_frame([(336, 320), (400, 400), (400, 400)], 1024) == (400, 400)
    assert framing.common_frame([(48, 32)], 1024) == (96, 64)
    assert framing.common_frame([(2048, 8)], 1024) == (1024, 64)


def test_nearly_alike_shapes_are_shown_alike_and_others_whole() -> None:
    for size, is_alike in (((480, 320), True), ((472, 328), True), ((480, 400), False), ((960, 320), False)):
        made = renditions.picture(as_file(noise(*size)), (480, 320)).renditions
        assert (bars_of(made.small.data) == (0, 0, 0, 0)) is is_alike
        assert traits.is_in_bars(made.traits) is not is_alike


def test_bars_stay_where_the_rest_would_stand_between_others() -> None:
    barred = in_bars(noise(300, 512), (512, 512), (0, 0, 0))
    assert framing.shape_alike(barred, (512, 512)).size == (512, 512)
    assert framing.shape_alike(barred, (300, 512)).size == (300, 512)


def test_an_edit_is_shown_whole_like_its_input() -> None:
    original, frame = as_file(noise(600, 422)), (480, 320)
    edit = renditions.picture(original, frame, is_edit=True).renditions
    given_image = renditions.render_input(original, frame)
    assert bars_of(edit.small.data) == bars_of(given_image.small.data) != (0, 0, 0, 0)
    assert bars_of(renditions.picture(original, frame).renditions.small.data) == (0, 0, 0, 0)


def test_pictures_in_bars_of_an_older_version_are_rendered_anew(database: Database, tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    database.write(lambda session: make_competition(session, frame=(480, 320)))
    barred = as_file(in_bars(noise(384, 256), (480, 256), (0, 0, 0)))
    for model, original in (("alpha", as_file(noise(480, 320))), ("beta", barred)):
        # An edit is neither cut nor trimmed, which is how older versions showed every picture.
        stored = entries.store(storage, renditions.picture(original, (480, 320), is_edit=True))
        place = entries.EntryKey("teapots", model)
        database.write(lambda s: entries.add(s, place, stored, entries.EntryDetails(), now=NOW))  # noqa: B023
    database.write(lambda session: session.execute(update(Entry).values(source={"file": "a.png"})) and None)
    assert align_renditions(database, storage, "teapots").rendered == 1
    with database.reading() as session:
        rows = session.execute(select(Entry.rendition_key, Entry.source)).all()
    for key, source in rows:
        measured = traits.read_source(source)
        assert measured == traits.measure_file(storage.get(renditions.small_key(key)))
        assert source["file"] == "a.png"
    assert align_renditions(database, storage, "teapots").rendered == 0
