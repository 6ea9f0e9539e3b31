"""How far off a mode's overall board could be, and how firm it is. By the sweep alone."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Float, and_, bindparam, case, cast, func, select, true
from sqlalchemy.orm import Session

from app.arena.battles import LEFT, RIGHT, select_battles
from app.arena.tables import Competition, Matchup, Vote
from app.database.doors import Database
from app.database.statements import Prepared
from app.leaderboards.integrity import certificates, monitors
from app.leaderboards.integrity.exposure import Shown, shown
from app.leaderboards.runs import compute, snapshot
from app.leaderboards.runs.snapshot import BoardTallies, Snapshot
from app.leaderboards.tables import Audit
from app.ratings import audit
from app.ratings.board import NoFiniteRating, SideTerm, rate_log
from app.ratings.scale import Anchor
from app.ratings.tallies import Array, Log, Tallies
from app.words import JUDGEMENTS

Z = 1.96
# Asked at every request while votes come in, so that a kept page is known to show the newest audit.
_LATEST = Prepared(lambda _: select(func.max(Audit.id)).where(Audit.mode == bindparam("mode")))
FEWEST_MODELS = 2


@dataclass(frozen=True)
class Swept:
    """One mode's audit: numbers by name, as stored and shown; ratings and errors in Elo points."""

    mode: str
    at: datetime
    last_vote_id: int
    votes: int
    numbers: dict[str, Any]


def sweep(database: Database, *, now: datetime) -> list[Swept]:
    """Audit every mode with at least two rated models, and store what was found with its high-water mark."""
    with database.reading() as session:
        modes = list(session.scalars(select(Competition.mode).distinct().order_by(Competition.mode)))
    found = [swept for mode in modes if (swept := _swept(database, mode, now)) is not None]

    def store(session: Session) -> None:
        session.add_all(
            Audit(mode=s.mode, at=s.at, last_vote_id=s.last_vote_id, votes=s.votes, numbers=s.numbers)
            for s in found
        )

    database.write(store)
    return found


def latest(session: Session, mode: str) -> Swept | None:
    """The newest audit of a mode."""
    row = session.scalar(select(Audit).where(Audit.mode == mode).order_by(Audit.id.desc()).limit(1))
    return None if row is None else Swept(row.mode, row.at, row.last_vote_id, row.votes, row.numbers)


def _swept(database: Database, mode: str, now: datetime) -> Swept | None:
    with database.reading() as session:
        seen = snapshot.read(session, mode)
        if not seen.scopes or (board := seen.board(seen.scopes[0])).model_ids.size < FEWEST_MODELS:
            return None
        last_vote_id = session.scalars(select(func.max(Vote.id))).one() or 0
        views = _Views(
            weighted=_tallies(session, board, mode, weight=1.0 / Matchup.probability),
            unseen=_tallies(session, board, mode, only=~Matchup.seen_before),
            by_voter=_tallies(session, board, mode, group=Vote.voter_id),
            shown=shown(session, board.model_ids, mode),
            log=_votes(session, board, mode),
            days=monitors.by_day(session, board.model_ids, mode),
        )
    numbers = _numbers(seen, board, views)
    return Swept(mode, now, last_vote_id, board.votes, numbers)


@dataclass(frozen=True, eq=False)
class _Views:
    """The same votes counted in other ways, over the board's models."""

    weighted: Tallies
    unseen: Tallies
    by_voter: Tallies
    shown: Shown
    log: Log
    days: monitors.ByDay


def _numbers(seen: Snapshot, board: BoardTallies, views: _Views) -> dict[str, Any]:
    anchor = compute.anchoring(seen.anchor, board)
    slugs = [seen.slugs[model] for model in board.model_ids.tolist()]
    side = _left_advantage(board)
    challenger, votes = audit.votes_to_change_first(board.tallies)
    inflation = audit.clustered_inflation(views.by_voter, anchor=anchor)
    reweighted = audit.shifts(board.tallies, _mean_one(views.weighted, board), anchor=anchor)
    without_seen = audit.shifts(board.tallies, views.unseen, anchor=anchor)
    return {
        "left_advantage": side and side.advantage,
        "left_advantage_error": side and side.error,
        "voter_inflation_median": float(np.median(inflation)),
        "voter_inflation_largest": float(inflation.max()),
        "reweighted_shift_largest": float(np.abs(reweighted).max()),
        "unseen_shift_largest": float(np.abs(without_seen).max()),
        "first": slugs[int(audit.ratings_of(board.tallies).argmax())],
        "first_challenger": slugs[challenger],
        "votes_to_change_first": votes,
        "models": _per_model(slugs, board, anchor, views, without_seen),
        "certificates": certificates.certificates(seen),
        "days": monitors.alarms(views.days, board.tallies, slugs),
    }


