"""
Fills a hole in a picture from what surrounds it.

Patches are matched coarse to fine as in PatchMatch (Barnes et al. 2009) and image completion by Wexler et al.
(2007); the fine picture is then copied along the offsets found, and its light is bent to meet the border.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.painter.noise import Field

Bools = NDArray[np.bool_]
Places = NDArray[np.int64]  # one row and one column each

REACH = 2
"""A patch has 2 * REACH + 1 pixels a side."""
WORKING_SIDE = 112
"""Pixels of the longer side at which patches are matched."""
MARGIN = 0.9
"""Of the hole's longer side, which is looked at around it."""
SMALLEST_MARGIN = 48
ROUNDS = ((4, 2), (3, 2), (2, 3))
"""At each level: how often colours are renewed, and matches improved before that."""
BEYOND = 0.16
"""Of the known part, whose outer rim is all that goes on beyond a picture's border."""
SEARCH = (0.5, 0.15, 0.04)
"""Shares of the picture in which better matches are guessed."""
UNKNOWN_COUNTS = 0.3
"""The weight of a pixel made up in a patch to be matched."""
HEIGHT_COUNTS = 60_000.0
"""A patch from a third of the picture away counts as unlike by 9 levels a pixel."""
TINY = np.float32(1e-6)
NEIGHBOURS = ((0, 1), (1, 0), (0, -1), (-1, 0))


def fill(picture: Field, hole: Bools, rng: np.random.Generator) -> Field:
    """
    Fill the hole of a picture (rows, columns, 3; 0 to 255) with new pixels; the others stay the same.

    Takes time with the working size, not with the picture's. A picture that is all hole becomes even grey.
    """
    if not hole.any():
        return picture
    if hole.all():
        # Nothing is known to copy from.
        return np.full_like(picture, 168)
    top, left, bottom, right = _window(hole)
    part, gap = picture[top:bottom, left:right], hole[top:bottom, left:right]
    out = picture.copy()
    out[top:bottom, left:right] = _fill_window(part, gap, rng)
    return out


def _window(hole: Bools) -> tuple[int, int, int, int]:
    """Return the box of the hole and the surroundings that are looked at to fill it."""
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    margin = round(max(SMALLEST_MARGIN, MARGIN * max(np.ptp(rows), np.ptp(columns))))
    bottom, right = min(hole.shape[0], rows[-1] + 1 + margin), min(hole.shape[1], columns[-1] + 1 + margin)
    return max(0, rows[0] - margin), max(0, columns[0] - margin), bottom, right


