"""Competitions: one prompt each, its board, and its pictures once readers may see them with names."""

from functools import partial

from flask import Blueprint, Response, render_template, request

from app.arena.entries import competitions, gallery
from app.arena.voting.guessing import count_pairs_served
from app.edge.context import now, parts
from app.edge.page_cache import reading_page
from app.leaderboards.integrity import certificates
from app.leaderboards.runs import scopes
from app.leaderboards.views import boards
from app.web.boards import axis, tabs
from app.web.covers import read_covers
from app.web.question_tabs import list_tabs
from app.web.structured import board_data, page_data
from app.web.versions import arena_page
from app.words import MODES

blueprint = Blueprint("competitions", __name__)
FILTERS = ("mode", "category", "status")


@blueprint.get("/competitions")
def index() -> Response:
    """List every competition, newest first."""
    return arena_page(_render_list, tuple((name, request.args.get(name)) for name in FILTERS))


@blueprint.get("/competitions/<slug>")
def competition(slug: str) -> Response:
    """Show the prompt, the board and, where allowed, the gallery."""
    return arena_page(_render, slug, request.args.get("question") or None)


def _render_list(filters: tuple[tuple[str, str | None], ...], base: str) -> str:
    asked = {name: value for name, value in filters if value}
    with reading_page() as session:
        listed = competitions.list_competitions(session)
        covers, computed = read_covers(session, listed), boards.read_computed(session)
    shown = [
        entry
        for entry in listed
        if asked.get("mode") in {None, entry.mode}
        and asked.get("status") in {None, entry.status}
        and asked.get("category") in {None, *(slug for slug, _ in entry.categories)}
    ]
    modes = [mode for mode in MODES if any(entry.mode == mode for entry in listed)]
    return render_template(
        "competitions.html",
        structured=page_data("Competitions", f"{base}/competitions", base, max(computed.values(), default=None)),
        listed=listed,
        shown=shown,
        asked=asked,
        modes=modes,
        categories=tabs(listed),
        covers=covers,
    )


def _render(slug: str, question: str | None, base: str) -> str:
    with reading_page() as session:
        exhibit = gallery.read_gallery(session, slug, shows_sheet=parts().policy.shows_sheets)
        view = boards.read_competition_board(session, slug, now=now(), question=question)
        questions = list_tabs(session, view.mode, partial(scopes.key, competition=slug))
        certificate = certificates.read_certificates(session, exhibit.competition.mode).get(view.key)
    return render_template(
        "competition.html",
        structured=board_data(view, exhibit.competition.title, base, f"/competitions/{slug}"),
        exhibit=exhibit,
        board=view,
        questions=questions,
        axis=axis(view.standings),
        certificate=certificate,
        names={row.model.slug: row.model.name for row in view.standings},
        limits_guesses=parts().policy.limits_guesses,
        pairs_served=count_pairs_served(exhibit.competition.models),
    )
