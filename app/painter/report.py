"""The faults that a critical viewer finds in a picture, by its marks and its style alone: nothing is rendered."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.painter.brief import Brief, read
from app.painter.canvas import Box, Fill, Lettering, Mark, Stroke
from app.painter.colour import NAMED, RGB, luminance
from app.painter.faults import main_colour, subjects
from app.painter.finishes import PIXEL_GRID
from app.painter.paint import compose
from app.painter.painters import PAINTERS
from app.painter.scenes import group
from app.painter.styles import STYLES, Style

Kind = Literal[
    "missing subject",
    "swapped colours",
    "wrong letters",
    "unreadable letters",
    "colours not as asked",
    "medium not as asked",
    "broken edges",
    "greyed night",
    "warped",
    "low detail",
    "wrong object",
    "edit left out",
    "visible mask border",
    "whole picture changed",
]
Finish = Literal["flat", "painted", "lit", "glowing"]
Wish = Literal["photograph", "graphic"]

CRISP_EM = 11.0
"""Pixels of an em below which nobody reads a line, however clean it is drawn."""
DARK = 70.0
"""Mean luma of a night scene, 0 to 255."""
FARTHEST = math.dist((0, 0, 0), (255, 255, 255))
TELLING_SHARE = 0.02
"""Weight below which a flaw is no fault."""
PHOTOGRAPH = group(
    "photorealistic photoreal photo photograph realistic lifelike lens bokeh depth hyper window torchlight "
    "candlelight sunrise sunset glass reflections"
)
"""Asked for with the word, or with the light and the surfaces that only it has."""
GRAPHIC = group("vector flat infographic logo logotype emblem poster icon icons minimalist sans menu")


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a picture; `severity` is 0 to 1."""

    kind: Kind
    severity: float


@dataclass(frozen=True, slots=True)
class Ability:
    """
    The ability of a style to show things.

    Lengths are shares of the shorter side: `letters` is the smallest em that stays legible, `detail` the smallest
    shape that keeps its form, `facet` the size of the pieces that edges break into, `bend` how far outlines
    wander. `drift` is how far colours go astray beyond the pen's own change, 0 to 1; `misses` says how far the
    style is from a photograph and from a graphic.
    """

    finish: Finish
    misses: dict[Wish, float]
    letters: float = 0.0
    detail: float = 0.0
    facet: float = 0.0
    bend: float = 0.0
    drift: float = 0.0
    greys_night: bool = False


# The lengths follow from `finishes`: screens of 170 dots, meshes of 64 cells, grids of 144 and 168 pixels.
REACHES: dict[str, Ability] = {
    "studio": Ability("lit", {"photograph": 0.0, "graphic": 0.3}),
    "poster": Ability("flat", {"photograph": 0.45, "graphic": 0.0}),
    "aquarelle": Ability(
        "painted", {"photograph": 0.25, "graphic": 0.3}, letters=0.034, detail=5 / 1024, greys_night=True
    ),
    "lowpoly": Ability("flat", {"photograph": 0.45, "graphic": 0.4}, detail=1 / 64, facet=3 / 64),
    "neon": Ability("glowing", {"photograph": 0.5, "graphic": 0.35}, letters=0.024, detail=0.012),
    "halftone": Ability(
        "painted", {"photograph": 0.65, "graphic": 0.35}, letters=5 / 170, detail=2 / 170, drift=0.28
    ),
    "pixel": Ability(
        "flat", {"photograph": 0.8, "graphic": 0.6}, letters=9 / PIXEL_GRID, detail=2.5 / PIXEL_GRID, drift=0.06
    ),
    "legacy": Ability(
        "lit", {"photograph": 0.35, "graphic": 0.5}, letters=0.09, detail=5 / 168, bend=1 / 46, drift=0.08
    ),
}


def finish(painter: str) -> Finish:
    """Return the finish that the surface of this painter's pictures shows."""
    return REACHES[PAINTERS[painter].style].finish


def faults(prompt: str, painter: str, seed: int, size: tuple[int, int]) -> tuple[Fault, ...]:
    """
    List the faults of the picture that `paint` makes of the same arguments, the worst first.

    Taken from the marks before and after the style's own edits, and from what the style cannot show.
    """
    canvas, take = compose(prompt, painter, seed, size)
    style, reach = STYLES[PAINTERS[painter].style], REACHES[PAINTERS[painter].style]
    asked, brief = list(canvas.marks), read(prompt)
    drawn = list(style.edit(asked, take.rng))
    found: dict[Kind, float] = {
        "missing subject": _missing(asked, drawn),
        "swapped colours": _swapped(asked, drawn),
        "wrong letters": _wrong_letters(asked, drawn),
        "unreadable letters": _unreadable(drawn, max(reach.letters, CRISP_EM / min(size))),
        "colours not as asked": _astray(drawn, style, reach, brief),
        "medium not as asked": max((reach.misses[wish] for wish in _wishes(brief)), default=0.0),
        "broken edges": _lost(drawn, reach.facet),
        "greyed night": _darkness(drawn, canvas.frame) if reach.greys_night else 0.0,
        "warped": _warped(drawn, reach.bend),
        "low detail": _lost(drawn, reach.detail),
    }
    told = [Fault(kind, round(min(1.0, share), 4)) for kind, share in found.items() if share >= TELLING_SHARE]
    return tuple(sorted(told, key=lambda fault: (-fault.severity, fault.kind)))


