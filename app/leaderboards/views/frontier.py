"""The chance that a model is on the Pareto frontier, given what the intervals leave open."""

import math
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

from app.elo_scale import Z_95

WIDTH_IN_SD = 2 * Z_95
STEPS = 240
# Standard deviations of a rating that the sum covers: all but 0.006 % of it.
REACH = 4.0
# Elo points: an interval of no width would leave nothing to integrate.
LEAST_SD = 0.5
Array = Any
"""numpy's, which is not imported to name it."""


class Candidate(NamedTuple):
    """A rating in Elo points with its 95 % interval, and what it costs: dollars or seconds."""

    x: float
    rating: float
    low: float
    high: float


def chances(candidates: Sequence[Candidate]) -> tuple[float, ...]:
    """
    Compute each candidate's probability, 0 to 1, of being rated above all that cost as much or less.

    Ratings are taken as independent and normal, as their intervals say; each integral is a sum over a grid.
    """
    return _chances(tuple(candidates))


@lru_cache(maxsize=64)
def _chances(candidates: tuple[Candidate, ...]) -> tuple[float, ...]:
    """Compute and cache them: a run's chart and the page of each of its models ask for the same."""
    import numpy as np  # noqa: PLC0415 (not every command draws a chart)

    if not candidates:
        return ()
    given = np.array(candidates)
    order = given[:, 0].argsort(kind="stable")
    x, rating, low, high = given[order].T
    sd = np.maximum((high - low) / WIDTH_IN_SD, LEAST_SD)
    # Whoever is surely below a cheaper one has no chance, and takes none from others.
    able = rating + REACH * sd >= np.maximum.accumulate(rating - REACH * sd)
    shares_by_place = np.zeros(len(x))
    shares_by_place[order[able]] = _integrals(x[able], rating[able], sd[able])
    shares: list[float] = shares_by_place.tolist()
    return tuple(shares)


def _integrals(x: Array, rating: Array, sd: Array) -> Array:
    """Integrate the chances of candidates by rising x; `sd` is the standard deviation of each rating."""
    import numpy as np  # noqa: PLC0415 (not every command draws a chart)

    start, end = (rating - REACH * sd).min(), (rating + REACH * sd).max()
    grid = start + (end - start) / STEPS * np.arange(STEPS + 1)
    below = np.interp((grid - rating[:, None]) / sd[:, None], *_normal())
    # A candidate's chance to lie in a step, and that of each to lie below the step's middle.
    here, middle = below[:, 1:] - below[:, :-1], (below[:, 1:] + below[:, :-1]) / 2
    # That of all before it to lie below, times that of those after it which cost the same.
    rivals = np.ones_like(middle)
    rivals[1:] = middle[:-1].cumprod(axis=0)
    for index, after in enumerate(x.searchsorted(x, side="right").tolist()):
        if after > index + 1:
            rivals[index] *= middle[index + 1 : after].prod(axis=0)
    return np.minimum((here * rivals).sum(axis=1), 1)


@cache
def _normal() -> tuple[Array, Array]:
    """Tabulate the normal distribution's share below so many deviations, exact to a millionth in between."""
    import numpy as np  # noqa: PLC0415 (not every command draws a chart)

    deviations = np.linspace(-8, 8, 3201)
    return deviations, np.array([0.5 * math.erfc(-z / math.sqrt(2)) for z in deviations.tolist()])
