"""The front page of the arena."""

from dataclasses import dataclass

from flask import Blueprint, Response, render_template
from sqlalchemy.orm import Session

from app.arena.entries import competitions
from app.arena.entries.competitions import CompetitionSummary
from app.arena.entries.galleries import read_samples
from app.edge.context import now
from app.edge.page_cache import reading_page, recall
from app.leaderboards.runs.history import votes_at
from app.leaderboards.views import boards
from app.leaderboards.views.duel import choose_competition, read_duel
from app.web.boards import axis
from app.web.covers import read_covers, remember
from app.web.structured import page_data
from app.web.versions import arena_page

blueprint = Blueprint("pages", __name__)
TOP = 8
NEWEST = 6
SAMPLES = 2
"""Pictures beside each of the leaders."""


@dataclass(frozen=True)
class VoteCount:
    """The counted votes of all modes and questions, those since midnight UTC, and by how many people if known."""

    total: int
    voters: int | None
    today: int


@blueprint.get("/")
def home() -> Response:
    """Show what this is, a way to vote, who leads, and what can be judged now."""
    return arena_page(_home)


def _home(base: str) -> str:
    with reading_page() as session:
        listed = competitions.list_competitions(session)
        current = recall(boards.read_current)
        view = boards.read_board(session, current.first_mode, now=now())
        leaders = [row for row in view.standings if row.rank is not None][:TOP]
        votable = [entry for entry in listed if entry.status == "open" and entry.models > 1]
        named = [entry for entry in listed if entry.is_named and entry.models > 1]
        covers = read_covers(session, [*votable[:NEWEST], *named[:NEWEST]])
        samples = remember(
            read_samples, session, tuple(sorted(row.model_id for row in leaders)), view.mode, SAMPLES
        )
        chosen = choose_competition(listed)
        duel = remember(read_duel, session, chosen) if chosen else None
        votes = _count_votes(session, current.overall)
    changed = view.run.computed_at if view.run else None
    return render_template(
        "home.html",
        structured=page_data("Image models, judged blind", f"{base}/", base, changed),
        board=view,
        leaders=leaders,
        axis=axis(leaders),
        votable=votable,
        modes=current.modes,
        mode=_choose_mode(votable, view.mode),
        newest=votable[:NEWEST],
        named=named[:NEWEST],
        competitions=len(listed),
        covers=covers,
        samples=samples,
        duel=duel,
        unnamed=_unnamed_pair(votable, covers),
        votes=votes,
    )


def _choose_mode(votable: list[CompetitionSummary], shown: str) -> str:
    """Choose what the button begins with: the mode of the board beside it where that can be judged."""
    modes = [entry.mode for entry in votable]
    return shown if shown in modes or not modes else modes[0]


def _count_votes(session: Session, names: tuple[str, ...]) -> VoteCount | None:
    """Count the votes of these boards. Who voted on several of them is not known without a look at every vote."""
    runs = [run for name in names if (run := boards.read_current_run(session, name))]
    if not runs:
        return None
    midnight = now().replace(hour=0, minute=0, second=0, microsecond=0)
    total = sum(run.votes for run in runs)
    before = sum(remember(votes_at, session, name, midnight) for name in names)
    return VoteCount(total, runs[0].voters if len(runs) == 1 else None, total - before)


def _unnamed_pair(
    votable: list[CompetitionSummary], covers: dict[str, tuple[str, ...]]
) -> tuple[CompetitionSummary, tuple[str, ...]] | None:
    """Choose two nameless pictures of one prompt, where readers see sheets."""
    return next(((one, covers[one.slug][:2]) for one in votable if len(covers.get(one.slug, ())) > 1), None)
