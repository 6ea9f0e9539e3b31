"""Charts: round ticks, names that never collide, every point a link, and the odds of being on the frontier."""

import math
import random
import re
from dataclasses import replace
from itertools import combinations, pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.leaderboards.views.boards import NamedModel
from app.leaderboards.views.charts import ChartPoint, Scatter
from app.web.charts import price_chart, usd_tick
from app.web.labels import FONT, RADIUS, SHARE, Box, width
from app.web.svg import (
    BESIDE,
    NARROWEST,
    WHOLE,
    WIDEST,
    CurvePoint,
    Plot,
    Scale,
    Spot,
    curve,
    linear_ticks,
    log_ticks,
    scatter,
)

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
HEIGHT = 290


def plotted(spots: list[Spot], named: int | None = None) -> Plot:
    return scatter(spots, HEIGHT, usd_tick, named)


def boxes(plot: Plot, wide: float, kind: str = "label") -> tuple[list[Box], list[Box]]:
    """Labels (or the tags of narrow windows) and dots in pixels, where the drawing is so wide."""
    labels, dots = [], []
    for mark in plot.marks:
        x, y = mark.x * wide / 100, mark.y
        dots.append(Box(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS))
        label = getattr(mark, kind)
        if label:
            room = width(label.text)
            left, base = x + label.x - SHARE[label.anchor] * room, y + label.y
            labels.append(Box(left, base - FONT + 1, left + room, base + 3))
    return labels, dots


def crowd(seed: int, many: int, lead: float, names: int) -> list[Spot]:
    """A board of models: the dearer the better by so much `lead`, one of six retired, the frontier as it is."""
    rng = random.Random(seed)
    drawn = sorted((math.exp(rng.gauss(-4, 1.2)), rng.random() < 1 / 6) for _ in range(many))
    spots, best = [], -math.inf
    for number, (x, retired) in enumerate(drawn):
        y = rng.gauss(1000, 60) + lead * math.log(x)
        leads = not retired and y > best
        best = y if leads else best
        name = f"Model {number} {'of a long name ' * rng.randint(0, names)}".strip()
        spots.append(Spot(x, y, y - 45, y + 45, name, name, "/", leads, False, retired))
    return spots


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from([1, 30, 62, 80]),
    st.sampled_from([0.0, 40.0, 400.0]),
    st.integers(0, 3),
    st.floats(0, 1),
)
def test_the_frontier_of_eighty_models_is_always_named(
    seed: int, many: int, lead: float, names: int, at: float
) -> None:
    plot = scatter(crowd(seed, many, lead, names), 420, usd_tick, is_whole=True)
    for kind, (narrow, widest) in (("label", WHOLE), ("tag", (NARROWEST, WIDEST))):
        wide = narrow + at * (widest - narrow)
        labels, _ = boxes(plot, wide, kind)
        assert not any(overlap(one, other) for one, other in combinations(labels, 2))
        assert all(label.left >= 0 and label.right <= wide + BESIDE for label in labels)
        assert all(label.top >= -26 and label.bottom <= 420 for label in labels)
        frontier = [mark for mark in plot.marks if mark.spot.is_on_frontier]
        assert all(getattr(mark, kind) for mark in frontier)
        assert {mark.tag.text for mark in frontier if mark.tag} == {str(n + 1) for n in range(len(frontier))}


def test_a_name_of_the_frontier_is_its_name_where_there_is_room() -> None:
    plot = scatter(crowd(3, 62, 40, 1), 420, usd_tick, is_whole=True)
    frontier = [mark for mark in plot.marks if mark.spot.is_on_frontier]
    assert len(frontier) >= 5
    assert all(mark.label and mark.label.text == mark.spot.name for mark in frontier)


def overlap(one: Box, other: Box) -> bool:
    """By more than a tenth of a pixel, to which places are rounded."""
    across = min(one.right, other.right) - max(one.left, other.left)
    return across > 0.1 and min(one.bottom, other.bottom) - max(one.top, other.top) > 0.1


