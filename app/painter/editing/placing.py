"""Placing a new thing: the box it goes into, and its layer in the painter's pen, lit like its surroundings."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from app.painter.canvas import Box, Canvas, Mark
from app.painter.editing.instruction import Action
from app.painter.editing.matting import find_sky, find_subject, shrink
from app.painter.editing.weather import LUMA, as_image, horizon_of
from app.painter.modifiers import Wanted
from app.painter.noise import Field
from app.painter.render import Pen, Sheet, put
from app.painter.things import THINGS

Bools = NDArray[np.bool_]
COARSE = 96
"""Pixels of the longer side at which parts are labelled."""
USUAL_SIZE = 0.36
"""Height of the largest thing as a share of the shorter side."""
MARGIN = 0.12
"""Of a thing's size, for its shadow and for what sticks out."""
SHINING = frozenset({"moon", "sun", "star", "lamp", "candle", "rainbow"})
APART = 0.22
"""Of the width, between things that are asked for at one place."""
SPACING = 1.06
"""Widths from one thing to the next."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A picture's parts as shares at `COARSE`: sky, subject, and how far down the sky reaches."""

    sky: Field
    subject: Field
    horizon: float


def look_at(picture: Field) -> Surroundings:
    small = shrink(as_image(picture), COARSE * 2)
    sky, subject = find_sky(small), find_subject(small)
    return Surroundings(sky, subject, min(0.8, max(0.15, horizon_of(sky))))


def boxes_for(
    action: Action, picture: Field, region: Bools | None, rng: np.random.Generator, share: tuple[int, int] = (0, 1)
) -> list[Box]:
    """
    Return a box (x0, y0, x1, y1) in pixels for each of the things that `action` wants.

    `share` is which of how many actions this is that have one place, or one region, among them.
    """
    want = action.thing
    if want is None:
        return []
    number, sharing = share
    if region is not None:
        left, top, right, bottom = extent(region)
        step = (right - left) / sharing
        return _row(want, _inside(want, (left + number * step, top, left + (number + 1) * step, bottom)))
    if action.place is not None and sharing > 1:
        across = (number - (sharing - 1) / 2) * APART
        action = replace(action, place=(action.place[0] + across, action.place[1]))
    return _row(want, _chosen(action, want, picture, rng))


def extent(region: Bools) -> Box:
    """Return the box around what is true, in pixels; the whole picture where nothing is."""
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    if not len(rows):
        return 0.0, 0.0, float(region.shape[1]), float(region.shape[0])
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def _inside(want: Wanted, box: Box) -> Box:
    """Return the largest box of the thing's shape inside: at the foot if it stands, in the middle if it flies."""
    thing = THINGS[want.noun]
    across, down = box[2] - box[0], box[3] - box[1]
    tall = 0.92 * min(down, across / (thing.wide * (1 + SPACING * (want.count - 1))))
    spare = (0.5 if thing.place == "sky" else 0.92) * (down - tall)
    x = (box[0] + box[2]) / 2
    return x - tall * thing.wide / 2, box[1] + spare, x + tall * thing.wide / 2, box[1] + spare + tall


def _chosen(action: Action, want: Wanted, picture: Field, rng: np.random.Generator) -> Box:
    """Choose the box that the prompt names, else one where the thing is at home and the subject is not."""
    height, width = picture.shape[:2]
    scene, thing = look_at(picture), THINGS[want.noun]
    if action.spot == "head":
        return _on_head(want, scene, (width, height))
    scale = {"far": 0.45, "near": 1.5}.get(action.spot, 1.0)
    size = action.size or USUAL_SIZE * (0.45 + 0.55 * thing.size) * scale
    tall = size * min(width, height)
    if action.place is not None:
        x, y = action.place[0] * width, action.place[1] * height
    else:
        x, y = _free_place(scene, thing.place == "sky" or action.spot == "sky", action.spot, rng)
        x, y = x * width, y * height - (0 if thing.place == "sky" or action.spot == "sky" else tall / 2)
    return _kept_inside((x, y), tall * thing.wide, tall, (width, height))


