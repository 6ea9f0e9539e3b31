"""All models of a mode in one view: Elo against price and speed, and who beat whom how often."""

from functools import partial

from flask import Blueprint, Response, render_template, request

from app.arena.errors import read_mode
from app.edge.context import now, parts, refresh
from app.edge.page_cache import public_page, reading_page, recall
from app.leaderboards.runs import scopes
from app.leaderboards.views import boards, charts
from app.leaderboards.views.board_competitions import list_competitions
from app.leaderboards.views.question_differences import read_differences
from app.web.boards import tabs
from app.web.charts import matrix_view, price_chart, speed_chart
from app.web.question_chart import draw_questions
from app.web.question_tabs import list_tabs
from app.words import MODES

blueprint = Blueprint("landscape", __name__)


@blueprint.get("/charts/<mode>")
def landscape(mode: str) -> Response:
    """Show the charts of a mode's overall board, or with `category` of that category's."""
    read_mode(mode)
    category, question = request.args.get("category") or None, request.args.get("question") or None
    refresh(parts(), mode)
    current = recall(boards.read_current)
    run = current.runs.get(scopes.key(mode, category=category, question=question))
    of_mode = frozenset(run for name, run in current.runs.items() if name.partition("?")[0] == mode)
    made_from = (category, question, run, of_mode, current.catalogue)
    return public_page(made_from, lambda: _render(mode, category, question))


def _render(mode: str, category: str | None, question: str | None) -> str:
    with reading_page() as session:
        view = boards.read_board(session, mode, category, now=now(), question=question)
        questions = list_tabs(session, mode, partial(scopes.key, category=category))
        matrix = matrix_view(charts.read_win_matrix(session, view))
        listed = list_competitions(session, mode)
        differences = read_differences(session, mode=mode) if category is None else ()
    return render_template(
        "landscape.html",
        board=view,
        questions=questions,
        scatters=(price_chart(charts.elo_vs_price(view)), speed_chart(charts.elo_vs_speed(view))),
        matrix=matrix,
        question_charts=draw_questions(differences),
        categories=tabs(listed),
        modes=MODES,
    )