@settings(max_examples=60, deadline=None)
@given(SPOTS, st.floats(NARROWEST, WIDEST), st.none() | st.integers(1, 12))
def test_names_never_collide_however_wide_the_window(spots: list[Spot], wide: float, named: int | None) -> None:
    plot = plotted(spots, named)
    labels, dots = boxes(plot, wide)
    frontier = sum(spot.is_on_frontier or spot.is_marked for spot in spots)
    assert len(labels) <= max(named or len(spots), frontier)
    assert all(label.left >= 0 and label.right <= wide + 16 for label in labels)
    assert all(label.top >= -26 and label.bottom <= HEIGHT for label in labels)
    assert not any(overlap(one, other) for one, other in combinations(labels, 2))
    names, _ = boxes(replace(plot, marks=tuple(mark for mark in plot.marks if mark not in plot.numbered)), wide)
    assert not any(overlap(name, dot) for name in names for dot in dots)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([30, 62, 80]), st.sampled_from([0.0, 40.0]), st.integers(0, 3))
@example(764, 80, 40.0, 1)  # two prices so near that both marks stand at one place
def test_a_small_chart_names_the_whole_frontier_too_or_numbers_it(
    seed: int, many: int, lead: float, names: int
) -> None:
    plot = scatter(crowd(seed, many, lead, names), 290, usd_tick, 12)
    frontier = [mark for mark in plot.marks if mark.spot.is_on_frontier]
    assert all(mark.label for mark in frontier)
    numbers = [int(mark.label.text) for mark in plot.numbered if mark.label]
    assert numbers == sorted(set(numbers))
    by_price = sorted(mark.x for mark in frontier)
    assert [by_price[number - 1] for number in numbers] == [mark.x for mark in plot.numbered]


@settings(max_examples=60, deadline=None)
@given(SPOTS)
def test_points_stay_inside_and_keep_their_order(spots: list[Spot]) -> None:
    plot = plotted(spots)
    for mark in plot.marks:
        assert 0 <= mark.x <= 100
        assert 0 <= mark.top <= mark.y <= mark.bottom <= HEIGHT
    for one, other in combinations(plot.marks, 2):
        if one.spot.x < other.spot.x:
            assert one.x <= other.x
        if one.spot.y > other.spot.y:
            assert one.y <= other.y


def test_the_marked_model_is_named_first() -> None:
    crowd = [Spot(0.01, 1000 + n / 10, 990, 1010, f"Model number {n}", "", "/") for n in range(30)]
    own = Spot(0.0101, 1001, 990, 1010, "Mine", "", "/", is_marked=True)
    for named in (1, None):
        plot = plotted([*crowd, own], named)
        assert [mark.label is not None for mark in plot.marks if mark.spot.is_marked] == [True]
        assert plot.marks[-1].spot.is_marked, "drawn last, so on top"


def test_a_free_model_stands_at_the_left_edge() -> None:
    plot = plotted([Spot(0, 1000, 990, 1010, "Free", "", "/"), Spot(0.1, 1000, 990, 1010, "Paid", "", "/")])
    assert plot.marks[0].spot.name == "Free"
    assert plot.marks[0].x == 0


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
    assert scale.at([0.001, 0.01, 0.1, 1]) == [0, 100, 200, 300]
    assert scale.at([0.0001, 10]) == [0, 300], "never outside"


def test_a_curve_runs_from_edge_to_edge() -> None:
    drawn = curve(
        [CurvePoint(0, 1000, 950, 1050), CurvePoint(50, 1010, 980, 1040), CurvePoint(100, 990, 970, 1010)],
        180,
        str,
    )
    points = [tuple(map(float, point.split(","))) for point in drawn.line.split()]
    assert [x for x, _ in points] == [0, 50, 100]
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
    assert price_chart(Scatter((), 0, "x")).plot is None
    assert price_chart(Scatter(points, 0, "", listed=1)).left_out == (
        "1 of 1 price from a list, for lack of the images' own"
    )


def test_a_point_says_all_it_shows() -> None:
    chart = price_chart(Scatter((point("one", 0.0123, 1000, front=True, chance=0.84),), 0, ""))
    assert chart.plot
    mark = chart.plot.marks[0]
    assert (
        re.sub(r"\s", " ", mark.spot.title)
        == "One: 1000 Elo (980 to 1020), $0.0123, on the frontier, 84 % sure to be there"
    )
    assert mark.spot.href == chart.rows[0].href == "/models/one"
    assert chart.rows[0][1:7] == (
        "One",
        "$0.0123",
        "1000",
        "980\N{EN DASH}1020",
        "yes, 84\N{NO-BREAK SPACE}%",
        False,
    )
    assert not math.isnan(mark.x)
