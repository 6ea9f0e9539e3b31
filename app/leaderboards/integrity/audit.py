"""The audit of a mode's overall board: how far off it could be and how firm it is. Only the sweep runs it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Float, and_, bindparam, case, cast, func, select, true
from sqlalchemy.orm import Session

from app.arena.battles import LEFT, RIGHT, select_battles
from app.arena.tables import Competition, Matchup, Vote
from app.database.doors import Database
from app.database.statements import PreparedStatement
from app.leaderboards.integrity import certificates, monitors
from app.leaderboards.integrity.exposure import ExposureCounts, count_exposure, find_batch_end
from app.leaderboards.integrity.picture_qualities import audit_qualities
from app.leaderboards.integrity.picture_traces import publish_traces, read_traces
from app.leaderboards.runs import compute, snapshot, voters
from app.leaderboards.runs.scopes import list_modes
from app.leaderboards.runs.snapshot import BoardTallies, Snapshot
from app.leaderboards.runs.voters import VoterRows
from app.leaderboards.tables import Audit
from app.ratings import audit
from app.ratings.board import NoFiniteRating, SideTerm, rate_log
from app.ratings.scale import Anchor
from app.ratings.tallies import Array, Log, Tallies
from app.words import BETTER, JUDGEMENTS

# Asked at every request while votes come in, so that a kept page is known to show the newest audit.
_LATEST = PreparedStatement(lambda _: select(func.max(Audit.id)).where(Audit.mode == bindparam("mode")))
_AUDITS = Audit.__table__.c
# Written once: building a statement costs several times what the query does.
_NEWEST = (
    select(_AUDITS.mode, _AUDITS.at, _AUDITS.last_vote_id, _AUDITS.votes, _AUDITS.numbers)
    .where(_AUDITS.mode == bindparam("mode"))
    .order_by(_AUDITS.id.desc())
    .limit(1)
)
FEWEST_MODELS = FEWEST_COMPETITIONS = 2
FEWEST_VOTERS = 10
"""Of fewer, what their votes share is not told apart from what the board took up of it."""


@dataclass(frozen=True)
class BoardAudit:
    """One mode's audit: numbers by name, as stored and shown; ratings and errors in Elo points."""

    mode: str
    at: datetime
    last_vote_id: int
    votes: int
    numbers: dict[str, Any]


def audit_boards(database: Database, *, now: datetime, in_batches: bool = False) -> list[BoardAudit]:
    """
    Audit every mode with at least two rated models, and store what was found with its high-water mark.

    `in_batches` lets the counts of how often models were shown move only when many people have judged since.
    """
    with database.reading() as session:
        modes = list_modes(session)
        asked = {mode: snapshot.list_asked(session, mode) for mode in modes}
    audits = [swept for mode in modes if (swept := _audit_mode(database, mode, now, in_batches)) is not None]
    for mode in modes:
        for question in asked[mode]:
            _renew_voters(database, mode, question, now)

    def store(session: Session) -> None:
        session.add_all(
            Audit(mode=s.mode, at=s.at, last_vote_id=s.last_vote_id, votes=s.votes, numbers=s.numbers)
            for s in audits
        )

    database.write(store)
    return audits


def _renew_voters(database: Database, mode: str, question: str, now: datetime) -> None:
    """Renew the voters' aggregate of a mode and question too large for its runs to read who voted."""
    with database.reading() as session:
        seen = snapshot.read(session, mode, question=question)
        if isinstance(seen.voters, VoterRows):
            return
        renewed = snapshot.aggregate_voters(session, seen, now)
    database.write(lambda session: voters.store(session, mode, renewed, question))


def read_latest(session: Session, mode: str) -> BoardAudit | None:
    """Read the newest audit of a mode; None before the first."""
    row = session.execute(_NEWEST, {"mode": mode}).first()
    return None if row is None else BoardAudit(*row)


def _audit_mode(database: Database, mode: str, now: datetime, in_batches: bool) -> BoardAudit | None:
    with database.reading() as session:
        seen = snapshot.read(session, mode)
        if not seen.scopes or (board := seen.board(seen.scopes[0])).model_ids.size < FEWEST_MODELS:
            return None
        last_vote_id = session.scalars(select(func.max(Vote.id))).one() or 0
        until = _exposure_end(session, mode, last_vote_id) if in_batches else last_vote_id
        views = _Recounts(
            # Pairs are drawn with unequal chances; by 1/probability the votes weigh as if drawn evenly.
            weighted=_tallies(session, board, mode, weight=1.0 / Matchup.probability),
            unseen=_tallies(session, board, mode, only=~Matchup.seen_before),
            by_voter=_tallies(session, board, mode, group=Vote.voter_id),
            shown=count_exposure(session, board.model_ids, mode, until=until),
            log=_votes(session, board, mode),
            days=monitors.count_by_day(session, board.model_ids, mode),
        )
        others = [snapshot.read(session, mode, question=asked) for asked in snapshot.list_asked(session, mode)[1:]]
        found = {
            "qualities": audit_qualities(session, seen, board),
            "named_qualities": audit_qualities(session, seen, board, named_only=True),
        }
        found["traces"] = publish_traces(read_traces(session, mode, named_only=True))
    numbers = _numbers(seen, board, views) | found
    for other in others:
        numbers["certificates"] |= certificates.certify_boards(other)
    return BoardAudit(mode, now, last_vote_id, board.votes, numbers)


def _exposure_end(session: Session, mode: str, last_vote_id: int) -> int:
    before = read_latest(session, mode)
    after = int(before.numbers.get("exposure_until", 0)) if before else 0
    return find_batch_end(session, mode, after=after, last=last_vote_id)


