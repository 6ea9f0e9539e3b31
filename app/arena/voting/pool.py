"""The pairing pool: what may be shown, held in each process and read again once a second at most."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Date, and_, bindparam, or_, select, true
from sqlalchemy.orm import Session

from app.arena.questions import divide_shares, list_questions
from app.arena.tables import Category, Competition, Entry, competition_categories
from app.arena.tallies import ReadTallies, read_changed
from app.arena.voting import lanes
from app.arena.voting.field import Contestant, Ints, PairingField, make_field
from app.arena.voting.matchmaking import NO_ROWS, PairingState, weigh_pairs
from app.catalog.status import retired
from app.catalog.tables import ImageModel
from app.database.doors import Database
from app.database.statements import PreparedTable
from app.words import BETTER

REBUILD_SECONDS = 1.0

Rows = list[Sequence[int]]
CompetitionShares = dict[int, dict[str, float]]
"""The shares of its questions for each open competition, by id; they sum to 1."""


@dataclass(frozen=True, eq=False)
class _Reading:
    """A state and what it was made of, so that the next one reads only what has changed."""

    contestants: Rows
    field: PairingField
    asked: CompetitionShares
    counted: dict[str, ReadTallies]
    """By question."""
    state: PairingState
    at: float = 0.0


class Pool:
    """The pairing state of each mode."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._readings: dict[str, _Reading] = {}
        self._turns: dict[str, threading.Lock] = {}

    def state(self, session: Session, mode: str, *, today: date, fresh: bool = False) -> PairingState:
        """
        Return what may be shown in this mode, up to a second old, or older while a rebuild is under way.

        `fresh` asks whether entries have come or gone meanwhile, and waits for the answer.
        """
        reading, turn = self._readings.get(mode), self._turns.setdefault(mode, threading.Lock())
        must = reading is None or fresh
        if reading is not None and not must and not self._is_old(reading):
            return reading.state
        if not turn.acquire(blocking=must):
            return self._readings[mode].state
        try:
            return self._renewed(session, mode, today, fresh=fresh)
        finally:
            turn.release()

    def recent_state(self, mode: str) -> PairingState | None:
        """Return the state that was read within the last second; None where it must be read."""
        reading = self._readings.get(mode)
        return reading.state if reading and not self._is_old(reading) else None

    def published_state(self, session: Session, mode: str, *, today: date) -> PairingState:
        """
        Return the state as it is told in public: as if no picture rested or waited, and no two looked the same.

        Each changes the chances of the models whose pictures they are, which would name them.
        """
        state = self.state(session, mode, today=today)
        contestants, reading = _contestants(session, mode, today, withheld=True), self._readings[mode]
        if contestants == reading.contestants and reading.field.everything.gaps is None:
            return state
        field = make_field((Contestant(*row) for row in contestants), meet_alike=True)
        return _weigh(field, _read_shares(session, mode), reading.counted)

    def renew(self, database: Database, mode: str, *, today: date) -> None:
        """Rebuild an old state now, after a response has left, so that no voter has to."""
        reading = self._readings.get(mode)
        if reading is None or self._is_old(reading):
            with database.reading() as session:
                self.state(session, mode, today=today)

    def _renewed(self, session: Session, mode: str, today: date, *, fresh: bool) -> PairingState:
        reading = self._readings.get(mode)
        if reading and not fresh and not self._is_old(reading):
            return reading.state  # somebody else's turn came first
        if reading and fresh and _contestants(session, mode, today) == reading.contestants:
            return reading.state
        reading = _read(session, mode, today, reading, self._clock())
        self._readings[mode] = reading
        return reading.state

    def _is_old(self, reading: _Reading) -> bool:
        return self._clock() - reading.at >= REBUILD_SECONDS


