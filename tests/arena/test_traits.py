"""What is measured of a served picture: each kind of trace shows in its own numbers."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.arena.entries import renditions, traits
from app.painter.paint import paint
from tests.factories import FRAME, picture_bytes

NAMES = [trait.name for trait in traits.TRAITS]


def painting(size: tuple[int, int] = (512, 384)) -> Image.Image:
    return paint("A lamb and a rabbit play in a field of flowers", "aquarelle-2", 3, size).convert("RGB")


def measured(image: Image.Image) -> dict[str, float]:
    return dict(zip(NAMES, traits.measure(image), strict=True))


def test_a_small_original_that_was_enlarged_is_softer() -> None:
    sharp = painting()
    soft = measured(sharp.resize((128, 96)).resize(sharp.size))
    assert soft["finest_detail"] < measured(sharp)["finest_detail"] - 0.3


def test_light_and_colour_are_told() -> None:
    image = painting()
    before, dark = measured(image), measured(image.point(lambda level: level // 2))
    assert dark["brightness"] == pytest.approx(before["brightness"] / 2, rel=0.05)
    assert dark["contrast"] < before["contrast"]
    assert measured(image.convert("L").convert("RGB"))["colour"] < 1 < before["colour"]


def test_a_strongly_compressed_jpeg_shows_its_blocks() -> None:
    image, buffer = painting(), BytesIO()
    image.save(buffer, "JPEG", quality=5)
    assert measured(Image.open(buffer).convert("RGB"))["blocks"] > measured(image)["blocks"] + 0.3


def test_few_colours_are_flat() -> None:
    image = painting()
    assert measured(image.quantize(4, dither=Image.Dither.NONE).convert("RGB"))["flatness"] > 0.8


def test_a_mark_shows_in_its_corner_alone() -> None:
    image = painting()
    marked = image.copy()
    noise = np.random.default_rng(2).integers(0, 255, (32, 48, 3), dtype=np.uint8)
    marked.paste(Image.fromarray(noise), (464, 352))
    before, after = measured(image), measured(marked)
    assert after["lower_right"] > before["lower_right"] + 1
    assert after["upper_left"] <= before["upper_left"]


def test_bars_are_told_as_shape_and_nothing_else_changes() -> None:
    image = painting()
    framed = Image.new("RGB", (512, 512))
    framed.paste(image, (0, 64))
    before, after = measured(image), measured(framed)
    assert after["empty"] == pytest.approx(0.25, abs=0.01)
    assert {name: after[name] for name in NAMES[2:]} == {name: before[name] for name in NAMES[2:]}


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 200), st.integers(1, 200), st.integers(0, 255))
def test_every_picture_has_finite_numbers(width: int, height: int, level: int) -> None:
    flat = traits.measure(Image.new("RGB", (width, height), (level, 0, 255 - level)))
    assert len(flat) == len(traits.TRAITS)
    assert np.isfinite(flat).all()


def test_the_served_rendition_is_measured_and_a_packs_word_is_not_believed() -> None:
    made = renditions.picture(picture_bytes(3), FRAME).renditions
    assert made.traits == traits.measure_file(made.small.data)
    source = traits.describe_source({"traits": "mine", "file": "a.png"}, made.traits)
    assert traits.read_source(source) == made.traits
    assert source["file"] == "a.png"
    for odd in ({}, {"traits": "mine"}, {"traits": {"version": 0, "values": []}}):
        assert traits.read_source(odd) is None
