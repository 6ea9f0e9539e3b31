"""What the tests say of voters and networks, with the evidence a person needs to judge it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from app.leaderboards import snapshot
from app.leaderboards.snapshot import BoardTallies
from app.leaderboards.watch.gathering import Batch, Kind, batches
from app.leaderboards.watch.subjects import Subject
from app.ratings import suspicion
from app.ratings.bradley_terry import Design, Fit, VirtualGames, fit, logistic
from app.ratings.suspicion import Exposure, Likelihood
from app.ratings.tallies import Array, Mask, Tallies

NO_TEST = 1.0
"""The p-value of a finding that is a rule and no test."""
FEWEST_MODELS = 2


@dataclass(frozen=True)
class Finding:
    """
    Somebody whose votes should not count for now. `p_value` is corrected for the models looked at.

    `evidence` is for JSON: mode, model (slug or null), direction, what it was issued and answered, what was
    expected and seen, the period.
    """

    subject: Subject
    test: str
    p_value: float
    evidence: dict[str, Any]


@dataclass(frozen=True, eq=False)
class _Mode:
    """A mode's models by id, and its board with the fit of all its votes; no fit below two models."""

    name: str
    slugs: dict[int, str]
    model_ids: Array
    board: BoardTallies | None
    fitted: Fit | None


def findings(session: Session, kind: Kind, mode: str, *, now: datetime) -> Iterator[Finding]:
    """Every voter or network of a mode that a test finds and no flag stands against."""
    about = _about(session, mode)
    for batch in batches(session, kind, mode, now=now):
        yield from _found(batch, about, kind)


def _about(session: Session, mode: str) -> _Mode:
    seen = snapshot.read(session, mode)
    model_ids = np.array(sorted(seen.slugs))
    board = seen.board(seen.scopes[0]) if seen.scopes else None
    if board is None or board.model_ids.size < FEWEST_MODELS:
        return _Mode(mode, seen.slugs, model_ids, None, None)
    fitted = fit(Design(board.tallies.pairs(), board.model_ids.size, side=False), VirtualGames())
    return _Mode(mode, seen.slugs, model_ids, board, fitted)


def _found(batch: Batch, about: _Mode, kind: Kind) -> Iterator[Finding]:
    groups = len(batch.names)
    left, right = (np.searchsorted(about.model_ids, side) for side in (batch.left, batch.right))
    models = about.model_ids.size
    eager = suspicion.exposure(
        batch.group, left, right, batch.issued, batch.answered, groups=groups, models=models
    )
    odd = _likelihood(batch, about)
    skippers = _skippers(eager, kind)
    suspects = (eager.p < suspicion.ALPHA) | skippers
    if odd is not None:
        suspects[: odd.p.size] |= odd.p < suspicion.ALPHA
    for group in np.flatnonzero(suspects).tolist():
        likelier = odd is not None and group < odd.p.size and odd.p[group] < eager.p[group]
        if odd is not None and likelier and odd.p[group] < suspicion.ALPHA:
            test, p_value, told = "likelihood", float(odd.p[group]), _of_votes(batch, about, odd, group)
        elif eager.p[group] < suspicion.ALPHA:
            test, p_value, told = "exposure", float(eager.p[group]), _of_exposure(batch, about, eager, group)
        else:
            test, p_value, told = "skips", NO_TEST, {"model": None, "direction": None}
        common = _common(batch, about, eager, group)
        yield Finding(Subject.named(batch.names[group]), test, p_value, common | told)


def _skippers(eager: Exposure, kind: Kind) -> Mask:
    """Voters alone: what is seen and let expire, or taken back, is a skip too."""
    if kind == "network":
        return np.zeros(eager.p.size, dtype=bool)
    return suspicion.skip_share(eager.issued, eager.issued - eager.answered)


def _likelihood(batch: Batch, about: _Mode) -> Likelihood | None:
    """Votes beyond a cap do not count, and tell as much about who cast them."""
    if about.fitted is None or about.board is None:
        return None
    voted = _on_board(batch, about.board) & batch.votes.any(axis=1)
    if not voted.any():
        return None
    left, right = (np.searchsorted(about.board.model_ids, side[voted]) for side in (batch.left, batch.right))
    models = about.board.model_ids.size
    cast = Tallies(models, batch.group[voted], left, right, *batch.votes[voted].T)
    return suspicion.likelihood(cast, about.fitted, batch.counts[voted].sum(axis=1) / cast.played)


def _on_board(batch: Batch, board: BoardTallies) -> Mask:
    """Rows of models that both have a counted battle."""
    return np.isin(batch.left, board.model_ids) & np.isin(batch.right, board.model_ids)


def _common(batch: Batch, about: _Mode, eager: Exposure, group: int) -> dict[str, Any]:
    rows = batch.rows_of(group)
    return {
        "mode": about.name,
        "issued": int(eager.issued[group]),
        "answered": int(eager.answered[group]),
        "counted": int(batch.counts[rows].sum()),
        "first": _moment(batch.first[rows].min()),
        "last": _moment(batch.last[rows].max()),
    }


def _of_exposure(batch: Batch, about: _Mode, eager: Exposure, group: int) -> dict[str, Any]:
    """Votes on matchups that showed the model: expected is its share of what was issued."""
    model = int(about.model_ids[eager.model[group]])
    there, answered = float(eager.issued_there[group]), float(eager.answered[group])
    points, played = _points(batch, group, model)
    return {
        "model": about.slugs[model],
        "direction": _direction(points - played / 2),
        "issued_there": int(there),
        "expected": round(answered * there / float(eager.issued[group]), 1),
        "seen": int(eager.answered_there[group]),
    }


def _of_votes(batch: Batch, about: _Mode, odd: Likelihood, group: int) -> dict[str, Any]:
    """Points for the model, a win one and a tie half, against those the board expects of the same pairs."""
    if about.board is None or about.fitted is None or odd.model[group] < 0:
        return {"model": None, "direction": None, "z": round(float(odd.z[group]), 1)}
    model = int(about.board.model_ids[odd.model[group]])
    points, _ = _points(batch, group, model)
    return {
        "model": about.slugs[model],
        "direction": _direction(float(odd.model_z[group])),
        "expected": round(_expected(batch, group, model, about.board, about.fitted), 1),
        "seen": points,
        "z": round(float(odd.z[group]), 1),
        "model_z": round(float(odd.model_z[group]), 1),
    }


def _points(batch: Batch, group: int, model: int) -> tuple[float, int]:
    """A model's points in one group's votes, and how many of these votes there are."""
    rows = batch.rows_of(group)
    left, right = batch.left[rows] == model, batch.right[rows] == model
    counts = batch.votes[rows]
    wins = int(counts[left, 0].sum() + counts[right, 1].sum())
    ties = int(counts[left | right, 2:].sum())
    return wins + ties / 2, int(counts[left | right].sum())


def _expected(batch: Batch, group: int, model: int, board: BoardTallies, fitted: Fit) -> float:
    rows = batch.rows_of(group)
    there = (batch.left[rows] == model) | (batch.right[rows] == model)
    played = batch.votes[rows].sum(axis=1)
    there &= (played > 0) & _on_board(batch, board)[rows]
    other = np.where(batch.left[rows] == model, batch.right[rows], batch.left[rows])[there]
    own, others = (fitted.strength[np.searchsorted(board.model_ids, ids)] for ids in (np.array([model]), other))
    return float((played[there] * logistic(own - others)).sum())


def _direction(lean: float) -> str | None:
    return "favours" if lean > 0 else "buries" if lean < 0 else None


def _moment(milliseconds: Any) -> str:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC).isoformat(timespec="seconds")