def _read(session: Session, mode: str, today: date, before: _Reading | None, at: float) -> _Reading:
    contestants, asked = _contestants(session, mode, today), _read_shares(session, mode)
    counted = {
        question: read_changed(session, mode, question, before.counted.get(question, {}) if before else {})
        for question in {BETTER: 1.0}.keys() | {slug for shares in asked.values() for slug in shares}
    }
    if before and (contestants, asked) == (before.contestants, before.asked):
        if all(counted[question] is before.counted.get(question) for question in counted):
            return replace(before, at=at)
        field = before.field
    else:
        field = make_field(Contestant(*row) for row in contestants)
    return _Reading(contestants, field, asked, counted, _weigh(field, asked, counted), at)


def _weigh(field: PairingField, asked: CompetitionShares, counted: dict[str, ReadTallies]) -> PairingState:
    """Weigh the pairs for `better`, and beside it for every other question that is asked."""
    states, better = [], None
    for question in sorted(counted, key=lambda slug: (slug != BETTER, slug)):
        rows = np.concatenate([NO_ROWS, *(rows for _, rows in counted[question].values())])
        votes = {competition: int(rows[:, 3:].sum()) for competition, (_, rows) in counted[question].items()}
        known = lanes.estimate_strengths(field.model_ids, rows, better)
        better = better or known
        share = np.array([asked.get(place, {BETTER: 1.0}).get(question, 0.0) for place in field.competitions])
        only = None if len(counted) == 1 else share
        states.append(weigh_pairs(field, votes, _battles(rows), known, question, only))
    return replace(states[0], beside=tuple(states[1:]))


def _read_shares(session: Session, mode: str) -> CompetitionShares:
    """Read how often each open competition of the mode asks what."""
    listed = list_questions(session)
    member = competition_categories.c
    rows = session.execute(
        select(Competition.id, Competition.questions, Category.slug)
        .outerjoin(competition_categories, member.competition_id == Competition.id)
        .outerjoin(Category, Category.id == member.category_id)
        .where(Competition.mode == mode, Competition.status == "open")
    ).all()
    categories: dict[int, list[str]] = {}
    for competition, _, category in rows:
        categories.setdefault(competition, []).append(category)
    own = {competition: shares for competition, shares, _ in rows}
    return {place: divide_shares(listed, mode, categories[place], own[place]) for place in own}


def _battles(rows: Ints) -> dict[int, int]:
    played = rows[:, 3:].sum(axis=1)
    models, place = np.unique(rows[:, 1:3], return_inverse=True)
    shown = np.bincount(place.ravel(), np.repeat(played, 2), models.size)
    return dict(zip(models.tolist(), shown.astype(int).tolist(), strict=True))


def competitions_with(session: Session, model: int, mode: str, today: date) -> frozenset[int]:
    """Find the competitions of a mode where a model stands, also where its picture rests: that would name it."""
    query = _select_contestants(withheld=True).where(Entry.model_id == model)
    return frozenset(row.competition_id for row in session.execute(query, {"mode": mode, "today": today}))


def _contestants(session: Session, mode: str, today: date, *, withheld: bool = False) -> Rows:
    """Read the entries that may be shown, and with `withheld` those reported by voters or not aligned."""
    statement = _ALL_CONTESTANTS if withheld else _SHOWN_CONTESTANTS
    return sorted(statement.all(session, mode=mode, today=today.isoformat()))


def _select_contestants(*, withheld: bool) -> Any:
    may_be_shown = and_(Entry.rested_at.is_(None), Entry.rendition_side == Competition.rendition_side)
    return (
        select(Entry.id, Entry.competition_id, Entry.model_id, Entry.perceptual_hash)
        .join(Competition, Competition.id == Entry.competition_id)
        .join(ImageModel, ImageModel.id == Entry.model_id)
        .where(
            Competition.mode == bindparam("mode"),
            Competition.status == "open",
            Entry.role == "contestant",
            Entry.withdrawn_at.is_(None),
            true() if withheld else may_be_shown,
            or_(Competition.retired_models, ~retired(bindparam("today", type_=Date))),
        )
    )


_SHOWN_CONTESTANTS = PreparedTable(lambda _: _select_contestants(withheld=False))
_ALL_CONTESTANTS = PreparedTable(lambda _: _select_contestants(withheld=True))
