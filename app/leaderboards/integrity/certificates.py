"""Certificates of how firm each board is: the votes it would take to move it, made by the sweep."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.database.columns import moment_of
from app.database.statements import PreparedStatement, read_json
from app.elo_scale import RANKED_FROM
from app.leaderboards.runs import compute
from app.leaderboards.runs.question_boards import borrow_from_better
from app.leaderboards.runs.scopes import Scope
from app.leaderboards.runs.snapshot import BoardTallies, Snapshot
from app.leaderboards.tables import Audit
from app.ratings import firmness
from app.ratings.bradley_terry import Design, NormalPrior, fit
from app.ratings.firmness import Firmness, Rater
from app.ratings.model import fit_with_prior
from app.ratings.questions import estimate_dispersion
from app.ratings.tallies import Index
from app.words import BETTER

FEWEST_MODELS = 2
MOST_CHANGES = 10
_AUDITS = Audit.__table__.c
_NEWEST = PreparedStatement(
    lambda _: (
        select(_AUDITS.at, _AUDITS.numbers)
        .where(_AUDITS.mode == bindparam("mode"))
        .order_by(_AUDITS.id.desc())
        .limit(1)
    )
)
LEARNT_UP_TO = 100
"""Models; larger boards keep their spread while votes are tried, which costs a third."""


@dataclass(frozen=True)
class Certificate:
    """
    Count the further votes that lift a ranked model (slug) over the one above, 0 for the first of the board.

    `votes_to_change_first` further votes put `challenger` first instead; `votes` were counted then. `by_kind` has
    the fewest votes added, removed and flipped that change the first place, and which; nothing where none would.
    """

    at: datetime
    votes: int
    first: str
    challenger: str
    votes_to_change_first: int
    votes_to_gain_a_rank: dict[str, int]
    by_kind: dict[str, Any] = field(default_factory=dict)


def certify_boards(seen: Snapshot) -> dict[str, dict[str, Any]]:
    """Compute the certificates of a mode's boards with two ranked models or more, by board key, ready for JSON."""
    if not seen.scopes:
        return {}
    whole = seen.board(seen.scopes[0])
    boards = ((scope, seen.board(scope)) for scope in seen.scopes)
    return {
        scope.key: _certificate(seen, board, ranked, _rater(seen, scope, whole, board))
        for scope, board in boards
        if (ranked := np.flatnonzero(board.tallies.games.sum(axis=1) >= RANKED_FROM)).size >= FEWEST_MODELS
    }


def read_certificates(session: Session, mode: str) -> dict[str, Certificate]:
    """Read the certificates of a mode's newest audit, by board key."""
    row = _NEWEST.first(session, mode=mode)
    if row is None:
        return {}
    at, by_board = moment_of(row.at), read_json(row.numbers).get("certificates", {})
    return {key: Certificate(at=at, **numbers) for key, numbers in by_board.items()}


def _certificate(seen: Snapshot, board: BoardTallies, ranked: Index, rater: Rater) -> dict[str, Any]:
    slugs = [seen.slugs[model] for model in board.model_ids.tolist()]
    cells = firmness.every_pair(board.tallies)
    fitted = rater(cells)
    order = ranked[np.argsort(-fitted.strength[ranked], kind="stable")].tolist()
    found = {kind: firmness.to_change_first(cells, kind, rater, fitted, order) for kind in firmness.KINDS}
    added = found["added"]
    gains = {order[0]: 0}
    for above, model in pairwise(order):
        passed = firmness.to_pass(cells, model, above, "added", rater, fitted)
        gains[model] = 0 if passed is None else passed.votes
    return {
        "votes": board.votes,
        "first": slugs[order[0]],
        "challenger": slugs[order[1] if added is None else added.challenger],
        "votes_to_change_first": 0 if added is None else added.votes,
        "votes_to_gain_a_rank": {slugs[model]: gains[model] for model in ranked.tolist()},
        "by_kind": {kind: _said(each, slugs) for kind, each in found.items() if each is not None},
    }


def _said(found: Firmness, slugs: list[str]) -> dict[str, Any]:
    """Describe the votes of one kind: on which pairs, and how wins, losses and ties of the first model change."""
    named = [[slugs[one.first], slugs[one.second], list(one.move), one.votes] for one in found.changes]
    return {"votes": found.votes, "challenger": slugs[found.challenger], "changes": named[:MOST_CHANGES]}


def _rater(seen: Snapshot, scope: Scope, whole: BoardTallies, board: BoardTallies) -> Rater:
    """Choose what the board itself is rated with: a competition borrows from the others of its mode."""
    models = board.model_ids.size
    if seen.question != BETTER and seen.mode in seen.lent and seen.difference is not None:
        lent = borrow_from_better(seen, scope, board, seen.difference)
        prior = NormalPrior(lent.mean, 1 / lent.variance)
        dispersion = estimate_dispersion(board.tallies, prior)
        return lambda cells: fit(Design(cells, models, side=False).divided(dispersion), prior)
    known = compute.borrow_strength(seen, whole, [board])[0] if scope.kind == "competition" else None
    if known is not None and seen.shared is not None:
        prior, dispersion = NormalPrior(known.mean, 1 / known.variance), seen.shared.dispersion
        return lambda cells: fit(Design(cells, models, side=False).divided(dispersion), prior)
    spread = None
    if models > LEARNT_UP_TO:
        spread = fit_with_prior(Design(board.tallies.pairs(), models, side=False)).spread
    return lambda cells: fit_with_prior(Design(cells, models, side=False), spread).fit