def _fill_window(picture: Field, hole: Bools, rng: np.random.Generator) -> Field:
    # Rounded up, so that the small picture is never larger than the working side.
    step = max(1, -(-max(hole.shape) // WORKING_SIDE))
    small, known = shrink_known(picture, ~hole, step)
    smooth = membrane(small, known)
    matches = _match(small, known, smooth, rng)
    copied = (
        _copy(picture, hole, matches, known, step) if matches is not None else _enlarged(smooth, hole.shape, step)
    )
    return np.where(hole[:, :, None], _meet_border(copied, smooth, known, step), picture)


def shrink_known(picture: Field, known: Bools, step: int) -> tuple[Field, Bools]:
    """Average the known pixels of each cell of `step` x `step`; a cell is known when all of it is."""
    height, width = known.shape
    rows, columns = -(-height // step), -(-width // step)
    pad = ((0, rows * step - height), (0, columns * step - width))
    # Padded by its own edge to whole cells: with zeros the last row and column would never be known.
    weight = np.pad(known, pad, mode="edge").astype(np.float32)
    values = np.pad(picture, (*pad, (0, 0)), mode="edge") * weight[:, :, None]
    count = weight.reshape(rows, step, columns, step).sum(axis=(1, 3))
    sums = values.reshape(rows, step, columns, step, 3).sum(axis=(1, 3))
    return sums / np.maximum(1, count)[:, :, None], count == step * step


def membrane(small: Field, known: Bools) -> Field:
    """Span the unknown cells smoothly between the known, which stay: halve until all is known, then go back."""
    if known.all() or max(known.shape) == 1:
        return small
    weight = known.astype(np.float32)
    pad = ((0, known.shape[0] % 2), (0, known.shape[1] % 2))
    rows, columns = -(-known.shape[0] // 2), -(-known.shape[1] // 2)
    weights = np.pad(weight, pad).reshape(rows, 2, columns, 2).sum(axis=(1, 3))
    sums = np.pad(small * weight[:, :, None], (*pad, (0, 0))).reshape(rows, 2, columns, 2, 3).sum(axis=(1, 3))
    coarse = membrane(sums / np.maximum(1, weights)[:, :, None], weights > 0)
    spanned = soften(resize(coarse, known.shape), 1)
    return np.where(known[:, :, None], small, spanned)


def resize(values: Field, shape: tuple[int, ...]) -> Field:
    """Resize by bilinear interpolation, channel by channel, to (rows, columns)."""
    channels = [
        np.asarray(
            Image.fromarray(np.ascontiguousarray(values[:, :, i])).resize(
                (shape[1], shape[0]), Image.Resampling.BILINEAR
            )
        )
        for i in range(3)
    ]
    return np.stack(channels, axis=2)


def soften(values: Field, radius: int) -> Field:
    """Return the mean of a square around each cell, over rows and columns of any number of channels."""
    for axis in (0, 1):
        pad = [(0, 0)] * values.ndim
        pad[axis] = (radius + 1, radius)
        sums = np.cumsum(np.pad(values, pad, mode="edge"), axis=axis, dtype=np.float64)
        ends = np.take(sums, range(2 * radius + 1, sums.shape[axis]), axis=axis)
        starts = np.take(sums, range(sums.shape[axis] - 2 * radius - 1), axis=axis)
        values = ((ends - starts) / (2 * radius + 1)).astype(np.float32)
    return values


@dataclass(slots=True)
class Level:
    """A picture being completed: `match` holds for every cell the row and column it is like, its own if known."""

    picture: Field
    known: Bools
    sources: Bools
    match: Places


@dataclass(frozen=True, slots=True)
class Search:
    """The patches of all cells, and those wanted at the hole's cells with the weights of their pixels."""

    patches: Field
    wanted: Field
    weights: Field
    cells: Places

    def apart(self, which: NDArray[np.int64] | slice, places: Places) -> Field:
        """Measure how unlike the wanted patches those at `places` are; a distance in height adds to it."""
        gap = self.wanted[which] - self.patches[places[:, 0], places[:, 1]]
        height = (self.cells[which, 0] - places[:, 0]) / len(self.patches)
        unlike = np.einsum("ij,ij,ij->i", gap, gap, self.weights[which])
        return np.asarray(unlike + HEIGHT_COUNTS * height * height, dtype=np.float32)


def _match(small: Field, known: Bools, smooth: Field, rng: np.random.Generator) -> Places | None:
    """Find for every cell the row and column to copy from; None where too little is known."""
    levels = [(smooth, known)]
    while len(levels) < len(ROUNDS) and min(levels[-1][1].shape) >= 24:
        values, clear = levels[-1]
        levels.append(_halved(values, clear))
    level: Level | None = None
    for (values, clear), rounds in zip(levels[::-1], ROUNDS[-len(levels) :], strict=True):
        sources = _sources(clear)
        if not sources.any():
            continue
        level = _begin(values, clear, sources, level, rng)
        for _ in range(rounds[0]):
            distance = _improve(level, rounds[1], rng)
            _renew(level, distance)
    return level.match if level is not None and level.known.shape == small.shape[:2] else None


def _halved(values: Field, known: Bools) -> tuple[Field, Bools]:
    """Halve the picture; a cell is known when half of it is, so that the hole keeps its border."""
    share = shrink_known(np.repeat(known[:, :, None], 3, axis=2).astype(np.float32), np.ones_like(known), 2)[0][
        ..., 0
    ]
    whole = shrink_known(values, np.ones_like(known), 2)[0]
    return np.where(share[:, :, None] > 0, shrink_known(values, known, 2)[0], whole), share >= 0.5


def _sources(known: Bools) -> Bools:
    """Mark cells whose whole patch is known; only those near the hole where it takes up a side of the picture."""
    clear = _clear(known)
    reach = max(2 * REACH + 4, round(BEYOND * max(known.any(axis=0).sum(), known.any(axis=1).sum())))
    if not _is_open(known):
        return clear
    near = clear & (soften((~known).astype(np.float32), reach) > TINY)
    return near if near.any() else clear


def _is_open(known: Bools) -> bool:
    """Tell whether the hole takes up a whole side of the picture."""
    return not (known[0].any() and known[-1].any() and known[:, 0].any() and known[:, -1].any())


def _clear(known: Bools) -> Bools:
    inside = known.copy()
    for axis in (0, 1):
        for shift in range(1, REACH + 1):
            inside &= np.roll(known, shift, axis) & np.roll(known, -shift, axis)
    inside[:REACH], inside[-REACH:], inside[:, :REACH], inside[:, -REACH:] = False, False, False, False
    grown = inside.copy()
    grown[1:-1, 1:-1] &= inside[:-2, :-2] & inside[2:, 2:] & inside[:-2, 2:] & inside[2:, :-2]
    return grown if grown.any() else inside


def _begin(values: Field, known: Bools, sources: Bools, coarse: Level | None, rng: np.random.Generator) -> Level:
    """Begin the search from the coarser level's matches, or at random."""
    places = np.argwhere(sources)
    own = _own_places(known.shape)
    guess = places[rng.integers(0, len(places), known.shape)]
    if coarse is not None:
        lent = np.repeat(np.repeat(coarse.match, 2, axis=0), 2, axis=1)[: known.shape[0], : known.shape[1]]
        lent = lent * 2 + own % 2
        usable = _usable(sources, lent)
        guess = np.where(usable[:, :, None], lent, guess)
    level = Level(values.copy(), known, sources, np.where(known[:, :, None], own, guess))
    if coarse is not None:
        _renew(level, np.ones(int((~known).sum()), dtype=np.float32))
    return level


def _own_places(shape: tuple[int, ...]) -> Places:
    """Return every cell's own row and column."""
    rows, columns = np.indices(shape[:2])
    return np.stack([rows, columns], axis=2)


def _usable(sources: Bools, places: Places) -> Bools:
    height, width = sources.shape
    inside = (places[..., 0] >= 0) & (places[..., 0] < height) & (places[..., 1] >= 0) & (places[..., 1] < width)
    rows, columns = np.clip(places[..., 0], 0, height - 1), np.clip(places[..., 1], 0, width - 1)
    return np.asarray(inside & sources[rows, columns])


def _patches(picture: Field) -> Field:
    """Return every cell's patch as one row of numbers: (rows, columns, channels * side * side)."""
    padded = np.pad(picture, ((REACH, REACH), (REACH, REACH), (0, 0)), mode="edge")
    view = np.lib.stride_tricks.sliding_window_view(padded, (2 * REACH + 1, 2 * REACH + 1), axis=(0, 1))
    return np.ascontiguousarray(view).reshape(*picture.shape[:2], -1)


def _improve(level: Level, times: int, rng: np.random.Generator) -> Field:
    """Try the neighbours' matches and random ones nearby; how far each hole cell's patch is from its match's."""
    patches = _patches(level.picture)
    cells = np.argwhere(~level.known)
    wanted = patches[cells[:, 0], cells[:, 1]]
    best = level.match[cells[:, 0], cells[:, 1]]
    weights = np.where(_patches(np.repeat(level.known[:, :, None], 3, axis=2)), 1.0, UNKNOWN_COUNTS)
    search = Search(patches, wanted, weights[cells[:, 0], cells[:, 1]].astype(np.float32), cells)
    distance = search.apart(slice(None), best)
    for side in (-1, 1):
        _take_better(level, search, best, distance, _mirrored(level.known, cells, side))
    for _ in range(times):
        for step in NEIGHBOURS:
            beside = np.clip(cells + step, 0, np.array(level.known.shape) - 1)
            offer = level.match[beside[:, 0], beside[:, 1]] - step
            _take_better(level, search, best, distance, offer)
            level.match[cells[:, 0], cells[:, 1]] = best
        for share in SEARCH:
            radius = max(1.5, share * max(level.known.shape))
            offer = best + np.rint(rng.uniform(-radius, radius, best.shape)).astype(np.int64)
            _take_better(level, search, best, distance, offer)
        level.match[cells[:, 0], cells[:, 1]] = best
    return distance


def _mirrored(known: Bools, cells: Places, side: int) -> Places:
    """Find the cell as far beyond the hole's border on that side as each cell lies before it, in the same row."""
    turned = known[:, ::side]
    columns = np.arange(known.shape[1])
    last = np.maximum.accumulate(np.where(turned, columns, -1), axis=1)
    here = cells[:, 1] if side == 1 else known.shape[1] - 1 - cells[:, 1]
    border = last[cells[:, 0], here]
    there = np.where(border < 0, -1, 2 * border - here - REACH)
    return np.stack(
        [cells[:, 0], np.where(there < 0, -1, there if side == 1 else known.shape[1] - 1 - there)], axis=1
    )


def _take_better(level: Level, search: Search, best: Places, distance: Field, offer: Places) -> None:
    usable = np.flatnonzero(_usable(level.sources, offer))
    apart = search.apart(usable, offer[usable])
    better = apart < distance[usable]
    chosen = usable[better]
    best[chosen], distance[chosen] = offer[chosen], apart[better]


def _renew(level: Level, distance: Field) -> None:
    """Renew each hole cell as the mean of what the matches of all patches over it say, good ones counting more."""
    height, width = level.known.shape
    cells = np.argwhere(~level.known)
    trust = np.exp(-distance / (2 * np.quantile(distance, 0.75) + 1e-3)).astype(np.float32)
    wide = width + 2 * REACH
    # One row of numbers a cell, with a border for patches that reach beyond it; the last column sums the trust.
    pixels = np.dstack([level.picture, np.ones_like(level.known, dtype=np.float32)]).reshape(-1, 4)
    sums = np.zeros(((height + 2 * REACH) * wide, 4), dtype=np.float32)
    source = level.match[cells[:, 0], cells[:, 1]] @ (width, 1)
    at = (cells + REACH) @ (wide, 1)
    for dy in range(-REACH, REACH + 1):
        for dx in range(-REACH, REACH + 1):
            lent = pixels.take(source + (dy * width + dx), axis=0)
            sums[at + (dy * wide + dx)] += trust[:, None] * lent
    inner = sums.reshape(height + 2 * REACH, wide, 4)[REACH:-REACH, REACH:-REACH]
    sums, weights = inner[..., :3], inner[..., 3]
    said = sums / np.maximum(weights, 1e-9)[:, :, None]
    level.picture = np.where(level.known[:, :, None] | (weights == 0)[:, :, None], level.picture, said)


def _copy(picture: Field, hole: Bools, match: Places, known: Bools, step: int) -> Field:
    """Copy the fine picture into its hole along the matches of the four nearest cells, and mix them."""
    rows, columns = (at.astype(np.int32) for at in np.nonzero(hole))
    height, width = match.shape[:2]
    moves = ((match - _own_places((height, width))) * step).astype(np.int32).reshape(-1, 2)
    pixels = picture.reshape(-1, 3)
    y, down = _cells(rows, step, height)
    x, across = _cells(columns, step, width)
    sums = np.zeros((len(rows), 3), dtype=np.float32)
    shares = np.zeros(len(rows), dtype=np.float32)
    for i, down_share in ((y, 1 - down), (np.minimum(y + 1, height - 1), down)):
        for j, across_share in ((x, 1 - across), (np.minimum(x + 1, width - 1), across)):
            cell = i * width + j
            move = moves.take(cell, axis=0)
            row = np.clip(rows + move[:, 0], 0, picture.shape[0] - 1)
            column = np.clip(columns + move[:, 1], 0, picture.shape[1] - 1)
            # A known cell is like itself, where the fine picture may still be a hole.
            share = np.where(known.ravel().take(cell), 0, down_share * across_share + TINY)
            sums += pixels.take(row * picture.shape[1] + column, axis=0) * share[:, None]
            shares += share
    out = picture.copy()
    out[hole] = sums / np.maximum(shares, TINY)[:, None]
    return out


def _cells(places: NDArray[np.int32], step: int, count: int) -> tuple[NDArray[np.int32], Field]:
    """Return, along one axis, the cell before each place, and how far it is on the way to the next, 0 to 1."""
    way = np.clip((places + np.float32(0.5)) / np.float32(step) - np.float32(0.5), 0, count - 1).astype(np.float32)
    cells = way.astype(np.int32)
    return cells, way - cells


def _enlarged(smooth: Field, shape: tuple[int, ...], step: int) -> Field:
    return resize(smooth, (smooth.shape[0] * step, smooth.shape[1] * step))[: shape[0], : shape[1]]


def _meet_border(copied: Field, smooth: Field, known: Bools, step: int) -> Field:
    """Bend the light of what was copied towards the membrane: wholly at the hole's border, less inside."""
    small = shrink_known(copied, np.ones(copied.shape[:2], dtype=bool), step)[0]
    radius = max(1, round(max(known.shape) / 28))
    gap = soften(smooth, radius) - soften(small, radius)
    depth = soften(soften((~known).astype(np.float32), radius), radius)
    pull = np.clip(1.8 - 1.6 * depth, 0.2, 1)[:, :, None]
    return np.clip(copied + _enlarged(gap * pull, copied.shape, step), 0, 255)
