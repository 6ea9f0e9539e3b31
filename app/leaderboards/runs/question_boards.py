"""The boards of questions other than `better`, from whose board each of them borrows (docs/ratings.md 7)."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from app.elo_scale import ELO_PER_LOGIT, Z_95
from app.leaderboards.runs.compute import (
    BorrowedStrength,
    RatedBoard,
    describe_board,
    rate_question,
    read_board_voters,
)
from app.leaderboards.runs.scopes import Scope
from app.leaderboards.runs.snapshot import BoardTallies, Snapshot
from app.ratings.components import VarianceComponent
from app.ratings.questions import learn_difference
from app.ratings.tallies import Array

STRANGER = 300.0 / ELO_PER_LOGIT
"""Logits by which a model that `better` has not rated may be away from the level."""
OWN_PROMPT = 60.0 / ELO_PER_LOGIT
"""Logits by which a model's strengths for two questions differ more on one prompt than over many."""


def rate_boards(snapshot: Snapshot, scopes: Iterable[Scope], *, until: float) -> Iterator[RatedBoard]:
    """Rate a question's boards, the overall one first, whose difference others use; the last begun by `until`."""
    difference = snapshot.difference
    for scope in scopes:
        started = time.perf_counter()
        if started > until:
            return
        board = snapshot.board(scope)
        mean, variance = _read_better(snapshot, scope, board)
        if scope.kind == "overall" or difference is None:
            difference = learn_difference(board.tallies, mean, variance)
        known = _borrow(scope, mean, variance, difference)
        ratings = rate_question(snapshot, scope, board, known, read_board_voters(snapshot, scope, board))
        rated = describe_board(snapshot, scope, board, ratings, known, started)
        yield replace(rated, parts=rated.parts | {"difference": _stored(difference)})


def borrow_from_better(
    snapshot: Snapshot, scope: Scope, board: BoardTallies, difference: VarianceComponent
) -> BorrowedStrength:
    """Tell what a board's models are taken to be before its own votes, by the current runs of `better`."""
    return _borrow(scope, *_read_better(snapshot, scope, board), difference)


def _borrow(scope: Scope, mean: Array, variance: Array, difference: VarianceComponent) -> BorrowedStrength:
    apart = difference.variance + (OWN_PROMPT**2 if scope.kind == "competition" else 0.0)
    return BorrowedStrength(mean, variance + apart, difference.error)


def _read_better(snapshot: Snapshot, scope: Scope, board: BoardTallies) -> tuple[Array, Array]:
    """Read what `better` says of a board's models, in logits: from its own board or else from the overall one."""
    ratings = dict(snapshot.lent[snapshot.mode]) | dict(snapshot.lent.get(scope.better_key, {}))
    nobody = (snapshot.anchor.value, STRANGER * Z_95 * ELO_PER_LOGIT)
    rows = [ratings.get(model, nobody) for model in board.model_ids.tolist()]
    rating, half = np.array(rows, dtype=float).reshape(-1, 2).T
    return (rating - snapshot.anchor.value) / ELO_PER_LOGIT, (half / Z_95 / ELO_PER_LOGIT) ** 2


def _stored(difference: VarianceComponent) -> list[float]:
    return [difference.variance, difference.error, difference.clusters]