def _kept_inside(middle: tuple[float, float], wide: float, tall: float, size: tuple[int, int]) -> Box:
    """Return a box around a middle, moved so that it lies in the picture, and smaller where it would not fit."""
    fit = min(1.0, 0.96 * size[0] / wide, 0.96 * size[1] / tall)
    wide, tall = wide * fit, tall * fit
    x = min(max(middle[0] - wide / 2, 0.02 * size[0]), 0.98 * size[0] - wide)
    y = min(max(middle[1] - tall / 2, 0.02 * size[1]), 0.98 * size[1] - tall)
    return x, y, x + wide, y + tall


def _free_place(scene: Surroundings, aloft: bool, spot: str, rng: np.random.Generator) -> tuple[float, float]:
    """Find a free place away from the subject, as shares: the middle of what flies, the foot of what stands."""
    height, width = scene.subject.shape
    y = max(0.16, 0.42 * scene.horizon) if aloft else {"far": scene.horizon + 0.07, "near": 0.97}.get(spot, 0.9)
    rows = slice(max(0, round((y - 0.3) * height)), max(1, round((y + 0.12) * height)))
    busy = [
        float(scene.subject[rows, round(max(0.0, x - 0.13) * width) : round((x + 0.13) * width)].mean())
        for x in (0.2, 0.35, 0.5, 0.65, 0.8)
    ]
    cost = [share + 0.06 * float(rng.random()) for share in busy]
    return (0.2, 0.35, 0.5, 0.65, 0.8)[int(np.argmin(cost))], y


def _on_head(want: Wanted, scene: Surroundings, size: tuple[int, int]) -> Box:
    """Place a box on top of the subject, as wide as it is there; glasses go a little below."""
    inside = scene.subject > 0.5
    box = extent(inside)
    tall = box[3] - box[1]
    band = inside[int(box[1] + 0.12 * tall) : int(box[1] + 0.32 * tall) + 1]
    columns = np.flatnonzero(band.mean(axis=0) > 0.5)
    left, right = (columns[0], columns[-1] + 1) if len(columns) else (box[0], box[2])
    scale = size[0] / inside.shape[1]
    thing = THINGS[want.noun]
    wide = 1.05 * (right - left) * scale if want.noun != "sunglasses" else 0.8 * (right - left) * scale
    wide = min(wide, 0.5 * min(size))
    high = wide / thing.wide
    middle = (left + right) / 2 * scale
    top = box[1] * scale
    foot = top + (0.26 * tall * scale + high / 2 if want.noun == "sunglasses" else 0.1 * tall * scale)
    return _kept_inside((middle, foot - high / 2), wide, high, size)


def _row(want: Wanted, box: Box) -> list[Box]:
    """Repeat the box for one thing side by side, once for each wanted."""
    wide = box[2] - box[0]
    first = -(want.count - 1) / 2
    return [
        (box[0] + (first + i) * wide * SPACING, box[1], box[2] + (first + i) * wide * SPACING, box[3])
        for i in range(want.count)
    ]


def draw_thing(picture: Field, want: Wanted, box: Box, pen: Pen, rng: np.random.Generator) -> Field:
    """Draw a thing into the box, which may reach beyond the picture, and return the new picture."""
    height, width = picture.shape[:2]
    window = _window(box, (width, height))
    if window is None:
        return picture
    left, top, right, bottom = window
    colours, alpha = _layer(want, box, window, min(width, height), pen, rng)
    under = picture[top:bottom, left:right]
    if want.noun not in SHINING and not pen.tube:
        colours = _lit_like(under, colours)
    out = picture.copy()
    out[top:bottom, left:right] = under + (colours - under) * alpha
    return out


