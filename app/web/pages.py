"""The front page of the arena."""

from flask import Blueprint, Response, render_template

from app.arena.entries import competitions
from app.edge.context import now
from app.edge.page_cache import public_page, reading_page
from app.leaderboards.views import boards
from app.web.addresses import base_url
from app.web.boards import axis
from app.web.structured import page_data
from app.web.versions import versions
from app.words import Mode

blueprint = Blueprint("pages", __name__)
TOP = 8
NEWEST = 6
MODE = Mode.TEXT_TO_IMAGE


@blueprint.get("/")
def home() -> Response:
    """Show what this is, a way to vote, who leads, and what can be judged now."""
    base = base_url()
    return public_page((base, versions()), lambda: _home(base))


def _home(base: str) -> str:
    with reading_page() as session:
        listed = competitions.list_competitions(session)
        view = boards.read_board(session, MODE, now=now())
    votable = [entry for entry in listed if entry.status == "open" and entry.models > 1]
    leaders = [row for row in view.standings if row.rank is not None][:TOP]
    changed = view.run.computed_at if view.run else None
    return render_template(
        "home.html",
        structured=page_data("Image models, judged blind", f"{base}/", base, changed),
        board=view,
        leaders=leaders,
        axis=axis(leaders),
        votable=votable,
        mode=MODE if any(entry.mode == MODE for entry in votable) else votable[0].mode if votable else MODE,
        newest=votable[:NEWEST],
        competitions=len(listed),
    )
