"""The connections between models: which can be compared by chains of battles."""

import numpy as np

from app.ratings.tallies import Array, Index, Mask


def reached(edges: Mask, start: int) -> Mask:
    """Mark the models that a chain of edges (row to column) leads to from one model, itself included."""
    found = np.zeros(len(edges), dtype=bool)
    found[start] = True
    while (wider := found | edges[found].any(axis=0)).sum() > found.sum():
        found = wider
    return found


def parts(games: Array) -> Index:
    """Return (n,) numbers of the models' parts, from (n, n) symmetric battles; nothing compares two parts."""
    part = np.full(len(games), -1)
    for model in range(len(games)):
        if part[model] < 0:
            part[reached(games > 0, model)] = part.max(initial=-1) + 1
    return part


def has_maximum(score: Array) -> bool:
    """Tell whether (n, n) points alone fix all strengths: chains of points link all models (Ford 1957)."""
    return len(score) == 0 or bool(reached(score > 0, 0).all() and reached(score.T > 0, 0).all())
