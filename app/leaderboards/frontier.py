"""How likely it is that a model is on the Pareto frontier, given what the intervals leave open."""

import math
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

WIDTH_IN_SD = 2 * 1.96
STEPS = 240
REACH = 4.0
Array = Any
"""numpy's, which is not imported to name it."""


class Candidate(NamedTuple):
    """A rating in Elo points with its 95 % interval, and what it costs: dollars or seconds."""

    x: float
    rating: float
    low: float
    high: float

    @property
    def sd(self) -> float:
        """Standard deviation in Elo points."""
        return max((self.high - self.low) / WIDTH_IN_SD, 0.5)


def chances(candidates: Sequence[Candidate]) -> tuple[float, ...]:
    """
    Each candidate's probability, 0 to 1, of being rated above every other that costs as much or less.

    Ratings are taken as independent and normal, as their intervals say; each integral is a sum over a grid.
    """
    return _chances(tuple(candidates))


@lru_cache(maxsize=64)
def _chances(candidates: tuple[Candidate, ...]) -> tuple[float, ...]:
    """Of one run: its chart and the page of each of its models ask for the same."""
    import numpy as np  # noqa: PLC0415 (not every command draws a chart)

    if not candidates:
        return ()
    x, rating, sd = np.array([(c.x, c.rating, c.sd) for c in candidates]).T
    grid = np.linspace((rating - REACH * sd).min(), (rating + REACH * sd).max(), STEPS + 1)
    below = np.interp((grid - rating[:, None]) / sd[:, None], *_normal())
    # A candidate's chance to lie in a step, and that of each to lie below the step's middle.
    here, middle = np.diff(below), (below[:, 1:] + below[:, :-1]) / 2
    found = []
    for index in range(len(candidates)):
        rivals = x <= x[index]
        rivals[index] = False
        found.append(min(float(here[index] @ middle[rivals].prod(axis=0)), 1.0))
    return tuple(found)


@cache
def _normal() -> tuple[Array, Array]:
    """The normal distribution's share below so many standard deviations, exact to a millionth between these."""
    import numpy as np  # noqa: PLC0415 (not every command draws a chart)

    deviations = np.linspace(-8, 8, 3201)
    return deviations, np.array([0.5 * math.erfc(-z / math.sqrt(2)) for z in deviations.tolist()])
