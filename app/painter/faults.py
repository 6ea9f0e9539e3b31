"""The mistakes of early image models, made on purpose, as edits of the marks."""

from collections.abc import Sequence
from dataclasses import replace
from string import ascii_letters

import numpy as np

from app.painter.canvas import Defocus, Fill, Lettering, Mark, Stroke
from app.painter.colour import RGB

LOOKALIKE = dict(zip(ascii_letters, "oehcaeqnlyhimurepqnztvnvxyRDGOFEGNLIKCNMQFOAZIVUMXVZ", strict=True))
"""For each letter one of a like shape."""


def mistaken(marks: Sequence[Mark], rng: np.random.Generator) -> list[Mark]:
    """Make an early model's mistakes: a subject missing, colours swapped, eyes askew, every text misspelt."""
    lost = _lost(marks, rng)
    kept = [mark for mark in marks if lost is None or not _within(mark.part, lost)]
    swap = _swap(kept, rng)
    drift = {side: (float(rng.uniform(-0.014, 0.014)), float(rng.uniform(-0.02, 0.02))) for side in ("-1", "1")}
    return [_moved(_wrong(mark, swap, rng), drift) for mark in kept]


def subjects(marks: Sequence[Mark]) -> list[str]:
    """List the names of parts that a prompt asked for: those that start with "the ", in the order drawn."""
    return list(dict.fromkeys(mark.part.split("/")[0] for mark in marks if mark.part.startswith("the ")))


def _within(part: str, name: str) -> bool:
    return part == name or part.startswith(name + "/")


def _lost(marks: Sequence[Mark], rng: np.random.Generator) -> str | None:
    """Choose a subject to lose where there are three or more, mostly the last, as early models do; else None."""
    names = subjects(marks)
    if len(names) < 3:
        return None
    return names[-1] if rng.random() < 0.7 else names[int(rng.integers(1, len(names)))]


def main_colour(marks: Sequence[Mark], name: str) -> RGB | None:
    """Return the colour of the subject's largest area, or None."""
    areas = [mark for mark in marks if isinstance(mark, Fill) and _within(mark.part, name)]
    return max(areas, key=_extent).colour if areas else None


def _extent(mark: Fill) -> float:
    xs, ys = [x for x, _ in mark.points], [y for _, y in mark.points]
    return (max(xs) - min(xs)) * (max(ys) - min(ys))


def _swap(marks: Sequence[Mark], rng: np.random.Generator) -> dict[tuple[str, RGB], RGB]:
    """Choose the colours that two subjects trade: what to paint instead, by (subject, colour)."""
    names = subjects(marks)
    if len(names) < 2:
        return {}
    one, other = (names[int(i)] for i in rng.choice(len(names), 2, replace=False))
    first, second = main_colour(marks, one), main_colour(marks, other)
    return {} if first is None or second is None else {(one, first): second, (other, second): first}


def _wrong(mark: Mark, swap: dict[tuple[str, RGB], RGB], rng: np.random.Generator) -> Mark:
    if isinstance(mark, Lettering):
        return replace(mark, text=misspelt(mark.text, rng), angle=mark.angle + float(rng.uniform(-5, 5)))
    if isinstance(mark, Defocus):
        return mark
    return replace(mark, colour=swap.get((mark.part.split("/")[0], mark.colour), mark.colour))


def _moved(mark: Mark, drift: dict[str, tuple[float, float]]) -> Mark:
    """Move the marks of an eye away from where they belong; leave other marks alone."""
    if not mark.part.startswith("eye ") or not isinstance(mark, Fill | Stroke):
        return mark
    dx, dy = drift[mark.part.removeprefix("eye ")]
    return replace(mark, points=tuple((x + dx, y + dy) for x, y in mark.points))


def misspelt(text: str, rng: np.random.Generator) -> str:
    """Misspell text: letters of a like shape for others, some doubled, never the text itself."""
    out = []
    for sign in text:
        wrong = LOOKALIKE.get(sign, sign) if rng.random() < 0.7 else sign
        out.append(wrong * 2 if sign.isalnum() and rng.random() < 0.12 else wrong)
    changed = "".join(out)
    return changed if changed != text else text[::-1] + text[-1:]
