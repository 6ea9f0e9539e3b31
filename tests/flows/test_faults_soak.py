"""The soak's own arithmetic: it sees what grows, and does not take wandering for growth."""

import os
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scripts.faults.gauges import Process, process, trend
from scripts.faults.soak import CLIENTS, MOST_GROWTH, Sample, held

AT = [n / 180 for n in range(180)]
"""An hour, every twenty seconds."""


def _samples(growth: float = 0.0, files: int = 0, threads: int = 0, restarted: bool = False) -> list[Sample]:
    """Two workers for an hour, each second one with half a MiB more; the last sample with so much more."""
    workers = [
        (
            Process(1, 150 + growth * hour + n % 2 / 2, 100, 40, 7),
            Process(2, 150.0, 100, 40 + files * (n == 179), 7 + threads * (n == 179)),
        )
        for n, hour in enumerate(AT)
    ]
    if restarted:
        workers[-1] = (workers[-1][0], replace(workers[-1][1], pid=3))
    return [
        Sample(hour * 3600, pair, cpu=0.2, answers=400, p50=5, p99=50, database=10, log=4, failures=0)
        for hour, pair in zip(AT, workers, strict=True)
    ]


def test_a_line_is_its_own_trend() -> None:
    found = trend(AT, [3 + 2 * x for x in AT])
    assert found.slope == pytest.approx(2)
    assert found.error == pytest.approx(0, abs=1e-9)


def test_the_error_is_the_usual_one_where_neighbours_are_strangers() -> None:
    figures = [2 * x + (-1) ** n for n, x in enumerate(AT)]
    _, covariance = np.polyfit(AT, figures, 1, cov=True)
    assert trend(AT, figures).error == pytest.approx(covariance[0, 0] ** 0.5)


def test_wandering_is_seldom_taken_for_growth() -> None:
    rng, grown = random.Random(1), 0
    for _ in range(100):
        figures = [0.0]
        for _ in AT[1:]:
            figures.append(0.8 * figures[-1] + rng.gauss(0, 1))
        grown += trend(AT, figures).least > 0
    assert grown <= 10


@pytest.mark.parametrize(
    ("samples", "most_log", "expected"),
    [
        (_samples(), 16, True),
        (_samples(growth=MOST_GROWTH / 2), 16, True),
        (_samples(growth=2 * MOST_GROWTH), 16, False),
        (_samples(files=CLIENTS), 16, True),
        (_samples(files=CLIENTS + 1), 16, False),
        (_samples(threads=CLIENTS + 1), 16, False),
        (_samples(restarted=True), 16, False),
        (_samples(), 3, False),
    ],
)
def test_it_fails_for_what_grows(samples: list[Sample], most_log: float, expected: bool) -> None:
    assert held(samples, most_log) is expected


def test_open_files_are_counted(tmp_path: Path) -> None:
    before = process(os.getpid())
    with (tmp_path / "one").open("w"), (tmp_path / "other").open("w"):
        during = process(os.getpid())
    assert during.files == before.files + 2
    assert during.rss > during.uss > 1
    assert during.threads >= 1