def _window(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Return the whole pixels around the box with its margin, as far as they lie in the picture."""
    pad = MARGIN * max(box[2] - box[0], box[3] - box[1]) + 2
    left, top = max(0, int(box[0] - pad)), max(0, int(box[1] - pad))
    right, bottom = min(size[0], int(box[2] + pad) + 1), min(size[1], int(box[3] + pad) + 1)
    return (left, top, right, bottom) if right - left > 1 and bottom - top > 1 else None


def _layer(
    want: Wanted, box: Box, window: tuple[int, int, int, int], unit: int, pen: Pen, rng: np.random.Generator
) -> tuple[Field, Field]:
    """Return the window's colours and coverage: what differs between the thing on black and on white paper."""
    x0, y0, x1, y1 = (value / unit for value in window)
    canvas = Canvas(frame=(x0, y0, x1, y1))
    thing = THINGS[want.noun]
    left, top, wide, tall = box[0] / unit, box[1] / unit, (box[2] - box[0]) / unit, (box[3] - box[1]) / unit
    if thing.place != "sky" and want.noun not in ("hat", "crown", "sunglasses"):
        canvas.shadow(left + 0.53 * wide, top + 0.985 * tall, 0.56 * wide, 0.05 * min(wide, tall) + 0.006, 0.6)
    with canvas.inside(left, top, wide, tall):
        thing.draw(canvas, want.colour or thing.colour, rng)
    size = window[2] - window[0], window[3] - window[1]
    black, white = (_on_paper(canvas.marks, size, canvas.frame, pen, level) for level in (0, 255))
    alpha = np.clip(1 - (white - black).mean(axis=2, keepdims=True) / 255, 0, 1)
    return black / np.maximum(alpha, 1 / 255), alpha


def _on_paper(marks: list[Mark], size: tuple[int, int], frame: Box, pen: Pen, level: int) -> Field:
    sheet = Sheet((size[0] * 2, size[1] * 2), frame, light=-1)
    sheet.unit = 2 * size[0] / (frame[2] - frame[0])
    sheet.image.paste((level, level, level), (0, 0, *sheet.image.size))
    for mark in marks:
        put(sheet, mark, pen)
    return np.asarray(sheet.image.reduce(2), dtype=np.float32)


def _lit_like(under: Field, colours: Field) -> Field:
    """Darken a layer in the dark, and give it a little of the surroundings' tint."""
    mean = under.reshape(-1, 3).mean(axis=0)
    brightness = float(mean @ LUMA)
    exposure = min(1.04, 0.56 + 0.5 * brightness / 125)
    tint = (mean + 60) / (brightness + 60)
    return np.asarray(np.clip(colours * exposure * (1 + 0.45 * (tint - 1)), 0, 255))


def find_thing(picture: Field, noun: str, near: tuple[float, float] | None) -> Bools:
    """
    Find the part of the subject that a word most likely means, by its size, its colour and its place.

    Nothing is recognised: where one thing stands out, it is that one.
    """
    small = shrink(as_image(picture), COARSE)
    share = find_subject(small)
    core = np.asarray(Image.fromarray((255 * share).astype(np.uint8)).filter(ImageFilter.MinFilter(5))) > 120
    labels = _labelled(core)
    names = [name for name in np.unique(labels) if name]
    if not names:
        return np.zeros(picture.shape[:2], dtype=bool)
    colours = np.asarray(small, dtype=np.float32)
    best = max(names, key=lambda name: _plausible(labels == name, colours, noun, near))
    return _grown(labels == best, share, picture.shape[:2])


def _labelled(inside: Bools) -> NDArray[np.int64]:
    """Give each connected part a number, the largest index of its cells, spread until all agree; 0 is outside."""
    labels = np.arange(1, inside.size + 1).reshape(inside.shape) * inside
    while True:
        before = labels
        for axis in (0, 1):
            for shift in (1, -1):
                moved = np.roll(labels, shift, axis)
                moved[(slice(None),) * axis + (0 if shift == 1 else -1,)] = 0
                labels = np.maximum(labels, moved) * inside
        if (labels == before).all():
            return labels


def _plausible(part: Bools, colours: Field, noun: str, near: tuple[float, float] | None) -> float:
    score = float(part.mean()) ** 0.5
    if noun in THINGS:
        gap = float(np.linalg.norm(np.median(colours[part], axis=0) - THINGS[noun].colour))
        score *= float(np.exp(-gap / 90))
    if near is not None:
        rows, columns = np.nonzero(part)
        away = np.hypot(columns.mean() / part.shape[1] - near[0], rows.mean() / part.shape[0] - near[1])
        score *= float(np.exp(-3 * away))
    return float(score)


def _grown(part: Bools, share: Field, shape: tuple[int, ...]) -> Bools:
    """Enlarge the part to the picture's size, with its soft rim and a little more, so that no trace is left."""
    near = Image.fromarray((255 * part).astype(np.uint8)).filter(ImageFilter.MaxFilter(9))
    whole = np.maximum(np.asarray(near) / 255 * (share > 0.2), part).astype(np.float32)
    rim = Image.fromarray((255 * whole).astype(np.uint8)).filter(ImageFilter.MaxFilter(3))
    return np.asarray(rim.resize((shape[1], shape[0]), Image.Resampling.BILINEAR)) > 60
