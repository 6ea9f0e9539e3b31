"""
Converts four inks to sRGB by the table of a profile, as Chromium reads it.

Pillow's engine rounds to 16 bits between its steps and goes through tetrahedra, Chromium through cubes in floats:
close to black that is seen. And in Chromium the largest number, of 8 or 16 bits, is a lightness of 100 and an XYZ
of 1; by the standard these are 65280 and 32768, and 8 bits hold no XYZ (ICC.1:2022, 6.3.4, 10.10 and 10.11).
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from PIL import Image

Levels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.floating]

D50 = np.array([0.9642, 1.0, 0.8249])
PIXELS = 2**18
"""Pixels at a time: what lies between takes 100 bytes of each."""


@dataclass(frozen=True)
class InkTable:
    """
    Hold the way from three inks without black to XYZ or Lab: all numbers from 0 to 1, curves as (3, n) values.

    In this order: `inks` are curves, `colours` the table, (grid, grid, grid, 3), `middle` are curves, `matrix` is
    (3, 4) with what is added last, `outputs` are curves.
    """

    inks: Floats
    colours: Floats
    outputs: Floats
    is_lab: bool
    middle: Floats | None = None
    matrix: Floats | None = None


def convert_inks(inks: Image.Image, table: InkTable, to_linear: Floats) -> Image.Image:
    """Convert cyan, magenta and yellow in an image's three channels; `to_linear` leads from XYZ to linear sRGB."""
    pixels = np.asarray(inks).reshape(-1, 3)
    parts = (_convert(pixels[at : at + PIXELS], table, to_linear) for at in range(0, len(pixels), PIXELS))
    return Image.fromarray(np.concatenate(list(parts)).reshape(inks.height, inks.width, 3))


def _convert(pixels: Levels, table: InkTable, to_linear: Floats) -> Levels:
    """Convert (n, 3) levels of inks to (n, 3) levels of sRGB."""
    mixed = _mix(table.colours, np.stack([_place(table, ink)[pixels[:, ink]] for ink in range(3)], axis=1))
    if table.middle is not None:
        mixed = _bend(mixed, table.middle)
    if table.matrix is not None:
        mixed = mixed @ table.matrix[:, :3].T + table.matrix[:, 3]
    ended = _bend(mixed, table.outputs)
    linear = np.clip((_lab_to_xyz(ended) if table.is_lab else ended) @ to_linear.T, 0, 1)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * curved), dtype=np.uint8)


def _bend(colours: Floats, curves: Floats) -> Floats:
    """Send each of three columns through its curve."""
    steps = np.linspace(0, 1, curves.shape[1])
    return np.stack([np.interp(colours[:, one], steps, curves[one]) for one in range(3)], axis=1)


def _lab_to_xyz(lab: Floats) -> Floats:
    """Return the XYZ under D50 of (n, 3) numbers: from 0 to 1 they are L of 0 to 100 and a, b of -128 to 127."""
    light, red, blue = (lab * (100, 255, 255) - (0, 128, 128)).T
    middle = (light + 16) / 116
    root = np.stack([middle + red / 500, middle, middle - blue / 200], axis=1)
    return np.asarray(np.where(root > 6 / 29, root**3, (root - 4 / 29) * 108 / 841) * D50)


def _place(table: InkTable, ink: int) -> Floats:
    """Return for each of 256 levels of an ink its place on the table's axis."""
    levels = np.linspace(0, 1, 256)
    curve = np.interp(levels, np.linspace(0, 1, table.inks.shape[1]), table.inks[ink])
    return np.asarray(curve * (table.colours.shape[ink] - 1), dtype=np.float32)


def _mix(colours: Floats, places: Floats) -> Floats:
    """Return the colour at each of (n, 3) places: of the cube's eight corners, each by its nearness."""
    low = np.minimum(places.astype(np.intp), np.array(colours.shape[:3]) - 2)
    part = places - low
    mixed = np.zeros_like(places)
    for corner in product((0, 1), repeat=3):
        weight = np.prod(np.where(corner, part, 1 - part), axis=1, keepdims=True)
        mixed += weight * colours[tuple((low + corner).T)]
    return mixed
