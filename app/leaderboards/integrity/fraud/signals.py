"""Fraud signals: what the tests find about voters and networks, with the evidence a person needs to judge it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from app.leaderboards.integrity.fraud.evidence import Batch, Kind, batches
from app.leaderboards.integrity.fraud.subjects import Subject
from app.leaderboards.runs import snapshot
from app.leaderboards.runs.snapshot import BoardTallies
from app.ratings import suspicion
from app.ratings.bradley_terry import Design, Fit, VirtualGames, fit, logistic
from app.ratings.suspicion import Exposure, Likelihood
from app.ratings.suspicion_rings import Ring, ring
from app.ratings.tallies import Array, Mask, Tallies

NO_TEST = 1.0
"""The p-value of a finding that is a rule and no test."""
FEWEST_MODELS = 2


@dataclass(frozen=True)
class FraudSignal:
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


@dataclass(frozen=True, eq=False)
class _Judgement:
    """A batch's votes held against the board."""

    groups: int
    odd: Likelihood
    together: Ring

    @property
    def tests(self) -> dict[str, Array]:
        """Return the (groups,) p-values of each test; a group that did not vote has 1."""
        likely, ringed = np.ones(self.groups), np.ones(self.groups)
        likely[: self.odd.p.size] = self.odd.p
        ringed[self.together.members] = self.together.p
        return {"likelihood": likely, "ring": ringed}


def find_signals(session: Session, kind: Kind, mode: str, *, now: datetime) -> Iterator[FraudSignal]:
    """Find every voter or network of a mode that a test points at and no flag stands against, by question."""
    for question in snapshot.list_asked(session, mode):
        about = _about(session, mode, question)
        for batch in batches(session, kind, mode, now=now, question=question):
            yield from _found(batch, about, kind)


def _about(session: Session, mode: str, question: str) -> _Mode:
    seen = snapshot.read(session, mode, question=question)
    model_ids = np.array(sorted(seen.slugs))
    board = seen.board(seen.scopes[0]) if seen.scopes else None
    if board is None or board.model_ids.size < FEWEST_MODELS:
        return _Mode(mode, seen.slugs, model_ids, None, None)
    fitted = fit(Design(board.tallies.pairs(), board.model_ids.size, side=False), VirtualGames())
    return _Mode(mode, seen.slugs, model_ids, board, fitted)


def _found(batch: Batch, about: _Mode, kind: Kind) -> Iterator[FraudSignal]:
    eager, judged = _exposure(batch, about), _judged(batch, about)
    tests = {"exposure": eager.p} | ({} if judged is None else judged.tests)
    skippers = _skippers(eager, kind)
    for group in np.flatnonzero(skippers | (np.min([*tests.values()], axis=0) < suspicion.ALPHA)).tolist():
        test = min(tests, key=lambda name: float(tests[name][group]))
        p_value, told = float(tests[test][group]), dict[str, Any]()
        if p_value >= suspicion.ALPHA:
            test, p_value, told = "skips", NO_TEST, {"model": None, "direction": None}
        elif test == "exposure":
            told = _of_exposure(batch, about, eager, group)
        elif judged is not None:
            told = (_of_ring if test == "ring" else _of_votes)(batch, about, judged, group)
        evidence = _common(batch, about, eager, group) | told
        yield FraudSignal(Subject.named(batch.names[group]), test, p_value, evidence)


def _exposure(batch: Batch, about: _Mode) -> Exposure:
    left, right = (np.searchsorted(about.model_ids, side) for side in (batch.left, batch.right))
    groups, models = len(batch.names), about.model_ids.size
    return suspicion.exposure(batch.group, left, right, batch.issued, batch.answered, groups=groups, models=models)


def _skippers(eager: Exposure, kind: Kind) -> Mask:
    """Find voters who skip most of what they see. Letting it expire or taking the vote back is a skip too."""
    if kind == "network":
        return np.zeros(eager.p.size, dtype=bool)
    return suspicion.skip_share(eager.issued, eager.issued - eager.answered)


def _judged(batch: Batch, about: _Mode) -> _Judgement | None:
    """Hold a batch's votes against the board, those beyond a cap too: they don't count, and tell as much."""
    if about.fitted is None or about.board is None:
        return None
    voted = _on_board(batch, about.board) & batch.votes.any(axis=1)
    if not voted.any():
        return None
    left, right = (np.searchsorted(about.board.model_ids, side[voted]) for side in (batch.left, batch.right))
    models = about.board.model_ids.size
    cast = Tallies(models, batch.group[voted], left, right, *batch.votes[voted].T)
    within = batch.counts[voted].sum(axis=1) / cast.played
    odd, together = suspicion.likelihood(cast, about.fitted, within), ring(cast, about.fitted, within)
    return _Judgement(len(batch.names), odd, together)


def _on_board(batch: Batch, board: BoardTallies) -> Mask:
    """Mark the rows whose models both have a counted battle."""
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
    """Describe votes on matchups that showed the model: expected is its share of what was issued."""
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


def _of_votes(batch: Batch, about: _Mode, judged: _Judgement, group: int) -> dict[str, Any]:
    odd = judged.odd
    told = {"z": round(float(odd.z[group]), 1), "model_z": round(float(odd.model_z[group]), 1)}
    if odd.model[group] < 0:
        return {"model": None, "direction": None} | told
    return _of_model(batch, about, int(odd.model[group]), group) | told


def _of_ring(batch: Batch, about: _Mode, judged: _Judgement, group: int) -> dict[str, Any]:
    """Describe how well the group's own votes fit what its ring does for or against the model."""
    together = judged.together
    own = float(together.z[together.members == group][0])
    told = _of_model(batch, about, together.model, group)
    return told | {"direction": _direction(together.way), "z": round(own, 1), "ring": together.members.size}


def _of_model(batch: Batch, about: _Mode, place: int, group: int) -> dict[str, Any]:
    """Describe points for the model, a win one and a tie half, beside those the board expects of these pairs."""
    if about.board is None or about.fitted is None:
        raise AssertionError("votes were judged without a board")
    model = int(about.board.model_ids[place])
    seen, expected = _points(batch, group, model)[0], _expected(batch, group, model, about.board, about.fitted)
    return {
        "model": about.slugs[model],
        "direction": _direction(seen - expected),
        "expected": round(expected, 1),
        "seen": seen,
    }


def _points(batch: Batch, group: int, model: int) -> tuple[float, int]:
    """Count a model's points in one group's votes, and these votes."""
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
