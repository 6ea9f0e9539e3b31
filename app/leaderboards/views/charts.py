"""The numbers behind the charts; what a chart leaves out is counted, not forgotten."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, bindparam, cast, func, select
from sqlalchemy.orm import Session

from app.arena.tables import Tally
from app.catalog import lookup
from app.catalog.lookup import UnknownModel
from app.database.doors import moment_of
from app.database.statements import Prepared
from app.leaderboards.runs.scopes import key
from app.leaderboards.tables import Board, RatingHistory, RatingRun, Standing
from app.leaderboards.views.boards import BoardStanding, BoardView, NamedModel
from app.leaderboards.views.frontier import Candidate, chances
from app.leaderboards.views.head_to_head import Battles

# Written once, and of tables: building a statement and making objects cost several times what the query does.
_BOARDS = Board.__table__.c
_RUNS = RatingRun.__table__.c
_STANDINGS = Standing.__table__.c
_HOURS = RatingHistory.__table__.c
_TALLIES = Tally.__table__.c
_REMEMBERED = Prepared(
    lambda _: (
        select(_HOURS.at, _HOURS.rating, _HOURS.rating_low, _HOURS.rating_high, _HOURS.rank)
        .join(Board.__table__, _BOARDS.id == _HOURS.board_id)
        .where(_BOARDS.key == bindparam("key"), _HOURS.model_id == bindparam("model"))
        .order_by(_HOURS.at)
    )
)
_SAID = Prepared(
    lambda _: (
        select(_RUNS.computed_at, *(_STANDINGS[name] for name in ("rating", "rating_low", "rating_high", "rank")))
        .join(Board.__table__, _BOARDS.current_run_id == _RUNS.id)
        .join(Standing.__table__, _STANDINGS.run_id == _RUNS.id)
        .where(_BOARDS.key == bindparam("key"), _STANDINGS.model_id == bindparam("model"))
    )
)
_MET = (
    select(
        _TALLIES.left_model_id,
        _TALLIES.right_model_id,
        *(cast(func.sum(_TALLIES[name]), BigInteger) for name in ("left_wins", "right_wins", "ties", "both_bad")),
    )
    .where(_TALLIES.competition_id.in_(bindparam("competitions", expanding=True)))
    .group_by(_TALLIES.left_model_id, _TALLIES.right_model_id)
)


class ChartPoint(NamedTuple):
    """
    A model at (x, rating). On the frontier no other is rated as high and as cheap or quick.

    `frontier_chance`, 0 to 1: how likely it is to be there, given the intervals.
    """

    model: NamedModel
    x: float
    rating: float
    rating_low: float
    rating_high: float
    provisional: bool
    on_frontier: bool
    frontier_chance: float


@dataclass(frozen=True)
class Scatter:
    """Ranked models by rising x; `omitted` ranked models have no x yet."""

    points: tuple[ChartPoint, ...]
    omitted: int
    reason: str


@dataclass(frozen=True)
class HistoryPoint:
    """What a board said at a moment."""

    at: datetime
    rating: float
    rating_low: float
    rating_high: float
    rank: int | None


@dataclass(frozen=True)
class WinMatrix:
    """Ranked models, best first; `cells[row][column]` has the row as A, None on the diagonal."""

    models: tuple[NamedModel, ...]
    cells: tuple[tuple[Battles | None, ...], ...]


def elo_vs_price(view: BoardView) -> Scatter:
    """Rating by the lowest price of an image in US dollars."""
    return _scatter(view.standings, lambda row: row.price_usd, "without pricing omitted")


def elo_vs_speed(view: BoardView) -> Scatter:
    """Rating by the median seconds of an image."""
    return _scatter(view.standings, lambda row: row.seconds_median, "waiting for enough speed data")


def history(session: Session, model: str, mode: str, category: str | None = None) -> tuple[HistoryPoint, ...]:
    """A model's ratings on a board from the oldest kept to the current run's. Raises UnknownModel."""
    model_id = lookup.ids(session, [model]).get(model)
    if model_id is None:
        raise UnknownModel(f"There is no model {model!r}.")
    asked = {"key": key(mode, category=category), "model": model_id}
    rows = (row for said in (_REMEMBERED, _SAID) for row in said.all(session, **asked))
    return tuple(HistoryPoint(moment_of(at), *rating) for at, *rating in rows)


def win_matrix(session: Session, view: BoardView) -> WinMatrix:
    """Every ranked model of a board against every other, over the board's competitions."""
    rows = [row for row in view.standings if row.rank is not None]
    rows.sort(key=lambda row: (row.rank or 0, row.model.slug))
    met = _met(session, list(view.run.competition_ids) if view.run else [])
    never = Battles()
    cells = (
        tuple(None if row is column else met.get((row.model_id, column.model_id), never) for column in rows)
        for row in rows
    )
    return WinMatrix(tuple(row.model for row in rows), tuple(cells))


def _scatter(
    standings: Iterable[BoardStanding], x: Callable[[BoardStanding], float | None], reason: str
) -> Scatter:
    ranked = [row for row in standings if row.rank is not None]
    known = [(value, row) for row in ranked if (value := x(row)) is not None]
    known.sort(key=lambda point: (point[0], -point[1].rating))
    likely = chances([Candidate(value, row.rating, row.rating_low, row.rating_high) for value, row in known])
    best = float("-inf")
    points = []
    for (value, row), chance in zip(known, likely, strict=True):
        points.append(_point(value, row, on_frontier=row.rating > best, chance=chance))
        best = max(best, row.rating)
    return Scatter(tuple(points), len(ranked) - len(known), reason)


def _point(x: float, row: BoardStanding, *, on_frontier: bool, chance: float) -> ChartPoint:
    interval = row.rating, row.rating_low, row.rating_high
    return ChartPoint(row.model, x, *interval, row.provisional, on_frontier, chance)


def _met(session: Session, competitions: list[int]) -> dict[tuple[int, int], Battles]:
    """Battles of each ordered pair that met, the first as A."""
    rows = session.execute(_MET, {"competitions": competitions}).all()
    found = {(left, right): Battles(*counts) for left, right, *counts in rows}
    for (left, right), battles in list(found.items()):
        met = found.get((right, left))
        if met is None:
            found[right, left] = battles.turned()
        elif left < right:
            found[left, right], found[right, left] = battles + met.turned(), met + battles.turned()
    return found
