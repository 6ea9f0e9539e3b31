"""A mode's boards from its snapshot: the overall board first, because τ² and the level come from it."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.leaderboards.runs.anchors import SETTLED_MODELS, AnchorSet
from app.leaderboards.runs.scopes import Scope
from app.leaderboards.runs.snapshot import BoardTallies, Snapshot
from app.ratings.board import Ratings, elsewhere, rate, rate_competition
from app.ratings.scale import Anchor
from app.ratings.tallies import Array, Index

METHOD = "bradley_terry"


@dataclass(frozen=True, eq=False)
class BorrowedStrength:
    """Strengths and variances of a competition's models as the rest of the mode tells them, in logits."""

    mean: Array
    variance: Array


@dataclass(frozen=True, eq=False)
class RatedBoard:
    """One board, computed. `standings` are the columns of its rows without the run's id."""

    scope: Scope
    votes: int
    ranked: int
    tallies_sha256: str
    anchor: AnchorSet
    interval: str
    tau2: float | None
    components: list[list[str]]
    standings: list[dict[str, Any]]
    seconds: float


def rate_overall(snapshot: Snapshot) -> tuple[RatedBoard, AnchorSet]:
    """Rate the mode's own board and return its anchor, frozen here once five models are not provisional."""
    started, board = time.perf_counter(), snapshot.board(snapshot.scopes[0])
    anchor = snapshot.anchor
    ratings = rate(board.tallies, anchor=anchor_on(anchor, board))
    if anchor.version == 0 and (settled := settled_models(board, ratings)):
        anchor = AnchorSet(1, settled)
        ratings = rate(board.tallies, anchor=anchor_on(anchor, board))
    anchored = replace(snapshot, anchor=anchor)
    return _rated(anchored, snapshot.scopes[0], board, ratings, None, started), anchor


def rate_others(snapshot: Snapshot, scopes: Iterable[Scope], *, until: float) -> Iterator[RatedBoard]:
    """Rate category and competition boards by the snapshot's τ² and anchor, the last begun by `until`."""
    whole = snapshot.board(snapshot.scopes[0])
    for scope in scopes:
        started = time.perf_counter()
        if started > until:
            return
        board = snapshot.board(scope)
        known = None if scope.kind == "category" else borrow_strength(snapshot, whole, board)
        ratings = rate_scope(snapshot, scope, board, known)
        yield _rated(snapshot, scope, board, ratings, known, started)


def rate_again(
    snapshot: Snapshot, scope: Scope, board: BoardTallies, known: BorrowedStrength | None
) -> RatedBoard:
    """Rate a board with what its run borrowed; the overall board makes its own τ² whatever the snapshot's."""
    started = time.perf_counter()
    if scope.kind == "overall":
        ratings = rate(board.tallies, anchor=anchor_on(snapshot.anchor, board))
    else:
        ratings = rate_scope(snapshot, scope, board, known)
    return _rated(snapshot, scope, board, ratings, known, started)


def rate_scope(snapshot: Snapshot, scope: Scope, board: BoardTallies, known: BorrowedStrength | None) -> Ratings:
    """Rate one board by the snapshot's τ² and anchor."""
    anchor = anchor_on(snapshot.anchor, board)
    if known is not None and snapshot.tau2 is not None:
        level = Anchor(value=snapshot.anchor.value)
        mean, variance = known.mean, known.variance
        return rate_competition(board.tallies, mean=mean, variance=variance, tau2=snapshot.tau2, anchor=level)
    if scope.kind == "competition" or snapshot.tau2 is None:
        return rate(board.tallies, anchor=anchor, interval="vote")
    return rate(board.tallies, anchor=anchor, tau2=snapshot.tau2)


def borrow_strength(snapshot: Snapshot, whole: BoardTallies, board: BoardTallies) -> BorrowedStrength | None:
    """Ask the mode's other competitions about this one's models; None where no τ² tells their weight."""
    if snapshot.tau2 is None or board.model_ids.size == 0:
        return None
    competition = int(np.searchsorted(np.unique(whole.rows[:, 0]), board.rows[0, 0]))
    anchor = anchor_on(snapshot.anchor, whole)
    mean, variance = elsewhere(whole.tallies, competition, tau2=snapshot.tau2, anchor=anchor)
    at = np.searchsorted(whole.model_ids, board.model_ids)
    return BorrowedStrength(mean[at], variance[at])


def anchor_on(anchor: AnchorSet, board: BoardTallies) -> Anchor:
    """Find the anchor's models on this board, as its indices; all of its models where none is there."""
    present = np.flatnonzero(np.isin(board.model_ids, anchor.model_ids))
    return Anchor(tuple(present.tolist()), anchor.value)


def settled_models(board: BoardTallies, ratings: Ratings) -> tuple[int, ...]:
    """List the ids of the models that are no longer provisional, once there are five."""
    settled = board.model_ids[~ratings.provisional]
    return tuple(settled.tolist()) if settled.size >= SETTLED_MODELS else ()


def _rated(
    snapshot: Snapshot,
    scope: Scope,
    board: BoardTallies,
    ratings: Ratings,
    known: BorrowedStrength | None,
    started: float,
) -> RatedBoard:
    return RatedBoard(
        scope=scope,
        votes=board.votes,
        ranked=ratings.of,
        tallies_sha256=snapshot.sha256(board.rows),
        anchor=snapshot.anchor,
        interval=ratings.interval,
        tau2=ratings.tau2,
        components=_components(snapshot, board, ratings.part),
        standings=_standings(board, ratings, known),
        seconds=time.perf_counter() - started,
    )


def _components(snapshot: Snapshot, board: BoardTallies, part: Index) -> list[list[str]]:
    if not part.any():
        return []
    members = [board.model_ids[part == number].tolist() for number in range(int(part.max()) + 1)]
    return [sorted(snapshot.slugs[model] for model in ids) for ids in members]


def _standings(board: BoardTallies, ratings: Ratings, known: BorrowedStrength | None) -> list[dict[str, Any]]:
    columns: dict[str, list[Any]] = {
        "model_id": board.model_ids.tolist(),
        "rating": ratings.rating.tolist(),
        "rating_low": ratings.low.tolist(),
        "rating_high": ratings.high.tolist(),
        "vote_low": ratings.vote_low.tolist(),
        "vote_high": ratings.vote_high.tolist(),
        "votes": ratings.votes.tolist(),
        "wins": ratings.wins.tolist(),
        "losses": ratings.losses.tolist(),
        "ties": (ratings.ties + ratings.both_bad).tolist(),
        "both_bad": ratings.both_bad.tolist(),
        "provisional": ratings.provisional.tolist(),
    }
    for name in ("rank", "rank_low", "rank_high", "rank_ub"):
        columns[name] = [place or None for place in getattr(ratings, name).tolist()]
    nothing = [None] * board.model_ids.size
    columns["borrowed"] = ratings.borrowed.tolist() if known else nothing
    columns["known_mean"] = known.mean.tolist() if known else nothing
    columns["known_variance"] = known.variance.tolist() if known else nothing
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
