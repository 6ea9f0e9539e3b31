"""The numbers behind the charts; what a chart leaves out is counted, not forgotten."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, bindparam, cast, func, select
from sqlalchemy.orm import Session

from app.arena.tally_tables import COUNTS, Tally
from app.catalog import lookup
from app.database.columns import moment_of
from app.database.statements import PreparedStatement
from app.leaderboards.runs.scopes import key
from app.leaderboards.tables import Board, RatingHistory, RatingRun, Standing
from app.leaderboards.views.boards import BoardStanding, BoardView, NamedModel
from app.leaderboards.views.frontier import Candidate, chances
from app.leaderboards.views.generation_figures import ImageCost
from app.leaderboards.views.head_to_head import Battles

_POINT = ("rating", "rating_low", "rating_high", "rank")
_HOURS = PreparedStatement(
    lambda _: (
        select(*(RatingHistory.__table__.c[column] for column in ("at", *_POINT)))
        .join(Board.__table__, Board.id == RatingHistory.board_id)
        .where(Board.key == bindparam("board"), RatingHistory.model_id == bindparam("model"))
        .order_by(RatingHistory.at)
    )
)
_TODAY = PreparedStatement(
    lambda _: (
        select(RatingRun.__table__.c.computed_at, *(Standing.__table__.c[column] for column in _POINT))
        .join(Board.__table__, Board.current_run_id == RatingRun.id)
        .join(Standing.__table__, Standing.run_id == RatingRun.id)
        .where(Board.key == bindparam("board"), Standing.model_id == bindparam("model"))
    )
)


class ChartPoint(NamedTuple):
    """
    A model at (x, rating). On the frontier no other that can be had is rated as high and as cheap or quick.

    `frontier_chance`, 0 to 1: how likely it is to be there, given the intervals; 0 for a retired model. `basis`
    tells where x comes from, such as `median of 7 judged images`.
    """

    model: NamedModel
    x: float
    rating: float
    rating_low: float
    rating_high: float
    provisional: bool
    on_frontier: bool
    frontier_chance: float
    basis: str = ""

    @property
    def is_retired(self) -> bool:
        """Tell whether nobody serves the model any more: it is no choice, and keeps none from being one."""
        return self.model.status == "retired"


@dataclass(frozen=True)
class Scatter:
    """Ranked models by rising x; `omitted` ranked models have no x yet. `listed` of them have a list's price."""

    points: tuple[ChartPoint, ...]
    omitted: int
    reason: str
    listed: int = 0


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
    """
    Ranked models, best first; `cells[row][column]` has the row as A, None on the diagonal.

    `of` counts the ranked models of the board, of which these may be the first.
    """

    models: tuple[NamedModel, ...]
    cells: tuple[tuple[Battles | None, ...], ...]
    of: int


def elo_vs_price(view: BoardView) -> Scatter:
    """Plot rating by what an image costs in US dollars, at the settings that were judged where that is known."""
    priced = [(row, row.cost.usd, _basis(row.cost)) for row in view.standings if row.cost]
    listed = sum(row.rank is not None and row.cost is not None and not row.cost.images for row in view.standings)
    return _scatter(view.standings, priced, "without pricing omitted", listed)


def elo_vs_speed(view: BoardView) -> Scatter:
    """Plot rating by the median seconds of a judged image."""
    timed = [(row, row.seconds_median, "median") for row in view.standings if row.seconds_median is not None]
    return _scatter(view.standings, timed, "waiting for enough speed data")


def read_history(session: Session, model: str, mode: str) -> tuple[HistoryPoint, ...]:
    """Read a model's ratings on a mode's board, from the oldest kept to the current run's. Raises UnknownModel."""
    asked = {"board": key(mode), "model": lookup.find_id(session, model)}
    rows = (row for query in (_HOURS, _TODAY) for row in query.all(session, **asked))
    return tuple(HistoryPoint(moment_of(at), *point) for at, *point in rows)


def read_win_matrix(session: Session, view: BoardView, most: int | None = None) -> WinMatrix:
    """Read the battles of a board's ranked models, the first `most`, with each other, over its competitions."""
    ranked = [row for row in view.standings if row.rank is not None]
    rows = sorted(ranked, key=lambda row: (row.rank or 0, row.model.slug))[:most]
    met = _met(session, list(view.run.competition_ids) if view.run else [], view.question)
    never = Battles()
    cells = (
        tuple(None if row is column else met.get((row.model_id, column.model_id), never) for column in rows)
        for row in rows
    )
    return WinMatrix(tuple(row.model for row in rows), tuple(cells), len(ranked))


def _basis(cost: ImageCost) -> str:
    if cost.images:
        return f"median of {cost.images} judged image{'' if cost.images == 1 else 's'}"
    return f"list price, {cost.basis}" if cost.basis else "list price"


def _scatter(
    standings: Iterable[BoardStanding],
    at: Iterable[tuple[BoardStanding, float, str]],
    reason: str,
    listed: int = 0,
) -> Scatter:
    known = sorted((one for one in at if one[0].rank is not None), key=lambda one: (one[1], -one[0].rating))
    on_sale = [(row, x) for row, x, _ in known if row.model.status != "retired"]
    likely = chances([Candidate(x, row.rating, row.rating_low, row.rating_high) for row, x in on_sale])
    chance_of = {row.model_id: chance for (row, _), chance in zip(on_sale, likely, strict=True)}
    best = float("-inf")
    points = []
    for row, x, basis in known:
        leads = row.model_id in chance_of and row.rating > best
        points.append(_point(x, row, basis, on_frontier=leads, chance=chance_of.get(row.model_id, 0.0)))
        best = row.rating if leads else best
    return Scatter(tuple(points), sum(row.rank is not None for row in standings) - len(known), reason, listed)


def _point(x: float, row: BoardStanding, basis: str, *, on_frontier: bool, chance: float) -> ChartPoint:
    interval = row.rating, row.rating_low, row.rating_high
    return ChartPoint(row.model, x, *interval, row.provisional, on_frontier, chance, basis)


def _met(session: Session, competitions: list[int], question: str) -> dict[tuple[int, int], Battles]:
    """Count the battles of each ordered pair that met, the first as A."""
    counts = (cast(func.sum(count), BigInteger) for count in COUNTS)
    rows = session.execute(
        select(Tally.left_model_id, Tally.right_model_id, *counts)
        .where(Tally.competition_id.in_(competitions), Tally.question == question)
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
