"""Models: the list of them, and a page for each with its prices, limits, parameters and results."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from flask import Blueprint, Response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from app.arena.entries import entries
from app.arena.entries.galleries import read_samples
from app.arena.entries.showcases import Showcase, arena_state, showcases
from app.catalog import lookup
from app.catalog.lookup import ModelPage, ModelSummary
from app.catalog.search import searched_text
from app.catalog.traits import Traits, read_traits
from app.edge.context import now, parts, refresh, today
from app.edge.page_cache import public_page, reading_page, recall
from app.gateway import reference
from app.gateway.offers import is_askable
from app.gateway.providers import set_up
from app.leaderboards.integrity import audit
from app.leaderboards.integrity.picture_qualities import find_equal_ratings
from app.leaderboards.views import boards, charts, faq, results
from app.leaderboards.views.board_competitions import read_contested
from app.leaderboards.views.boards import BoardStanding, BoardView
from app.leaderboards.views.filters import BadFilter, Filters, filter_field, parse_filters, sort_rows
from app.leaderboards.views.question_differences import read_differences
from app.web import facts
from app.web.addresses import base_url
from app.web.availability import Availability, near_models, read_availability
from app.web.charts import HistoryChart, ScatterChart, history_chart, price_chart, speed_chart
from app.web.covers import remember
from app.web.fact_sheet import read_fact_sheet
from app.web.formats import has_route
from app.web.placements import groups, votable
from app.web.question_tabs import asks_more
from app.web.snippets import examples
from app.web.structured import model_data, page_data
from app.web.versions import versions
from app.words import MODES

blueprint = Blueprint("models", __name__)
SORTS = {"rating": "desc", "name": "asc", "price_usd": "asc", "released": "desc", "relevance": "asc"}
RIVALS = 5


@dataclass(frozen=True)
class Listed:
    """Describe a model in the list, with its standing in the list's mode and a picture shown with its name."""

    model: ModelSummary
    standing: BoardStanding | None
    picture: str | None = None

    @property
    def words(self) -> str:
        """Return the text that the page's search looks through, as the server's own search does."""
        return searched_text(self.model)


def _parse_mode(mode: str) -> str:
    if mode not in MODES:
        raise BadFilter(f"mode is one of {', '.join(MODES)}.", param="mode")
    return mode


def _parse_trait(name: str, value: str) -> Traits:
    try:
        return read_traits({name: value})
    except ValueError as error:
        param, message = error.args
        raise BadFilter(message, param=param) from error


@dataclass(frozen=True)
class ListFilters(Filters):
    """Hold the filters set on the list of models; `mode` also chooses the board their ratings come from."""

    SORTS: ClassVar[Mapping[str, str]] = SORTS

    sort: str = "rating"
    order: str = SORTS["rating"]
    mode: str | None = filter_field(lambda model, mode: mode in model.modes, _parse_mode)
    weights: str | None = filter_field(
        lambda model, weights: Traits(weights=weights).fit(model),
        lambda value: _parse_trait("weights", value).weights,
    )
    max_parameters: float | None = filter_field(
        lambda model, most: Traits(max_parameters=most).fit(model),
        lambda value: _parse_trait("max_parameters", value).max_parameters,
    )


@dataclass(frozen=True)
class ModeResults:
    """
    A model on the overall board of one mode, and what is drawn of it.

    `competitions` are those that its votes come from; all that it takes part in where it has none.
    """

    mode: str
    view: BoardView
    standing: BoardStanding | None
    competitions: int
    scatters: tuple[ScatterChart, ...]
    history: HistoryChart
    rivals: tuple[BoardStanding, ...]


@blueprint.get("/models")
def index() -> Response:
    """List the models that the query asks for, demo models where they have images."""
    asked = _parse_query(request.args)
    refresh(parts(), *([asked.mode] if asked.mode else MODES))
    current = recall(boards.read_current)
    mode = asked.mode or current.first_mode
    shown = recall(entries.entered_models), recall(arena_state)
    base = base_url()
    made_from = (base, asked, current.runs.get(mode), current.catalogue, *shown)
    return public_page(made_from, lambda: _render_list(asked, mode, base))


@blueprint.get("/models/<slug>")
def model(slug: str) -> AnyResponse:
    """Show a model by its slug; an alias or another spelling of one leads to it."""
    base, known = base_url(), versions()
    if slug not in recall(lookup.slugs):
        with reading_page() as session:
            canonical = lookup.canonical_slug(session, slug, today())
        if canonical is not None:
            return redirect(f"/models/{canonical}", 301)
    return public_page((base, known), lambda: _render(slug, base))


def visible(session: Session) -> list[ModelSummary]:
    """List models by name with the limits of their pages, demo models where they have images."""
    entered = entries.entered_models(session)
    return [model for model in reference.read_models(session, today()) if not model.demo or model.id in entered]


