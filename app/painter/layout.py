"""The layout of wanted things: a grid of cells from their relations, then a box for every single thing."""

import math
from dataclasses import dataclass, replace

from app.painter.brief import Relation
from app.painter.canvas import Box
from app.painter.colour import RGB
from app.painter.modifiers import Wanted
from app.painter.things import THINGS

GAP = 1.06
"""From one thing to its neighbour, in widths."""
RISE = 0.5
"""From one rank to the next, in heights."""
SURFACE = {"dining table": 0.26, "bed": 0.46, "couch": 0.5, "bench": 0.6, "chair": 0.55, "book": 0.2, "sink": 0.1}
HEADROOM = 0.08
"""Height that is kept free for what is worn."""
STEP = {"left": (1, 0), "right": (-1, 0), "above": (0, 1), "on": (0, 1), "below": (0, -1), "near": (1, 0)}


@dataclass(frozen=True, slots=True)
class Placement:
    """One thing and its box; `kind` is the index of its `Wanted`, `shelf` says that it needs one to stand on."""

    noun: str
    colour: RGB
    kind: int
    x: float
    y: float
    width: float
    height: float
    shelf: bool = False

    @property
    def middle(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2


def cells(wanted: tuple[Wanted, ...], relations: tuple[Relation, ...]) -> dict[int, tuple[int, int]]:
    """Assign column and row to each kind, from 0, rows downwards. The first relation of two things decides."""
    placed: dict[int, tuple[int, int]] = {}
    for relation in relations:
        if relation.side not in STEP:
            continue
        dx, dy = STEP[relation.side]
        if relation.other in placed and relation.one not in placed:
            _put(placed, relation.one, relation.other, (-dx, -dy))
        else:
            if relation.one not in placed:
                placed[relation.one] = (max((c for c, _ in placed.values()), default=-1) + 1, 0)
            if relation.other not in placed:
                _put(placed, relation.other, relation.one, (dx, dy))
    ground = max((r for _, r in placed.values()), default=0)
    worn = {relation.one for relation in relations if relation.side == "worn"}
    for kind in range(len(wanted)):
        if kind not in placed and kind not in worn:
            placed[kind] = (max((c for c, _ in placed.values()), default=-1) + 1, ground)
    for relation in relations:
        if relation.side in ("first", "last"):
            columns = [c for k, (c, _) in placed.items() if k != relation.one] or [0]
            edge = min(columns) - 1 if relation.side == "first" else max(columns) + 1
            placed[relation.one] = (edge, placed[relation.one][1])
    return _from_zero(placed)


def _put(placed: dict[int, tuple[int, int]], kind: int, beside: int, step: tuple[int, int]) -> None:
    """Put a kind into the nearest free cell from `beside` in that direction."""
    column, row = placed[beside]
    while (column, row) in placed.values():
        column, row = column + step[0], row + step[1]
    placed[kind] = (column, row)


def _from_zero(placed: dict[int, tuple[int, int]]) -> dict[int, tuple[int, int]]:
    """Renumber the cells without empty columns and rows."""
    columns = sorted({c for c, _ in placed.values()})
    rows = sorted({r for _, r in placed.values()})
    return {kind: (columns.index(c), rows.index(r)) for kind, (c, r) in sorted(placed.items())}


def arrange(wanted: tuple[Wanted, ...], relations: tuple[Relation, ...], area: Box) -> list[Placement]:
    """Arrange boxes for everything, back to front; the lowest row stands on the foot of `area`."""
    grid = cells(wanted, relations)
    rows = 1 + max((r for _, r in grid.values()), default=0)
    edges = _columns(wanted, grid, area)
    height = (area[3] - area[1]) / rows
    if any(relation.side == "worn" for relation in relations):
        area = (area[0], area[1] + HEADROOM, area[2], area[3])
    largest = max([1.0, *(want.size for want in wanted)])
    wanted = tuple(replace(want, size=want.size / largest) for want in wanted)
    groups: dict[int, list[Placement]] = {}
    depth: dict[int, float] = {}
    for kind, (column, row) in sorted(grid.items(), key=lambda item: -item[1][1]):
        y = area[1] + row * height
        cell = (edges[column], y, edges[column + 1], y + height)
        carriers = [r.other for r in relations if r.one == kind and r.side == "on" and r.other in groups]
        if not carriers:
            groups[kind] = _group(wanted[kind], kind, cell, floor=row == rows - 1, lone=rows == 1)
            depth[kind] = cell[3]
        else:
            groups[kind] = _group(wanted[kind], kind, _upon(groups[carriers[0]], cell), floor=True, lone=False)
            depth[kind] = depth[carriers[0]] + 1e-6  # in front of what carries it
    for relation in relations:
        if relation.side == "worn":
            groups[relation.one] = _put_on(wanted[relation.one], relation.one, groups[relation.other])
            depth[relation.one] = depth[relation.other] + 1e-6
    flat = [placement for group in groups.values() for placement in group]
    return sorted(flat, key=lambda placement: (depth[placement.kind], placement.y + placement.height))


def _columns(wanted: tuple[Wanted, ...], grid: dict[int, tuple[int, int]], area: Box) -> list[float]:
    """Return the columns' edges: wide and many things get wider columns, though less than in proportion."""
    weights = [1e-9] * (1 + max((c for c, _ in grid.values()), default=0))
    for kind, (column, _) in grid.items():
        thing = THINGS[wanted[kind].noun]
        weights[column] = max(weights[column], (thing.wide * thing.size * min(wanted[kind].count, 4)) ** 0.5)
    edges = [area[0]]
    for weight in weights:
        edges.append(edges[-1] + (area[2] - area[0]) * weight / sum(weights))
    return edges


def _upon(under: list[Placement], cell: Box) -> Box:
    """Lower the cell onto what carries it; a table carries on its top, a little below the top of its box."""
    top = min(placement.y for placement in under)
    left = min(placement.x for placement in under)
    right = max(placement.x + placement.width for placement in under)
    half = max(0.46 * (right - left), 0.3 * (cell[2] - cell[0]))
    sunk = SURFACE.get(under[0].noun, 0.03) * under[0].height
    foot = top + sunk
    return (left + right) / 2 - half, foot - (cell[3] - cell[1]), (left + right) / 2 + half, foot


def _put_on(want: Wanted, kind: int, wearers: list[Placement]) -> list[Placement]:
    """Put a hat on the head of each, as many as there are hats."""
    thing = THINGS[want.noun]
    out = []
    for wearer in wearers[: want.count]:
        width = want.size * (0.75 if wearer.noun == "person" else 0.6) * wearer.width
        height = width / thing.wide
        x, y = wearer.middle[0] - width / 2, wearer.y + 0.09 * wearer.height - 0.7 * height
        out.append(Placement(want.noun, want.colour or thing.colour, kind, x, y, width, height))
    return out


def _group(want: Wanted, kind: int, cell: Box, *, floor: bool, lone: bool) -> list[Placement]:
    """Place all of one kind inside its cell: in one line, or in staggered ranks where they would be too small."""
    thing = THINGS[want.noun]
    width, height = 0.94 * (cell[2] - cell[0]), 0.92 * (cell[3] - cell[1])
    per_rank = _per_rank(want.count, thing.wide, thing.size, width, height)
    ranks = math.ceil(want.count / per_rank)
    tall = want.size * _fit(thing.wide, thing.size, width, height, per_rank, want.count)
    hover = thing.place == "sky"
    stack = tall * (1 + (ranks - 1) * RISE)
    foot = cell[3] - (0.4 * max(0.0, height - stack) if hover and lone else 0.0)
    out = []
    for i in range(want.count):
        rank, place = divmod(i, per_rank)
        here = min(per_rank, want.count - rank * per_rank)
        shift = 0.0 if ranks == 1 else 0.22 * (-1) ** rank
        x = (cell[0] + cell[2]) / 2 + (place - here / 2 + shift) * tall * thing.wide * GAP
        y = foot - tall * (1 + (ranks - 1 - rank) * RISE)
        colour = want.colour or thing.colour
        out.append(Placement(want.noun, colour, kind, x, y, tall * thing.wide, tall, not hover and not floor))
    return out


def _per_rank(count: int, wide: float, size: float, width: float, height: float) -> int:
    """Choose how many stand in a line: up to three, or more where that makes them clearly larger."""
    if count <= 3:
        return count
    return max(
        range(2, count + 1), key=lambda n: _fit(wide, size, width, height, n, count) * 0.88 ** math.ceil(count / n)
    )


def _fit(wide: float, size: float, width: float, height: float, per_rank: int, count: int) -> float:
    """Return the height of one thing when `per_rank` stand side by side."""
    ranks = math.ceil(count / per_rank)
    across = per_rank + (0.44 if ranks > 1 else 0.0)
    return min(height * (0.6 + 0.4 * size) / (1 + (ranks - 1) * RISE), width / (GAP * across * wide))
