"""The pages of leaderboards."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from app.arena.entries.competitions import CompetitionSummary
from app.arena.entries.galleries import read_exhibit, read_samples
from app.arena.entries.showcases import arena_state
from app.arena.errors import read_mode
from app.edge.context import now, parts, refresh
from app.edge.page_cache import public_page, reading_page, recall
from app.leaderboards.integrity import audit, certificates
from app.leaderboards.integrity.support import describe_support, read_thin_support
from app.leaderboards.runs import scopes
from app.leaderboards.views import boards
from app.leaderboards.views.board_competitions import BoardCompetition, list_competitions
from app.leaderboards.views.boards import BoardView
from app.leaderboards.views.certainty import is_decided, rank_span
from app.leaderboards.views.filters import ALL, Filters, parse_filters
from app.leaderboards.views.provider_records import read_latest_request, read_records
from app.web.addresses import base_url
from app.web.board_columns import CHOICES as COLUMN_CHOICES
from app.web.board_columns import columns_query, parse_columns
from app.web.covers import remember
from app.web.filter_choices import read_choices
from app.web.formats import mode_title
from app.web.question_tabs import list_tabs
from app.web.structured import board_data
from app.words import MODES

blueprint = Blueprint("boards", __name__)
WIDTH = 168
MARGIN = 3
NARROWEST = 5
ANCHOR = 1000
EXHIBITED = 12
"""Pictures of one prompt under a board."""


class Interval(Protocol):
    """An interval that is drawn on a board's axis."""

    @property
    def rating(self) -> float: ...
    @property
    def rating_low(self) -> float: ...
    @property
    def rating_high(self) -> float: ...


@dataclass(frozen=True)
class Axis:
    """Elo points to pixels, for the intervals drawn in a table."""

    low: float
    high: float

    def x(self, rating: float) -> float:
        """Place a rating between the margins, in pixels."""
        inner = WIDTH - 2 * MARGIN
        return round(MARGIN + inner * (rating - self.low) / max(self.high - self.low, 1), 1)

    def bar(self, row: Interval) -> tuple[float, float]:
        """Return where an interval starts and how wide it is, in pixels; a very narrow one is still seen."""
        start, end = self.x(row.rating_low), self.x(row.rating_high)
        missing = max(0.0, NARROWEST - (end - start)) / 2
        return round(start - missing, 1), round(end - start + 2 * missing, 1)

    @property
    def anchor(self) -> float | None:
        """Return where 1000 lies in pixels, or None where it is not inside."""
        return self.x(ANCHOR) if self.low < ANCHOR < self.high else None


@blueprint.get("/leaderboard")
@blueprint.get("/leaderboards")
def all_boards() -> Response:
    """Redirect to the overall board of the first mode that has one."""
    refresh(parts(), *MODES)
    return make_response(redirect(url_for("boards.board", mode=recall(boards.read_current).first_mode), 302))


@blueprint.get("/leaderboards/<mode>")
@blueprint.get("/leaderboards/<mode>/<category>")
def board(mode: str, category: str | None = None) -> Response:
    """Show one board, filtered and sorted as the query says."""
    read_mode(mode)
    asked, columns = parse_filters(request.args, Filters), parse_columns(request.args.getlist("columns"))
    refresh(parts(), mode, also=((arena_state,),))
    current = recall(boards.read_current)
    run = current.runs.get(scopes.key(mode, category=category, question=asked.question))
    made_from = (
        base_url(),
        asked,
        columns,
        run,
        current.catalogue,
        recall(audit.read_latest_id, mode),
        recall(arena_state),
        recall(read_latest_request) if "requests" in columns else None,
    )
    return public_page(made_from, lambda: _render(mode, category, asked, columns))


def axis(rows: Iterable[Interval]) -> Axis:
    """Make an axis from the lowest to the highest end of any interval."""
    known = list(rows)
    return Axis(
        min((row.rating_low for row in known), default=ANCHOR),
        max((row.rating_high for row in known), default=ANCHOR),
    )


def _render(mode: str, category: str | None, asked: Filters, columns: tuple[str, ...]) -> str:
    with reading_page() as session:
        read = partial(boards.read_board, session, mode, category, now=now(), question=asked.question)
        whole = read()
        shown = read(filters=asked) if replace(asked, question=None) != ALL else whole
        questions = list_tabs(session, mode, partial(scopes.key, category=category))
        listed = list_competitions(session, mode)
        choices = read_choices(session, whole)
        records = read_records(session, now()) if "requests" in columns else {}
        certificate = certificates.read_certificates(session, mode).get(whole.key)
        support = whole.run and read_thin_support(session, whole.key, whole.run, certificate)
        models = tuple(sorted(row.model_id for row in whole.standings))
        samples = remember(read_samples, session, models, mode, 1)
        exhibit = remember(read_exhibit, session, mode, category)
    exhibited = [row for row in whole.standings if row.model.slug in exhibit][:EXHIBITED]
    return render_template(
        "board.html",
        structured=board_data(shown, whole.category.title if whole.category else mode_title(mode), base_url()),
        board=shown,
        questions=questions,
        path=f"/leaderboards/{mode}/{category}" if category else f"/leaderboards/{mode}",
        whole=whole,
        axis=axis(whole.standings),
        asked=asked,
        query=asked.query | columns_query(columns),
        decided=sum(map(is_decided, shown.standings)),
        columns=columns,
        all_columns=COLUMN_CHOICES,
        records=records,
        categories=tabs(listed),
        competitions=_count_competitions(listed, category),
        choices=choices,
        modes=MODES,
        sort_link=lambda column: asked.link(column, columns_query(columns)),
        api=_api(whole),
        certificate=certificate,
        support=tuple(describe_support(support)) if support else (),
        names={row.model.slug: row.model.name for row in whole.standings},
        samples=samples,
        exhibit=[exhibit[row.model.slug] for row in exhibited],
        ranks={row.model.slug: rank_span(row) if row.rank else "" for row in exhibited},
    )


def tabs(listed: Iterable[CompetitionSummary | BoardCompetition]) -> list[tuple[str, str]]:
    """List the categories in use, (slug, title), by title."""
    return sorted({c for entry in listed for c in entry.categories}, key=lambda c: c[1].casefold())


def _count_competitions(listed: list[BoardCompetition], category: str | None) -> int:
    """Count the competitions with votes that this board adds up."""
    return sum(
        bool(entry.votes) and (category is None or category in {slug for slug, _ in entry.categories})
        for entry in listed
    )


def _api(view: BoardView) -> str:
    return f"/api/v1/leaderboards/{view.key.partition('?')[0]}"