@dataclass(frozen=True, eq=False)
class _Recounts:
    """The same votes counted in other ways, over the board's models."""

    weighted: Tallies
    unseen: Tallies
    by_voter: Tallies
    shown: ExposureCounts
    log: Log
    days: monitors.ByDay


def _numbers(seen: Snapshot, board: BoardTallies, views: _Recounts) -> dict[str, Any]:
    anchor = compute.anchor_on(seen.anchor, board)
    slugs = [seen.slugs[model] for model in board.model_ids.tolist()]
    side = _left_advantage(board)
    firm = certificates.certify_boards(seen)
    overall = firm.get(seen.scopes[0].key, {})
    is_crowd = views.by_voter.competitions >= FEWEST_VOTERS
    inflation = audit.clustered_inflation(views.by_voter, anchor=anchor) if is_crowd else None
    reweighted = audit.shifts(board.tallies, _mean_one(views.weighted, board), anchor=anchor)
    without_seen = audit.shifts(board.tallies, views.unseen, anchor=anchor)
    return {
        "left_advantage": side and side.advantage,
        "left_advantage_error": side and side.error,
        "voter_inflation_median": None if inflation is None else float(np.median(inflation)),
        "voter_inflation_largest": None if inflation is None else float(inflation.max()),
        "reweighted_shift_largest": float(np.abs(reweighted).max()),
        "unseen_shift_largest": float(np.abs(without_seen).max()),
        "exposure_until": views.shown.until,
        "first": overall.get("first"),
        "first_challenger": overall.get("challenger"),
        "votes_to_change_first": overall.get("votes_to_change_first"),
        "models": _per_model(slugs, board, anchor, views, without_seen, overall.get("votes_to_gain_a_rank", {})),
        "certificates": firm,
        "days": monitors.find_alarms(views.days, board.tallies, slugs),
    }


def _left_advantage(board: BoardTallies) -> SideTerm | None:
    """Fit the advantage of the left side; None while one side has won every vote: it has no bound yet."""
    try:
        return audit.left_advantage(board.tallies)
    except NoFiniteRating:
        return None


def _per_model(
    slugs: list[str],
    board: BoardTallies,
    anchor: Anchor,
    views: _Recounts,
    without_seen: Array,
    gains: dict[str, int],
) -> dict[str, dict[str, float | int | None]]:
    exposure = views.shown.issued / max(views.shown.issued.sum() / 2, 1)
    has_competitions = board.tallies.competitions >= FEWEST_COMPETITIONS
    halves = audit.jackknife_halves(board.tallies, anchor=anchor).tolist() if has_competitions else None
    one_by_one = rate_log(views.log, anchor=anchor).rating
    return {
        slug: {
            "exposure": float(exposure[i]),
            "issued": int(views.shown.issued[i]),
            "seen_before": int(views.shown.seen_before[i]),
            "undone": int(views.shown.undone[i]),
            "votes_to_gain_a_rank": gains.get(slug),
            "jackknife_half_width": None if halves is None else halves[i],
            "unseen_shift": float(without_seen[i]),
            "sequential_elo": float(one_by_one[i]),
        }
        for i, slug in enumerate(slugs)
    }


def _mean_one(weighted: Tallies, board: BoardTallies) -> Tallies:
    """Scale weighted votes to as many in all as were cast: a fit with a prior depends on their number."""
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
    """Tally the counted votes of the log anew: with a weight each, some left out, or grouped by something else."""
    unit = cast(weight, Float) if weight is not None else 1
    place = (group, LEFT.model_id, RIGHT.model_id)
    sums = [func.sum(case((Vote.outcome == kind, unit), else_=0)) for kind in JUDGEMENTS]
    which = and_(
        Competition.mode == mode, Matchup.question == BETTER, Vote.counted, true() if only is None else only
    )
    counts = session.execute(select_battles(*place, *sums).where(which).group_by(*place))
    rows = np.array([tuple(row) for row in counts], dtype=np.float64)
    rows = rows.reshape(-1, 3 + len(JUDGEMENTS))
    left, right = (np.searchsorted(board.model_ids, rows[:, side]) for side in (1, 2))
    groups = np.unique(rows[:, 0], return_inverse=True)[1]
    return Tallies(board.model_ids.size, groups, left, right, *rows[:, 3:].T)


def _votes(session: Session, board: BoardTallies, mode: str) -> Log:
    """Read every counted vote in the order in which it was cast, as sequential Elo needs them."""
    statement = (
        select_battles(Matchup.competition_id, LEFT.model_id, RIGHT.model_id, Vote.outcome)
        .where(Competition.mode == mode, Matchup.question == BETTER, Vote.counted)
        .order_by(Vote.id)
        .execution_options(yield_per=10_000)
    )
    flat = (n for c, a, b, outcome in session.execute(statement) for n in (c, a, b, JUDGEMENTS.index(outcome)))
    competition, *seats, outcome = np.fromiter(flat, np.int64).reshape(-1, 4).T
    groups = np.unique(competition, return_inverse=True)[1]
    left_seat, right_seat = (np.searchsorted(board.model_ids, seat) for seat in seats)
    return Log(board.model_ids.size, groups, left_seat, right_seat, outcome)


def read_latest_id(session: Session, mode: str) -> int | None:
    """Read the id of a mode's newest audit, for the keys of pages that show it; None before the first."""
    audit_id: int | None = _LATEST.first(session, mode=mode)[0]
    return audit_id
