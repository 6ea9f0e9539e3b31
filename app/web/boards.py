"""Leaderboards: who wins, how sure that is, and what it was made from."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from app.arena.entries.competitions import CompetitionSummary
from app.arena.entries.galleries import read_exhibit, read_samples
from app.arena.entries.showcases import arena_state
from app.arena.errors import read_mode
from app.catalog import lookup
from app.edge.context import now, parts, refresh
from app.edge.page_cache import public_page, reading_page, recall
from app.leaderboards.integrity import audit, certificates
from app.leaderboards.runs import scopes
from app.leaderboards.views import boards
from app.leaderboards.views.board_competitions import BoardCompetition, list_competitions
from app.leaderboards.views.boards import BoardView
from app.leaderboards.views.certainty import rank_span
from app.leaderboards.views.filters import ALL, Filters, parse_filters
from app.web.addresses import base_url
from app.web.covers import remember
from app.web.formats import mode_title
from app.web.structured import board_data
from app.words import MODES, Mode

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
        """Start and width of an interval; a very narrow one is still seen."""
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
    """Redirect to the board that most people want."""
    return make_response(redirect(url_for("boards.board", mode=Mode.TEXT_TO_IMAGE), 302))


@blueprint.get("/leaderboards/<mode>")
@blueprint.get("/leaderboards/<mode>/<category>")
def board(mode: str, category: str | None = None) -> Response:
    """Show one board, filtered and sorted as the query says."""
    read_mode(mode)
    asked = parse_filters(request.args, Filters)
    refresh(parts(), mode, also=((arena_state,),))
    current = recall(boards.read_current)
    run = current.runs.get(scopes.key(mode, category=category))
    made_from = (
        base_url(),
        asked,
        run,
        current.catalogue,
        recall(audit.read_latest_id, mode),
        recall(arena_state),
    )
    return public_page(made_from, lambda: _render(mode, category, asked))


def axis(rows: Iterable[Interval]) -> Axis:
    """Make an axis from the lowest to the highest end of any interval."""
    known = list(rows)
    return Axis(
        min((row.rating_low for row in known), default=ANCHOR),
        max((row.rating_high for row in known), default=ANCHOR),
    )


def _render(mode: str, category: str | None, asked: Filters) -> str:
    with reading_page() as session:
        whole = boards.read_board(session, mode, category, now=now())
        shown = boards.read_board(session, mode, category, now=now(), filters=asked) if asked != ALL else whole
        listed = list_competitions(session, mode)
        providers = lookup.providers(session)
        certificate = certificates.read_certificates(session, mode).get(whole.key)
        models = tuple(sorted(row.model_id for row in whole.standings))
        samples = remember(read_samples, session, models, mode, 1)
        exhibit = remember(read_exhibit, session, mode, category)
    exhibited = [row for row in whole.standings if row.model.slug in exhibit][:EXHIBITED]
    return render_template(
        "board.html",
        data=board_data(shown, whole.category.title if whole.category else mode_title(mode), base_url()),
        board=shown,
        whole=whole,
        axis=axis(whole.standings),
        asked=asked,
        query=asked.query,
        categories=tabs(listed),
        competitions=_counted(listed, category),
        creators=sorted({row.model.creator for row in whole.standings if row.model.creator}, key=str.casefold),
        providers=providers,
        modes=MODES,
        sort_link=asked.link,
        api=_api(whole),
        certificate=certificate,
        names={row.model.slug: row.model.name for row in whole.standings},
        samples=samples,
        exhibit=[exhibit[row.model.slug] for row in exhibited],
        ranks={row.model.slug: rank_span(row) if row.rank else "" for row in exhibited},
    )


def tabs(listed: Iterable[CompetitionSummary | BoardCompetition]) -> list[tuple[str, str]]:
    """List the categories in use, (slug, title), by title."""
    return sorted({c for entry in listed for c in entry.categories}, key=lambda c: c[1].casefold())


def _counted(listed: list[BoardCompetition], category: str | None) -> int:
    """Count the competitions with votes that this board adds up."""
    return sum(
        bool(entry.votes) and (category is None or category in {slug for slug, _ in entry.categories})
        for entry in listed
    )


def _api(view: BoardView) -> str:
    return f"/api/v1/leaderboards/{view.key}"
