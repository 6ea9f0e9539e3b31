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
from app.leaderboards.runs.scopes import key
from app.leaderboards.tables import Board, RatingHistory, RatingRun, Standing
from app.leaderboards.views.boards import BoardStanding, BoardView, NamedModel
from app.leaderboards.views.frontier import Candidate, chances
from app.leaderboards.views.head_to_head import Battles

_POINT = ("rating", "rating_low", "rating_high", "rank")
# Written once: building a statement costs several times what the query does.
_HOURS = (
    select(*(RatingHistory.__table__.c[column] for column in ("at", *_POINT)))
    .join(Board.__table__, Board.id == RatingHistory.board_id)
    .where(Board.key == bindparam("board"), RatingHistory.model_id == bindparam("model"))
    .order_by(RatingHistory.at)
)
_TODAY = (
    select(RatingRun.__table__.c.computed_at, *(Standing.__table__.c[column] for column in _POINT))
    .join(Board.__table__, Board.current_run_id == RatingRun.id)
    .join(Standing.__table__, Standing.run_id == RatingRun.id)
    .where(Board.key == bindparam("board"), Standing.model_id == bindparam("model"))
)
_COUNTS = (Tally.left_wins, Tally.right_wins, Tally.ties, Tally.both_bad)


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
    """A model's place on a board at one moment."""

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
    """Plot rating by the lowest price of an image in US dollars."""
    return _scatter(view.standings, lambda row: row.price_usd, "without pricing omitted")


def elo_vs_speed(view: BoardView) -> Scatter:
    """Plot rating by the median seconds of an image."""
    return _scatter(view.standings, lambda row: row.seconds_median, "waiting for enough speed data")


def read_history(session: Session, model: str, mode: str, category: str | None = None) -> tuple[HistoryPoint, ...]:
    """Read a model's ratings on a board, from the oldest kept to the current run's. Raises UnknownModel."""
    model_id = lookup.ids(session, [model]).get(model)
    if model_id is None:
        raise UnknownModel(f"There is no model {model!r}.")
    values = {"board": key(mode, category=category), "model": model_id}
    return tuple(HistoryPoint(*row) for query in (_HOURS, _TODAY) for row in session.execute(query, values))


def read_win_matrix(session: Session, view: BoardView) -> WinMatrix:
    """Read the battles of every ranked model of a board with every other, over the board's competitions."""
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
    """Count the battles of each ordered pair that met, the first as A."""
    counts = (cast(func.sum(count), BigInteger) for count in _COUNTS)
    rows = session.execute(
        select(Tally.left_model_id, Tally.right_model_id, *counts)
        .where(Tally.competition_id.in_(competitions))
        .group_by(Tally.left_model_id, Tally.right_model_id)
    )
    pairs = {(left, right): Battles(*counts) for left, right, *counts in rows}
    for (left, right), battles in list(pairs.items()):
        met = pairs.get((right, left))
        if met is None:
            pairs[right, left] = battles.turned()
        elif left < right:
            pairs[left, right], pairs[right, left] = battles + met.turned(), met + battles.turned()
    return pairs
