"""Two models side by side: who won when they met, where they stand, what they cost and can do."""

from dataclasses import dataclass

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from app.arena.entries import entries
from app.arena.entries.showcases import Showcase, showcases
from app.arena.questions import read_question
from app.catalog import lookup
from app.catalog.lookup import ModelPage
from app.catalog.pricing import dollars
from app.edge.context import now, today
from app.edge.page_cache import public_page, reading_page, recall
from app.gateway import reference
from app.leaderboards.views import boards, head_to_head, results
from app.leaderboards.views.head_to_head import Battles, HeadToHead
from app.leaderboards.views.results import BoardPlace, BoardResult
from app.web import facts
from app.web.addresses import base_url
from app.web.formats import UNKNOWN
from app.web.models import visible
from app.web.question_tabs import list_tabs
from app.web.structured import comparison_data, page_data
from app.web.versions import arena_page
from app.words import MODES, Mode

blueprint = Blueprint("compare", __name__)
FIRST = 12
"""Pairs of pictures that are shown at once; the rest are behind a line that opens them."""
WIDTH = 600


@dataclass(frozen=True)
class RecordBar:
    """A record as widths of a bar of 600: A's wins, ties of either kind, B's wins."""

    a: float
    ties: float
    b: float


@dataclass(frozen=True)
class Meeting:
    """The record of two models in one mode, with the interval of A's share of the points."""

    record: HeadToHead
    interval: tuple[float, float] | None
    bar: RecordBar | None


@dataclass(frozen=True)
class SharedPrompt:
    """Hold what both models made of one prompt, and the votes between the two; None where they never met."""

    a: Showcase
    b: Showcase
    battles: Battles | None


@blueprint.get("/compare")
def choose() -> Response:
    """Redirect two slugs to their page; show a form for one or none."""
    a, b = request.args.get("a", ""), request.args.get("b", "")
    with reading_page() as session:
        ids = lookup.ids(session, [a, b])
    is_one = a in ids and ids[a] == ids.get(b)
    if a in ids and b in ids and not is_one:
        return make_response(redirect(url_for("compare.pair", a=a, b=b), 302))
    chosen = a if a in ids else b if b in ids else ""
    base = base_url()
    made_from = (base, chosen, is_one, recall(lookup.version), recall(entries.entered_models))
    return public_page(made_from, lambda: _choice(chosen, base, is_one=is_one))


@blueprint.get("/compare/<a>/<b>")
def pair(a: str, b: str) -> Response:
    """Compare two models, by slug or alias. A model beside itself leads to its own page."""
    with reading_page() as session:
        ids = lookup.ids(session, [a, b])
    if a in ids and ids[a] == ids.get(b):
        return make_response(redirect(url_for("models.model", slug=a), 302))
    return arena_page(_render, a, b, request.args.get("question") or None)


def rows(one: ModelPage, other: ModelPage) -> tuple[tuple[str, str, str], ...]:
    """List facts as (fact, of A, of B), those left out that neither states."""
    ours, theirs = _facts(one), _facts(other)
    names = [name for name in ours if ours[name] or theirs[name]]
    limits = _limits(one), _limits(other)
    known = [name for name in facts.LIMIT_NAMES.values() if name in limits[0] or name in limits[1]]
    return (
        *((name, ours[name] or UNKNOWN, theirs[name] or UNKNOWN) for name in names),
        *((name, limits[0].get(name, UNKNOWN), limits[1].get(name, UNKNOWN)) for name in known),
    )


def _choice(chosen: str, base: str, *, is_one: bool) -> str:
    with reading_page() as session:
        listed = visible(session)
    about = page_data("Compare two models", f"{base}/compare", base, None)
    return render_template("compare_choose.html", structured=about, models=listed, chosen=chosen, is_one=is_one)


def _render(a: str, b: str, question: str | None, base: str) -> str:
    with reading_page() as session:
        pages = [reference.read_model(session, slug, today()) for slug in (a, b)]
        first, second = pages
        asked = read_question(session, question)
        meetings = [_meeting(session, first, second, mode, asked.slug) for mode in MODES]
        questions = {tab: None for mode in MODES for tab in list_tabs(session, mode)}
        places = [results.read_results(session, page.slug).boards for page in pages]
        computed = boards.read_computed(session)
        pictures = showcases(session, [page.id for page in pages])
    met = {one.slug: one.battles for meeting in meetings for one in meeting.record.competitions}
    return render_template(
        "compare.html",
        structured=comparison_data(first, second, base, max(computed.values(), default=None)),
        a=first,
        b=second,
        asked=asked,
        questions=tuple(questions),
        meetings=[m for m in meetings if m.record.a or m.record.b or m.record.total.votes],
        boards=_side_by_side(*places),
        rows=rows(first, second),
        pairs=_pair_pictures(pictures, first, second, met),
        first=FIRST,
    )


def _meeting(session: Session, a: ModelPage, b: ModelPage, mode: str, question: str) -> Meeting:
    record = head_to_head.compare_models(session, a.slug, b.slug, mode, now=now(), question=question)
    return Meeting(record, head_to_head.share_interval(record.total), _bar(record.total))


def _bar(total: Battles) -> RecordBar | None:
    if not total.votes:
        return None
    unit = WIDTH / total.votes
    return RecordBar(
        round(total.a_wins * unit, 1),
        round((total.ties + total.both_bad) * unit, 1),
        round(total.b_wins * unit, 1),
    )


def _side_by_side(
    ours: tuple[BoardResult, ...], theirs: tuple[BoardResult, ...]
) -> tuple[tuple[BoardResult, BoardPlace | None, BoardPlace | None], ...]:
    """List every board that either is on: (board, place of A, place of B)."""
    a = {(board.mode, board.category): board for board in ours}
    b = {(board.mode, board.category): board for board in theirs}
    return tuple(
        (board, a[key].place if key in a else None, b[key].place if key in b else None)
        for key, board in (a | b).items()
    )


def _pair_pictures(
    pictures: tuple[Showcase, ...], a: ModelPage, b: ModelPage, met: dict[str, Battles]
) -> list[SharedPrompt]:
    """Pair what both made from one prompt, where readers may see it with names; the most judged comes first."""
    mine = {p.competition: p for p in pictures if p.model_id == a.id and not p.is_showcase}
    yours = {p.competition: p for p in pictures if p.model_id == b.id and not p.is_showcase}
    shared = [SharedPrompt(mine[slug], yours[slug], met.get(slug)) for slug in mine if slug in yours]
    return sorted(shared, key=lambda one: -(one.battles.votes if one.battles else 0))


def _facts(model: ModelPage) -> dict[str, str]:
    price = model.price_from
    return {
        "Creator": model.creator or "",
        "Status": model.status.capitalize() + (f", {facts.day(model.sunset)}" if model.sunset else ""),
        "Released": facts.released(model.released) or "",
        "Price per image, from": f"{dollars(price.micros)} via {price.provider_name}" if price else "",
        "Price tier": model.price_tier or "",
        "Providers": ", ".join(offering.provider_name for offering in model.offerings),
        "Modes": ", ".join(Mode(mode).label for mode in model.modes),
    }


def _limits(model: ModelPage) -> dict[str, str]:
    return {name: value for _, name, value in facts.limit_rows(model.limits)}
