"""Shows all models of a mode in one view: Elo against price and speed, and who beat whom how often."""

from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request

from app.arena.errors import read_mode
from app.edge.context import now, parts, refresh
from app.edge.page_cache import public_page, reading_page, recall
from app.leaderboards.runs import scopes
from app.leaderboards.views import boards, charts
from app.leaderboards.views.board_competitions import list_competitions
from app.leaderboards.views.filters import ALL, Filters, parse_filters
from app.leaderboards.views.question_differences import read_differences
from app.web.addresses import base_url
from app.web.boards import tabs
from app.web.charts import matrix_view, price_chart, speed_chart
from app.web.filter_choices import read_choices
from app.web.formats import mode_title
from app.web.question_chart import draw_questions
from app.web.question_tabs import list_tabs
from app.web.structured import charts_data
from app.words import MODES

blueprint = Blueprint("landscape", __name__)
TOP = 20
"""Models of the win matrix before a reader asks for the rest."""


@dataclass(frozen=True)
class AskedCharts:
    """Hold what a reader asks to see: a category's board, filtered; of the matrix `all` models, or the `votes`."""

    category: str | None
    filters: Filters
    models: str
    cells: str

    def link(self, **changes: str) -> str:
        """Build the query string that asks for the same with these changes; empty values are left out."""
        kept = {"category": self.category, **self.filters.query, "models": self.models, "cells": self.cells}
        wanted = {name: value for name, value in (kept | changes).items() if value}
        return "?" + urlencode(wanted) if wanted else "?"


@blueprint.get("/charts/<mode>")
def landscape(mode: str) -> Response:
    """Show the charts of a mode's overall board, or with `category` of that category's."""
    read_mode(mode)
    asked = AskedCharts(
        request.args.get("category") or None,
        parse_filters({**request.args, "sort": "", "order": ""}, Filters),
        *(
            word if request.args.get(name) == word else ""
            for name, word in (("models", "all"), ("cells", "votes"))
        ),
    )
    refresh(parts(), mode)
    current = recall(boards.read_current)
    run = current.runs.get(scopes.key(mode, category=asked.category, question=asked.filters.question))
    of_mode = frozenset(run for name, run in current.runs.items() if name.partition("?")[0] == mode)
    made_from = (base_url(), asked, run, of_mode, current.catalogue)
    return public_page(made_from, lambda: _render(mode, asked))


def _render(mode: str, asked: AskedCharts) -> str:
    with reading_page() as session:
        question = asked.filters.question
        read = partial(boards.read_board, session, mode, asked.category, now=now(), question=question)
        whole = read()
        shown = read(filters=asked.filters) if replace(asked.filters, question=None) != ALL else whole
        questions = list_tabs(session, mode, partial(scopes.key, category=asked.category))
        differences = read_differences(session, mode=mode) if asked.category is None else ()
        matrix = charts.read_win_matrix(session, shown, None if asked.models else TOP)
        listed, choices = list_competitions(session, mode), read_choices(session, whole)
    name = whole.category.title if whole.category else mode_title(mode)
    return render_template(
        "landscape.html",
        structured=charts_data(whole, name, base_url()),
        name=name,
        board=shown,
        whole=whole,
        questions=questions,
        question_charts=draw_questions(differences),
        scatters=(price_chart(charts.elo_vs_price(shown)), speed_chart(charts.elo_vs_speed(shown))),
        matrix=matrix_view(matrix, is_counts=bool(asked.cells)),
        asked=asked,
        choices=choices,
        categories=tabs(listed),
        modes=MODES,
        names={row.model.slug: row.model.name for row in whole.standings},
    )
