"""How firm each board is: the votes it would take to move it. Made by the sweep, stored with its audit."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.leaderboards.runs import compute
from app.leaderboards.runs.scopes import Scope
from app.leaderboards.runs.snapshot import BoardTallies, Snapshot
from app.leaderboards.tables import Audit
from app.ratings import audit
from app.ratings.bradley_terry import Known, Prior, VirtualGames

FEWEST_MODELS = 2


@dataclass(frozen=True)
class Certificate:
    """
    How firm a board is: by model (slug) the further wins over the model above that gain its rank, 0 for the first.

    `votes_to_change_first` wins of `challenger` over `first` put another model there; `votes` were counted then.
    """

    at: datetime
    votes: int
    first: str
    challenger: str
    votes_to_change_first: int
    votes_to_gain_a_rank: dict[str, int]


def certify_boards(seen: Snapshot) -> dict[str, dict[str, Any]]:
    """Compute the certificates of a mode's boards with at least two models, by board key, ready for JSON."""
    if not seen.scopes:
        return {}
    whole = seen.board(seen.scopes[0])
    boards = ((scope, seen.board(scope)) for scope in seen.scopes)
    return {
        scope.key: _certificate(seen, board, _prior(seen, scope, whole, board))
        for scope, board in boards
        if board.model_ids.size >= FEWEST_MODELS
    }


def read_certificates(session: Session, mode: str) -> dict[str, Certificate]:
    """Read the certificates of a mode's newest audit, by board key."""
    row = session.scalar(select(Audit).where(Audit.mode == mode).order_by(Audit.id.desc()).limit(1))
    if row is None:
        return {}
    by_board = row.numbers.get("certificates", {})
    return {key: Certificate(at=row.at, **numbers) for key, numbers in by_board.items()}


def _certificate(seen: Snapshot, board: BoardTallies, prior: Prior) -> dict[str, Any]:
    slugs = [seen.slugs[model] for model in board.model_ids.tolist()]
    ratings = audit.ratings_of(board.tallies, prior=prior)
    challenger, votes = audit.votes_to_change_first(board.tallies, prior=prior)
    gains = audit.votes_to_gain_a_rank(board.tallies, prior=prior).tolist()
    return {
        "votes": board.votes,
        "first": slugs[int(ratings.argmax())],
        "challenger": slugs[challenger],
        "votes_to_change_first": votes,
        "votes_to_gain_a_rank": dict(zip(slugs, gains, strict=True)),
    }


def _prior(seen: Snapshot, scope: Scope, whole: BoardTallies, board: BoardTallies) -> Prior:
    """Choose the prior the board itself is rated with: a competition borrows from the others of its mode."""
    known = compute.borrow_strength(seen, whole, board) if scope.kind == "competition" else None
    if known is None or seen.tau2 is None:
        return VirtualGames()
    return Known(known.mean, 1 / (seen.tau2 + known.variance))
