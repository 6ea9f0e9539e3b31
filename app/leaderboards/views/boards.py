"""A board as readers see it: the current run with each model's standing, price and speed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from app.arena.errors import UnknownCategory, UnknownCompetition, read_mode
from app.arena.questions import read_question
from app.arena.tables import Category, Competition
from app.catalog import lookup
from app.catalog.lookup import ModelSummary
from app.catalog.status import Status
from app.database.columns import moment_of
from app.database.statements import PreparedStatement, json_part, read_json
from app.elo_scale import FEW_VOTERS
from app.leaderboards.runs import history
from app.leaderboards.runs.scopes import key
from app.leaderboards.tables import Board, RatingRun, Standing
from app.leaderboards.views.filters import ALL, Filters, sort_rows
from app.leaderboards.views.generation_figures import (
    NO_FIGURES,
    GenerationFigures,
    ImageCost,
    image_cost,
    read_costs,
    read_figures,
)
from app.words import BETTER, MODES, Mode

DAY = timedelta(days=1)
_BOARDS = Board.__table__.c
# Asked at every request while votes come in, so that a kept page is known to be of today's runs.
_CURRENT = PreparedStatement(
    lambda _: select(_BOARDS.key, _BOARDS.current_run_id).where(_BOARDS.current_run_id.is_not(None))
)
_RUNS = RatingRun.__table__.c
# The largest part tells of every model, and no reader of a run asks for it.
_RUN = PreparedStatement(
    lambda insert: (
        select(
            *(column for column in _RUNS if column.name != "parts"),
            *(json_part(insert, _RUNS.parts, name).label(name) for name in ("voters", "thread")),
        )
        .join(Board.__table__, _BOARDS.current_run_id == RatingRun.id)
        .where(_BOARDS.key == bindparam("board"))
    )
)
_CATEGORY = select(Category.title).where(Category.slug == bindparam("slug"))
_COMPETITION = select(Competition.title, Competition.mode, Competition.open_gallery).where(
    Competition.slug == bindparam("slug"), Competition.status != "draft"
)
_STANDINGS = Standing.__table__.c
_BEST_FIRST = PreparedStatement(
    lambda _: (
        select(Standing.__table__)
        .where(_STANDINGS.run_id == bindparam("run"))
        .order_by(_STANDINGS["rank"].is_(None), _STANDINGS["rank"], _STANDINGS.rating.desc(), _STANDINGS.model_id)
    )
)


@dataclass(frozen=True)
class Heading:
    """A category or competition by name."""

    slug: str
    title: str


@dataclass(frozen=True)
class BoardThread:
    """Two groups of a board that few votes join: the slugs of the smaller, and pairs whose votes would mend it."""

    group: tuple[str, ...]
    votes: int
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Run:
    """The run that a board was made from; `ranked` is the 24 of "#22 of 24"."""

    id: int
    computed_at: datetime
    votes: int
    ranked: int
    method: str
    method_version: int
    anchor_version: int
    tallies_sha256: str
    interval: str
    tau2: float | None
    components: tuple[tuple[str, ...], ...]
    """Slugs of each part, where the comparisons fall into parts that never met; empty when connected."""
    competition_ids: frozenset[int]
    voters: int | None = None
    """People whose votes count; None where nobody is known."""
    voters_of: int | None = None
    """In a large mode, the number of its votes when its voters were last counted."""
    thread: BoardThread | None = None

    @property
    def has_few_voters(self) -> bool:
        """Tell whether the votes come from so few people that readers must know."""
        return self.voters is not None and self.voters <= FEW_VOTERS


@dataclass(frozen=True)
class CurrentRuns:
    """The runs that pages are made from, by the board's key, with the catalogue's version."""

    runs: Mapping[str, int]
    catalogue: int

    @property
    def modes(self) -> tuple[Mode, ...]:
        """Return the modes that have an overall board, of `better`."""
        return tuple(mode for mode in MODES if mode in self.runs)

    @property
    def first_mode(self) -> Mode:
        """Return the first mode that has a board; text to image where none has."""
        return next(iter(self.modes), MODES[0])

    @property
    def overall(self) -> tuple[str, ...]:
        """Return the keys of all modes' overall boards, of each question."""
        return tuple(name for name in self.runs if name.partition("?")[0] in MODES)


class NamedModel(NamedTuple):
    """A model as boards name it."""

    slug: str
    name: str
    creator: str | None
    status: Status
    licence: str | None = None


class BoardStanding(NamedTuple):
    """One model on a board. Ratings in Elo points, rates from 0 to 1, `rank` None below RANKED_FROM votes."""

    model_id: int
    rank: int | None
    of: int
    rank_low: int | None
    rank_high: int | None
    rank_ub: int | None
    model: NamedModel
    rating: float
    rating_low: float
    rating_high: float
    interval: str
    votes: int
    wins: int
    losses: int
    ties: int
    both_bad_rate: float
    win_rate: float
    change_24h: float | None
    provisional: bool
    borrowed: float | None
    price_usd: float | None
    seconds_median: float | None
    cost: ImageCost | None = None
    """What an image costs at the settings that were judged; `price_usd` is the lowest price at any."""

    @property
    def cost_usd(self) -> float | None:
        """Return that cost in US dollars."""
        return self.cost.usd if self.cost else None

    @property
    def cost_images(self) -> int | None:
        """Return how many judged images that cost is the median of; 0 for a price of the list."""
        return self.cost.images if self.cost else None


@dataclass(frozen=True)
class BoardView:
    """A board; without a run no vote counts there. `open_gallery`: its images were shown with names."""

    key: str
    mode: str
    category: Heading | None
    competition: Heading | None
    open_gallery: bool
    run: Run | None
    standings: tuple[BoardStanding, ...]
    question: str = BETTER
    question_words: str = ""
    """As voters read them; empty for `better`."""