def _render(slug: str, base: str) -> str:
    with reading_page() as session:
        page = reference.read_model(session, slug, today())
        found = results.read_results(session, page.slug)
        pictures = _few(showcases(session, [page.id]))
        standings = [_in_mode(session, page, mode, found) for mode in dict.fromkeys(b.mode for b in found.boards)]
        here = read_availability(session, page)
        can_ask = is_askable(session, page, set_up(parts().settings))
        open_now = read_contested(session)
        differences = read_differences(session, model=page.slug) if asks_more() else ()
        audited = audit.read_latest(session, standings[0].mode) if standings else None
        first = standings[0].view.standings if standings else ()
        near = () if here.kind == "served" else near_models(session, page, first)
        sheet = read_fact_sheet(session, page, here.successor, today())
    questions = faq.answer_questions(page, found, is_askable=can_ask)
    codes = examples(page, base, here.operations, warning(page, here)) if _prints_code(page, here) else ()
    return render_template(
        "model.html",
        model=page,
        sheet=sheet,
        base=base,
        availability=here,
        near=near,
        pictures=pictures,
        standings=standings,
        main=next((s for s in standings if s.standing), None),
        examples=codes,
        placements=groups(found),
        competitions=found.competitions,
        votable=votable(found, open_now),
        differences=differences,
        equal=find_equal_ratings(audited.numbers, page.slug) if audited else (),
        questions=questions,
        data=model_data(page, questions, base, [picture.url for picture in pictures], _computed_at(standings)),
        facts=facts,
        has_playground=has_route("/playground"),
    )


def _computed_at(standings: list[ModeResults]) -> datetime | None:
    """Return when the newest board of the model was computed; None where nobody has voted."""
    return max((one.view.run.computed_at for one in standings if one.view.run), default=None)


def _few(pictures: tuple[Showcase, ...]) -> tuple[Showcase, ...]:
    """Choose four pictures, two or one: as many as fill their rows."""
    return pictures[:4] if len(pictures) >= 4 else pictures[:2]


def _prints_code(page: ModelPage, here: Availability) -> bool:
    return here.kind == "served" or (here.kind == "retired" and page.slug in reference.HISTORIC)


def warning(page: ModelPage, here: Availability) -> str:
    """Write the comment over the examples of a model that nobody serves any more; empty for others."""
    if here.kind != "retired":
        return ""
    use = f" Use {' or '.join(f'{other.slug}' for other in here.instead)}." if here.instead else ""
    since = f" since {facts.day(page.sunset)}" if page.sunset else ""
    return f"{page.name} is retired{since} and answers 404 model_retired.{use}"


def _in_mode(session: Session, page: ModelPage, mode: str, found: results.ModelResults) -> ModeResults:
    view = boards.read_board(session, mode, now=now())
    own = next((row for row in view.standings if row.model_id == page.id), None)
    history = charts.read_history(session, page.slug, mode) if own else ()
    return ModeResults(
        mode,
        view,
        own,
        results.count_judged(found, mode) if own else sum(one.mode == mode for one in found.competitions),
        (
            price_chart(charts.elo_vs_price(view), page.slug),
            speed_chart(charts.elo_vs_speed(view), page.slug),
        ),
        history_chart(history),
        _rivals(view, own),
    )


def _rivals(view: BoardView, own: BoardStanding | None) -> tuple[BoardStanding, ...]:
    """List the models nearest in rating, for a comparison."""
    if own is None:
        return ()
    others = [row for row in view.standings if row.model_id != own.model_id and row.rank is not None]
    return tuple(sorted(others, key=lambda row: abs(row.rating - own.rating))[:RIVALS])


def _parse_query(given: Mapping[str, str]) -> ListFilters:
    """Read what is asked for: an answer to a search comes by relevance unless another order is asked for."""
    q, sort = given.get("q", "").strip(), given.get("sort", "").strip()
    if q and not sort:
        return parse_filters({**given, "sort": "relevance"}, ListFilters)
    if sort == "relevance" and not q:
        return parse_filters({**given, "sort": ""}, ListFilters)
    return parse_filters(given, ListFilters)


def _render_list(asked: ListFilters, mode: str, base: str) -> str:
    with reading_page() as session:
        everything = visible(session)
        view = boards.read_board(session, mode, now=now())
        standings = {row.model_id: row for row in view.standings}
        pictures = _read_pictures(session, everything, asked.mode)
    rows = [Listed(m, standings.get(m.id), pictures.get(m.id)) for m in asked.choose(everything)]
    providers = {o.provider: o.provider_name for m in everything for o in m.offerings}
    return render_template(
        "models.html",
        structured=page_data("Models", f"{base}/models", base, view.run.computed_at if view.run else None),
        rows=rows if asked.sort == "relevance" else sort_rows(rows, asked, _column),
        total=len(everything),
        asked=asked,
        mode=mode,
        licences=sorted({m.licence for m in everything if m.licence}, key=str.casefold),
        creators=sorted({m.creator for m in everything if m.creator}, key=str.casefold),
        providers=sorted(providers.items(), key=lambda p: p[1].casefold()),
        modes=MODES,
        facts=facts,
    )


def _read_pictures(session: Session, listed: list[ModelSummary], mode: str | None) -> dict[int, str]:
    """Read a smallest thumbnail of each model in the mode that is asked for, else in the first that has one."""
    ids = tuple(sorted(one.id for one in listed))
    found: dict[int, str] = {}
    for one in (mode,) if mode else MODES:
        samples = remember(read_samples, session, ids, one, 1)
        found = {model: urls[0] for model, urls in samples.items()} | found
    return found


def _column(row: Listed, name: str) -> Any:
    if name == "rating":
        return row.standing.rating if row.standing and row.standing.rank is not None else None
    if name == "price_usd":
        return row.model.price_from.usd if row.model.price_from else None
    return row.model.released if name == "released" else row.model.name.casefold()
