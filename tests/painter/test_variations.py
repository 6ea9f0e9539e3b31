"""What `vary` promises: the subject and the palette stay, the composition does not, on any picture."""

import numpy as np
import pytest
from PIL import Image

from app.painter.editing.edit import UneditableImage
from app.painter.editing.vary import allowed_size, vary
from app.painter.paint import UnknownPainter, paint
from app.painter.painters import LARGEST_RATIO, LARGEST_SIDE, PAINTERS, SMALLEST_SIDE
from tests.painter.test_paint import distance

SIZE = (256, 256)
PROMPTS = ("a red car on a street", "a black cat on a couch", "two green trees and a house", "")


@pytest.fixture(scope="module", params=PROMPTS)
def picture(request: pytest.FixtureRequest) -> Image.Image:
    return paint(request.param, "studio-xl", 2, SIZE)


@pytest.mark.parametrize("picture", PROMPTS[:1], indirect=True)
@pytest.mark.parametrize("painter", PAINTERS)
def test_the_same_seed_gives_the_same_pixels_and_another_one_others(picture: Image.Image, painter: str) -> None:
    assert_seeded(picture, painter)


@pytest.mark.parametrize("picture", PROMPTS[1:], indirect=True)
def test_so_it_is_with_any_picture(picture: Image.Image) -> None:
    """Try one painter: taking a picture apart knows nothing of who puts it together."""
    assert_seeded(picture, "pixel-mini")


def assert_seeded(picture: Image.Image, painter: str) -> None:
    one, again, other = (vary(picture, painter, seed) for seed in (1, 1, 2))
    assert (one.size, one.mode) == (SIZE, "RGB")
    assert one.tobytes() == again.tobytes()
    assert distance(one, other) > 1


def test_the_composition_changes_and_the_palette_stays(picture: Image.Image) -> None:
    varied = vary(picture, "studio-xl", 3)
    before, after = (np.asarray(one, dtype=float).reshape(-1, 3) for one in (picture, varied))
    assert distance(picture, varied) > 3
    assert np.abs(before.mean(axis=0) - after.mean(axis=0)).max() < 30


def test_the_subject_stays() -> None:
    """The red of a car is still there, about as much of it."""
    car = paint("a red car on a street", "studio-xl", 2, SIZE)
    amounts = []
    for one in (car, vary(car, "studio-xl", 1)):
        red, green, blue = np.moveaxis(np.asarray(one, dtype=float), 2, 0)
        amounts.append(float(((red > green + 60) & (red > blue + 60)).mean()))
    assert amounts[0] > 0.05
    assert 0.5 < amounts[1] / amounts[0] < 2


@pytest.mark.parametrize("size", [(1, 1), (5000, 3), (3, 900), (300, 2048), (4000, 4000), (256, 256)])
def test_any_size_becomes_one_that_painters_draw(size: tuple[int, int]) -> None:
    width, height = allowed_size(size)
    assert SMALLEST_SIDE <= min(width, height) <= max(width, height) <= LARGEST_SIDE
    assert max(width, height) <= LARGEST_RATIO * min(width, height)
    assert (width > height) == (size[0] > size[1]) or width == height


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
def test_any_mode_is_varied(mode: str) -> None:
    assert vary(Image.new(mode, (40, 30)), "poster-pro", 1).mode == "RGB"


def test_what_cannot_be_varied_is_said() -> None:
    with pytest.raises(UnknownPainter):
        vary(Image.new("RGB", SIZE), "nobody", 1)
    with pytest.raises(UneditableImage):
        vary(Image.new("1", (30_000, 1000)), "studio-xl", 1)
