"""The camera: the view of the scene, which differs between two painters of one prompt."""

import hashlib
import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from app.painter.brief import Brief
from app.painter.canvas import Affine
from app.painter.painters import PAINTERS

Option = TypeVar("Option")
GOLDEN = 0.6180339887498949
"""Its multiples spread evenly over 0 to 1, so that eight painters get eight different values."""


@dataclass(frozen=True, slots=True)
class Take:
    """
    `layout`, `palette` and `pose` are spread over 0 to 1 between painters. `light` is -1 from the left of the
    picture or 1 from its right; `lamp` is the same in the scene's own, perhaps mirrored, coordinates.
    """

    view: Affine
    rng: np.random.Generator
    light: int
    lamp: int
    layout: float
    palette: float
    pose: float


def one_of(options: tuple[Option, ...], share: float) -> Option:
    """Choose one of the options; `share` is 0 to 1 along them."""
    return options[min(len(options) - 1, int(share * len(options)))]


def generator(*words: object) -> np.random.Generator:
    """Seed a generator that depends on all the words and on nothing else."""
    # The separator keeps ("ab", "c") from ("a", "bc"); lone surrogates, which JSON may hold, have no UTF-8.
    seed = hashlib.sha256("\x1f".join(map(str, words)).encode("utf-8", "replace")).digest()
    return np.random.default_rng(int.from_bytes(seed[:16], "big"))


def take_for(brief: Brief, painter: str, seed: int, *, steady: bool) -> Take:
    """
    Draw a take from the prompt, the painter and the seed; `steady` keeps the camera almost still,
    for pages and posters. A prompt that says left or right is never mirrored.
    """
    place = list(PAINTERS).index(painter)
    shared, rng = generator(brief.prompt, seed), generator(brief.prompt, seed, painter)
    # From the prompt alone, with a step for each painter: two painters of one prompt do not choose alike.
    layout, palette, pose = ((float(shared.random()) + place * GOLDEN * k) % 1 for k in (1, 2, 3))
    mirrored = not brief.names_side and not steady and (place + int(shared.integers(2))) % 2 == 1
    light = brief.light or (-1 if rng.random() < 0.6 else 1)
    zoom = rng.uniform(0.97, 1.0) if steady else rng.uniform(0.93, 1.1)
    turn = 0.0 if steady else math.radians(rng.uniform(-1.6, 1.6))
    shift = 0.012 if steady else 0.028
    view = _view(zoom, turn, rng.uniform(-shift, shift), rng.uniform(-shift, shift), mirrored=mirrored)
    return Take(view, rng, light, -light if mirrored else light, layout, palette, pose)


def _view(zoom: float, turn: float, dx: float, dy: float, *, mirrored: bool) -> Affine:
    """Build a view that scales, turns and shifts about the middle of the picture."""
    cos, sin = zoom * math.cos(turn), zoom * math.sin(turn)
    a, b, d, e = (-cos if mirrored else cos), -sin, (-sin if mirrored else sin), cos
    return a, b, 0.5 + dx - (a + b) / 2, d, e, 0.5 + dy - (d + e) / 2
