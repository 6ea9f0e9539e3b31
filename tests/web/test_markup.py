"""Markup that Python writes in place of templates: no word of a model's is trusted, no cell leaves its column."""

import re

import pytest
from flask import Flask

from app.leaderboards.runs import refresh
from app.leaderboards.views.boards import BoardStanding, NamedModel
from app.web.board_columns import CHOICES, COLUMNS, USUAL, put_in_order
from app.web.board_markup import write_numbers, write_rank
from app.web.boards import Axis
from app.web.chart_markup import write_points, write_rows
from app.web.charts import ScatterRow
from app.web.formats import excerpt
from app.web.svg import Spot, scatter
from tests.leaderboards import factories
from tests.web.factories import moment, parts_of

HOSTILE = "<script>alert('1')</script>\"&"


def standing(licence: str | None) -> BoardStanding:
    """Make a row whose rank the votes leave open."""
    model = NamedModel("slug", HOSTILE, None, "active", licence)
    counts = (10, 5, 4, 1)
    return BoardStanding(
        1, 2, 6, 1, 3, 1, model, 1000.0, 950.0, 1050.0, "vote", *counts, 0.1, 0.5, None, True, 0.25, None, None
    )


def test_a_board_row_escapes_words_and_says_what_is_unknown() -> None:
    row, axis = standing(HOSTILE), Axis(900, 1100)
    text = write_numbers(row, axis, COLUMNS)
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert re.findall(r'data-label="([^"]+)"', text) == [
        column.title for key, column in COLUMNS.items() if key != "requests"
    ]
    assert re.findall(r'data-label="([^"]+)" data-unknown', text) == ["24 h", "Price", "Per 1,000", "Speed"]
    assert (
        write_rank(row) == '<td role="cell" class="rank"><span title="1st to 3rd of 6">1\N{EN DASH}3</span></td>'
    )
    assert "<b>2</b>" in write_rank(row._replace(rank_low=2, rank_high=2))


def test_a_chart_escapes_names() -> None:
    spot = Spot(0.1, 1000, 950, 1050, HOSTILE, HOSTILE, f"/models/{HOSTILE}", is_on_frontier=True)
    rows = [ScatterRow(f"/models/{HOSTILE}", HOSTILE, "$1", "1000", "950-1050", "yes", True, HOSTILE)]
    for text in (
        write_points(scatter([spot], 290, str)),
        write_points(scatter([spot], 420, str, is_whole=True)),
        write_rows(rows, has_basis=True),
    ):
        assert "<script>" not in text
        assert "&lt;script&gt;" in text
        assert not re.search(r'"[^"<>]*\(\'1', text), "no quote of a name ends an attribute"


@pytest.mark.any_database
@pytest.mark.parametrize("columns", ["", "?columns=licence,price,change", f"?columns={','.join(CHOICES)}"])
def test_cells_stand_under_their_headings(app: Flask, columns: str) -> None:
    database = parts_of(app).database
    factories.world(database, models=3, competitions=2)
    refresh.rebuild(database, factories.MODE, now=moment())
    page = app.test_client().get(f"/leaderboards/text-to-image{columns}").text
    head, body = re.findall(r"<thead.*?</thead>|<tbody.*?</tbody>", page, re.DOTALL)[:2]
    titles = [re.sub(r"<[^>]+>", "", one).strip() for one in re.findall(r"<th .*?</th>", head, re.DOTALL)]
    row = body.split('<tr role="row"')[1]
    assert re.findall(r'data-label="([^"]+)"', row) == titles[4:]


def test_columns_have_one_order() -> None:
    assert put_in_order((*USUAL, "borrowed")) == ("change", "votes", "win_rate", "borrowed", "price", "speed")


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("A red cube.", "A red cube."),
        ("A red cube on a table, seen from above", "A red cube on a table…"),
        ("A red cube on a table. Then a green one", "A red cube on a table…"),
        ("Letters that spell (in red) words", "Letters that spell (in…"),
        ("A" * 40, "A" * 24 + "…"),
        ("", ""),
    ],
)
def test_an_excerpt_ends_with_a_word(words: str, shown: str) -> None:
    assert excerpt(words, 24) == shown
