"""
Measures what a served picture shows of how it was made, whatever it depicts: shape, scale, light, format, marks.

Renditions alone are measured, as voters get them: what scaling and encoding took away tells nobody anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from app.arena.entries.framing import find_bars

Levels = npt.NDArray[np.int16]
Kind = Literal["shape", "scale", "light", "format", "marks"]

STORED = "traits"
"""The key of an entry's source under which they are stored, for the rendition that it has then."""
VERSION = 1
FAINT = 0.25
"""Levels added to what is compared as a ratio, so that flat pictures are not told apart by their noise."""
GRID = 8
"""Pixels of a JPEG's blocks."""
CORNER = 8
"""A corner is this part of each side."""
SMALLEST = 4 * GRID
"""Pixels: a side that is shorter is enlarged before."""


@dataclass(frozen=True)
class Trait:
    """Name what is measured of a picture; `usual` is the spread of it among real pictures of one prompt."""

    name: str
    kind: Kind
    usual: float


TRAITS = (
    Trait("width_to_height", "shape", 0.02),
    Trait("empty", "shape", 0.02),
    Trait("finest_detail", "scale", 0.2),
    Trait("fine_detail", "scale", 0.2),
    Trait("grain", "scale", 0.4),
    Trait("brightness", "light", 35.0),
    Trait("contrast", "light", 15.0),
    Trait("darkest", "light", 20.0),
    Trait("brightest", "light", 30.0),
    Trait("blueness", "light", 10.0),
    Trait("redness", "light", 10.0),
    Trait("colour", "light", 8.0),
    Trait("blocks", "format", 0.1),
    Trait("flatness", "format", 0.15),
    Trait("colour_detail", "format", 0.5),
    Trait("upper_left", "marks", 0.9),
    Trait("upper_right", "marks", 0.9),
    Trait("lower_left", "marks", 0.9),
    Trait("lower_right", "marks", 0.9),
    Trait("border", "marks", 0.4),
)


def describe_source(source: Mapping[str, Any], traits: tuple[float, ...]) -> dict[str, Any]:
    """Return an entry's source with the traits of its rendition; what a pack says of them is not believed."""
    return {**source, STORED: {"version": VERSION, "values": list(traits)}}


def read_source(source: Mapping[str, Any]) -> tuple[float, ...] | None:
    """Read the traits from an entry's source; None where they were never measured, or in another way."""
    stored = source.get(STORED)
    if not isinstance(stored, dict) or stored.get("version") != VERSION:
        return None
    return tuple(stored["values"])


def is_in_bars(measured: tuple[float, ...]) -> bool:
    """Tell whether a part of the rendition is bars."""
    return measured[[trait.name for trait in TRAITS].index("empty")] > 0


def measure_file(rendition: bytes) -> tuple[float, ...]:
    """Measure a rendition as it is served, in about 8 ms of a core; the numbers are in the order of TRAITS."""
    with Image.open(BytesIO(rendition)) as image:
        return measure(image.convert("RGB"))


def measure(image: Image.Image) -> tuple[float, ...]:
    """Measure an RGB picture; the numbers are in the order of TRAITS."""
    whole = image.width * image.height
    left, top, right, bottom = find_bars(np.asarray(image))
    if any((left, top, right, bottom)):
        image = image.crop((left, top, image.width - right, image.height - bottom))
    shape = float(np.log2(image.width / image.height)), 1 - image.width * image.height / whole
    if min(image.size) < SMALLEST:
        image = image.resize((max(image.width, SMALLEST), max(image.height, SMALLEST)), Image.Resampling.NEAREST)
    light = np.asarray(image.convert("L"), dtype=np.int16)
    halves = [np.asarray(plane, dtype=np.int16) for plane in image.reduce(2).convert("YCbCr").split()]
    detail = _detail(light)
    numbers = (
        *shape,
        *_measure_scale(detail, halves[0]),
        *_measure_light(halves),
        *_measure_format(light, halves),
        *_measure_marks(detail),
    )
    return tuple(round(number, 4) for number in numbers)


def _measure_scale(detail: Levels, half: Levels) -> tuple[float, float, float]:
    """Return the logarithms of the ratios of detail of 1, 2 and 4 pixels, and of usual to mean detail."""
    height, width = (side - side % 2 for side in half.shape)
    rows = half[:height:2, :width] + half[1:height:2, :width]
    quarter = (rows[:, ::2] + rows[:, 1::2]) // 4
    finest, fine, coarse = (_mean(plane) for plane in (detail, _detail(half), _detail(quarter)))
    grain = float(np.median(detail[::4, ::4])) / 4 + FAINT
    return float(np.log(finest / fine)), float(np.log(fine / coarse)), float(np.log(grain / finest))


def _measure_light(halves: list[Levels]) -> tuple[float, ...]:
    """Return mean and spread of the luma, its dark and bright ends, and the colours' means and spread."""
    light, blue, red = (plane[::2, ::2].astype(np.float32) for plane in halves)
    low, high = np.percentile(light, (2, 98))
    spread = float(np.hypot(blue.std(), red.std()))
    means = (float(light.mean()), float(light.std()), float(low), float(high))
    return *means, float(blue.mean()), float(red.mean()), spread


def _measure_format(light: Levels, halves: list[Levels]) -> tuple[float, float, float]:
    """Return how far a grid of 8 pixels shows, the share of flat steps, and the colours' detail by the luma's."""
    steps = np.abs(np.diff(light, axis=1))
    flat = float((steps == 0).mean())
    columns = steps.mean(axis=0, dtype=np.float32)
    columns = columns[: columns.size - columns.size % GRID].reshape(-1, GRID).mean(axis=0) + FAINT
    light_detail, *colours = (_mean(_detail(plane)) for plane in halves)
    blocks = float(np.log(columns.max() / np.median(columns)))
    return blocks, flat, float(np.log(sum(colours) / light_detail))


def _measure_marks(detail: Levels) -> tuple[float, ...]:
    """Return the logarithms of the detail in each corner and along the border, by that of the whole."""
    high, wide = detail.shape[0] // CORNER, detail.shape[1] // CORNER
    corners = detail[:high, :wide], detail[:high, -wide:], detail[-high:, :wide], detail[-high:, -wide:]
    ring = np.concatenate([detail[:2].ravel(), detail[-2:].ravel(), detail[:, :2].ravel(), detail[:, -2:].ravel()])
    whole = _mean(detail)
    return tuple(float(np.log(_mean(part) / whole)) for part in (*corners, ring))


def _detail(plane: Levels) -> Levels:
    """Return four times how far each inner pixel is off the mean of its neighbours."""
    around = plane[:-2, 1:-1] + plane[2:, 1:-1] + plane[1:-1, :-2] + plane[1:-1, 2:]
    return np.abs(4 * plane[1:-1, 1:-1] - around)


def _mean(detail: Levels) -> float:
    return float(detail.mean(dtype=np.float32)) / 4 + FAINT
