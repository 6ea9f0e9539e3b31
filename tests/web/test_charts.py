"""Charts: round ticks, names that never collide, every point a link, and the odds of being on the frontier."""

import math
import re
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.leaderboards.boards import NamedModel
from app.leaderboards.charts import ChartPoint, Scatter
from app.web.charts import price_chart, usd_tick
from app.web.labels import RADIUS, Box
from app.web.svg import Frame, Moment, Plot, Scale, Spot, curve, linear_ticks, log_ticks, scatter

NAMES = st.text("abcdefMWil 1[]", min_size=1, max_size=24)
RATINGS = st.floats(500, 1500)
SPOTS = st.lists(
    st.builds(
        lambda x, y, reach, name, front, own: Spot(x, y, y - reach, y + reach, name, name, "/", front, own),
        st.floats(0.0005, 0.5),
        RATINGS,
        st.floats(1, 400),
        NAMES,
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)
FRAMES = st.sampled_from([Frame(620, 380), Frame(340, 330, left=36, right=8)])


def plotted(spots: list[Spot], frame: Frame) -> Plot:
    return scatter(spots, frame, usd_tick)


@settings(max_examples=60, deadline=None)
@given(SPOTS, FRAMES)
def test_names_never_collide(spots: list[Spot], frame: Frame) -> None:
    plot = plotted(spots, frame)
    labels = [mark.label for mark in plot.marks if mark.label]
    assert all(label.box.left >= 0 and label.box.right <= frame.width for label in labels)
    assert all(label.box.top >= 0 and label.box.bottom <= frame.height for label in labels)
    assert not any(one.box.overlaps(other.box) for one, other in combinations(labels, 2))
    dots = [Box(m.x - RADIUS, m.y - RADIUS, m.x + RADIUS, m.y + RADIUS) for m in plot.marks]
    assert not any(label.box.overlaps(dot) for label in labels for dot in dots)


@settings(max_examples=60, deadline=None)
@given(SPOTS, FRAMES)
def test_points_stay_inside_and_keep_their_order(spots: list[Spot], frame: Frame) -> None:
    plot, inner = plotted(spots, frame), frame.inner
    for mark in plot.marks:
        assert inner.left <= mark.x <= inner.right
        assert inner.top <= mark.top <= mark.y <= mark.bottom <= inner.bottom
    for one, other in combinations(plot.marks, 2):
        if one.spot.x < other.spot.x:
            assert one.x <= other.x
        if one.spot.y > other.spot.y:
            assert one.y <= other.y


def test_the_marked_model_is_named_first() -> None:
    crowd = [Spot(0.01, 1000 + n / 10, 990, 1010, f"Model number {n}", "", "/") for n in range(30)]
    own = Spot(0.0101, 1001, 990, 1010, "Mine", "", "/", is_marked=True)
    plot = plotted([*crowd, own], Frame(340, 330))
    assert [mark.label is not None for mark in plot.marks if mark.spot.is_marked] == [True]
    assert plot.marks[-1].spot.is_marked, "drawn last, so on top"


def test_a_free_model_stands_at_the_left_edge() -> None:
    plot = plotted(
        [Spot(0, 1000, 990, 1010, "Free", "", "/"), Spot(0.1, 1000, 990, 1010, "Paid", "", "/")], Frame(620, 380)
    )
    assert plot.marks[0].spot.name == "Free"
    assert plot.marks[0].x == plot.frame.left


@given(st.floats(-1000, 2000), st.floats(1, 1000), st.integers(2, 8))
def test_linear_ticks_are_round_few_and_inside(low: float, reach: float, most: int) -> None:
    ticks = linear_ticks(low, low + reach, most)
    assert len(ticks) <= most
    assert all(low - 1e-6 <= tick <= low + reach + 1e-6 for tick in ticks)
    steps = {round(b - a, 6) for a, b in pairwise(ticks)}
    assert len(steps) <= 1


@given(st.floats(0.0001, 10), st.floats(3, 10_000), st.integers(3, 8))
def test_logarithmic_ticks_are_round_few_and_inside(low: float, factor: float, most: int) -> None:
    ticks = log_ticks(low, low * factor, most)
    assert 1 <= len(ticks) <= most
    assert ticks == sorted(ticks)
    assert all(low * 0.999 <= tick <= low * factor * 1.001 for tick in ticks)


@pytest.mark.parametrize(("value", "text"), [(0.01, "$0.01"), (0.1, "$0.10"), (0.003, "$0.003"), (1, "$1.00")])
def test_prices_on_an_axis(value: float, text: str) -> None:
    assert usd_tick(value) == text


def test_a_logarithmic_scale_gives_equal_factors_equal_room() -> None:
    scale = Scale(0.001, 1, 0, 300, is_log=True)
    assert [scale.at(x) for x in (0.001, 0.01, 0.1, 1)] == [0, 100, 200, 300]


def test_a_curve_runs_from_edge_to_edge() -> None:
    drawn = curve(
        [Moment(0, 1000, 950, 1050), Moment(50, 1010, 980, 1040), Moment(100, 990, 970, 1010)],
        Frame(620, 260),
        str,
    )
    points = [tuple(map(float, point.split(","))) for point in drawn.line.split()]
    assert points[0][0] == drawn.frame.left
    assert points[-1][0] == drawn.frame.width - drawn.frame.right
    assert len(drawn.band.split()) == 6


def point(slug: str, x: float, rating: float, *, front: bool, chance: float = 0.5) -> ChartPoint:
    model = NamedModel(slug, slug.title(), None, "active")
    return ChartPoint(
        model, x, rating, rating - 20, rating + 20, provisional=False, on_frontier=front, frontier_chance=chance
    )


def test_what_is_left_out_is_said_and_one_model_is_singular() -> None:
    points = (point("one", 0.01, 1000, front=True),)
    chart = price_chart(Scatter(points, 1, "without pricing omitted"), "one")
    assert chart.left_out == "1 model without pricing omitted"
    assert chart.rows[0].is_marked
    assert (
        price_chart(Scatter((), 24, "waiting for enough speed data")).left_out
        == "24 models waiting for enough speed data"
    )
    assert price_chart(Scatter((), 0, "x")).plots == ()


def test_a_point_says_all_it_shows() -> None:
    chart = price_chart(Scatter((point("one", 0.0123, 1000, front=True, chance=0.84),), 0, ""))
    title = chart.plots[0].marks[0].spot.title
    assert (
        re.sub(r"\s", " ", title) == "One: 1000 Elo (980 to 1020), $0.0123, on the frontier, 84 % sure to be there"
    )
    assert chart.plots[0].marks[0].spot.href == "/models/one"
    assert not math.isnan(chart.plots[0].marks[0].x)
