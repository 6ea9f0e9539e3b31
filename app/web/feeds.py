"""Files for programs: rank badges, sitemap, robots.txt, plain text for language models. News are in `atom`."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise

from flask import Blueprint, Response, make_response, redirect, render_template, request
from sqlalchemy.orm import Session

from app.arena.entries import competitions
from app.arena.errors import read_mode
from app.catalog import lookup
from app.edge.context import now, parts, today
from app.edge.page_cache import public_page, reading_page
from app.gateway import reference
from app.gateway.offers import is_askable
from app.gateway.providers import set_up
from app.leaderboards.views import boards, faq, results
from app.leaderboards.views.certainty import describe_ranks
from app.leaderboards.views.question_differences import read_differences
from app.leaderboards.views.results import ModelResults
from app.web import facts
from app.web.addresses import base_url
from app.web.boards import tabs
from app.web.docs import list_documents
from app.web.formats import mode_title, static_url
from app.web.labels import width
from app.web.models import visible
from app.web.placements import groups
from app.web.question_tabs import list_tabs
from app.web.structured import installed_at
from app.web.versions import arena_page, versions
from app.words import MODES, plural

blueprint = Blueprint("feeds", __name__)
OFF_LIMITS = ("/arena", "/m/", "/me", "/files/", "/admin", "/openai/")


@blueprint.get("/badge/<slug>.svg")
def badge(slug: str) -> Response:
    """Serve a model's rank as a small picture for other sites; `?mode=` and `?category=` for another board."""
    mode, category = request.args.get("mode") or "", request.args.get("category") or None
    if mode:
        read_mode(mode)
    response = public_page((mode, category, versions()), lambda: _badge(slug, mode, category), "image/svg+xml")
    # The one answer made to be shown on other sites.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """List every page that is the same for everybody."""
    return arena_page(_sitemap, mimetype="application/xml")


@blueprint.get("/favicon.ico")
def favicon() -> Response:
    """Redirect programs that ask for an icon without reading a page."""
    return make_response(redirect(static_url("icon.svg"), 302))


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Keep robots off the pages of one voter, and off everything behind a login."""
    refused = ("/",) if parts().settings.profile == "team" else OFF_LIMITS
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in refused), f"Sitemap: {base_url()}/sitemap.xml"]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@blueprint.get("/llms.txt")
def llms() -> Response:
    """Tell language models what this site is and where everything stands."""
    return arena_page(_llms, mimetype="text/plain")


@blueprint.get("/models/<slug>/llms.txt")
def model_llms(slug: str) -> Response:
    """Serve a model's page as plain text."""
    return arena_page(_model_llms, slug, mimetype="text/plain")


def _badge(slug: str, mode: str, category: str | None) -> str:
    with reading_page() as session:
        page = lookup.model(session, slug, today())
        places = results.read_results(session, slug)
        heading = boards.read_category(session, category) if category else None
    shown = [board for board in places.boards if board.category == heading and mode in {"", board.mode}]
    shown.sort(key=lambda board: board.place.rank is None)
    best = shown[0] if shown else None
    said = "not ranked yet"
    if best and best.place.rank is not None and best.place.rating is not None:
        said = f"{describe_ranks(best.place)} · {best.place.rating:.0f} Elo · {plural(best.place.votes, 'vote')}"
    board = heading.title if heading else mode_title(best.mode) if best else ""
    label = f"Blindvote {board.lower()}".strip()
    return render_template(
        "badge.svg",
        name=page.name,
        label=label,
        said=said,
        left=round(width(label) + 16),
        right=round(width(said) + 16),
    )


def _sitemap(base: str) -> str:
    with reading_page() as session:
        paths = [*_paths(visible(session), competitions.list_competitions(session)), *_neighbours(session)]
        computed = boards.read_computed(session)
    newest = max(computed.values(), default=installed_at())
    pages = [(path, _last_change(path, computed, newest)) for path in paths]
    return render_template("sitemap.xml", base=base, pages=pages)


def _llms(base: str) -> str:
    with reading_page() as session:
        listed = visible(session)
        ranked = {
            mode: {row.model_id: row for row in boards.read_board(session, mode, now=now()).standings if row.rank}
            for mode in MODES
        }
        questions = {mode: list_tabs(session, mode) for mode in MODES}
    return render_template("llms.txt", base=base, models=listed, modes=MODES, ranked=ranked, questions=questions)


def _paths(models: list[lookup.ModelSummary], listed: list[competitions.CompetitionSummary]) -> Iterator[str]:
    yield from ("/", "/models", "/competitions", "/compare", "/methodology", "/integrity", "/suggest", "/docs")
    yield from (f"/docs/{name}" for name in list_documents())
    for mode in MODES:
        here = [entry for entry in listed if entry.mode == mode]
        if not here:
            continue
        yield f"/leaderboards/{mode}"
        yield f"/charts/{mode}"
        for slug, _ in tabs(here):
            yield from (f"/leaderboards/{mode}/{slug}", f"/charts/{mode}?category={slug}")
    yield from (f"/competitions/{entry.slug}" for entry in listed)
    yield from (f"/models/{model.slug}" for model in models)


def _neighbours(session: Session) -> Iterator[str]:
    """List the comparisons of models that stand beside each other on an overall board, each pair once."""
    pairs: dict[str, None] = {}
    for mode in MODES:
        ranked = [row.model.slug for row in boards.read_board(session, mode, now=now()).standings if row.rank]
        pairs |= {f"/compare/{'/'.join(sorted(pair))}": None for pair in pairwise(ranked)}
    yield from pairs


def _last_change(path: str, computed: Mapping[str, datetime], newest: datetime) -> datetime:
    """
    Tell when a page's board was last computed; of a page about several boards, when the newest was.

    Documents, forms, and boards without votes are as old as the installation of this version.
    """
    if path.startswith(("/docs", "/suggest")) or path == "/compare":
        return installed_at()
    board = path.replace("/charts/", "/leaderboards/").replace("?category=", "/")
    if not board.startswith(("/leaderboards/", "/competitions/")):
        return newest
    key = board.removeprefix("/leaderboards/").replace("/competitions/", "competition:")
    return computed.get(key, installed_at())


def _model_llms(slug: str, base: str) -> str:
    with reading_page() as session:
        page = reference.read_model(session, slug, today())
        places: ModelResults = results.read_results(session, page.slug)
        differences = read_differences(session, model=page.slug)
        can_ask = is_askable(session, page, set_up(parts().settings))
    return render_template(
        "model_llms.txt",
        model=page,
        base=base,
        results=places,
        groups=groups(places),
        differences=differences,
        questions=faq.answer_questions(page, places, is_askable=can_ask),
        facts=facts,
    )
