"""The thinnest place of a comparison graph: two groups of models that few votes join."""

from dataclasses import dataclass

import numpy as np

from app.ratings.tallies import Array, Index, Mask

FEWEST_MODELS = 3
"""Models of the smaller group; fewer are newcomers, whose own intervals say it."""
FEWEST_VOTES = 10
"""Votes a model inside each group: with less nothing is known there either."""
MOST_BETWEEN = 50
"""Votes between two groups: so many know the difference of their levels to within about 100 Elo points."""
TIMES = 10
"""How often as many votes lie inside the smaller group as between the two."""
PAIRS, FIRM = 3, 6


@dataclass(frozen=True, eq=False)
class Thread:
    """The smaller group of two as (n,) booleans, and the votes that join it to the other."""

    group: Mask
    votes: int


def find_thread(games: Array) -> Thread | None:
    """
    Find two groups that hang together on a thread, from (n, n) symmetric counts of battles; None where none do.

    The groups are those of the sweep over the second eigenvector of the normalized Laplacian whose cut is smallest
    for the battles of its smaller side (Cheeger; see von Luxburg, A Tutorial on Spectral Clustering, 2007).
    """
    met = np.flatnonzero(games.sum(axis=1))
    if met.size < 2 * FEWEST_MODELS or _hold_together(games[np.ix_(met, met)]):
        return None
    order = met[_sweep_order(games[np.ix_(met, met)])]
    ordered = games[np.ix_(order, order)]
    degree = ordered.sum(axis=1).cumsum()
    inside = ordered.cumsum(axis=0).cumsum(axis=1).diagonal() / 2
    between = degree - 2 * inside
    other = (degree[-1] - degree - between) / 2
    size = np.arange(1, met.size + 1)
    thin = _is_thin(between, inside, size) & _is_thin(between, other, met.size - size)
    if not thin.any():
        return None
    cut = int(np.where(thin, between / np.maximum(np.minimum(inside, other), 1), np.inf).argmin())
    group = np.zeros(len(games), dtype=bool)
    group[order[: cut + 1] if 2 * (cut + 1) <= met.size else order[cut + 1 :]] = True
    return Thread(group, round(float(between[cut])))


def _hold_together(games: Array) -> bool:
    """
    Tell whether more battles than a thread has join each model to the one that met most, or by one between.

    A cut parts some model from that one, and so all these paths: then none is thin, and no eigenvector is needed.
    """
    hub = games[games.sum(axis=1).argmax()]
    paths = hub + np.minimum(hub, games).sum(axis=1)
    return bool((paths > MOST_BETWEEN).all())


def mending_pairs(games: Array, strength: Array, group: Mask) -> list[tuple[int, int]]:
    """
    Choose pairs across the groups whose votes would tell most: firmly known models of nearly the same strength.

    No model is in two of them.
    """
    inside = np.where(group[:, None] == group[None, :], games, 0).sum(axis=1)
    firm = [_firmest(inside, side) for side in (group, ~group)]
    gaps = sorted((abs(strength[one] - strength[other]), one, other) for one in firm[0] for other in firm[1])
    pairs: list[tuple[int, int]] = []
    for _, one, other in gaps:
        if len(pairs) < PAIRS and not {one, other} & {model for pair in pairs for model in pair}:
            pairs.append((one, other))
    return pairs


def _sweep_order(games: Array) -> Index:
    """Order models by the second eigenvector, so that those that meet often stand together."""
    root = 1 / np.sqrt(games.sum(axis=1))
    laplacian = np.eye(len(games)) - games * root[:, None] * root[None, :]
    second = np.linalg.eigh(laplacian)[1][:, 1]
    return np.asarray(np.argsort(second * root, kind="stable"))


def _is_thin(between: Array, inside: Array, size: Index) -> Mask:
    enough = (size >= FEWEST_MODELS) & (2 * inside >= FEWEST_VOTES * size)
    return np.asarray(enough & (between <= MOST_BETWEEN) & (TIMES * between <= inside))


def _firmest(inside: Array, side: Mask) -> list[int]:
    """List the models of a group with most battles inside it."""
    members = np.flatnonzero(side)
    return [int(model) for model in members[np.argsort(-inside[members], kind="stable")][:FIRM]]
