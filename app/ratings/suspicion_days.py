"""
Alarms by day. They tell an admin to look and change nothing: an attack spread over weeks sets none off.

Days are numbered from 0 and stand where competitions stand in tallies.
"""

from dataclasses import dataclass

import numpy as np

from app.ratings.bradley_terry import Fit, chances
from app.ratings.groups import OVERDISPERSION
from app.ratings.tallies import Array, Index, Mask, Tallies, totals

RESIDUAL_ALARM = 4.5
VOLUME_ALARM = 1.5
TRAILING_DAYS = 28
"""Days whose median a day's volume is held against."""
FEWEST_DAYS = 7


@dataclass(frozen=True, eq=False)
class DayMonitor:
    """
    ``z`` is (days, models): how many standard deviations a day's votes gave a model beyond the board's fit.

    Alarms are days with models (parallel arrays) whose z is beyond RESIDUAL_ALARM, in either direction, and days
    with more than VOLUME_ALARM times the median of the trailing days (False while there are too few of these).
    """

    z: Array
    alarm_day: Index
    alarm_model: Index
    volume: Array
    volume_alarm: Mask


def day_monitor(by_day: Tallies, fitted: Fit) -> DayMonitor:
    """Hold every day's votes against the fit of all of them."""
    days, n = int(by_day.competition.max(initial=-1)) + 1, by_day.models
    chance, spread = chances(fitted.strength[by_day.left] - fitted.strength[by_day.right])
    residual = by_day.left_points - by_day.played * chance
    left, right = (by_day.competition * n + seat for seat in (by_day.left, by_day.right))
    favour = totals(left, residual, days * n) - totals(right, residual, days * n)
    noise = by_day.played * spread
    variance = OVERDISPERSION * (totals(left, noise, days * n) + totals(right, noise, days * n))
    z = np.divide(favour, np.sqrt(variance), out=np.zeros(days * n), where=variance > 0).reshape(days, n)
    day, model = np.nonzero(np.abs(z) > RESIDUAL_ALARM)
    volume = totals(by_day.competition, by_day.played, days)
    return DayMonitor(z, day, model, volume, volume_alarms(volume))


def volume_alarms(volume: Array) -> Mask:
    """Mark (days,) that stand out against the days before them; days without a vote count as such."""
    alarms = np.zeros(volume.size, dtype=bool)
    for day in range(FEWEST_DAYS, volume.size):
        alarms[day] = volume[day] > VOLUME_ALARM * np.median(volume[max(0, day - TRAILING_DAYS) : day])
    return alarms