def _wishes(brief: Brief) -> list[Wish]:
    wishes: list[Wish] = []
    if brief.has(*PHOTOGRAPH):
        wishes.append("photograph")
    if brief.has(*GRAPHIC):
        wishes.append("graphic")
    return wishes


def _missing(asked: Sequence[Mark], drawn: Sequence[Mark]) -> float:
    """Rate the share of subjects that are missing: one of two hurts as much as two of four."""
    wanted = subjects(asked)
    lost = set(wanted) - set(subjects(drawn))
    return min(1.0, 2 * len(lost) / len(wanted)) if wanted else 0.0


def _swapped(asked: Sequence[Mark], drawn: Sequence[Mark]) -> float:
    """Return the mean distance of main colours from those asked for, over the subjects that are there."""
    there = subjects(drawn)
    gaps = [_gap(main_colour(asked, name), main_colour(drawn, name)) for name in there]
    return 2 * sum(gaps) / len(gaps) if gaps else 0.0


def _gap(one: RGB | None, other: RGB | None) -> float:
    return math.dist(one, other) / FARTHEST if one and other else 0.0


def _wrong_letters(asked: Sequence[Mark], drawn: Sequence[Mark]) -> float:
    """Return the share of the lines, by their size, that do not say what they should."""
    right = {mark.text for mark in asked if isinstance(mark, Lettering)}
    lines = [mark for mark in drawn if isinstance(mark, Lettering)]
    total = sum(mark.size for mark in lines)
    return sum(mark.size for mark in lines if mark.text not in right) / total if total else 0.0


def _unreadable(drawn: Sequence[Mark], smallest: float) -> float:
    """Return the share of the letters that are too small; a line just below the limit counts for little."""
    lines = [mark for mark in drawn if isinstance(mark, Lettering)]
    total = sum(len(mark.text) for mark in lines)
    lost = sum(len(mark.text) * min(1.0, max(0.0, 2 * (1 - mark.size / smallest))) for mark in lines)
    return lost / total if total else 0.0


def _astray(drawn: Sequence[Mark], style: Style, reach: Ability, brief: Brief) -> float:
    """Return how far areas stray from their colour, by area; less where the prompt names no colour."""
    areas = [(_extent(mark), mark.colour) for mark in drawn if isinstance(mark, Fill)]
    total = sum(area for area, _ in areas)
    if not total:
        return 0.0
    gap = sum(area * _gap(colour, style.pen.surface(colour)) for area, colour in areas) / total
    names_colours = brief.has(*NAMED)
    return (gap + reach.drift) * (1.0 if names_colours else 0.6)


def _lost(drawn: Sequence[Mark], length: float) -> float:
    """Return the share of form lost when nothing below this length is kept: all of it in shapes as small."""
    spans = [_span(mark.points) for mark in drawn if isinstance(mark, Fill | Stroke)]
    if not spans or not length:
        return 0.0
    return sum(min(1.0, length / max(span, length)) for span in spans) / len(spans)


def _darkness(drawn: Sequence[Mark], frame: Box) -> float:
    """Return 0 by day, towards 1 the darker the areas of the picture are."""
    areas = [(_extent(mark, frame), luminance(mark.colour)) for mark in drawn if isinstance(mark, Fill)]
    total = sum(area for area, _ in areas)
    mean = sum(area * light for area, light in areas) / total if total else 255.0
    return max(0.0, 1 - mean / DARK)


def _warped(drawn: Sequence[Mark], bend: float) -> float:
    """Return how far outlines wander, doubled where there is a face to spoil."""
    has_face = any(mark.part.startswith("eye ") for mark in drawn)
    return bend * (40 if has_face else 20)


def _extent(mark: Fill, frame: Box = (0.0, 0.0, 1.0, 1.0)) -> float:
    """Return the area of the box around a shape, as far as it lies in the frame."""
    xs, ys = [x for x, _ in mark.points], [y for _, y in mark.points]
    across = min(max(xs), frame[2]) - max(min(xs), frame[0])
    down = min(max(ys), frame[3]) - max(min(ys), frame[1])
    return mark.alpha * max(0.0, across) * max(0.0, down)


def _span(points: Sequence[tuple[float, float]]) -> float:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return max(max(xs) - min(xs), max(ys) - min(ys))
