"""What `paint` promises: the size asked for, the same picture again, other pictures for others."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from app.painter.paint import UnknownPainter, UnpaintableSize, paint
from app.painter.painters import PAINTERS
from app.painter.styles import STYLES
from tests.painter.prompts import SEEDS

SMALL = (256, 256)


def fingerprint(picture: Image.Image) -> NDArray[np.int16]:
    """Brightness on a grid of 32 x 32: what is where, without grain and detail."""
    return np.asarray(picture.convert("L").resize((32, 32), Image.Resampling.BOX), dtype=np.int16)


def distance(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(fingerprint(one) - fingerprint(other)).mean())


@pytest.mark.parametrize("painter", PAINTERS)
def test_the_same_arguments_give_the_same_pixels(painter: str) -> None:
    first, again = (paint(SEEDS["cube"], painter, 7, SMALL) for _ in range(2))
    assert first.mode == "RGB"
    assert first.tobytes() == again.tobytes()


def test_order_of_painting_does_not_matter() -> None:
    alone = paint("two red cars", "lowpoly-3", 3, SMALL)
    paint(SEEDS["menu"], "halftone-1", 9, (320, 256))
    assert paint("two red cars", "lowpoly-3", 3, SMALL).tobytes() == alone.tobytes()


@pytest.mark.parametrize("scene", SEEDS)
def test_painters_differ_and_so_do_seeds(scene: str) -> None:
    pictures = [paint(SEEDS[scene], painter, 1, SMALL) for painter in PAINTERS]
    pairs = [(a, b) for i, a in enumerate(pictures) for b in pictures[i + 1 :]]
    assert min(distance(a, b) for a, b in pairs) > 4
    assert distance(pictures[0], paint(SEEDS[scene], "studio-xl", 2, SMALL)) > 3


@pytest.mark.parametrize("size", [(333, 517), (600, 257)])
def test_any_size_is_met_exactly(size: tuple[int, int]) -> None:
    """Leave the widest and the tallest pictures to the scenes below."""
    for painter in ("aquarelle-2", "lowpoly-3", "halftone-1", "pixel-mini", "legacy-2", "neon-turbo"):
        assert paint(SEEDS["meadow"], painter, 1, size).size == size


def test_the_largest_size_can_be_painted() -> None:
    assert paint("a blue boat", "poster-pro", 1, (2048, 2048)).size == (2048, 2048)
    assert paint("a blue boat", "lowpoly-3", 1, (2048, 512)).size == (2048, 512)


@pytest.mark.parametrize("scene", SEEDS)
@pytest.mark.parametrize("size", [(1024, 256), (256, 1024)])
def test_every_scene_fills_wide_and_tall_pictures(scene: str, size: tuple[int, int]) -> None:
    """The last sixteenth at either end is painted too, and is not left as bare canvas."""
    picture = paint(SEEDS[scene], "studio-xl", 1, size)
    assert picture.size == size
    ends = np.asarray(picture.resize((16, 16), Image.Resampling.BOX), dtype=np.int16)
    if scene != "menu":  # whose paper is as bare as the canvas
        for end in (ends[0], ends[-1], ends[:, 0], ends[:, -1]):
            assert np.abs(end - np.array([250, 249, 245])).mean() > 4


@pytest.mark.parametrize("size", [(255, 255), (2049, 1024), (1025, 256), (0, 0), (256, -256)])
def test_other_sizes_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UnpaintableSize):
        paint("a cat", "studio-xl", 1, size)


def test_an_unknown_painter_is_refused() -> None:
    with pytest.raises(UnknownPainter):
        paint("a cat", "nobody", 1, SMALL)


def test_the_eight_painters_are_plain_truth() -> None:
    assert list(PAINTERS) == [
        "studio-xl", "poster-pro", "aquarelle-2", "lowpoly-3",
        "neon-turbo", "halftone-1", "pixel-mini", "legacy-2",
    ]  # fmt: skip
    qualities = [painter.quality for painter in PAINTERS.values()]
    assert len(set(qualities)) == 8
    assert min(qualities) == PAINTERS["legacy-2"].quality
    assert {painter.style for painter in PAINTERS.values()} == set(STYLES)


HOSTILE = [
    "",
    " \n\t ",
    "x" * 10_000,
    "a cat " * 2_000,
    "\U0001f98a\U0001f680 \u202e\u0627\u0644\u0633\u0644\u0627\u0645 \u05e9\u05dc\u05d5\u05dd",
    "\x00\x01\x1b[31m\x7f\ufffe\ud800",
    "%s%n{}{0}{__class__} ../../etc/passwd <script>alert(1)</script>",
    "menu menu menu restaurant pizza sections for ////,,,&&",
    'logo restaurant "\u202e\U0001f600"',
    '1. 2. 3. 4. apollo poster launch orbit landing "" " "',
    "999999999999999999999999 sheep and 0 cows",
    "names: , , & and .",
    '"' * 300,
    "on on on left of above below the the a cat on on",
]


@pytest.mark.parametrize("prompt", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("painter", ["studio-xl", "legacy-2", "neon-turbo"])
def test_hostile_prompts_still_give_a_picture(prompt: str, painter: str) -> None:
    picture = paint(prompt, painter, 1, SMALL)
    assert picture.size == SMALL
    assert len(picture.getcolors(1 << 16) or [0] * 9) > 8


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(prompt=st.text(max_size=120), seed=st.integers(0, 2**63))
def test_any_text_gives_a_picture(prompt: str, seed: int) -> None:
    assert paint(prompt, "poster-pro", seed, SMALL).size == SMALL
