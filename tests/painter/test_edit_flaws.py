"""The faults of edits: told without drawing, to be seen, and in the order of the painters' qualities."""

import numpy as np
import pytest

from app.painter.editing.edit import edit
from app.painter.editing.flaws import faults
from app.painter.editing.plan import plan_edit
from app.painter.editing.skills import SKILLS
from app.painter.paint import paint
from app.painter.painters import PAINTERS
from tests.painter.test_editing import HOLE, SIZE, mask, pixels

PROMPTS = (
    "Add a starry night sky to this image",
    "make it snow",
    "add a red balloon at the top left",
    "replace the cat with a fox",
    "change the background to a beach",
    "make it black and white",
    "as pixel art",
    "remove the car",
)


def badness(painter: str, *, masked: bool) -> float:
    """Severities of all faults, over many edits."""
    runs = [faults(prompt, painter, seed, masked=masked) for prompt in PROMPTS for seed in range(25)]
    return sum(fault.severity for run in runs for fault in run) / len(runs)


def ranks(values: list[float]) -> list[int]:
    return [sorted(values).index(value) for value in values]


@pytest.mark.parametrize("masked", [True, False])
def test_better_painters_make_fewer_mistakes(masked: bool) -> None:
    quality = [painter.quality for painter in PAINTERS.values()]
    found = [-badness(slug, masked=masked) for slug in PAINTERS]
    assert np.corrcoef(ranks(quality), ranks(found))[0, 1] > 0.8


def test_every_painter_has_a_skill() -> None:
    assert set(SKILLS) == set(PAINTERS)


def test_severities_are_shares_and_the_worst_comes_first() -> None:
    for painter in PAINTERS:
        for prompt in PROMPTS:
            told = [fault.severity for fault in faults(prompt, painter, 1, masked=True)]
            assert told == sorted(told, reverse=True)
            assert all(0 < severity <= 1 for severity in told)


def test_a_wrong_object_is_told_and_drawn() -> None:
    prompt = "add a red balloon at the top left"
    seeds = [
        seed
        for seed in range(60)
        if any(step.is_mistaken for step in plan_edit(prompt, "legacy-2", seed, masked=False).steps)
    ]
    assert 5 < len(seeds) < 55
    for seed in range(60):
        kinds = {fault.kind for fault in faults(prompt, "legacy-2", seed, masked=False)}
        assert ("wrong object" in kinds) == (seed in seeds)
    step = plan_edit(prompt, "legacy-2", seeds[0], masked=False).steps[0]
    assert step.action.thing is not None
    assert step.action.thing.noun != "balloon"


def test_what_spills_is_told_and_seen() -> None:
    picture = paint("a house in a meadow", "poster-pro", 3, SIZE)
    beside = {}
    for painter in ("studio-xl", "legacy-2"):
        found = edit(picture, "add a red balloon at the top left", None, painter, 1, SIZE)
        beside[painter] = np.abs(pixels(found) - pixels(picture))[180:, 140:].mean()
        told = {fault.kind for fault in faults("add a red balloon at the top left", painter, 1, masked=False)}
        assert ("whole picture changed" in told) == (painter == "legacy-2")
    assert beside["studio-xl"] == 0
    assert beside["legacy-2"] > 4


def test_a_visible_border_is_told_and_seen() -> None:
    picture = paint("a house in a meadow", "poster-pro", 3, SIZE)
    steps = {}
    for painter in ("studio-xl", "legacy-2"):
        change = np.abs(pixels(edit(picture, "make it brighter", mask(), painter, 1, SIZE)) - pixels(picture))
        steps[painter] = change[60:180, HOLE[0]].mean()
        told = {fault.kind for fault in faults("make it brighter", painter, 1, masked=True)}
        assert ("visible mask border" in told) == (painter == "legacy-2")
    assert steps["legacy-2"] > 2 * steps["studio-xl"]
