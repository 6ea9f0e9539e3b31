"""Where things are put: by asking for the boxes, and once by looking at the pixels."""

import itertools

import numpy as np
import pytest

from app.painter.brief import read
from app.painter.layout import Placement, arrange
from app.painter.paint import compose, paint
from app.painter.painters import PAINTERS
from app.painter.things import THINGS

SQUARE = (0.06, 0.05, 0.94, 0.9)
PAIRS = [("sheep", "snowboard"), ("car", "suitcase"), ("airplane", "clock"), ("cup", "bear"), ("tie", "couch")]


def boxes(prompt: str) -> list[Placement]:
    brief = read(prompt)
    return sorted(arrange(brief.wanted, brief.relations, SQUARE), key=lambda placement: placement.kind)


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_left_and_right(one: str, other: str) -> None:
    a, b = boxes(f"a {one} to the left of a {other}")
    assert a.x + a.width <= b.x
    a, b = boxes(f"a {one} to the right of a {other}")
    assert b.x + b.width <= a.x


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_above_and_below(one: str, other: str) -> None:
    a, b = boxes(f"a {one} above a {other}")
    assert a.y + a.height <= b.y
    a, b = boxes(f"a {one} below a {other}")
    assert b.y + b.height <= a.y


def test_on_rests_on_what_carries_it() -> None:
    bottle, table = boxes("a bottle on a table")
    assert table.y < bottle.y + bottle.height < table.y + 0.5 * table.height
    assert table.x < bottle.middle[0] < table.x + table.width


@pytest.mark.parametrize("prompt", ["a cat wearing a hat", "a cat in a red hat", "a cat with a big hat"])
def test_a_hat_is_on_whoever_wears_it(prompt: str) -> None:
    cat, hat = boxes(prompt)
    assert cat.x < hat.middle[0] < cat.x + cat.width
    assert cat.y - 0.02 < hat.y + hat.height < cat.y + 0.3 * cat.height


@pytest.mark.parametrize(
    "prompt", ["a giant cat and a tiny cube", "a huge cat and a cube", "a cat and a little cube"]
)
def test_sizes_are_those_that_are_asked_for(prompt: str) -> None:
    cat, cube = boxes(prompt)
    plain_cat, plain_cube = boxes("a cat and a cube")
    assert cat.height / cube.height > 1.4 * plain_cat.height / plain_cube.height


def test_what_lies_on_a_thing_is_drawn_after_it() -> None:
    brief = read("a cat on a blue couch")
    assert [placement.noun for placement in arrange(brief.wanted, brief.relations, SQUARE)] == ["couch", "cat"]


def test_ends_of_the_row() -> None:
    dog, cat, car = boxes("a dog, a cat and a car on the left")
    assert car.middle[0] < min(dog.middle[0], cat.middle[0])


def test_a_chain_of_relations() -> None:
    cup, book, lamp = boxes("a cup to the left of a book above a lamp")
    assert cup.middle[0] < book.middle[0]
    assert book.middle[1] < lamp.middle[1]


@pytest.mark.parametrize("count", range(1, 10))
@pytest.mark.parametrize("noun", ["car", "bottle", "butterfly"])
def test_as_many_as_asked_for(noun: str, count: int) -> None:
    placed = boxes(f"{count} {noun} and a tree")
    assert sum(placement.noun == noun for placement in placed) == count
    assert sum(placement.noun == "tree" for placement in placed) == 1
    middles = {placement.middle for placement in placed}
    assert len(middles) == count + 1


@pytest.mark.parametrize("noun", THINGS)
def test_everything_stays_inside_and_keeps_its_shape(noun: str) -> None:
    for prompt in (f"a {noun}", f"five {noun}", f"a {noun} above a car", f"a cat to the left of a {noun}"):
        for placement in boxes(prompt):
            assert SQUARE[0] - 1e-9 <= placement.x
            assert placement.x + placement.width <= SQUARE[2] + 1e-9
            assert SQUARE[1] - 1e-9 <= placement.y
            assert placement.y + placement.height <= SQUARE[3] + 1e-9
            assert placement.width / placement.height == pytest.approx(THINGS[placement.noun].wide)


def test_different_kinds_do_not_cover_each_other() -> None:
    placed = boxes("two red cars, three sheep and a blue clock above a table")
    for a, b in itertools.combinations(placed, 2):
        if a.kind != b.kind:
            apart = a.x + a.width <= b.x + 0.02 or b.x + b.width <= a.x + 0.02
            assert apart or a.y + a.height <= b.y + 0.02 or b.y + b.height <= a.y + 0.02


@pytest.mark.parametrize("painter", PAINTERS)
def test_a_picture_with_sides_is_never_mirrored(painter: str) -> None:
    for seed in range(4):
        canvas, _ = compose("a sheep to the right of a snowboard", painter, seed, (512, 512))
        middles = {}
        for noun in ("sheep", "snowboard"):
            xs = [x for mark in canvas.marks if mark.part == f"the {noun}" for x, _ in getattr(mark, "points", ())]
            middles[noun] = sum(xs) / len(xs)
        assert middles["snowboard"] < middles["sheep"]


@pytest.mark.parametrize("painter", ["studio-xl", "poster-pro", "lowpoly-3", "pixel-mini", "aquarelle-2"])
def test_colours_are_where_the_prompt_says(painter: str) -> None:
    picture = paint("a red car to the left of a blue car on a plain white studio", painter, 5, (512, 512))
    red, green, blue = np.moveaxis(np.asarray(picture, dtype=np.int16), 2, 0)
    reds, blues = (red - np.maximum(green, blue)) > 70, (blue - red) > 50
    assert reds.sum() > 2000
    assert blues.sum() > 2000
    across = np.arange(512)
    assert (reds.sum(axis=0) * across).sum() / reds.sum() + 100 < (blues.sum(axis=0) * across).sum() / blues.sum()