def read_board(
    session: Session,
    mode: str,
    category: str | None = None,
    *,
    now: datetime,
    filters: Filters = ALL,
    question: str | None = None,
) -> BoardView:
    """
    Read a mode's overall board or one of its categories', of `better` or another question.

    Raises UnknownMode, UnknownCategory, UnknownQuestion.
    """
    read_mode(mode)
    heading = None if category is None else read_category(session, category)
    asked, words = _read_asked(session, question)
    name = key(mode, category=category, question=asked)
    run, standings = _standings(session, name, mode, now, filters)
    return BoardView(name, mode, heading, None, False, run, standings, asked, words)


def read_competition_board(
    session: Session, competition: str, *, now: datetime, filters: Filters = ALL, question: str | None = None
) -> BoardView:
    """Read the board of one competition, open or closed. Raises UnknownCompetition, UnknownQuestion."""
    row, (asked, words) = read_competition(session, competition), _read_asked(session, question)
    name = key(row.mode, competition=competition, question=asked)
    run, standings = _standings(session, name, row.mode, now, filters)
    heading = Heading(competition, row.title)
    return BoardView(name, row.mode, None, heading, row.open_gallery, run, standings, asked, words)


def _read_asked(session: Session, question: str | None) -> tuple[str, str]:
    """Return the slug and the words of a question; those of `better`, which no page prints, are not read."""
    if question in {None, BETTER}:
        return BETTER, ""
    asked = read_question(session, question)
    return asked.slug, asked.words


def read_competition(session: Session, slug: str) -> Row[str, str, bool]:
    """Read a competition's title, mode and open_gallery, unless it is a draft. Raises UnknownCompetition."""
    row = session.execute(_COMPETITION, {"slug": slug}).one_or_none()
    if row is None:
        raise UnknownCompetition(f"There is no competition {slug!r}.")
    return row


def read_current(session: Session) -> CurrentRuns:
    """Read which run each board shows now, and the catalogue's version."""
    return CurrentRuns(dict(_CURRENT.all(session)), lookup.version(session))


def read_computed(session: Session) -> dict[str, datetime]:
    """Read when each board was last computed, by its key."""
    joined = select(Board.key, RatingRun.computed_at).join(RatingRun, RatingRun.id == Board.current_run_id)
    return dict(session.execute(joined).all())


def read_current_run(session: Session, key: str) -> Run | None:
    """Read the run that a board shows now; None before the first."""
    row = _RUN.first(session, board=key)
    if row is None:
        return None
    voted = read_json(row.voters) or {}
    return Run(
        id=row.id,
        computed_at=moment_of(row.computed_at),
        votes=row.votes,
        ranked=row.ranked,
        method=row.method,
        method_version=row.method_version,
        anchor_version=row.anchor_version,
        tallies_sha256=row.tallies_sha256,
        interval=row.interval,
        tau2=row.tau2,
        components=tuple(tuple(part) for part in read_json(row.components)),
        competition_ids=frozenset(map(int, read_json(row.versions))),
        voters=voted.get("count"),
        voters_of=voted.get("votes"),
        thread=_thread(read_json(row.thread)),
    )


def _thread(stored: dict[str, Any] | None) -> BoardThread | None:
    if stored is None:
        return None
    pairs = tuple((one, other) for one, other in stored["pairs"])
    return BoardThread(tuple(stored["group"]), stored["votes"], pairs)


def read_category(session: Session, slug: str) -> Heading:
    """Read a category's name. Raises UnknownCategory."""
    title = session.scalar(_CATEGORY, {"slug": slug})
    if title is None:
        raise UnknownCategory(f"There is no category {slug!r}.")
    return Heading(slug, title)


def _standings(
    session: Session, key: str, mode: str, now: datetime, filters: Filters
) -> tuple[Run | None, tuple[BoardStanding, ...]]:
    run = read_current_run(session, key)
    if run is None or not run.votes:  # every vote there was may have been taken back or left out
        return None, ()
    rows = _BEST_FIRST.all(session, run=run.id)
    models = lookup.models_by_id(session, now.date())
    if filters is not ALL:
        models = {model.id: model for model in filters.choose(tuple(models.values()))}
    before, made = history.ratings_at(session, key, now - DAY), read_figures(session, mode)
    costs = read_costs(session, mode, now.date())
    shown = [
        _standing(row, run, model, before.get(row.model_id), made.get(row.model_id, NO_FIGURES), costs)
        for row in rows
        if (model := models.get(row.model_id))
    ]
    return run, tuple(shown if filters is ALL else sort_rows(shown, filters, _column))


def _standing(
    row: Any,
    run: Run,
    model: ModelSummary,
    before: float | None,
    made: GenerationFigures,
    costs: Mapping[int, ImageCost | None],
) -> BoardStanding:
    # By position: by name it takes twice as long, and a board has many rows.
    return BoardStanding(
        row.model_id,
        row.rank,
        run.ranked,
        row.rank_low,
        row.rank_high,
        row.rank_ub,
        NamedModel(model.slug, model.name, model.creator, model.status, model.licence),
        row.rating,
        row.rating_low,
        row.rating_high,
        run.interval,
        row.votes,
        row.wins,
        row.losses,
        row.ties,
        row.both_bad / row.votes,
        row.wins / row.votes,
        None if before is None else row.rating - before,
        bool(row.provisional),
        row.borrowed,
        model.price_from.usd if model.price_from else None,
        made.shown_seconds,
        costs[model.id] if model.id in costs else image_cost(model, made),
    )


def _column(row: BoardStanding, name: str) -> object:
    return row.model.name.casefold() if name == "name" else getattr(row, name)
