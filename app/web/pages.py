"""The front page of the arena."""

from flask import Blueprint, Response, render_template

from app.arena.entries import competitions
from app.edge.context import now
from app.edge.page_cache import public_page, reading_page
from app.leaderboards.views import boards
from app.web.boards import axis
from app.web.versions import versions
from app.words import Mode

blueprint = Blueprint("pages", __name__)
TOP = 8
NEWEST = 6
MODE = Mode.TEXT_TO_IMAGE


@blueprint.get("/")
def home() -> Response:
    """Show what this is, a way to vote, who leads, and what can be judged now."""
    return public_page(versions(), _home)


def _home() -> str:
    with reading_page() as session:
        listed = competitions.list_competitions(session)
        view = boards.read_board(session, MODE, now=now())
    votable = [entry for entry in listed if entry.status == "open" and entry.models > 1]
    leaders = [row for row in view.standings if row.rank is not None][:TOP]
    return render_template(
        "home.html",
        board=view,
        leaders=leaders,
        axis=axis(leaders),
        votable=votable,
        mode=MODE if any(entry.mode == MODE for entry in votable) else votable[0].mode if votable else MODE,
        newest=votable[:NEWEST],
        competitions=len(listed),
    )
