"""The registry of styles: each has a pen for the shapes and a finish for the whole picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from app.painter import faults, finishes
from app.painter.canvas import Box, Mark
from app.painter.colour import RGB, darker, lighter, luminance, mix, vivid
from app.painter.render import Pen, letters_over, render

Finish = Callable[[Image.Image, np.random.Generator], Image.Image]
NIGHT: RGB = (9, 6, 22)


def _keep(marks: Sequence[Mark], _rng: np.random.Generator) -> Sequence[Mark]:
    return marks


@dataclass(frozen=True, slots=True)
class Style:
    """A style of drawing; `edit` may change the marks before they are drawn."""

    pen: Pen
    finish: Finish
    edit: Callable[[Sequence[Mark], np.random.Generator], Sequence[Mark]] = _keep


def draw(
    style: Style, marks: Sequence[Mark], size: tuple[int, int], frame: Box, light: int, rng: np.random.Generator
) -> Image.Image:
    """Draw marks in this style; `light` is -1 from the left, 1 from the right."""
    marks = style.edit(marks, rng)
    picture = style.finish(render(marks, size, frame, style.pen, light=light), rng)
    return letters_over(picture, marks, frame, style.pen.surface) if style.pen.late_letters else picture


def _inked(colour: RGB) -> RGB:
    return darker(colour, 0.86)


def _pencil(colour: RGB) -> RGB:
    return darker(colour, 0.42)


def _tube(colour: RGB) -> RGB:
    """Return a gas colour for a surface: its hue when it has one, else by brightness from violet to cold white."""
    if max(colour) - min(colour) < 34:
        return mix((150, 96, 255), (214, 240, 255), luminance(colour) / 255)
    return lighter(vivid(colour, 0.82, 1.0), 0.12)


def _night(colour: RGB) -> RGB:
    return mix(NIGHT, darker(colour, 0.35), 0.13)


def _washed(colour: RGB) -> RGB:
    return lighter(mix(colour, (236, 200, 150), 0.06), 0.14)


def _print(colour: RGB) -> RGB:
    return vivid(colour, 0.34, 0.16) if luminance(colour) > 45 else colour


def _bold(colour: RGB) -> RGB:
    return vivid(colour, 0.3, 0.0)


STYLES: dict[str, Style] = {
    "studio": Style(Pen(contrast=1.0, focus=True), finishes.studio),
    "poster": Style(Pen(steps=True, glow=0.8, surface=_bold), finishes.poster),
    "aquarelle": Style(
        Pen(contrast=0.62, outline=0.0022, edge=_pencil, surface=_washed, late_letters=False), finishes.aquarelle
    ),
    "lowpoly": Style(Pen(contrast=0.95), finishes.lowpoly),
    "neon": Style(
        Pen(contrast=0.0, outline=0.0042, edge=_tube, surface=_night, tube=True, glow=0.16, late_letters=False),
        finishes.neon,
    ),
    "halftone": Style(
        Pen(steps=True, outline=0.0042, edge=_inked, surface=_print, glow=0.8, late_letters=False),
        finishes.halftone,
    ),
    "pixel": Style(Pen(steps=True, outline=0.0, late_letters=False), finishes.pixel),
    "legacy": Style(Pen(contrast=0.8, late_letters=False), finishes.legacy, faults.mistaken),
}