def _left_advantage(board: BoardTallies) -> SideTerm | None:
    """None while one side has won every vote: its advantage has no bound yet."""
    try:
        return audit.left_advantage(board.tallies)
    except NoFiniteRating:
        return None


def _per_model(
    slugs: list[str], board: BoardTallies, anchor: Anchor, views: _Views, without_seen: Array
) -> dict[str, dict[str, float | int | None]]:
    exposure = views.shown.issued / max(views.shown.issued.sum() / 2, 1)
    gains = audit.votes_to_gain_a_rank(board.tallies)
    has_competitions = board.tallies.competitions >= FEWEST_MODELS
    errors = audit.jackknife(board.tallies, anchor=anchor)[0] if has_competitions else None
    one_by_one = rate_log(views.log, anchor=anchor).rating
    return {
        slug: {
            "exposure": float(exposure[i]),
            "issued": int(views.shown.issued[i]),
            "seen_before": int(views.shown.seen_before[i]),
            "answered": int(views.shown.answered[i]),
            "undone": int(views.shown.undone[i]),
            "votes_to_gain_a_rank": int(gains[i]),
            "jackknife_half_width": None if errors is None else float(Z * errors[i]),
            "unseen_shift": float(without_seen[i]),
            "sequential_elo": float(one_by_one[i]),
        }
        for i, slug in enumerate(slugs)
    }


def _mean_one(weighted: Tallies, board: BoardTallies) -> Tallies:
    """Weights as they matter for a fit with a prior: as many votes in all as there are."""
    scale = board.votes / float(weighted.played.sum())
    return replace(
        weighted,
        left_wins=scale * weighted.left_wins.astype(np.float64),
        right_wins=scale * weighted.right_wins.astype(np.float64),
        ties=scale * weighted.ties.astype(np.float64),
        both_bad=scale * weighted.both_bad.astype(np.float64),
    )


def _tallies(
    session: Session,
    board: BoardTallies,
    mode: str,
    *,
    weight: ColumnElement[Any] | None = None,
    only: ColumnElement[bool] | None = None,
    group: Any = Matchup.competition_id,
) -> Tallies:
    """Counted votes of the log, with a weight each, some left out, or grouped by something else."""
    unit = cast(weight, Float) if weight is not None else 1
    place = (group, LEFT.model_id, RIGHT.model_id)
    sums = [func.sum(case((Vote.outcome == kind, unit), else_=0)) for kind in JUDGEMENTS]
    which = and_(Competition.mode == mode, Vote.counted, true() if only is None else only)
    counts = session.execute(select_battles(*place, *sums).where(which).group_by(*place))
    rows = np.array([tuple(row) for row in counts], dtype=np.float64)
    rows = rows.reshape(-1, 3 + len(JUDGEMENTS))
    left, right = (np.searchsorted(board.model_ids, rows[:, side]) for side in (1, 2))
    groups = np.unique(rows[:, 0], return_inverse=True)[1]
    return Tallies(board.model_ids.size, groups, left, right, *rows[:, 3:].T)


def _votes(session: Session, board: BoardTallies, mode: str) -> Log:
    """Every counted vote in the order it was cast, as sequential Elo wants them."""
    statement = (
        select_battles(Matchup.competition_id, LEFT.model_id, RIGHT.model_id, Vote.outcome)
        .where(Competition.mode == mode, Vote.counted)
        .order_by(Vote.id)
        .execution_options(yield_per=10_000)
    )
    flat = (n for c, a, b, outcome in session.execute(statement) for n in (c, a, b, JUDGEMENTS.index(outcome)))
    competition, *seats, outcome = np.fromiter(flat, np.int64).reshape(-1, 4).T
    groups = np.unique(competition, return_inverse=True)[1]
    left_seat, right_seat = (np.searchsorted(board.model_ids, seat) for seat in seats)
    return Log(board.model_ids.size, groups, left_seat, right_seat, outcome)


def latest_id(session: Session, mode: str) -> int | None:
    """Of the newest audit of a mode: what a page that shows it depends on."""
    found: int | None = _LATEST.first(session, mode=mode)[0]
    return found
